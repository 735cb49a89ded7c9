//! A vault's list cut into slices of creation time, so that several can be read at once.
//!
//! AWS pages through a list one token after the other, in an order it does not promise. What can be read in parallel are
//! different questions: created from here to there. Slices touch and never overlap; a point belongs to exactly one, whatever
//! AWS answers around the edges, because we decide by its creation date and ask for a little more than the slice.

use crate::recovery_point::RecoveryPoint;
use crate::time::Moment;
use crate::vault::VaultName;

/// Asked for beyond each edge: AWS does not say whether "before" and "after" include the moment itself.
const MARGIN_MS: i64 = 1000;
/// No slice is cut finer than this.
const NARROWEST_MS: i64 = 1000;
/// As many parts as one cut makes at most.
const MOST_PARTS: u64 = 16;

/// The points of a vault created at or after `from` and before `until`; absent edges are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    pub vault: VaultName,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    /// How many points we think it holds.
    pub expected: u64,
}

impl Slice {
    /// A whole vault.
    pub fn whole(vault: VaultName, expected: u64) -> Self {
        Self {
            vault,
            from: None,
            until: None,
            expected,
        }
    }

    /// Whether the point is this slice's to tell. An undated one belongs to the slice that is open at its end.
    pub fn holds(&self, point: &RecoveryPoint) -> bool {
        match point.created {
            Some(created) => {
                self.from.is_none_or(|from| created >= from) && self.until.is_none_or(|until| created < until)
            }
            None => self.until.is_none(),
        }
    }

    /// The edges to ask AWS for.
    pub fn asked_after(&self) -> Option<Moment> {
        self.from.map(|from| from.plus_millis(-MARGIN_MS))
    }

    pub fn asked_before(&self) -> Option<Moment> {
        self.until.map(|until| until.plus_millis(MARGIN_MS))
    }

    /// Cuts the slice into parts of about `part_size` points that together are the slice. Where to cut is guessed from the
    /// creation dates read so far, in the order they came; a wrong guess costs time and never a point.
    ///
    /// None when the slice is small enough or the dates give no hold, as when one is absent: a list with undated points is
    /// read in one go, since a question with edges might leave them out.
    pub fn cut(&self, dates: &[Option<Moment>], part_size: u64) -> Option<Vec<Self>> {
        let dates: Vec<Moment> = dates.iter().copied().collect::<Option<_>>()?;
        let of_one_moment = dates.iter().all(|date| *date == dates[0]);
        if of_one_moment || self.expected <= part_size.max(dates.len() as u64) {
            return None;
        }
        let parts = self.expected.div_ceil(part_size).min(MOST_PARTS);
        let mut edges = if dates.is_sorted() || dates.is_sorted_by(|a, b| a >= b) {
            self.edges_ahead(&dates, parts)
        } else {
            edges_by_quantiles(dates, parts)
        };
        edges.retain(|edge| self.from.is_none_or(|from| *edge > from) && self.until.is_none_or(|until| *edge < until));
        edges.dedup_by(|later, earlier| later.millis_since(*earlier) < NARROWEST_MS);
        if edges.is_empty() {
            return None;
        }
        let expected = self.expected / (edges.len() as u64 + 1);
        let starts = std::iter::once(self.from).chain(edges.iter().copied().map(Some));
        let ends = edges.iter().copied().map(Some).chain(std::iter::once(self.until));
        Some(
            starts
                .zip(ends)
                .map(|(from, until)| Self {
                    vault: self.vault.clone(),
                    from,
                    until,
                    expected,
                })
                .collect(),
        )
    }

    /// The list seems to be in order of time: what lies ahead is taken to be as dense as what was read.
    fn edges_ahead(&self, dates: &[Moment], parts: u64) -> Vec<Moment> {
        let (first, last) = (dates[0], dates[dates.len() - 1]);
        let span = i128::from(last.millis_since(first));
        let per_part = i128::from(self.expected) * span / i128::from(dates.len() as u64) / i128::from(parts);
        let mut edges: Vec<Moment> = (1..parts)
            .map(|part| first.plus_millis(i64::try_from(per_part * i128::from(part)).unwrap_or(0)))
            .filter(|edge| (Moment::MIN..Moment::MAX).contains(edge))
            .collect();
        edges.sort_unstable();
        edges
    }
}

/// The list is in no order of time: the dates read are a sample of all of them.
fn edges_by_quantiles(mut sample: Vec<Moment>, parts: u64) -> Vec<Moment> {
    sample.sort_unstable();
    let parts = usize::try_from(parts).unwrap_or(1);
    let mut edges: Vec<Moment> = (1..parts).map(|part| sample[part * sample.len() / parts]).collect();
    edges.retain(|edge| *edge > sample[0]);
    edges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    fn point(created: Option<i64>) -> RecoveryPoint {
        RecoveryPoint {
            created: created.map(moment),
            ..RecoveryPoint::new("arn:p", VaultName::new("daily").unwrap())
        }
    }

    fn whole(expected: u64) -> Slice {
        Slice::whole(VaultName::new("daily").unwrap(), expected)
    }

    #[test]
    fn a_small_slice_is_left_whole() {
        let dates: Vec<Option<Moment>> = (0..1000).map(|n| Some(moment(n * 1000))).collect();
        assert_eq!(whole(1000).cut(&dates, 4000), None);
        assert_eq!(whole(3999).cut(&dates, 4000), None);
        assert!(whole(9000).cut(&dates, 4000).is_some());
    }

    #[test]
    fn points_of_one_moment_give_no_hold() {
        assert_eq!(whole(90_000).cut(&[Some(moment(5)); 1000], 4000), None);
    }

    #[test]
    fn a_list_with_undated_points_is_read_in_one_go() {
        let mut dates: Vec<Option<Moment>> = (0..1000).map(|n| Some(moment(n * 1000))).collect();
        dates[500] = None;
        assert_eq!(whole(90_000).cut(&dates, 4000), None);
        assert!(whole(90_000).holds(&point(None)));
    }

    #[test]
    fn a_list_in_order_is_cut_as_if_it_went_on_as_it_began() {
        let newest_first: Vec<Option<Moment>> = (0..1000).map(|n| Some(moment((10_000 - n) * 60_000))).collect();
        let parts = whole(10_000).cut(&newest_first, 3000).unwrap();
        assert_eq!(parts.len(), 4);
        let edges: Vec<i64> = parts
            .iter()
            .filter_map(|part| part.from)
            .map(|edge| edge.millis() / 60_000)
            .collect();
        assert_eq!(edges, [2507, 5005, 7502]);
        let oldest_first: Vec<Option<Moment>> = newest_first.into_iter().rev().collect();
        assert_eq!(whole(10_000).cut(&oldest_first, 3000).unwrap().len(), 4);
    }

    #[test]
    fn a_list_in_no_order_is_cut_at_its_quantiles() {
        let dates: Vec<Option<Moment>> = (0..1000).map(|n| Some(moment(n * 7919 % 1000 * 60_000))).collect();
        let edges: Vec<i64> = whole(10_000)
            .cut(&dates, 3000)
            .unwrap()
            .iter()
            .filter_map(|part| part.from)
            .map(|edge| edge.millis() / 60_000)
            .collect();
        assert_eq!(edges, [250, 500, 750]);
    }

    proptest! {
        /// Whatever the dates read and wherever the edges: every point of the slice is in exactly one part, and no other is.
        #[test]
        fn parts_are_the_slice(
            mut dates in prop::collection::vec(0_i64..5_000_000, 2..300),
            order in 0..3,
            others in prop::collection::vec(-1_000_000_i64..6_000_000, 200),
            from in prop::option::of(-500_000_i64..1),
            until in prop::option::of(5_000_000_i64..6_000_000),
            expected in 300_u64..100_000,
            part_size in 1_u64..5000,
        ) {
            match order {
                0 => dates.sort_unstable(),
                1 => { dates.sort_unstable(); dates.reverse(); }
                _ => {}
            }
            let slice = Slice { from: from.map(moment), until: until.map(moment), ..whole(expected) };
            let dates: Vec<Option<Moment>> = dates.into_iter().map(|date| Some(moment(date))).collect();
            if let Some(parts) = slice.cut(&dates, part_size) {
                prop_assert!(parts.len() > 1);
                for other in others.into_iter().map(Some).chain([None]).map(point) {
                    let told = parts.iter().filter(|part| part.holds(&other)).count();
                    prop_assert_eq!(told, usize::from(slice.holds(&other)), "{:?} in {:?}", other.created, parts);
                }
            }
        }
    }
}
