//! Gathers what is to be copied, in as little memory as can be, until everybody's turn can be told.

use std::collections::HashMap;

use sav_domain::RecoveryPoint;
use sav_domain::fingerprint::Fingerprints;
use sav_domain::ledger::PointId;
use sav_domain::pool::Pool;
use sav_domain::turns::{self, Entry, Means, NEVER, Turns};

#[derive(Debug, Default)]
pub(super) struct Lanes {
    numbers: HashMap<u64, Lane>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    number: u32,
    /// A point of it, by whose row its resource can be found again.
    first: PointId,
}

impl Lanes {
    pub(super) fn add(&mut self, id: PointId, point: &RecoveryPoint, seconds: f64, prints: &Fingerprints) {
        let lane = match &point.resource_arn {
            Some(resource) => prints.of_words(&[resource]),
            None => prints.of_words(&["", &point.arn]),
        };
        let next = u32::try_from(self.numbers.len()).expect("fewer lanes than points, which are numbered by u32");
        let lane = self.numbers.entry(lane).or_insert(Lane {
            number: next,
            first: id,
        });
        #[expect(clippy::cast_possible_truncation, reason = "an estimate")]
        let seconds = seconds as f32;
        self.entries.push(Entry {
            number: id.0,
            lane: lane.number,
            pool: Pool::of(point.resource_type.as_ref()),
            seconds,
            created: point.created.map_or(i64::MAX, sav_domain::Moment::millis),
            deadline: deadline(point).unwrap_or(NEVER),
        });
    }

    pub(super) fn arrange(mut self, means: &Means) -> Arranged {
        self.number_anew();
        let turns = turns::arrange(self.entries, means);
        let longest = turns.bound.longest_chain.and_then(|chain| {
            let mut lanes = self.numbers.values();
            lanes.find(|lane| lane.number == chain.lane).map(|lane| lane.first)
        });
        Arranged { turns, longest }
    }
}

impl Lanes {
    /// Lanes were numbered as they came, which differs from pass to pass. Those that are alike in everything else go in the
    /// order of their numbers, so the numbers have to come from the lanes themselves.
    fn number_anew(&mut self) {
        let mut prints: Vec<u64> = self.numbers.keys().copied().collect();
        prints.sort_unstable();
        let mut anew = vec![0; prints.len()];
        for (number, print) in (0..).zip(&prints) {
            let lane = self.numbers.get_mut(print).expect("every print is of a lane");
            anew[lane.number as usize] = number;
            lane.number = number;
        }
        for entry in &mut self.entries {
            entry.lane = anew[entry.lane as usize];
        }
    }
}

pub(super) struct Arranged {
    pub(super) turns: Turns,
    /// A point of the longest lane.
    pub(super) longest: Option<PointId>,
}

/// When the point can be copied no more.
pub(super) fn deadline(point: &RecoveryPoint) -> Option<i64> {
    let dates = [point.expires_at, point.moves_to_cold_at];
    dates.into_iter().flatten().map(sav_domain::Moment::millis).min()
}
