//! What is expected by a ledger: everything that it says has arrived, is under way, or waits.

use std::collections::HashSet;
use std::sync::Arc;

use sav_domain::ledger::{Group, LedgerPoint, PointId, Verdict};
use sav_domain::metadata::MetadataRow;
use sav_domain::transfer::{Stage, State, Transfer};
use sav_domain::verdict::{Why, uncopyable_type};
use sav_domain::verification::Standing;
use sav_domain::{Judgement, RecoveryPoint, Selection};

use super::{Expecting, Progress, Verification, Verifying, VerifyingError};
use crate::calls::Calls;
use crate::planning::ask_ledger;
use crate::ports::{Gateway, LedgerReader, MetadataTable};

/// Points asked of the ledger at once.
const PAGE: usize = 2_000;

/// Compares what the ledger says with what the destination lists. The source is not asked.
pub async fn by_ledger<R, D, M>(
    reader: R,
    destination: &Arc<Calls<D>>,
    verifying: &Verifying<M>,
    mut tell: impl FnMut(Progress),
) -> Result<Verification, VerifyingError>
where
    R: LedgerReader + 'static,
    D: Gateway,
    M: MetadataTable,
{
    let mut expecting = Expecting::by(&verifying.terms);
    let mut reader = reader;
    reader.at_one_moment()?;
    let (mut reader, (plans, groups)) = ask_ledger(reader, |reader| Ok((reader.plans()?, reader.groups()?))).await?;
    let parked: HashSet<Group> = groups
        .into_iter()
        .filter(|standing| standing.parked.is_some())
        .map(|standing| standing.group)
        .collect();
    let mut vaults = HashSet::new();
    let mut after: Option<PointId> = None;
    loop {
        let page;
        (reader, page) = ask_ledger(reader, move |reader| reader.points(after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let chosen = chosen(&page, verifying)?;
        for (known, chosen) in page.iter().zip(chosen) {
            let point = &known.planned.point;
            if !vaults.contains(&point.vault) {
                vaults.insert(point.vault.clone());
                if verifying.selection.vaults().contains(point.vault.as_str()) {
                    expecting.choose(&point.vault);
                }
            }
            let standing = if chosen {
                standing(known, &parked)
            } else {
                Standing::NotChosen
            };
            let row = expecting.add(point, standing, known.id.0);
            if let Some(Transfer {
                state: State::Arrived { destination, .. },
                ..
            }) = &known.transfer
            {
                let copy = expecting.comparison.copy_named(destination.as_str());
                expecting.comparison.record(row, copy);
            }
        }
        tell(Progress::Ledger {
            points: expecting.comparison.expected(),
        });
    }
    drop(reader);
    let names: Vec<&str> = vaults.iter().map(sav_domain::VaultName::as_str).collect();
    verifying.selection.vaults().check_against(&names)?;
    let plan = plans.into_iter().rev().find(|plan| plan.finished_at.is_some());
    Ok(expecting.conclude(destination, plan, verifying.now, &mut tell).await?)
}

/// Whether the choosing options choose a point, besides what the plan has chosen.
fn chosen<M: MetadataTable>(page: &[LedgerPoint], verifying: &Verifying<M>) -> Result<Vec<bool>, VerifyingError> {
    let selection: &Selection = &verifying.selection;
    if selection.chooses_everything() {
        return Ok(vec![true; page.len()]);
    }
    let resource = |known: &'_ LedgerPoint| known.planned.point.resource_arn.clone().unwrap_or_default();
    let resources: Vec<Arc<str>> = page.iter().map(resource).collect();
    let resources: Vec<&str> = resources.iter().map(|arn| &**arn).collect();
    let rows: Vec<Option<M::Row<'_>>> = verifying
        .metadata
        .as_deref()
        .map_or_else(|| page.iter().map(|_| None).collect(), |table| table.rows(&resources));
    let mut undecidable = sav_domain::tally::Sampled::default();
    let judged = page.iter().zip(&rows).map(|(known, row)| {
        let row = row.as_ref().map(|row| row as &dyn MetadataRow);
        let judgement = selection.judge(&known.planned.point, row);
        if matches!(judgement, Judgement::Undecidable(_)) {
            undecidable.add(&known.planned.point.arn);
        }
        judgement == Judgement::Included
    });
    let chosen = judged.collect();
    if undecidable.count() > 0 {
        return Err(VerifyingError::Undecidable { points: undecidable });
    }
    Ok(chosen)
}

fn standing(known: &LedgerPoint, parked: &HashSet<Group>) -> Standing {
    let point = &known.planned.point;
    let ruling = &known.planned.ruling;
    match known.transfer.as_ref().map(Transfer::stage) {
        Some(Stage::Arrived) => Standing::Due,
        Some(Stage::Intended | Stage::Unsure | Stage::Copying) => Standing::UnderWay,
        Some(Stage::Partial) => Standing::Partial,
        Some(Stage::Failed) => Standing::Failed,
        Some(Stage::Parked) => Standing::Parked,
        Some(Stage::Vanished) => Standing::Vanished,
        Some(Stage::Waiting) | None => match ruling.verdict {
            Verdict::Copy if parked.contains(&Group::of(point)) => Standing::Parked,
            Verdict::Copy => Standing::Queued,
            Verdict::Blocked => Standing::Blocked,
            Verdict::Skip => match ruling.reason.as_deref() {
                Some(reason) if reason == Why::AlreadyThere.code() => Standing::Due,
                Some(reason) if reason == Why::PartOfComposite.code() => part(point),
                _ => Standing::NotChosen,
            },
        },
    }
}

/// Parts that AWS cannot copy are left out of their parent's copy.
pub(super) fn part(point: &RecoveryPoint) -> Standing {
    if uncopyable_type(point).is_some() {
        Standing::NotChosen
    } else {
        Standing::Part
    }
}
