//! Vaults with all that hangs on them: reading them in either account, and making the destination's like the source's.

use std::future::Future;

use sav_domain::VaultName;
use sav_domain::twin::{Lock, Notifications, Tag, Tags, VaultKind};

use super::gateway::{CallError, Gateway, Page};

/// A method is one call, and all that write may be repeated without harm.
pub trait VaultDesk: Gateway {
    /// What the list of vaults does not tell. A vault that is not there is an error, which AWS may call a lack of permission.
    fn vault(&self, name: &VaultName) -> impl Future<Output = Result<VaultDetail, CallError>> + Send;

    /// The policy's JSON text. None: the vault has none.
    fn access_policy(&self, name: &VaultName) -> impl Future<Output = Result<Option<Box<str>>, CallError>> + Send;

    /// None: the vault tells nobody.
    fn notifications(&self, name: &VaultName) -> impl Future<Output = Result<Option<Notifications>, CallError>> + Send;

    /// Of a vault or of a recovery point that AWS Backup keeps itself.
    fn tags(&self, arn: &str, token: Option<&str>) -> impl Future<Output = Result<Page<Tag>, CallError>> + Send;

    fn create_vault(&self, asked: &VaultAsked) -> impl Future<Output = Result<VaultMade, CallError>> + Send;

    /// In place of the policy that is there.
    fn put_access_policy(&self, name: &VaultName, policy: &str) -> impl Future<Output = Result<(), CallError>> + Send;

    fn put_lock(&self, name: &VaultName, asked: &LockAsked) -> impl Future<Output = Result<(), CallError>> + Send;

    fn put_notifications(
        &self,
        name: &VaultName,
        asked: &Notifications,
    ) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Adds these tags; those of the same keys get the new values, the others stay.
    fn tag(&self, arn: &str, tags: &Tags) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// What only a look at the single vault tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultDetail {
    pub arn: Option<Box<str>>,
    pub kind: VaultKind,
    pub encryption_key_arn: Option<Box<str>>,
    /// As AWS spells it: `CUSTOMER_MANAGED_KMS_KEY`, `AWS_OWNED_KMS_KEY`. AWS is silent about its managed ones.
    pub encryption_key_type: Option<Box<str>>,
    pub lock: Option<Lock>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAsked {
    pub name: VaultName,
    /// None: AWS Backup's own key of the account.
    pub encryption_key_arn: Option<Box<str>>,
    pub tags: Tags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultMade {
    Created,
    /// Somebody else's, or an earlier run's.
    WasThere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockAsked {
    pub min_retention_days: Option<i64>,
    pub max_retention_days: Option<i64>,
    /// After so many days nobody can change it any more. None: a governance lock, which can be removed.
    pub changeable_for_days: Option<i64>,
}
