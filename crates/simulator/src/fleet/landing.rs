//! A copy arrives: what the new point takes from its source, from its vault and from this world's habits.

use std::collections::HashMap;

use super::Fleet;
use super::fate::Question;
use super::job::{Category, Failure, Job};
use super::permits;
use super::settings::Lineage;
use crate::clock::Moment;
use crate::world::{
    CopyFacts, KeyId, KeyManager, ON_DEMAND, Point, PointId, PointKind, PointStatus, Pool, ResourceId, ResourceType,
    StorageClass, VaultId, World,
};

/// The newest copy of each resource in each place: what the next copy can be incremental to.
#[derive(Debug, Default)]
pub(super) struct Lineages(HashMap<(ResourceId, Place), PointId>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Vault(VaultId),
    Key(KeyId),
}

impl Place {
    fn of(world: &World, rule: Lineage, resource_type: ResourceType, vault: VaultId) -> Self {
        match (rule, world.vault(vault).key) {
            (Lineage::AccountAndKey, Some(key)) if !resource_type.fully_managed() => Self::Key(key),
            _ => Self::Vault(vault),
        }
    }
}

impl Lineages {
    /// Only a point newer than the newest one copied, while that copy is still there and not archived.
    pub(super) fn is_incremental(&self, world: &World, rule: Lineage, point: &Point, vault: VaultId) -> bool {
        let place = Place::of(world, rule, point.resource_type, vault);
        let newest = self.0.get(&(point.resource, place)).map(|id| world.point(*id));
        point.resource_type.incremental()
            && newest.is_some_and(|newest| {
                !newest.deleted && newest.storage == StorageClass::Warm && point.created > newest.created
            })
    }

    fn arrived(&mut self, world: &World, rule: Lineage, resource: ResourceId, copy: PointId) {
        let point = world.point(copy);
        let place = Place::of(world, rule, point.resource_type, point.vault);
        let newest = self.0.entry((resource, place)).or_insert(copy);
        if point.created >= world.point(*newest).created {
            *newest = copy;
        }
    }
}

impl Fleet {
    /// Makes the copy, unless the ground was pulled away while the job ran.
    pub(super) fn land(&mut self, world: &mut World, position: u32) -> Result<PointId, Failure> {
        let job = self.job_at(position);
        let source = world.point(job.source_point);
        if source.deleted {
            let message = "The source recovery point was deleted while it was being copied.";
            return Err(Failure::new(Category::ResourceNotFound, message));
        }
        let gone = || {
            Failure::new(
                Category::ResourceNotFound,
                "The destination backup vault does not exist any more.",
            )
        };
        let vault = world
            .vault_with_arn(&job.route.destination_vault_arn)
            .ok_or_else(gone)?;
        let across = world.vault(vault).account != world.vault(source.vault).account;
        if across && !source.resource_type.fully_managed() && permits::role(world, &job.route).is_none() {
            let message = format!(
                "Unable to unshare the source snapshot: role {} is missing.",
                job.route.role_arn
            );
            return Err(Failure::new(Category::AccessDenied, message));
        }
        let mut copy = self.copy_of(world, job, source, vault, across);
        let (resource, source, key) = (source.resource, job.source_point, source.key);
        if across {
            let owner = world.vault(vault).account.clone();
            copy.resource = world.resource_of_copy(source, &owner, self.settings.copies.resource());
        }
        self.copies_made += 1;
        if let Some(key) = key.filter(|key| world.keys[key.0 as usize].manager == KeyManager::Customer)
            && self.settings.copies.leave_grants
        {
            self.stock.leave_grant(key);
        }
        let tagged = !copy.copy.untagged;
        let copy = world.add_point(copy);
        if tagged && let Some(tags) = world.own_tags(&world.point_arn(source)).cloned() {
            world.set_tags(&world.point_arn(copy), tags);
        }
        self.lineages
            .arrived(world, self.settings.copies.lineage, resource, copy);
        Ok(copy)
    }

    fn copy_of(&self, world: &World, job: &Job, source: &Point, vault: VaultId, across: bool) -> Point {
        use ResourceType as T;
        let habits = &self.settings.copies;
        let kind = source.resource_type;
        let databases = kind.pool() == Pool::DatabaseSnapshots;
        let serial = if databases && habits.named_after_job {
            job.serial
        } else {
            self.fate.bits(Question::PointSerial, self.copies_made)
        };
        let stays_plain = source.key.is_none() && matches!(kind, T::Aurora | T::DocumentDb | T::Neptune);
        let created = if habits.whole_seconds {
            Moment::from_secs(source.created.secs())
        } else {
            source.created
        };
        Point {
            serial,
            vault,
            // A continuous point becomes a periodic one.
            kind: if source.kind == PointKind::Continuous {
                PointKind::Snapshot
            } else {
                source.kind
            },
            status: if source.status == PointStatus::Available {
                PointStatus::Available
            } else {
                PointStatus::Completed
            },
            storage: StorageClass::Warm,
            created,
            initiated: job.started,
            completed: Some(self.clock),
            lifecycle: job.lifecycle,
            key: if stays_plain { None } else { world.vault(vault).key },
            parent: None,
            plan: ON_DEMAND,
            copied_from: Some(job.source_point),
            copy: CopyFacts {
                source_vault_hidden: self.fate.happens(
                    habits.share_without_source_vault,
                    Question::HiddenVault,
                    serial,
                ),
                untagged: across && (!habits.carry_tags || matches!(kind, T::Ebs | T::Ec2)),
            },
            deleted: false,
            ..source.clone()
        }
    }
}
