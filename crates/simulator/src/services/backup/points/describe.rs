//! `DescribeRecoveryPoint`.

use super::super::find::{self, Arn};
use super::super::settings::BackupSettings;
use super::row::Rows;
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

pub(in super::super) fn describe(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let vault = find::vault_in_account(world, settings, call)?;
    let text = call.params.required("RecoveryPointArn");
    Arn::here(world, "RecoveryPointArn", text)?;
    let id = find::point_in_vault(world, vault, text)?;
    Ok(Reply::Json(Rows::described(world, settings, id)))
}
