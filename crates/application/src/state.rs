//! `state`: what the ledger holds, and how it is made to forget.

use sav_domain::Moment;
use sav_domain::ledger::{AttemptRecord, LedgerPoint, PointId};
use sav_domain::transfer::{Event, Stage, Step};

use crate::ports::{Change, Ledger, LedgerError, LedgerReader};

/// Transfers that are queued again in one transaction.
const PAGE: usize = 1000;
/// What counts as failed. A partial one is asked for as a whole again: AWS copies no single part.
const FAILED: [Stage; 2] = [Stage::Failed, Stage::Partial];

/// One transfer's whole story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointStory {
    pub point: LedgerPoint,
    pub attempts: Vec<AttemptRecord>,
    pub events: Vec<Event>,
}

pub fn story<R: LedgerReader>(reader: &mut R, recovery_point_arn: &str) -> Result<Option<PointStory>, LedgerError> {
    reader.at_one_moment()?;
    let Some(point) = reader.find(recovery_point_arn)? else {
        return Ok(None);
    };
    Ok(Some(PointStory {
        attempts: reader.attempts(point.id)?,
        events: reader.events(point.id)?,
        point,
    }))
}

/// Transfers that failed, and went or would go back into the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requeued {
    pub failed: u64,
    pub partial: u64,
}

impl Requeued {
    fn add(&mut self, stage: Stage) {
        match stage {
            Stage::Partial => self.partial += 1,
            _ => self.failed += 1,
        }
    }
}

/// What `requeue_failed` would do.
pub fn failed<R: LedgerReader>(reader: &R) -> Result<Requeued, LedgerError> {
    let standing = reader.standing()?;
    let stage = |stage: Stage| standing.stages.get(&stage).copied().unwrap_or_default();
    Ok(Requeued {
        failed: stage(Stage::Failed),
        partial: stage(Stage::Partial),
    })
}

/// Back into the queue with everything that failed, because the operator said so.
pub async fn requeue_failed<L: Ledger>(ledger: &L, now: Moment) -> Result<Requeued, LedgerError> {
    let reader = ledger.reader()?;
    let mut requeued = Requeued::default();
    let mut after: Option<PointId> = None;
    loop {
        let page = reader.in_stages(&FAILED, after, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(requeued);
        };
        after = Some(*last);
        let again = |point: PointId| Change {
            point,
            event: Event::new(now, Step::Requeued { not_before: None }),
        };
        let changes = page.iter().map(|(point, _)| again(*point)).collect();
        ledger.record(changes).await?;
        for (_, stage) in &page {
            requeued.add(*stage);
        }
    }
}
