//! A recovery point, frozen at the moment we saw it in a vault.

mod json;
mod status;

use std::sync::Arc;

pub use json::PointView;
pub use status::PointStatus;

use crate::resource_type::ResourceType;
use crate::time::Moment;
use crate::vault::VaultName;

/// What a page of AWS's list says about one point, small enough to hold many: words that repeat are shared.
/// Members that AWS leaves out are absent here, too; nothing is made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryPoint {
    pub arn: Box<str>,
    pub vault: VaultName,
    pub resource_arn: Option<Arc<str>>,
    pub resource_name: Option<Arc<str>>,
    pub resource_type: Option<ResourceType>,
    pub status: Option<PointStatus>,
    pub status_message: Option<Box<str>>,
    pub created: Option<Moment>,
    /// When this very point began to be made; for a copy later than `created`, which it inherits from its source.
    pub initiated: Option<Moment>,
    pub completed: Option<Moment>,
    pub size_bytes: Option<u64>,
    /// None: not encrypted, or AWS did not say.
    pub encryption_key_arn: Option<Arc<str>>,
    /// When AWS will delete it (`CalculatedLifecycle.DeleteAt`).
    pub expires_at: Option<Moment>,
    /// When it went or will go cold (`CalculatedLifecycle.MoveToColdStorageAt`).
    pub moves_to_cold_at: Option<Moment>,
    pub lifecycle: Lifecycle,
    /// The parent of a composite, which is copied as a whole.
    pub is_parent: bool,
    /// The composite that this one is a part of.
    pub parent_arn: Option<Arc<str>>,
    pub composite_member: Option<Box<str>>,
    /// On a copy: the vault it was copied from. May be absent on a copy, too.
    pub source_vault_arn: Option<Arc<str>>,
    /// Absent in Regions without air-gapped vaults, where it means an ordinary vault.
    pub vault_type: Option<Arc<str>>,
}

/// In days from the creation date; absent is "never". AWS also writes -1 for "always".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lifecycle {
    pub move_to_cold_after_days: Option<i64>,
    pub delete_after_days: Option<i64>,
}

impl RecoveryPoint {
    /// A point of which nothing but its ARN and vault is known.
    pub fn new(arn: impl Into<Box<str>>, vault: VaultName) -> Self {
        Self {
            arn: arn.into(),
            vault,
            resource_arn: None,
            resource_name: None,
            resource_type: None,
            status: None,
            status_message: None,
            created: None,
            initiated: None,
            completed: None,
            size_bytes: None,
            encryption_key_arn: None,
            expires_at: None,
            moves_to_cold_at: None,
            lifecycle: Lifecycle::default(),
            is_parent: false,
            parent_arn: None,
            composite_member: None,
            source_vault_arn: None,
            vault_type: None,
        }
    }
}
