//! KMS keys. Whether the destination may use a key decides whether what it protects can be copied.

use super::{accounts, documents};
use crate::world::dice::Dice;
use crate::world::{Key, KeyId, KeyManager, KeyState, ResourceType, World, WorldPlan};

/// The keys that vaults and resources are given.
#[derive(Debug)]
pub(super) struct Keys {
    /// Customer's keys of source vaults: the destination may use the first, not the second.
    pub(super) vault: KeyId,
    pub(super) vault_unshared: KeyId,
    /// Customer's keys of resources that the destination may use.
    pub(super) resource: Vec<KeyId>,
    pub(super) resource_unshared: KeyId,
    pub(super) resource_disabled: KeyId,
    /// `aws/backup` of each account.
    pub(super) managed_vault: KeyId,
    pub(super) destination_managed_vault: KeyId,
    /// The customer's key of all destination vaults.
    pub(super) destination: KeyId,
    managed_ebs: KeyId,
    managed_rds: KeyId,
    managed_fsx: KeyId,
}

impl Keys {
    /// The managed key of the service that owns the resource.
    pub(super) fn managed_for(&self, resource_type: ResourceType) -> KeyId {
        match resource_type {
            ResourceType::Ebs | ResourceType::Ec2 | ResourceType::StorageGateway | ResourceType::Unheard => {
                self.managed_ebs
            }
            ResourceType::FsxLustre | ResourceType::FsxWindows | ResourceType::FsxOpenZfs | ResourceType::FsxOntap => {
                self.managed_fsx
            }
            _ => self.managed_rds,
        }
    }
}

pub(super) fn make(world: &mut World, plan: &WorldPlan) -> Keys {
    let mut dice = Dice::new(plan.seed, "keys");
    let mut cut = |world: &mut World, account: &str, alias: &str, kind: Kind| {
        let policy = match kind {
            Kind::Shared => documents::key_shared_with(world, account, &plan.destination_account),
            Kind::Unshared | Kind::Disabled => documents::key_for_owner(world, account),
            Kind::OfService(service) => documents::key_of_service(world, account, service),
        };
        let id = KeyId(u32::try_from(world.keys.len()).expect("a handful of keys"));
        world.keys.push(Key {
            account: account.to_owned(),
            id: dice.uuid(),
            alias: Some(format!("alias/{alias}")),
            manager: if matches!(kind, Kind::OfService(_)) {
                KeyManager::Aws
            } else {
                KeyManager::Customer
            },
            state: if matches!(kind, Kind::Disabled) {
                KeyState::Disabled
            } else {
                KeyState::Enabled
            },
            policy,
            created: accounts::long_before(plan),
        });
        id
    };
    let (source, destination) = (&plan.source_account, &plan.destination_account);
    Keys {
        vault: cut(world, source, "backup-vaults", Kind::Shared),
        vault_unshared: cut(world, source, "backup-vaults-internal", Kind::Unshared),
        resource: ["databases", "volumes", "file-shares"]
            .map(|alias| cut(world, source, alias, Kind::Shared))
            .to_vec(),
        resource_unshared: cut(world, source, "payments-hsm", Kind::Unshared),
        resource_disabled: cut(world, source, "decommissioned", Kind::Disabled),
        managed_vault: cut(world, source, "aws/backup", Kind::OfService("backup")),
        destination_managed_vault: cut(world, destination, "aws/backup", Kind::OfService("backup")),
        destination: cut(world, destination, "backup-vaults", Kind::Unshared),
        managed_ebs: cut(world, source, "aws/ebs", Kind::OfService("ec2")),
        managed_rds: cut(world, source, "aws/rds", Kind::OfService("rds")),
        managed_fsx: cut(world, source, "aws/fsx", Kind::OfService("fsx")),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    /// With the account that copies go to.
    Shared,
    Unshared,
    Disabled,
    OfService(&'static str),
}
