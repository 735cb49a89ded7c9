//! When it will end, from what the windows so far have shown.
//!
//! The rate is what arrived per hour of an open window, hour by hour; how far those hours lie apart says how sure one can be
//! of it. The calendar is the rhythm of the windows so far: as long, and as far apart.

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::ledger::Window;
use crate::time::Moment;

const HOUR: i64 = 3_600_000;
/// What counts for the rate: the last hours of open windows. Older ones tell of other resources and of limits that were not
/// yet learned.
const HOURS_LOOKED_AT: usize = 24;
/// Windows that count for the rhythm.
const WINDOWS_LOOKED_AT: usize = 10;
/// Less measured than this is no rate: the first copies take their time to arrive.
const LEAST_MEASURED_HOURS: f64 = 1.0 / 60.0;
/// How unsure a rate is while there is only one hour to tell it from, as a part of it.
const UNSURE_AT_FIRST: f64 = 0.5;
/// Nine of ten values of a normal distribution lie above the mean less this many deviations.
const NINE_OF_TEN: f64 = 1.2816;
/// However unsteady the hours, the worst to expect is a tenth of their mean.
const SLOWEST: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// As likely earlier as later.
    pub finish_p50: Moment,
    /// Nine times of ten not later.
    pub finish_p90: Moment,
    /// How many windows more, a running one included.
    pub windows_needed: u64,
}

/// What the ledger tells about the past.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Oldest first, as they were. One without an end is open, or its process died.
    pub windows: Vec<Window>,
    /// What arrived, by the hour that begins at the moment; only hours in which something did.
    pub arrivals: Vec<(Moment, u64)>,
    /// Whether the last window is open, its process alive.
    pub running: bool,
}

impl Forecast {
    /// None while nothing has been measured, and when there is nothing left to do.
    pub fn of(remaining: u64, history: &History, now: Moment) -> Option<Self> {
        if remaining == 0 {
            return None;
        }
        let rate = Rate::measured(history, now)?;
        let rhythm = Rhythm::seen(history, now);
        let usually = float(remaining) / rate.per_hour;
        let at_worst = float(remaining) / rate.at_worst_over(usually);
        Some(Self {
            finish_p50: rhythm.after(usually, now),
            finish_p90: rhythm.after(at_worst, now),
            windows_needed: rhythm.windows_for(usually, now),
        })
    }
}

/// From where on arrivals matter, if the windows are these.
pub fn looked_at_since(windows: &[Window]) -> Option<Moment> {
    let first = windows.len().saturating_sub(WINDOWS_LOOKED_AT);
    windows.get(first).map(|window| window.started_at)
}

struct Rate {
    per_hour: f64,
    /// Standard deviation of the hours.
    deviation: f64,
    hours: f64,
}

impl Rate {
    fn measured(history: &History, now: Moment) -> Option<Self> {
        let mut hours = open_hours(history, now);
        let surplus = hours.len().saturating_sub(HOURS_LOOKED_AT);
        hours.drain(..surplus);
        let open: f64 = hours.iter().map(|hour| hour.open).sum();
        let arrived: f64 = hours.iter().map(|hour| hour.arrived).sum();
        if open < LEAST_MEASURED_HOURS || arrived <= 0.0 {
            return None;
        }
        let per_hour = arrived / open;
        let deviation = if hours.len() > 1 {
            let squares = hours
                .iter()
                .map(|hour| (hour.arrived / hour.open - per_hour).powi(2) * hour.open);
            (squares.sum::<f64>() / open).sqrt()
        } else {
            per_hour * UNSURE_AT_FIRST
        };
        Some(Self {
            per_hour,
            deviation,
            hours: open,
        })
    }

    /// The rate over so many hours to come that nine of ten such stretches exceed: the mean may be wrong by what was measured
    /// too short, and the stretch itself may be a bad one.
    fn at_worst_over(&self, hours: f64) -> f64 {
        let spread = self.deviation * (1.0 / self.hours.max(1.0) + 1.0 / hours.max(1.0)).sqrt();
        (self.per_hour - NINE_OF_TEN * spread).max(self.per_hour * SLOWEST)
    }
}

struct OpenHour {
    /// The part of it in which a window was open.
    open: f64,
    arrived: f64,
}

/// The hours of the clock in which a window was open. What arrived when none was, AWS having gone on alone, belongs to the
/// window before.
fn open_hours(history: &History, now: Moment) -> Vec<OpenHour> {
    let mut open: std::collections::BTreeMap<i64, f64> = std::collections::BTreeMap::new();
    for (from, until) in spans(history, now) {
        let mut at = from.millis();
        while at < until.millis() {
            let hour = at.div_euclid(HOUR);
            let end = ((hour + 1) * HOUR).min(until.millis());
            *open.entry(hour).or_default() += hours_of(end - at);
            at = end;
        }
    }
    let mut hours: Vec<(i64, OpenHour)> = open
        .into_iter()
        .map(|(hour, open)| (hour, OpenHour { open, arrived: 0.0 }))
        .collect();
    for (at, arrived) in &history.arrivals {
        let behind = hours.partition_point(|(hour, _)| *hour <= at.millis().div_euclid(HOUR));
        if let Some((_, hour)) = behind.checked_sub(1).and_then(|last| hours.get_mut(last)) {
            hour.arrived += float(*arrived);
        }
    }
    hours.into_iter().map(|(_, hour)| hour).collect()
}

/// From when to when windows were open. Of one whose process died nobody knows how long it was.
fn spans(history: &History, now: Moment) -> impl Iterator<Item = (Moment, Moment)> {
    let last = history.windows.len().saturating_sub(1);
    let first = history.windows.len().saturating_sub(WINDOWS_LOOKED_AT);
    let windows = history.windows.iter().enumerate().skip(first);
    windows.filter_map(move |(index, window)| {
        let until = match window.ended {
            Some(end) => end.at,
            None if history.running && index == last => now,
            None => return None,
        };
        (until > window.started_at).then_some((window.started_at, until))
    })
}

/// How windows come and go.
enum Rhythm {
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
    fn seen(history: &History, now: Moment) -> Self {
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
        let length = hours_of(lengths.sum::<i64>()) / float(useful.len().max(1) as u64);
        let open = history.windows.last().filter(|_| history.running);
        let last = open.or(useful.first().copied());
        let (Some(last), Some(first)) = (last, useful.last()) else {
            return Self::Always;
        };
        if open.is_some_and(|open| hours_of(now.millis_since(open.started_at)) > length) {
            // It is longer than those before: nobody knows when it will end.
            return Self::Always;
        }
        let starts = useful.len() + usize::from(open.is_some());
        let period = if starts > 1 {
            hours_of(last.started_at.millis_since(first.started_at)) / float(starts as u64 - 1)
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
    fn after(&self, hours: f64, now: Moment) -> Moment {
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

    fn windows_for(&self, hours: f64, now: Moment) -> u64 {
        let Self::Windows { length, running, .. } = *self else {
            return 1;
        };
        let behind = (hours - self.rest_of_open(now)).max(0.0);
        whole((behind / length).ceil()) + u64::from(running)
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

fn plus_hours(at: Moment, hours: f64) -> Moment {
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
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate; counts and spans are far below 2^53"
)]
fn hours_of(millis: i64) -> f64 {
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
