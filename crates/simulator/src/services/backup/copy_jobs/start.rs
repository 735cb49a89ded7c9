//! `StartCopyJob`: what can be told from the request alone is refused here, all else by the fleet or by the job's failure.

use super::super::find::{self, Arn, denied, invalid_value};
use super::super::json::Json;
use super::super::settings::BackupSettings;
use crate::fleet::{Accepted, CopyOrder, Fleet};
use crate::wire::{Call, Refusal, Reply};
use crate::world::{Lifecycle, World};

pub(in super::super) fn start(
    world: &mut World,
    fleet: &mut Fleet,
    settings: &BackupSettings,
    call: &Call,
) -> Result<Reply, Refusal> {
    let order = order(world, settings, call)?;
    let accepted = fleet.submit(world, order, call.now)?;
    Ok(Reply::Json(written(&accepted, settings)))
}

fn order(world: &World, settings: &BackupSettings, call: &Call) -> Result<CopyOrder, Refusal> {
    let params = &call.params;
    let point_arn = params.required("RecoveryPointArn");
    Arn::here(world, "RecoveryPointArn", point_arn)?;
    let destination_vault_arn = params.required("DestinationBackupVaultArn");
    let destination = Arn::here(world, "DestinationBackupVaultArn", destination_vault_arn)?;
    let names_vault = destination
        .resource
        .strip_prefix("backup-vault:")
        .is_some_and(|name| !name.is_empty());
    if destination.service != "backup" || destination.account.is_empty() || !names_vault {
        return Err(invalid_value(format!(
            "DestinationBackupVaultArn is no ARN of a backup vault: {destination_vault_arn}"
        )));
    }
    let role_arn = params.required("IamRoleArn");
    let role = Arn::here(world, "IamRoleArn", role_arn)?;
    let names_role = role.resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    if role.service != "iam" || !role.region.is_empty() || role.account.is_empty() || !names_role {
        return Err(invalid_value(format!(
            "IamRoleArn is no ARN of an IAM role: {role_arn}"
        )));
    }
    if role.account != call.caller.account {
        return Err(denied(&format!(
            "{} is not authorized to pass {role_arn}: a role of another account cannot be passed",
            call.caller.arn
        )));
    }
    let lifecycle = lifecycle(call)?;
    let source_vault = find::own_vault(world, settings, call, "SourceBackupVaultName")?;
    if destination_vault_arn == world.vault_arn(source_vault) {
        return Err(invalid_value(
            "DestinationBackupVaultArn is the vault that the recovery point is in already",
        ));
    }
    Ok(CopyOrder {
        account: call.caller.account.clone(),
        source_vault,
        point: find::point_in_vault(world, source_vault, point_arn)?,
        destination_vault_arn: destination_vault_arn.to_owned(),
        role_arn: role_arn.to_owned(),
        token: params.text("IdempotencyToken").map(ToOwned::to_owned),
        lifecycle,
    })
}

const DAYS_IN_COLD: u32 = 90;

fn lifecycle(call: &Call) -> Result<Option<Lifecycle>, Refusal> {
    let Some(members) = call.params.structure("Lifecycle") else {
        return Ok(None);
    };
    if members.contains_key("DeleteAfterEvent") {
        return Err(invalid_value("Lifecycle.DeleteAfterEvent cannot be set by a request"));
    }
    let days = |member: &str| match members.get(member).and_then(serde_json::Value::as_i64) {
        // "Always".
        None | Some(-1) => Ok(None),
        Some(days) => u32::try_from(days)
            .ok()
            .filter(|days| *days > 0)
            .map(Some)
            .ok_or_else(|| {
                invalid_value(format!(
                    "Lifecycle.{member} has to be a number of days, or -1 for always; it is {days}"
                ))
            }),
    };
    let lifecycle = Lifecycle {
        move_to_cold_after_days: days("MoveToColdStorageAfterDays")?,
        delete_after_days: days("DeleteAfterDays")?,
    };
    if let (Some(cold), Some(delete)) = (lifecycle.move_to_cold_after_days, lifecycle.delete_after_days)
        && delete < cold.saturating_add(DAYS_IN_COLD)
    {
        return Err(invalid_value(format!(
            "Lifecycle.DeleteAfterDays ({delete}) has to be at least {DAYS_IN_COLD} days after \
             MoveToColdStorageAfterDays ({cold})"
        )));
    }
    Ok(Some(lifecycle))
}

fn written(accepted: &Accepted, settings: &BackupSettings) -> Vec<u8> {
    let mut json = Json::with_capacity(128, settings.odd_floats);
    json.open('{').key("CopyJobId").text(&accepted.job_id);
    json.key("CreationDate").moment(accepted.created);
    json.key("IsParent").boolean(accepted.is_parent).close('}');
    json.into_bytes()
}
