//! Counts of what a selection did, which merge in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

use crate::recovery_point::RecoveryPoint;
use crate::selection::{Judgement, Reason};
use crate::size::size_gb;

/// What joining a point to the metadata table gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    NoTable,
    NoRow,
    BlankApmid,
    Row,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    included: Amount,
    excluded: Amount,
    by_reason: BTreeMap<Reason, Amount>,
    enriched: u64,
    without_row: Sampled,
    blank_apmid: Sampled,
    undecidable: Sampled,
}

/// How many points, and how many bytes of those that have a size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub points: u64,
    pub bytes: u128,
    pub without_size: u64,
}

/// A count with a few examples: the first in alphabetical order, so that it does not matter who counted first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    count: u64,
    samples: BTreeSet<Box<str>>,
}

impl Amount {
    pub fn add(&mut self, size_bytes: Option<u64>) {
        self.points += 1;
        match size_bytes {
            Some(bytes) => self.bytes += u128::from(bytes),
            None => self.without_size += 1,
        }
    }

    /// Takes back what `add` added.
    pub fn take(&mut self, size_bytes: Option<u64>) {
        self.points -= 1;
        match size_bytes {
            Some(bytes) => self.bytes -= u128::from(bytes),
            None => self.without_size -= 1,
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.points += other.points;
        self.bytes += other.bytes;
        self.without_size += other.without_size;
    }
}

impl Sampled {
    pub const MOST: usize = 5;

    pub fn add(&mut self, example: &str) {
        self.count += 1;
        self.offer(example);
    }

    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for example in &other.samples {
            self.offer(example);
        }
    }

    fn offer(&mut self, example: &str) {
        let full = self.samples.len() == Self::MOST;
        if full && self.samples.last().is_some_and(|last| &**last <= example) {
            return;
        }
        if self.samples.insert(example.into()) && full {
            self.samples.pop_last();
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn samples(&self) -> impl Iterator<Item = &str> {
        self.samples.iter().map(|sample| &**sample)
    }
}

impl Tally {
    pub fn add(&mut self, point: &RecoveryPoint, judgement: &Judgement, join: Join) {
        match judgement {
            Judgement::Included => self.included.add(point.size_bytes),
            Judgement::Excluded(reason) | Judgement::Undecidable(reason) => {
                self.excluded.add(point.size_bytes);
                match self.by_reason.get_mut(reason) {
                    Some(amount) => amount.add(point.size_bytes),
                    None => self.by_reason.entry(reason.clone()).or_default().add(point.size_bytes),
                }
            }
        }
        if let Judgement::Undecidable(_) = judgement {
            self.undecidable.add(&point.arn);
        }
        match join {
            Join::NoTable => {}
            Join::NoRow => self
                .without_row
                .add(point.resource_arn.as_deref().unwrap_or(&point.arn)),
            Join::BlankApmid => {
                self.enriched += 1;
                self.blank_apmid
                    .add(point.resource_arn.as_deref().unwrap_or(&point.arn));
            }
            Join::Row => self.enriched += 1,
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.included.merge(other.included);
        self.excluded.merge(other.excluded);
        for (reason, amount) in &other.by_reason {
            self.by_reason.entry(reason.clone()).or_default().merge(*amount);
        }
        self.enriched += other.enriched;
        self.without_row.merge(&other.without_row);
        self.blank_apmid.merge(&other.blank_apmid);
        self.undecidable.merge(&other.undecidable);
    }

    pub fn total(&self) -> u64 {
        self.included.points + self.excluded.points
    }

    pub fn included(&self) -> Amount {
        self.included
    }

    pub fn excluded(&self) -> Amount {
        self.excluded
    }

    pub fn by_reason(&self) -> &BTreeMap<Reason, Amount> {
        &self.by_reason
    }

    /// Points whose resource has a row in the metadata table.
    pub fn enriched(&self) -> u64 {
        self.enriched
    }

    /// Points without a row, with resources as samples.
    pub fn without_row(&self) -> &Sampled {
        &self.without_row
    }

    /// Points whose row has no APMID, with resources as samples.
    pub fn blank_apmid(&self) -> &Sampled {
        &self.blank_apmid
    }

    /// Points that `--on-missing-metadata fail` stumbled over, by their own ARNs.
    pub fn undecidable(&self) -> &Sampled {
        &self.undecidable
    }

    /// Of all points, with two decimals; 0 if there was none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ten thousandths of a count stay far below 2^53"
    )]
    pub fn inclusion_rate_percent(&self) -> f64 {
        let (part, whole) = (u128::from(self.included.points), u128::from(self.total().max(1)));
        ((part * 10_000 + whole / 2) / whole) as f64 / 100.0
    }
}

/// The summary of `filter`.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("summary", 13)?;
        fields.serialize_field("total_count", &self.total())?;
        fields.serialize_field("included_count", &self.included.points)?;
        fields.serialize_field("excluded_count", &self.excluded.points)?;
        fields.serialize_field("inclusion_rate_percent", &self.inclusion_rate_percent())?;
        fields.serialize_field("total_size_gb_included", &size_gb(self.included.bytes))?;
        fields.serialize_field("total_size_gb_excluded", &size_gb(self.excluded.bytes))?;
        fields.serialize_field("excluded_by_reason", &ByReason(&self.by_reason))?;
        fields.serialize_field("enriched_count", &self.enriched)?;
        fields.serialize_field("missing_metadata_count", &self.without_row.count)?;
        fields.serialize_field("missing_metadata_samples", &self.without_row.samples)?;
        fields.serialize_field("blank_apmid_count", &self.blank_apmid.count)?;
        fields.serialize_field("blank_apmid_samples", &self.blank_apmid.samples)?;
        fields.serialize_field(
            "size_unknown_count",
            &(self.included.without_size + self.excluded.without_size),
        )?;
        fields.end()
    }
}

struct ByReason<'a>(&'a BTreeMap<Reason, Amount>);

impl Serialize for ByReason<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (reason, amount) in self.0 {
            map.serialize_entry(&reason.key(), &amount.points)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::VaultName;

    fn counted(points: &[(u8, Option<u64>, u8)]) -> Tally {
        let mut tally = Tally::default();
        for (name, size_bytes, fate) in points {
            let point = RecoveryPoint {
                size_bytes: *size_bytes,
                ..RecoveryPoint::new(format!("arn:{name}"), VaultName::new("v").unwrap())
            };
            let judgement = match fate % 4 {
                0 => Judgement::Included,
                1 => Judgement::Excluded(Reason::TooSmall),
                2 => Judgement::Excluded(Reason::RuleExcluded { rule: "r".into() }),
                _ => Judgement::Undecidable(Reason::MetadataMissing),
            };
            let join = [Join::NoTable, Join::NoRow, Join::BlankApmid, Join::Row][usize::from(fate / 4 % 4)];
            tally.add(&point, &judgement, join);
        }
        tally
    }

    proptest! {
        #[test]
        fn it_does_not_matter_who_counts_what(
            points in prop::collection::vec((any::<u8>(), any::<Option<u64>>(), any::<u8>()), 0..60),
            cut in 0_usize..60,
        ) {
            let (left, right) = points.split_at(cut.min(points.len()));
            let (mut one_way, mut other_way) = (counted(left), counted(right));
            one_way.merge(&counted(right));
            other_way.merge(&counted(left));
            prop_assert_eq!(&one_way, &other_way);
            prop_assert_eq!(&one_way, &counted(&points));
        }
    }

    #[test]
    fn the_summary_has_its_shape() {
        let tally = counted(&[(1, Some(1 << 30), 0), (2, Some(3 << 30), 1), (3, None, 6)]);
        assert_eq!(
            serde_json::to_string(&tally).unwrap(),
            r#"{"total_count":3,"included_count":1,"excluded_count":2,"inclusion_rate_percent":33.33,"#.to_owned()
                + r#""total_size_gb_included":1.0,"total_size_gb_excluded":3.0,"#
                + r#""excluded_by_reason":{"too_small":1,"rule_excluded:r":1},"enriched_count":0,"#
                + r#""missing_metadata_count":1,"missing_metadata_samples":["arn:3"],"#
                + r#""blank_apmid_count":0,"blank_apmid_samples":[],"size_unknown_count":1}"#
        );
        assert!(Tally::default().inclusion_rate_percent().abs() < f64::EPSILON);
    }
}
