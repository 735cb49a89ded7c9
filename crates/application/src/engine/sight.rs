//! What AWS's lists of jobs show: ours and those of others.

use std::collections::HashSet;
use std::sync::Arc;

use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::duration::Extent;
use sav_domain::fault::FaultKind;
use sav_domain::ledger::LedgerPoint;
use sav_domain::slots::Sighting;
use sav_domain::transfer::{Arrival, JobId, State, Step};

use super::RunEvent;
use super::live::{At, Copying, Live};
use super::now::Now;
use super::order::{Order, Record, Seen};
use super::outcome::change;
use super::run::Run;
use crate::ports::CallError;

/// Single jobs asked about after one look at most.
const MOST_DESCRIBED: usize = 10;
/// Looks at all open jobs that a job may be missing from before it is asked about.
const MISSES: u32 = 2;
/// Jobs of others that are kept in mind, in case one turns out to be ours.
const MOST_UNCLAIMED: usize = 10_000;

impl Run {
    /// A page of jobs that have ended, ours and others', new ones and such as were listed before.
    pub(super) fn ended(&mut self, jobs: Vec<CopyJob>, now: Now) {
        let mut strangers = Vec::new();
        for job in jobs {
            if job.state.is_open() || !self.watch.is_news(&job.id, job.completed) {
                continue;
            }
            if self.lives.of_job(&job.id).is_some() {
                self.end(job, now);
            } else if concerns_us(&job) && !self.unclaimed.contains_key(&job.id) {
                if self.unclaimed.len() < MOST_UNCLAIMED {
                    self.unclaimed.insert(job.id.clone(), job.clone());
                }
                strangers.push(job);
            }
        }
        self.ask_about(strangers);
    }

    pub(super) fn ask_about(&mut self, strangers: Vec<CopyJob>) {
        if !strangers.is_empty() {
            self.awaited += 1;
            self.orders.push(Order::Recognise(strangers));
        }
    }

    /// The ledger has been asked about jobs that nobody here knew.
    pub(super) fn recognised(&mut self, known: Vec<(CopyJob, Option<LedgerPoint>)>, now: Now) {
        self.awaited -= 1;
        let mut record = Record::default();
        for (job, known) in known {
            // Its answer has come meanwhile, and the job may even have ended: it was ours.
            if self.watch.has_dealt_with(&job.id) {
                continue;
            }
            let ours = known.filter(|known| {
                let wanted = self.terms.destination_vault_arn(&known.planned.point.vault);
                job.destination_vault_arn
                    .as_deref()
                    .is_none_or(|vault| *vault == *wanted)
            });
            let live = ours.as_ref().and_then(|known| self.lives.get(known.id));
            // Its answer, or whoever looks into it, will tell about this very job.
            if live.is_some_and(|live| matches!(live.at, At::Starting | At::Held | At::Settling)) {
                self.unclaimed.insert(job.id.clone(), job);
                continue;
            }
            self.unclaimed.remove(&job.id);
            if let Some(known) = ours.filter(|_| live.is_none()) {
                self.watch.note_others();
                self.take_over(job, known, &mut record, now);
            } else {
                self.watch.dealt_with(job.id, job.completed);
            }
        }
        self.record(record);
    }

    /// Somebody else's job for a point of ours.
    fn take_over(&mut self, job: CopyJob, known: LedgerPoint, record: &mut Record, now: Now) {
        let id = known.id;
        self.watch.dealt_with(job.id.clone(), job.completed);
        let takes = matches!(
            known.transfer.as_ref().map(|transfer| &transfer.state),
            Some(State::Waiting { .. } | State::Failed { .. } | State::Parked { .. } | State::Vanished)
        );
        let step = match (&job.state, job.destination_point_arn.clone()) {
            (JobState::Completed, Some(destination)) => Step::AlreadyThere { destination },
            (state, _) if state.is_open() => Step::Adopted { job: job.id.clone() },
            _ => return,
        };
        let kind = self.kind(known.planned.point.resource_type.as_ref());
        let Some(head) = self.head(known, Extent::First).filter(|_| takes) else {
            return;
        };
        self.queue.forget(head.group, id);
        self.strikes.forget(&head);
        let what = head.subject();
        record.tell.push(if job.state.is_open() {
            RunEvent::Accepted {
                what,
                job: job.id.clone(),
                request_id: None,
            }
        } else {
            RunEvent::Arrived {
                what,
                how: Arrival::AlreadyThere,
            }
        });
        record.changes.push(change(id, now, step));
        self.begin(Live::new(Arc::new(head), kind, At::Ending, None));
        if job.state.is_open() {
            if !self.watch.knows_where_to_begin() {
                self.watch.expect_ends_after(job.created.unwrap_or(now.at));
            }
            let copying = Copying {
                job: job.id,
                created: job.created,
                since: now.since,
                missed: 0,
                is_old: false,
            };
            self.turn(id, At::Copying(copying));
        }
    }

    /// Open jobs, as AWS listed them.
    pub(super) fn looked(&mut self, seen: Seen) {
        let began = self.watch.poll_began();
        let waiting: HashSet<&JobId> = seen.waiting.iter().map(|job| &job.id).collect();
        let running: Option<HashSet<&JobId>> = seen
            .running
            .as_ref()
            .map(|jobs| jobs.iter().map(|job| &job.id).collect());
        let mut sightings = vec![(Sighting::default(), 0_usize); self.kinds.len()];
        let mut missing = Vec::new();
        for live in self.lives.iter_mut() {
            let At::Copying(copying) = &mut live.at else { continue };
            if copying.since >= began && !copying.is_old {
                continue;
            }
            let kind = &mut self.kinds[live.kind];
            let (sighting, _) = &mut sightings[live.kind];
            sighting.open += 1;
            if waiting.contains(&copying.job) {
                sighting.waiting += 1;
            } else {
                kind.frontier = kind.frontier.max(copying.created);
            }
            if let Some(running) = &running {
                let is_listed = waiting.contains(&copying.job) || running.contains(&copying.job);
                copying.missed = if is_listed { 0 } else { copying.missed + 1 };
                let is_lost = copying.missed >= MISSES && missing.len() < MOST_DESCRIBED;
                if is_lost || copying.is_old && copying.missed > 0 {
                    missing.push(copying.job.clone());
                }
            }
        }
        for live in self.lives.iter() {
            // Jobs that younger ones have overtaken wait for something else than a slot.
            if let At::Copying(copying) = &live.at
                && copying.since < began
                && waiting.contains(&copying.job)
                && copying.created < self.kinds[live.kind].frontier
            {
                sightings[live.kind].1 += 1;
            }
        }
        for (kind, (mut sighting, overtaken)) in self.kinds.iter_mut().zip(sightings) {
            if sighting.open > 0 {
                let stuck = overtaken.min(2 + (sighting.open - sighting.waiting) / 4);
                sighting.waiting -= stuck;
                kind.slots.looked(sighting);
            }
        }
        for job in missing {
            self.orders.push(Order::Describe(job));
        }
        let strangers = seen.waiting.into_iter().chain(seen.running.into_iter().flatten());
        let strangers = strangers
            .filter(|job| concerns_us(job) && self.lives.of_job(&job.id).is_none())
            .filter(|job| self.watch.is_stranger(&job.id))
            .collect();
        self.ask_about(strangers);
    }

    pub(super) fn polled(&mut self, outcome: &Result<bool, CallError>, now: Now) {
        match outcome {
            Ok(ended) => {
                self.health(None, now);
                if *ended {
                    self.round();
                }
                self.watch.polled(true);
                let oldest = self.watch.remembers_from();
                self.unclaimed.retain(|_, job| job.completed >= oldest);
                let counts = self.counts();
                self.tell.push(RunEvent::Counted { counts });
            }
            Err(error) => {
                self.watch.polled(false);
                // The watcher has been patient already.
                let told = self.pause.out_of_reach(error, now);
                self.say(told);
            }
        }
    }

    pub(super) fn described(&mut self, job: &JobId, answer: Result<CopyJob, CallError>, now: Now) {
        let Some(id) = self.lives.of_job(job) else {
            return;
        };
        match answer {
            Ok(found) if found.state.is_open() => {
                if let Some(Live {
                    at: At::Copying(copying),
                    ..
                }) = self.lives.get_mut(id)
                {
                    copying.missed = 0;
                }
            }
            Ok(found) => self.end(found, now),
            // AWS has forgotten it, or the id never named a job.
            Err(error) if error.kind == FaultKind::NotFound => self.lose_sight(id, now),
            Err(error) => self.health(Some(&error), now),
        }
    }
}

/// Parts of a composite are the business of its own job.
fn concerns_us(job: &CopyJob) -> bool {
    job.parent.is_none() && job.source_point_arn.is_some()
}
