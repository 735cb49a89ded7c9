//! Where the points of each vault and type stand.

use std::collections::BTreeMap;

use sav_domain::ledger::{PlanId, Portion, RulingCount};
use sav_domain::transfer::{Arrival, Stage, State};

use super::book::{Book, Entry};

pub(super) fn portions(book: &Book) -> Vec<Portion> {
    let finished = book.plans.iter().rfind(|plan| plan.finished_at.is_some());
    let current = finished.map_or(PlanId(0), |plan| plan.id);
    let mut portions: BTreeMap<(String, String), Portion> = BTreeMap::new();
    for entry in &book.points {
        let point = &entry.known.planned.point;
        let kind = point.resource_type.as_ref().map_or("", |kind| kind.name());
        let portion = portions
            .entry((point.vault.to_string(), kind.to_owned()))
            .or_insert_with(|| Portion::of(point.vault.clone(), point.resource_type.clone()));
        match entry.stage() {
            Some(stage) if stage != Stage::Waiting || entry.waits() => count_transfer(portion, book, entry, stage),
            _ if entry.known.seen >= current => count_ruling(portion, entry),
            _ => {}
        }
    }
    portions.into_values().collect()
}

fn count_transfer(portion: &mut Portion, book: &Book, entry: &Entry, stage: Stage) {
    *portion.standing.stages.entry(stage).or_default() += 1;
    portion.standing.waiting_in_parked_groups += u64::from(entry.waits() && book.is_parked(entry));
    match entry.known.transfer.as_ref().map(|transfer| &transfer.state) {
        Some(State::Arrived { how, .. }) => {
            portion.particulars.already_there += u64::from(*how == Arrival::AlreadyThere);
        }
        Some(State::Failed { cause } | State::Parked { cause }) => {
            *portion.particulars.causes.entry(cause.category.clone()).or_default() += 1;
        }
        _ => {}
    }
}

fn count_ruling(portion: &mut Portion, entry: &Entry) {
    let ruling = &entry.known.planned.ruling;
    *portion.standing.ruled.entry(ruling.verdict).or_default() += 1;
    let rulings = &mut portion.particulars.rulings;
    match rulings
        .iter_mut()
        .find(|ruled| ruled.verdict == ruling.verdict && ruled.reason == ruling.reason)
    {
        Some(ruled) => ruled.points += 1,
        None => rulings.push(RulingCount {
            verdict: ruling.verdict,
            reason: ruling.reason.clone(),
            points: 1,
        }),
    }
}
