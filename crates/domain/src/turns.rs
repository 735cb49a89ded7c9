//! Who goes first, and how long everything takes at least.
//!
//! A resource's points go oldest first and one at a time: they are a *lane*. Lanes whose points would expire or go cold before
//! their turn go before the others, then those with the most left to do, because the longest lane bounds the end.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::pool::Pool;

/// A point that is to be copied, as small as it can be: there may be a million of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The caller's name for it.
    pub number: u32,
    pub lane: u32,
    pub pool: Pool,
    /// How long its copy will probably take.
    pub seconds: f32,
    /// In milliseconds; what has no date goes last in its lane.
    pub created: i64,
    /// When it can be copied no more, in milliseconds; `NEVER` if that is not known to come.
    pub deadline: i64,
}

pub const NEVER: i64 = i64::MAX;

/// What calls and slots are to be had.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// How many copies of a pool run at once.
    pub slots: fn(Pool) -> u32,
    pub submissions_per_second: f64,
    /// In milliseconds.
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Turns {
    /// The entries' numbers, first to last.
    pub order: Vec<u32>,
    /// Of those, the ones whose deadline comes before they have probably been copied.
    pub late: Vec<u32>,
    pub bound: LowerBound,
}

/// No run can be shorter than the longest of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LowerBound {
    pub submissions: u64,
    pub submission_seconds: f64,
    pub pools: Vec<PoolLoad>,
    pub longest_chain: Option<Chain>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolLoad {
    pub pool: Pool,
    pub points: u64,
    /// Of all its copies, one after the other.
    pub work_seconds: f64,
    pub slots: u32,
}

/// The lane that takes longest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chain {
    pub lane: u32,
    pub points: u64,
    pub seconds: f64,
}

impl PoolLoad {
    pub fn seconds(&self) -> f64 {
        self.work_seconds / f64::from(self.slots.max(1))
    }
}

impl LowerBound {
    pub fn seconds(&self) -> f64 {
        let pools = self.pools.iter().map(PoolLoad::seconds).fold(0.0, f64::max);
        let chain = self.longest_chain.map_or(0.0, |chain| chain.seconds);
        self.submission_seconds.max(pools).max(chain)
    }
}

/// What decides among lanes, of one point: smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Claim {
    /// The earliest deadline of this point and those behind it in its lane, if it is in danger; else `NEVER`.
    deadline: i64,
    /// What is left of the lane, this point included.
    left: f32,
}

impl Claim {
    fn order(&self, other: &Self) -> Ordering {
        self.deadline
            .cmp(&other.deadline)
            .then(other.left.total_cmp(&self.left))
    }
}

/// Puts the entries in order.
pub fn arrange(mut entries: Vec<Entry>, means: &Means) -> Turns {
    entries.sort_unstable_by_key(|entry| (entry.lane, entry.created, entry.number));
    let bound = lower_bound(&entries, means);
    // What is due later than this is in no danger, whatever its turn.
    let horizon = means.now.saturating_add(millis(bound.seconds() * 1.25));
    let claims = claims(&entries, horizon);
    let mut order: Vec<u32> = (0..u32::try_from(entries.len()).expect("ledgers number points by u32")).collect();
    order.sort_unstable_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        // Equal claims of one lane, and of lanes that look the same: as they stand, which is oldest first.
        claims[a].order(&claims[b]).then(a.cmp(&b))
    });
    drop(claims);
    let late = late(&entries, &order, means);
    for place in &mut order {
        *place = entries[*place as usize].number;
    }
    Turns { order, late, bound }
}

fn lower_bound(entries: &[Entry], means: &Means) -> LowerBound {
    let submissions = entries.len() as u64;
    let mut pools: Vec<PoolLoad> = Vec::new();
    for pool in Pool::ALL {
        let mut load = PoolLoad {
            pool,
            points: 0,
            work_seconds: 0.0,
            slots: (means.slots)(pool),
        };
        for entry in entries.iter().filter(|entry| entry.pool == pool) {
            load.points += 1;
            load.work_seconds += f64::from(entry.seconds);
        }
        if load.points > 0 {
            pools.push(load);
        }
    }
    let longest_chain = entries
        .chunk_by(|a, b| a.lane == b.lane)
        .map(|lane| Chain {
            lane: lane[0].lane,
            points: lane.len() as u64,
            seconds: lane.iter().map(|entry| f64::from(entry.seconds)).sum(),
        })
        .max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    #[expect(clippy::cast_precision_loss, reason = "counts of points are far below 2^52")]
    let submission_seconds = submissions as f64 / means.submissions_per_second;
    LowerBound {
        submissions,
        submission_seconds,
        pools,
        longest_chain,
    }
}

fn claims(entries: &[Entry], horizon: i64) -> Vec<Claim> {
    let mut claims = vec![
        Claim {
            deadline: NEVER,
            left: 0.0
        };
        entries.len()
    ];
    let mut end = entries.len();
    for lane in entries.chunk_by(|a, b| a.lane == b.lane).rev() {
        let start = end - lane.len();
        let mut behind = Claim {
            deadline: NEVER,
            left: 0.0,
        };
        for (claim, entry) in claims[start..end].iter_mut().zip(lane).rev() {
            let own = if entry.deadline <= horizon {
                entry.deadline
            } else {
                NEVER
            };
            behind = Claim {
                deadline: own.min(behind.deadline),
                left: behind.left + entry.seconds,
            };
            *claim = behind;
        }
        end = start;
    }
    claims
}

/// Plays the order through: which entries would not be copied before their deadlines?
fn late(entries: &[Entry], order: &[u32], means: &Means) -> Vec<u32> {
    if entries.iter().all(|entry| entry.deadline == NEVER) {
        return Vec::new();
    }
    let lanes = entries.last().map_or(0, |last| last.lane as usize + 1);
    let mut lane_free = vec![0.0_f32; lanes];
    let mut late = Vec::new();
    for pool in Pool::ALL {
        // Seconds from now when each slot is free, the earliest on top. Bits of positive floats order as the floats do.
        let slots = (means.slots)(pool).max(1);
        let mut free: BinaryHeap<Reverse<u32>> = (0..slots).map(|_| Reverse(0.0_f32.to_bits())).collect();
        for place in order {
            let entry = &entries[*place as usize];
            if entry.pool != pool {
                continue;
            }
            let Reverse(slot) = free.pop().expect("one is put back for each that is taken");
            let free_again = &mut lane_free[entry.lane as usize];
            // A slot does not wait for a lane: another lane's copy would run in it meanwhile.
            let start = f32::from_bits(slot).max(*free_again);
            let end = start + entry.seconds;
            *free_again = end;
            free.push(Reverse((f32::from_bits(slot) + entry.seconds).to_bits()));
            let copied = means.now.saturating_add(millis(f64::from(end)));
            if entry.deadline < copied {
                late.push(entry.number);
            }
        }
    }
    late
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "floats saturate, and ages end before milliseconds do"
)]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MEANS: Means = Means {
        slots: |_| 2,
        submissions_per_second: 5.0,
        now: 0,
    };

    fn entry(number: u32, lane: u32, created: i64) -> Entry {
        Entry {
            number,
            lane,
            pool: Pool::Fsx,
            seconds: 10.0,
            created,
            deadline: NEVER,
        }
    }

    #[test]
    fn the_longest_remaining_lane_goes_first_and_lanes_take_turns() {
        let entries = vec![
            entry(1, 0, 1),
            entry(2, 0, 2),
            entry(3, 0, 3),
            entry(4, 1, 1),
            entry(5, 1, 2),
            entry(6, 2, 1),
        ];
        assert_eq!(arrange(entries, &MEANS).order, [1, 2, 4, 3, 5, 6]);
    }

    #[test]
    fn a_lane_in_danger_goes_before_a_longer_one() {
        let mut endangered = entry(9, 1, 2);
        endangered.deadline = 12_000;
        let entries = vec![
            entry(1, 0, 1),
            entry(2, 0, 2),
            entry(3, 0, 3),
            entry(8, 1, 1),
            endangered,
        ];
        let turns = arrange(entries, &MEANS);
        assert_eq!(turns.order[..2], [8, 9], "its older neighbour goes first");
        assert_eq!(turns.late, [9], "two copies of ten seconds end after twelve");
    }

    #[test]
    fn the_bound_is_the_longest_of_calls_slots_and_chain() {
        let entries: Vec<Entry> = (0..30).map(|n| entry(n, n / 10, i64::from(n))).collect();
        let bound = arrange(entries, &MEANS).bound;
        assert!((bound.submission_seconds - 6.0).abs() < 1e-9);
        assert!((bound.pools[0].seconds() - 150.0).abs() < 1e-9);
        assert_eq!(bound.longest_chain.map(|chain| chain.points), Some(10));
        assert!((bound.seconds() - 150.0).abs() < 1e-9);
        assert!(arrange(Vec::new(), &MEANS).bound.seconds().abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn every_entry_has_one_turn_and_no_lane_overtakes_itself(
            points in proptest::collection::vec((0..6_u32, 0..50_i64, proptest::option::of(0..2_000_000_i64), 1..100_u8), 0..60)
        ) {
            let entries: Vec<Entry> = (0..).zip(&points).map(|(number, (lane, created, deadline, seconds))| Entry {
                deadline: deadline.unwrap_or(NEVER),
                seconds: f32::from(*seconds),
                pool: if lane % 2 == 0 { Pool::Fsx } else { Pool::FullyManaged },
                ..entry(number, *lane, *created)
            }).collect();
            let turns = arrange(entries.clone(), &MEANS);
            let mut seen = turns.order.clone();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..).take(points.len()).collect::<Vec<u32>>());
            for lane in 0..6 {
                let dates: Vec<i64> = turns.order.iter().map(|&number| &entries[number as usize])
                    .filter(|entry| entry.lane == lane).map(|entry| entry.created).collect();
                prop_assert!(dates.is_sorted(), "{:?}", dates);
            }
            prop_assert!(turns.late.iter().all(|&number| entries[number as usize].deadline != NEVER));
        }
    }
}
