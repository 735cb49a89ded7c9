//! A ledger that lives as long as the process: for dry runs, which change nothing anywhere, and for tests.

mod book;
mod counting;
mod lanes;
mod outlook;
mod portions;
mod reader;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sav_domain::ledger::{
    self, Difference, GroupId, Learned, PlanChanges, PlanId, PlanRecord, PlannedPoint, PointId, Ruling, Window,
    WindowEnd, WindowId,
};
use sav_domain::transfer::{Cause, Transfer};
use sav_domain::{Moment, Route};

use crate::ports::{Change, Ledger, LedgerError};
use book::Book;

#[derive(Clone, Debug)]
pub struct MemoryLedger {
    route: Route,
    book: Arc<Mutex<Book>>,
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
        rulings
            .into_iter()
            .try_for_each(|(id, ruling)| book.rule(plan, id, ruling))
    }

    async fn queue(&self, places: Vec<(PointId, u64)>) -> Result<(), LedgerError> {
        let mut book = self.book();
        for (id, _) in &places {
            book.entry(*id)?;
        }
        places
            .into_iter()
            .try_for_each(|(id, position)| book.place(id, position))
    }

    async fn finish_plan(&self, plan: PlanId, at: Moment) -> Result<PlanChanges, LedgerError> {
        let mut book = self.book();
        let mut changes = PlanChanges::default();
        for entry in &book.points {
            match book.difference(entry, plan) {
                Some(Difference::New) => changes.new += 1,
                Some(Difference::Gone) => changes.gone += 1,
                Some(Difference::Changed) => changes.changed += 1,
                None => changes.unchanged += u64::from(entry.known.seen >= plan),
            }
        }
        if let Some(record) = book.plans.iter_mut().find(|record| record.id == plan) {
            record.finished_at = Some(at);
        }
        Ok(changes)
    }

    async fn park(&self, group: GroupId, cause: Cause) -> Result<(), LedgerError> {
        self.book().group_mut(group)?.parked = Some(cause);
        Ok(())
    }

    async fn unpark(&self, groups: Vec<GroupId>) -> Result<(), LedgerError> {
        let mut book = self.book();
        for id in &groups {
            book.group_mut(*id)?;
        }
        for id in groups {
            book.group_mut(id)?.parked = None;
        }
        Ok(())
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

    async fn note(&self, entries: Vec<ledger::Entry>) -> Result<(), LedgerError> {
        self.book().journal.extend(entries);
        Ok(())
    }
}
