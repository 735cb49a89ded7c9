//! A recovery point as a small row: a million of them have to fit beside everything else.

use super::{KeyId, ResourceId, ResourceType, VaultId};
use crate::clock::Moment;

/// Position in the world's list of points; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointId(pub u32);

/// `Point::plan` of a point that no rule of a backup plan made.
pub const ON_DEMAND: u16 = u16::MAX;

/// One recovery point. Its ARN is derived from `serial`, type and kind (see `World::write_point_arn`).
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Random, unique in the world: what the ARN's unique part is made from.
    pub serial: u64,
    pub vault: VaultId,
    pub resource: ResourceId,
    pub resource_type: ResourceType,
    pub kind: PointKind,
    pub status: PointStatus,
    pub storage: StorageClass,
    pub created: Moment,
    /// When this very point began to be made; for a copy later than `created`, which it inherits.
    pub initiated: Option<Moment>,
    pub completed: Option<Moment>,
    /// AWS leaves it out now and then.
    pub size_bytes: Option<u64>,
    pub lifecycle: Lifecycle,
    /// None: not encrypted.
    pub key: Option<KeyId>,
    /// The composite point this one is a part of.
    pub parent: Option<PointId>,
    /// Made by a copy job: where from.
    pub copied_from: Option<PointId>,
    pub copy: CopyFacts,
    /// Which rule of a backup plan made it: an index into `World::rules`, wrapping, or `ON_DEMAND`.
    pub plan: u16,
    /// Gone: deleted or expired. Kept so that ids stay valid; listed and described as absent.
    pub deleted: bool,
}

/// What AWS leaves undocumented about copies, as it turned out for this one. All false on points that are no copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CopyFacts {
    /// Its `SourceBackupVaultArn` is null.
    pub source_vault_hidden: bool,
    /// It did not take the tags of its source along.
    pub untagged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointKind {
    Snapshot,
    Continuous,
    /// The parent of a composite (`CloudFormation` stack, EKS cluster).
    Composite,
    /// A part of a composite that cannot be copied by itself (the cluster state of EKS).
    CompositeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointStatus {
    Completed,
    Available,
    Partial,
    Creating,
    Deleting,
    Expired,
    Stopped,
}

impl PointStatus {
    pub const ALL: [Self; 7] = [
        Self::Completed,
        Self::Available,
        Self::Partial,
        Self::Creating,
        Self::Deleting,
        Self::Expired,
        Self::Stopped,
    ];

    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::Available => "AVAILABLE",
            Self::Partial => "PARTIAL",
            Self::Creating => "CREATING",
            Self::Deleting => "DELETING",
            Self::Expired => "EXPIRED",
            Self::Stopped => "STOPPED",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageClass {
    Warm,
    Cold,
    Deleted,
}

impl StorageClass {
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Warm => "WARM",
            Self::Cold => "COLD",
            Self::Deleted => "DELETED",
        }
    }
}

/// In days from the creation date of the source point; `None` is "never".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifecycle {
    pub move_to_cold_after_days: Option<u32>,
    pub delete_after_days: Option<u32>,
}

impl Point {
    pub fn delete_at(&self) -> Option<Moment> {
        self.lifecycle
            .delete_after_days
            .map(|days| self.created.plus_days(i64::from(days)))
    }

    /// Types without a cold tier ignore the transition.
    pub fn move_to_cold_at(&self) -> Option<Moment> {
        if !self.resource_type.cold_tier() {
            return None;
        }
        self.lifecycle
            .move_to_cold_after_days
            .map(|days| self.created.plus_days(i64::from(days)))
    }
}
