//! Running counts over the world's points that would be too slow to count again for each job.

use std::collections::HashMap;

use crate::world::{KeyId, Point, PointId, ResourceType, VaultId, World};

#[derive(Debug, Default)]
pub(super) struct Stock {
    vaults: HashMap<VaultId, Held>,
    /// Left behind by copies, on the keys of their sources.
    grants: HashMap<KeyId, u32>,
    parts: HashMap<PointId, Vec<PointId>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    points: u32,
    snapshots: u32,
    images: u32,
}

impl Stock {
    pub(super) fn arrives(&mut self, id: PointId, point: &Point) {
        if let Some(parent) = point.parent {
            self.parts.entry(parent).or_default().push(id);
        }
        if !point.deleted {
            let held = self.vaults.entry(point.vault).or_default();
            held.points += 1;
            // An image brings at least the snapshot of its root volume.
            held.snapshots += u32::from(matches!(point.resource_type, ResourceType::Ebs | ResourceType::Ec2));
            held.images += u32::from(point.resource_type == ResourceType::Ec2);
        }
    }

    pub(super) fn goes(&mut self, point: &Point) {
        if let Some(held) = self.vaults.get_mut(&point.vault) {
            held.points = held.points.saturating_sub(1);
            let snapshots = u32::from(matches!(point.resource_type, ResourceType::Ebs | ResourceType::Ec2));
            held.snapshots = held.snapshots.saturating_sub(snapshots);
            held.images = held
                .images
                .saturating_sub(u32::from(point.resource_type == ResourceType::Ec2));
        }
    }

    /// The parts of a composite, in the order of their making.
    pub(super) fn parts(&self, composite: PointId) -> &[PointId] {
        self.parts.get(&composite).map_or(&[], Vec::as_slice)
    }

    pub(super) fn leave_grant(&mut self, key: KeyId) {
        *self.grants.entry(key).or_default() += 1;
    }

    pub(super) fn grants(&self, key: KeyId) -> u32 {
        self.grants.get(&key).copied().unwrap_or_default()
    }

    /// Which quota one more point would break.
    pub(super) fn lacks_room(&self, world: &World, resource_type: ResourceType, vault: VaultId) -> Option<String> {
        let account = world.accounts.get(&world.vault(vault).account)?;
        let quota = |service: &str, code: &str, default: f64| {
            account
                .quotas
                .get(&(service.to_owned(), code.to_owned()))
                .copied()
                .unwrap_or(default)
        };
        let held = self.vaults.get(&vault).copied().unwrap_or_default();
        if f64::from(held.points) >= quota("backup", "L-514878B6", 1e6) {
            return Some("The number of recovery points in the destination vault has reached its limit.".to_owned());
        }
        if !matches!(resource_type, ResourceType::Ebs | ResourceType::Ec2) {
            return None;
        }
        let of_account = self
            .vaults
            .iter()
            .filter(|(id, _)| world.vault(**id).account == account.id);
        let (snapshots, images) = of_account.fold((0_u32, 0_u32), |(snapshots, images), (_, held)| {
            (snapshots + held.snapshots, images + held.images)
        });
        let images_limit = quota("ec2", "L-B665C33B", 50_000.0);
        if resource_type == ResourceType::Ec2 && f64::from(images) >= images_limit {
            return Some(format!(
                "The limit of {images_limit} images of the destination account has been exceeded."
            ));
        }
        if f64::from(snapshots) >= quota("ebs", "L-309BACF6", 100_000.0) {
            return Some("The active snapshot limit of the destination account has been exceeded.".to_owned());
        }
        None
    }
}
