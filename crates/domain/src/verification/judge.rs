//! From pairs to findings.

use std::collections::{BTreeMap, HashMap};

use super::finding::{Apart, Finding, Summary};
use super::habits::Habits;
use super::pairing::Pairs;
use super::rows::{Condition, Expected, NOBODY, Seen, Standing, UNKNOWN_DATE, UNKNOWN_SIZE, Word};
use super::verified::Verified;
use super::{Circumstances, Comparison, row};
use crate::fingerprint::SAME_DATE_MS;

/// In what a copy is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences(u8);

impl Differences {
    pub(super) const SIZE: Self = Self(1);
    pub(super) const TYPE: Self = Self(2);
    pub(super) const CREATED: Self = Self(4);
    pub(super) const RETENTION: Self = Self(8);
    pub(super) const STATUS: Self = Self(16);
    pub(super) const KEY: Self = Self(32);
    pub(super) const PARTS: Self = Self(64);
    pub(super) const VAULT: Self = Self(128);

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn any(self) -> bool {
        self.0 != 0
    }

    fn note(&mut self, what: Self, differs: bool) {
        if differs {
            self.0 |= what.0;
        }
    }
}

/// What became of a point of the source; none for points that nobody asked after.
pub(super) type Outcome = Option<(Finding, Differences)>;

pub(super) fn judge(
    mut rows: Comparison,
    pairs: Pairs,
    surplus: Vec<(u32, u32)>,
    habits: Habits,
    known: &Circumstances<'_>,
) -> Verified {
    let keys: HashMap<Word, Word> = known
        .keys
        .iter()
        .map(|(vault, key)| (rows.words.put(Some(vault.as_str())), rows.words.put(Some(key))))
        .collect();
    let mut further: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (point, copy) in surplus {
        // One that is on its way out is no second copy any more.
        if rows.seen[row(copy)].status != Condition::BeingDeleted {
            further.entry(point).or_default().push(copy);
        }
    }
    let (absent_parts, unexplained) = strangers_and_parts(&rows, &pairs, &further);
    let mut outcomes = Vec::with_capacity(rows.expected.len());
    let mut groups: BTreeMap<(Word, Word), Summary> = BTreeMap::new();
    let mut apart = Apart::default();
    let mut kept_otherwise = 0;
    for (number, expected) in (0..).zip(&rows.expected) {
        let is_over = expected
            .kept
            .until(expected.created)
            .is_some_and(|until| until <= known.now);
        let outcome = match pairs.copy[row(number)] {
            NOBODY => without_copy(expected.standing, is_over, &mut apart),
            copy => {
                let seen = &rows.seen[row(copy)];
                let mut differences = differences(expected, seen, &keys, is_over);
                differences.note(Differences::PARTS, absent_parts.contains_key(&number));
                kept_otherwise += u64::from(differences.has(Differences::RETENTION));
                with_copy(expected.standing, seen, further.contains_key(&number), differences)
            }
        };
        if let Some((finding, _)) = outcome {
            groups.entry((expected.vault, expected.kind)).or_default().add(finding);
        }
        outcomes.push(outcome);
    }
    for stranger in &unexplained {
        let seen = &rows.seen[row(*stranger)];
        groups
            .entry((seen.vault, seen.kind))
            .or_default()
            .add(Finding::Unexplained);
    }
    let mut alike = pairs.alike.clone();
    alike.sort_unstable();
    Verified {
        rows,
        pairs,
        outcomes,
        further,
        absent_parts,
        unexplained,
        groups,
        apart,
        habits,
        alike,
        kept_otherwise,
    }
}

fn without_copy(standing: Standing, is_over: bool, apart: &mut Apart) -> Outcome {
    let counted = match standing {
        Standing::Due if is_over => &mut apart.lapsed,
        Standing::Due => return Some((Finding::Missing, Differences::default())),
        Standing::UnderWay | Standing::Queued => return Some((Finding::InProgress, Differences::default())),
        Standing::Failed => &mut apart.failed,
        Standing::Parked => &mut apart.parked,
        Standing::Partial => &mut apart.partial,
        Standing::Vanished => &mut apart.vanished,
        Standing::Blocked => &mut apart.blocked,
        Standing::Part | Standing::NotChosen => return None,
    };
    *counted += 1;
    Some((Finding::NotCopied, Differences::default()))
}

fn with_copy(standing: Standing, seen: &Seen, has_further: bool, differences: Differences) -> Outcome {
    if matches!(standing, Standing::Part | Standing::NotChosen) {
        return None;
    }
    let finding = if has_further {
        Finding::Duplicate
    } else if seen.status == Condition::BeingMade {
        Finding::InProgress
    } else if differences.any() {
        Finding::Mismatched
    } else {
        Finding::Verified
    };
    Some((finding, differences))
}

fn differences(expected: &Expected, seen: &Seen, keys: &HashMap<Word, Word>, is_over: bool) -> Differences {
    let mut found = Differences::default();
    let sized = expected.size != UNKNOWN_SIZE && seen.size != UNKNOWN_SIZE;
    found.note(Differences::SIZE, sized && expected.size != seen.size);
    let typed = expected.kind.is_said() && seen.kind.is_said();
    found.note(Differences::TYPE, typed && expected.kind != seen.kind);
    let dated = expected.created != UNKNOWN_DATE && seen.created != UNKNOWN_DATE;
    let apart = expected.created.abs_diff(seen.created);
    found.note(Differences::CREATED, dated && apart >= SAME_DATE_MS.unsigned_abs());
    found.note(Differences::RETENTION, !expected.kept.agrees_with(seen.kept));
    // What has been kept as long as was asked for may be on its way out.
    let is_sound =
        seen.status.is_sound() || (is_over && matches!(seen.status, Condition::Expired | Condition::BeingDeleted));
    found.note(Differences::STATUS, !is_sound);
    let key = keys.get(&seen.vault).filter(|key| key.is_said() && seen.key.is_said());
    found.note(Differences::KEY, key.is_some_and(|key| *key != seen.key));
    found.note(Differences::VAULT, expected.vault != seen.vault);
    found
}

/// Parts of composites that did not come with their parent, and points that nothing explains.
fn strangers_and_parts(
    rows: &Comparison,
    pairs: &Pairs,
    further: &BTreeMap<u32, Vec<u32>>,
) -> (BTreeMap<u32, Vec<u32>>, Vec<u32>) {
    let composites = &rows.composites;
    let mut absent: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (part, parent) in &composites.expected_parts {
        let parent = composites.expected.get(parent);
        let came = parent.filter(|parent| pairs.copy[row(**parent)] != NOBODY);
        if let Some(parent) = came
            && pairs.copy[row(*part)] == NOBODY
            && rows.expected[row(*part)].standing == Standing::Part
        {
            absent.entry(*parent).or_default().push(*part);
        }
    }
    let mut explained: Vec<u32> = further.values().flatten().copied().collect();
    explained.sort_unstable();
    let is_explained = |copy: u32| pairs.of[row(copy)] != NOBODY || explained.binary_search(&copy).is_ok();
    // A part that is known by nothing else belongs to its parent.
    let mut with_parent: Vec<u32> = composites
        .seen_parts
        .iter()
        .filter(|(_, parent)| composites.seen.get(parent).is_some_and(|parent| is_explained(*parent)))
        .map(|(part, _)| *part)
        .collect();
    with_parent.sort_unstable();
    let unexplained = (0..)
        .zip(&rows.seen)
        .filter(|(copy, seen)| {
            seen.status != Condition::BeingDeleted
                && !is_explained(*copy)
                && !(seen.part && with_parent.binary_search(copy).is_ok())
        })
        .map(|(copy, _)| copy)
        .collect();
    (absent, unexplained)
}
