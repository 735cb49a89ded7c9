//! How long a copy takes, by its type, by whether it is its resource's first, and by its size as far as that tells anything.

use std::collections::{BTreeMap, HashSet};

use super::calendar::float;
use super::cloud::{Cloud, Copy, Line, Slope};
use super::evidence::{Landed, LaneId, Lately};
use crate::duration::Extent;
use crate::pool::Pool;
use crate::resource_type::ResourceType;
use crate::time::Moment;

/// Until the lines hardly move any more.
const ROUNDS: usize = 5;
/// Copies of one type lie so far apart, as a part of their mean, until they have been timed.
const ASSUMED_SPREAD: f64 = 0.7;
/// What is assumed of durations may be wrong by this factor, as a logarithm.
const ASSUMED_ERROR: f64 = 0.5;

/// However far beyond what was seen.
const MOST_ERROR: f64 = 0.6;
/// However much is under way.
const MOST_UNDER_WAY: f64 = 2.0;
const AS_IF_LANDED: f64 = 8.0;

/// `base + per_byte * size` seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    base: f64,
    per_byte: f64,
    mean_bytes: f64,
    /// Standard deviation as a part of what was expected.
    pub(super) spread: f64,
    /// How wrong the base and the slope may be, the one as a logarithm.
    error: f64,
    slope_error: f64,
    pub(super) samples: usize,
    /// Seconds that were seen.
    total: f64,
}

impl Pace {
    fn assumed(pool: Pool) -> Self {
        Self {
            base: pool.assumed_seconds(),
            per_byte: 0.0,
            mean_bytes: 0.0,
            spread: ASSUMED_SPREAD,
            error: ASSUMED_ERROR,
            slope_error: 0.0,
            samples: 0,
            total: 0.0,
        }
    }

    /// What was seen of one type, without a look at sizes.
    fn level(copies: &[Copy]) -> Self {
        let total = copies.iter().map(|copy| copy.seconds).sum::<f64>();
        let bytes = copies.iter().map(|copy| copy.bytes).sum::<f64>();
        let count = float(copies.len() as u64);
        Self {
            base: total / count,
            per_byte: 0.0,
            mean_bytes: bytes / count,
            spread: 0.0,
            error: 0.0,
            slope_error: 0.0,
            samples: copies.len(),
            total,
        }
    }

    fn take(&mut self, line: Line) {
        (self.base, self.per_byte, self.slope_error) = (line.base, line.slope, line.slope_error);
    }

    /// Once the line is found: how well it fits.
    fn measure(&mut self, copies: &[Copy]) {
        let count = float(copies.len() as u64);
        // Whatever the line is worth: its sum is that of what was seen.
        let fitted: f64 = copies.iter().map(|copy| self.at(copy.bytes)).sum();
        self.scale(self.total / fitted.max(f64::MIN_POSITIVE));
        let squares = copies.iter().map(|copy| {
            let fitted = self.at(copy.bytes).max(1e-9);
            ((copy.seconds - fitted) / fitted).powi(2)
        });
        // As if a few more had been seen that were as is assumed.
        self.spread = ((squares.sum::<f64>() + 2.0 * ASSUMED_SPREAD.powi(2)) / (count + 2.0)).sqrt();
        self.error = self.spread / count.sqrt();
    }

    fn scale(&mut self, factor: f64) {
        self.base *= factor;
        self.per_byte *= factor;
        self.slope_error *= factor;
    }

    pub(super) fn at(&self, bytes: f64) -> f64 {
        self.base + self.per_byte * bytes
    }

    /// How wrong its seconds may be for what is not known of the type, as a logarithm.
    pub(super) fn error(&self, size_bytes: Option<f64>) -> f64 {
        let beyond = (size_bytes.unwrap_or(self.mean_bytes) - self.mean_bytes).abs();
        self.error
            .hypot(self.slope_error * beyond / self.seconds(size_bytes).max(1e-9))
            .min(MOST_ERROR)
    }

    pub(super) fn seconds(&self, size_bytes: Option<f64>) -> f64 {
        self.at(size_bytes.unwrap_or(self.mean_bytes))
    }
}

fn copies(seen: &[&Landed]) -> Vec<Copy> {
    let sizes: Vec<f64> = seen.iter().filter_map(|one| one.size_bytes).map(float).collect();
    let mean = sizes.iter().sum::<f64>() / float(sizes.len().max(1) as u64);
    let copy = |one: &&Landed| Copy {
        bytes: one.size_bytes.map_or(mean, float),
        seconds: one.seconds(),
    };
    seen.iter().map(copy).collect()
}

/// A line for each type, found together: what size does to the copies of all types is what is believed of each until its own
/// copies say otherwise.
fn fit(types: &[Vec<Copy>]) -> Vec<Pace> {
    let mut paces: Vec<Pace> = types.iter().map(|copies| Pace::level(copies)).collect();
    for _ in 0..ROUNDS {
        let clouds = types.iter().zip(&paces).map(|(copies, pace)| Cloud::of(copies, pace));
        let clouds: Vec<Cloud> = clouds.collect();
        let common = Slope::common(&clouds);
        for (pace, cloud) in paces.iter_mut().zip(&clouds) {
            pace.take(cloud.line(common));
        }
    }
    for (pace, copies) in paces.iter_mut().zip(types) {
        pace.measure(copies);
    }
    paces
}

/// By type, first copies and later ones apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Paces(BTreeMap<Option<ResourceType>, [Option<Pace>; 2]>);

impl Paces {
    pub(super) fn of(lately: &Lately, now: Moment) -> Self {
        let mut seen: BTreeMap<Option<ResourceType>, [Vec<&Landed>; 2]> = BTreeMap::new();
        let mut lanes = HashSet::new();
        for landed in &lately.landed {
            let is_first = lanes.insert(landed.lane);
            if is_first && !lately.is_all {
                // The first of those looked at; whether it was its resource's first nobody knows.
                continue;
            }
            let extent = if is_first { Extent::First } else { Extent::Next };
            seen.entry(landed.resource_type.clone()).or_default()[extent as usize].push(landed);
        }
        let mut paces = Self(BTreeMap::new());
        for extent in Extent::ALL {
            let of_extent = seen.iter().map(|(kind, seen)| (kind, &seen[extent as usize]));
            let types: Vec<_> = of_extent.filter(|(_, seen)| !seen.is_empty()).collect();
            let fitted = fit(&types.iter().map(|(_, seen)| copies(seen)).collect::<Vec<_>>());
            for ((kind, _), pace) in types.into_iter().zip(fitted) {
                paces.0.entry(kind.clone()).or_default()[extent as usize] = Some(pace);
            }
        }
        paces.count_those_under_way(lately, &lanes, now);
        paces
    }

    /// What is still under way has taken so long already: that is added to what the others took, as if durations had no memory.
    fn count_those_under_way(&mut self, lately: &Lately, begun: &HashSet<LaneId>, now: Moment) {
        let mut taken: BTreeMap<Option<ResourceType>, [f64; 2]> = BTreeMap::new();
        for open in &lately.under_way {
            let extent = if begun.contains(&open.lane) {
                Extent::Next
            } else {
                Extent::First
            };
            taken.entry(open.resource_type.clone()).or_default()[extent as usize] += open.seconds(now);
        }
        for (kind, taken) in taken {
            let Some(paces) = self.0.get_mut(&kind) else { continue };
            for (pace, taken) in paces.iter_mut().zip(taken) {
                if let Some(pace) = pace {
                    // A few that have landed say little about many that have not: as if some more had.
                    let some_more = pace.total * (1.0 + AS_IF_LANDED / float(pace.samples as u64));
                    pace.scale((1.0 + taken / some_more.max(1e-9)).min(MOST_UNDER_WAY));
                }
            }
        }
    }

    /// What is not known of one extent is taken from the other.
    pub(super) fn expected(&self, kind: Option<&ResourceType>, extent: Extent) -> Pace {
        let known = self
            .0
            .iter()
            .find(|(of, _)| of.as_ref() == kind)
            .map(|(_, paces)| paces);
        let Some(paces) = known else {
            return Pace::assumed(Pool::of(kind));
        };
        let other = 1 - extent as usize;
        paces[extent as usize]
            .or_else(|| {
                let stand_in = paces[other]?;
                Some(Pace {
                    error: stand_in.error.max(ASSUMED_ERROR),
                    ..stand_in
                })
            })
            .unwrap_or_else(|| Pace::assumed(Pool::of(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landed(lane: i64, size_bytes: Option<u64>, seconds: u32) -> Landed {
        Landed {
            lane: LaneId(lane),
            resource_type: Some(ResourceType::Ebs),
            size_bytes,
            opened: Moment::from_millis(0),
            ended: Moment::from_millis(i64::from(seconds) * 1000),
        }
    }

    fn paces(landed: Vec<Landed>, is_all: bool) -> Paces {
        let lately = Lately {
            landed,
            is_all,
            ..Lately::default()
        };
        Paces::of(&lately, Moment::from_millis(0))
    }

    fn next(paces: &Paces) -> Pace {
        paces.expected(Some(&ResourceType::Ebs), Extent::Next)
    }

    #[test]
    fn size_counts_where_it_tells_something() {
        let sizes = (1..=40_u32).map(|n| landed(1, Some(u64::from(n) * 1000), 60 + n * 10));
        let pace = next(&paces(sizes.collect(), true));
        assert!((pace.seconds(Some(100_000.0)) - 1060.0).abs() < 1.0, "{pace:?}");
        let noise = (1..=40_u32).map(|n| landed(1, Some(u64::from(n) * 1000), 60 + (n * 7919) % 50 + 40 - n));
        let pace = next(&paces(noise.collect(), true));
        assert!(
            (pace.seconds(Some(1e6)) - pace.seconds(Some(0.0))).abs() < 1.0,
            "{pace:?}"
        );
    }

    #[test]
    fn first_copies_are_told_apart_only_if_they_are_known_to_be_first() {
        let history =
            || (0..30).flat_map(|lane| [landed(lane, None, 1000), landed(lane, None, 10), landed(lane, None, 10)]);
        let known = paces(history().collect(), true);
        let first = known.expected(Some(&ResourceType::Ebs), Extent::First);
        assert!((first.seconds(None) - 1000.0).abs() < 1e-6 && (next(&known).seconds(None) - 10.0).abs() < 1e-6);
        let unknown = paces(history().collect(), false);
        assert!((next(&unknown).seconds(None) - 10.0).abs() < 1e-6);
        let stands_in = unknown.expected(Some(&ResourceType::Ebs), Extent::First);
        assert!(stands_in.error >= ASSUMED_ERROR, "{stands_in:?}");
    }

    #[test]
    fn what_was_never_seen_is_assumed_and_nonsense_stays_finite() {
        let nothing = paces(Vec::new(), true);
        let assumed = nothing.expected(Some(&ResourceType::Fsx), Extent::Next);
        assert!((assumed.seconds(Some(9e9)) - 1800.0).abs() < 1e-9 && assumed.samples == 0);
        let odd = paces((0..50).map(|_| landed(1, Some(u64::MAX), 0)).collect(), true);
        let pace = next(&odd);
        assert!(
            pace.seconds(Some(1e30)).is_finite() && pace.spread.is_finite(),
            "{pace:?}"
        );
    }
}
