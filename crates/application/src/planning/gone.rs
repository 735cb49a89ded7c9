//! Points that the new listing no longer shows: expired, deleted, or in vaults that are not chosen this time.

use std::collections::HashSet;
use std::sync::Arc;

use sav_domain::ledger::{LedgerPoint, PlanId, PointId, Ruling, Verdict};
use sav_domain::transfer::{Event, Stage, Step};
use sav_domain::verdict::NOT_SELECTED;
use sav_domain::{Moment, VaultName};

use crate::ports::{Change, Ledger, LedgerError, LedgerReader};

/// Points asked of the ledger at once.
const PAGE: usize = 2_000;

/// Tells the ledger what became of points that this plan did not list. Answers how many transfers vanished.
pub(super) async fn settle<L: Ledger>(
    ledger: &L,
    plan: PlanId,
    chosen: &HashSet<VaultName>,
    now: Moment,
) -> Result<u64, LedgerError> {
    let mut vanished = 0;
    let mut after: Option<PointId> = None;
    let mut reader = ledger.reader()?;
    loop {
        let page;
        (reader, page) = super::pass::read(reader, move |reader| reader.gone(plan, after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(vanished) };
        after = Some(last.id);
        let mut changes = Vec::new();
        let mut rulings = Vec::new();
        for point in &page {
            match decide(point, chosen) {
                Some(Fate::Vanished) => changes.push(Change {
                    point: point.id,
                    event: Event::new(now, Step::Vanished),
                }),
                Some(Fate::NotSelected(word)) if point.planned.ruling.reason.as_deref() != Some(word.as_str()) => {
                    let ruling = Ruling {
                        verdict: Verdict::Skip,
                        reason: Some(Arc::from(word)),
                        fix: None,
                    };
                    rulings.push((point.id, ruling));
                }
                Some(Fate::NotSelected(_)) | None => {}
            }
        }
        vanished += changes.len() as u64;
        ledger.record(changes).await?;
        ledger.rule(plan, rulings).await?;
    }
}

enum Fate {
    /// It was to be copied, and is gone.
    Vanished,
    /// Nobody asks for it any more.
    NotSelected(String),
}

fn decide(point: &LedgerPoint, chosen: &HashSet<VaultName>) -> Option<Fate> {
    let stage = point.transfer.as_ref().map(sav_domain::transfer::Transfer::stage);
    if !chosen.contains(&point.planned.point.vault) {
        let began = point.transfer.as_ref().is_some_and(|transfer| transfer.attempts > 0);
        return (!began).then(|| Fate::NotSelected(format!("{NOT_SELECTED}_vault_not_selected")));
    }
    match stage {
        Some(Stage::Waiting | Stage::Failed | Stage::Parked) => Some(Fate::Vanished),
        Some(_) => None,
        // Gone without ever having been to be copied: nobody misses it.
        None => Some(Fate::NotSelected(format!("{NOT_SELECTED}_gone"))),
    }
}
