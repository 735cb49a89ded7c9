//! A ledger that lives as long as the process: for dry runs, which change nothing anywhere, and for tests.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sav_domain::ledger::{
    AttemptEnd, AttemptRecord, Learned, LedgerPoint, PlanChanges, PlanId, PlanRecord, PlannedPoint, PointId, Ruling,
    Standing, Verdict, Window, WindowEnd, WindowId,
};
use sav_domain::transfer::{Event, JobId, Stage, Step, Token, Transfer};
use sav_domain::{Moment, Route};

use crate::ports::{Change, Ledger, LedgerError, LedgerReader};

#[derive(Clone, Debug)]
pub struct MemoryLedger {
    route: Route,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    /// By id; ids count from 1.
    points: Vec<Entry>,
    by_arn: HashMap<Box<str>, PointId>,
    queue: BTreeMap<u64, PointId>,
    tokens: HashSet<Token>,
    plans: Vec<PlanRecord>,
    windows: Vec<Window>,
    learned: BTreeMap<(Box<str>, Box<str>), Learned>,
}

#[derive(Clone, Debug)]
struct Entry {
    known: LedgerPoint,
    first_seen: PlanId,
    changed: PlanId,
    events: Vec<Event>,
    attempts: Vec<AttemptRecord>,
}

impl MemoryLedger {
    pub fn new(route: Route) -> Self {
        Self {
            route,
            book: Arc::default(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Every change is prepared first and then put in place whole, so a panic elsewhere leaves nothing half done.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn entry(&self, id: PointId) -> Result<&Entry, LedgerError> {
        let index = (id.0 as usize).wrapping_sub(1);
        self.points.get(index).ok_or(LedgerError::UnknownPoint { id: id.0 })
    }

    fn entry_mut(&mut self, id: PointId) -> Result<&mut Entry, LedgerError> {
        let index = (id.0 as usize).wrapping_sub(1);
        self.points.get_mut(index).ok_or(LedgerError::UnknownPoint { id: id.0 })
    }

    fn record(&mut self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        let mut prepared: BTreeMap<PointId, Entry> = BTreeMap::new();
        let mut tokens = HashSet::new();
        let mut after = Vec::with_capacity(changes.len());
        for Change { point, event } in changes {
            let entry = match prepared.entry(point) {
                Slot::Occupied(slot) => slot.into_mut(),
                Slot::Vacant(slot) => slot.insert(self.entry(point)?.clone()),
            };
            if let Step::Meant { token } = &event.step
                && (self.tokens.contains(token) || !tokens.insert(token.clone()))
                && entry
                    .known
                    .transfer
                    .as_ref()
                    .and_then(|transfer| transfer.spent.as_ref())
                    != Some(token)
            {
                return Err(LedgerError::TokenTaken {
                    token: token.clone(),
                    recovery_point_arn: entry.known.planned.point.arn.clone(),
                });
            }
            after.push(entry.take(event)?);
        }
        self.tokens.extend(tokens);
        for (id, entry) in prepared {
            *self.entry_mut(id)? = entry;
        }
        Ok(after)
    }

    fn upsert(&mut self, plan: PlanId, planned: PlannedPoint) -> Result<PointId, LedgerError> {
        if let Some(&id) = self.by_arn.get(&planned.point.arn) {
            let entry = self.entry_mut(id)?;
            let old_position = entry.known.planned.position;
            let position = planned.position.or(old_position);
            let mut planned = planned;
            planned.position = old_position;
            if entry.known.planned != planned {
                entry.changed = plan;
            }
            entry.known.planned = planned;
            entry.known.seen = plan;
            entry.settle();
            self.place(id, position)?;
            return Ok(id);
        }
        let id = PointId(u32::try_from(self.points.len() + 1).expect("memory ends before four billion points"));
        let position = planned.position;
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
        };
        entry.known.planned.position = None;
        entry.settle();
        self.points.push(entry);
        self.place(id, position)?;
        Ok(id)
    }

    /// Only what is to be copied has a place.
    fn place(&mut self, id: PointId, position: Option<u64>) -> Result<(), LedgerError> {
        let entry = self.entry_mut(id)?;
        let position = position.filter(|_| entry.known.transfer.is_some());
        let before = std::mem::replace(&mut entry.known.planned.position, position);
        if let Some(before) = before
            && self.queue.get(&before) == Some(&id)
        {
            self.queue.remove(&before);
        }
        if let Some(position) = position {
            self.queue.insert(position, id);
        }
        Ok(())
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

    /// What is to be copied has a transfer; one that never began goes when the ruling does.
    fn settle(&mut self) {
        if self.known.planned.ruling.verdict == Verdict::Copy {
            self.known.transfer.get_or_insert_default();
        } else if self.events.is_empty() {
            self.known.transfer = None;
        }
    }
}

impl Ledger for MemoryLedger {
    type Reader = Self;

    fn reader(&self) -> Result<Self, LedgerError> {
        Ok(self.clone())
    }

    async fn record(&self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        self.book().record(changes)
    }

    async fn begin_plan(&self, listed_at: Moment, made_with: Arc<str>) -> Result<PlanId, LedgerError> {
        let mut book = self.book();
        let id = PlanId(u32::try_from(book.plans.len() + 1).expect("nobody plans four billion times"));
        book.plans.push(PlanRecord {
            id,
            listed_at,
            finished_at: None,
            made_with,
        });
        Ok(id)
    }

    async fn plan(&self, plan: PlanId, points: Vec<PlannedPoint>) -> Result<Vec<PointId>, LedgerError> {
        let mut book = self.book();
        points.into_iter().map(|point| book.upsert(plan, point)).collect()
    }

    async fn rule(&self, plan: PlanId, rulings: Vec<(PointId, Ruling)>) -> Result<(), LedgerError> {
        let mut book = self.book();
        for (id, _) in &rulings {
            book.entry(*id)?;
        }
        for (id, ruling) in rulings {
            let entry = book.entry_mut(id)?;
            if entry.known.planned.ruling != ruling {
                entry.changed = plan;
                entry.known.planned.ruling = ruling;
                entry.settle();
                let position = entry.known.planned.position;
                book.place(id, position)?;
            }
        }
        Ok(())
    }

    async fn queue(&self, places: Vec<(PointId, u64)>) -> Result<(), LedgerError> {
        let mut book = self.book();
        for (id, _) in &places {
            book.entry(*id)?;
        }
        for &(id, _) in &places {
            book.place(id, None)?;
        }
        for (id, position) in places {
            book.place(id, Some(position))?;
        }
        Ok(())
    }

    async fn finish_plan(&self, plan: PlanId, at: Moment) -> Result<PlanChanges, LedgerError> {
        let mut book = self.book();
        let before = book
            .plans
            .iter()
            .rfind(|known| known.finished_at.is_some() && known.id < plan)
            .map(|known| known.id);
        let mut changes = PlanChanges::default();
        for entry in &book.points {
            if entry.known.seen < plan {
                changes.gone += u64::from(before.is_some_and(|before| entry.known.seen >= before));
            } else if entry.first_seen == plan {
                changes.new += 1;
            } else if entry.changed == plan {
                changes.changed += 1;
            } else {
                changes.unchanged += 1;
            }
        }
        if let Some(record) = book.plans.iter_mut().find(|record| record.id == plan) {
            record.finished_at = Some(at);
        }
        Ok(changes)
    }

    async fn open_window(&self, at: Moment) -> Result<WindowId, LedgerError> {
        let mut book = self.book();
        let id = WindowId(u32::try_from(book.windows.len() + 1).expect("nobody opens four billion windows"));
        book.windows.push(Window {
            id,
            started_at: at,
            ended: None,
        });
        Ok(id)
    }

    async fn close_window(&self, window: WindowId, end: WindowEnd) -> Result<(), LedgerError> {
        if let Some(known) = self.book().windows.iter_mut().find(|known| known.id == window) {
            known.ended = Some(end);
        }
        Ok(())
    }

    async fn learn(&self, learned: Vec<Learned>) -> Result<(), LedgerError> {
        let mut book = self.book();
        for one in learned {
            book.learned.insert((one.what.clone(), one.scope.clone()), one);
        }
        Ok(())
    }
}

impl LedgerReader for MemoryLedger {
    fn route(&self) -> &Route {
        &self.route
    }

    fn standing(&self) -> Result<Standing, LedgerError> {
        let mut standing = Standing::default();
        for entry in &self.book().points {
            match &entry.known.transfer {
                Some(transfer) => *standing.stages.entry(transfer.stage()).or_default() += 1,
                None => *standing.ruled.entry(entry.known.planned.ruling.verdict).or_default() += 1,
            }
        }
        Ok(standing)
    }

    fn next(&self, behind: Option<u64>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let book = self.book();
        let from = behind.map_or(0, |behind| behind + 1);
        let entries = book.queue.range(from..).map(|(_, id)| book.entry(*id));
        let waits = |entry: &Entry| {
            entry
                .known
                .transfer
                .as_ref()
                .is_some_and(|t| t.stage() == Stage::Waiting)
        };
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|entry| waits(entry)))
            .take(limit)
            .map(|entry| entry.map(|entry| entry.known.clone()))
            .collect()
    }

    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let book = self.book();
        let transfers = book
            .points
            .iter()
            .filter_map(|entry| Some((entry.known.id, entry.known.transfer.clone()?)));
        Ok(transfers.filter(|(_, transfer)| transfer.stage().is_open()).collect())
    }

    fn find(&self, recovery_point_arn: &str) -> Result<Option<LedgerPoint>, LedgerError> {
        let id = self.book().by_arn.get(recovery_point_arn).copied();
        id.map_or(Ok(None), |id| self.point(id))
    }

    fn point(&self, id: PointId) -> Result<Option<LedgerPoint>, LedgerError> {
        Ok(self.book().entry(id).ok().map(|entry| entry.known.clone()))
    }

    fn point_of_job(&self, job: &JobId) -> Result<Option<PointId>, LedgerError> {
        let book = self.book();
        let mut entries = book.points.iter();
        let found = entries.find(|entry| entry.attempts.iter().any(|attempt| attempt.job.as_ref() == Some(job)));
        Ok(found.map(|entry| entry.known.id))
    }

    fn points(&self, after: Option<PointId>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let skip = after.map_or(0, |after| after.0 as usize);
        let book = self.book();
        Ok(book
            .points
            .iter()
            .skip(skip)
            .take(limit)
            .map(|entry| entry.known.clone())
            .collect())
    }

    fn events(&self, id: PointId) -> Result<Vec<Event>, LedgerError> {
        Ok(self
            .book()
            .entry(id)
            .map(|entry| entry.events.clone())
            .unwrap_or_default())
    }

    fn attempts(&self, id: PointId) -> Result<Vec<AttemptRecord>, LedgerError> {
        Ok(self
            .book()
            .entry(id)
            .map(|entry| entry.attempts.clone())
            .unwrap_or_default())
    }

    fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError> {
        Ok(self.book().plans.clone())
    }

    fn windows(&self) -> Result<Vec<Window>, LedgerError> {
        Ok(self.book().windows.clone())
    }

    fn learned(&self) -> Result<Vec<Learned>, LedgerError> {
        Ok(self.book().learned.values().cloned().collect())
    }
}
