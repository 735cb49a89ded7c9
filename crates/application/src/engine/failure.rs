//! Why a copy was not made, and what that means for the point, its group and everybody.

use sav_domain::category::{self, Blame, Reach, Reading};
use sav_domain::ledger::PointId;
use sav_domain::retry;
use sav_domain::transfer::{Cause, Step};

use super::RunEvent;
use super::head::Head;
use super::live::At;
use super::now::Now;
use super::order::{Order, Record};
use super::outcome::change;
use super::queue::Line;
use super::run::Run;
use super::strikes::Struck;
use crate::ports::CallError;

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
            Blame::Point | Blame::Shared(_) => {
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
                let held_back = self.held_back_for(&head, reading.blame, &cause, now);
                for struck in &held_back {
                    self.hold_back(*struck, struck.point == id, &cause, &mut record, now);
                }
                if held_back.is_empty() {
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

    /// Who is to be held back now that this one has failed, this one among them. Nobody, if it is the point's own failure, or may
    /// be.
    fn held_back_for(&mut self, head: &Head, blame: Blame, cause: &Cause, now: Now) -> Vec<Struck> {
        let Blame::Shared(reach) = blame else {
            return Vec::new();
        };
        let at = self.watch.aws_now().unwrap_or(now.at);
        let held_back = self.strikes.strike(head, reach, cause, at);
        if held_back.is_empty() && self.queue.line(head.group).is_some_and(Line::is_parked) {
            self.strikes.forget(head);
            return vec![Struck {
                point: head.id,
                group: head.group,
            }];
        }
        held_back
    }

    /// One that failed is held back, and its group with it.
    fn hold_back(&mut self, struck: Struck, is_news: bool, cause: &Cause, record: &mut Record, now: Now) {
        let parked = Step::Parked { cause: cause.clone() };
        record.changes.push(change(struck.point, now, parked));
        if !is_news {
            // It counted as failed until now.
            self.counts.failed = self.counts.failed.saturating_sub(1);
        }
        let Some(line) = self.queue.line(struck.group).filter(|line| !line.is_parked()) else {
            return;
        };
        record.tell.push(RunEvent::GroupParked {
            group: line.group.clone(),
            cause: cause.clone(),
        });
        self.queue.park(struck.group);
        self.counts.groups_parked += 1;
        self.awaited += 1;
        self.orders.push(Order::Park {
            group: struck.group,
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
            reading.blame = Blame::Shared(Reach::Group);
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
