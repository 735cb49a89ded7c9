//! `status`: from the ledger alone, without AWS, while a copy runs or not.

use sav_application::ports::{Change, Ledger};
use sav_domain::ledger::PointId;
use sav_domain::transfer::Event;
use serde_json::{Value, json};

use crate::shelf::{PAIR, Shelf, accepted, at, landed, meant};

#[test]
fn every_chosen_point_is_in_one_number() {
    let shelf = Shelf::with_ledger();
    let status = shelf.json(&format!("status {PAIR}"));
    let expected = json!({
        "total_items": 18, "completed": 4, "failed": 2, "in_progress": 1, "pending": 6, "skipped": 3, "blocked": 2, "parked": 0,
        "throughput_per_hour": 4.0, "paused": false, "pause": null, "running": false,
        "windows": [{
            "started_at": at(2), "ended_at": at(62), "exit_code": 1, "completed": 4, "failed": 2,
        }],
        "migration": { "source_account": "111111111111", "dest_account": "222222222222", "region": "eu-west-1" },
    });
    let mut without_forecast = status.clone();
    without_forecast.as_object_mut().unwrap().remove("forecast");
    assert_eq!(without_forecast, expected);
    // Seven remain, and the last window brought four.
    assert!(status["forecast"]["windows_needed"].as_u64() >= Some(1), "{status:#}");
    assert_eq!(status["forecast"]["basis"], "measured");
    let finish = |name: &str| status["forecast"][name].as_str().unwrap().to_owned();
    assert!(finish("finish_p50") <= finish("finish_p90"));
}

#[test]
fn nothing_is_foretold_where_nothing_is_left() {
    let shelf = Shelf::empty();
    drop(shelf.open());
    let status = shelf.json(&format!("status {PAIR}"));
    assert_eq!(
        (
            &status["forecast"],
            &status["throughput_per_hour"],
            &status["total_items"]
        ),
        (&Value::Null, &Value::Null, &json!(0))
    );
    let screen = shelf.run(&format!("status {PAIR}")).went_well().stdout;
    assert!(screen.contains("nothing is being copied just now"), "{screen}");
}

#[test]
fn the_screen_says_it_in_words() {
    let shelf = Shelf::with_ledger();
    let told = shelf.run("status --state-file {ledger}").went_well();
    insta::assert_snapshot!(told.stdout.lines().take(12).collect::<Vec<_>>().join("\n"), @r"
    111111111111 → 222222222222 in eu-west-1

    completed            4  22 %
    in progress          1
    pending              6
    failed               2
    parked               0
    skipped              3
    blocked              2
    total               18

    nothing is being copied just now
    ");
    assert!(
        told.stdout.contains("4 an hour\nthe end: as likely before as after 20"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("2 windows"), "{}", told.stdout);
    assert!(
        told.stdout
            .contains("2026-01-05T20:02:00.000Z  2026-01-05T21:02:00.000Z     1          4       2"),
        "{}",
        told.stdout
    );
    assert_eq!(told.stderr, "");
}

#[test]
fn a_running_copy_is_seen_and_not_disturbed() {
    let shelf = Shelf::with_ledger();
    let ledger = shelf.open();
    let steps = [meant("t9"), accepted("j9"), landed()];
    shelf.do_with(async || {
        ledger.open_window(at(63)).await.unwrap();
        for (minute, step) in (64..).zip(steps) {
            let event = Event::new(at(minute), step);
            ledger
                .record(vec![Change {
                    point: PointId(10),
                    event,
                }])
                .await
                .unwrap();
        }
    });
    let status = shelf.json(&format!("status {PAIR}"));
    assert_eq!((&status["completed"], &status["running"]), (&json!(5), &json!(true)));
    let expected = json!({ "started_at": at(63), "ended_at": null, "exit_code": null, "completed": 1, "failed": 0 });
    assert_eq!(status["windows"][1], expected);

    shelf.pauses(&ledger, "the source account's credentials have expired");
    let status = shelf.json(&format!("status {PAIR}"));
    assert_eq!(
        (&status["paused"], &status["pause"]["since"]),
        (&json!(true), &json!(at(63)))
    );
    let screen = shelf.run(&format!("status {PAIR}")).went_well().stdout;
    assert!(
        screen.contains(&format!("(process {} on ", std::process::id())),
        "{screen}"
    );
    assert!(
        screen.contains("the source account's credentials have expired"),
        "{screen}"
    );

    // Its process gone, the window is over, whatever it left behind.
    drop(ledger);
    let status = shelf.json(&format!("status {PAIR}"));
    assert_eq!((&status["running"], &status["paused"]), (&json!(false), &json!(false)));
    let screen = shelf.run(&format!("status {PAIR}")).went_well().stdout;
    assert!(screen.contains("its process died"), "{screen}");
}

#[test]
fn one_row_for_a_spreadsheet() {
    let shelf = Shelf::with_ledger();
    let told = shelf.run(&format!("status {PAIR} --output csv")).went_well();
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "completed,in_progress,pending,failed,parked,skipped,blocked,total_items,throughput_per_hour,finish_p50,finish_p90,\
         windows_needed"
    );
    assert!(
        lines[1].starts_with("4,1,6,2,0,3,2,18,4,20") && lines[1].ends_with(",2"),
        "{}",
        lines[1]
    );
}

#[test]
fn which_ledger_must_be_said() {
    let shelf = Shelf::with_ledger();
    insta::assert_snapshot!(shelf.run("status").refusal(), @r"
    error: which ledger?
       help: name both accounts with --source-account and --dest-account, or the file itself with --state-file
    ");
    let elsewhere = "status --source-account 111111111111 --dest-account 222222222222 --region us-east-1";
    insta::assert_snapshot!(shelf.run(elsewhere).refusal(), @"error: there is no ledger at [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_us-east-1.db: run `plan` or `copy` first, or name it with --state-file");
    insta::assert_snapshot!(shelf.run("status --source-account 111111111111 --dest-account 111111111111").refusal(), @"error: source and destination are the same account, 111111111111: a migration needs two; check --source-account and --dest-account");
    insta::assert_snapshot!(shelf.refuses(&shelf.path(), "status --state-file {ledger} --source-account 333333333333"), @r"
    error: the ledger [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db belongs to another migration, 111111111111 → 222222222222 in eu-west-1
      cause: this one is from 333333333333
       help: correct --source-account and --dest-account, or name another file with --state-file
    ");
    let region_of_environment = shelf
        .command("status --source-account 111111111111 --dest-account 222222222222 --output json")
        .env("AWS_REGION", "eu-west-1")
        .output()
        .unwrap();
    shelf.told(region_of_environment).went_well();
}
