//! `DescribeGlobalSettings`, `DescribeRegionSettings`, `GetSupportedResourceTypes`: what holds for a whole account.

use std::collections::BTreeSet;

use serde_json::json;

use super::find::{denied, invalid_request};
use super::json::Json;
use super::settings::BackupSettings;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{Account, ResourceType, World};

pub(super) fn global_settings(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    if !account(world, call)?.in_organization {
        return Err(invalid_request(format!(
            "Account {} is not a member of an organization, and global settings are an organization's",
            call.caller.account
        )));
    }
    let text = |on: bool| if on { "true" } else { "false" };
    // Nothing in this world changes the settings, so they are as old as the account's use of AWS Backup.
    let since = world
        .vaults_of(&call.caller.account)
        .into_iter()
        .map(|id| world.vault(id).created)
        .min();
    let mut json = Json::with_capacity(256, settings.odd_floats);
    json.open('{').key("GlobalSettings").open('{');
    json.key("isCrossAccountBackupEnabled")
        .text(text(world.organization.cross_account_backup));
    json.key("isDelegatedAdministratorEnabled").text(text(false));
    json.key("isMpaEnabled").text(text(false)).close('}');
    json.key("LastUpdateTime").maybe_moment(since).close('}');
    Ok(Reply::Json(json.into_bytes()))
}

pub(super) fn region_settings(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let account = account(world, call)?;
    Ok(Reply::Members(json!({
        "ResourceTypeOptInPreference": account.opted_in,
        "ResourceTypeManagementPreference": account.managed_by_backup,
    })))
}

pub(super) fn supported_types() -> Reply {
    let names: BTreeSet<&str> = ResourceType::ALL
        .into_iter()
        .filter(|kind| *kind != ResourceType::Unheard)
        .map(ResourceType::wire_name)
        .collect();
    Reply::Members(json!({"ResourceTypes": names}))
}

fn account<'a>(world: &'a World, call: &Call) -> Result<&'a Account, Refusal> {
    world
        .accounts
        .get(&call.caller.account)
        .ok_or_else(|| denied(&format!("Account {} does not use AWS Backup", call.caller.account)))
}
