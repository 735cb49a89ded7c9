//! What is to be copied, in sums.

use std::sync::Arc;

use sav_domain::checks::Load;
use sav_domain::ledger::{GroupStanding, Verdict};
use sav_domain::retention::Retention;
use sav_domain::transfer::{Stage, Transfer};
use sav_domain::{Judgement, Selection};

use crate::calls::Calls;
use crate::ports::{CallError, Gateway, LedgerError, LedgerReader, MetadataTable, VaultSeen};
use crate::reading::{self, Reading};

const PAGE: usize = 5_000;

/// From the points that the ledger has planned and that have not arrived. What planning blocked is counted, too: it is
/// blocked by what the checks look at.
pub fn of_ledger(reader: &impl LedgerReader, retention: Retention) -> Result<Load, LedgerError> {
    let mut load = Load::default();
    let mut after = None;
    loop {
        let page = reader.points(after, PAGE)?;
        let Some(last) = page.last() else { return Ok(load) };
        after = Some(last.id);
        for known in &page {
            let stage = known.transfer.as_ref().map(Transfer::stage);
            let settled = matches!(stage, Some(Stage::Arrived | Stage::Vanished));
            if known.planned.ruling.verdict != Verdict::Skip && !settled {
                load.add(&known.planned.point, retention);
            }
        }
    }
}

/// From the groups of the ledger, which is quick and tells nothing of how long copies are kept: right after a plan has judged
/// that for each point.
pub fn of_standing(reader: &impl LedgerReader, groups: &[GroupStanding]) -> Result<Load, LedgerError> {
    let mut load = Load::default();
    for group in groups.iter().filter(|group| group.waiting > 0) {
        // Where all lanes are busy, copies are under way, and nothing has to be foretold.
        if let Some(head) = reader.ready(group.id, None, 1)?.first() {
            load.count(&head.planned.point, group.waiting, None);
        }
    }
    Ok(load)
}

/// From the source's lists, as they are now.
pub async fn of_vaults<G: Gateway, M: MetadataTable>(
    calls: &Arc<Calls<G>>,
    vaults: Vec<VaultSeen>,
    selection: Arc<Selection>,
    metadata: Option<Arc<M>>,
    retention: Retention,
    mut tell: impl FnMut(u64),
) -> Result<Load, CallError> {
    let reading = Reading {
        vaults,
        selection,
        metadata,
        account_for_all: false,
    };
    let (mut pages, sweeping) = reading::start(Arc::clone(calls), reading, move |judged| {
        let mut load = Load::default();
        for one in judged.filter(|one| *one.judgement == Judgement::Included) {
            load.add(one.point, retention);
        }
        load
    });
    let mut whole = Load::default();
    let mut read = 0;
    while let Some(told) = pages.recv().await {
        read += told.tally.total();
        whole.merge(told.rendered);
        tell(read);
    }
    sweeping.await.expect("a sweep neither panics nor is cancelled")?;
    Ok(whole)
}
