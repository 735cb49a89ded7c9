//! `ListRecoveryPointsByBackupVault`: the listing that reads a million points.

use super::super::find;
use super::super::paging::{Cursor, Found};
use super::super::settings::BackupSettings;
use super::filter::Filter;
use super::row::Rows;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{PointId, World};

pub(in super::super) fn list(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let vault = find::vault_in_account(world, settings, call)?;
    let filter = Filter::read(world, call)?;
    let cursor = Cursor::of(call)?;
    let room = cursor.room(settings, call);

    let narrowed = filter.resource.only().map(|resource| {
        let mut of_resource = world.points_of_resource(resource).to_vec();
        of_resource.retain(|id| world.point(*id).vault == vault);
        of_resource.sort_unstable();
        of_resource
    });
    let candidates = narrowed.as_deref().unwrap_or(&world.vault(vault).points);
    let candidates = if filter.admits_nothing() { &[] } else { candidates };
    let rest = candidates[first_after(candidates, cursor.after)..]
        .iter()
        .map(|id| id.0 as usize);
    let fits = |row| {
        let point = world.point(id(row));
        !point.deleted && filter.admits(point)
    };
    let page = cursor.page(call, Found::among(rest, room, settings.rows_per_call, fits));
    let mut rows = Rows::open(world, settings, page.rows.len());
    for row in page.rows.into_iter().map(id).filter(|id| !world.point(*id).deleted) {
        rows.listed_in_vault(row);
    }
    Ok(Reply::Json(rows.close(page.token.as_deref())))
}

/// The point of a row: rows are numbered by ids.
pub(super) fn id(row: usize) -> PointId {
    PointId(u32::try_from(row).expect("rows are numbered by ids"))
}

/// Ids grow along a vault's list, so a page can go on where the last one ended even if points have vanished since.
pub(super) fn first_after(ids: &[PointId], after: Option<usize>) -> usize {
    after.map_or(0, |last| ids.partition_point(|id| id.0 as usize <= last))
}
