//! Sums over everything that is held.

use std::collections::BTreeMap;
use std::sync::Arc;

use sav_domain::Moment;
use sav_domain::ledger::{Particulars, PlanId, Progress, RulingCount, Verdict};
use sav_domain::transfer::{Arrival, Stage, State};

use super::book::{Book, Entry};

const HOUR: i64 = 3_600_000;

pub(super) fn particulars(book: &Book) -> Particulars {
    let finished = book.plans.iter().rfind(|plan| plan.finished_at.is_some());
    let current = finished.map_or(PlanId(0), |plan| plan.id);
    let mut rulings: BTreeMap<(Verdict, Option<Arc<str>>), u64> = BTreeMap::new();
    let mut particulars = Particulars::default();
    for entry in &book.points {
        let ruling = &entry.known.planned.ruling;
        match entry.known.transfer.as_ref().map(|transfer| &transfer.state) {
            Some(State::Arrived { how, .. }) => {
                particulars.already_there += u64::from(*how == Arrival::AlreadyThere);
            }
            Some(State::Failed { cause } | State::Parked { cause }) => {
                *particulars.causes.entry(cause.category.clone()).or_default() += 1;
            }
            Some(state) if state.stage() != Stage::Waiting || entry.waits() => {}
            _ if entry.known.seen >= current => {
                *rulings.entry((ruling.verdict, ruling.reason.clone())).or_default() += 1;
            }
            _ => {}
        }
    }
    let counted = rulings.into_iter();
    particulars.rulings = counted
        .map(|((verdict, reason), points)| RulingCount {
            verdict,
            reason,
            points,
        })
        .collect();
    particulars
}

pub(super) fn progress(book: &Book, from: Moment, until: Moment) -> Progress {
    let mut progress = Progress::default();
    for entry in &book.points {
        let ended = entry.attempts.iter().filter_map(|attempt| attempt.ended.as_ref());
        let mut ended = ended.filter(|end| from <= end.at && end.at < until).peekable();
        if matches!(entry.stage(), Some(Stage::Failed | Stage::Partial)) {
            progress.failed += u64::from(ended.peek().is_some());
        }
        progress.completed += ended.filter(|end| &*end.outcome == "landed").count() as u64;
    }
    progress
}

pub(super) fn arrivals(book: &Book, since: Moment) -> Vec<(Moment, u64)> {
    let attempts = book.points.iter().flat_map(|entry: &Entry| &entry.attempts);
    let ended = attempts.filter_map(|attempt| attempt.ended.as_ref());
    let mut hours: BTreeMap<Moment, u64> = BTreeMap::new();
    for end in ended.filter(|end| end.at >= since && &*end.outcome == "landed") {
        let hour = Moment::from_millis(end.at.millis().div_euclid(HOUR) * HOUR);
        *hours.entry(hour).or_default() += 1;
    }
    hours.into_iter().collect()
}
