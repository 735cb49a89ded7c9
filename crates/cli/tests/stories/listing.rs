//! What is in the source account?

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use sav_simulator::faults::{Fault, What};

use crate::story::{Story, arns};

fn listed(lines: &[serde_json::Value]) -> Vec<String> {
    let mut arns: Vec<String> = lines
        .iter()
        .map(|point| point["recovery_point_arn"].as_str().unwrap().to_owned())
        .collect();
    arns.sort();
    arns
}

#[test]
fn every_point_is_listed_once_in_every_format() {
    let story = Story::with_points(3000);
    let expected = arns(&story);
    assert_eq!(expected.len(), 3000);
    assert_eq!(listed(&story.list("--output jsonl").went_well().lines()), expected);
    let array = story.list("--output json").went_well().json();
    assert_eq!(listed(array.as_array().unwrap()), expected);
    let csv = story.list("--output csv").went_well().stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut arns: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
    arns.sort();
    assert_eq!(arns, expected);
    assert_eq!(story.list("").went_well().stdout.lines().count(), 3001);
}

#[test]
fn a_listing_with_every_bad_habit_loses_and_repeats_nothing() {
    let story = Story::with_points(4000);
    let pages = |what: What, share: f64| Fault::new(what).on(["ListRecoveryPointsByBackupVault"]).share(share);
    story.suffers([
        pages(What::ShortPage { at_most: 90 }, 0.9),
        pages(What::ShortPage { at_most: 0 }, 0.05),
        pages(What::RepeatItems { items: 3 }, 0.2),
        pages(What::LateItems { items: 5 }, 0.2),
        pages(What::RefuseToken { for_ever: false }, 0.03),
        pages(What::Throttle, 0.1),
        pages(What::Unavailable { after_effect: false }, 0.02),
        pages(What::ResetBefore, 0.01),
        pages(What::Cut { bytes: 1000 }, 0.01),
        pages(What::Html { status: 502 }, 0.01),
    ]);
    assert_eq!(listed(&story.list("--output jsonl").went_well().lines()), arns(&story));
}

#[test]
fn the_summary_agrees_with_the_points() {
    let story = Story::with_points(2000);
    let summary = story.list("--summary --output json").went_well().json();
    let points = story.list("--output jsonl").went_well().lines();
    assert_eq!(summary["total_count"], 2000);
    for vault in summary["vaults"].as_array().unwrap() {
        let of_vault: Vec<_> = points
            .iter()
            .filter(|point| point["vault_name"] == vault["name"])
            .collect();
        assert_eq!(vault["recovery_points"], of_vault.len());
        let bytes: u64 = of_vault.iter().filter_map(|point| point["size_bytes"].as_u64()).sum();
        assert_eq!(vault["size_bytes"], bytes);
        let dates: BTreeSet<&str> = of_vault
            .iter()
            .filter_map(|point| point["creation_date"].as_str())
            .collect();
        assert_eq!(vault["oldest"].as_str(), dates.first().copied());
        assert_eq!(vault["newest"].as_str(), dates.last().copied());
    }
    let locked: Vec<_> = summary["vaults"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|vault| vault["locked"] == true)
        .collect();
    assert!(
        locked
            .iter()
            .any(|vault| vault["name"] == "compliance-locked" && vault["min_retention_days"].is_u64())
    );
}

#[test]
fn times_are_rounded_to_the_millisecond_and_sizes_have_two_decimals() {
    let story = Story::with_points(500);
    story.simulator.with_state(|state| state.backup.odd_floats = true);
    let truth: BTreeSet<(String, i64)> = story.simulator.with_state(|state| {
        let world = &state.world;
        (0..u32::try_from(world.points().len()).unwrap())
            .map(sav_simulator::world::PointId)
            .map(|id| (world.point_arn(id), world.point(id).created.millis()))
            .collect()
    });
    for point in story.list("--output jsonl").went_well().lines() {
        let created = point["creation_date"].as_str().unwrap();
        let millis = sav_domain::Moment::parse(created).unwrap().millis();
        assert!(
            truth.contains(&(point["recovery_point_arn"].as_str().unwrap().to_owned(), millis)),
            "{point}"
        );
        assert_eq!(created.len(), "2026-01-01T00:00:00.000Z".len());
        if let Some(bytes) = point["size_bytes"].as_u64() {
            #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
            let gb = bytes as f64 / f64::from(1 << 30);
            assert!((point["size_gb"].as_f64().unwrap() - gb).abs() <= 0.0051);
        }
    }
}

#[test]
fn odd_things_are_shown_and_not_refused() {
    let story = Story::with_points(6000);
    let points = story.list("--output jsonl").went_well().lines();
    let types: BTreeSet<&str> = points
        .iter()
        .filter_map(|point| point["resource_type"].as_str())
        .collect();
    for expected in ["EBS", "EC2", "RDS", "Aurora", "DynamoDB", "EFS", "S3", "FSx", "Braket"] {
        assert!(types.contains(expected), "{expected} is not among {types:?}");
    }
    assert!(points.iter().any(|point| point["size_bytes"].is_null()));
    assert!(points.iter().any(|point| point["resource_name"].is_null()));
    assert!(
        points
            .iter()
            .any(|point| point["vault_name"] == "aws/efs/automatic-backup-vault")
    );
}

#[test]
fn nothing_but_data_reaches_stdout_however_much_is_said() {
    let story = Story::with_points(300);
    let told = story.list("--output json -vv").went_well();
    assert_eq!(told.json().as_array().unwrap().len(), 300);
    assert!(!told.stderr.is_empty());
    let logged = story
        .list("--output json -vv --log-format json --log-file {folder}/run.log")
        .went_well();
    assert_eq!(logged.stderr, "");
    for line in std::fs::read_to_string(story.file("run.log")).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    let story = Story::with_points(3000);
    for format in ["table", "json", "jsonl", "csv"] {
        let mut child = story
            .command(&format!(
                "list --source-account 111111111111 --source-profile source --api-rate 5000 --output {format}"
            ))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{format}");
    }
}

#[test]
fn a_dry_run_asks_nothing_of_aws() {
    let story = Story::with_points(100);
    let told = story.list("--dry-run --vault prod-*").went_well();
    insta::assert_snapshot!(told.stdout, @r"
    CALL                                    ABOUT                                HOW OFTEN
    sts:GetCallerIdentity                   whose credentials these are          once
    backup:ListBackupVaults                 vaults of 111111111111 in us-east-1  one call per 1,000 vaults
    backup:ListRecoveryPointsByBackupVault  vaults prod-*                        one call per 1,000 points or less
    ");
    assert_eq!(story.simulator.journal().calls, 0);
}
