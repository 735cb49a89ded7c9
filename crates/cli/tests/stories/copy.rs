//! `copy` from the first plan to the last point.

use std::time::Duration;

use sav_simulator::faults::{Fault, FaultPlan, KeyChange, What};
use sav_simulator::fleet::{FailurePlan, FleetSettings};
use sav_simulator::world::{KeyState, WorldPlan};
use serde_json::Value;

use crate::copy_world::{CopyStory, glance, jobs_of, plain};
use crate::story::{DESTINATION, exists};

#[test]
fn everything_arrives_once_and_the_summary_says_so() {
    let story = CopyStory::with_points(300);
    let told = story.copy("--summary-output {folder}/summary.json");
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(told.stdout, "", "data there is none");
    story.everything_arrived_once();
    assert!(
        told.stderr.contains("300 of 300 points copied, 0 failed"),
        "{}",
        told.stderr
    );

    let summary = story.summary();
    for (name, expected) in [
        ("total_items", 300),
        ("completed", 300),
        ("failed", 0),
        ("skipped", 0),
        ("in_progress", 0),
        ("pending", 0),
        ("blocked", 0),
        ("parked", 0),
        ("exit_code", 0),
        ("schema_version", 1),
    ] {
        assert_eq!(summary[name], expected, "{name} in {summary}");
    }
    assert_eq!(summary["success_rate"], 100.0);
    assert_eq!(summary["failures"], Value::Array(Vec::new()));
    let sum = |of: &str| -> u64 {
        let all = summary[of].as_array().unwrap();
        all.iter().map(|one| one["completed"].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("per_vault"), sum("per_resource_type")), (300, 300));
    let sent = summary["api_calls"]["source"]["sent"].as_u64().unwrap();
    assert!(sent >= 300, "{sent}");
    assert!(summary["start_time"].as_str().unwrap() <= summary["end_time"].as_str().unwrap());
}

#[test]
fn running_again_copies_nothing_again() {
    let story = CopyStory::with_points(60);
    assert_eq!(story.copy("").code, 0);
    let accepted = story.accepted();
    let again = story.copy("--summary-output {folder}/summary.json");
    assert_eq!((again.code, story.accepted()), (0, accepted), "{}", again.stderr);
    assert_eq!(story.summary()["completed"], 60);

    // Whoever copied them, and whatever the ledger knows: what is in the destination is not copied again.
    let reset = story.copy("--reset --summary-output {folder}/summary.json");
    assert_eq!((reset.code, story.accepted()), (0, accepted), "{}", reset.stderr);
    assert!(reset.stderr.contains("the ledger was set aside as"), "{}", reset.stderr);
    assert_eq!(story.summary()["skipped"], 60);
    story.everything_arrived_once();
}

#[test]
fn lost_answers_and_throttling_fail_nothing() {
    let story = CopyStory::with_points(300);
    story.story.suffers([
        Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.02),
        Fault::new(What::ResetBefore).share(0.01),
        Fault::new(What::Throttle).share(0.05),
        Fault::new(What::Unavailable { after_effect: true })
            .on(["StartCopyJob"])
            .share(0.02),
        Fault::new(What::Cut { bytes: 10 })
            .on(["StartCopyJob", "ListCopyJobs"])
            .share(0.01),
    ]);
    let told = story.copy("");
    assert_eq!(told.code, 0, "{}", told.stderr);
    story.everything_arrived_once();
}

/// With everything else that may go wrong. `SAV_COPY_POINTS=10000` makes it as large as that.
#[test]
fn only_what_the_world_wants_to_fail_fails_and_is_told() {
    let size = std::env::var("SAV_COPY_POINTS").ok().and_then(|size| size.parse().ok());
    let total: usize = size.unwrap_or(600);
    let fleet = FleetSettings {
        failures: FailurePlan {
            share: 0.03,
            ..FailurePlan::default()
        },
        ..jobs_of(30)
    };
    let story = CopyStory::of(plain(total), fleet);
    story.story.suffers([
        Fault::new(What::Throttle).share(0.05),
        Fault::new(What::ResetAfter).share(0.01),
        Fault::new(What::ResetBefore).share(0.005),
    ]);
    let doomed: Vec<String> = story.story.simulator.with_state(|state| {
        let world = &state.world;
        let points = world
            .vaults_of(crate::story::SOURCE)
            .into_iter()
            .flat_map(|vault| world.vault(vault).points.clone());
        let lost = points.filter(|point| {
            state
                .fleet
                .will_fail(world, *point)
                .is_some_and(|doom| doom.attempts.is_none())
        });
        lost.map(|point| world.point_arn(point)).collect()
    });
    assert!(!doomed.is_empty());
    let told = story.copy("--summary-output {folder}/summary.json");
    assert_eq!(told.code, 1, "{}", told.stderr);
    story.nothing_went_twice();
    let summary = story.summary();
    let failures = summary["failures"].as_array().unwrap();
    let mut failed: Vec<&str> = failures
        .iter()
        .map(|failure| failure["recovery_point_arn"].as_str().unwrap())
        .collect();
    let mut doomed: Vec<&str> = doomed.iter().map(String::as_str).collect();
    failed.sort_unstable();
    doomed.sort_unstable();
    assert_eq!(failed, doomed);
    assert_eq!(summary["failed"], failures.len());
    assert_eq!(summary["completed"], total - failures.len());
    for failure in failures {
        assert!(!failure["error_message"].as_str().unwrap().is_empty(), "{failure}");
        assert!(failure["timestamp"].is_string(), "{failure}");
    }
    let causes: u64 = summary["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["count"].as_u64().unwrap())
        .sum();
    assert_eq!(causes, failures.len() as u64);
}

/// An hour of AWS's time: the program's own waiting is what is real.
#[test]
fn an_hour_without_an_endpoint_fails_nothing() {
    let (story, clock) = CopyStory::at_a_standstill(60, jobs_of(60_000));
    let started = story.start("");
    story.wait_for_jobs(3);
    story.story.suffers([Fault::new(What::ResetBefore).named("outage")]);
    // So many failed attempts are more than any call makes before the run knows.
    while story.story.simulator.fault_counts()["outage"].fired < 50 {
        glance();
    }
    clock.advance(Duration::from_hours(1));
    story.story.suffers([]);
    let (status, said) = started.wait_while(|| clock.advance(Duration::from_mins(1)));
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("paused"), "{said}");
    assert!(said.contains("60 of 60 points copied, 0 failed"), "{said}");
    story.everything_arrived_once();
}

#[test]
fn a_key_that_is_withdrawn_parks_its_group_and_a_grant_lets_it_finish() {
    let (story, clock) = CopyStory::at_a_standstill(200, jobs_of(1_000));
    let key = story.story.simulator.with_state(|state| {
        let world = &state.world;
        let points = world
            .vaults_of(crate::story::SOURCE)
            .into_iter()
            .flat_map(|vault| world.vault(vault).points.clone());
        // The key of the most points that are not fully managed: theirs is the resource's own.
        let mut counts = std::collections::BTreeMap::new();
        for key in points.filter_map(|point| world.point(point).key) {
            *counts.entry(world.key_arn(key)).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).unwrap().0
    });
    let change = |state| {
        FaultPlan::none().with_key(KeyChange {
            key: key.clone(),
            state,
            after_ms: 0,
        })
    };
    // Withdrawn after the plan was made: planning would have blocked its points.
    assert_eq!(story.copy("--dry-run --output json").code, 0);
    let started = story.start("--summary-output {folder}/summary.json -v");
    story.wait_for_jobs(3);
    // Before any copy has arrived.
    story.story.simulator.set_faults(change(KeyState::Disabled));
    let (status, said) = started.wait_while(|| clock.advance(Duration::from_secs(1)));
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("parked: "), "{said}");
    let summary = story.summary();
    let parked = summary["parked_groups"].as_array().unwrap();
    assert!(!parked.is_empty(), "{summary}");
    assert!(
        parked.iter().all(|group| group["encryption_key_arn"] == *key),
        "{summary}"
    );
    assert!(parked.iter().all(|group| group["fix"].is_string()), "{summary}");
    assert!(summary["parked"].as_u64().unwrap() > 0, "{summary}");
    assert_eq!(summary["pending"], 0, "everything else went on: {summary}");
    assert_eq!(summary["failed"], 0, "no point failed by itself: {summary}");

    story.story.simulator.set_faults(change(KeyState::Enabled));
    let (status, said) = story.start("").wait_while(|| clock.advance(Duration::from_secs(1)));
    assert_eq!(status.code(), Some(0), "{said}");
    let truth = story.truth();
    assert_eq!(truth.points_copied, 200);
    story.nothing_went_twice();
}

#[test]
fn a_dry_run_changes_nothing_anywhere() {
    let story = CopyStory::with_points(50);
    let told = story.copy("--dry-run --output json");
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(told.json()["summary"]["copy"], 50);
    assert_eq!(story.accepted(), 0);
    assert!(!exists(&story.story.file("ledger.db")));

    assert_eq!(story.copy("").code, 0);
    let before = std::fs::read(story.story.file("ledger.db")).unwrap();
    let told = story.copy("--dry-run --reset --output json");
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(told.json()["summary"]["copy"], 0, "they are there already");
    assert_eq!(std::fs::read(story.story.file("ledger.db")).unwrap(), before);
}

#[test]
fn vaults_that_are_not_there_are_named_before_anything_is_asked_for() {
    let mut world = plain(50);
    world.destination.vaults = false;
    let story = CopyStory::of(world, jobs_of(10));
    let told = story.copy("--no-replicate");
    assert_eq!(told.code, 1);
    assert!(told.stderr.contains("vaults that do not exist yet"), "{}", told.stderr);
    assert!(
        told.stderr.contains(&format!("account {DESTINATION} has no vault ")),
        "{}",
        told.stderr
    );
    assert_eq!(story.accepted(), 0);
}

#[test]
fn the_wrong_account_is_refused_before_the_ledger_is_begun() {
    let story = CopyStory::with_points(10);
    for (wrong, expected) in [
        ("--source-profile dest --dest-profile dest", "source account's"),
        ("--source-profile source --dest-profile source", "destination account's"),
    ] {
        let told = story.story.run(&format!(
            "copy --source-account 111111111111 --dest-account 222222222222 --state-file {{folder}}/ledger.db {wrong}"
        ));
        assert!(told.refusal().contains(expected), "{}", told.stderr);
        assert!(!exists(&story.story.file("ledger.db")));
    }
}

#[test]
fn without_the_destinations_credentials_it_copies_and_says_what_it_did_not_see() {
    let story = CopyStory::with_points(40);
    let told = story.story.run(
        "copy --source-account 111111111111 --source-profile source --dest-account 222222222222 --source-only \
         --state-file {folder}/ledger.db --poll-interval 0.05 --api-rate 5000",
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stderr.contains("the destination was not looked at"),
        "{}",
        told.stderr
    );
    story.everything_arrived_once();
}

#[test]
fn what_is_blocked_is_told_and_fails_only_when_asked_to() {
    let mut world = WorldPlan {
        points: 400,
        ..plain(400)
    };
    world.shares.partial = 0.1;
    let story = CopyStory::of(world, jobs_of(10));
    let told = story.copy("--summary-output {folder}/summary.json");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let blocked = story.summary()["blocked"].as_u64().unwrap();
    assert!(blocked > 0);
    assert!(
        told.stderr.contains(&format!("blocked: status_partial ({blocked})")),
        "{}",
        told.stderr
    );
    assert_eq!(story.copy("--fail-on-blocked").code, 1);
}
