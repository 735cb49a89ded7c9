//! Whether a migration would be allowed: each check is a plain function from what was read to passed, failed or not checked.
//!
//! A check fails only where the documents, or AWS's own answer, leave no doubt. What could not be read, and what depends on
//! something that only AWS knows, is not checked, and says why: the first copies of every group decide it.

pub mod account;
pub mod action;
pub mod key;
pub mod load;
pub mod organization;
pub mod quota;
mod remedy;
pub mod role;
mod statement;
#[cfg(test)]
mod tests;
pub mod vault;

use std::sync::Arc;

use serde::Serialize;

pub use load::{Bundle, Load};
pub use remedy::Remedy;

use crate::AccountId;
use crate::ledger::Group;
use crate::resource_type::ResourceType;
use crate::vault::VaultName;

/// What is checked, as a word for programs. It never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Identity,
    Region,
    Disk,
    Organization,
    CrossAccountBackup,
    Permission,
    CopyRole,
    CopyRoleTrust,
    CopyRolePermission,
    ServiceLinkedRole,
    Vault,
    VaultPolicy,
    VaultKey,
    VaultLock,
    Key,
    KeyPolicy,
    ResourceType,
    OptIn,
    Quota,
}

impl Topic {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Region => "region",
            Self::Disk => "disk",
            Self::Organization => "organization",
            Self::CrossAccountBackup => "cross_account_backup",
            Self::Permission => "permission",
            Self::CopyRole => "copy_role",
            Self::CopyRoleTrust => "copy_role_trust",
            Self::CopyRolePermission => "copy_role_permission",
            Self::ServiceLinkedRole => "service_linked_role",
            Self::Vault => "vault",
            Self::VaultPolicy => "vault_policy",
            Self::VaultKey => "vault_key",
            Self::VaultLock => "vault_lock",
            Self::Key => "key",
            Self::KeyPolicy => "key_policy",
            Self::ResourceType => "resource_type",
            Self::OptIn => "opt_in",
            Self::Quota => "quota",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Failed,
    NotChecked,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub topic: Topic,
    pub account: AccountId,
    /// The action, role, vault, key or type that it is about.
    pub subject: String,
    pub verdict: Verdict,
    pub detail: String,
    /// What to do about it: a statement or a command to paste.
    pub fix: Option<String>,
    pub bears_on: Bearing,
}

/// What cannot be copied as long as a check fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearing {
    Everything,
    /// Copies into this destination vault.
    Into(VaultName),
    /// What this key protects.
    Under(Arc<str>),
    OfType(ResourceType),
    /// Some points, or something besides copying.
    Something,
}

impl Bearing {
    /// Whether all points of a group are affected, given the vault that its copies go into.
    pub fn holds_back(&self, group: &Group, destination: &VaultName) -> bool {
        match self {
            Self::Everything => true,
            Self::Into(vault) => vault == destination,
            Self::Under(key) => group.encryption_key_arn.as_ref() == Some(key),
            Self::OfType(of_type) => group.resource_type.as_ref() == Some(of_type),
            Self::Something => false,
        }
    }
}

/// Something that could not be read, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTold(pub String);

pub type Told<T> = Result<T, NotTold>;

impl Check {
    pub fn new(topic: Topic, account: AccountId, subject: impl Into<String>) -> Self {
        Self {
            topic,
            account,
            subject: subject.into(),
            verdict: Verdict::NotChecked,
            detail: String::new(),
            fix: None,
            bears_on: Bearing::Everything,
        }
    }

    #[must_use]
    pub fn bearing_on(mut self, what: Bearing) -> Self {
        self.bears_on = what;
        self
    }

    #[must_use]
    pub fn passed(mut self, detail: impl Into<String>) -> Self {
        self.verdict = Verdict::Passed;
        self.detail = detail.into();
        self
    }

    #[must_use]
    pub fn failed(mut self, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        self.verdict = Verdict::Failed;
        self.detail = detail.into();
        self.fix = Some(fix.into());
        self
    }

    #[must_use]
    pub fn not_checked(mut self, why: impl Into<String>) -> Self {
        self.verdict = Verdict::NotChecked;
        self.detail = why.into();
        self
    }

    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub fn is_failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }
}
