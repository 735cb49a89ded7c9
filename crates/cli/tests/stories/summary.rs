//! The summary at every end: always of the shape that the schema promises, and the sums are right.

use std::process::Stdio;

use sav_simulator::faults::{Fault, What};
use sav_simulator::fleet::{FailurePlan, FleetSettings};
use serde_json::Value;

use crate::copy_world::{CopyStory, Started, glance, jobs_of, plain};
use crate::schema::complaints;

const SCHEMA: &str = include_str!("../../../../docs/schemas/summary.schema.json");
const WRITTEN: &str = "--summary-output {folder}/summary.json";

/// The summary, held against its schema.
#[track_caller]
fn sound(story: &CopyStory, exit_code: i64) -> Value {
    let summary = story.summary();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(complaints(&schema, &summary), Vec::<String>::new(), "{summary:#}");
    let count = |name: &str| summary[name].as_u64().unwrap();
    let parts = [
        "completed",
        "failed",
        "skipped",
        "blocked",
        "parked",
        "in_progress",
        "pending",
    ];
    assert_eq!(
        count("total_items"),
        parts.map(count).iter().sum::<u64>(),
        "{summary:#}"
    );
    assert_eq!(summary["exit_code"], exit_code, "{summary:#}");
    summary
}

#[test]
fn of_a_success() {
    let story = CopyStory::with_points(60);
    assert_eq!(story.copy(WRITTEN).code, 0);
    let summary = sound(&story, 0);
    assert_eq!(
        (&summary["completed"], &summary["forecast"]),
        (&60.into(), &Value::Null)
    );
    assert_eq!(summary["failures"].as_array().unwrap().len(), 0);
}

#[test]
fn of_failures_with_their_causes_and_who_has_to_act() {
    let fleet = FleetSettings {
        failures: FailurePlan {
            share: 0.2,
            ..FailurePlan::default()
        },
        ..jobs_of(5)
    };
    let story = CopyStory::of(plain(80), fleet);
    let told = story.copy(WRITTEN);
    assert_eq!(told.code, 1, "{}", told.stderr);
    let summary = sound(&story, 1);
    let failed = summary["failed"].as_u64().unwrap();
    assert!(failed > 0, "{summary:#}");
    assert_eq!(summary["failures"].as_array().unwrap().len() as u64, failed);
    let causes = summary["causes"].as_array().unwrap();
    let counted: u64 = causes.iter().map(|cause| cause["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, failed + summary["parked"].as_u64().unwrap(), "{summary:#}");
    for cause in causes {
        let retry = cause["retry_command"].as_str().unwrap();
        let retry_here = retry.replace(story.story.file("").to_str().unwrap(), "[folder]/");
        assert!(
            told.stderr.contains(&retry_here),
            "{retry_here} is not told in {}",
            told.stderr
        );
        // As it stands: of this ledger, with these credentials.
        let words = retry.strip_prefix("shuffle-aws-vaults ").unwrap();
        let again = story.story.run(&format!("{words} --dry-run"));
        assert_eq!(again.code, 0, "{words}: {again:?}");
        for option in ["--source-profile source", "--dest-profile dest", "/ledger.db"] {
            assert!(words.contains(option), "no {option} in {words}");
        }
        assert!(!cause["error_message"].is_null(), "{cause:#}");
    }
}

#[test]
fn of_every_signal_and_of_the_run_that_goes_on() {
    let story = CopyStory::of(plain(200), jobs_of(600));
    for signal in ["INT", "TERM", "HUP"] {
        let accepted = story.accepted();
        let run = story.start(WRITTEN);
        story.wait_for_jobs(accepted);
        run.send(signal);
        let (status, told) = run.wait();
        assert_eq!(status.code(), Some(2), "{signal}: {told}");
        let summary = sound(&story, 2);
        assert_eq!(summary["ended"], "interrupted");
        assert!(summary["forecast"].is_object(), "{summary:#}");
        std::fs::remove_file(story.story.file("summary.json")).unwrap();
    }
    let accepted = story.accepted();
    let mut run = story.start(WRITTEN);
    story.wait_for_jobs(accepted);
    run.child.kill().unwrap();
    run.wait();
    assert!(
        !story.story.file("summary.json").exists(),
        "nobody can write after kill -9"
    );
    let told = story.copy(&format!("{WRITTEN} --max-runtime-minutes 0.05"));
    assert_eq!(told.code, 2, "{}", told.stderr);
    assert_eq!(sound(&story, 2)["ended"], "ended with the window");
}

#[test]
fn of_a_run_that_ends_while_it_pauses() {
    let story = CopyStory::of(plain(100), jobs_of(300));
    let events = story.story.file("events");
    let mut command = story.command(WRITTEN);
    command.arg("--on-event").arg(format!("cat >> {}", events.display()));
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let run = Started { child };
    story.wait_for_jobs(3);
    story
        .story
        .suffers([Fault::new(What::Unavailable { after_effect: false })]);
    while !std::fs::read_to_string(&events).is_ok_and(|told| told.contains("\"paused\"")) {
        glance();
    }
    run.send("TERM");
    let (status, told) = run.wait();
    assert_eq!(status.code(), Some(2), "{told}");
    sound(&story, 2);
}
