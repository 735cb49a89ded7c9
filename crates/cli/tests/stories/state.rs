//! `state`: show, history, export, import.

use std::io::Read;
use std::process::Stdio;

use sav_application::ports::Ledger;
use sav_domain::ledger::Entry;
use sav_infrastructure::ledger::SqliteReader;
use serde_json::json;

use crate::shelf::{PAIR, Shelf, arn, at};

#[test]
fn show_tells_what_the_ledger_holds() {
    let shelf = Shelf::with_ledger();
    let shown = shelf.json(&format!("state show {PAIR} --events 2"));
    assert_eq!(shown["counts"]["total_items"], 18);
    let stages = json!({ "arrived": 5, "copying": 1, "failed": 1, "partial": 1, "waiting": 6 });
    assert_eq!(shown["stages"], stages);
    assert_eq!(shown["causes"], json!({ "KMS_KEY_ERROR": 1 }));
    assert_eq!(
        (&shown["in_use_by"], &shown["schema_version"]),
        (&json!(null), &json!(2))
    );
    assert_eq!(shown["created_at"], json!(at(0)));
    let rulings = shown["rulings"].as_array().unwrap();
    assert!(
        rulings.contains(&json!({ "verdict": "blocked", "reason": "aws_managed_key", "points": 2 })),
        "{rulings:?}"
    );
    assert_eq!(shown["plans"][0]["made_with"], json!({ "selection": {} }));
    let events = shown["last_events"].as_array().unwrap();
    let last = json!({ "at": at(20), "step": "turned_away", "not_before": null, "recovery_point_arn": arn(8) });
    assert_eq!((events.len(), &events[0]), (2, &last));

    let ledger = shelf.open();
    let screen = shelf.run(&format!("state show {PAIR}")).went_well().stdout;
    assert!(
        screen.contains(&format!("in use by  process {} on ", std::process::id())),
        "{screen}"
    );
    assert!(
        screen.contains("failed or parked  KMS_KEY_ERROR") && screen.contains("turned_away"),
        "{screen}"
    );
    drop(ledger);
    let csv = shelf.run(&format!("state show {PAIR} --output csv")).went_well().stdout;
    assert!(
        csv.starts_with("what,name,count\n") && csv.contains("transfer,arrived,5\n"),
        "{csv}"
    );
}

#[test]
fn show_tells_a_points_whole_story() {
    let shelf = Shelf::with_ledger();
    let story = shelf.json(&format!("state show {PAIR} --point {}", arn(4)));
    assert_eq!(
        (&story["verdict"], &story["transfer"]["state"]),
        (&json!("copy"), &json!("failed"))
    );
    assert_eq!(story["metadata"], json!({ "APMID": "APM1" }));
    let attempt = json!({
        "number": 1, "token": "t4", "opened_at": at(10), "copy_job_id": "j4", "ended_at": at(30), "outcome": "job_failed",
        "message": "The key's policy does not allow it",
    });
    assert_eq!(story["attempts"], json!([attempt]));
    let steps: Vec<&str> = story["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["meant", "accepted", "job_failed"]);
    insta::assert_snapshot!(shelf.run(&format!("state show {PAIR} --point {}", arn(4))).went_well().stdout, @r"
    point      arn:aws:backup:eu-west-1:111111111111:recovery-point:00000004-0000-4000-8000-000000000000
    vault      prod
    resource   arn:aws:ec2:eu-west-1:111111111111:volume/vol-4
    verdict    copy
    transfer   failed

    ATTEMPT  OPENED                    COPY JOB  ENDED                     OUTCOME     AWS SAID
          1  2026-01-05T20:10:00.000Z  j4        2026-01-05T20:30:00.000Z  job_failed  The key's policy does not allow it

    EVENT                     STEP        WORDS
    2026-01-05T20:10:00.000Z  meant       token t4
    2026-01-05T20:20:00.000Z  accepted    job j4
    2026-01-05T20:30:00.000Z  job_failed  KMS_KEY_ERROR: The key's policy does not allow it; allow the destination account to use the key
    ");
    insta::assert_snapshot!(shelf.run(&format!("state show {PAIR} --point arn:nobody")).refusal(), @r"
    error: the ledger [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db knows no recovery point arn:nobody
       help: compare the ARN, letter by letter, with what `list` shows; a point newer than the last `plan` is not known yet
    ");
}

#[test]
fn history_tells_plans_windows_and_the_journal() {
    let shelf = Shelf::with_ledger();
    let pause = Entry {
        at: at(90),
        kind: "paused".into(),
        detail: r#"{"side":"source"}"#.into(),
    };
    shelf.do_with(async || shelf.open().note(vec![pause]).await).unwrap();
    insta::assert_snapshot!(shelf.run(&format!("state history {PAIR}")).went_well().stdout, @r#"
    PLAN  LISTED                    FINISHED                  MADE WITH
       1  2026-01-05T20:00:00.000Z  2026-01-05T20:01:00.000Z  {"selection":{}}

    WINDOW                    ENDED                     EXIT  COMPLETED  FAILED
    2026-01-05T20:02:00.000Z  2026-01-05T21:02:00.000Z     1          4       2

    AT                        WHAT    DETAIL
    2026-01-05T21:30:00.000Z  paused  {"side":"source"}
    "#);
    let csv = shelf
        .run(&format!("state history {PAIR} --output csv"))
        .went_well()
        .stdout;
    insta::assert_snapshot!(csv, @r#"
    what,started_at,ended_at,exit_code,completed,failed,detail
    plan,2026-01-05T20:00:00.000Z,2026-01-05T20:01:00.000Z,,,,
    window,2026-01-05T20:02:00.000Z,2026-01-05T21:02:00.000Z,1,4,2,
    paused,2026-01-05T21:30:00.000Z,2026-01-05T21:30:00.000Z,,,,"{""side"":""source""}"
    "#);
    let history = shelf.json(&format!("state history {PAIR}"));
    assert_eq!(
        (&history["plans"][0]["plan"], &history["windows"][0]["failed"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(history["journal"][0]["detail"]["side"], "source");
}

#[test]
fn an_export_is_taken_back() {
    let shelf = Shelf::with_ledger();
    // Also while somebody writes.
    let ledger = shelf.open();
    let told = shelf
        .run(&format!("state export {{folder}}/export.json {PAIR}"))
        .went_well();
    insta::assert_snapshot!(told.stdout, @"20 points of [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db in [folder]/export.json");
    drop(ledger);
    let export = std::fs::read_to_string(shelf.file("export.json")).unwrap();
    let streamed = shelf.run(&format!("state export - {PAIR}")).went_well().stdout;
    let without_time = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("exported_at"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(without_time(&streamed), without_time(&export));
    assert!(serde_json::from_str::<serde_json::Value>(&export).is_ok());

    insta::assert_snapshot!(shelf.refuses(&shelf.path(), &format!("state import {{folder}}/export.json {PAIR}")), @"error: there is a file at [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db already, and an import replaces nothing; `state reset` sets a ledger aside, or name another file with --state-file");
    let told = shelf
        .run("state import {folder}/export.json --state-file {folder}/copy.db")
        .went_well();
    insta::assert_snapshot!(told.stdout, @"20 points with 23 events in [folder]/copy.db, 111111111111 → 222222222222 in eu-west-1");
    let again = shelf
        .run("state export - --state-file {folder}/copy.db")
        .went_well()
        .stdout;
    assert_eq!(without_time(&again), without_time(&export));
    let piped = shelf.run_with_input(
        "state import - --state-file {folder}/piped.db --output json",
        export.as_bytes(),
    );
    assert_eq!((&piped.json()["points"], piped.code), (&json!(20), 0));
    let status = |file: &str| shelf.json(&format!("status --state-file {{folder}}/{file}"))["completed"].clone();
    assert_eq!((status("copy.db"), status("piped.db")), (json!(4), json!(4)));
}

#[test]
fn an_edited_export_is_taken_back_and_a_spoilt_one_is_not() {
    let shelf = Shelf::with_ledger();
    shelf
        .run(&format!("state export {{folder}}/export.json {PAIR}"))
        .went_well();
    let export = std::fs::read_to_string(shelf.file("export.json")).unwrap();
    let import = "state import {folder}/edited.json --state-file {folder}/new.db";
    let edited = |from: &str, to: &str| {
        assert!(export.contains(from), "{from}");
        std::fs::write(shelf.file("edited.json"), export.replacen(from, to, 1)).unwrap();
    };
    edited(
        "\"fix\":\"allow the destination account to use the key\"",
        "\"fix\":\"done\"",
    );
    shelf.run(import).went_well();
    let story = shelf
        .run(&format!("state show --state-file {{folder}}/new.db --point {}", arn(4)))
        .went_well();
    assert!(story.stdout.contains("; done"), "{}", story.stdout);

    std::fs::remove_file(shelf.file("new.db")).unwrap();
    edited("\"step\":\"accepted\"", "\"step\":\"acepted\"");
    insta::assert_snapshot!(shelf.refuses(&shelf.file("new.db"), import), @r"
    error: the document [folder]/edited.json cannot be taken back; nothing was imported
      cause: points, number 1: the point arn:aws:backup:eu-west-1:111111111111:recovery-point:00000000-0000-4000-8000-000000000000: event number 2: there is no step `acepted` at line 19 column 3
       help: correct it there and import it again; `state export` writes one as it should be
    ");
    edited("\"resource_arn\"", "\"resource_art\"");
    insta::assert_snapshot!(shelf.refuses(&shelf.file("new.db"), import), @r"
    error: the document [folder]/edited.json cannot be taken back; nothing was imported
      cause: points, number 1: unknown field `resource_art`, expected one of `recovery_point_arn`, `vault_name`, `resource_arn`, `resource_name`, `resource_type`, `creation_date`, `initiation_date`, `completion_date`, `status`, `status_message`, `size_bytes`, `encryption_key_arn`, `expires_at`, `moves_to_cold_at`, `move_to_cold_after_days`, `delete_after_days`, `is_parent`, `parent_recovery_point_arn`, `composite_member`, `source_vault_arn`, `vault_type`, `metadata`, `verdict`, `reason`, `fix`, `position`, `first_seen_by_plan`, `last_seen_by_plan`, `changed_by_plan`, `events` at line 13 column 151
       help: correct it there and import it again; `state export` writes one as it should be
    ");
    insta::assert_snapshot!(
        shelf.refuses(&shelf.file("new.db"), "state import {folder}/export.json --state-file {folder}/new.db --dest-account 333333333333"), @"error: the document belongs to another migration, 111111111111 → 222222222222 in eu-west-1, and this one is to 333333333333; nothing was imported; check --source-account, --dest-account and --region"
    );
    insta::assert_snapshot!(shelf.refuses(&shelf.file("new.db"), "state import {folder}/absent.json --state-file {folder}/new.db"), @r"
    error: the document [folder]/absent.json could not be read
      cause: No such file or directory (os error 2)
       help: nothing was imported; name a file that `state export` wrote, or `-` for stdin
    ");
    let left: Vec<_> = std::fs::read_dir(shelf.file(""))
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().contains("importing")),
        "{left:?}"
    );
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let shelf = Shelf::with_ledger();
    let mut child = shelf
        .command(&format!("state export - {PAIR}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
        (Some(0), "")
    );
}

#[test]
fn a_killed_import_leaves_nothing_that_looks_like_a_ledger() {
    use std::io::Write;
    let shelf = Shelf::with_ledger();
    let export = shelf.run(&format!("state export - {PAIR}")).went_well().stdout;
    // Everything but the end, from a pipe that stays open: the import is in the midst of it for as long as it lives.
    let (most, end) = export.split_at(export.rfind(']').unwrap());
    let mut child = shelf
        .command("state import - --state-file {folder}/new.db")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(most.as_bytes()).unwrap();
    stdin.flush().unwrap();
    let unfinished = shelf.file("new.db.importing");
    while !unfinished.exists() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut nothing = String::new();
    child.stdout.take().unwrap().read_to_string(&mut nothing).unwrap();
    assert_eq!(nothing, "");
    assert!(!shelf.file("new.db").exists());
    assert!(SqliteReader::open(&unfinished, None).is_err());
    assert_eq!(shelf.run("status --state-file {folder}/new.db").code, 1);
    // The next one is not disturbed by what is left.
    let whole = format!("{most}{end}");
    let told = shelf.run_with_input("state import - --state-file {folder}/new.db", whole.as_bytes());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!unfinished.exists());
}

#[test]
fn a_dry_run_changes_nothing() {
    let shelf = Shelf::with_ledger();
    shelf
        .run(&format!("state export {{folder}}/export.json {PAIR} --dry-run"))
        .went_well();
    assert!(!shelf.file("export.json").exists());
    shelf
        .run(&format!("state export {{folder}}/export.json {PAIR}"))
        .went_well();
    shelf
        .run("state import {folder}/export.json --state-file {folder}/new.db --dry-run")
        .went_well();
    assert!(!shelf.file("new.db").exists());
    for part in ["", "--inventory", "--failed", "--vault prod"] {
        let ledger = std::fs::read(shelf.path()).unwrap();
        shelf.run(&format!("state reset {part} {PAIR} --dry-run")).went_well();
        assert_eq!(std::fs::read(shelf.path()).unwrap(), ledger);
    }
    let beside = shelf.beside_ledger();
    assert!(!beside.iter().any(|name| name.contains("before-reset")), "{beside:?}");
}
