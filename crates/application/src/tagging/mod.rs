//! `copy --tag-copies`: columns of the metadata table as tags on the copies that have arrived, beside the copying and within the
//! destination's call rate.
//!
//! What was put is in the ledger's journal as one number per copy, made of the copy and its tags: a run that is broken off goes on where
//! it was, and a copy whose metadata has changed is tagged anew. Between two entries a kill costs a few repeated calls, which change nothing.

mod journal;
mod samples;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sav_domain::ResourceType;
use sav_domain::arn::Arn;
use sav_domain::copy_tags::{CopyTags, print_of};
use sav_domain::fault::FaultKind;
use sav_domain::ledger::{LedgerPoint, PointId};
use sav_domain::transfer::{Stage, State};
use tokio::sync::watch;
use tokio::time::{Duration, sleep};

use crate::calls::Calls;
use crate::ports::{CallError, Clock, Ledger, LedgerError, LedgerReader, VaultDesk};

pub use journal::{Journal, columns};
pub use samples::{Brought, sample};

/// Points that are looked at in one go, and the most numbers in one entry of the journal.
const PAGE: usize = 500;
/// Between two looks for copies that have arrived meanwhile.
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);

/// What came of tagging.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tagged {
    pub tagged: u64,
    /// Had these tags from us before.
    pub had_them: u64,
    /// Their metadata has none of the columns.
    pub without: u64,
    /// AWS Backup does not keep the tags of copies of these types.
    pub elsewhere: BTreeMap<Option<ResourceType>, u64>,
    /// Cells that are no values of tags, with one of their copies.
    pub unfit: u64,
    pub unfit_sample: Option<String>,
    pub refused: u64,
    /// It was ended before it had seen to everything that had arrived.
    pub cut_off: bool,
    pub refusal: Option<CallError>,
}

#[derive(Debug, thiserror::Error)]
pub enum TaggingError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Whether copies are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Copying,
    /// What has arrived by now is all there will be.
    AllArrived,
    /// As soon as can be.
    Over,
}

/// Tags what arrives until there is nothing left, or until it is to end.
pub async fn run<D: VaultDesk, L: Ledger, C: Clock>(
    destination: &Arc<Calls<D>>,
    ledger: &L,
    asked: &CopyTags,
    clock: &C,
    mut phase: watch::Receiver<Phase>,
) -> Result<Tagged, TaggingError> {
    let mut work = Work {
        destination,
        ledger,
        asked,
        clock,
        journal: Journal::read(&ledger.reader()?)?,
        settled: HashSet::new(),
        came: Tagged::default(),
    };
    work.journal.note_columns(ledger, asked, clock.now()).await?;
    loop {
        // What arrived before it was said that nothing more will arrive has to be seen after that.
        let now = *phase.borrow_and_update();
        if now == Phase::Over {
            work.came.cut_off = true;
            break;
        }
        let looked = work.look(&phase).await;
        work.journal.flush(ledger, clock.now()).await?;
        looked?;
        if now == Phase::AllArrived {
            break;
        }
        tokio::select! {
            () = sleep(BETWEEN_LOOKS) => {}
            changed = phase.changed() => if changed.is_err() { break },
        }
    }
    Ok(work.came)
}

struct Work<'a, D, L, C> {
    destination: &'a Arc<Calls<D>>,
    ledger: &'a L,
    asked: &'a CopyTags,
    clock: &'a C,
    journal: Journal,
    /// Points that this run has seen to.
    settled: HashSet<PointId>,
    came: Tagged,
}

impl<D: VaultDesk, L: Ledger, C: Clock> Work<'_, D, L, C> {
    async fn look(&mut self, phase: &watch::Receiver<Phase>) -> Result<(), TaggingError> {
        let reader = self.ledger.reader()?;
        let mut after = None;
        loop {
            let page = reader.in_stages(&[Stage::Arrived], after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(*last);
            tokio::task::yield_now().await;
            for (id, _) in page {
                if self.settled.contains(&id) {
                    continue;
                }
                if *phase.borrow() == Phase::Over {
                    return Ok(());
                }
                if let Some(point) = reader.point(id)? {
                    self.tag(&point).await?;
                }
                self.settled.insert(id);
                if self.journal.waiting() >= PAGE {
                    self.journal.flush(self.ledger, self.clock.now()).await?;
                }
            }
        }
    }

    async fn tag(&mut self, point: &LedgerPoint) -> Result<(), CallError> {
        let Some(State::Arrived { destination, .. }) = point.transfer.as_ref().map(|transfer| &transfer.state) else {
            return Ok(());
        };
        let copy = destination.as_str();
        let wanted = self.asked.of_copy(point.planned.metadata.as_deref());
        if let Some((key, why)) = wanted.unfit.first() {
            self.came.unfit += wanted.unfit.len() as u64;
            let sample = || format!("{key} of {}: {why}", point.planned.point.arn);
            self.came.unfit_sample.get_or_insert_with(sample);
        }
        if wanted.tags.is_empty() {
            self.came.without += 1;
            return Ok(());
        }
        if !is_kept_by_backup(copy) {
            let of_type = point.planned.point.resource_type.clone();
            *self.came.elsewhere.entry(of_type).or_default() += 1;
            return Ok(());
        }
        let number = print_of(copy, &wanted.tags);
        if self.journal.has(number) {
            self.came.had_them += 1;
            return Ok(());
        }
        match self.destination.tag(copy, &wanted.tags).await {
            Ok(()) => {
                self.came.tagged += 1;
                self.journal.add(number);
            }
            // Of this copy alone. Others may well be taken; the next run asks again.
            Err(error)
                if matches!(
                    error.kind,
                    FaultKind::NotFound | FaultKind::Rejected | FaultKind::LimitReached
                ) =>
            {
                self.came.refused += 1;
                self.came.refusal.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Points of types that AWS Backup does not fully manage belong to other services, and so do their tags.
pub fn is_kept_by_backup(point_arn: &str) -> bool {
    Arn::parse(point_arn).is_some_and(|arn| arn.service == "backup")
}
