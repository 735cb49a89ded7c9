//! Where nobody knows for certain how AWS Backup answers, both ways can be had.

use serde::{Deserialize, Serialize};

/// Switches of the answers themselves; those of the copy jobs are the fleet's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupSettings {
    /// Page size of a listing that names none.
    pub page_size: usize,
    /// Rows a filtered listing looks at before it answers with what it has, be it nothing, and a token to go on with.
    pub rows_per_call: usize,
    /// Times carry the noise of a binary float cut short: `1700000017.2569999` for 17.257.
    pub odd_floats: bool,
    /// A Region without logically air-gapped vaults, where no answer has a `VaultType`.
    pub vault_type_absent: bool,
    /// Vaults that do not exist are refused as access denied, so that names cannot be probed.
    pub missing_vault_denied: bool,
    pub lock_again: LockAgain,
    /// Longest vault policy, in bytes of the text as it was sent.
    pub policy_bytes: Option<usize>,
    /// Vaults per account.
    pub vaults: usize,
}

/// What putting a compliance lock does to the date of one that still can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockAgain {
    /// The days count again from now.
    Restarts,
    /// The date that was set first stands.
    KeepsDate,
    Refused,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            page_size: 1000,
            rows_per_call: 250_000,
            odd_floats: false,
            vault_type_absent: false,
            missing_vault_denied: false,
            lock_again: LockAgain::Restarts,
            policy_bytes: None,
            vaults: 300,
        }
    }
}
