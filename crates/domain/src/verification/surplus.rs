//! Copies beyond those that are needed: the same point twice.

use std::collections::BTreeMap;

use super::habits::{Dates, Learned};
use super::pairing::{PASSES, Pairing, Pairs, Search, numbered, unpaired};
use super::rows::NOBODY;

impl Pairing<'_> {
    /// Copies that nobody needs any more: of which point each is one too many.
    pub(super) fn surplus(&self, pairs: &Pairs, learned: &Learned) -> Vec<(u32, u32)> {
        let mut found = BTreeMap::new();
        let (nameless, named): (Vec<u32>, Vec<u32>) = unpaired(&pairs.of, |_| true)
            .into_iter()
            .partition(|copy| self.copy(*copy).no_volume);
        let look = |point: u32| self.point(point).look;
        let points = self.with_copies(pairs, &named, &look);
        for pass in PASSES {
            self.find_surplus(
                pass.dates,
                Some(pass.same_owner),
                &look,
                (&points, &named),
                learned,
                &mut found,
            );
        }
        let look = |point: u32| self.look_without_volume(point);
        let points = self.with_copies(pairs, &nameless, &look);
        for dates in [Dates::Equal, Dates::Cut, Dates::Near] {
            self.find_surplus(dates, None, &look, (&points, &nameless), learned, &mut found);
        }
        found.into_iter().map(|(copy, point)| (point, copy)).collect()
    }

    /// Points that have a copy, and look like one of these.
    fn with_copies(&self, pairs: &Pairs, left: &[u32], look: &dyn Fn(u32) -> u64) -> Vec<u32> {
        let mut looks: Vec<u64> = left.iter().map(|copy| self.copy(*copy).look).collect();
        looks.sort_unstable();
        let paired = numbered(&pairs.copy).filter(|(_, copy)| *copy != NOBODY);
        paired
            .map(|(point, _)| point)
            .filter(|point| !looks.is_empty() && looks.binary_search(&look(*point)).is_ok())
            .collect()
    }

    fn find_surplus(
        &self,
        dates: Dates,
        same_owner: Option<bool>,
        look: &dyn Fn(u32) -> u64,
        (points, copies): (&[u32], &[u32]),
        learned: &Learned,
        found: &mut BTreeMap<u32, u32>,
    ) {
        let search = Search {
            dates,
            same_owner,
            learned,
            look,
        };
        let left = copies
            .iter()
            .copied()
            .filter(|copy| !found.contains_key(copy))
            .collect();
        self.search(&search, (points.to_vec(), left), &mut |points, copies| {
            for copy in copies {
                let seen = self.copy(*copy);
                let best = points.iter().min_by_key(|point| {
                    let expected = self.point(**point);
                    (
                        expected.size != seen.size,
                        expected.created.abs_diff(seen.created),
                        **point,
                    )
                });
                if let Some(best) = best {
                    found.entry(*copy).or_insert(*best);
                }
            }
            true
        });
    }
}
