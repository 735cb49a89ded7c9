//! A world of two sides, made from a seed, with defects in known places and with AWS's unknowns settled in one way.

use std::collections::{BTreeMap, BTreeSet};

use sav_domain::recovery_point::{Lifecycle, PointStatus};
use sav_domain::verification::{Circumstances, Comparison, Expectation, Finding, Standing, Verified};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};

use crate::unknowns::{Dice, Recorded, Silence, Unknowns};

pub(crate) const SOURCE: &str = "111111111111";
pub(crate) const DESTINATION: &str = "222222222222";
const DAY: i64 = 86_400_000;
/// The moment at which it is verified.
pub(crate) const NOW: i64 = 1_750_000_000_000;

/// One comparison with what it has to come to.
pub(crate) struct World {
    source: Vec<RecoveryPoint>,
    destination: Vec<RecoveryPoint>,
    /// From source to destination.
    records: BTreeMap<usize, Box<str>>,
    findings: BTreeMap<Box<str>, Finding>,
    /// Twins of which one is missing, nobody can tell which.
    twins: Vec<[Box<str>; 2]>,
    unexplained: BTreeSet<Box<str>>,
    unknowns: Unknowns,
    dice: Dice,
}

const VAULTS: [&str; 5] = ["daily", "weekly", "monthly", "databases", "hourly"];

pub(crate) fn vault(name: &str) -> VaultName {
    VaultName::new(name).unwrap()
}

pub(crate) fn route() -> Route {
    Route::between(
        SOURCE.parse().unwrap(),
        DESTINATION.parse().unwrap(),
        "us-east-1".parse().unwrap(),
    )
    .unwrap()
}

/// `hourly` goes into the vault of `daily`.
fn target(source: &VaultName) -> VaultName {
    if source.as_str() == "hourly" {
        vault("daily")
    } else {
        source.clone()
    }
}

pub(crate) fn vault_arn(account: &str, name: &VaultName) -> String {
    format!("arn:aws:backup:us-east-1:{account}:backup-vault:{name}")
}

pub(crate) fn key_of(name: &VaultName) -> String {
    format!("arn:aws:kms:us-east-1:{DESTINATION}:key/{name}")
}

impl World {
    pub(crate) fn of(points: usize, unknowns: Unknowns, seed: u64) -> Self {
        let mut world = Self {
            source: Vec::new(),
            destination: Vec::new(),
            records: BTreeMap::new(),
            findings: BTreeMap::new(),
            twins: Vec::new(),
            unexplained: BTreeSet::new(),
            unknowns,
            dice: Dice(seed),
        };
        while world.source.len() < points {
            world.add_resource();
        }
        for number in 0..points / 50 {
            world.add_foreign(number);
        }
        // AWS lists in no order of ours.
        let shuffled = world.destination.len();
        for place in (1..shuffled).rev() {
            let other = usize::try_from(world.dice.below(place as u64 + 1)).unwrap();
            world.destination.swap(place, other);
        }
        world
    }

    fn add_resource(&mut self) {
        let number = self.dice.next();
        let kind = [
            ResourceType::Ebs,
            ResourceType::Rds,
            ResourceType::DynamoDb,
            ResourceType::S3,
            ResourceType::Efs,
        ][usize::try_from(number % 5).unwrap()]
        .clone();
        let vault = vault(VAULTS[usize::try_from(self.dice.below(5)).unwrap()]);
        let size = (1 + self.dice.below(1000)) << 20;
        let mut created = NOW - 700 * DAY + self.dice.signed_below(600 * DAY);
        for _ in 0..=self.dice.below(8) {
            created += 5_000 + self.dice.signed_below(10 * DAY);
            let point = self.source_point(&kind, &vault, number, created, size);
            match self.dice.below(60) {
                0 => self.add_twins(point),
                1 => self.add_lapsed(point),
                _ => self.add_point(point),
            }
        }
    }

    fn source_point(
        &mut self,
        kind: &ResourceType,
        vault: &VaultName,
        resource: u64,
        created: i64,
        size: u64,
    ) -> RecoveryPoint {
        let serial = self.dice.next();
        RecoveryPoint {
            resource_arn: Some(resource_arn(kind, resource, SOURCE).into()),
            resource_type: Some(kind.clone()),
            created: Some(Moment::from_millis(created)),
            size_bytes: Some(size),
            status: Some(PointStatus::Completed),
            lifecycle: Lifecycle {
                delete_after_days: (!serial.is_multiple_of(7)).then_some(3_650),
                ..Lifecycle::default()
            },
            ..RecoveryPoint::new(point_arn(kind, serial, SOURCE), vault.clone())
        }
    }

    /// What AWS would make of it.
    fn copy_of(&mut self, point: &RecoveryPoint) -> RecoveryPoint {
        let Unknowns {
            account_kept,
            millis_kept,
            silence,
            volumes_kept,
            ..
        } = self.unknowns;
        let vault = target(&point.vault);
        let kind = point.resource_type.clone().unwrap();
        let created = point.created.unwrap().millis();
        let created = if millis_kept {
            created
        } else {
            created.div_euclid(1000) * 1000
        };
        let resource = point.resource_arn.as_deref().unwrap();
        let resource = match kind {
            ResourceType::Ebs if !volumes_kept => format!("arn:aws:ec2:us-east-1:{DESTINATION}:volume/vol-ffffffff"),
            _ if account_kept => resource.to_owned(),
            _ => resource.replace(SOURCE, DESTINATION),
        };
        let silent = match silence {
            Silence::Never => false,
            Silence::Often => self.dice.below(3) == 0,
            Silence::Always => true,
        };
        let days = point.lifecycle.delete_after_days;
        RecoveryPoint {
            resource_arn: Some(resource.into()),
            created: Some(Moment::from_millis(created)),
            completed: Some(Moment::from_millis(NOW - self.dice.signed_below(20 * DAY))),
            encryption_key_arn: Some(key_of(&vault).into()),
            expires_at: days.map(|days| Moment::from_millis(created + days * DAY)),
            source_vault_arn: (!silent).then(|| vault_arn(SOURCE, &point.vault).into()),
            vault: vault.clone(),
            arn: point_arn(&kind, self.dice.next(), DESTINATION).into(),
            ..point.clone()
        }
    }

    fn is_nameless(&self, point: &RecoveryPoint) -> bool {
        !self.unknowns.volumes_kept && point.resource_type == Some(ResourceType::Ebs)
    }

    fn is_recorded(&mut self) -> bool {
        match self.unknowns.recorded {
            Recorded::All => true,
            Recorded::Half => self.dice.below(2) == 0,
            Recorded::None => false,
        }
    }

    fn add_point(&mut self, point: RecoveryPoint) {
        let mut copy = self.copy_of(&point);
        let recorded = self.is_recorded();
        let row = self.source.len();
        if recorded {
            self.records.insert(row, copy.arn.clone());
        }
        let created = point.created.unwrap().millis();
        let finding = match self.dice.below(40) {
            0 => {
                self.findings.insert(point.arn.clone(), Finding::Missing);
                self.source.push(point);
                return;
            }
            // A size is what nameless snapshots are known by.
            1 if recorded || !self.is_nameless(&point) => {
                copy.size_bytes = point.size_bytes.map(|size| size + 1);
                Finding::Mismatched
            }
            2 => {
                let days = point.lifecycle.delete_after_days.map_or(30, |days| days - 1);
                copy.expires_at = Some(Moment::from_millis(created + days * DAY));
                Finding::Mismatched
            }
            3 => {
                let bad = [
                    PointStatus::Expired,
                    PointStatus::Stopped,
                    PointStatus::Partial,
                    PointStatus::Deleting,
                ];
                copy.status = Some(bad[usize::try_from(self.dice.below(4)).unwrap()].clone());
                Finding::Mismatched
            }
            4 => {
                copy.encryption_key_arn = Some("arn:aws:kms:us-east-1:222222222222:key/other".into());
                Finding::Mismatched
            }
            5 => {
                let second = self.copy_of(&point);
                self.destination.push(second);
                Finding::Duplicate
            }
            // A copy of the same resource, of another day and of a point that is not there any more.
            6 => {
                let mut other = point.clone();
                other.created = Some(Moment::from_millis(created + 1_500));
                let other = self.copy_of(&other);
                self.unexplained.insert(other.arn.clone());
                self.destination.push(other);
                self.findings.insert(point.arn.clone(), Finding::Missing);
                self.source.push(point);
                return;
            }
            7 if recorded => {
                copy.created = Some(Moment::from_millis(created + 3_600_000));
                Finding::Mismatched
            }
            8 if recorded => {
                copy.resource_type = Some(ResourceType::Timestream);
                Finding::Mismatched
            }
            9 => {
                copy.status = Some(PointStatus::Creating);
                Finding::InProgress
            }
            _ => Finding::Verified,
        };
        self.findings.insert(point.arn.clone(), finding);
        self.source.push(point);
        self.destination.push(copy);
    }

    /// Two points of one resource with one date: alike in all, or of different sizes. Of some one copy is missing.
    fn add_twins(&mut self, first: RecoveryPoint) {
        let serial = self.dice.next();
        let alike = self.dice.below(2) == 0;
        let size = if alike {
            first.size_bytes
        } else {
            first.size_bytes.map(|size| size + 4096)
        };
        let second = RecoveryPoint {
            arn: point_arn(first.resource_type.as_ref().unwrap(), serial, SOURCE).into(),
            size_bytes: size,
            ..first.clone()
        };
        let missing = self.dice.below(3) == 0;
        let recorded = self.is_recorded();
        let copies = [&first, &second].map(|point| self.copy_of(point));
        let [copy, other] = copies;
        if recorded {
            self.records.insert(self.source.len(), copy.arn.clone());
            self.records.insert(self.source.len() + 1, other.arn.clone());
        }
        self.findings.insert(first.arn.clone(), Finding::Verified);
        let of_second = if missing { Finding::Missing } else { Finding::Verified };
        self.findings.insert(second.arn.clone(), of_second);
        if missing && alike && !recorded {
            self.twins.push([first.arn.clone(), second.arn.clone()]);
        }
        self.source.push(first);
        self.source.push(second);
        self.destination.push(copy);
        if !missing {
            self.destination.push(other);
        }
    }

    /// Its copy was there, and its time is over.
    fn add_lapsed(&mut self, mut point: RecoveryPoint) {
        point.lifecycle.delete_after_days = Some(7);
        if self.is_recorded() {
            let gone = point_arn(point.resource_type.as_ref().unwrap(), self.dice.next(), DESTINATION);
            self.records.insert(self.source.len(), gone.into());
        }
        self.findings.insert(point.arn.clone(), Finding::NotCopied);
        self.source.push(point);
    }

    /// Points of the destination that have nothing to do with the migration, however much they look like it.
    fn add_foreign(&mut self, number: usize) {
        let like = usize::try_from(self.dice.below(self.source.len() as u64)).unwrap();
        let like = self.source[like].clone();
        let mut point = self.copy_of(&like);
        match number % 3 {
            // The destination's own backup of a resource of the same name, at another time.
            0 => {
                point.resource_arn = like.resource_arn.map(|arn| arn.replace(SOURCE, DESTINATION).into());
                point.created = like.created.map(|created| created.plus_millis(-2_345));
                point.source_vault_arn = None;
            }
            // A copy from a third account.
            1 => {
                point.resource_arn = like.resource_arn.map(|arn| format!("{arn}-of-others").into());
                point.source_vault_arn = Some("arn:aws:backup:us-east-1:333333333333:backup-vault:daily".into());
            }
            _ => {
                point.created = like.created.map(|created| created.plus_millis(40 * DAY));
                point.source_vault_arn = Some("arn:aws:backup:us-east-1:333333333333:backup-vault:daily".into());
            }
        }
        self.unexplained.insert(point.arn.clone());
        self.destination.push(point);
    }

    pub(crate) fn verify(&self) -> Verified {
        let mut comparison = Comparison::between(&route());
        for (number, point) in self.source.iter().enumerate() {
            let vault = target(&point.vault);
            let row = comparison.expect(&Expectation {
                point,
                vault: &vault,
                source_vault_arn: &vault_arn(SOURCE, &point.vault),
                standing: Standing::Due,
                lifecycle: Some(point.lifecycle),
                id: u32::try_from(number).unwrap(),
            });
            if let Some(copy) = self.records.get(&number) {
                comparison.record(row, comparison.copy_named(copy));
            }
        }
        comparison.all_expected();
        for point in &self.destination {
            comparison.see(point);
        }
        let vaults = VAULTS.map(vault);
        let keys: Vec<(VaultName, String)> = vaults
            .into_iter()
            .map(|vault| (vault.clone(), key_of(&vault)))
            .collect();
        comparison.conclude(&Circumstances {
            now: Moment::from_millis(NOW),
            keys: keys.iter().map(|(vault, key)| (vault, key.as_str())).collect(),
        })
    }

    /// Panics at what was not found, and at what was made up.
    #[track_caller]
    pub(crate) fn check(&self, verified: &Verified) {
        let mut unexplained = BTreeSet::new();
        let mut found = BTreeMap::new();
        for one in verified.findings() {
            match one.recovery_point_arn {
                None => assert!(unexplained.insert(one.destination_recovery_point_arn.unwrap().into_boxed_str())),
                Some(ref arn) => assert_eq!(found.insert(arn.clone().into_boxed_str(), one.clone()), None),
            }
        }
        for [first, second] in &self.twins {
            let mut of_both = [found[first].finding, found[second].finding];
            of_both.sort();
            assert_eq!(of_both, [Finding::Verified, Finding::Missing], "{:?}", self.unknowns);
            found.remove(first);
            found.remove(second);
        }
        let wrong: Vec<_> = found
            .iter()
            .filter(|(arn, one)| one.finding != self.findings[*arn])
            .map(|(arn, one)| (self.findings[arn], one))
            .take(5)
            .collect();
        assert!(wrong.is_empty(), "{:?}\n{wrong:#?}", self.unknowns);
        assert_eq!(found.len() + 2 * self.twins.len(), self.source.len());
        let missed: Vec<_> = self.unexplained.symmetric_difference(&unexplained).take(5).collect();
        assert!(missed.is_empty(), "{:?}\n{missed:#?}", self.unknowns);
        let unresolved = self.twins.len() as u64;
        assert!(
            verified.ambiguous() >= unresolved,
            "{} of {unresolved}",
            verified.ambiguous()
        );
    }
}

pub(crate) fn resource_arn(kind: &ResourceType, number: u64, account: &str) -> String {
    match kind {
        ResourceType::Ebs => format!("arn:aws:ec2:us-east-1:{account}:volume/vol-{number:017x}"),
        ResourceType::Rds => format!("arn:aws:rds:us-east-1:{account}:db:db-{number}"),
        ResourceType::DynamoDb => format!("arn:aws:dynamodb:us-east-1:{account}:table/table-{number}"),
        ResourceType::S3 => format!("arn:aws:s3:::bucket-{number}"),
        _ => format!("arn:aws:elasticfilesystem:us-east-1:{account}:file-system/fs-{number:08x}"),
    }
}

pub(crate) fn point_arn(kind: &ResourceType, serial: u64, account: &str) -> String {
    match kind {
        ResourceType::Ebs => format!("arn:aws:ec2:us-east-1::snapshot/snap-{serial:017x}"),
        ResourceType::Rds => format!("arn:aws:rds:us-east-1:{account}:snapshot:awsbackup:job-{serial:016x}"),
        _ => {
            let (high, low) = (serial >> 32, serial & 0xffff_ffff);
            format!("arn:aws:backup:us-east-1:{account}:recovery-point:{high:08x}-0000-4000-8000-0000{low:08x}")
        }
    }
}
