//! `PutBackupVaultLockConfiguration`, `DeleteBackupVaultLockConfiguration`.

use super::find::{self, invalid_request, invalid_value};
use super::settings::{BackupSettings, LockAgain};
use crate::clock::Moment;
use crate::wire::{Call, Params, Refusal, Reply};
use crate::world::{Lock, Vault, VaultKind, World};

const LONGEST_DAYS: i64 = 36_500;
const SHORTEST_GRACE_DAYS: i64 = 3;

pub(super) fn put(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let wanted = Wanted::read(&call.params)?;
    let vault = world.vault_mut(id);
    still_changeable(vault, call.now)?;
    let grace_ends = vault.lock.and_then(|lock| lock.lock_date);
    let counted = wanted.changeable_for_days.map(|days| call.now.plus_days(days));
    let lock_date = match (grace_ends, settings.lock_again) {
        (None, _) | (_, LockAgain::Restarts) => counted,
        (Some(first), LockAgain::KeepsDate) => Some(first),
        (Some(first), LockAgain::Refused) => {
            return Err(invalid_request(format!(
                "The lock of backup vault {} takes hold at {first}; delete it before putting another",
                vault.name
            )));
        }
    };
    vault.lock = Some(Lock {
        min_retention_days: wanted.min,
        max_retention_days: wanted.max,
        lock_date,
    });
    Ok(super::nothing())
}

pub(super) fn delete(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = find::own_vault(world, settings, call, "BackupVaultName")?;
    let vault = world.vault_mut(id);
    still_changeable(vault, call.now)?;
    vault.lock = None;
    Ok(super::nothing())
}

struct Wanted {
    min: Option<u32>,
    max: Option<u32>,
    changeable_for_days: Option<i64>,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let min = retention(params, "MinRetentionDays")?;
        let max = retention(params, "MaxRetentionDays")?;
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return Err(invalid_value(format!(
                "MinRetentionDays ({min}) is more than MaxRetentionDays ({max})"
            )));
        }
        let changeable_for_days = params.integer("ChangeableForDays");
        if changeable_for_days.is_some_and(|days| !(SHORTEST_GRACE_DAYS..=LONGEST_DAYS).contains(&days)) {
            return Err(invalid_value(format!(
                "ChangeableForDays has to be {SHORTEST_GRACE_DAYS} to {LONGEST_DAYS}; leave it out for a governance lock"
            )));
        }
        Ok(Self {
            min,
            max,
            changeable_for_days,
        })
    }
}

fn retention(params: &Params, member: &str) -> Result<Option<u32>, Refusal> {
    let Some(days) = params.integer(member) else {
        return Ok(None);
    };
    let sound = u32::try_from(days)
        .ok()
        .filter(|days| (1..=LONGEST_DAYS).contains(&i64::from(*days)));
    sound
        .map(Some)
        .ok_or_else(|| invalid_value(format!("{member} has to be 1 to {LONGEST_DAYS} days, not {days}")))
}

/// From its date on a compliance lock is nobody's to change, and a logically air-gapped vault is born with one.
fn still_changeable(vault: &Vault, now: Moment) -> Result<(), Refusal> {
    if vault.kind == VaultKind::LogicallyAirGapped {
        return Err(invalid_request(format!(
            "The lock of logically air-gapped vault {} cannot be changed or removed",
            vault.name
        )));
    }
    match vault.lock.and_then(|lock| lock.lock_date) {
        Some(date) if date <= now => Err(invalid_request(format!(
            "Backup vault {} is locked in compliance mode since {date}; its lock cannot be changed or removed",
            vault.name
        ))),
        _ => Ok(()),
    }
}
