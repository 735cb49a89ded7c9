//! `status`: where does the migration stand, and when will it end? From the ledger alone.

use sav_domain::Moment;
use sav_domain::forecast::Forecast;
use sav_domain::ledger::{Particulars, Standing, Window};
use sav_domain::status::{Counts, PAUSED};

use crate::forecasting::{self, OpenWindow};
use crate::ports::{LedgerError, LedgerReader};

#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub counts: Counts,
    pub standing: Standing,
    pub particulars: Particulars,
    /// Of the running window, else of the last one that lasted. None: there was none.
    pub throughput_per_hour: Option<f64>,
    pub pause: Option<Pause>,
    pub forecast: Option<Forecast>,
    pub windows: Vec<WindowStatus>,
    /// Whether the last window is open, its process alive.
    pub running: bool,
}

/// Why a running copy waits, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub reason: Box<str>,
    pub since: Moment,
}

/// A window as it ended, or as far as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowStatus {
    pub started_at: Moment,
    /// None: it runs, or its process died and nobody knows when.
    pub ended_at: Option<Moment>,
    pub exit_code: Option<u8>,
    pub completed: u64,
    pub failed: u64,
}

/// Everything of one moment, whatever a running copy does meanwhile. `in_use`: whether a process holds the ledger.
pub fn read<R: LedgerReader>(reader: &mut R, in_use: bool, now: Moment) -> Result<Status, LedgerError> {
    reader.at_one_moment()?;
    let standing = reader.standing()?;
    let particulars = reader.particulars()?;
    let counts = Counts::of(&standing, &particulars);
    let recorded = reader.windows()?;
    let running = in_use && recorded.last().is_some_and(|window| window.ended.is_none());
    let windows = windows(reader, &recorded)?;
    let open = OpenWindow { running, planned: None };
    Ok(Status {
        throughput_per_hour: throughput(&windows, running, now),
        pause: if running { pause(reader)? } else { None },
        forecast: forecasting::read(reader, open, now)?,
        counts,
        standing,
        particulars,
        windows,
        running,
    })
}

/// What a window without an end has brought is counted from what happened until the next one began.
fn windows<R: LedgerReader>(reader: &R, recorded: &[Window]) -> Result<Vec<WindowStatus>, LedgerError> {
    let next_starts = recorded.iter().skip(1).map(|next| Some(next.started_at)).chain([None]);
    let told = recorded.iter().zip(next_starts).map(|(window, next)| {
        let status = WindowStatus {
            started_at: window.started_at,
            ended_at: window.ended.map(|end| end.at),
            exit_code: window.ended.map(|end| end.exit_code),
            completed: 0,
            failed: 0,
        };
        if let Some(end) = window.ended {
            return Ok(WindowStatus {
                completed: end.completed,
                failed: end.failed,
                ..status
            });
        }
        let progress = reader.progress(window.started_at, next.unwrap_or(Moment::MAX))?;
        Ok(WindowStatus {
            completed: progress.completed,
            failed: progress.failed,
            ..status
        })
    });
    told.collect()
}

fn throughput(windows: &[WindowStatus], running: bool, now: Moment) -> Option<f64> {
    let last = windows.len().checked_sub(1)?;
    let lasted = windows.iter().enumerate().rev().find_map(|(index, window)| {
        let until = window.ended_at.or((running && index == last).then_some(now))?;
        let millis = until.millis_since(window.started_at);
        (millis > 0).then_some((window.completed, millis))
    });
    let (completed, millis) = lasted?;
    #[expect(clippy::cast_precision_loss, reason = "counts and spans are far below 2^53")]
    let per_hour = completed as f64 / (millis as f64 / 3_600_000.0);
    Some(per_hour)
}

fn pause<R: LedgerReader>(reader: &R) -> Result<Option<Pause>, LedgerError> {
    let learned = reader.learned()?.into_iter();
    let pauses = learned.filter(|one| &*one.what == PAUSED && one.value > 0.0);
    Ok(pauses.max_by_key(|one| one.at).map(|one| Pause {
        reason: one.scope,
        since: one.at,
    }))
}
