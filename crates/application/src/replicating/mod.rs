//! `replicate`: the destination's vaults are made like the source's.
//!
//! ```text
//!   source's vaults ──┐
//!   destination's ────┴─> a difference per pair, shown ──> its steps, one call each ──> what came of them
//! ```
//!
//! Reading and taking steps are apart, so that a difference can be shown and nothing be done. A run that is broken off anywhere is
//! finished by the next one: it reads anew what is there.

mod read;
mod taking;
pub mod vault_map;

use std::collections::BTreeMap;
use std::sync::Arc;

use sav_domain::VaultName;
use sav_domain::retention::{LockRange, Retention};
use sav_domain::selection::VaultChoice;
use sav_domain::transfer::Stage;
use sav_domain::twin::{Difference, Standing, VaultAsRead, What, Wishes};
use sav_domain::vault_map::VaultMap;

use crate::calls::Calls;
use crate::ports::{CallError, LedgerError, LedgerReader, VaultDesk};
use crate::reading::{self, VaultsError};

pub use read::read_vault;
pub use taking::{Action, Came, VaultTold};

/// Points of the ledger that are looked at in one go.
const PAGE: usize = 1000;

/// A vault, its twin if there is one, and what they differ in.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    pub source: VaultAsRead,
    pub twin: Option<VaultAsRead>,
    pub difference: Difference,
}

/// Reads both accounts' vaults. Nothing is written.
pub async fn differences<S: VaultDesk, D: VaultDesk>(
    source: &Arc<Calls<S>>,
    destination: &Arc<Calls<D>>,
    chosen: VaultChoice<'_>,
    map: &VaultMap,
    wishes: &Wishes,
    mut tell: impl FnMut(&VaultName),
) -> Result<Vec<Paired>, VaultsError> {
    let vaults = reading::vaults(source, chosen).await?;
    let twins = destination.vaults().await?;
    let mut pairs = Vec::with_capacity(vaults.len());
    for seen in &vaults {
        tell(&seen.name);
        let target = map.target(&seen.name);
        let twin = twins.iter().find(|twin| twin.name == *target);
        let (original, twin) = tokio::join!(Box::pin(read_vault(source, seen)), async {
            match twin {
                Some(twin) => Box::pin(read_vault(destination, twin)).await.map(Some),
                None => Ok(None),
            }
        });
        let (original, twin) = (original?, twin?);
        pairs.push(Paired {
            difference: Difference::between(&original, target, twin.as_ref(), wishes),
            source: original,
            twin,
        });
    }
    Ok(pairs)
}

/// Takes the steps of every pair. Where a call is refused the others go on; what nobody answers ends it.
pub async fn replicate<D: VaultDesk>(
    destination: &Arc<Calls<D>>,
    pairs: Vec<Paired>,
    wishes: &Wishes,
    mut tell: impl FnMut(&VaultTold),
) -> Result<Vec<VaultTold>, CallError> {
    let mut told: Vec<VaultTold> = Vec::with_capacity(pairs.len());
    let mut made: Vec<VaultName> = Vec::new();
    for mut pair in pairs {
        let target = pair.difference.target.clone();
        // Several vaults may share one twin: what the first of them did to it is not in what was read before.
        if made.contains(&target) && !pair.difference.is_settled() {
            pair = Box::pin(read::again(destination, pair, wishes)).await?;
        }
        let vault = Box::pin(taking::take(destination, pair, wishes)).await?;
        made.push(target);
        tell(&vault);
        told.push(vault);
    }
    Ok(told)
}

/// As if nothing were to be done: what a dry run shows.
pub fn shown(pairs: &[Paired]) -> Vec<VaultTold> {
    pairs.iter().map(|pair| taking::untaken(&pair.difference)).collect()
}

/// How many copies that wait in the ledger a lock would refuse, by source vault. Only locks that are to be put are asked about.
pub fn refused_by_locks<R: LedgerReader>(
    reader: &R,
    pairs: &[Paired],
    retention: Retention,
) -> Result<BTreeMap<VaultName, u64>, LedgerError> {
    let locks: BTreeMap<&VaultName, LockRange> = pairs
        .iter()
        .filter_map(|pair| Some((&pair.difference.source, pair.difference.lock_to_put()?)))
        .collect();
    let mut refused = BTreeMap::new();
    let mut after = None;
    if locks.is_empty() {
        return Ok(refused);
    }
    loop {
        let page = reader.points(after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(refused);
        };
        after = Some(last.id);
        for known in &page {
            let point = &known.planned.point;
            let to_come = known
                .transfer
                .as_ref()
                .is_some_and(|transfer| matches!(transfer.stage(), Stage::Waiting | Stage::Failed));
            let takes = |range: &LockRange| range.takes(retention.of_copy(point));
            if to_come && locks.get(&point.vault).is_some_and(|range| !takes(range)) {
                *refused.entry(point.vault.clone()).or_default() += 1;
            }
        }
    }
}

/// Whether a step would put a lock that nobody can ever remove.
pub fn locks_for_ever(pairs: &[Paired]) -> impl Iterator<Item = &VaultName> {
    let for_ever = |pair: &&Paired| {
        pair.difference.steps.iter().any(|step| {
            step.what == What::Lock
                && matches!(
                    step.standing,
                    Standing::ToDo(sav_domain::twin::Deed::PutLock {
                        changeable_for_days: Some(_),
                        ..
                    })
                )
        })
    };
    pairs.iter().filter(for_ever).map(|pair| &pair.difference.target)
}
