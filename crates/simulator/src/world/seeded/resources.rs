//! Resources: ids in each service's form, names, tags, sizes and the key that their service encrypts them with.

use super::keys::Keys;
use crate::world::dice::Dice;
use crate::world::names::{self, Application};
use crate::world::{KeyId, Resource, ResourceId, ResourceType, Shares, Tags, World, WorldPlan};

/// A resource with what its points need to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) id: ResourceId,
    pub(super) resource_type: ResourceType,
    /// What its first backup weighs.
    pub(super) size_bytes: u64,
    /// Of the resource itself: what its points are encrypted with unless AWS Backup manages them fully.
    pub(super) key: Option<KeyId>,
}

pub(super) struct Maker<'a> {
    plan: &'a WorldPlan,
    keys: &'a Keys,
    dice: Dice,
}

impl<'a> Maker<'a> {
    pub(super) fn new(plan: &'a WorldPlan, keys: &'a Keys) -> Self {
        Self {
            plan,
            keys,
            dice: Dice::new(plan.seed, "resources"),
        }
    }

    pub(super) fn make(&mut self, world: &mut World, resource_type: ResourceType) -> Made {
        let number = u32::try_from(world.resources.len()).expect("fewer than 2^32 resources");
        let application = names::application_of(self.plan.seed, number);
        let resource = Resource {
            account: self.plan.source_account.clone(),
            resource_type,
            local_id: local_id(resource_type, &application, &mut self.dice),
            name: self.name(&application),
            tags: self.tags(&application),
        };
        Made {
            id: world.add_resource(resource),
            resource_type,
            size_bytes: size(resource_type, &mut self.dice),
            key: self.key(resource_type),
        }
    }

    fn name(&mut self, application: &Application) -> Option<String> {
        let Shares { unnamed, odd_names, .. } = self.plan.shares;
        let (unnamed, odd) = (self.dice.chance(unnamed), self.dice.chance(odd_names));
        let number = self.dice.index(1000);
        match (unnamed, odd) {
            (true, _) => None,
            (false, true) => Some(names::odd(number)),
            (false, false) => Some(format!("{}-{}-{number:03}", application.name, application.environment)),
        }
    }

    fn tags(&mut self, application: &Application) -> Tags {
        if !self.dice.chance(self.plan.shares.tagged) {
            return Tags::new();
        }
        Tags::from([
            ("Application".to_owned(), application.name.clone()),
            ("Environment".to_owned(), application.environment.to_owned()),
            ("Owner".to_owned(), application.owner.clone()),
        ])
    }

    fn key(&mut self, resource_type: ResourceType) -> Option<KeyId> {
        let shares = &self.plan.shares;
        let (which, usual) = (self.dice.unit(), *self.dice.pick(&self.keys.resource));
        if resource_type == ResourceType::DynamoDbBasic {
            return None;
        }
        let always_encrypted = matches!(
            resource_type,
            ResourceType::FsxLustre | ResourceType::FsxWindows | ResourceType::FsxOpenZfs | ResourceType::FsxOntap
        );
        let choices = [
            (shares.aws_managed_key, Some(self.keys.managed_for(resource_type))),
            (shares.unshared_key, Some(self.keys.resource_unshared)),
            (shares.disabled_key, Some(self.keys.resource_disabled)),
            (if always_encrypted { 0.0 } else { shares.unencrypted }, None),
        ];
        let mut from = 0.0;
        for (share, key) in choices {
            from += share;
            if which < from {
                return key;
            }
        }
        Some(usual)
    }
}

fn local_id(resource_type: ResourceType, application: &Application, dice: &mut Dice) -> String {
    let Application { name, environment, .. } = application;
    match resource_type {
        ResourceType::Ebs => format!("vol-0{}", dice.hex(16)),
        ResourceType::Ec2 => format!("i-0{}", dice.hex(16)),
        ResourceType::Rds => format!("{name}-{environment}-db-{}", dice.hex(8)),
        ResourceType::RdsMultiAzCluster
        | ResourceType::Aurora
        | ResourceType::DocumentDb
        | ResourceType::Neptune
        | ResourceType::Redshift => format!("{name}-{environment}-cluster-{}", dice.hex(8)),
        ResourceType::AuroraDsql => dice.hex(26),
        ResourceType::DynamoDb | ResourceType::DynamoDbBasic => format!("{name}.{environment}_Items-{}", dice.hex(8)),
        ResourceType::Efs | ResourceType::FsxLustre | ResourceType::FsxWindows | ResourceType::FsxOpenZfs => {
            format!("fs-0{}", dice.hex(16))
        }
        ResourceType::FsxOntap => format!("fs-0{}/fsvol-0{}", dice.hex(16), dice.hex(16)),
        ResourceType::S3 => format!("{name}-{environment}-data-{}", dice.hex(8)),
        ResourceType::StorageGateway => {
            format!(
                "sgw-{}/volume/vol-{}",
                dice.hex(8).to_uppercase(),
                dice.hex(17).to_uppercase()
            )
        }
        ResourceType::Timestream => format!("{name}-{environment}/table/metrics_{}", dice.hex(8)),
        ResourceType::VirtualMachine => format!("vm-{}", dice.hex(8).to_uppercase()),
        ResourceType::SapHana => format!("{name}-{}/DB/HDB-{}", dice.hex(8), dice.hex(8)),
        ResourceType::CloudFormation => format!("{name}-{environment}-{}/{}", dice.hex(4), dice.uuid()),
        ResourceType::Eks => format!("{name}-{environment}-{}", dice.hex(8)),
        ResourceType::Unheard => dice.uuid(),
    }
}

/// Log-normal by type. Services that back up whole volumes tell whole gibibytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a volume can be"
)]
fn size(resource_type: ResourceType, dice: &mut Dice) -> u64 {
    const GIB: f64 = 1_073_741_824.0;
    let (median_gib, doublings) = match resource_type {
        ResourceType::Ebs => (100.0, 1.6),
        ResourceType::Ec2 => (150.0, 1.2),
        ResourceType::Rds | ResourceType::RdsMultiAzCluster => (200.0, 1.4),
        ResourceType::Aurora => (90.0, 2.2),
        ResourceType::DocumentDb | ResourceType::Neptune => (60.0, 1.8),
        ResourceType::DynamoDb | ResourceType::DynamoDbBasic => (2.0, 3.5),
        ResourceType::Efs => (25.0, 3.5),
        ResourceType::S3 => (120.0, 3.5),
        ResourceType::FsxLustre | ResourceType::FsxWindows | ResourceType::FsxOpenZfs | ResourceType::FsxOntap => {
            (700.0, 1.5)
        }
        ResourceType::StorageGateway | ResourceType::Redshift => (400.0, 1.4),
        ResourceType::VirtualMachine => (120.0, 1.2),
        ResourceType::Timestream | ResourceType::AuroraDsql => (12.0, 2.5),
        ResourceType::SapHana => (300.0, 1.0),
        ResourceType::CloudFormation => (0.000_1, 1.5),
        ResourceType::Eks => (0.002, 2.0),
        ResourceType::Unheard => (5.0, 1.0),
    };
    let gib = dice.log_normal(median_gib, doublings).min(65_536.0);
    if tells_whole_volumes(resource_type) {
        (gib.ceil() * GIB) as u64
    } else {
        (gib * GIB) as u64
    }
}

/// Whether every point of a resource shows the size of the whole volume, however little has changed.
pub(super) const fn tells_whole_volumes(resource_type: ResourceType) -> bool {
    matches!(
        resource_type,
        ResourceType::Ebs
            | ResourceType::Ec2
            | ResourceType::Rds
            | ResourceType::RdsMultiAzCluster
            | ResourceType::FsxLustre
            | ResourceType::FsxWindows
            | ResourceType::FsxOpenZfs
            | ResourceType::FsxOntap
            | ResourceType::StorageGateway
            | ResourceType::VirtualMachine
    )
}
