//! The account of what happened, kept while it happens and never forgotten.

mod bound;
mod curve;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;

use super::job::JobState;
use super::settings::{LimitChange, Limits};
use crate::clock::Moment;
use crate::world::{Point, PointId, Pool, ResourceId, VaultId};
pub use bound::LowerBound;
pub use curve::{Curve, Step};
pub use report::{Duplicate, FleetAccount, Inversion, PoolAccount};

/// What became of one source point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PointTally {
    /// Copy jobs accepted for it.
    pub jobs: u16,
    pub completed: u16,
    pub failed: u16,
    pub partial: u16,
    /// Of the failed ones: by the failure plan.
    pub doomed: u16,
    /// Of the completed and partial ones: into a vault into which it had been copied before.
    pub duplicates: u16,
    #[serde(skip)]
    latest: u32,
}

impl PointTally {
    pub fn open(&self) -> u16 {
        self.jobs - self.completed - self.failed - self.partial
    }
}

/// What the copy jobs of one resource did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceTally {
    pub jobs: u32,
    pub open: u32,
    pub running: u32,
    /// More than one would be a fault of this simulation.
    pub most_running: u32,
    /// Jobs accepted while another one of the resource was open.
    pub overlapping: u32,
    /// Points copied after a newer one of the same resource.
    pub inversions: u32,
    /// How long its jobs ran, one after the other.
    pub ran: Duration,
    newest_landed: Option<(Moment, PointId)>,
}

#[derive(Debug)]
pub(super) struct History {
    points: HashMap<PointId, PointTally>,
    resources: HashMap<ResourceId, ResourceTally>,
    landed: HashSet<(PointId, VaultId)>,
    /// Which point came too late, and after which.
    inversions: Vec<(PointId, PointId)>,
    curves: [Curve; Pool::ALL.len()],
    ran: [Duration; Pool::ALL.len()],
    states: BTreeMap<JobState, u64>,
    refusals: BTreeMap<String, u64>,
    accepted: u64,
    replays: u64,
    delayed_backups: u64,
    first: Option<Moment>,
    last_end: Option<Moment>,
    /// For the lower bound.
    limits: Limits,
    changes: Vec<LimitChange>,
}

impl History {
    pub(super) fn new(limits: Limits, changes: Vec<LimitChange>) -> Self {
        Self {
            points: HashMap::new(),
            resources: HashMap::new(),
            landed: HashSet::new(),
            inversions: Vec::new(),
            curves: Default::default(),
            ran: Default::default(),
            states: BTreeMap::new(),
            refusals: BTreeMap::new(),
            accepted: 0,
            replays: 0,
            delayed_backups: 0,
            first: None,
            last_end: None,
            limits,
            changes,
        }
    }

    pub(super) fn refused(&mut self, code: &str) {
        if let Some(count) = self.refusals.get_mut(code) {
            *count += 1;
        } else {
            self.refusals.insert(code.to_owned(), 1);
        }
    }

    pub(super) fn replayed(&mut self) {
        self.replays += 1;
    }

    /// Answers the position of the point's job before this one.
    pub(super) fn accepted(&mut self, point: PointId, resource: ResourceId, position: u32, now: Moment) -> Option<u32> {
        self.accepted += 1;
        self.first.get_or_insert(now);
        let on_resource = self.resources.entry(resource).or_default();
        on_resource.open += 1;
        on_resource.jobs += 1;
        let of_point = self.points.entry(point).or_default();
        let before = (of_point.jobs > 0).then_some(of_point.latest);
        of_point.jobs = of_point.jobs.saturating_add(1);
        of_point.latest = position;
        before
    }

    /// The next job was asked for while others of its resource were open.
    pub(super) fn overlaps(&mut self, resource: ResourceId) {
        let on_resource = self.resources.entry(resource).or_default();
        on_resource.overlapping += u32::from(on_resource.open > 0);
    }

    pub(super) fn started(&mut self, resource: ResourceId) {
        let tally = self.resources.entry(resource).or_default();
        tally.running += 1;
        tally.most_running = tally.most_running.max(tally.running);
    }

    /// A copy exists; its job is about to be closed.
    pub(super) fn landed(&mut self, id: PointId, point: &Point, vault: VaultId) {
        if !self.landed.insert((id, vault)) {
            self.points.entry(id).or_default().duplicates += 1;
        }
        let on_resource = self.resources.entry(point.resource).or_default();
        match on_resource.newest_landed {
            Some((created, newest)) if created > point.created => {
                on_resource.inversions += 1;
                self.inversions.push((id, newest));
            }
            _ => on_resource.newest_landed = Some((point.created, id)),
        }
    }

    pub(super) fn ended(&mut self, end: &End) {
        *self.states.entry(end.state).or_default() += 1;
        self.last_end = self.last_end.max(Some(end.at));
        self.delayed_backups += u64::from(end.delayed_backups);
        let of_point = self.points.entry(end.point).or_default();
        match end.state {
            JobState::Completed => of_point.completed += 1,
            JobState::Partial => of_point.partial += 1,
            _ => {
                of_point.failed += 1;
                of_point.doomed += u16::from(end.doomed);
            }
        }
        let on_resource = self.resources.entry(end.resource).or_default();
        on_resource.open -= 1;
        if let Some((pool, span)) = end.ran {
            on_resource.running -= 1;
            on_resource.ran += span;
            self.ran[pool as usize] += span;
        }
    }

    pub(super) fn note(&mut self, pool: Pool, now: Moment, open: u32, running: u32) {
        self.curves[pool as usize].note(now, open, running);
    }

    pub(super) fn tally(&self, point: PointId) -> PointTally {
        self.points.get(&point).copied().unwrap_or_default()
    }

    pub(super) fn tallies(&self) -> impl Iterator<Item = (PointId, &PointTally)> {
        self.points.iter().map(|(point, tally)| (*point, tally))
    }

    pub(super) fn resource(&self, resource: ResourceId) -> ResourceTally {
        self.resources.get(&resource).copied().unwrap_or_default()
    }

    pub(super) fn latest_of(&self, point: PointId) -> Option<u32> {
        self.points.get(&point).map(|tally| tally.latest)
    }
}

/// How a job ended.
pub(super) struct End {
    pub(super) point: PointId,
    pub(super) resource: ResourceId,
    pub(super) state: JobState,
    pub(super) doomed: bool,
    pub(super) at: Moment,
    /// Its pool and how long it ran, if it took a slot at all.
    pub(super) ran: Option<(Pool, Duration)>,
    pub(super) delayed_backups: u32,
}
