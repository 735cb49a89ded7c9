//! The copy jobs: accepted, queued, run, ended, forgotten. A discrete-event simulation: it has no clock of its own, `now`
//! is always an argument, and everything left to chance follows from the seed.
//!
//! ```text
//!   submit ──> admission (refusals, tokens) ──> CREATED ──> queue ──> checks ──> RUNNING ──> landing (a new point)
//!   advance ─> agenda of events, in the order of time ─┘                  └──> FAILED      └──> account of what happened
//! ```

mod admission;
mod ageing;
mod backups;
mod checks;
mod composite;
mod doom;
mod durations;
mod engine;
mod fate;
mod history;
mod ids;
mod job;
mod landing;
mod permits;
mod queue;
mod settings;
mod stock;
#[cfg(test)]
mod test;
mod tokens;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashSet, VecDeque};
use std::sync::Arc;

pub use admission::{no_such_point, no_such_vault};
pub use doom::{Doom, DoomKind, FailurePlan};
pub use durations::{Durations, Spread};
pub use history::{
    Curve, Duplicate, FleetAccount, Inversion, LowerBound, PointTally, PoolAccount, ResourceTally, Step,
};
pub use job::{Accepted, Category, CopyOrder, Job, JobState, Route};
pub use settings::{
    CategorySpelling, Copies, Doubtful, FleetSettings, Latency, LimitChange, Limits, Lineage, ListOrder, Listing,
    MissingVault, NewLimit, ScheduledBackups, Surplus, TokenMismatch, TokenReplay, Tokens, Treatment,
};

use crate::clock::Moment;
use crate::world::{KeyId, PointId, ResourceId, VaultId, World};
use ageing::Ageing;
use engine::Event;
use fate::{Fate, Question};
use history::History;
use landing::Lineages;
use queue::Queue;
use stock::Stock;
use tokens::TokenMemory;

/// All copy jobs of the simulated world.
#[derive(Debug)]
pub struct Fleet {
    settings: FleetSettings,
    fate: Fate,
    /// The latest moment seen; time never runs backwards here.
    clock: Moment,
    /// Whether the world was looked at: points are due from the first moment on.
    has_looked: bool,
    /// Oldest first; the first one has position `forgotten`.
    jobs: VecDeque<Job>,
    forgotten: u32,
    open: BTreeSet<u32>,
    /// In the order in which they ended.
    ended: VecDeque<(Moment, u32)>,
    agenda: BinaryHeap<Reverse<(Moment, Event)>>,
    queue: Queue,
    routes: HashSet<Arc<Route>>,
    tokens: TokenMemory,
    lineages: Lineages,
    stock: Stock,
    ageing: Ageing,
    history: History,
    /// How many of the world's points have been taken in.
    points_seen: u32,
    copies_made: u64,
    /// The job whose checks have just passed, and its vault.
    just_passed: Option<(u32, VaultId)>,
}

impl Fleet {
    pub fn new(settings: FleetSettings) -> Self {
        let changes = settings.limit_changes.iter().zip(0..);
        let agenda = changes
            .map(|(change, index)| Reverse((change.at, Event::LimitChanges(index))))
            .collect();
        let fate = Fate::new(settings.seed);
        Self {
            fate,
            clock: Moment::from_millis(i64::MIN),
            has_looked: false,
            jobs: VecDeque::new(),
            forgotten: 0,
            open: BTreeSet::new(),
            ended: VecDeque::new(),
            agenda,
            queue: Queue::new(settings.limits),
            routes: HashSet::new(),
            tokens: TokenMemory::default(),
            lineages: Lineages::default(),
            stock: Stock::default(),
            ageing: Ageing::new(fate, settings.expiry_spread),
            history: History::new(settings.limits, settings.limit_changes.clone()),
            points_seen: 0,
            copies_made: 0,
            just_passed: None,
            settings,
        }
    }

    pub fn settings(&self) -> &FleetSettings {
        &self.settings
    }

    /// None for ids that never were and for jobs forgotten.
    pub fn job(&self, id: &str) -> Option<&Job> {
        ids::serials_of(id).find_map(|serial| {
            let position = u32::try_from(self.fate.about(Question::JobId, serial)).ok()?;
            self.remembered(position)
                .filter(|job| job.id().eq_ignore_ascii_case(id))
        })
    }

    /// Every remembered job from `position` on, oldest first; positions never change.
    pub fn jobs_from(&self, position: usize) -> impl DoubleEndedIterator<Item = (usize, &Job)> {
        let skipped = position.saturating_sub(self.forgotten as usize).min(self.jobs.len());
        let first = self.forgotten as usize + skipped;
        self.jobs
            .range(skipped..)
            .enumerate()
            .map(move |(at, job)| (first + at, job))
            .filter(|(_, job)| !job.forgotten)
    }

    /// Every remembered job before `position`, newest first.
    pub fn jobs_before(&self, position: usize) -> impl Iterator<Item = (usize, &Job)> {
        self.jobs_from(0).rev().skip_while(move |(at, _)| *at >= position)
    }

    /// CREATED and RUNNING ones, oldest first.
    pub fn open_jobs(&self) -> impl DoubleEndedIterator<Item = (usize, &Job)> {
        self.open
            .iter()
            .filter_map(|position| Some((*position as usize, self.remembered(*position)?)))
    }

    /// Remembered jobs that ended at `since` or later, in the order of their ends.
    pub fn jobs_ended_since(&self, since: Moment) -> impl Iterator<Item = (usize, &Job)> {
        let first = self.ended.partition_point(|(at, _)| *at < since);
        self.ended
            .range(first..)
            .filter_map(|(_, position)| Some((*position as usize, self.remembered(*position)?)))
    }

    /// Remembered jobs that copy this point, newest first.
    pub fn jobs_of_point(&self, point: PointId) -> impl Iterator<Item = (usize, &Job)> {
        let mut next = self.history.latest_of(point);
        std::iter::from_fn(move || {
            loop {
                let position = next?;
                let job = self.stored(position)?;
                next = job.earlier_of_point;
                if !job.forgotten {
                    return Some((position as usize, job));
                }
            }
        })
    }

    /// The jobs that a composite's job was split into.
    pub fn children(&self, job: &Job) -> impl Iterator<Item = &Job> {
        (job.first_child..job.first_child + job.child_count).filter_map(|position| self.remembered(position))
    }

    pub fn parent(&self, job: &Job) -> Option<&Job> {
        self.remembered(job.parent?)
    }

    /// None where the job has been forgotten, and beyond the newest.
    pub fn job_at_position(&self, position: usize) -> Option<&Job> {
        self.remembered(u32::try_from(position).ok()?)
    }

    /// Where the job stands in `jobs_from`.
    pub fn position(&self, job: &Job) -> usize {
        let position = self.fate.about(Question::JobId, job.serial);
        usize::try_from(position).expect("serials are made from positions")
    }

    /// Whether listings already show the job: they may lag behind.
    pub fn is_listed(&self, job: &Job, now: Moment) -> bool {
        now >= job.created + self.settings.listing.lag
    }

    /// Whether `account` may see the job at all.
    pub fn is_visible_to(&self, world: &World, job: &Job, account: &str) -> bool {
        job.route.account == account
            || self.settings.listing.destination_sees_jobs
                && job
                    .destination_vault
                    .is_some_and(|vault| world.vault(vault).account == account)
    }

    /// The state to show: now and then one that no client has heard of.
    pub fn shown_state(&self, job: &Job, now: Moment) -> &'static str {
        let glance = job.serial ^ u64::try_from(now.secs()).unwrap_or_default();
        if job.is_open()
            && self
                .fate
                .happens(self.settings.listing.odd_states, Question::OddState, glance)
        {
            return match (job.state, job.doomed) {
                (JobState::Created, _) => "PREPARING",
                (_, true) => "FAILING",
                (_, false) => "COMPLETING",
            };
        }
        job.state.wire_name()
    }

    /// `MessageCategory` as this world spells it.
    pub fn shown_category(&self, job: &Job) -> Option<&'static str> {
        let listing = &self.settings.listing;
        let unnamed = (job.state == JobState::Completed && listing.names_success).then_some(Category::Success);
        Some(job.category.or(unnamed)?.wire_name(listing.categories))
    }

    /// What the failure plan has in store for this point.
    pub fn will_fail(&self, world: &World, point: PointId) -> Option<Doom> {
        let point = world.point(point);
        self.settings
            .failures
            .doom(self.fate, point.serial, point.resource_type)
    }

    /// What became of one source point so far.
    pub fn tally(&self, point: PointId) -> PointTally {
        self.history.tally(point)
    }

    /// The same for every point that had a job, in no order.
    pub fn tallies(&self) -> impl Iterator<Item = (PointId, &PointTally)> {
        self.history.tallies()
    }

    pub fn resource_tally(&self, resource: ResourceId) -> ResourceTally {
        self.history.resource(resource)
    }

    /// How many grants copies have left on a key.
    pub fn grants_on(&self, key: KeyId) -> u32 {
        self.stock.grants(key)
    }

    /// What happened so far. It looks at every point that had a job, so it is not for each call.
    pub fn account(&self, world: &World) -> FleetAccount {
        self.history.report(world)
    }

    fn stored(&self, position: u32) -> Option<&Job> {
        self.jobs.get(position.checked_sub(self.forgotten)? as usize)
    }

    fn remembered(&self, position: u32) -> Option<&Job> {
        self.stored(position).filter(|job| !job.forgotten)
    }

    /// A job that is still open, or just about to end.
    fn job_at(&self, position: u32) -> &Job {
        self.stored(position).expect("open jobs are never forgotten")
    }

    fn job_at_mut(&mut self, position: u32) -> &mut Job {
        let index = position
            .checked_sub(self.forgotten)
            .expect("open jobs are never forgotten");
        self.jobs
            .get_mut(index as usize)
            .expect("open jobs are never forgotten")
    }
}
