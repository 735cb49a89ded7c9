//! `ListRecoveryPointsByBackupVault`, `ListRecoveryPointsByResource`, `DescribeRecoveryPoint`.

mod by_resource;
mod by_vault;
mod describe;
mod filter;
mod row;

pub(super) use by_resource::list as list_by_resource;
pub(super) use by_vault::list as list_by_vault;
pub(super) use describe::describe;
