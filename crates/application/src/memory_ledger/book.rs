//! What the ledger holds, and the changes to it that need more than a line.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sav_domain::ledger::{
    self, AttemptEnd, AttemptRecord, Difference, Group, GroupId, Lane, Learned, LedgerPoint, PlanId, PlanRecord,
    PlannedPoint, PointId, Ruling, Verdict, Window,
};
use sav_domain::transfer::{Cause, Event, Stage, Step, Token, Transfer};

use super::lanes::{Lanes, Seat, Stance};
use crate::ports::{Change, LedgerError};

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// By id; ids count from 1.
    pub(super) points: Vec<Entry>,
    pub(super) by_arn: HashMap<Box<str>, PointId>,
    pub(super) lanes: Lanes,
    /// By number; numbers count from 1.
    pub(super) groups: Vec<GroupEntry>,
    group_numbers: HashMap<Group, GroupId>,
    tokens: HashSet<Token>,
    pub(super) plans: Vec<PlanRecord>,
    pub(super) windows: Vec<Window>,
    pub(super) learned: BTreeMap<(Box<str>, Box<str>), Learned>,
    pub(super) journal: Vec<ledger::Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct GroupEntry {
    pub(super) group: Group,
    pub(super) parked: Option<Cause>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) known: LedgerPoint,
    first_seen: PlanId,
    changed: PlanId,
    pub(super) events: Vec<Event>,
    pub(super) attempts: Vec<AttemptRecord>,
    /// Its transfer's, once it has one.
    group: Option<GroupId>,
}

impl Book {
    pub(super) fn entry(&self, id: PointId) -> Result<&Entry, LedgerError> {
        let index = (id.0 as usize).wrapping_sub(1);
        self.points.get(index).ok_or(LedgerError::UnknownPoint { id: id.0 })
    }

    pub(super) fn group_mut(&mut self, id: GroupId) -> Result<&mut GroupEntry, LedgerError> {
        let index = (id.0 as usize).wrapping_sub(1);
        self.groups.get_mut(index).ok_or(LedgerError::UnknownGroup { id: id.0 })
    }

    pub(super) fn is_parked(&self, entry: &Entry) -> bool {
        let group = entry.group.and_then(|id| self.groups.get(id.0 as usize - 1));
        group.is_some_and(|group| group.parked.is_some())
    }

    pub(super) fn record(&mut self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        let mut prepared: BTreeMap<PointId, Entry> = BTreeMap::new();
        let mut open: HashMap<Lane, BTreeSet<PointId>> = HashMap::new();
        let mut tokens = HashSet::new();
        let mut after = Vec::with_capacity(changes.len());
        for Change { point, event } in changes {
            let entry = match prepared.entry(point) {
                Slot::Occupied(slot) => slot.into_mut(),
                Slot::Vacant(slot) => slot.insert(self.entry(point)?.clone()),
            };
            let lane = entry.lane();
            let open = open.entry(lane).or_insert_with_key(|lane| self.lanes.open_in(lane));
            let meant = match &event.step {
                Step::Meant { token } => Some(token.clone()),
                _ => None,
            };
            // What is wrong in more than one way is refused for the same one as on disk: the state, the lane, the token.
            let transfer = entry.take(event)?;
            if let Some(token) = meant {
                if let Some(other) = open.iter().find(|other| **other != point) {
                    return Err(LedgerError::LaneBusy {
                        recovery_point_arn: entry.known.planned.point.arn.clone(),
                        open_arn: self.entry(*other)?.known.planned.point.arn.clone(),
                    });
                }
                if self.tokens.contains(&token) || !tokens.insert(token.clone()) {
                    return Err(LedgerError::TokenTaken {
                        token,
                        recovery_point_arn: entry.known.planned.point.arn.clone(),
                    });
                }
            }
            if transfer.stage().is_open() {
                open.insert(point);
            } else {
                open.remove(&point);
            }
            after.push(transfer);
        }
        self.tokens.extend(tokens);
        for (id, entry) in prepared {
            self.put(id, entry);
        }
        Ok(after)
    }

    pub(super) fn upsert(&mut self, plan: PlanId, planned: PlannedPoint) -> Result<PointId, LedgerError> {
        let position = planned.position;
        let planned = PlannedPoint {
            position: None,
            ..planned
        };
        let (id, mut entry) = if let Some(&id) = self.by_arn.get(&planned.point.arn) {
            let mut entry = self.entry(id)?.clone();
            let before = entry.known.planned.position.take();
            if entry.known.planned != planned {
                entry.changed = plan;
            }
            entry.known.planned = planned;
            entry.known.planned.position = position.or(before);
            entry.known.seen = plan;
            (id, entry)
        } else {
            let id = PointId(u32::try_from(self.points.len() + 1).expect("memory ends before four billion points"));
            self.by_arn.insert(planned.point.arn.clone(), id);
            let mut entry = Entry {
                known: LedgerPoint {
                    id,
                    planned,
                    seen: plan,
                    transfer: None,
                },
                first_seen: plan,
                changed: plan,
                events: Vec::new(),
                attempts: Vec::new(),
                group: None,
            };
            self.points.push(entry.clone());
            entry.known.planned.position = position;
            (id, entry)
        };
        entry.settle();
        self.put(id, entry);
        Ok(id)
    }

    pub(super) fn rule(&mut self, plan: PlanId, id: PointId, ruling: Ruling) -> Result<(), LedgerError> {
        let mut entry = self.entry(id)?.clone();
        if entry.known.planned.ruling != ruling {
            entry.changed = plan;
            entry.known.planned.ruling = ruling;
            entry.settle();
            self.put(id, entry);
        }
        Ok(())
    }

    pub(super) fn place(&mut self, id: PointId, position: u64) -> Result<(), LedgerError> {
        let mut entry = self.entry(id)?.clone();
        entry.known.planned.position = Some(position);
        entry.settle();
        self.put(id, entry);
        Ok(())
    }

    /// In place of what was known, with everything that follows for its lane.
    fn put(&mut self, id: PointId, mut entry: Entry) {
        if entry.known.transfer.is_some() {
            entry.group = Some(self.group_of(&entry.known.planned));
        }
        let slot = &mut self.points[id.0 as usize - 1];
        let (before, after) = (slot.seat(), entry.seat());
        *slot = entry;
        self.lanes.moved(id, before.as_ref(), after.as_ref());
    }

    fn group_of(&mut self, planned: &PlannedPoint) -> GroupId {
        let next = u32::try_from(self.groups.len() + 1).expect("there are fewer groups than points");
        let group = Group::of(&planned.point);
        *self.group_numbers.entry(group).or_insert_with_key(|group| {
            self.groups.push(GroupEntry {
                group: group.clone(),
                parked: None,
            });
            GroupId(next)
        })
    }

    /// What a point is to this plan, compared with the one before it. None: it is as it was, or had been gone already.
    pub(super) fn difference(&self, entry: &Entry, plan: PlanId) -> Option<Difference> {
        let finished = |known: &&PlanRecord| known.finished_at.is_some() && known.id < plan;
        let before = self.plans.iter().rfind(finished).map(|known| known.id);
        if entry.known.seen < plan {
            before
                .is_some_and(|before| entry.known.seen >= before)
                .then_some(Difference::Gone)
        } else if entry.first_seen == plan {
            Some(Difference::New)
        } else {
            (entry.changed == plan).then_some(Difference::Changed)
        }
    }
}

impl Entry {
    fn take(&mut self, event: Event) -> Result<Transfer, LedgerError> {
        let arn = &self.known.planned.point.arn;
        let before = self.known.transfer.clone().unwrap_or_default();
        let after = before.clone().apply(&event).map_err(|step| LedgerError::Illegal {
            recovery_point_arn: arn.clone(),
            step,
        })?;
        match (before.open_attempt(), after.open_attempt()) {
            (None, Some((attempt, job))) => self.attempts.push(AttemptRecord {
                attempt: attempt.clone(),
                job: job.cloned(),
                ended: None,
            }),
            (Some(_), Some((_, job))) => {
                if let Some(last) = self.attempts.last_mut() {
                    last.job = job.cloned();
                }
            }
            (Some(_), None) => {
                if let Some(last) = self.attempts.last_mut() {
                    last.ended = Some(AttemptEnd {
                        at: event.at,
                        outcome: event.step.name().into(),
                        message: event.step.message().map(Into::into),
                    });
                }
            }
            (None, None) => {}
        }
        self.events.push(event);
        self.known.transfer = Some(after.clone());
        Ok(after)
    }

    /// What is to be copied has a transfer; one that never began goes when the ruling does, and one that did loses its place.
    fn settle(&mut self) {
        let planned = &mut self.known.planned;
        if planned.ruling.verdict == Verdict::Copy {
            self.known.transfer.get_or_insert_default();
        } else {
            planned.position = None;
            if self.events.is_empty() {
                self.known.transfer = None;
            }
        }
    }

    pub(super) fn lane(&self) -> Lane {
        Lane::of(self.known.id, &self.known.planned.point)
    }

    fn seat(&self) -> Option<Seat> {
        let planned = &self.known.planned;
        let stage = self.known.transfer.as_ref()?.stage();
        let stance = match planned.position {
            Some(position) if stage == Stage::Waiting => Stance::Waits {
                position,
                size: planned.point.size_bytes.unwrap_or(u64::MAX),
            },
            _ if stage.is_open() => Stance::Open,
            _ => Stance::Bystander,
        };
        Some(Seat {
            lane: self.lane(),
            group: self.group?,
            stance,
        })
    }

    pub(super) fn stage(&self) -> Option<Stage> {
        self.known.transfer.as_ref().map(Transfer::stage)
    }

    /// Waits for its copy, wherever in the queue; what is not to be copied any more does not.
    pub(super) fn waits(&self) -> bool {
        self.stage() == Some(Stage::Waiting) && self.known.planned.ruling.verdict == Verdict::Copy
    }

    pub(super) fn group(&self) -> Option<GroupId> {
        self.known.transfer.as_ref().and(self.group)
    }
}
