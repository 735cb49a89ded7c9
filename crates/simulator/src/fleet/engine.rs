//! Events in the order of time: jobs become ready, start, end and are forgotten, limits change, points age.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use super::Fleet;
use super::checks::Checks;
use super::fate::Question;
use super::history::End;
use super::job::{Category, CopyOrder, Failure, Job, JobState, Route};
use super::settings::Surplus;
use crate::clock::Moment;
use crate::world::{Lifecycle, PointId, PointKind, Pool, ResourceId, VaultId, World};

/// What happens at one moment happens in this order: slots are freed before anybody asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// An index into the settings' changes.
    LimitChanges(u32),
    JobEnds(u32),
    BackupEnds(ResourceId),
    JobReady(u32),
}

impl Fleet {
    /// When `advance` has something to do next.
    pub fn next_event(&self) -> Option<Moment> {
        if !self.has_looked {
            return Some(self.clock); // nobody knows yet which points are due
        }
        let planned = self.agenda.peek().map(|Reverse((at, _))| *at);
        let forgetting = self.ended.front().map(|(at, _)| *at + self.settings.history);
        [planned, forgetting, self.ageing.next()].into_iter().flatten().min()
    }

    /// Lets everything happen that is due until `now`, each thing at its own time.
    pub fn advance(&mut self, world: &mut World, now: Moment) {
        let now = now.max(self.clock);
        self.has_looked = true;
        loop {
            self.take_in(world);
            let planned = self.agenda.peek().map(|Reverse((at, _))| *at).filter(|at| *at <= now);
            let ageing = self.ageing.next().filter(|at| *at <= now);
            match (planned, ageing) {
                (None, None) => break,
                (planned, Some(at)) if planned.is_none_or(|planned| at < planned) => {
                    self.clock = self.clock.max(at);
                    if let Some(gone) = self.ageing.happen(world) {
                        self.stock.goes(world.point(gone));
                    }
                }
                (planned, _) => {
                    self.clock = self.clock.max(planned.unwrap_or(now));
                    if let Some(Reverse((_, event))) = self.agenda.pop() {
                        self.happen(world, event);
                    }
                }
            }
        }
        self.clock = now;
        self.forget();
    }

    /// Looks at points that were not there the last time.
    fn take_in(&mut self, world: &World) {
        for (point, id) in world
            .points()
            .iter()
            .skip(self.points_seen as usize)
            .zip(self.points_seen..)
        {
            self.stock.arrives(PointId(id), point);
            self.ageing.arrives(PointId(id), point);
            self.points_seen = id + 1;
        }
    }

    pub(super) fn accept(&mut self, world: &World, order: CopyOrder) -> u32 {
        let point = world.point(order.point);
        let inherited = point.lifecycle;
        let lifecycle = order.lifecycle.map_or(inherited, |explicit| Lifecycle {
            // "Always" does not outlive the source's own expiry.
            delete_after_days: explicit.delete_after_days.or(inherited.delete_after_days),
            ..explicit
        });
        let route = self.route(
            order.account,
            order.source_vault,
            order.destination_vault_arn,
            order.role_arn,
        );
        self.create(world, route, order.point, lifecycle, None)
    }

    pub(super) fn create(
        &mut self,
        world: &World,
        route: Arc<Route>,
        source: PointId,
        lifecycle: Lifecycle,
        parent: Option<u32>,
    ) -> u32 {
        let position = self.forgotten + u32::try_from(self.jobs.len()).expect("fewer than 2^32 jobs");
        let point = world.point(source);
        let is_parent = point.kind == PointKind::Composite;
        // A part that is a backup of the composite's own resource could never start while the whole holds the lane.
        let in_lane = !is_parent
            || self
                .stock
                .parts(source)
                .iter()
                .all(|part| world.point(*part).resource != point.resource);
        let serial = self.fate.bits(Question::JobId, u64::from(position));
        let latest = self.history.accepted(source, point.resource, position, self.clock);
        let job = Job {
            serial,
            source_point: source,
            resource: point.resource,
            resource_type: point.resource_type,
            state: JobState::Created,
            category: None,
            message: None,
            destination_vault: world.vault_with_arn(&route.destination_vault_arn),
            destination_point: None,
            route,
            lifecycle,
            created: self.clock,
            started: None,
            completed: None,
            size_bytes: point.size_bytes,
            incremental: false,
            is_parent,
            parent,
            first_child: 0,
            child_count: 0,
            earlier_of_point: latest,
            ready: false,
            in_lane,
            doomed: false,
            left_out: false,
            forgotten: false,
        };
        if in_lane {
            self.queue.join(point.resource, position);
        }
        if let Some(pool) = job.pool() {
            self.queue.opened(pool);
            self.note(pool);
        }
        self.jobs.push_back(job);
        self.open.insert(position);
        self.agenda
            .push(Reverse((self.clock + self.latency(serial), Event::JobReady(position))));
        position
    }

    fn latency(&self, serial: u64) -> Duration {
        let start = &self.settings.start;
        let random = start
            .longest
            .saturating_sub(start.shortest)
            .mul_f64(self.fate.unit(Question::Latency, serial));
        let late = self.fate.happens(start.late_share, Question::Late, serial);
        start.shortest + random + if late { start.late_by } else { Duration::ZERO }
    }

    fn route(&mut self, account: String, source_vault: VaultId, vault: String, role: String) -> Arc<Route> {
        let route = Route {
            account,
            source_vault,
            destination_vault_arn: vault,
            role_arn: role,
        };
        if let Some(known) = self.routes.get(&route) {
            return Arc::clone(known);
        }
        let route = Arc::new(route);
        self.routes.insert(Arc::clone(&route));
        route
    }

    fn happen(&mut self, world: &mut World, event: Event) {
        match event {
            Event::LimitChanges(index) => self.queue.change(self.settings.limit_changes[index as usize].to),
            Event::JobReady(position) => self.ready(world, position),
            Event::BackupEnds(resource) => self.offer_first(resource),
            Event::JobEnds(position) => self.end(world, position),
        }
        // Limits that change together count together.
        let more_changes =
            matches!(self.agenda.peek(), Some(Reverse((at, Event::LimitChanges(_)))) if *at <= self.clock);
        if !more_changes {
            self.fill(world);
        }
        self.just_passed = None;
    }

    /// Gives free slots away, and turns away who finds none, if that is the custom.
    fn fill(&mut self, world: &mut World) {
        loop {
            while let Some(position) = self.queue.next() {
                self.begin(world, position);
            }
            let surplus = (self.settings.over_limit == Surplus::FailsLater)
                .then(|| self.queue.next_surplus())
                .flatten();
            let Some(position) = surplus else { return };
            if self.job_at(position).state == JobState::Created {
                let message = "The limit of concurrent copy jobs of this subscriber has been exceeded.";
                self.fail(position, Failure::new(Category::LimitExceeded, message));
            }
        }
    }

    fn ready(&mut self, world: &mut World, position: u32) {
        self.job_at_mut(position).ready = true;
        let job = self.job_at(position);
        let (resource, in_lane) = (job.resource, job.in_lane);
        if in_lane && self.queue.first_of(resource) != Some(position) {
            // Its turn, and its checks with it, come when the jobs before it have ended.
            if self.settings.same_resource == Surplus::FailsLater {
                self.fail_for_another_job(position);
            }
            return;
        }
        match self.checks(world).pass(job) {
            Ok(vault) => self.just_passed = Some((position, vault)),
            Err(failure) => return self.fail(position, failure),
        }
        if in_lane {
            self.offer_first(resource);
        } else {
            self.begin(world, position);
        }
    }

    fn checks<'a>(&'a self, world: &'a World) -> Checks<'a> {
        Checks {
            world,
            settings: &self.settings,
            stock: &self.stock,
        }
    }

    fn offer_first(&mut self, resource: ResourceId) {
        let Some(position) = self.queue.first_of(resource) else {
            return;
        };
        let job = self.job_at(position);
        if job.ready && job.state == JobState::Created {
            let pool = job.pool();
            self.queue.offer(pool, position);
        }
    }

    /// A slot is free for this job: everything is checked once more, since much can have changed while it waited.
    fn begin(&mut self, world: &mut World, position: u32) {
        let job = self.job_at(position);
        if job.state != JobState::Created {
            return;
        }
        if let Some(end) = self.backup_under_way(job.resource).filter(|_| !job.is_parent) {
            let resource = job.resource;
            if self.settings.same_resource == Surplus::FailsLater {
                self.fail_for_another_job(position);
            } else {
                self.agenda.push(Reverse((end, Event::BackupEnds(resource))));
            }
            return;
        }
        // What was checked at this very moment, when the job became ready, need not be checked again.
        let passed = self.just_passed.take().filter(|(checked, _)| *checked == position);
        match passed.map_or_else(
            || self.checks(world).pass(self.job_at(position)),
            |(_, vault)| Ok(vault),
        ) {
            Err(failure) => self.fail(position, failure),
            Ok(vault) => {
                let now = self.clock;
                let job = self.job_at_mut(position);
                job.state = JobState::Running;
                job.started = Some(now);
                job.destination_vault = Some(vault);
                match job.pool() {
                    Some(_) => self.run(world, position, vault),
                    None => self.split(world, position),
                }
            }
        }
    }

    fn run(&mut self, world: &World, position: u32, vault: VaultId) {
        let job = self.job_at(position);
        let (id, resource, pool) = (job.source_point, job.resource, job.resource_type.pool());
        let point = world.point(id);
        let incremental = self
            .lineages
            .is_incremental(world, self.settings.copies.lineage, point, vault);
        let mut span = self
            .settings
            .durations
            .of(self.fate, point.serial, point.size_bytes, incremental);
        let doomed = self.is_doomed(world, id);
        if doomed {
            span = span.mul_f64(self.fate.unit(Question::DoomPart, point.serial));
            span = Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or_default());
        }
        let job = self.job_at_mut(position);
        job.incremental = incremental;
        job.doomed = doomed;
        self.queue.started(pool);
        self.history.started(resource);
        self.note(pool);
        self.agenda.push(Reverse((self.clock + span, Event::JobEnds(position))));
    }

    pub(super) fn is_doomed(&self, world: &World, point: PointId) -> bool {
        let failed = self.history.tally(point).doomed;
        self.will_fail(world, point)
            .is_some_and(|doom| doom.attempts.is_none_or(|attempts| u32::from(failed) < attempts))
    }

    fn end(&mut self, world: &mut World, position: u32) {
        let job = self.job_at(position);
        if !job.is_open() {
            return;
        }
        if job.is_parent {
            return self.end_parent(world, position);
        }
        let doom = job.doomed.then(|| self.will_fail(world, job.source_point)).flatten();
        let outcome = match doom {
            Some(doom) => Err(doom.kind.failure()),
            None => self.land(world, position),
        };
        match outcome {
            Ok(copy) => {
                self.job_at_mut(position).destination_point = Some(copy);
                let job = self.job_at(position);
                self.history
                    .landed(job.source_point, world.point(job.source_point), world.point(copy).vault);
                self.close(position, JobState::Completed);
            }
            Err(failure) => self.fail(position, failure),
        }
    }

    fn fail_for_another_job(&mut self, position: u32) {
        let message = "There are too many copy jobs for this resource. Another job is running for it.";
        self.fail(position, Failure::new(Category::ConcurrentJob, message));
    }

    pub(super) fn fail(&mut self, position: u32, failure: Failure) {
        let job = self.job_at_mut(position);
        job.category = Some(failure.category);
        job.message = Some(failure.message.into());
        self.close(position, JobState::Failed);
    }

    /// The job has ended, well or not; whoever waited for it is seen to.
    pub(super) fn close(&mut self, position: u32, state: JobState) {
        let now = self.clock;
        let delayed_backups = self.backups_during(self.job_at(position));
        let job = self.job_at_mut(position);
        let ran = job.state == JobState::Running;
        job.state = state;
        job.completed = Some(now);
        let job = self.job_at(position);
        let (pool, resource, in_lane, parent) = (job.pool(), job.resource, job.in_lane, job.parent);
        let span = ran.then(|| now.since(job.started.unwrap_or(now)));
        let end = End {
            point: job.source_point,
            resource,
            state,
            doomed: job.doomed,
            at: now,
            ran: pool.zip(span),
            delayed_backups,
        };
        if let Some(pool) = pool {
            self.queue.closed(pool);
            if ran {
                self.queue.stopped(pool);
            }
            self.note(pool);
        }
        self.history.ended(&end);
        self.open.remove(&position);
        self.ended.push_back((now, position));
        if in_lane && self.queue.leave(resource, position) {
            self.offer_first(resource);
        }
        if let Some(parent) = parent {
            self.part_ended(parent);
        }
    }

    fn note(&mut self, pool: Pool) {
        let (open, running) = self.queue.counts(pool);
        self.history.note(pool, self.clock, open, running);
    }

    fn forget(&mut self) {
        while self
            .ended
            .front()
            .is_some_and(|(at, _)| *at + self.settings.history <= self.clock)
        {
            if let Some((_, position)) = self.ended.pop_front() {
                let job = self.job_at_mut(position);
                job.forgotten = true;
                job.message = None;
            }
        }
        while self.jobs.front().is_some_and(|job| job.forgotten) {
            self.jobs.pop_front();
            self.forgotten += 1;
        }
    }
}
