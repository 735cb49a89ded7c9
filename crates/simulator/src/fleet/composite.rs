//! The job of a composite point (a stack, a cluster) moves nothing itself: it is split into jobs for the parts.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fleet;
use super::engine::Event;
use super::job::{Category, Failure, Job, JobState};
use crate::world::World;

impl Fleet {
    /// Makes a job for each part that can be copied. Parts wait for slots like any other job, and are never refused.
    pub(super) fn split(&mut self, world: &World, position: u32) {
        let job = self.job_at(position);
        let (source, route, lifecycle) = (job.source_point, Arc::clone(&job.route), job.lifecycle);
        if let Some(doom) = self.will_fail(world, source).filter(|_| self.is_doomed(world, source)) {
            self.job_at_mut(position).doomed = true;
            return self.fail(position, doom.kind.failure());
        }
        let living = self
            .stock
            .parts(source)
            .iter()
            .filter(|part| !world.point(**part).deleted);
        let (parts, left_out): (Vec<_>, Vec<_>) = living
            .copied()
            .partition(|part| world.point(*part).resource_type.cross_account());
        let mut children = Vec::with_capacity(parts.len());
        for part in parts {
            children.push(self.create(world, Arc::clone(&route), part, lifecycle, Some(position)));
        }
        let job = self.job_at_mut(position);
        job.first_child = children.first().copied().unwrap_or_default();
        job.child_count = u32::try_from(children.len()).expect("fewer than 2^32 jobs");
        job.left_out = !left_out.is_empty();
        if children.is_empty() {
            self.agenda.push(Reverse((self.clock, Event::JobEnds(position))));
        }
    }

    pub(super) fn part_ended(&mut self, parent: u32) {
        if self.children(self.job_at(parent)).all(|child| !child.is_open()) {
            self.agenda.push(Reverse((self.clock, Event::JobEnds(parent))));
        }
    }

    pub(super) fn end_parent(&mut self, world: &mut World, position: u32) {
        let job = self.job_at(position);
        let (arrived, failed): (Vec<&Job>, Vec<&Job>) =
            self.children(job).partition(|child| child.destination_point.is_some());
        let nothing_arrived = arrived.is_empty() && (!failed.is_empty() || job.left_out);
        let incomplete = !failed.is_empty() || job.left_out && self.settings.left_out_children_are_partial;
        if nothing_arrived {
            let message = "None of the parts of the composite recovery point could be copied.";
            return self.fail(position, Failure::new(Category::Miscellaneous, message));
        }
        let copies: Vec<_> = arrived.iter().filter_map(|child| child.destination_point).collect();
        let whole = match self.land(world, position) {
            Ok(whole) => whole,
            Err(failure) => return self.fail(position, failure),
        };
        for copy in copies {
            world.point_mut(copy).parent = Some(whole);
        }
        let job = self.job_at_mut(position);
        job.destination_point = Some(whole);
        if incomplete {
            job.message = Some("Some parts of the composite recovery point were not copied.".into());
        }
        let job = self.job_at(position);
        self.history.landed(
            job.source_point,
            world.point(job.source_point),
            world.point(whole).vault,
        );
        self.close(
            position,
            if incomplete {
                JobState::Partial
            } else {
                JobState::Completed
            },
        );
    }

    /// `ChildJobsInState`.
    pub fn child_states(&self, job: &Job) -> BTreeMap<JobState, u32> {
        let mut states = BTreeMap::new();
        for child in self.children(job) {
            *states.entry(child.state).or_default() += 1;
        }
        states
    }
}
