//! AWS Backup.

mod account;
mod copy_jobs;
mod find;
mod json;
mod locks;
mod notifications;
mod paging;
mod points;
mod policies;
mod settings;
mod tags;
mod vaults;
mod wanted;

#[cfg(test)]
mod test;

pub use settings::{BackupSettings, LockAgain};

use serde_json::json;

use crate::model::Service;
use crate::state::State;
use crate::wire::{Call, Refusal, Reply, refusals};

/// Operations that only read; `None` for all others.
pub fn look(state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    let State {
        world,
        fleet,
        backup: settings,
        ..
    } = state;
    Some(match call.operation {
        "ListRecoveryPointsByBackupVault" => points::list_by_vault(world, settings, call),
        "ListRecoveryPointsByResource" => points::list_by_resource(world, settings, call),
        "DescribeRecoveryPoint" => points::describe(world, settings, call),
        "ListCopyJobs" => copy_jobs::list(world, fleet, settings, call),
        "DescribeCopyJob" => copy_jobs::describe(world, fleet, settings, call),
        "ListBackupVaults" => vaults::list(world, settings, call),
        "DescribeBackupVault" => vaults::describe(world, settings, call),
        "GetBackupVaultAccessPolicy" => policies::get(world, settings, call),
        "GetBackupVaultNotifications" => notifications::get(world, settings, call),
        "ListTags" => tags::list(world, settings, call),
        "DescribeGlobalSettings" => account::global_settings(world, settings, call),
        "DescribeRegionSettings" => account::region_settings(world, call),
        "GetSupportedResourceTypes" => Ok(account::supported_types()),
        _ => return None,
    })
}

/// Operations that change something.
pub fn act(state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    let State {
        world,
        fleet,
        backup: settings,
        ..
    } = state;
    match call.operation {
        "StartCopyJob" => copy_jobs::start(world, fleet, settings, call),
        "CreateBackupVault" => vaults::create(world, settings, call),
        "DeleteBackupVault" => vaults::delete(world, settings, call),
        "PutBackupVaultAccessPolicy" => policies::put(world, settings, call),
        "DeleteBackupVaultAccessPolicy" => policies::delete(world, settings, call),
        "PutBackupVaultLockConfiguration" => locks::put(world, settings, call),
        "DeleteBackupVaultLockConfiguration" => locks::delete(world, settings, call),
        "PutBackupVaultNotifications" => notifications::put(world, settings, call),
        "DeleteBackupVaultNotifications" => notifications::delete(world, settings, call),
        "TagResource" => tags::tag(world, settings, call),
        "UntagResource" => tags::untag(world, settings, call),
        other => Err(refusals::unknown_operation(
            Service::Backup,
            &format!("{other} is not answered here"),
        )),
    }
}

/// The answer of an operation that has no output.
fn nothing() -> Reply {
    Reply::Members(json!({}))
}
