//! When it will end: from the lanes that are left, from how long copies take, and from how many the slots were seen to take.
//!
//! A pool's copies need their summed durations in slot-time, and a lane's go one after the other. Lanes with the most left go
//! first, so a pool ends when its work is done or with its longest lane, whichever is later, and the whole ends with the last pool.
//! Each of these has its own uncertainty. How much of a pool's work is done in a second is measured: what arrived lately, at the
//! durations that are expected now, so that an expectation that is wrong by some factor cancels out.

mod backlog;
mod calendar;
mod cloud;
mod evidence;
mod finish;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::learned;
use crate::ledger::{Learned, PointId};
use crate::pool::Pool;
use crate::resource_type::ResourceType;
use crate::time::Moment;
use backlog::{Chain, Load};
use calendar::{Rhythm, float, hours_of};
use finish::{Calendar, LaneEnd, PoolEnd};

pub use backlog::Backlog;
pub use calendar::History;
pub use evidence::{Landed, LaneId, LaneLeft, Lately, UnderWay};

/// AWS's documented rate of requests for a copy.
pub const SUBMISSIONS_PER_SECOND: f64 = 5.0;
/// What counts for the rate of work: the last hours of open windows, and no more than the later half of them. Older ones tell of
/// limits that were not yet learned.
const HOURS_LOOKED_AT: f64 = 24.0;
/// So many copies would have to be seen before what was assumed of the slots counts for as much as what is measured.
const ASSUMED_SLOTS_COUNT_FOR: f64 = 4.0;
/// So many copies of one lane would have to be seen before its own pace counts for as much as its type's.
const TYPES_PACE_COUNTS_FOR: f64 = 1.0;
/// Even what was measured well does not stay as it is: limits, sizes and the night shift's other jobs change.
const DRIFT: f64 = 0.28;
/// AWS's documented slots may be wrong by this factor, as a logarithm.
const ASSUMED_SLOTS_ERROR: f64 = 0.5;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// As likely earlier as later.
    pub finish_p50: Moment,
    /// Nine times of ten not later.
    pub finish_p90: Moment,
    /// How many windows more, a running one included.
    pub windows_needed: u64,
    pub determined_by: Determinant,
    pub basis: Basis,
}

/// What the end waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Determinant {
    /// As many copies at once as AWS runs.
    Slots { pool: Pool, points: u64 },
    /// One resource's copies, one after the other.
    Resource {
        #[serde(skip)]
        sample: PointId,
        resource_arn: Option<Box<str>>,
        points: u64,
    },
    /// The rate at which copies may be asked for.
    Submissions { points: u64 },
}

/// What the durations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Nothing has arrived yet: AWS's documented slots, and durations that people report.
    Assumed,
    Measured,
}

impl Forecast {
    /// None when there is nothing left to do.
    pub fn of(backlog: &Backlog, lately: &Lately, limits: &Limits, history: &History, now: Moment) -> Option<Self> {
        let points = backlog.points();
        if points == 0 {
            return None;
        }
        let seen = Seen::of(backlog, lately, history, now);
        let asked_per_second = seen.arrived_per_second().max(SUBMISSIONS_PER_SECOND);
        let pools: Vec<_> = backlog
            .loads()
            .map(|(pool, load)| seen.pool(pool, load, limits))
            .collect();
        let rhythm = Rhythm::seen(history, now);
        let calendar = FromNow { rhythm: &rhythm, now };
        let finish = finish::play(&pools, float(points) / asked_per_second, &calendar);
        let finish_p50 = calendar::plus_hours(now, finish.p50 / 3600.0);
        Some(Self {
            finish_p50,
            finish_p90: calendar::plus_hours(now, finish.p90 / 3600.0),
            windows_needed: rhythm.windows_until(finish_p50, now),
            determined_by: finish.last.unwrap_or(Determinant::Submissions { points }),
            basis: if lately.landed.is_empty() {
                Basis::Assumed
            } else {
                Basis::Measured
            },
        })
    }
}

/// The windows to come, from this moment.
struct FromNow<'a> {
    rhythm: &'a Rhythm,
    now: Moment,
}

impl Calendar for FromNow<'_> {
    fn until_over(&self, seconds: f64) -> f64 {
        let end = self.rhythm.after(seconds / 3600.0, self.now);
        hours_of(end.millis_since(self.now)) * 3600.0
    }

    fn until_lane_is_over(&self, waits: f64, points: f64, seconds: f64) -> f64 {
        let (waits, hours) = (waits / 3600.0, seconds / 3600.0);
        self.rhythm.until_lane_is_over(waits, points, hours, self.now) * 3600.0
    }
}

/// How many copies of a pool AWS was found to run at once, where the others wait for a slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits([f64; Pool::ALL.len()]);

impl Limits {
    pub fn learned(known: &[Learned]) -> Self {
        let mut limits = Self::default();
        for one in known
            .iter()
            .filter(|one| &*one.what == learned::RUNNING && one.value.is_finite())
        {
            let kind = Some(ResourceType::named(&one.scope));
            limits.0[Pool::of(kind.as_ref()) as usize] += one.value.max(0.0);
        }
        limits
    }

    /// Durations are told from the request to the arrival, and what is kept waiting so that no slot stands empty is part of them.
    /// A lane that is the last has nobody to wait for.
    fn share_of_service(&self, pool: Pool, at_once: f64) -> f64 {
        match self.0[pool as usize] {
            running if running > 0.0 => (running / at_once).min(1.0),
            _ => 1.0,
        }
    }
}

/// What arrived in the later part of the windows so far.
struct Seen {
    seconds: f64,
    arrived: u64,
    pools: [SeenOfPool; Pool::ALL.len()],
    /// By lane: copies, what was expected of them, and what they took.
    lanes: HashMap<LaneId, (f64, f64, f64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct SeenOfPool {
    arrived: u64,
    /// Their durations, as they are expected now.
    work: f64,
}

impl Seen {
    fn of(backlog: &Backlog, lately: &Lately, history: &History, now: Moment) -> Self {
        let arrived: Vec<Moment> = lately.landed.iter().map(|landed| landed.ended).collect();
        let mut spans = history.spans(&arrived, now);
        if !lately.is_all {
            // Of what was before these nothing is known.
            let first = arrived.iter().min().copied().unwrap_or(now);
            spans.retain(|(_, until)| *until > first);
            for (from, _) in &mut spans {
                *from = (*from).max(first);
            }
        }
        let open: f64 = spans
            .iter()
            .map(|(from, until)| hours_of(until.millis_since(*from)))
            .sum();
        let since = later_part(&spans, (open / 2.0).min(HOURS_LOOKED_AT)).unwrap_or(now);
        let counted = spans
            .iter()
            .map(|(from, until)| hours_of(until.millis_since((*from).max(since))).max(0.0));
        let mut seen = Self {
            seconds: counted.sum::<f64>() * 3600.0,
            arrived: 0,
            pools: Default::default(),
            lanes: HashMap::new(),
        };
        let mut begun = HashSet::new();
        for landed in &lately.landed {
            let is_first = begun.insert(landed.lane);
            let expected = backlog.expected(landed, is_first && lately.is_all);
            if landed.ended > since {
                let pool = &mut seen.pools[Pool::of(landed.resource_type.as_ref()) as usize];
                pool.arrived += 1;
                pool.work += expected;
                seen.arrived += 1;
            }
            if !is_first {
                let (copies, wanted, took) = seen.lanes.entry(landed.lane).or_default();
                *copies += 1.0;
                *wanted += expected;
                *took += landed.seconds();
            }
        }
        seen
    }

    fn arrived_per_second(&self) -> f64 {
        float(self.arrived) / self.seconds.max(1.0)
    }

    fn pool(&self, pool: Pool, load: &Load, limits: &Limits) -> PoolEnd<Determinant> {
        let seen = self.pools[pool as usize];
        let counted = float(seen.arrived);
        let at_once = self.at_once(pool, load).max(1e-6);
        let served = limits.share_of_service(pool, at_once);
        let seconds = load.seconds.max(1e-9);
        let of_work = (load.scatter.sqrt() / seconds).powi(2);
        let of_slots = (ASSUMED_SLOTS_ERROR * ASSUMED_SLOTS_COUNT_FOR / (counted + ASSUMED_SLOTS_COUNT_FOR)).powi(2)
            + of_work * float(load.points) / (counted + 1.0);
        // An error of the pace is in the rate as well, and cancels out as far as the rate is measured.
        let of_pace = (load.error / seconds / (1.0 + counted / 10.0)).powi(2);
        PoolEnd {
            what: Determinant::Slots {
                pool,
                points: load.points,
            },
            seconds: load.seconds / at_once,
            error: (of_slots + of_work + of_pace + DRIFT * DRIFT).sqrt(),
            lanes: load
                .chains()
                .iter()
                .map(|(before, chain)| self.lane(before / at_once, served, chain))
                .collect(),
        }
    }

    /// Seconds of work that the pool gets done in one.
    fn at_once(&self, pool: Pool, load: &Load) -> f64 {
        let seen = self.pools[pool as usize];
        let assumed = f64::from(pool.documented_slots()).min(float(load.lanes));
        if self.seconds <= 0.0 {
            return assumed;
        }
        let counted = float(seen.arrived);
        let weight = counted / (counted + ASSUMED_SLOTS_COUNT_FOR);
        // As logarithms: what was assumed may be wrong by a factor.
        ((seen.work / self.seconds).max(1e-6).ln() * weight + assumed.ln() * (1.0 - weight)).exp()
    }

    fn lane(&self, waits: f64, served: f64, chain: &Chain) -> LaneEnd<Determinant> {
        let (copies, wanted, took) = self.lanes.get(&chain.lane).copied().unwrap_or_default();
        let own = if wanted > 0.0 { took / wanted } else { 1.0 };
        let known = copies + TYPES_PACE_COUNTS_FOR;
        let of_pace = chain.spread.powi(2) * (1.0 / known + 1.0 / float(chain.points));
        LaneEnd {
            what: Determinant::Resource {
                sample: chain.sample,
                resource_arn: None,
                points: chain.points,
            },
            waits,
            points: float(chain.points),
            seconds: served * (chain.seconds - chain.taken) * (copies * own + TYPES_PACE_COUNTS_FOR) / known,
            own_error: (1.0 + of_pace).ln().sqrt(),
            shared_error: (chain.error * TYPES_PACE_COUNTS_FOR / known).hypot(DRIFT),
        }
    }
}

/// From when on so many hours of the windows are counted.
fn later_part(spans: &[(Moment, Moment)], hours: f64) -> Option<Moment> {
    let mut left = hours;
    for (from, until) in spans.iter().rev() {
        let span = hours_of(until.millis_since(*from));
        if span >= left {
            return Some(calendar::plus_hours(*until, -left));
        }
        left -= span;
    }
    spans.first().map(|(from, _)| *from)
}
