//! `--repair`: what is missing goes back into the queue, and nothing else does.

use sav_domain::Moment;
use sav_domain::ledger::{LedgerPoint, PointId, Ruling, Verdict};
use sav_domain::transfer::{Event, Stage, Step, Transfer};
use sav_domain::verdict::Why;
use sav_domain::verification::Verified;

use crate::planning::ask_ledger;
use crate::ports::{Change, Ledger, LedgerError};

/// Points written at once.
const BATCH: usize = 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Missing points that wait for a copy again.
    pub queued: u64,
    /// Missing points of which something else has happened since.
    pub left: u64,
}

/// Has the ledger forget the copies that are not there any more. Their next attempts have tokens of their own.
pub async fn repair<L: Ledger>(ledger: &L, verified: &Verified, now: Moment) -> Result<Repaired, LedgerError> {
    let mut repaired = Repaired::default();
    let missing: Vec<PointId> = verified.missing().map(PointId).collect();
    let (mut reader, plans) = ask_ledger(ledger.reader()?, crate::ports::LedgerReader::plans).await?;
    let plan = plans.iter().rev().find(|plan| plan.finished_at.is_some());
    for batch in missing.chunks(BATCH) {
        let ids = batch.to_vec();
        let points;
        (reader, points) = ask_ledger(reader, move |reader| {
            ids.into_iter()
                .map(|id| crate::ports::LedgerReader::point(reader, id))
                .collect::<Result<Vec<Option<LedgerPoint>>, _>>()
        })
        .await?;
        let mut lost = Vec::new();
        let mut wanted = Vec::new();
        for known in points.into_iter().flatten() {
            let stage = known.transfer.as_ref().map(Transfer::stage);
            let was_there = known.planned.ruling.reason.as_deref() == Some(Why::AlreadyThere.code());
            match stage {
                Some(Stage::Arrived) => lost.push(Change {
                    point: known.id,
                    event: Event::new(now, Step::Lost),
                }),
                Some(Stage::Waiting) | None if was_there => {}
                _ => {
                    repaired.left += 1;
                    continue;
                }
            }
            repaired.queued += 1;
            if known.planned.ruling.verdict != Verdict::Copy {
                wanted.push((known.id, Ruling::COPY));
            }
        }
        ledger.record(lost).await?;
        if let Some(plan) = plan {
            ledger.rule(plan.id, wanted).await?;
        }
    }
    Ok(repaired)
}
