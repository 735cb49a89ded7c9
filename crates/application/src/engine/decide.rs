//! What to do next: whom to start, when to look, when it is over.

use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::ledger::{GroupStanding, PointId};

use super::head::Head;
use super::live::{At, Live};
use super::now::Now;
use super::order::Order;
use super::run::Run;
use super::{Ending, RunEvent};

/// What has been learned goes into the ledger this often.
pub(super) const LEARN_EVERY: Duration = Duration::from_mins(1);
/// For every call under way one more may be getting ready.
const STARTS_PER_WORKER: usize = 2;

impl Run {
    /// What is to be done now, once all that has happened is known.
    pub(super) fn decide(&mut self, now: Now) {
        self.flush();
        if self.stopping || self.ending.is_some() {
            return;
        }
        if self.window.is_over(now) {
            self.ending = Some(Ending::WindowOver);
            return;
        }
        self.queue.wake(now.at);
        let hungry = self.queue.hungry(|kind| self.kinds[kind].room());
        self.orders.extend(hungry);
        if self.awaited == 0 && !self.queue.is_asking() && !self.watch.is_polling() {
            if now.since >= self.watch.half_time() {
                self.kinds.iter_mut().for_each(|kind| kind.slots.probe());
            }
            if self.watch.has_looked() {
                self.start(now);
            }
            self.look(now);
            self.end_if_done();
        }
        if now.since >= self.next_learning {
            self.next_learning = now.since + LEARN_EVERY;
            self.orders.push(Order::Learn(self.learned(now.at)));
        }
    }

    fn start(&mut self, now: Now) {
        self.window.choose_anew();
        let mut most_starts = (self.settings.workers * STARTS_PER_WORKER).max(1);
        let mut most_open = self.settings.max_in_flight.unwrap_or(usize::MAX);
        if self.pause.is_on() {
            if !self.pause.wants_scout(now) {
                return;
            }
            most_starts = 1;
            most_open = usize::MAX;
        }
        let counts = self.counts();
        let mut starting = usize::try_from(counts.starting).unwrap_or(usize::MAX);
        let mut open = usize::try_from(counts.open + counts.starting).unwrap_or(usize::MAX);
        while starting < most_starts && open < most_open {
            let Some(head) = self.next(now) else {
                break;
            };
            starting += 1;
            open += 1;
            if self.pause.is_on() {
                self.pause.send_scout(head.id);
            }
            let look_first = head.waits() && (self.watch.others_at_work() || head.transfer.attempts > 0);
            self.orders.push(Order::Start { head, look_first });
        }
    }

    /// Who starts next: it is counted as starting from here on.
    fn next(&mut self, now: Now) -> Option<Arc<Head>> {
        let has_room = |id: &PointId| self.lives.get(*id).is_some_and(|live| self.kinds[live.kind].room() > 0);
        if let Some(place) = self.held.iter().position(has_room) {
            let id = self.held.remove(place);
            self.turn(id, At::Starting);
            return self.lives.get(id).map(|live| live.head.clone());
        }
        let (kinds, window) = (&self.kinds, &self.window);
        let mut withheld = false;
        let head = self.queue.pick(|line, head| {
            let kind = &kinds[line.kind];
            if kind.room() == 0 {
                return false;
            }
            let fits = window.has_room_for(kind.expected(head.extent), now);
            withheld |= !fits;
            fits
        });
        if withheld {
            let told = self.window.withhold(now);
            self.say(told);
        }
        let head = head?;
        let kind = self.queue.line(head.group).map_or(0, |line| line.kind);
        self.kinds[kind].starting += 1;
        let asked_at = self.watch.aws_now();
        self.lives.insert(Live::new(head.clone(), kind, At::Starting, asked_at));
        Some(head)
    }

    /// Looks at AWS's jobs, if it is time to.
    fn look(&mut self, now: Now) {
        if self.pause.wants_call() {
            if self.pause.next_try().is_some_and(|due| now.since >= due) {
                self.orders.push(Order::Poll(self.watch.poll(now, true)));
            }
        } else if now.since >= self.watch.poll_due() {
            if self.lives.jobs() == 0 && self.watch.has_looked() {
                self.watch.skip(now);
                self.round();
            } else {
                self.orders.push(Order::Poll(self.watch.poll(now, false)));
            }
        } else if now.since >= self.watch.look_due() && self.is_curious() {
            self.orders.push(Order::Poll(self.watch.look(now)));
        }
    }

    fn is_curious(&self) -> bool {
        self.lives.jobs() > 0
            && self.kinds.iter().enumerate().any(|(number, kind)| {
                kind.starting == 0
                    && kind.slots.is_curious(kind.open)
                    && self
                        .queue
                        .groups()
                        .any(|(_, line)| line.kind == number && line.heads() > 0)
            })
    }

    pub(super) fn round(&mut self) {
        for kind in &mut self.kinds {
            kind.round();
            if let Some(limit) = kind.news() {
                let scope = kind.name().into();
                self.tell.push(RunEvent::Learned { scope, limit });
            }
        }
    }

    fn end_if_done(&mut self) {
        if !self.lives.is_empty() || self.asking_for_rest || !self.watch.has_looked() {
            return;
        }
        if self.pause.is_on() && !self.queue.is_empty() {
            return;
        }
        if self.window.holds_back() {
            self.ending = Some(Ending::WindowOver);
        } else if self.queue.is_empty() && self.orders.is_empty() {
            let settled = self.settled_so_far();
            if self.asked_for_rest == Some(settled) {
                self.ending = Some(Ending::Finished);
            } else {
                self.asked_for_rest = Some(settled);
                self.asking_for_rest = true;
                self.orders.push(Order::Rest);
            }
        }
    }

    fn settled_so_far(&self) -> u64 {
        let counts = &self.counts;
        counts.arrived + counts.failed + counts.partial + counts.requeued + counts.vanished + counts.groups_parked
    }

    /// The ledger says what is left.
    pub(super) fn rest(&mut self, standings: Vec<GroupStanding>) {
        self.asking_for_rest = false;
        for standing in standings {
            if self.queue.line(standing.id).is_some() {
                self.queue.read_again(&standing);
            } else {
                self.take_in_group(standing);
            }
        }
    }

    /// How long nothing is to be done unless something happens.
    pub(super) fn wait(&self, now: Now) -> Duration {
        let until = |moment: Moment| Duration::from_millis(u64::try_from(moment.millis_since(now.at)).unwrap_or(0));
        let after = |due: Duration| due.saturating_sub(now.since);
        let mut waits = vec![after(self.next_learning)];
        waits.extend(self.window.left(now));
        if self.awaited == 0 && !self.queue.is_asking() && !self.watch.is_polling() {
            waits.extend(self.queue.next_wake().map(until));
            waits.extend(self.pause.next_try().map(after));
            if !self.pause.wants_call() {
                waits.push(after(self.watch.poll_due()));
                if self.is_curious() {
                    waits.push(after(self.watch.look_due()));
                }
                if self.kinds.iter().any(|kind| kind.slots.will_probe()) {
                    waits.push(after(self.watch.half_time()));
                }
            }
        }
        waits.into_iter().min().unwrap_or_default()
    }
}
