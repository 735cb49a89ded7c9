//! Who runs next: one job per resource in the order of acceptance, then the pools' slots, then the account's.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::settings::{Limits, NewLimit};
use crate::world::{Pool, ResourceId};

/// Positions of jobs stand for the jobs; the smaller one was accepted earlier.
#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    pools: [Slots; Pool::ALL.len()],
    /// Open jobs of a resource in the order of acceptance; only the first may run.
    lanes: HashMap<ResourceId, VecDeque<u32>>,
    /// Candidates that need no slot.
    slotless: VecDeque<u32>,
}

#[derive(Debug, Default)]
struct Slots {
    running: u32,
    open: u32,
    /// First of their lane and ready; some may have failed since.
    candidates: BinaryHeap<Reverse<u32>>,
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            pools: Default::default(),
            lanes: HashMap::new(),
            slotless: VecDeque::new(),
        }
    }

    pub(super) fn change(&mut self, to: NewLimit) {
        match to {
            NewLimit::Pool(pool, limit) => *self.limits.of_mut(pool) = limit,
            NewLimit::Account(limit) => self.limits.account = limit,
        }
    }

    pub(super) fn opened(&mut self, pool: Pool) {
        self.pools[pool as usize].open += 1;
    }

    pub(super) fn closed(&mut self, pool: Pool) {
        self.pools[pool as usize].open -= 1;
    }

    pub(super) fn started(&mut self, pool: Pool) {
        self.pools[pool as usize].running += 1;
    }

    pub(super) fn stopped(&mut self, pool: Pool) {
        self.pools[pool as usize].running -= 1;
    }

    /// Open and running jobs of a pool.
    pub(super) fn counts(&self, pool: Pool) -> (u32, u32) {
        (self.pools[pool as usize].open, self.pools[pool as usize].running)
    }

    fn all_open(&self) -> u32 {
        self.pools.iter().map(|slots| slots.open).sum()
    }

    fn all_running(&self) -> u32 {
        self.pools.iter().map(|slots| slots.running).sum()
    }

    /// Whether so many jobs are open that one more would wait behind more than `waiting` others.
    pub(super) fn is_beyond(&self, pool: Pool, waiting: u32) -> bool {
        let beyond = |open: u32, limit: u32| open >= limit.saturating_add(waiting);
        beyond(self.pools[pool as usize].open, self.limits.of(pool))
            || self.limits.account.is_some_and(|limit| beyond(self.all_open(), limit))
    }

    pub(super) fn join(&mut self, resource: ResourceId, position: u32) {
        self.lanes.entry(resource).or_default().push_back(position);
    }

    pub(super) fn is_busy(&self, resource: ResourceId) -> bool {
        self.lanes.contains_key(&resource)
    }

    pub(super) fn first_of(&self, resource: ResourceId) -> Option<u32> {
        self.lanes.get(&resource).and_then(|lane| lane.front().copied())
    }

    /// Takes a job out of its lane and says whether another one is first there now.
    pub(super) fn leave(&mut self, resource: ResourceId, position: u32) -> bool {
        let Some(lane) = self.lanes.get_mut(&resource) else {
            return false;
        };
        let was_first = lane.front() == Some(&position);
        if was_first {
            lane.pop_front();
        } else {
            lane.retain(|other| *other != position);
        }
        if lane.is_empty() {
            self.lanes.remove(&resource);
        }
        was_first
    }

    /// The first of a lane is ready; without a pool it needs no slot.
    pub(super) fn offer(&mut self, pool: Option<Pool>, position: u32) {
        match pool {
            Some(pool) => self.pools[pool as usize].candidates.push(Reverse(position)),
            None => self.slotless.push_back(position),
        }
    }

    /// A candidate for which there is no slot.
    pub(super) fn next_surplus(&mut self) -> Option<u32> {
        self.pools
            .iter_mut()
            .find_map(|slots| slots.candidates.pop())
            .map(|Reverse(position)| position)
    }

    /// The earliest candidate of all pools with a free slot.
    pub(super) fn next(&mut self) -> Option<u32> {
        if let Some(position) = self.slotless.pop_front() {
            return Some(position);
        }
        if self.limits.account.is_some_and(|limit| self.all_running() >= limit) {
            return None;
        }
        let free = |pool: &Pool| self.pools[*pool as usize].running < self.limits.of(*pool);
        let head = |pool: &Pool| {
            self.pools[*pool as usize]
                .candidates
                .peek()
                .map(|Reverse(position)| *position)
        };
        let (_, pool) = Pool::ALL
            .iter()
            .filter(|pool| free(pool))
            .filter_map(|pool| Some((head(pool)?, *pool)))
            .min()?;
        self.pools[pool as usize]
            .candidates
            .pop()
            .map(|Reverse(position)| position)
    }
}
