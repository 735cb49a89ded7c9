//! When windows are open: as long, and as far apart, as those so far.

use std::time::Duration;

use super::evidence::Lately;
use crate::ledger::Window;
use crate::time::Moment;

/// Windows that count for the rhythm.
const WINDOWS_LOOKED_AT: usize = 10;

const DAY: f64 = 24.0;

/// What the ledger tells about the past.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Oldest first, as they were. One without an end is open, or its process died.
    pub windows: Vec<Window>,
    /// Whether the last window is open, its process alive.
    pub running: bool,
    /// How long the open window is to be.
    pub planned: Option<Duration>,
}

impl History {
    /// When somebody last looked at what is under way.
    pub fn looked_until(&self, lately: &Lately, now: Moment) -> Moment {
        if self.running {
            return now;
        }
        let ended = self.windows.last().and_then(|window| window.ended).map(|end| end.at);
        let arrived = lately.landed.last().map(|landed| landed.ended);
        ended.max(arrived).map_or(now, |looked| looked.min(now))
    }

    /// From when to when windows were open, oldest first. Of one whose process died it is only known when it saw something arrive
    /// for the last time.
    pub(super) fn spans(&self, arrived: &[Moment], now: Moment) -> Vec<(Moment, Moment)> {
        let nexts = self.windows.iter().skip(1).map(|next| next.started_at).chain([now]);
        let last = self.windows.len().saturating_sub(1);
        let windows = self.windows.iter().zip(nexts).enumerate();
        let spans = windows.filter_map(|(index, (window, next))| {
            let from = window.started_at;
            let until = match window.ended {
                Some(end) => end.at,
                None if self.running && index == last => now,
                None => arrived.iter().copied().filter(|at| (from..=next).contains(at)).max()?,
            };
            (until > from).then_some((from, until))
        });
        spans.collect()
    }
}

/// How windows come and go.
pub(super) enum Rhythm {
    /// One long window, or one after the other.
    Always,
    Windows {
        length: f64,
        period: f64,
        last_start: Moment,
        running: bool,
    },
}

impl Rhythm {
    pub(super) fn seen(history: &History, now: Moment) -> Self {
        // A run that brought nothing was a try, and no window.
        let useful: Vec<&Window> = history
            .windows
            .iter()
            .rev()
            .filter(|window| window.ended.is_some_and(|end| end.completed > 0))
            .take(WINDOWS_LOOKED_AT)
            .collect();
        let lengths = useful
            .iter()
            .filter_map(|window| Some(window.ended?.at.millis_since(window.started_at)));
        let usual = hours_of(lengths.sum::<i64>()) / float(useful.len().max(1) as u64);
        let length = history.planned.map_or(usual, |planned| planned.as_secs_f64() / 3600.0);
        let open = history.windows.last().filter(|_| history.running);
        let last = open.or(useful.first().copied());
        let first = useful.last().copied().or(open);
        let (Some(last), Some(first)) = (last, first) else {
            return Self::Always;
        };
        if open.is_some_and(|open| hours_of(now.millis_since(open.started_at)) > length) {
            // It is longer than those before: nobody knows when it will end.
            return Self::Always;
        }
        let starts = useful.len() + usize::from(open.is_some());
        let period = if starts > 1 {
            hours_of(last.started_at.millis_since(first.started_at)) / float(starts as u64 - 1)
        } else if history.planned.is_some() {
            // Nothing to tell it from yet: change windows come once a day.
            DAY
        } else {
            length
        };
        if length <= 0.0 {
            return Self::Always;
        }
        Self::Windows {
            length,
            period: period.max(length),
            last_start: last.started_at,
            running: open.is_some(),
        }
    }

    /// When so many hours of copying are done, from now on.
    pub(super) fn after(&self, hours: f64, now: Moment) -> Moment {
        let Self::Windows { length, period, .. } = *self else {
            return plus_hours(now, hours);
        };
        let rest = self.rest_of_open(now);
        if hours <= rest {
            return plus_hours(now, hours);
        }
        let behind = hours - rest;
        let whole = (behind / length).ceil() - 1.0;
        let start = self.next_start(now);
        plus_hours(start, whole * period + (behind - whole * length))
    }

    /// Hours from now until a lane's copies are there, of which the first can be asked for after so many hours of open windows.
    /// A copy that is longer than a window is started all the same and goes on when the window is over; the next one can be asked
    /// for when another window is open.
    pub(super) fn until_lane_is_over(&self, waits: f64, points: f64, hours: f64, now: Moment) -> f64 {
        let each = hours / points;
        match *self {
            Self::Windows { length, period, .. } if each > length => {
                let begun = hours_of(self.after(waits, now).millis_since(now));
                begun + points * (each / period).ceil() * period
            }
            _ => hours_of(self.after(waits + hours, now).millis_since(now)),
        }
    }

    /// How many windows there will be until then, the open one included.
    pub(super) fn windows_until(&self, end: Moment, now: Moment) -> u64 {
        let Self::Windows { period, running, .. } = *self else {
            return 1;
        };
        let behind = hours_of(end.millis_since(self.next_start(now)));
        let more = if behind > 0.0 {
            whole((behind / period).ceil())
        } else {
            0
        };
        (more + u64::from(running)).max(1)
    }

    /// What is left of a window that is open.
    fn rest_of_open(&self, now: Moment) -> f64 {
        match *self {
            Self::Windows {
                length,
                last_start,
                running: true,
                ..
            } => (length - hours_of(now.millis_since(last_start))).max(0.0),
            _ => 0.0,
        }
    }

    /// When the next window opens: a period after the last one, or now if that is overdue.
    fn next_start(&self, now: Moment) -> Moment {
        match *self {
            Self::Always => now,
            Self::Windows { period, last_start, .. } => plus_hours(last_start, period).max(now),
        }
    }
}

pub(super) fn plus_hours(at: Moment, hours: f64) -> Moment {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "casting from f64 ends at the ends of i64"
    )]
    let millis = (hours * 3_600_000.0).round() as i64;
    at.plus_millis(millis)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate; counts and spans are far below 2^53"
)]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate; counts and spans are far below 2^53"
)]
pub(super) fn hours_of(millis: i64) -> f64 {
    millis as f64 / 3_600_000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casting from f64 ends at the ends of u64"
)]
fn whole(count: f64) -> u64 {
    count as u64
}
