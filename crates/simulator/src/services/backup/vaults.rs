//! `ListBackupVaults`, `DescribeBackupVault`, `CreateBackupVault`, `DeleteBackupVault`.

use super::find::{self, Arn, invalid_request, invalid_value};
use super::json::Json;
use super::paging::{Cursor, Found};
use super::settings::BackupSettings;
use super::tags;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{KeyId, KeyManager, KeyState, Vault, VaultId, VaultKind, World};

/// The vault that Amazon EFS makes; its name breaks the rule for names.
const EFS_AUTOMATIC: &str = "aws/efs/automatic-backup-vault";

pub(super) fn list(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let cursor = Cursor::of(call)?;
    let room = cursor.room(settings, call);
    let last_name = cursor.after.map(|last| world.vault(vault_id(last)).name.as_str());
    let wanted_type = call.params.text("ByVaultType");
    // Vaults come to be shared through AWS RAM, which this world does not have.
    let shared_only = call.params.boolean("ByShared").unwrap_or(false);
    let vaults = world.vaults_of(&call.caller.account).into_iter();
    let rest = vaults.filter(|id| last_name.is_none_or(|last| world.vault(*id).name.as_str() > last));
    let fits = |row| {
        let kind = find::vault_type(world.vault(vault_id(row)).kind);
        !shared_only && wanted_type.is_none_or(|wanted| kind == wanted)
    };
    let page = cursor.page(call, Found::among(rest.map(|id| id.0 as usize), room, usize::MAX, fits));

    let mut json = Json::with_capacity(16 * 1024, settings.odd_floats);
    json.open('{').key("BackupVaultList").open('[');
    for row in page.rows {
        json.open('{');
        write_vault(&mut json, world, settings, vault_id(row));
        json.close('}');
    }
    json.close(']')
        .key("NextToken")
        .maybe_text(page.token.as_deref())
        .close('}');
    Ok(Reply::Json(json.into_bytes()))
}

/// The vault of a row: rows are numbered by ids, of which those of deleted vaults stay valid.
fn vault_id(row: usize) -> VaultId {
    VaultId(u32::try_from(row).expect("rows are numbered by ids"))
}

pub(super) fn describe(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::vault_in_account(world, settings, call)?;
    let mut json = Json::with_capacity(1024, settings.odd_floats);
    json.open('{');
    write_vault(&mut json, world, settings, id);
    for absent in [
        "SourceBackupVaultArn",
        "MpaApprovalTeamArn",
        "MpaSessionArn",
        "LatestMpaApprovalTeamUpdate",
    ] {
        json.key(absent).null();
    }
    json.close('}');
    Ok(Reply::Json(json.into_bytes()))
}

/// The members that a listed and a described vault share.
fn write_vault(json: &mut Json, world: &World, settings: &BackupSettings, id: VaultId) {
    let vault = world.vault(id);
    json.key("BackupVaultName").text(&vault.name);
    json.key("BackupVaultArn").text(&world.vault_arn(id));
    if !settings.vault_type_absent {
        json.key("VaultType").text(find::vault_type(vault.kind));
        json.key("VaultState").text("AVAILABLE");
    }
    json.key("CreationDate").moment(vault.created);
    json.key("EncryptionKeyArn")
        .maybe_text(vault.key.map(|key| world.key_arn(key)).as_deref());
    json.key("EncryptionKeyType")
        .maybe_text(encryption_key_type(world, vault.kind, vault.key));
    json.key("CreatorRequestId")
        .maybe_text(vault.creator_request_id.as_deref());
    let living = vault
        .points
        .iter()
        .filter(|point| !world.point(**point).deleted)
        .count();
    json.key("NumberOfRecoveryPoints").number(living as u64);
    json.key("Locked").boolean(vault.lock.is_some());
    let lock = vault.lock.as_ref();
    json.key("MinRetentionDays")
        .maybe_number(lock.and_then(|lock| lock.min_retention_days).map(u64::from));
    json.key("MaxRetentionDays")
        .maybe_number(lock.and_then(|lock| lock.max_retention_days).map(u64::from));
    json.key("LockDate").maybe_moment(lock.and_then(|lock| lock.lock_date));
}

/// Only these two have a word of their own: an AWS-managed key is neither the customer's nor owned by the service.
pub(super) fn encryption_key_type(world: &World, kind: VaultKind, key: Option<KeyId>) -> Option<&'static str> {
    match key.map(|key| world.keys[key.0 as usize].manager) {
        Some(KeyManager::Customer) => Some("CUSTOMER_MANAGED_KMS_KEY"),
        None if kind == VaultKind::LogicallyAirGapped => Some("AWS_OWNED_KMS_KEY"),
        Some(KeyManager::Aws) | None => None,
    }
}

pub(super) fn create(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let account = &call.caller.account;
    let name = call.params.required("BackupVaultName");
    check_name(name)?;
    let request_id = call.params.text("CreatorRequestId");
    check_request_id(request_id)?;
    let tags = tags::requested(call, "BackupVaultTags")?;
    let key = key_of_new_vault(world, call)?;

    if let Some(id) = world.vault_named(account, name) {
        let vault = world.vault(id);
        let repeated = request_id.is_some() && vault.creator_request_id.as_deref() == request_id;
        if repeated {
            return Ok(created(world, settings, id));
        }
        let mut refusal = Refusal::new(
            "AlreadyExistsException",
            format!("Backup vault {name} already exists in account {account}; use it, or choose another name"),
        )
        .and("Arn", world.vault_arn(id));
        if let Some(first) = &vault.creator_request_id {
            refusal = refusal.and("CreatorRequestId", first.as_str());
        }
        return Err(refusal);
    }
    if world.vaults_of(account).len() >= settings.vaults {
        return Err(Refusal::new(
            "LimitExceededException",
            format!(
                "Account {account} has {} backup vaults, as many as its quota allows",
                settings.vaults
            ),
        ));
    }
    let id = world.add_vault(Vault {
        account: account.clone(),
        name: name.to_owned(),
        kind: VaultKind::Plain,
        key,
        created: call.now,
        creator_request_id: request_id.map(ToOwned::to_owned),
        lock: None,
        policy: None,
        notifications: None,
        points: Vec::new(),
    });
    if !tags.is_empty() {
        world.set_tags(&world.vault_arn(id), tags);
    }
    Ok(created(world, settings, id))
}

fn created(world: &World, settings: &BackupSettings, id: VaultId) -> Reply {
    let vault = world.vault(id);
    let mut json = Json::with_capacity(256, settings.odd_floats);
    json.open('{');
    json.key("BackupVaultName").text(&vault.name);
    json.key("BackupVaultArn").text(&world.vault_arn(id));
    json.key("CreationDate").moment(vault.created).close('}');
    Reply::Json(json.into_bytes())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let sound = (2..=50).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if sound {
        return Ok(());
    }
    Err(invalid_value(format!(
        "{name} is no name for a backup vault: 2 to 50 letters, digits, hyphens or underscores"
    )))
}

fn check_request_id(request_id: Option<&str>) -> Result<(), Refusal> {
    let sound = request_id.is_none_or(|id| {
        (1..=50).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    });
    if sound {
        Ok(())
    } else {
        Err(invalid_value(
            "CreatorRequestId has to be 1 to 50 letters, digits or one of -_.",
        ))
    }
}

/// The key that was asked for, else the account's `aws/backup`.
fn key_of_new_vault(world: &World, call: &Call) -> Result<Option<KeyId>, Refusal> {
    let ids = (0_u32..).map(KeyId).zip(&world.keys);
    let Some(text) = call.params.text("EncryptionKeyArn") else {
        let own = |alias: &str| matches!(alias, "aws/backup" | "alias/aws/backup");
        return Ok(ids
            .filter(|(_, key)| key.account == call.caller.account && key.alias.as_deref().is_some_and(own))
            .map(|(id, _)| id)
            .next());
    };
    let arn = Arn::here(world, "EncryptionKeyArn", text)?;
    if arn.service != "kms" || !arn.resource.starts_with("key/") {
        return Err(invalid_value(format!(
            "EncryptionKeyArn has to be the ARN of a KMS key (arn:…:kms:…:key/…), not of an alias or anything else: {text}"
        )));
    }
    let mut same = ids.filter(|(_, key)| arn.account == key.account && arn.resource[4..] == key.id);
    let (id, key) = same
        .next()
        .ok_or_else(|| invalid_value(format!("There is no KMS key {text}")))?;
    if key.state != KeyState::Enabled {
        return Err(invalid_value(format!("KMS key {text} is disabled or pending deletion")));
    }
    Ok(Some(id))
}

pub(super) fn delete(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let vault = world.vault(id);
    if vault.is_default() || vault.name == EFS_AUTOMATIC {
        return Err(invalid_request(format!(
            "Backup vault {} was made by AWS and cannot be deleted",
            vault.name
        )));
    }
    if vault.points.iter().any(|point| !world.point(*point).deleted) {
        return Err(invalid_request(format!(
            "Backup vault {} holds recovery points; a vault can be deleted only once it is empty",
            vault.name
        )));
    }
    let arn = world.vault_arn(id);
    world.set_tags(&arn, crate::world::Tags::new());
    world.remove_vault(id);
    Ok(super::nothing())
}
