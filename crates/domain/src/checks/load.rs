//! What is to be copied, in sums: what the checks need of a million points.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ledger::Group;
use crate::pool;
use crate::recovery_point::{PointStatus, RecoveryPoint};
use crate::resource_type::ResourceType;
use crate::retention::Retention;
use crate::vault::VaultName;
use crate::verdict::{is_continuous, uncopyable_type};

/// Points that share vault, type and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub group: Group,
    pub points: u64,
    /// The ARN of one of them.
    pub sample: Box<str>,
    /// AWS Backup manages them itself, under the vault's key.
    pub fully_managed: bool,
    /// AWS copies points like them to no other account.
    pub uncopyable: bool,
    /// How many are to be kept for how many days from the source's creation on. None: without an end.
    pub kept_days: BTreeMap<Option<i64>, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    bundles: BTreeMap<BundleKey, Bundle>,
}

/// Members of one vault, type and key can still differ in who manages them: `DynamoDB` backups of both kinds.
type BundleKey = (VaultName, Option<ResourceType>, Option<Arc<str>>, bool, bool);

impl Load {
    /// Counts a chosen point, unless it is one that needs no copy of its own or has nothing that could be copied.
    pub fn add(&mut self, point: &RecoveryPoint, retention: Retention) {
        use PointStatus as S;
        let hopeless = matches!(point.status, Some(S::Partial | S::Creating | S::Deleting | S::Stopped));
        if point.parent_arn.is_some() || hopeless || is_continuous(point) {
            return;
        }
        let days = retention
            .of_copy(point)
            .and_then(|lifecycle| lifecycle.delete_after_days);
        self.count(point, 1, Some(days));
    }

    /// Counts points of a group, given one of them.
    pub fn count(&mut self, sample: &RecoveryPoint, points: u64, kept_days: Option<Option<i64>>) {
        let group = Group::of(sample);
        let (fully_managed, uncopyable) = (pool::is_fully_managed(sample), uncopyable_type(sample).is_some());
        let key = (
            group.vault.clone(),
            group.resource_type.clone(),
            group.encryption_key_arn.clone(),
            fully_managed,
            uncopyable,
        );
        let bundle = self.bundles.entry(key).or_insert_with(|| Bundle {
            group,
            points: 0,
            sample: sample.arn.clone(),
            fully_managed,
            uncopyable,
            kept_days: BTreeMap::new(),
        });
        bundle.points += points;
        if let Some(days) = kept_days {
            *bundle.kept_days.entry(days).or_default() += points;
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (key, bundle) in other.bundles {
            match self.bundles.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(bundle);
                }
                std::collections::btree_map::Entry::Occupied(mut there) => {
                    let there = there.get_mut();
                    there.points += bundle.points;
                    for (days, points) in bundle.kept_days {
                        *there.kept_days.entry(days).or_default() += points;
                    }
                }
            }
        }
    }

    pub fn bundles(&self) -> impl Iterator<Item = &Bundle> {
        self.bundles.values()
    }

    /// Those that AWS can copy at all.
    pub fn copyable(&self) -> impl Iterator<Item = &Bundle> {
        self.bundles().filter(|bundle| !bundle.uncopyable)
    }

    pub fn points(&self) -> u64 {
        self.bundles().map(|bundle| bundle.points).sum()
    }

    /// Every type once, with its copyable points and the ARN of one.
    pub fn types(&self) -> BTreeMap<&ResourceType, (u64, &str)> {
        let mut types = BTreeMap::new();
        for bundle in self.copyable() {
            if let Some(kind) = &bundle.group.resource_type {
                types.entry(kind).or_insert((0, &*bundle.sample)).0 += bundle.points;
            }
        }
        types
    }
}
