//! `verify` after, during and without a `copy`.

use std::collections::BTreeMap;
use std::process::Command;

use sav_simulator::world::{CopyFacts, Point, PointId, PointStatus};
use serde_json::Value;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::story::{DESTINATION, SOURCE, Told};

const LEDGER: &str = "--state-file {folder}/ledger.db";

impl CopyStory {
    fn verify_command(&self, options: &str) -> Command {
        self.story.command(&format!(
            "verify --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
             --api-rate 20000 {options}"
        ))
    }

    fn verify(&self, options: &str) -> Told {
        self.story.told(self.verify_command(options).output().unwrap())
    }

    /// The copies that there are, each with its source.
    fn copies(&self) -> Vec<(PointId, PointId)> {
        self.story.simulator.with_state(|state| {
            let world = &state.world;
            let vaults = world.vaults_of(DESTINATION).into_iter();
            let points = vaults.flat_map(|vault| world.vault(vault).points.clone());
            points
                .filter_map(|copy| Some((copy, world.point(copy).copied_from?)))
                .collect()
        })
    }

    fn arn(&self, point: PointId) -> String {
        self.story.simulator.with_state(|state| state.world.point_arn(point))
    }

    fn change(&self, point: PointId, change: impl FnOnce(&mut Point)) {
        self.story
            .simulator
            .with_state(|state| change(state.world.point_mut(point)));
    }

    /// Another point like this one.
    fn add_like(&self, point: PointId, change: impl FnOnce(&mut Point)) -> PointId {
        self.story.simulator.with_state(|state| {
            let mut other = state.world.point(point).clone();
            other.serial ^= 0x5a5a_5a5a;
            change(&mut other);
            state.world.add_point(other)
        })
    }
}

fn counts(summary: &Value) -> [u64; 7] {
    let names = [
        "expected",
        "verified",
        "missing",
        "mismatched",
        "duplicate",
        "in_progress",
        "unexplained",
    ];
    names.map(|name| summary[name].as_u64().unwrap())
}

fn findings(document: &Value) -> BTreeMap<String, String> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            let arn = one["recovery_point_arn"]
                .as_str()
                .or(one["destination_recovery_point_arn"].as_str());
            (arn.unwrap().to_owned(), one["finding"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn what_was_copied_is_verified_with_a_ledger_and_without() {
    let story = CopyStory::with_points(120);
    story.copy("").went_well();
    let told = story.verify(&format!("{LEDGER} --output json --deep 5")).went_well();
    let document = told.json();
    assert_eq!(counts(&document["summary"]), [120, 120, 0, 0, 0, 0, 0], "{document}");
    assert_eq!(document["findings"], Value::Array(Vec::new()));
    assert_eq!(document["summary"]["learned"]["paired_by_record"], 120);
    assert_eq!(document["summary"]["deep"]["looked_at"], 5);

    let told = story.verify("--no-ledger --output json").went_well();
    assert_eq!(counts(&told.json()["summary"]), [120, 120, 0, 0, 0, 0, 0]);
    let told = story.verify(LEDGER).went_well();
    assert!(
        told.stdout.contains("120 of 120 points arrived once and as they were"),
        "{}",
        told.stdout
    );
    let history = story
        .story
        .run(&format!("state history {LEDGER} --output json"))
        .went_well();
    assert!(history.stdout.contains("\"verified\""), "{}", history.stdout);
    // AWS has forgotten the jobs.
    story.story.simulator.advance(std::time::Duration::from_hours(24 * 40));
    let told = story.verify("--no-ledger --output jsonl --all").went_well();
    let lines = told.lines();
    let (last, found) = lines.split_last().unwrap();
    let summary = &last["summary"];
    assert_eq!(summary["learned"]["paired_by_record"], 0);
    // Some have expired in the meantime, on both sides.
    assert!(found.len() > 50, "{}", found.len());
    assert_eq!(summary["verified"], found.len());
    assert!(found.iter().all(|line| line["finding"]["finding"] == "verified"));
}

#[test]
fn every_defect_is_named_and_what_is_missing_is_copied_again() {
    let story = CopyStory::with_points(100);
    story.copy("").went_well();
    let copies = story.copies();
    assert_eq!(copies.len(), 100);
    let mut expected = BTreeMap::new();
    for (at, (copy, source)) in copies.iter().copied().enumerate().take(6) {
        let finding = match at {
            0 => {
                story.change(copy, |point| point.deleted = true);
                "missing"
            }
            1 => {
                story.change(copy, |point| point.size_bytes = point.size_bytes.map(|size| size + 1));
                "mismatched"
            }
            2 => {
                story.change(copy, |point| {
                    let days = point.lifecycle.delete_after_days;
                    point.lifecycle.delete_after_days = Some(days.map_or(4_000, |days| days + 2));
                });
                "mismatched"
            }
            3 => {
                story.change(copy, |point| point.status = PointStatus::Expired);
                "mismatched"
            }
            4 => {
                story.add_like(copy, |_| {});
                "duplicate"
            }
            _ => {
                let own = story.add_like(copy, |point| {
                    point.created = point.created + std::time::Duration::from_secs(7_000);
                    point.copied_from = None;
                    point.copy = CopyFacts::default();
                });
                expected.insert(story.arn(own), "unexplained".to_owned());
                continue;
            }
        };
        expected.insert(story.arn(source), finding.to_owned());
    }
    for options in [LEDGER, "--no-ledger"] {
        let told = story.verify(&format!("{options} --output json"));
        assert_eq!(told.code, 1, "{}", told.stderr);
        let document = told.json();
        assert_eq!(findings(&document), expected, "{options}: {document:#}");
        assert_eq!(counts(&document["summary"]), [100, 95, 1, 3, 1, 0, 1]);
    }

    let told = story.verify(&format!("{LEDGER} --repair --dry-run"));
    assert!(
        told.stdout.contains("1 missing points would go back into the queue"),
        "{}",
        told.stdout
    );
    let accepted = story.accepted();
    assert_eq!(
        story.verify(&format!("{LEDGER} --output json --repair")).json()["summary"]["repair"]["queued"],
        1
    );
    story.copy("").went_well();
    assert_eq!(story.accepted(), accepted + 1, "the missing one and no other");
    let told = story.verify(&format!("{LEDGER} --output json"));
    assert_eq!(counts(&told.json()["summary"]), [100, 96, 0, 3, 1, 0, 1]);
}

#[test]
fn tags_that_copy_put_are_compared_at_samples() {
    let story = CopyStory::with_points(60);
    story
        .copy("--metadata-csv {folder}/metadata.csv --tag-copies APMID,Owner")
        .went_well();
    let deep = format!("{LEDGER} --output json --deep 60");
    let tags = story.verify(&deep).went_well().json()["summary"]["deep"]["tags"].clone();
    assert!(tags["looked_at"].as_u64().unwrap() > 1, "{tags}");
    assert_eq!(
        (&tags["wrong"], &tags["not_checked"]),
        (&Value::Array(Vec::new()), &Value::Null)
    );

    let copies = story.copies().into_iter();
    let mut arns = copies
        .map(|(copy, _)| story.arn(copy))
        .filter(|arn| arn.contains(":backup:"));
    let (changed, bare) = (arns.next().unwrap(), arns.next().unwrap());
    story.story.simulator.with_state(|state| {
        let mut tags = state.world.tags_of(&changed);
        tags.insert("APMID".into(), "APM0".into());
        state.world.set_tags(&changed, tags);
        let mut tags = state.world.tags_of(&bare);
        tags.remove("Owner");
        state.world.set_tags(&bare, tags);
    });
    let told = story.verify(&deep);
    assert_eq!(told.code, 1, "{}", told.stderr);
    let tags = told.json()["summary"]["deep"]["tags"].clone();
    let wrong = tags["wrong"].as_array().unwrap();
    assert_eq!(wrong.len(), 2, "{tags}");
    for (arn, words) in [
        (&changed, "its tag APMID is `APM0`, not "),
        (&bare, "it has no tag Owner"),
    ] {
        let named = wrong.iter().find(|one| one["destination_recovery_point_arn"] == **arn);
        assert!(named.unwrap()["detail"].as_str().unwrap().starts_with(words), "{tags}");
    }
}

#[test]
fn while_a_copy_runs_nothing_is_missing_and_nothing_is_repaired() {
    let story = CopyStory::of(plain(60), jobs_of(3_600_000));
    let running = story.start("");
    story.wait_for_jobs(2);
    let told = story.verify(&format!("{LEDGER} --output json"));
    assert_eq!(told.code, 2, "{}", told.stderr);
    assert_eq!(counts(&told.json()["summary"]), [60, 0, 0, 0, 0, 60, 0]);
    assert!(told.stderr.contains("not noted in the ledger"), "{}", told.stderr);

    let refused = story.verify(&format!("{LEDGER} --repair"));
    let pid = running.child.id().to_string();
    assert!(refused.refusal().contains(&pid), "{}", refused.stderr);
    running.send("TERM");
    assert_eq!(running.wait().0.code(), Some(2));
}

#[test]
fn the_evidence_is_checked_offline_and_names_the_line_that_was_altered() {
    let story = CopyStory::with_points(30);
    story.copy("").went_well();
    let told = story
        .verify(&format!("{LEDGER} --evidence {{folder}}/evidence.jsonl --output json"))
        .went_well();
    let seal = told.json()["summary"]["evidence"]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let check = "verify --check-evidence {folder}/evidence.jsonl --output json";
    let checked = story.story.run(check).went_well().json();
    assert_eq!(
        (&checked["sha256"], &checked["points"]),
        (&Value::from(seal), &Value::from(30))
    );
    assert_eq!(checked["header"]["dest_account"], DESTINATION);
    assert!(
        checked["header"]["plan"]["made_with"]["selection"].is_object(),
        "{checked}"
    );

    let path = story.story.file("evidence.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let altered = text.replacen("\"finding\":\"verified\"", "\"finding\":\"Verified\"", 7);
    assert_ne!(text, altered);
    std::fs::write(&path, altered).unwrap();
    let refused = story.story.run(check);
    assert!(
        refused.refusal().contains("line 2 is the first that was altered"),
        "{}",
        refused.stderr
    );

    let refused = story.story.run("verify --output json");
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
}
