//! Looking up what a call names, and how its absence is answered.

use super::settings::BackupSettings;
use crate::wire::{Call, Refusal};
use crate::world::{PointId, VaultId, VaultKind, World};

/// The vault that `member` names in the caller's own account.
pub(super) fn own_vault(
    world: &World,
    settings: &BackupSettings,
    call: &Call,
    member: &str,
) -> Result<VaultId, Refusal> {
    let name = call.params.required(member);
    world
        .vault_named(&call.caller.account, name)
        .ok_or_else(|| missing_vault(settings, call, name))
}

/// As `own_vault`, for operations that may name another account's vault. They are honoured across accounts for vaults
/// that were shared through AWS RAM only, and no vault of this world is.
pub(super) fn vault_in_account(world: &World, settings: &BackupSettings, call: &Call) -> Result<VaultId, Refusal> {
    match call.params.text("BackupVaultAccountId") {
        Some(other) if other != call.caller.account => Err(cross_account(call)),
        _ => own_vault(world, settings, call, "BackupVaultName"),
    }
}

/// The one cross-account action on a vault is `CopyIntoBackupVault`, whatever its policy says.
pub(super) fn cross_account(call: &Call) -> Refusal {
    denied(&format!(
        "{} is not authorized to perform backup:{} on a vault of another account",
        call.caller.arn, call.operation
    ))
}

pub(super) fn missing_vault(settings: &BackupSettings, call: &Call, name: &str) -> Refusal {
    if settings.missing_vault_denied {
        return denied(&format!(
            "{} is not authorized to perform backup:{} on backup vault {name}, or there is no such vault",
            call.caller.arn, call.operation
        ));
    }
    not_found(format!(
        "Backup vault {name} does not exist in account {}",
        call.caller.account
    ))
}

/// The point with this ARN, if it lies in this vault.
pub(super) fn point_in_vault(world: &World, vault: VaultId, arn: &str) -> Result<PointId, Refusal> {
    world
        .point_with_arn(arn)
        .filter(|id| world.point(*id).vault == vault)
        .ok_or_else(|| {
            not_found(format!(
                "Recovery point {arn} does not exist in backup vault {}",
                world.vault(vault).name
            ))
        })
}

pub(super) fn denied(message: &str) -> Refusal {
    Refusal::with_status(403, "AccessDeniedException", message)
}

pub(super) fn not_found(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}

pub(super) fn invalid_value(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

pub(super) fn invalid_request(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequestException", message)
}

pub(super) const fn vault_type(kind: VaultKind) -> &'static str {
    match kind {
        VaultKind::Plain => "BACKUP_VAULT",
        VaultKind::LogicallyAirGapped => "LOGICALLY_AIR_GAPPED_BACKUP_VAULT",
    }
}

/// `arn:partition:service:region:account:resource`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let prefix = parts.next()?;
        let (partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next()?;
        let sound = prefix == "arn" && !partition.is_empty() && !service.is_empty() && !resource.is_empty();
        sound.then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// The ARN in `member`, which has to be of this world's partition and of its Region, or of none (IAM, S3).
    pub(super) fn here(world: &World, member: &str, text: &'a str) -> Result<Self, Refusal> {
        let arn = Self::parse(text).ok_or_else(|| {
            invalid_value(format!(
                "{member} is not an ARN: arn:partition:service:region:account:…"
            ))
        })?;
        if arn.partition != world.partition {
            return Err(invalid_value(format!(
                "{member} is of partition {}, this endpoint serves {}",
                arn.partition, world.partition
            )));
        }
        if !arn.region.is_empty() && arn.region != world.region {
            return Err(invalid_value(format!(
                "{member} is of Region {}, this endpoint serves {}",
                arn.region, world.region
            )));
        }
        let digits = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
        if !arn.account.is_empty() && !digits {
            return Err(invalid_value(format!(
                "{member} has an account id that is not twelve digits"
            )));
        }
        Ok(arn)
    }
}
