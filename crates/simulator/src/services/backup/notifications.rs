//! `GetBackupVaultNotifications`, `PutBackupVaultNotifications`, `DeleteBackupVaultNotifications`.

use serde_json::json;

use super::find::{self, Arn, invalid_value, not_found};
use super::settings::BackupSettings;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{Notifications, World};

pub(super) fn get(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let vault = world.vault(id);
    let Some(notifications) = &vault.notifications else {
        return Err(not_found(format!(
            "Backup vault {} has no notification configuration",
            vault.name
        )));
    };
    Ok(Reply::Members(json!({
        "BackupVaultName": vault.name,
        "BackupVaultArn": world.vault_arn(id),
        "SNSTopicArn": notifications.topic_arn,
        "BackupVaultEvents": notifications.events,
    })))
}

pub(super) fn put(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let topic_arn = call.params.required("SNSTopicArn").to_owned();
    let arn = Arn::here(world, "SNSTopicArn", &topic_arn)?;
    if arn.service != "sns" || arn.account != call.caller.account {
        return Err(invalid_value(format!(
            "SNSTopicArn has to be an SNS topic of account {}, the vault's own; it is {topic_arn}",
            call.caller.account
        )));
    }
    if arn
        .resource
        .rsplit_once('.')
        .is_some_and(|(_, suffix)| suffix == "fifo")
    {
        return Err(invalid_value(
            "SNSTopicArn is a FIFO topic; only standard topics are supported",
        ));
    }
    let mut events: Vec<String> = Vec::new();
    for event in call.params.list("BackupVaultEvents").unwrap_or_default() {
        let event = event.as_str().unwrap_or_default();
        if !EVENTS.contains(&event) {
            return Err(invalid_value(format!(
                "BackupVaultEvents has {event}, which is no event of a backup vault"
            )));
        }
        if !events.iter().any(|known| known == event) {
            events.push(event.to_owned());
        }
    }
    if events.is_empty() {
        return Err(invalid_value("BackupVaultEvents is empty; name at least one event"));
    }
    world.vault_mut(id).notifications = Some(Notifications { topic_arn, events });
    Ok(super::nothing())
}

pub(super) fn delete(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    world.vault_mut(id).notifications = None;
    Ok(super::nothing())
}

/// `BackupVaultEvent` of the service model.
const EVENTS: [&str; 32] = [
    "BACKUP_JOB_STARTED",
    "BACKUP_JOB_COMPLETED",
    "BACKUP_JOB_SUCCESSFUL",
    "BACKUP_JOB_FAILED",
    "BACKUP_JOB_EXPIRED",
    "RESTORE_JOB_STARTED",
    "RESTORE_JOB_COMPLETED",
    "RESTORE_JOB_SUCCESSFUL",
    "RESTORE_JOB_FAILED",
    "COPY_JOB_STARTED",
    "COPY_JOB_SUCCESSFUL",
    "COPY_JOB_FAILED",
    "RECOVERY_POINT_MODIFIED",
    "BACKUP_PLAN_CREATED",
    "BACKUP_PLAN_MODIFIED",
    "S3_BACKUP_OBJECT_FAILED",
    "S3_RESTORE_OBJECT_FAILED",
    "CONTINUOUS_BACKUP_INTERRUPTED",
    "RECOVERY_POINT_INDEX_COMPLETED",
    "RECOVERY_POINT_INDEX_DELETED",
    "RECOVERY_POINT_INDEXING_FAILED",
    "EKS_RESTORE_OBJECT_FAILED",
    "EKS_RESTORE_OBJECT_SKIPPED",
    "EKS_BACKUP_OBJECT_FAILED",
    "EKS_RESTORE_MODIFICATION_SUCCESS",
    "EKS_RESTORE_MODIFICATION_FAILED",
    "ACCESS_POINT_AVAILABLE",
    "ACCESS_POINT_CREATION_FAILED",
    "ACCESS_POINT_DELETED",
    "ACCESS_POINT_DELETION_FAILED",
    "ACCESS_POINT_EXPIRED",
    "ACCESS_POINT_DISASSOCIATED",
];
