//! Which points a selection picks, and why the rest is out.

use std::collections::BTreeMap;

use crate::story::{Story, Told};

fn included(told: &Told) -> Vec<String> {
    let mut arns: Vec<String> = told.json()["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["recovery_point_arn"].as_str().unwrap().to_owned())
        .collect();
    arns.sort();
    arns
}

fn listed(told: &Told) -> Vec<String> {
    let mut arns: Vec<String> = told
        .lines()
        .iter()
        .map(|point| point["recovery_point_arn"].as_str().unwrap().to_owned())
        .collect();
    arns.sort();
    arns
}

/// The APMID with the most resources in the story's table, and another.
fn two_apmids(story: &Story) -> [String; 2] {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in csv::Reader::from_path(story.file("metadata.csv")).unwrap().records() {
        let apmid = row.unwrap()[1].trim().to_owned();
        if !apmid.is_empty() {
            *counts.entry(apmid).or_default() += 1;
        }
    }
    let mut ranked: Vec<(usize, String)> = counts.into_iter().map(|(apmid, count)| (count, apmid)).collect();
    ranked.sort();
    [ranked.pop().unwrap().1, ranked.pop().unwrap().1]
}

#[test]
fn list_and_filter_never_disagree() {
    let story = Story::with_points(3000);
    let [one, other] = two_apmids(&story);
    for options in [
        String::new(),
        "--vault prod-* --resource-type EBS,RDS".to_owned(),
        "--resource-type EBS --max-age-days 60".to_owned(),
        "--min-age-days 3 --min-size-gb 5 --max-size-gb 500".to_owned(),
        "--status COMPLETED --created-after 2026-01-15".to_owned(),
        format!("--metadata-csv {{folder}}/metadata.csv --allowed-apmids {one},{other}"),
        format!("--metadata-csv {{folder}}/metadata.csv --excluded-apmids {one} --on-missing-metadata include"),
        "--metadata-csv {folder}/metadata.csv --metadata environment=prod".to_owned(),
    ] {
        let listed = listed(&story.list(&format!("{options} --output jsonl")).went_well());
        let filtered = story.filter(&format!("{options} --output json")).went_well();
        assert_eq!(included(&filtered), listed, "{options}");
        let document = filtered.json();
        let (summary, excluded) = (&document["summary"], document["excluded"].as_array().unwrap());
        assert_eq!(summary["included_count"], listed.len(), "{options}");
        assert_eq!(summary["excluded_count"], excluded.len(), "{options}");
        let reasons: u64 = summary["excluded_by_reason"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum();
        assert_eq!(reasons, excluded.len() as u64, "{options}");
        assert!(excluded.iter().all(|point| point["reason"].is_string()), "{options}");
    }
}

#[test]
fn the_configuration_file_chooses_as_the_command_line_does() {
    let story = Story::with_points(1500);
    story.write(
        "sav.toml",
        "source-account = '111111111111'\nsource-profile = 'source'\napi-rate = 5000\noutput = 'jsonl'\n\
         resource-type = ['EBS', 'S3']\nmin-size-gb = 2\n",
    );
    let by_file = listed(&story.run("list --config {folder}/sav.toml").went_well());
    let by_line = listed(
        &story
            .list("--resource-type EBS --resource-type S3 --min-size-gb 2 --output jsonl")
            .went_well(),
    );
    assert!(!by_file.is_empty());
    assert_eq!(by_file, by_line);
    let overruled = listed(
        &story
            .run("list --config {folder}/sav.toml --resource-type S3")
            .went_well(),
    );
    assert!(overruled.len() < by_file.len());
}

#[test]
fn rules_include_and_exclude() {
    let story = Story::with_points(1500);
    story.write(
        "rules.toml",
        "[filter]\nmatch = 'any'\n\
         [[filter.include]]\nname = 'snapshots'\nresource-type = 'EBS'\n\
         [[filter.include]]\nname = 'large'\nmin-size-gb = 1000\n\
         [[filter.exclude]]\nname = 'staging'\nvault = 'staging'\n",
    );
    let document = story
        .filter("--config {folder}/rules.toml --output json")
        .went_well()
        .json();
    for point in document["included"].as_array().unwrap() {
        let is_large = point["size_gb"].as_f64().is_some_and(|gb| gb >= 1000.0);
        assert!(point["resource_type"] == "EBS" || is_large, "{point}");
        assert_ne!(point["vault_name"], "staging");
    }
    let reasons = document["summary"]["excluded_by_reason"].as_object().unwrap();
    assert!(
        reasons.contains_key("no_rule_applies") && reasons.contains_key("rule_excluded:staging"),
        "{reasons:?}"
    );
}

/// Excluded by default under allow lists and exclude lists alike, and said once.
#[test]
fn a_point_whose_application_is_unknown_is_left_out_and_counted() {
    let story = Story::with_points(3000);
    let [one, _] = two_apmids(&story);
    for options in [format!("--allowed-apmids {one}"), format!("--excluded-apmids {one}")] {
        let told = story
            .filter(&format!(
                "--metadata-csv {{folder}}/metadata.csv {options} --output json"
            ))
            .went_well();
        let summary = &told.json()["summary"];
        let reasons = &summary["excluded_by_reason"];
        assert_eq!(
            reasons["metadata_missing"], summary["missing_metadata_count"],
            "{options}"
        );
        assert_eq!(reasons["apmid_blank"], summary["blank_apmid_count"], "{options}");
        assert!(summary["missing_metadata_count"].as_u64().unwrap() > 0);
        let warnings: Vec<&str> = told.stderr.lines().filter(|line| line.contains("no APMID")).collect();
        assert_eq!(warnings.len(), 1, "{}", told.stderr);
    }
}

#[test]
fn the_screen_says_how_much_and_why_not() {
    let story = Story::of(sav_simulator::world::WorldPlan {
        points: 400,
        seed: 3,
        ..sav_simulator::world::WorldPlan::plain()
    });
    let told = story.filter("--resource-type EBS --min-size-gb 50").went_well();
    insta::assert_snapshot!(told.stdout);
    let with_points = story.filter("--resource-type EBS --min-size-gb 50 -v").went_well();
    assert!(with_points.stdout.ends_with(&told.stdout));
    assert!(with_points.stdout.lines().count() > 400);
}
