//! How fast the jobs that were run could have been run at best.
//!
//! No schedule beats either of these, counted from the first acceptance:
//!
//! - a resource's jobs run one after the other, so the longest chain of durations is a floor;
//! - a pool's jobs need their summed durations in slot-time, and the pool gives at most its limit of slots at each moment;
//!   the same holds for the account's limit and all pools together.
//!
//! Limits change at given moments whoever is running. A limit that falls does not stop jobs that are running, so for a
//! floor that holds in any case a fallen limit counts as not fallen: at each moment the highest value so far is taken.
//! Start latencies are left out, as they overlap with the jobs before, and so are durations that another order would have
//! made shorter (incremental copies instead of full ones): the floor is for the jobs as they were.

use std::time::Duration;

use serde::Serialize;

use super::super::settings::{LimitChange, Limits, NewLimit, seconds};
use super::History;
use crate::clock::Moment;
use crate::world::{Pool, ResourceId};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LowerBound {
    /// The largest of the floors below, in seconds like all spans here.
    #[serde(with = "seconds")]
    pub makespan: Duration,
    #[serde(with = "seconds")]
    pub longest_chain: Duration,
    #[serde(skip)]
    pub longest_chain_resource: Option<ResourceId>,
    pub pools: Vec<PoolFloor>,
    /// All pools together under the account's limit.
    #[serde(with = "seconds")]
    pub account: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PoolFloor {
    pub pool: Pool,
    /// Slot-time that its jobs took.
    #[serde(with = "seconds")]
    pub ran: Duration,
    #[serde(with = "seconds")]
    pub floor: Duration,
}

impl History {
    pub(super) fn lower_bound(&self) -> LowerBound {
        let start = self.first.unwrap_or_default();
        let longest = self
            .resources
            .iter()
            .max_by_key(|(id, tally)| (tally.ran, std::cmp::Reverse(id.0)));
        let longest_chain = longest.map_or(Duration::ZERO, |(_, tally)| tally.ran);
        let pools: Vec<PoolFloor> = Pool::ALL
            .into_iter()
            .map(|pool| {
                let ran = self.ran[pool as usize];
                let floor = floor(
                    ran,
                    start,
                    &rising(start, &self.limits, &self.changes, |limits| Some(limits.of(pool))),
                );
                PoolFloor { pool, ran, floor }
            })
            .collect();
        let all = self.ran.iter().sum();
        let account = floor(
            all,
            start,
            &rising(start, &self.limits, &self.changes, |limits| limits.account),
        );
        let makespan = pools
            .iter()
            .map(|pool| pool.floor)
            .chain([longest_chain, account])
            .max()
            .unwrap_or_default();
        let longest_chain_resource = longest.map(|(id, _)| *id);
        LowerBound {
            makespan,
            longest_chain,
            longest_chain_resource,
            pools,
            account,
        }
    }
}

/// From when on which limit counts; None: no limit.
fn rising(
    start: Moment,
    limits: &Limits,
    changes: &[LimitChange],
    which: impl Fn(&Limits) -> Option<u32>,
) -> Vec<(Moment, Option<u32>)> {
    let mut changes = changes.to_vec();
    changes.sort_by_key(|change| change.at);
    let mut limits = *limits;
    let mut highest = which(&limits);
    let mut course = vec![(start, highest)];
    for change in changes {
        match change.to {
            NewLimit::Pool(pool, limit) => *limits.of_mut(pool) = limit,
            NewLimit::Account(limit) => limits.account = limit,
        }
        let now = which(&limits);
        // What held before the first job was accepted let no job run.
        highest = if change.at <= start {
            now
        } else {
            highest.zip(now).map(|(highest, now)| highest.max(now))
        };
        course.push((change.at.max(start), highest));
    }
    course
}

/// When the slots given out since `start` add up to `work` at the earliest.
fn floor(work: Duration, start: Moment, course: &[(Moment, Option<u32>)]) -> Duration {
    if work.is_zero() {
        return work;
    }
    let mut left = work;
    for (index, (from, limit)) in course.iter().enumerate() {
        let Some(limit) = limit else { return from.since(start) };
        let until = course.get(index + 1).map(|(until, _)| *until);
        let needed = (*limit > 0).then(|| left / *limit);
        match (needed, until) {
            (Some(needed), Some(until)) if until.since(*from) < needed => left -= until.since(*from) * *limit,
            (Some(needed), _) => return from.since(start) + needed,
            (None, Some(_)) => {}
            // Slots that never come: no job ran for them either.
            (None, None) => return from.since(start),
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn course(changes: &[(i64, u32)]) -> Vec<(Moment, Option<u32>)> {
        let changes: Vec<LimitChange> = changes
            .iter()
            .map(|(at, limit)| LimitChange {
                at: Moment::from_secs(at * 3600),
                to: NewLimit::Pool(Pool::Fsx, *limit),
            })
            .collect();
        rising(Moment::from_secs(0), &Limits::default(), &changes, |limits| {
            Some(limits.fsx)
        })
    }

    #[test]
    fn work_is_shared_by_the_slots() {
        assert_eq!(floor(HOUR * 20, Moment::default(), &course(&[])), HOUR * 4);
        assert_eq!(floor(Duration::ZERO, Moment::default(), &course(&[])), Duration::ZERO);
    }

    #[test]
    fn a_raised_limit_counts_from_its_moment_on() {
        // Two hours at 5 leave 10 of 20, which 10 slots do in one.
        assert_eq!(floor(HOUR * 20, Moment::default(), &course(&[(2, 10)])), HOUR * 3);
        // Nothing for an hour, then as usual.
        assert_eq!(
            floor(HOUR * 20, Moment::default(), &course(&[(-1, 0), (1, 5)])),
            HOUR * 5
        );
    }

    #[test]
    fn a_lowered_limit_counts_as_not_lowered() {
        assert_eq!(floor(HOUR * 20, Moment::default(), &course(&[(1, 1)])), HOUR * 4);
        assert_eq!(floor(HOUR * 20, Moment::default(), &course(&[(-1, 1)])), HOUR * 20);
    }
}
