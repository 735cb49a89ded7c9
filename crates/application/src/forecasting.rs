//! When a migration will end, from what its ledger holds.

use std::time::Duration;

use sav_domain::Moment;
use sav_domain::forecast::{Backlog, Determinant, Forecast, History, Limits};

use crate::ports::{LedgerError, LedgerReader};

/// So many of the latest arrivals are looked at: enough for every type, few enough to be read at once.
const LATELY: usize = 20_000;

/// What is known of the window that is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenWindow {
    pub running: bool,
    /// How long it is to be, where that is known.
    pub planned: Option<Duration>,
}

/// None when nothing is left to be copied.
pub fn read<R: LedgerReader>(reader: &R, open: OpenWindow, now: Moment) -> Result<Option<Forecast>, LedgerError> {
    let lately = reader.landed_lately(LATELY)?;
    let history = History {
        windows: reader.windows()?,
        running: open.running,
        planned: open.planned,
    };
    // What is open was last looked at when a window was: it is not known to have taken longer than until then.
    let mut backlog = Backlog::judged_by(&lately, history.looked_until(&lately, now));
    reader.lanes_left(&mut |left| backlog.add(left))?;
    let limits = Limits::learned(&reader.learned()?);
    let Some(mut forecast) = Forecast::of(&backlog, &lately, &limits, &history, now) else {
        return Ok(None);
    };
    if let Determinant::Resource {
        sample, resource_arn, ..
    } = &mut forecast.determined_by
        && let Some(known) = reader.point(*sample)?
    {
        *resource_arn = known.planned.point.resource_arn.as_deref().map(Into::into);
    }
    Ok(Some(forecast))
}
