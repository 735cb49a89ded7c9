//! What is in the vaults, counted: per vault and per resource type. Counts merge in any order.

use std::collections::BTreeMap;

use crate::recovery_point::RecoveryPoint;
use crate::resource_type::ResourceType;
use crate::tally::Amount;
use crate::time::Moment;
use crate::vault::VaultName;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    vaults: BTreeMap<VaultName, Heap>,
    /// Under None: points whose type AWS did not name.
    types: BTreeMap<Option<ResourceType>, Heap>,
}

/// Some points: how many, how large, from when to when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heap {
    pub amount: Amount,
    pub oldest: Option<Moment>,
    pub newest: Option<Moment>,
}

impl Heap {
    pub fn add(&mut self, point: &RecoveryPoint) {
        self.amount.add(point.size_bytes);
        self.stretch(point.created, point.created);
    }

    pub fn merge(&mut self, other: &Self) {
        self.amount.merge(other.amount);
        self.stretch(other.oldest, other.newest);
    }

    fn stretch(&mut self, oldest: Option<Moment>, newest: Option<Moment>) {
        self.oldest = self.oldest.into_iter().chain(oldest).min();
        self.newest = self.newest.max(newest);
    }
}

impl Census {
    pub fn add(&mut self, point: &RecoveryPoint) {
        match self.vaults.get_mut(&point.vault) {
            Some(heap) => heap.add(point),
            None => self.vaults.entry(point.vault.clone()).or_default().add(point),
        }
        match self.types.get_mut(&point.resource_type) {
            Some(heap) => heap.add(point),
            None => self.types.entry(point.resource_type.clone()).or_default().add(point),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (vault, heap) in &other.vaults {
            self.vaults.entry(vault.clone()).or_default().merge(heap);
        }
        for (of, heap) in &other.types {
            self.types.entry(of.clone()).or_default().merge(heap);
        }
    }

    pub fn vault(&self, name: &VaultName) -> Heap {
        self.vaults.get(name).copied().unwrap_or_default()
    }

    pub fn types(&self) -> &BTreeMap<Option<ResourceType>, Heap> {
        &self.types
    }

    pub fn total(&self) -> Heap {
        let mut total = Heap::default();
        self.vaults.values().for_each(|heap| total.merge(heap));
        total
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn census(points: &[(u8, i64, Option<u64>)]) -> Census {
        let mut census = Census::default();
        for (kind, created, size_bytes) in points {
            let vault = VaultName::new(format!("vault-{}", kind % 3)).unwrap();
            census.add(&RecoveryPoint {
                created: Some(Moment::from_millis(*created)),
                size_bytes: *size_bytes,
                resource_type: (kind % 4 > 0).then(|| ResourceType::KNOWN[usize::from(kind % 4)].clone()),
                ..RecoveryPoint::new("arn", vault)
            });
        }
        census
    }

    proptest! {
        #[test]
        fn it_does_not_matter_who_counts_what(
            points in prop::collection::vec((any::<u8>(), -1000_i64..1000, any::<Option<u64>>()), 0..60),
            cut in 0_usize..60,
        ) {
            let (left, right) = points.split_at(cut.min(points.len()));
            let (mut one_way, mut other_way) = (census(left), census(right));
            one_way.merge(&census(right));
            other_way.merge(&census(left));
            prop_assert_eq!(&one_way, &other_way);
            prop_assert_eq!(&one_way, &census(&points));
            prop_assert_eq!(one_way.total().amount.points, points.len() as u64);
            let of_types: u64 = one_way.types().values().map(|heap| heap.amount.points).sum();
            prop_assert_eq!(of_types, points.len() as u64);
            prop_assert_eq!(one_way.total().oldest.map(Moment::millis), points.iter().map(|point| point.1).min());
            prop_assert_eq!(one_way.total().newest.map(Moment::millis), points.iter().map(|point| point.1).max());
        }
    }
}
