//! The choosing rules: stories, refusals, and a plain reference that must never disagree.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

mod agreement;
mod config;
mod refusals;
mod stories;

use sav_domain::metadata::MetadataRow;
use sav_domain::recovery_point::PointStatus;
use sav_domain::selection::{CriteriaSpec, SelectionSpec};
use sav_domain::{Judgement, Moment, RecoveryPoint, ResourceType, Selection, VaultName};

/// 2024-06-01T00:00:00Z
fn now() -> Moment {
    Moment::from_millis(1_717_200_000_000)
}

fn days_old(days: i64) -> Moment {
    now().plus_millis(-days * 86_400_000)
}

fn point() -> RecoveryPoint {
    RecoveryPoint {
        resource_arn: Some("arn:aws:ec2:us-east-1:111111111111:volume/vol-1".into()),
        resource_type: Some(ResourceType::Ebs),
        status: Some(PointStatus::Completed),
        created: Some(days_old(10)),
        size_bytes: Some(5 << 30),
        ..RecoveryPoint::new(
            "arn:aws:ec2:us-east-1::snapshot/snap-1",
            VaultName::new("prod-daily").unwrap(),
        )
    }
}

#[derive(Clone, Debug, Default)]
struct Row(Vec<(&'static str, Option<String>)>);

impl Row {
    fn of(apmid: &str) -> Self {
        Self(vec![("APMID", Some(apmid.to_owned()).filter(|text| !text.is_empty()))])
    }

    fn with(mut self, column: &'static str, value: &str) -> Self {
        self.0
            .push((column, Some(value.to_owned()).filter(|text| !text.is_empty())));
        self
    }
}

impl MetadataRow for Row {
    fn apmid(&self) -> Option<&str> {
        self.value("APMID")
    }

    fn value(&self, column: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(column))
            .and_then(|(_, value)| value.as_deref())
    }

    fn for_each(&self, visit: &mut dyn FnMut(&str, Option<&str>)) {
        for (name, value) in &self.0 {
            visit(name, value.as_deref());
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an option that was given")]
fn list(words: &str) -> Option<Vec<String>> {
    Some(vec![words.to_owned()])
}

/// Criteria with what `set` sets.
fn wanting(set: impl FnOnce(&mut CriteriaSpec)) -> CriteriaSpec {
    let mut criteria = CriteriaSpec::default();
    set(&mut criteria);
    criteria
}

fn options(criteria: CriteriaSpec) -> SelectionSpec {
    SelectionSpec {
        criteria,
        ..SelectionSpec::default()
    }
}

fn built(spec: &SelectionSpec) -> Selection {
    Selection::build(spec, now()).unwrap()
}

/// `included`, or the reason's key, or `undecidable:` and the key.
fn fate(selection: &Selection, point: &RecoveryPoint, row: Option<&Row>) -> String {
    match selection.judge(point, row.map(|row| row as &dyn MetadataRow)) {
        Judgement::Included => "included".into(),
        Judgement::Excluded(reason) => reason.key(),
        Judgement::Undecidable(reason) => format!("undecidable:{}", reason.key()),
    }
}
