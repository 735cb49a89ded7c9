//! Why a copy was not made, and what that means for the point, its group and everybody.

use std::sync::Arc;

use sav_domain::category::{self, Blame, Reading};
use sav_domain::ledger::PointId;
use sav_domain::retry;
use sav_domain::transfer::{Cause, Step};

use super::RunEvent;
use super::head::Head;
use super::live::At;
use super::now::Now;
use super::order::{Order, Record};
use super::outcome::change;
use super::run::Run;
use crate::ports::CallError;

/// So many different resources of a group in a row: then it is the group.
const STREAK: usize = 3;

impl Run {
    /// `StartCopyJob` said no.
    pub(super) fn refused(&mut self, id: PointId, error: &CallError, now: Now) {
        let reading = category::of_refusal(error.kind, &error.code, &error.message);
        self.requested(id, error.request_id.as_deref());
        let Some(live) = self.lives.get(id) else {
            return;
        };
        let head = live.head.clone();
        self.turn(id, At::Ending);
        if reading.gone {
            self.awaited += 1;
            self.orders.push(Order::SeeIfThere(head));
        }
        self.fail(id, reading, true, now);
    }

    pub(super) fn fail(&mut self, id: PointId, reading: Reading, refused: bool, now: Now) {
        if reading.gone {
            // It waits for a look at the source. What is there all the same has failed for its group's sake.
            if let Some(live) = self.lives.get_mut(id) {
                live.failing = Some((reading, refused));
            }
            return;
        }
        let Some(live) = self.lives.get(id) else {
            return;
        };
        let (kind, head, request_id) = (live.kind, live.head.clone(), live.request_id.clone());
        let cause = reading.cause;
        let chance = retry::chance(
            self.settings.seed,
            u64::from(id.0) << 32 | u64::from(head.transfer.attempts),
        );
        let failed = if refused {
            Step::Refused { cause: cause.clone() }
        } else {
            Step::JobFailed { cause: cause.clone() }
        };
        let what = head.subject();
        match reading.blame {
            Blame::Busy | Blame::Quota | Blame::Everybody => {
                let times = head.transfer.attempts.saturating_sub(head.transfer.failures + 1);
                let wait = retry::for_room(times, chance);
                let not_before = (reading.blame != Blame::Everybody).then(|| now.plus(wait));
                if reading.blame == Blame::Quota {
                    self.kinds[kind].ended_for_room += 1;
                } else if reading.blame == Blame::Everybody {
                    let told = self.pause.everybody(id, cause.clone(), now);
                    self.say(told);
                }
                let told = RunEvent::Requeued {
                    what,
                    cause: Some(cause),
                    not_before,
                    request_id,
                };
                self.record(Record {
                    changes: vec![change(id, now, Step::TurnedAway { not_before })],
                    tell: vec![told],
                });
            }
            Blame::Point | Blame::Group => {
                let again = reading
                    .retry
                    .then(|| retry::after_failure(head.transfer.failures + 1, chance))
                    .flatten();
                if let Some(wait) = again {
                    let not_before = Some(now.plus(wait));
                    let told = RunEvent::Requeued {
                        what,
                        cause: Some(cause),
                        not_before,
                        request_id,
                    };
                    self.record(Record {
                        changes: vec![change(id, now, failed), change(id, now, Step::Requeued { not_before })],
                        tell: vec![told],
                    });
                    return;
                }
                let mut record = Record {
                    changes: vec![change(id, now, failed)],
                    tell: Vec::new(),
                };
                if reading.blame == Blame::Group && self.strikes(&head, &cause) {
                    self.park(&head, &cause, &mut record, now);
                } else {
                    record.tell.push(RunEvent::Failed {
                        what,
                        cause,
                        request_id,
                    });
                }
                self.record(record);
            }
        }
    }

    /// Whether this failure makes it the group's.
    fn strikes(&mut self, head: &Arc<Head>, cause: &Cause) -> bool {
        let Some(line) = self.queue.line_mut(head.group) else {
            return false;
        };
        if line.is_parked() {
            return true;
        }
        line.streak.retain(|(_, before)| before.category == cause.category);
        if line.streak.iter().all(|(before, _)| before.lane() != head.lane()) {
            line.streak.push((head.clone(), cause.clone()));
        }
        line.streak.len() >= STREAK
    }

    /// The group is held back, and those that failed for its sake with it.
    fn park(&mut self, head: &Arc<Head>, cause: &Cause, record: &mut Record, now: Now) {
        let parked = |id| change(id, now, Step::Parked { cause: cause.clone() });
        record.changes.push(parked(head.id));
        let Some(line) = self.queue.line_mut(head.group) else {
            return;
        };
        if line.is_parked() {
            return;
        }
        let group = line.group.clone();
        let before: Vec<PointId> = line.streak.iter().map(|(other, _)| other.id).collect();
        for other in before.into_iter().filter(|other| *other != head.id) {
            record.changes.push(parked(other));
            self.counts.failed = self.counts.failed.saturating_sub(1);
        }
        self.queue.park(head.group);
        self.counts.groups_parked += 1;
        record.tell.push(RunEvent::GroupParked {
            group,
            cause: cause.clone(),
        });
        self.awaited += 1;
        self.orders.push(Order::Park {
            group: head.group,
            cause: cause.clone(),
        });
    }

    pub(super) fn seen_if_there(&mut self, id: PointId, there: bool, now: Now) {
        self.awaited -= 1;
        let Some((mut reading, refused)) = self.lives.get_mut(id).and_then(|live| live.failing.take()) else {
            return;
        };
        if there {
            reading.gone = false;
            reading.blame = Blame::Group;
            self.fail(id, reading, refused, now);
            return;
        }
        let cause = reading.cause;
        let failed = if refused {
            Step::Refused { cause }
        } else {
            Step::JobFailed { cause }
        };
        let told = self.lives.get(id).map(|live| RunEvent::Vanished {
            what: live.head.subject(),
        });
        self.record(Record {
            changes: vec![change(id, now, failed), change(id, now, Step::Vanished)],
            tell: told.into_iter().collect(),
        });
    }
}
