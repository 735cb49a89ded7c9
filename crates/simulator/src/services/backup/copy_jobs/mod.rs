//! `StartCopyJob`, `DescribeCopyJob`, `ListCopyJobs`. How copies are queued and run is the fleet's business; here it is asked
//! and its answers are written.

mod filter;
mod list;
mod row;
mod start;

pub(super) use list::list;
pub(super) use start::start;

use super::find::not_found;
use super::settings::BackupSettings;
use crate::fleet::Fleet;
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;
use row::Rows;

pub(super) fn describe(world: &World, fleet: &Fleet, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let id = call.params.required("CopyJobId");
    let job = fleet
        .job(id)
        .filter(|job| fleet.is_visible_to(world, job, &call.caller.account))
        .ok_or_else(|| {
            not_found(format!(
                "Copy job {id} does not exist, or ended too long ago to be remembered"
            ))
        })?;
    Ok(Reply::Json(Rows::described(world, fleet, settings, job, call.now)))
}
