//! What the destination's vaults hold already, so that nothing is copied twice, whoever copied it.
//!
//! A copy does not name the point it was made of. A job that AWS still remembers does; else a copy is known by its resource,
//! type, creation date and source vault, and of several points that look the same as many are there as copies are. EC2 gives
//! the copies of EBS snapshots a volume that does not exist: those are known by their size instead.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use sav_domain::fingerprint::{Fingerprints, NO_VOLUME, SAME_DATE_MS, shows_no_volume};
use sav_domain::recovery_point::PointStatus;
use sav_domain::transfer::DestinationArn;
use sav_domain::{RecoveryPoint, ResourceType, VaultName};

use super::jobs::JobsSeen;

/// A point of the destination that no job explains.
#[derive(Clone, Copy, Debug)]
struct Unexplained {
    /// Resource, type and vault.
    what: u64,
    created: i64,
    /// Of the source vault's ARN; None: the copy does not say.
    from: Option<u64>,
    taken: bool,
}

#[derive(Debug, Default)]
pub(super) struct There {
    unexplained: Vec<Unexplained>,
    /// Source points, with their destination vaults, that jobs and the destination's lists agree about.
    explained: HashSet<u64>,
    /// ARNs of copies whose source's transfer has begun and wants to know: by what they are and by what they are made of.
    arns: HashMap<u64, DestinationArn>,
    sorted: bool,
}

/// What of a destination's point is kept.
#[derive(Debug)]
pub(super) struct Copy {
    explains: Option<u64>,
    unexplained: Unexplained,
    arn: DestinationArn,
}

impl There {
    /// None for points that are no copies of anything, or on their way out.
    pub(super) fn read(point: &RecoveryPoint, jobs: &JobsSeen, prints: &Fingerprints) -> Option<Copy> {
        if point.status == Some(PointStatus::Deleting) {
            return None;
        }
        let arn = DestinationArn::new(point.arn.clone())?;
        Some(Copy {
            explains: jobs.source_of(prints.of_words(&[&point.arn])),
            unexplained: Unexplained {
                what: what(point, &point.vault, prints),
                created: created(point),
                from: point.source_vault_arn.as_deref().map(|arn| prints.of_words(&[arn])),
                taken: false,
            },
            arn,
        })
    }

    pub(super) fn add(&mut self, copy: Copy, wanted: &HashSet<u64>) {
        let Copy {
            explains,
            unexplained,
            arn,
        } = copy;
        // A copy that a job explains is nobody else's.
        let known_by = explains.unwrap_or(unexplained.what);
        if wanted.contains(&known_by) {
            self.arns.insert(known_by, arn);
        }
        if let Some(source) = explains {
            self.explained.insert(source);
        } else {
            self.unexplained.push(unexplained);
        }
    }

    /// Copies that completed, where the destination cannot be looked at.
    pub(super) fn trust(&mut self, completed: &HashSet<u64>) {
        self.explained.extend(completed);
    }

    pub(super) fn all_added(&mut self) {
        self.unexplained
            .sort_unstable_by_key(|copy| (copy.what, copy.created, copy.from));
        self.sorted = true;
    }

    /// Whether the point is there; a copy that only looks like it is used up by it.
    pub(super) fn take(&mut self, point: &RecoveryPoint, asked: &Asked<'_>, prints: &Fingerprints) -> bool {
        debug_assert!(self.sorted || self.unexplained.is_empty(), "sorted once all are added");
        if self.explained.contains(&asked.source) {
            return true;
        }
        let created = created(point);
        let from = prints.of_words(&[asked.source_vault_arn]);
        let looks = [
            Some(what(point, asked.vault, prints)),
            without_volume(point, asked.vault, prints),
        ];
        looks
            .into_iter()
            .flatten()
            .any(|what| self.take_one(what, created, from))
    }

    fn take_one(&mut self, what: u64, created: i64, from: u64) -> bool {
        let first = self
            .unexplained
            .partition_point(|copy| (copy.what, copy.created) <= (what, created.saturating_sub(SAME_DATE_MS)));
        let near = self.unexplained[first..]
            .iter_mut()
            .take_while(|copy| copy.what == what && copy.created < created.saturating_add(SAME_DATE_MS))
            .filter(|copy| !copy.taken && copy.from.is_none_or(|said| said == from));
        // The one that says the most, and is nearest.
        let best = near.min_by_key(|copy| (copy.from.is_none(), copy.created.abs_diff(created)));
        best.map(|copy| copy.taken = true).is_some()
    }

    /// The copy of a point whose transfer has begun.
    pub(super) fn arn(&self, source: u64, what: u64) -> Option<&DestinationArn> {
        self.arns.get(&source).or_else(|| self.arns.get(&what))
    }
}

/// Where a point would go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The point's ARN and the destination vault's.
    pub(super) source: u64,
    pub(super) vault: &'a VaultName,
    pub(super) source_vault_arn: &'a str,
}

pub(super) fn what(point: &RecoveryPoint, vault: &VaultName, prints: &Fingerprints) -> u64 {
    let resource = point.resource_arn.as_deref();
    if let Some(what) = without_volume(point, vault, prints).filter(|_| shows_no_volume(resource)) {
        return what;
    }
    let mut state = prints.hasher();
    prints.hash_resource(resource, &mut state);
    point.resource_type.hash(&mut state);
    vault.hash(&mut state);
    state.finish()
}

/// What the point is if its volume does not count; None for points that are no snapshots of volumes.
fn without_volume(point: &RecoveryPoint, vault: &VaultName, prints: &Fingerprints) -> Option<u64> {
    if point.resource_type != Some(ResourceType::Ebs) {
        return None;
    }
    let mut state = prints.hasher();
    (NO_VOLUME, point.size_bytes).hash(&mut state);
    vault.hash(&mut state);
    Some(state.finish())
}

fn created(point: &RecoveryPoint) -> i64 {
    point.created.map_or(i64::MIN, sav_domain::Moment::millis)
}

#[cfg(test)]
mod tests {
    use sav_domain::{Moment, Route};

    use super::*;

    const SOURCE_VAULT: &str = "arn:aws:backup:us-east-1:111111111111:backup-vault:daily";

    fn prints() -> Fingerprints {
        let account = |id: &str| id.parse().unwrap();
        Fingerprints::new(
            &Route::between(
                account("111111111111"),
                account("222222222222"),
                "us-east-1".parse().unwrap(),
            )
            .unwrap(),
        )
    }

    fn vault() -> VaultName {
        VaultName::new("daily").unwrap()
    }

    fn point(account: &str, created: i64) -> RecoveryPoint {
        RecoveryPoint {
            resource_arn: Some(format!("arn:aws:ec2:us-east-1:{account}:volume/vol-1").into()),
            resource_type: Some(ResourceType::Ebs),
            created: Some(Moment::from_millis(created)),
            ..RecoveryPoint::new(format!("arn:aws:ec2:us-east-1::snapshot/snap-{created}"), vault())
        }
    }

    fn copy(account: &str, created: i64, from: Option<&str>) -> RecoveryPoint {
        RecoveryPoint {
            source_vault_arn: from.map(Into::into),
            ..point(account, created)
        }
    }

    fn there(copies: &[RecoveryPoint], prints: &Fingerprints) -> There {
        let mut there = There::default();
        for copy in copies {
            there.add(
                There::read(copy, &JobsSeen::default(), prints).unwrap(),
                &HashSet::new(),
            );
        }
        there.all_added();
        there
    }

    fn taken(there: &mut There, point: &RecoveryPoint, source_vault_arn: &str, prints: &Fingerprints) -> bool {
        let vault = vault();
        let asked = Asked {
            source: prints.of_words(&[&point.arn]),
            vault: &vault,
            source_vault_arn,
        };
        there.take(point, &asked, prints)
    }

    #[test]
    fn a_copy_is_known_whichever_account_its_resource_names() {
        let prints = prints();
        for account in ["111111111111", "222222222222"] {
            let mut there = there(&[copy(account, 5_000, Some(SOURCE_VAULT))], &prints);
            assert!(taken(&mut there, &point("111111111111", 5_000), SOURCE_VAULT, &prints));
        }
    }

    #[test]
    fn as_many_points_are_there_as_copies_are() {
        let prints = prints();
        let one = point("111111111111", 5_000);
        let mut there = there(&[copy("111111111111", 5_000, None)], &prints);
        assert!(taken(&mut there, &one, SOURCE_VAULT, &prints));
        assert!(!taken(&mut there, &one, SOURCE_VAULT, &prints), "it was used up");
    }

    #[test]
    fn lost_milliseconds_do_not_hide_a_copy_and_another_second_is_another_point() {
        let prints = prints();
        let mut there = there(&[copy("111111111111", 5_000, None)], &prints);
        assert!(!taken(&mut there, &point("111111111111", 6_000), SOURCE_VAULT, &prints));
        assert!(!taken(&mut there, &point("111111111111", 4_000), SOURCE_VAULT, &prints));
        assert!(taken(&mut there, &point("111111111111", 5_257), SOURCE_VAULT, &prints));
    }

    #[test]
    fn a_copied_snapshot_is_known_by_its_size_if_its_volume_means_nothing() {
        let prints = prints();
        let sized = |mut point: RecoveryPoint, size| {
            point.size_bytes = Some(size);
            point
        };
        let mut nameless = sized(copy("111111111111", 5_000, Some(SOURCE_VAULT)), 8);
        nameless.resource_arn = Some("arn:aws:ec2:us-east-1:111111111111:volume/vol-ffffffff".into());
        let mut there = there(&[nameless], &prints);
        assert!(!taken(
            &mut there,
            &sized(point("111111111111", 5_000), 9),
            SOURCE_VAULT,
            &prints
        ));
        assert!(taken(
            &mut there,
            &sized(point("111111111111", 5_000), 8),
            SOURCE_VAULT,
            &prints
        ));
    }

    #[test]
    fn a_copy_from_another_vault_is_another_points() {
        let prints = prints();
        let other = "arn:aws:backup:us-east-1:111111111111:backup-vault:weekly";
        let mut there = there(&[copy("111111111111", 5_000, Some(other))], &prints);
        assert!(!taken(&mut there, &point("111111111111", 5_000), SOURCE_VAULT, &prints));
        assert!(taken(&mut there, &point("111111111111", 5_000), other, &prints));
    }

    #[test]
    fn what_is_being_deleted_is_not_there() {
        let prints = prints();
        let mut going = copy("111111111111", 5_000, None);
        going.status = Some(PointStatus::Deleting);
        assert!(There::read(&going, &JobsSeen::default(), &prints).is_none());
    }
}
