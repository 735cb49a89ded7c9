//! What becomes of a transfer: how its request, its job or a look into it ended, as steps for the ledger.

use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::category;
use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::ledger::PointId;
use sav_domain::transfer::{Arrival, Event as Taken, JobId, Part, Stage, State, Step, Transfer};

use super::RunEvent;
use super::head::Head;
use super::live::{At, Copying, Live};
use super::now::Now;
use super::order::{Order, Record, SettleEnd};
use super::run::Run;
use crate::ports::{CallError, Change};

/// Between AWS's date of a job and the latest date heard of when it was asked for: what is older than this was there before.
const OLD: i64 = 60_000;
/// As far as this machine's clock may be wrong before AWS refuses its signatures.
const CLOCK_MAY_BE_OFF: i64 = 15 * 60_000;

impl Run {
    /// AWS has answered a request for a copy: whoever asks AWS about it needs its id.
    pub(super) fn requested(&mut self, id: PointId, request_id: Option<&str>) {
        if let Some(live) = self.lives.get_mut(id) {
            live.request_id = request_id.map(Box::from);
        }
    }

    pub(super) fn accepted(&mut self, id: PointId, job: JobId, created: Option<Moment>, transfer: Transfer, now: Now) {
        let Some(live) = self.lives.get_mut(id) else {
            return;
        };
        let (kind, head, request_id) = (live.kind, live.head.clone(), live.request_id.clone());
        let asked_at = *live
            .asked_at
            .get_or_insert_with(|| now.at.plus_millis(-CLOCK_MAY_BE_OFF));
        live.head = Arc::new(Head {
            transfer,
            ..(*head).clone()
        });
        self.watch.heard_of(created);
        if !self.watch.knows_where_to_begin() {
            let since = created.unwrap_or_else(|| now.at.plus_millis(-CLOCK_MAY_BE_OFF));
            self.watch.expect_ends_after(since);
        }
        let copying = Copying {
            job: job.clone(),
            created,
            since: now.since,
            missed: 0,
            is_old: false,
        };
        self.turn(id, At::Copying(copying));
        let open = self.kinds[kind].open;
        self.kinds[kind].slots.accepted(open);
        self.tell.push(RunEvent::Accepted {
            what: head.subject(),
            job: job.clone(),
            request_id,
        });
        if let Some(ended) = self.unclaimed.remove(&job) {
            self.end(ended, now);
        } else if created.is_some_and(|created| created.plus_millis(OLD) < asked_at) {
            // The token stands for a job of before, perhaps one that ended long ago and is listed no more.
            self.orders.push(Order::Describe(job));
        }
    }

    /// Whether there is a job is not known: somebody has to look.
    pub(super) fn doubt(&mut self, id: PointId, transfer: Transfer) {
        self.turn(id, At::Settling);
        let Some(live) = self.lives.get_mut(id) else {
            return;
        };
        let head = Arc::new(Head {
            transfer,
            ..(*live.head).clone()
        });
        live.head = head.clone();
        if let Some((attempt, job)) = head.transfer.open_attempt() {
            let (attempt, job) = (attempt.clone(), job.cloned());
            self.orders.push(Order::Settle { head, attempt, job });
        }
    }

    pub(super) fn found_out(&mut self, id: PointId, end: SettleEnd, now: Now) {
        let Some(live) = self.lives.get(id) else {
            return;
        };
        let head = live.head.clone();
        match end {
            SettleEnd::Found { job, transfer } => {
                self.accepted(id, job.id.clone(), job.created, transfer, now);
                if !job.state.is_open() {
                    self.end(*job, now);
                }
            }
            SettleEnd::Accepted { started, transfer } => {
                self.requested(id, started.request_id.as_deref());
                self.accepted(id, started.job.clone(), None, transfer, now);
                // The same token again may be answered with an id that names no job.
                self.orders.push(Order::Describe(started.job));
            }
            SettleEnd::Refused(error) => self.refused(id, &error, now),
            SettleEnd::Arrived { transfer } => {
                let how = Arrival::AlreadyThere;
                let tell = vec![RunEvent::Arrived {
                    what: head.subject(),
                    how,
                }];
                self.awaited += 1;
                self.recorded(vec![(id, transfer)], tell, now);
            }
            SettleEnd::Nothing { transfer } => {
                let tell = vec![RunEvent::Requeued {
                    what: head.subject(),
                    cause: None,
                    not_before: None,
                    request_id: None,
                }];
                self.awaited += 1;
                self.recorded(vec![(id, transfer)], tell, now);
            }
            SettleEnd::Unknown => {
                self.retire(id);
                self.counts.in_doubt += 1;
            }
        }
    }

    /// A job of ours has ended.
    pub(super) fn end(&mut self, job: CopyJob, now: Now) {
        let Some(id) = self.lives.of_job(&job.id) else {
            return;
        };
        let Some(live) = self.lives.get(id) else {
            return;
        };
        let (kind, head, asked_at) = (live.kind, live.head.clone(), live.asked_at);
        self.watch.dealt_with(job.id.clone(), job.completed);
        self.kinds[kind].ended += 1;
        self.kinds[kind].frontier = self.kinds[kind].frontier.max(job.created);
        match (&job.state, &job.destination_point_arn) {
            (JobState::Completed, Some(destination)) => {
                if let (Some(created), Some(completed)) = (job.created, job.completed) {
                    let took = u64::try_from(completed.millis_since(created)).unwrap_or(0);
                    self.kinds[kind].durations.saw(head.extent, Duration::from_millis(took));
                }
                self.turn(id, At::Ending);
                let destination = destination.clone();
                let told = RunEvent::Arrived {
                    what: head.subject(),
                    how: Arrival::Copied,
                };
                self.record(Record {
                    changes: vec![change(id, now, Step::Landed { destination })],
                    tell: vec![told],
                });
            }
            // Where the copy is has to be known: the job says so sooner or later, or the destination does.
            (JobState::Completed, None) => self.lose_sight(id, now),
            (JobState::Partial, _) => {
                self.turn(id, At::Ending);
                self.awaited += 1;
                self.orders.push(Order::Parts(job.id));
            }
            (JobState::Failed | JobState::Aborted, _) => {
                let was_before = job.completed.zip(asked_at).is_some_and(|(ended, asked)| ended < asked);
                if was_before {
                    self.let_go(id, now);
                    return;
                }
                let category = if job.state == JobState::Aborted {
                    Some("ABORTED")
                } else {
                    job.category.as_deref()
                };
                let reading = category::of_job(category, job.message.as_deref());
                self.turn(id, At::Ending);
                if reading.gone {
                    self.awaited += 1;
                    self.orders.push(Order::SeeIfThere(head));
                }
                self.fail(id, reading, false, now);
            }
            (JobState::Created | JobState::Running | JobState::Other(_), _) => {}
        }
    }

    /// The job that the token stands for failed before we asked: that says nothing about this attempt. The next one has a token
    /// of its own.
    fn let_go(&mut self, id: PointId, now: Now) {
        self.turn(id, At::Ending);
        let changes = vec![change(id, now, Step::SightLost), change(id, now, Step::NothingFound)];
        self.record(Record {
            changes,
            tell: Vec::new(),
        });
    }

    /// AWS does not say what became of the job.
    pub(super) fn lose_sight(&mut self, id: PointId, now: Now) {
        self.turn(id, At::Settling);
        self.record(Record {
            changes: vec![change(id, now, Step::SightLost)],
            tell: Vec::new(),
        });
    }

    pub(super) fn parts(&mut self, job: &JobId, parts: Result<Vec<Part>, CallError>, now: Now) {
        self.awaited -= 1;
        let ending = |live: &&Live| {
            live.at == At::Ending
                && matches!(&live.head.transfer.state, State::Copying { job: ours, .. } if ours == job)
        };
        let Some(head) = self.lives.iter().find(ending).map(|live| live.head.clone()) else {
            return;
        };
        match parts {
            Ok(parts) => self.parts_are(&head, parts, now),
            Err(error) if error.kind.passes_by_itself() => {
                self.health(Some(&error), now);
                self.awaited += 1;
                self.orders.push(Order::Parts(job.clone()));
            }
            Err(_) => self.parts_are(&head, Vec::new(), now),
        }
    }

    fn parts_are(&mut self, head: &Head, parts: Vec<Part>, now: Now) {
        self.record(Record {
            changes: vec![change(head.id, now, Step::JobPartial { parts })],
            tell: vec![RunEvent::Partial { what: head.subject() }],
        });
    }

    /// It is in the ledger: the transfers stand where they stand, and their lanes go on.
    pub(super) fn recorded(&mut self, transfers: Vec<(PointId, Transfer)>, tell: Vec<RunEvent>, now: Now) {
        self.awaited -= 1;
        self.tell.extend(tell);
        let mut settled = Vec::with_capacity(transfers.len());
        for (id, transfer) in transfers {
            match transfer.stage() {
                // Adopted.
                Stage::Copying => {
                    if let Some(live) = self.lives.get_mut(id) {
                        live.head = Arc::new(Head {
                            transfer,
                            ..(*live.head).clone()
                        });
                    }
                    continue;
                }
                stage if stage.is_open() => {
                    self.doubt(id, transfer);
                    continue;
                }
                _ => {}
            }
            let Some(live) = self.retire(id) else {
                continue;
            };
            let arrived = matches!(transfer.state, State::Arrived { .. });
            let told = self.pause.settled(id, arrived, now);
            self.say(told);
            self.note(&live, &transfer);
            settled.push(id);
        }
        self.settled.extend(settled);
    }

    fn note(&mut self, live: &Live, transfer: &Transfer) {
        let group = live.head.group;
        match &transfer.state {
            State::Arrived { how, .. } => {
                self.counts.arrived += 1;
                self.moved_on.insert(live.head.lane().into());
                self.strikes.arrived(&live.head, live.asked_at);
                if *how == Arrival::Copied {
                    self.queue.prove(group);
                }
            }
            State::Failed { .. } => self.counts.failed += 1,
            State::Partial { .. } => self.counts.partial += 1,
            State::Waiting { .. } => self.counts.requeued += 1,
            State::Vanished => self.counts.vanished += 1,
            _ => {}
        }
    }
}

pub(super) fn change(point: PointId, now: Now, step: Step) -> Change {
    Change {
        point,
        event: Taken::new(now.at, step),
    }
}
