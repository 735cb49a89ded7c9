//! `GetBackupVaultAccessPolicy`, `PutBackupVaultAccessPolicy`, `DeleteBackupVaultAccessPolicy`.

use serde_json::{Value, json};

use super::find::{self, invalid_value, not_found};
use super::settings::BackupSettings;
use crate::policy::{self, Kind};
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

pub(super) fn get(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let vault = world.vault(id);
    let Some(policy) = &vault.policy else {
        return Err(not_found(format!("Backup vault {} has no access policy", vault.name)));
    };
    Ok(Reply::Members(json!({
        "BackupVaultName": vault.name,
        "BackupVaultArn": world.vault_arn(id),
        "Policy": policy.to_string(),
    })))
}

pub(super) fn put(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let Some(text) = call.params.text("Policy") else {
        return Err(Refusal::new("MissingParameterValueException", "Policy is missing"));
    };
    if settings.policy_bytes.is_some_and(|longest| text.len() > longest) {
        return Err(invalid_value(format!(
            "Policy has {} bytes, more than a vault's policy may have",
            text.len()
        )));
    }
    let policy = checked(text).map_err(|why| invalid_value(format!("Policy is not valid: {why}")))?;
    world.vault_mut(id).policy = Some(policy);
    Ok(super::nothing())
}

pub(super) fn delete(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    world.vault_mut(id).policy = None;
    Ok(super::nothing())
}

/// Beyond the grammar of every resource policy: a vault's speaks of AWS Backup only, and takes no wildcards in actions.
fn checked(text: &str) -> Result<Value, String> {
    let document = policy::parse(text, Kind::Resource).map_err(|why| why.to_string())?;
    let statements = policy::statements(&document);
    for action in statements
        .iter()
        .flat_map(|statement| ["Action", "NotAction"].map(|element| &statement[element]))
    {
        texts(action).try_for_each(check_action)?;
    }
    Ok(document)
}

fn check_action(action: &str) -> Result<(), String> {
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    if action.contains(['*', '?']) {
        return Err(format!(
            "{action} has a wildcard; a vault's policy names its actions one by one"
        ));
    }
    if !service.eq_ignore_ascii_case("backup") || name.is_empty() {
        return Err(format!("{action} is no action of AWS Backup"));
    }
    Ok(())
}

/// One text or a list of them.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().into_iter().flatten();
    value.as_str().into_iter().chain(several.filter_map(Value::as_str))
}
