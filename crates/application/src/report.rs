//! `report`: the whole migration told from its ledger, for whoever was not there.

use std::collections::BTreeMap;

use sav_domain::Moment;
use sav_domain::ledger::{Entry, Learned};
use sav_domain::status::Counts;

use crate::ports::{LedgerError, LedgerReader};
use crate::status::{self, Status};
use crate::summary::Summary;

#[derive(Clone, Debug)]
pub struct Report {
    pub at: Moment,
    pub status: Status,
    pub summary: Summary,
    /// By vault and type.
    pub cells: BTreeMap<(String, String), Counts>,
    /// Copies that arrived, by the hour that begins at the moment.
    pub arrivals: Vec<(Moment, u64)>,
    pub learned: Vec<Learned>,
    pub pauses: Vec<Pause>,
    /// The last verification and when it was.
    pub verified: Option<Entry>,
}

/// A time in which nothing was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub from: Moment,
    /// None: nobody wrote down that it went on.
    pub until: Option<Moment>,
    /// What was written down about it, as a JSON object.
    pub detail: Box<str>,
}

impl Report {
    /// Everything of one moment, whatever a running copy does meanwhile. `in_use`: whether a process holds the ledger.
    pub fn of<R: LedgerReader>(reader: &mut R, in_use: bool, now: Moment) -> Result<Self, LedgerError> {
        let status = status::read(reader, in_use, now)?;
        let summary = Summary::of(reader, now)?;
        let mut cells: BTreeMap<(String, String), Counts> = BTreeMap::new();
        for portion in reader.portions()? {
            let counts = Counts::of(&portion.standing, &portion.particulars);
            if counts.total_items > 0 {
                let kind = portion.resource_type.as_ref().map_or("", |kind| kind.name());
                let cell = cells.entry((portion.vault.to_string(), kind.to_owned()));
                cell.or_default().add(&counts);
            }
        }
        Ok(Self {
            at: now,
            arrivals: reader.arrivals(Moment::MIN)?,
            learned: reader.learned()?,
            pauses: pauses(&reader.entries(Some("paused"))?, &reader.entries(Some("resumed"))?),
            verified: reader.entries(Some("verified"))?.pop(),
            status,
            summary,
            cells,
        })
    }
}

/// A pause ends with the first that went on after it and before the next pause: a process that died while it paused tells nobody.
fn pauses(paused: &[Entry], resumed: &[Entry]) -> Vec<Pause> {
    let nexts = paused.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let pause = |(pause, next): (&Entry, Option<Moment>)| Pause {
        from: pause.at,
        until: resumed
            .iter()
            .map(|resumed| resumed.at)
            .find(|at| *at >= pause.at && next.is_none_or(|next| *at <= next)),
        detail: pause.detail.clone(),
    };
    paused.iter().zip(nexts).map(pause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: i64) -> Entry {
        Entry {
            at: Moment::from_millis(at),
            kind: "paused".into(),
            detail: "{}".into(),
        }
    }

    #[test]
    fn a_pause_without_an_end_does_not_take_the_next_ones() {
        let told = pauses(&[entry(1), entry(10), entry(20)], &[entry(15)]);
        let ends: Vec<_> = told.iter().map(|pause| pause.until.map(Moment::millis)).collect();
        assert_eq!(ends, [None, Some(15), None]);
    }
}
