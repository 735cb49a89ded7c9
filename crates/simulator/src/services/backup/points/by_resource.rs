//! `ListRecoveryPointsByResource`: one resource's points in all vaults of the caller's account, in a smaller form.

use super::super::find::Arn;
use super::super::paging::{Cursor, Found};
use super::super::settings::BackupSettings;
use super::by_vault::{first_after, id};
use super::row::Rows;
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

pub(in super::super) fn list(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let text = call.params.required("ResourceArn");
    Arn::here(world, "ResourceArn", text)?;
    let cursor = Cursor::of(call)?;
    let room = cursor.room(settings, call);
    let own = |id| world.vault(world.point(id).vault).account == call.caller.account;
    let mut points = match world.resource_with_arn(text) {
        Some(resource) => world.points_of_resource(resource).to_vec(),
        None => Vec::new(),
    };
    points.retain(|id| !world.point(*id).deleted && own(*id));
    points.sort_unstable();

    let rest = points[first_after(&points, cursor.after)..]
        .iter()
        .map(|id| id.0 as usize);
    let page = cursor.page(call, Found::among(rest, room, usize::MAX, |_| true));
    let mut rows = Rows::open(world, settings, page.rows.len());
    for row in page.rows.into_iter().map(id).filter(|id| !world.point(*id).deleted) {
        rows.listed_by_resource(row);
    }
    Ok(Reply::Json(rows.close(page.token.as_deref())))
}
