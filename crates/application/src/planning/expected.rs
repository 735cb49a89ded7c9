//! How long copies will take: as long as those of the same type did, else as long as people say.

use std::collections::HashMap;

use sav_domain::duration::Extent;
use sav_domain::learned;
use sav_domain::ledger::Learned;
use sav_domain::pool::Pool;
use sav_domain::{RecoveryPoint, ResourceType};

#[derive(Debug, Default)]
pub(super) struct Expected {
    /// By type, in seconds.
    measured: HashMap<String, f64>,
}

impl Expected {
    pub(super) fn recall(known: &[Learned]) -> Self {
        let find = |what: &str, scope: &str| {
            let found = known.iter().find(|one| &*one.what == what && &*one.scope == scope)?;
            (found.value.is_finite() && found.value >= 0.0).then_some(found.value)
        };
        let mut measured = HashMap::new();
        for one in known.iter().filter(|one| &*one.what == learned::SECONDS) {
            let Some((name, _)) = one.scope.rsplit_once('/') else {
                continue;
            };
            // Most copies of a long chain are those behind another one.
            let taken = [Extent::Next, Extent::First]
                .into_iter()
                .find_map(|extent| find(learned::SECONDS, &learned::of_extent(name, extent)));
            // What was measured is from acceptance to the end. The surplus that waits for a slot takes its share of it.
            let running = find(learned::RUNNING, name).unwrap_or(1.0).max(1.0);
            let waiting = find(learned::SURPLUS, name).unwrap_or(0.0);
            if let Some(seconds) = taken {
                measured.insert(name.to_owned(), seconds * running / (running + waiting));
            }
        }
        Self { measured }
    }

    pub(super) fn seconds(&self, point: &RecoveryPoint) -> f64 {
        let kind = point.resource_type.as_ref();
        let measured = self.measured.get(learned::of_type(kind)).copied();
        measured.unwrap_or_else(|| Pool::of(kind).assumed_seconds())
    }

    pub(super) fn is_measured(&self, kind: Option<&ResourceType>) -> bool {
        self.measured.contains_key(learned::of_type(kind))
    }
}

#[cfg(test)]
mod tests {
    use sav_domain::{Moment, VaultName};

    use super::*;

    fn one(what: &str, scope: &str, value: f64) -> Learned {
        Learned {
            what: what.into(),
            scope: scope.into(),
            value,
            samples: 9,
            at: Moment::from_millis(0),
        }
    }

    fn of_type(kind: ResourceType) -> RecoveryPoint {
        RecoveryPoint {
            resource_type: Some(kind),
            ..RecoveryPoint::new("arn:p", VaultName::new("daily").unwrap())
        }
    }

    #[test]
    fn what_was_measured_goes_before_what_is_assumed() {
        let expected = Expected::recall(&[
            one(learned::SECONDS, "EBS/first", 90.0),
            one(learned::SECONDS, "EBS/next", 60.0),
            one(learned::RUNNING, "EBS", 10.0),
            one(learned::SURPLUS, "EBS", 5.0),
            one(learned::SECONDS, "S3/next", f64::NAN),
        ]);
        let seconds = |kind| expected.seconds(&of_type(kind));
        assert!(
            (seconds(ResourceType::Ebs) - 40.0).abs() < 1e-9,
            "a third of the time it waited"
        );
        assert!((seconds(ResourceType::S3) - Pool::FullyManaged.assumed_seconds()).abs() < 1e-9);
        assert!(expected.is_measured(Some(&ResourceType::Ebs)) && !expected.is_measured(Some(&ResourceType::S3)));
    }
}
