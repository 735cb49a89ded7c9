//! The questions, answered at any moment from what is held.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sav_domain::forecast::{LaneLeft, Lately};
use sav_domain::ledger::{
    self, AttemptRecord, Difference, GroupId, GroupStanding, Learned, LedgerPoint, Particulars, PlanId, PlanRecord,
    PointId, Portion, Progress, Standing, Window,
};
use sav_domain::transfer::{Event, JobId, Stage, Transfer};
use sav_domain::{Moment, Route};

use super::book::Entry;
use super::{MemoryLedger, counting, outlook, portions};
use crate::ports::{LedgerError, LedgerReader};

impl LedgerReader for MemoryLedger {
    fn route(&self) -> &Route {
        &self.route
    }

    fn standing(&self) -> Result<Standing, LedgerError> {
        let book = self.book();
        let mut standing = Standing::default();
        for entry in &book.points {
            match entry.stage() {
                Some(stage) if stage != Stage::Waiting || entry.waits() => {
                    *standing.stages.entry(stage).or_default() += 1;
                }
                _ => *standing.ruled.entry(entry.known.planned.ruling.verdict).or_default() += 1,
            }
            standing.waiting_in_parked_groups += u64::from(entry.waits() && book.is_parked(entry));
        }
        Ok(standing)
    }

    fn groups(&self) -> Result<Vec<GroupStanding>, LedgerError> {
        let book = self.book();
        let mut groups: Vec<GroupStanding> = (1..)
            .zip(&book.groups)
            .map(|(id, entry)| GroupStanding {
                id: GroupId(id),
                group: entry.group.clone(),
                parked: entry.parked.clone(),
                waiting: 0,
                copied: 0,
            })
            .collect();
        for entry in &book.points {
            if let Some(id) = entry.group() {
                let standing = &mut groups[id.0 as usize - 1];
                standing.waiting += u64::from(entry.waits());
                standing.copied += u64::from(entry.known.transfer.as_ref().is_some_and(Transfer::was_copied));
            }
        }
        Ok(groups)
    }

    fn ready(&self, group: GroupId, behind: Option<u64>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let Some(from) = behind.map_or(Some(0), |behind| behind.checked_add(1)) else {
            return Ok(Vec::new());
        };
        let book = self.book();
        let heads = book.lanes.in_order(group, from).take(limit);
        heads.map(|id| Ok(book.entry(id)?.known.clone())).collect()
    }

    fn smallest_ready(&self, group: GroupId, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let book = self.book();
        let heads = book.lanes.by_size(group).take(limit);
        heads.map(|id| Ok(book.entry(id)?.known.clone())).collect()
    }

    fn heads_after(&self, points: &[PointId]) -> Result<Vec<LedgerPoint>, LedgerError> {
        let book = self.book();
        let known = points.iter().filter_map(|id| book.entry(*id).ok());
        let heads: BTreeSet<_> = known.filter_map(|entry| book.lanes.head_of(&entry.lane())).collect();
        let heads = heads.into_iter().map(|(_, id)| id);
        heads.map(|id| Ok(book.entry(id)?.known.clone())).collect()
    }

    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let book = self.book();
        let transfers = book
            .points
            .iter()
            .filter_map(|entry| Some((entry.known.id, entry.known.transfer.clone()?)));
        Ok(transfers.filter(|(_, transfer)| transfer.stage().is_open()).collect())
    }

    fn begun(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let book = self.book();
        let transfers = book.points.iter().filter_map(|entry| {
            let transfer = entry.known.transfer.as_ref()?;
            transfer.is_begun().then(|| (entry.known.id, transfer.clone()))
        });
        Ok(transfers.collect())
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

    fn gone(&self, plan: PlanId, after: Option<PointId>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let book = self.book();
        let behind = book.points.iter().skip(after.map_or(0, |after| after.0 as usize));
        let gone = behind.map(|entry| &entry.known).filter(|known| known.seen < plan);
        Ok(gone.take(limit).cloned().collect())
    }

    fn changes(&self, plan: PlanId, difference: Difference, limit: usize) -> Result<Vec<Box<str>>, LedgerError> {
        let book = self.book();
        let differs = |entry: &&Entry| book.difference(entry, plan) == Some(difference);
        let arns = book.points.iter().filter(differs);
        Ok(arns
            .map(|entry| entry.known.planned.point.arn.clone())
            .take(limit)
            .collect())
    }

    fn windows(&self) -> Result<Vec<Window>, LedgerError> {
        Ok(self.book().windows.clone())
    }

    fn learned(&self) -> Result<Vec<Learned>, LedgerError> {
        Ok(self.book().learned.values().cloned().collect())
    }

    fn entries(&self, kind: Option<&str>) -> Result<Vec<ledger::Entry>, LedgerError> {
        let book = self.book();
        let wanted = |entry: &&ledger::Entry| kind.is_none_or(|kind| *entry.kind == *kind);
        Ok(book.journal.iter().filter(wanted).cloned().collect())
    }

    fn at_one_moment(&mut self) -> Result<(), LedgerError> {
        let of_now = self.book().clone();
        self.book = Arc::new(Mutex::new(of_now));
        Ok(())
    }

    fn particulars(&self) -> Result<Particulars, LedgerError> {
        Ok(counting::particulars(&self.book()))
    }

    fn portions(&self) -> Result<Vec<Portion>, LedgerError> {
        Ok(portions::portions(&self.book()))
    }

    fn progress(&self, from: Moment, until: Moment) -> Result<Progress, LedgerError> {
        Ok(counting::progress(&self.book(), from, until))
    }

    fn arrivals(&self, since: Moment) -> Result<Vec<(Moment, u64)>, LedgerError> {
        Ok(counting::arrivals(&self.book(), since))
    }

    fn in_stages(
        &self,
        stages: &[Stage],
        after: Option<PointId>,
        limit: usize,
    ) -> Result<Vec<(PointId, Stage)>, LedgerError> {
        let book = self.book();
        let behind = book.points.iter().skip(after.map_or(0, |after| after.0 as usize));
        let standing = behind.filter_map(|entry| Some((entry.known.id, entry.stage()?)));
        Ok(standing
            .filter(|(_, stage)| stages.contains(stage))
            .take(limit)
            .collect())
    }

    fn lanes_left(&self, tell: &mut dyn FnMut(&LaneLeft)) -> Result<(), LedgerError> {
        outlook::lanes_left(&self.book()).iter().for_each(tell);
        Ok(())
    }

    fn landed_lately(&self, limit: usize) -> Result<Lately, LedgerError> {
        Ok(outlook::landed_lately(&self.book(), limit))
    }
}
