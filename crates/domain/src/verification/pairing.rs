//! Which point of the destination is the copy of which point of the source, where no job says it: by what they are.
//!
//! The sure ways go first, and what they find teaches which of the doubtful ones to leave out:
//!
//! ```text
//!   dates equal, then cut to the second, then near  ×  source's account, then the destination's  ×  source vault said, then not
//! ```
//!
//! Of points that look the same, as many are there as copies are; size and retention tell which, as far as they differ.

use super::habits::{Dates, Learned, cut};
use super::rows::{Expected, Kept, NOBODY, Seen, Standing, UNKNOWN_DATE, UNKNOWN_SIZE, Words, look_without_volume};
use crate::fingerprint::{Fingerprints, Owner, SAME_DATE_MS};
use crate::resource_type::ResourceType;

/// Who belongs to whom, by row.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Of each point of the source: its copy.
    pub(super) copy: Vec<u32>,
    /// Of each point of the destination: what it is a copy of.
    pub(super) of: Vec<u32>,
    /// Points of the source of whose kind there are more than copies: which of them has none is not known.
    pub(super) alike: Vec<u32>,
}

impl Pairs {
    pub(super) fn join(&mut self, expected: u32, seen: u32) {
        self.copy[expected as usize] = seen;
        self.of[seen as usize] = expected;
    }
}

pub(super) struct Pairing<'a> {
    pub(super) expected: &'a [Expected],
    pub(super) seen: &'a [Seen],
    pub(super) words: &'a Words,
    pub(super) prints: &'a Fingerprints,
}

/// What a pair has to fulfil.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub(super) dates: Dates,
    /// Whose account a copy's resource names: the same as the point's, or the destination's in place of the source's.
    pub(super) same_owner: bool,
}

pub(super) const PASSES: [Pass; 6] = {
    const fn pass(dates: Dates, same_owner: bool) -> Pass {
        Pass { dates, same_owner }
    }
    [
        pass(Dates::Equal, true),
        pass(Dates::Equal, false),
        pass(Dates::Cut, true),
        pass(Dates::Cut, false),
        pass(Dates::Near, true),
        pass(Dates::Near, false),
    ]
};

/// What is done with points and copies that fit one another. Answers whether they were of use.
type Take<'t> = dyn FnMut(&mut [u32], &mut [u32]) -> bool + 't;

/// Where copies are looked for, and how.
pub(super) struct Search<'s> {
    pub(super) dates: Dates,
    /// None: whoever owns the resource.
    pub(super) same_owner: Option<bool>,
    pub(super) learned: &'s Learned,
    pub(super) look: &'s dyn Fn(u32) -> u64,
}

impl Pairing<'_> {
    /// Finds a copy for every point that has none yet.
    pub(super) fn run(&self, pairs: &mut Pairs, learned: &mut Learned) {
        for pass in PASSES {
            let points = unpaired(&pairs.copy, |_| true);
            let copies = unpaired(&pairs.of, |seen| !self.seen[seen as usize].no_volume);
            self.find(
                pass.dates,
                Some(pass.same_owner),
                &|point| self.point(point).look,
                (points, copies),
                pairs,
                learned,
            );
        }
        self.snapshots_without_volume(pairs, learned);
    }

    /// Snapshots whose volume means nothing are known by their size instead.
    fn snapshots_without_volume(&self, pairs: &mut Pairs, learned: &mut Learned) {
        let ebs = self.words.find(ResourceType::Ebs.name());
        let Some(ebs) = ebs.filter(|_| self.seen.iter().any(|seen| seen.no_volume)) else {
            return;
        };
        let look = |point: u32| {
            let point = self.point(point);
            look_without_volume(
                point.size,
                self.words.text(point.vault).unwrap_or_default(),
                self.prints,
            )
        };
        for dates in [Dates::Equal, Dates::Cut, Dates::Near] {
            let points = unpaired(&pairs.copy, |point| self.point(point).kind == ebs);
            let copies = unpaired(&pairs.of, |seen| self.copy(seen).no_volume);
            self.find(dates, None, &look, (points, copies), pairs, learned);
        }
    }

    fn find(
        &self,
        dates: Dates,
        same_owner: Option<bool>,
        look: &dyn Fn(u32) -> u64,
        sides: (Vec<u32>, Vec<u32>),
        pairs: &mut Pairs,
        learned: &mut Learned,
    ) {
        let mut found = Vec::new();
        let search = Search {
            dates,
            same_owner,
            learned,
            look,
        };
        self.search(&search, sides, &mut |points, copies| {
            let before = found.len();
            self.share_out(points, copies, pairs, &mut found);
            found.len() > before
        });
        for (point, copy) in found {
            learned.add(self.point(point), self.copy(copy), false);
        }
    }

    pub(super) fn look_without_volume(&self, point: u32) -> u64 {
        let point = self.point(point);
        look_without_volume(
            point.size,
            self.words.text(point.vault).unwrap_or_default(),
            self.prints,
        )
    }

    pub(super) fn point(&self, row: u32) -> &Expected {
        &self.expected[row as usize]
    }

    pub(super) fn copy(&self, row: u32) -> &Seen {
        &self.seen[row as usize]
    }

    /// Brings together what looks the same.
    pub(super) fn search(&self, search: &Search<'_>, (points, copies): (Vec<u32>, Vec<u32>), take: &mut Take<'_>) {
        if points.is_empty() || copies.is_empty() {
            return;
        }
        // Half of each number is enough to bring together what belongs together, and quick to sort.
        let keyed = |rows: Vec<u32>, look: &dyn Fn(u32) -> u64| -> Vec<(u32, u32)> {
            let mut keyed: Vec<(u32, u32)> = rows.into_iter().map(|row| (upper_half(look(row)), row)).collect();
            keyed.sort_unstable();
            keyed
        };
        let look_of_copy = |copy: u32| self.copy(copy).look;
        let (points, copies) = (keyed(points, search.look), keyed(copies, &look_of_copy));
        let mut ahead = copies.as_slice();
        let (mut points_here, mut copies_here) = (Vec::new(), Vec::new());
        for group in points.chunk_by(|one, other| one.0 == other.0) {
            let half = group[0].0;
            ahead = &ahead[ahead.partition_point(|copy| copy.0 < half)..];
            let same = ahead.partition_point(|copy| copy.0 == half);
            if same == 0 {
                continue;
            }
            points_here.clear();
            points_here.extend(group.iter().map(|(_, point)| *point));
            copies_here.clear();
            copies_here.extend(ahead[..same].iter().map(|(_, copy)| *copy));
            runs(
                &mut points_here,
                &mut copies_here,
                search.look,
                &look_of_copy,
                &mut |points, copies| {
                    self.of_owners(search, points, copies, take);
                    true
                },
            );
        }
    }

    /// Of points and copies of one look, which is to say of one type: those whose resources may be the same.
    fn of_owners(&self, search: &Search<'_>, points: &mut [u32], copies: &mut [u32], take: &mut Take<'_>) {
        let kind = self.point(points[0]).kind;
        if !search.learned.allows_dates(kind, search.dates) {
            return;
        }
        let Some(same_owner) = search.same_owner else {
            return self.of_dates(search, points, copies, take);
        };
        for owner in [Owner::Source, Owner::Destination, Owner::Neither] {
            let fits = |copy: &u32| {
                let seen = self.copy(*copy).owner;
                (seen == owner) == same_owner && search.learned.allows_owner(kind, owner, seen)
            };
            let mut points: Vec<u32> = points
                .iter()
                .copied()
                .filter(|point| self.point(*point).owner == owner)
                .collect();
            let mut copies: Vec<u32> = copies.iter().copied().filter(fits).collect();
            if !points.is_empty() && !copies.is_empty() {
                self.of_dates(search, &mut points, &mut copies, take);
            }
        }
    }

    /// Those that agree in their dates and in what the copy says about its source vault. Copies that name it go first.
    fn of_dates(&self, search: &Search<'_>, points: &mut [u32], copies: &mut [u32], take: &mut Take<'_>) {
        let created = |point: u32| match (search.dates, self.point(point).created) {
            (_, UNKNOWN_DATE) => UNKNOWN_DATE,
            (Dates::Cut, created) => cut(created),
            (_, created) => created,
        };
        let seen_created = |copy: u32| self.copy(copy).created;
        let from = |copy: u32| self.copy(copy).from;
        let vault = |point: u32| self.point(point).from;
        copies.sort_unstable_by_key(|copy| from(*copy).is_said());
        let (silent, said) = copies.split_at_mut(copies.partition_point(|copy| !from(*copy).is_said()));
        let silent = if search.learned.allows_silence(self.point(points[0]).kind) {
            silent
        } else {
            &mut []
        };
        if search.dates == Dates::Near {
            runs(points, said, &vault, &from, &mut |points, copies| {
                self.nearest(points, copies, take);
                true
            });
            self.nearest(points, silent, take);
            return;
        }
        let dated = |point: u32| (vault(point), created(point));
        let copy_dated = |copy: u32| (from(copy), seen_created(copy));
        runs(points, said, &dated, &copy_dated, take);
        runs(points, silent, &created, &seen_created, take);
    }

    fn nearest(&self, points: &mut [u32], copies: &mut [u32], take: &mut Take<'_>) {
        let seen_created = |copy: u32| self.copy(copy).created;
        points.sort_unstable_by_key(|point| self.point(*point).created);
        copies.sort_unstable_by_key(|copy| seen_created(*copy));
        let mut free: Vec<u32> = copies.to_vec();
        for point in points {
            let date = self.point(*point).created;
            if date == UNKNOWN_DATE {
                continue;
            }
            loop {
                let first = free.partition_point(|copy| seen_created(*copy) <= date - SAME_DATE_MS);
                let near = (first..free.len()).take_while(|at| seen_created(free[*at]) < date + SAME_DATE_MS);
                let best = near.min_by_key(|at| seen_created(free[*at]).abs_diff(date));
                match best {
                    Some(best) if take(&mut [*point], &mut [free[best]]) => free.remove(best),
                    _ => break,
                };
            }
        }
    }

    /// Gives copies to points that all fit one another: first to those that agree in more.
    fn share_out(&self, points: &[u32], copies: &[u32], pairs: &mut Pairs, found: &mut Vec<(u32, u32)>) {
        let mut points = free(points, &pairs.copy);
        let mut copies = free(copies, &pairs.of);
        if let ([point], [copy]) = (points.as_slice(), copies.as_slice()) {
            pairs.join(*point, *copy);
            return found.push((*point, *copy));
        }
        for level in 0..4 {
            if points.is_empty() || copies.is_empty() {
                break;
            }
            let whole = |size: u64, kept: Kept, sound: bool| match level {
                0 => (size, Some(kept), sound),
                1 => (size, Some(kept), true),
                2 => (size, None, true),
                _ => (UNKNOWN_SIZE, None, true),
            };
            let of_point = |point: u32| whole(self.point(point).size, self.point(point).kept, true);
            let of_copy = |copy: u32| {
                let seen = self.copy(copy);
                whole(seen.size, seen.kept, seen.status.is_sound())
            };
            let mut joined = Vec::new();
            runs(&mut points, &mut copies, &of_point, &of_copy, &mut |points, copies| {
                // Those that are wanted go before those that are not.
                points.sort_unstable_by_key(|point| (self.point(*point).standing == Standing::NotChosen, *point));
                copies.sort_unstable_by_key(|copy| {
                    let seen = self.copy(*copy);
                    (!seen.status.is_sound(), seen.took, *copy)
                });
                joined.extend(points.iter().copied().zip(copies.iter().copied()));
                if level < 2 {
                    pairs.alike.extend(points.iter().skip(copies.len()));
                }
                true
            });
            for (point, copy) in joined {
                pairs.join(point, copy);
                found.push((point, copy));
            }
            points = free(&points, &pairs.copy);
            copies = free(&copies, &pairs.of);
        }
    }
}

fn upper_half(number: u64) -> u32 {
    u32::try_from(number >> 32).expect("the upper half of 64 bits is 32 bits")
}

pub(super) fn numbered(rows: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    (0..).zip(rows.iter().copied())
}

pub(super) fn unpaired(partners: &[u32], wanted: impl Fn(u32) -> bool) -> Vec<u32> {
    let alone = numbered(partners).filter(|(row, partner)| *partner == NOBODY && wanted(*row));
    alone.map(|(row, _)| row).collect()
}

fn free(rows: &[u32], partners: &[u32]) -> Vec<u32> {
    rows.iter()
        .copied()
        .filter(|row| partners[*row as usize] == NOBODY)
        .collect()
}

/// Calls `take` with the points and the copies of every key that both have.
fn runs<K: Ord>(
    points: &mut [u32],
    copies: &mut [u32],
    key_of_point: &dyn Fn(u32) -> K,
    key_of_copy: &dyn Fn(u32) -> K,
    take: &mut Take<'_>,
) {
    points.sort_unstable_by_key(|point| key_of_point(*point));
    copies.sort_unstable_by_key(|copy| key_of_copy(*copy));
    let mut copies = copies;
    for points in points.chunk_by_mut(|one, other| key_of_point(*one) == key_of_point(*other)) {
        let key = key_of_point(points[0]);
        let first = copies.partition_point(|copy| key_of_copy(*copy) < key);
        copies = &mut copies[first..];
        let same = copies.partition_point(|copy| key_of_copy(*copy) == key);
        if same > 0 {
            take(points, &mut copies[..same]);
        }
    }
}
