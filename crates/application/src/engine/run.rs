//! The state of a run and its decisions. Nothing here waits: events go in, orders come out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sav_domain::copy_job::CopyJob;
use sav_domain::duration::Extent;
use sav_domain::ledger::{GroupId, GroupStanding, Learned, LedgerPoint, PointId};
use sav_domain::transfer::{JobId, State, Step, Transfer};
use sav_domain::{Moment, ResourceType};

use super::decide::LEARN_EVERY;
use super::head::Head;
use super::kind::Kind;
use super::live::{At, Copying, Live, Lives};
use super::now::Now;
use super::order::{Event, Order, Record, StartEnd};
use super::outcome::change;
use super::pause::Pause;
use super::queue::{Page, Queue};
use super::strikes::Strikes;
use super::watch::{SKEW, Watch};
use super::window::Window;
use super::{Counts, Ending, RunEvent, RunSettings};
use crate::terms::CopyTerms;

pub(super) struct Run {
    pub(super) settings: RunSettings,
    pub(super) terms: Arc<CopyTerms>,
    pub(super) kinds: Vec<Kind>,
    kind_of: HashMap<Option<ResourceType>, usize>,
    pub(super) learned: Vec<Learned>,
    pub(super) queue: Queue,
    pub(super) strikes: Strikes,
    pub(super) lives: Lives,
    pub(super) watch: Watch,
    pub(super) pause: Pause,
    pub(super) counts: Counts,
    /// Ended jobs that nobody here asked for, as far as is known yet: the answer to our request may still be on its way.
    pub(super) unclaimed: HashMap<JobId, CopyJob>,
    /// Lanes in which a copy has just arrived.
    pub(super) moved_on: HashSet<Box<str>>,
    /// Meant, and to be asked for again.
    pub(super) held: Vec<PointId>,
    to_record: Record,
    /// Transfers whose lanes go on.
    pub(super) settled: Vec<PointId>,
    /// Orders whose outcome decides who is next.
    pub(super) awaited: usize,
    pub(super) window: Window,
    pub(super) stopping: bool,
    /// What had been settled when the ledger was last asked whether anything is left.
    pub(super) asked_for_rest: Option<u64>,
    pub(super) asking_for_rest: bool,
    pub(super) next_learning: Duration,
    pub(super) orders: Vec<Order>,
    pub(super) tell: Vec<RunEvent>,
    pub(super) ending: Option<Ending>,
}

impl Run {
    pub(super) fn new(settings: RunSettings, terms: Arc<CopyTerms>, learned: Vec<Learned>, now: Now) -> Self {
        let watch = Watch::new(settings.poll_interval);
        let window = Window::of(settings.max_runtime, now);
        Self {
            settings,
            terms,
            kinds: Vec::new(),
            kind_of: HashMap::new(),
            learned,
            queue: Queue::default(),
            strikes: Strikes::default(),
            lives: Lives::default(),
            watch,
            pause: Pause::default(),
            counts: Counts::default(),
            unclaimed: HashMap::new(),
            moved_on: HashSet::new(),
            held: Vec::new(),
            to_record: Record::default(),
            settled: Vec::new(),
            awaited: 0,
            window,
            stopping: false,
            asked_for_rest: None,
            asking_for_rest: false,
            next_learning: LEARN_EVERY,
            orders: Vec::new(),
            tell: Vec::new(),
            ending: None,
        }
    }

    pub(super) fn kind(&mut self, resource_type: Option<&ResourceType>) -> usize {
        if let Some(kind) = self.kind_of.get(&resource_type.cloned()) {
            return *kind;
        }
        let mut kind = Kind::new(resource_type.cloned());
        kind.recall(&self.learned);
        self.kinds.push(kind);
        self.kind_of.insert(resource_type.cloned(), self.kinds.len() - 1);
        self.kinds.len() - 1
    }

    pub(super) fn take_in_group(&mut self, standing: GroupStanding) {
        let kind = self.kind(standing.group.resource_type.as_ref());
        self.queue.take_in(standing, kind);
    }

    /// A transfer that was open when the run began.
    pub(super) fn take_in_open(&mut self, known: LedgerPoint, now: Now) {
        let kind = self.kind(known.planned.point.resource_type.as_ref());
        let Some(head) = self.head(known, Extent::First) else {
            return;
        };
        let head = Arc::new(head);
        let State::Copying { attempt, job } = head.transfer.state.clone() else {
            let Some((attempt, job)) = head.transfer.open_attempt() else {
                return;
            };
            let (attempt, job) = (attempt.clone(), job.cloned());
            self.begin(Live::new(head.clone(), kind, At::Settling, None));
            self.orders.push(Order::Settle { head, attempt, job });
            return;
        };
        let skew = i64::try_from(SKEW.as_millis()).unwrap_or(i64::MAX);
        self.watch.expect_ends_after(attempt.opened.plus_millis(-skew));
        let copying = Copying {
            job,
            created: None,
            since: now.since,
            missed: 0,
            is_old: true,
        };
        let id = head.id;
        self.begin(Live::new(head, kind, At::Ending, None));
        self.turn(id, At::Copying(copying));
    }

    pub(super) fn head(&self, known: LedgerPoint, extent: Extent) -> Option<Head> {
        let group = self.queue.id_of(&Head::group_of(&known))?;
        Head::of(known, group, extent)
    }

    pub(super) fn begin(&mut self, live: Live) {
        let group = live.head.group;
        self.count(live.kind, &live.at, 1);
        self.lives.insert(live);
        if let Some(line) = self.queue.line_mut(group) {
            line.live += 1;
        }
    }

    /// Counts a transfer in or out of what its kind has open.
    fn count(&mut self, kind: usize, at: &At, by: isize) {
        let kind = &mut self.kinds[kind];
        match at {
            At::Starting => kind.starting = kind.starting.saturating_add_signed(by),
            At::Copying(_) | At::Settling => kind.open = kind.open.saturating_add_signed(by),
            At::Held | At::Ending => {}
        }
    }

    pub(super) fn turn(&mut self, id: PointId, at: At) {
        let Some(kind) = self.lives.get(id).map(|live| live.kind) else {
            return;
        };
        self.count(kind, &at, 1);
        if let Some(before) = self.lives.turn(id, at) {
            self.count(kind, &before, -1);
        }
    }

    /// The transfer is settled for now.
    pub(super) fn retire(&mut self, id: PointId) -> Option<Live> {
        let live = self.lives.remove(id)?;
        self.count(live.kind, &live.at, -1);
        if let Some(line) = self.queue.line_mut(live.head.group) {
            line.live = line.live.saturating_sub(1);
        }
        Some(live)
    }

    pub(super) fn stop(&mut self, now: Now) {
        self.stopping = true;
        let changes = self
            .held
            .drain(..)
            .map(|id| change(id, now, Step::TurnedAway { not_before: None }))
            .collect();
        self.record(Record {
            changes,
            tell: Vec::new(),
        });
    }

    /// It keeps its token and goes first when there is room again.
    fn hold(&mut self, id: PointId, transfer: Transfer, now: Now) {
        if self.stopping {
            // There will be no room any more: the next run asks for it anew.
            self.turn(id, At::Ending);
            self.record(Record {
                changes: vec![change(id, now, Step::TurnedAway { not_before: None })],
                tell: Vec::new(),
            });
            return;
        }
        if let Some(live) = self.lives.get_mut(id) {
            live.head = Arc::new(Head {
                transfer,
                ..(*live.head).clone()
            });
            self.held.push(id);
            self.turn(id, At::Held);
        }
    }

    /// Requests whose answers may be on their way.
    pub(super) fn under_way(&self) -> usize {
        self.kinds.iter().map(|kind| kind.starting).sum::<usize>() + self.awaited
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            open: self.kinds.iter().map(|kind| kind.open as u64).sum(),
            starting: self.kinds.iter().map(|kind| kind.starting as u64).sum(),
            held: (self.queue.held() + self.lives.len()) as u64,
            ..self.counts
        }
    }

    pub(super) fn learned(&self, at: Moment) -> Vec<Learned> {
        self.kinds.iter().flat_map(|kind| kind.learned(at)).collect()
    }

    /// What has come together goes into the ledger together.
    pub(super) fn record(&mut self, record: Record) {
        self.to_record.changes.extend(record.changes);
        self.to_record.tell.extend(record.tell);
    }

    /// Orders what has come together.
    pub(super) fn flush(&mut self) {
        if !self.to_record.changes.is_empty() {
            self.awaited += 1;
            self.orders.push(Order::Record(std::mem::take(&mut self.to_record)));
        }
        if !self.settled.is_empty() {
            self.awaited += 1;
            self.orders.push(Order::Turns(std::mem::take(&mut self.settled)));
        }
    }

    pub(super) fn say(&mut self, told: Option<RunEvent>) {
        self.tell.extend(told);
    }

    pub(super) fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Heads { group, heads, is_last } => self.read(group, heads, is_last, now),
            Event::Canaries { group, heads } => self.read(group, heads, true, now),
            Event::Turns(heads) => self.take_turns(heads, now),
            Event::Rest(standings) => self.rest(standings),
            Event::Recognised(known) => self.recognised(known, now),
            Event::Started(id, end) => self.started(id, end, now),
            Event::Settled(id, end) => self.found_out(id, end, now),
            Event::Recorded { transfers, tell } => self.recorded(transfers, tell, now),
            Event::Parked | Event::Learned => self.awaited -= usize::from(matches!(event, Event::Parked)),
            Event::Ended(jobs) => self.ended(jobs, now),
            Event::Looked(seen) => self.looked(seen),
            Event::Polled(outcome) => self.polled(&outcome, now),
            Event::Described(job, answer) => self.described(&job, answer, now),
            Event::Parts(job, parts) => self.parts(&job, parts, now),
            Event::SeenIfThere(id, there) => self.seen_if_there(id, there, now),
            Event::Health(health) => self.health(health.err().as_ref(), now),
            Event::Credentials(side, trouble) => {
                let told = self.pause.credentials(side, trouble, now);
                self.tell.extend(told);
            }
            Event::LedgerWaits(trouble) => {
                let told = self.pause.ledger(trouble, now);
                self.say(told);
            }
            Event::LedgerLost(error) => self.ending = Some(Ending::LedgerLost(error)),
        }
    }

    fn read(&mut self, group: GroupId, heads: Vec<LedgerPoint>, is_last: bool, now: Now) {
        let read_to = heads.iter().filter_map(|known| known.planned.position).max();
        let heads = heads
            .into_iter()
            .filter(|known| !self.lives.contains(known.id))
            .filter_map(|known| Head::of(known, group, Extent::First).map(Arc::new))
            .collect();
        self.queue.read(
            group,
            Page {
                heads,
                read_to,
                is_last,
            },
            now.at,
        );
    }

    fn take_turns(&mut self, heads: Vec<LedgerPoint>, now: Now) {
        self.awaited -= 1;
        for known in heads {
            if self.lives.contains(known.id) {
                continue;
            }
            let resource = known.planned.point.resource_arn.clone();
            let moved_on = resource.is_some_and(|resource| self.moved_on.contains(&*resource));
            let extent = if moved_on { Extent::Next } else { Extent::First };
            let Some(head) = self.head(known, extent) else {
                continue;
            };
            match self.queue.line_mut(head.group) {
                // The smallest are read anew.
                Some(line) if !line.is_proven() => line.unread(),
                _ => self.queue.turn_up(Arc::new(head), now.at),
            }
        }
        if self.awaited == 0 {
            self.moved_on.clear();
        }
    }

    pub(super) fn health(&mut self, error: Option<&crate::ports::CallError>, now: Now) {
        let told = match error {
            None => self.pause.answered(now),
            Some(error) => self.pause.unanswered(error, now),
        };
        self.say(told);
    }

    fn started(&mut self, id: PointId, end: StartEnd, now: Now) {
        let Some(live) = self.lives.get(id) else {
            return;
        };
        let kind = live.kind;
        match end {
            StartEnd::Accepted { started, transfer } => {
                self.health(None, now);
                self.requested(id, started.request_id.as_deref());
                self.accepted(id, started.job, started.created, transfer, now);
            }
            StartEnd::NoRoom(transfer) => {
                self.health(None, now);
                let open = self.kinds[kind].open;
                self.kinds[kind].slots.refused(open);
                self.hold(id, transfer, now);
            }
            StartEnd::NotHeard { transfer, error } => {
                if !self.stopping {
                    self.health(Some(&error), now);
                }
                self.hold(id, transfer, now);
            }
            StartEnd::Refused(error) => {
                self.health(None, now);
                self.refused(id, &error, now);
            }
            StartEnd::Lost { transfer, error } => {
                self.health(Some(&error), now);
                self.doubt(id, transfer);
            }
            StartEnd::NotAsked | StartEnd::TurnPassed => {
                self.retire(id);
            }
            StartEnd::Forestalled(job) => {
                self.health(None, now);
                self.retire(id);
                self.ask_about(vec![job]);
            }
        }
    }
}
