//! Each broken world is named by its place, with a fix that heals it; where nothing is broken, nothing is said.

use sav_domain::checks::{Topic, Verdict};
use serde_json::Value;

use super::breaks::{self, Broken, Repair};
use super::{Stage, told};

#[tokio::test]
async fn a_world_without_defects_raises_no_alarm() {
    let stage = Stage::set();
    let report = stage.validate().await;
    assert!(report.has_passed(), "{}", told(&report.checks, Verdict::Failed));
    // AWS's documents disagree about SAP HANA; everything else could be looked at.
    let open: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.verdict == Verdict::NotChecked)
        .collect();
    assert!(
        open.iter()
            .all(|check| check.topic == Topic::ResourceType && check.subject.starts_with("SAP")),
        "{}",
        told(&report.checks, Verdict::NotChecked)
    );
    assert!(stage.calls() < 80, "{} calls are more than a few dozen", stage.calls());
}

async fn each_is_named_and_healed(worlds: Vec<Broken>) {
    for broken in worlds {
        let mut stage = Stage::set();
        (broken.by)(&mut stage);
        let report = stage.validate().await;
        let failed: Vec<_> = report.failed().cloned().collect();
        let name = broken.name;
        assert!(
            !failed.is_empty(),
            "{name}: nothing failed\n{}",
            told(&report.checks, Verdict::NotChecked)
        );
        for check in &failed {
            let fix = check.fix.as_deref().unwrap_or_default();
            assert!(
                check.topic == broken.topic && check.subject.contains(broken.subject) && fix.contains(broken.fix),
                "{name}: {}",
                told(&failed, Verdict::Failed)
            );
        }
        match broken.repair {
            Repair::By(repair) => repair(&mut stage),
            Repair::Paste(paste) => {
                let statements = statements_in(failed[0].fix.as_deref().unwrap());
                assert!(!statements.is_empty(), "{name}: nothing to paste");
                stage.change(|world| paste(world, statements));
            }
        }
        let healed = stage.validate().await;
        assert!(
            healed.has_passed(),
            "{name}, repaired: {}",
            told(&healed.checks, Verdict::Failed)
        );
    }
}

/// What a person would copy out of the text.
fn statements_in(fix: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = fix;
    while let Some(at) = rest.find('{') {
        let mut stream = serde_json::Deserializer::from_str(&rest[at..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(statement)) => {
                let length = stream.byte_offset();
                found.push(statement);
                rest = &rest[at + length..];
            }
            _ => rest = &rest[at + 1..],
        }
    }
    found
}

#[tokio::test]
async fn accounts_and_permissions() {
    each_is_named_and_healed(breaks::accounts()).await;
}

#[tokio::test]
async fn copy_roles() {
    each_is_named_and_healed(breaks::roles()).await;
}

#[tokio::test]
async fn destination_vaults() {
    each_is_named_and_healed(breaks::vaults()).await;
}

#[tokio::test]
async fn keys_of_points() {
    each_is_named_and_healed(breaks::keys()).await;
}

#[tokio::test]
async fn types_and_quotas() {
    each_is_named_and_healed(breaks::limits()).await;
}

#[test]
fn there_are_enough_worlds() {
    let all = [
        breaks::accounts(),
        breaks::roles(),
        breaks::vaults(),
        breaks::keys(),
        breaks::limits(),
    ];
    let count: usize = all.iter().map(Vec::len).sum();
    assert!(count >= 40, "{count}");
}
