//! What is left to be copied, summed up as it is told: a million points leave a few thousand numbers here.

use std::collections::{BTreeMap, HashMap};

use super::calendar::float;
use super::evidence::{Landed, LaneId, LaneLeft, Lately};
use super::pace::Paces;
use crate::duration::Extent;
use crate::ledger::PointId;
use crate::pool::Pool;
use crate::time::Moment;

/// Of the lanes with as many points left, so many are looked at one by one: the end is that of a lane that takes long.
const LANES_LOOKED_AT: usize = 12;

/// Of one pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    pub(super) points: u64,
    pub(super) lanes: u64,
    /// Of all its copies, one after the other.
    pub(super) seconds: f64,
    /// Sum of the squares of each copy's own scatter.
    pub(super) scatter: f64,
    /// How wrong the seconds may be for what is not known of the types.
    pub(super) error: f64,
    /// Lanes by how many points they have left, which is the order in which they go.
    pub(super) levels: BTreeMap<u64, Level>,
}

/// Lanes with as many points left.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// Of one copy of each lane.
    pub(super) seconds: f64,
    /// Places of their heads in the queue.
    pub(super) first: u64,
    pub(super) last: u64,
    /// Those that take longest; kept in no order.
    pub(super) longest: Vec<Chain>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) lane: LaneId,
    pub(super) sample: PointId,
    pub(super) position: u64,
    pub(super) points: u64,
    pub(super) seconds: f64,
    /// What the open copy has taken of it already.
    pub(super) taken: f64,
    pub(super) is_open: bool,
    /// Of one copy, as a part of what was expected.
    pub(super) spread: f64,
    pub(super) error: f64,
}

/// Takes lane after lane.
#[derive(Clone, Debug)]
pub struct Backlog {
    paces: Paces,
    /// Lanes with an open copy, and for how many seconds it has been.
    under_way: HashMap<LaneId, f64>,
    loads: [Load; Pool::ALL.len()],
}

impl Backlog {
    /// Nothing yet, to be judged by what arrived lately.
    pub fn judged_by(lately: &Lately, now: Moment) -> Self {
        Self {
            paces: Paces::of(lately, now),
            under_way: lately
                .under_way
                .iter()
                .map(|open| (open.lane, open.seconds(now)))
                .collect(),
            loads: Default::default(),
        }
    }

    pub fn add(&mut self, left: &LaneLeft) {
        if left.points == 0 {
            return;
        }
        let kind = left.resource_type.as_ref();
        let size = (left.sized > 0).then(|| float(left.size_bytes) / float(left.sized));
        let firsts = u64::from(!left.begun);
        let next = self.paces.expected(kind, Extent::Next);
        let of_nexts = next.seconds(size) * float(left.points - firsts);
        let mut chain = Chain {
            lane: left.lane,
            sample: left.sample,
            position: left.position,
            points: left.points,
            seconds: of_nexts,
            taken: 0.0,
            is_open: false,
            spread: next.spread,
            error: next.error(size),
        };
        let mut error = of_nexts * next.error(size);
        if firsts > 0 {
            let first = self.paces.expected(kind, Extent::First);
            let seconds = first.seconds(size);
            chain.seconds += seconds;
            error += seconds * first.error(size);
            chain.error = error / chain.seconds.max(f64::MIN_POSITIVE);
            // A first copy that is much longer than those behind it scatters for all of them.
            let squares = (seconds * first.spread).powi(2) + (of_nexts * next.spread).powi(2) / float(left.points);
            chain.spread = squares.sqrt() * float(left.points).sqrt() / chain.seconds.max(f64::MIN_POSITIVE);
        }
        if let Some(taken) = self.under_way.get(&left.lane) {
            let of_one = chain.seconds / float(left.points);
            let one = if firsts > 0 { chain.seconds - of_nexts } else { of_one };
            // However long it has been, something is still to come: what took long so far takes longer.
            let rest = (one - taken).max(0.3 * one.max(*taken));
            chain.is_open = true;
            chain.taken = one - rest;
        }
        self.loads[Pool::of(kind) as usize].add(chain, error);
    }

    /// Seconds that the copy was expected to take, were it asked for now.
    pub(super) fn expected(&self, landed: &Landed, is_first: bool) -> f64 {
        let extent = if is_first { Extent::First } else { Extent::Next };
        let pace = self.paces.expected(landed.resource_type.as_ref(), extent);
        pace.seconds(landed.size_bytes.map(float))
    }

    /// Pools with something left.
    pub(super) fn loads(&self) -> impl Iterator<Item = (Pool, &Load)> {
        let all = Pool::ALL.into_iter().zip(&self.loads);
        all.filter(|(_, load)| load.points > 0)
    }

    pub fn points(&self) -> u64 {
        self.loads.iter().map(|load| load.points).sum()
    }
}

impl Load {
    fn add(&mut self, chain: Chain, error: f64) {
        self.points += chain.points;
        self.lanes += 1;
        self.seconds += chain.seconds;
        self.scatter += (chain.seconds * chain.spread).powi(2) / float(chain.points);
        self.error += error;
        let level = self.levels.entry(chain.points).or_insert_with(|| Level {
            first: u64::MAX,
            ..Level::default()
        });
        level.seconds += chain.seconds / float(chain.points);
        level.first = level.first.min(chain.position);
        level.last = level.last.max(chain.position);
        level.longest.push(chain);
        if level.longest.len() >= LANES_LOOKED_AT * 4 {
            level.keep_longest();
        }
    }

    /// The lanes that matter, each with the work that the pool has to do before its turn comes: lanes with more left go before it.
    pub(super) fn chains(&self) -> Vec<(f64, Chain)> {
        let mut chains = Vec::new();
        let (mut before, mut of_longer) = (0.0, 0.0);
        let mut level_above = None::<u64>;
        for (points, level) in self.levels.iter().rev() {
            // Down to this level every lane above has given one copy for each level in between.
            before += of_longer * float(level_above.map_or(0, |above| above - points));
            of_longer += level.seconds;
            level_above = Some(*points);
            let mut longest = level.longest.clone();
            longest.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
            for chain in longest.into_iter().take(LANES_LOOKED_AT) {
                let width = float(level.last.saturating_sub(level.first).max(1));
                let place = float(chain.position.saturating_sub(level.first)) / width;
                let waits = if chain.is_open {
                    0.0
                } else {
                    before + of_longer * place.clamp(0.0, 1.0)
                };
                chains.push((waits, chain));
            }
        }
        chains
    }
}

impl Level {
    fn keep_longest(&mut self) {
        self.longest.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        self.longest.truncate(LANES_LOOKED_AT);
    }
}
