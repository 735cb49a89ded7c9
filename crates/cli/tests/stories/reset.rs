//! `state reset`: what is forgotten, what never is, and who is asked.

use serde_json::{Value, json};

use crate::shelf::{PAIR, Shelf, arn};

fn stages(shelf: &Shelf) -> Value {
    shelf.json(&format!("state show {PAIR}"))["stages"].clone()
}

#[test]
fn failed_ones_go_back_into_the_queue() {
    let shelf = Shelf::with_ledger();
    let told = shelf.run(&format!("state reset --failed {PAIR}")).went_well();
    insta::assert_snapshot!(format!("{}{}", told.stdout, told.stderr), @r"
    2 points that failed went back into the queue
    warning: among them composites of which some parts were copied (1): AWS copies a composite as a whole, so those parts will be in the destination twice
    ");
    assert_eq!(stages(&shelf), json!({ "arrived": 5, "copying": 1, "waiting": 8 }));
    let story = shelf.json(&format!("state show {PAIR} --point {}", arn(4)));
    assert_eq!(story["events"][3]["step"], "requeued");
    assert_eq!(story["attempts"][0]["outcome"], "job_failed");
    let again = shelf.json(&format!("state reset --failed {PAIR}"));
    assert_eq!(again["requeued"], json!({ "failed": 0, "partial": 0 }));
}

#[test]
fn the_inventory_goes_and_every_story_stays() {
    let shelf = Shelf::with_ledger();
    let dry = shelf.json(&format!("state reset --inventory {PAIR} --dry-run"));
    let told = shelf.json(&format!("state reset --inventory {PAIR}"));
    assert_eq!(told["forgotten"], json!({ "points": 11, "with_events": 0 }));
    assert_eq!(dry["forgotten"], told["forgotten"]);
    assert_eq!(
        stages(&shelf),
        json!({ "arrived": 5, "copying": 1, "failed": 1, "partial": 1, "waiting": 1 })
    );
    assert_eq!(shelf.run(&format!("state show {PAIR} --point {}", arn(9))).code, 1);
    insta::assert_snapshot!(shelf.run(&format!("state reset --inventory {PAIR}")).went_well().stdout, @"0 points that nothing ever happened to were forgotten; what has arrived or is under way was kept");
    // What is left is as sound as before.
    shelf
        .run(&format!("state export {{folder}}/export.json {PAIR}"))
        .went_well();
    shelf
        .run("state import {folder}/export.json --state-file {folder}/new.db")
        .went_well();
}

#[test]
fn a_vault_is_forgotten_but_for_what_arrived_or_is_under_way() {
    let shelf = Shelf::with_ledger();
    let dry = shelf.json(&format!("state reset --vault prod {PAIR} --dry-run"));
    let told = shelf.json(&format!("state reset --vault prod {PAIR}"));
    // Of the even ones 0 and 2 have arrived and 6 is under way; 4 failed, 8 was turned away.
    assert_eq!(told["forgotten"], json!({ "points": 7, "with_events": 2 }));
    assert_eq!(
        (&told["vault"], &dry["forgotten"]),
        (&json!("prod"), &told["forgotten"])
    );
    assert_eq!(
        stages(&shelf),
        json!({ "arrived": 5, "copying": 1, "partial": 1, "waiting": 3 })
    );
    insta::assert_snapshot!(shelf.refuses(&shelf.path(), &format!("state reset --vault Prod {PAIR}")), @r"
    error: the ledger knows no vault `Prod`; nothing was forgotten
       help: a vault's name tells upper from lower case, and is no pattern here
    ");
}

#[test]
fn everything_is_forgotten_only_if_somebody_says_so() {
    let shelf = Shelf::with_ledger();
    insta::assert_snapshot!(shelf.refuses(&shelf.path(), &format!("state reset {PAIR}")), @r"
    error: everything would be forgotten, and nobody is there to confirm it; nothing was changed
      cause: the ledger knows 20 points, 5 of them arrived, 1 under way
       help: say so with --yes, or look first with --dry-run
       help: a part is forgotten without asking: --inventory, --failed, --vault NAME
    ");
    // A pipe is nobody.
    let piped = shelf.run_with_input(&format!("state reset {PAIR}"), b"111111111111->222222222222\n");
    assert_eq!(piped.code, 1, "{piped:?}");
    assert_eq!(stages(&shelf)["arrived"], 5);

    let dry = shelf.json(&format!("state reset {PAIR} --dry-run"));
    let told = shelf
        .run(&format!("state reset {PAIR} --yes --output json"))
        .went_well();
    let done = told.json();
    assert_eq!(
        done["forgotten"],
        json!({ "points": 20, "arrived": 5, "in_progress": 1 })
    );
    assert_eq!(
        (&dry["forgotten"], &dry["set_aside"]),
        (&done["forgotten"], &Value::Null)
    );
    insta::assert_snapshot!(told.stderr, @"warning: AWS goes on with what is under way (1); the next plan finds it, or what has come of it");
    assert_eq!(shelf.run(&format!("status {PAIR}")).code, 1);

    // Nothing is lost: the old one is there under another name, and nothing of it beside the place it had.
    let aside = done["set_aside"].as_str().unwrap().replace("[folder]", "{folder}");
    assert_eq!(shelf.json(&format!("status --state-file {aside}"))["completed"], 4);
    let left = shelf.beside_ledger();
    assert!(
        left.iter()
            .all(|name| name.contains(".before-reset-") || name.contains(".lock")),
        "{left:?}"
    );
}

#[test]
fn a_ledger_in_use_is_not_reset() {
    let shelf = Shelf::with_ledger();
    let ledger = shelf.open();
    for part in ["--yes", "--inventory", "--failed", "--vault prod"] {
        let refusal = shelf.refuses(&shelf.path(), &format!("state reset {part} {PAIR}"));
        assert!(
            refusal.contains(&format!("is in use by process {}", std::process::id())),
            "{refusal}"
        );
        assert!(refusal.contains("wait for that one to end or stop it"), "{refusal}");
    }
    drop(ledger);
}

#[test]
fn one_part_at_a_time() {
    let shelf = Shelf::with_ledger();
    let told = shelf.run(&format!("state reset --failed --inventory {PAIR}"));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("cannot be used with"), "{}", told.stderr);
}
