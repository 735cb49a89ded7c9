//! Whether everything arrived, once, as it was: what should be in the destination against what its vaults list.
//!
//! ```text
//!   points of the source ──────┐ expect         see ┌────── points of the destination
//!   jobs and ledger: who is ── record ──> rows <────┘
//!   whose copy                              │ conclude
//!                 recorded pairs ──> what AWS does is learned ──> the rest paired by what they are ──> a finding for each
//! ```
//!
//! All points of the chosen vaults belong here, also those that nobody wanted copied: they explain copies that would be
//! strangers otherwise. Rows are small, so that a million points of each side fit into memory at once.

mod arns;
mod finding;
mod habits;
mod judge;
mod pairing;
mod rows;
mod surplus;
mod verified;

use std::collections::HashMap;
use std::num::NonZeroU32;

pub use finding::{Apart, Finding, Found, Summary};
pub use habits::{Habits, Ways};
pub use rows::Standing;
pub use verified::Verified;

use crate::fingerprint::{Fingerprints, Owner};
use crate::recovery_point::{Lifecycle, RecoveryPoint};
use crate::resource_type::ResourceType;
use crate::route::Route;
use crate::time::Moment;
use crate::vault::VaultName;
use arns::Arns;
use habits::Learned;
use pairing::{Pairing, Pairs};
use rows::{Condition, Expected, Kept, NOBODY, Seen, UNKNOWN_SIZE, Words, date, is_snapshot_without_volume, look};

/// Both sides of a migration, filled point by point.
#[derive(Debug)]
pub struct Comparison {
    prints: Fingerprints,
    words: Words,
    arns: Arns,
    expected: Vec<Expected>,
    seen: Vec<Seen>,
    pairs: Pairs,
    /// Copies that somebody named, by their fingerprints, and the rows of what they were made of.
    recorded: Vec<(u64, u32)>,
    /// Copies that were recorded for a point which has one already.
    second: Vec<(u32, u32)>,
    composites: Composites,
}

/// Parents and their parts, by the fingerprints of the parents.
#[derive(Debug, Default)]
struct Composites {
    expected: HashMap<u64, u32>,
    expected_parts: Vec<(u32, u64)>,
    seen: HashMap<u64, u32>,
    seen_parts: Vec<(u32, u64)>,
}

/// A point of the source, and what should have become of it.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    pub point: &'a RecoveryPoint,
    /// The destination vault.
    pub vault: &'a VaultName,
    pub source_vault_arn: &'a str,
    pub standing: Standing,
    /// What its copy was asked for with.
    pub lifecycle: Option<Lifecycle>,
    /// The caller's name for it, which findings give back.
    pub id: u32,
}

/// What findings depend on besides the points.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    pub now: Moment,
    /// The keys of the destination vaults, as far as they are known.
    pub keys: Vec<(&'a VaultName, &'a str)>,
}

/// A row of the source within one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row(u32);

/// The ARN of a copy, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyNamed(u64);

impl Comparison {
    pub fn between(route: &Route) -> Self {
        Self {
            prints: Fingerprints::new(route),
            words: Words::default(),
            arns: Arns::default(),
            expected: Vec::new(),
            seen: Vec::new(),
            pairs: Pairs::default(),
            recorded: Vec::new(),
            second: Vec::new(),
            composites: Composites::default(),
        }
    }

    /// A point of the source. All of them, and what is recorded of them, come before the first of the destination.
    pub fn expect(&mut self, told: &Expectation<'_>) -> Row {
        let Expectation { point, vault, .. } = told;
        let row = row_of(self.expected.len());
        let (look, owner) = look(point, vault.as_str(), &self.prints);
        if point.is_parent {
            self.composites
                .expected
                .insert(self.prints.of_words(&[&point.arn]), row);
        }
        if let Some(parent) = &point.parent_arn {
            self.composites
                .expected_parts
                .push((row, self.prints.of_words(&[parent])));
        }
        self.expected.push(Expected {
            look,
            created: date(point.created),
            size: point.size_bytes.unwrap_or(UNKNOWN_SIZE),
            arn: self.arns.put(&point.arn),
            id: told.id,
            kept: Kept::asked(told.lifecycle),
            vault: self.words.put(Some(vault.as_str())),
            from: self.words.put(Some(told.source_vault_arn)),
            kind: self.words.put(point.resource_type.as_ref().map(ResourceType::name)),
            owner,
            standing: told.standing,
            recorded: false,
        });
        self.pairs.copy.push(NOBODY);
        Row(row)
    }

    /// What somebody calls a copy, made small.
    pub fn copy_named(&self, destination_arn: &str) -> CopyNamed {
        CopyNamed(self.prints.of_words(&[destination_arn]))
    }

    /// Somebody who must know says that this is the point's copy.
    pub fn record(&mut self, point: Row, copy: CopyNamed) {
        self.expected[row(point.0)].recorded = true;
        self.recorded.push((copy.0, point.0));
    }

    /// Nothing more is expected.
    pub fn all_expected(&mut self) {
        self.recorded.sort_unstable();
        self.recorded.dedup();
    }

    /// A point that a destination vault lists.
    pub fn see(&mut self, point: &RecoveryPoint) {
        let row = row_of(self.seen.len());
        let arn = self.prints.of_words(&[&point.arn]);
        let (look, owner, no_volume) = if is_snapshot_without_volume(point) {
            let size = point.size_bytes.unwrap_or(UNKNOWN_SIZE);
            let look = rows::look_without_volume(size, point.vault.as_str(), &self.prints);
            (look, Owner::Neither, true)
        } else {
            let (look, owner) = look(point, point.vault.as_str(), &self.prints);
            (look, owner, false)
        };
        if point.is_parent {
            self.composites.seen.insert(arn, row);
        }
        if let Some(parent) = &point.parent_arn {
            self.composites.seen_parts.push((row, self.prints.of_words(&[parent])));
        }
        let took = point.completed.zip(point.created).and_then(|(completed, created)| {
            NonZeroU32::new(u32::try_from(completed.millis_since(created) / 1000).unwrap_or_default())
        });
        self.seen.push(Seen {
            look,
            created: date(point.created),
            size: point.size_bytes.unwrap_or(UNKNOWN_SIZE),
            arn: self.arns.put(&point.arn),
            kept: Kept::of(point),
            took,
            vault: self.words.put(Some(point.vault.as_str())),
            from: self.words.put(point.source_vault_arn.as_deref()),
            kind: self.words.put(point.resource_type.as_ref().map(ResourceType::name)),
            key: self.words.put(point.encryption_key_arn.as_deref()),
            owner,
            status: Condition::of(point.status.as_ref()),
            no_volume,
            part: point.parent_arn.is_some(),
        });
        self.pairs.of.push(NOBODY);
        let first = self.recorded.partition_point(|(recorded, _)| *recorded < arn);
        if let Some((_, expected)) = self.recorded.get(first).filter(|(recorded, _)| *recorded == arn) {
            if self.pairs.copy[*expected as usize] == NOBODY {
                self.pairs.join(*expected, row);
            } else {
                self.second.push((*expected, row));
            }
        }
    }

    pub fn seen(&self) -> u64 {
        self.seen.len() as u64
    }

    pub fn expected(&self) -> u64 {
        self.expected.len() as u64
    }

    /// Pairs what belongs together, and finds out about every point.
    pub fn conclude(mut self, known: &Circumstances<'_>) -> Verified {
        self.recorded = Vec::new();
        let mut learned = Learned::default();
        for (expected, copy) in (0..)
            .zip(self.pairs.copy.iter().copied())
            .filter(|(_, copy)| *copy != NOBODY)
        {
            learned.add(&self.expected[row(expected)], &self.seen[row(copy)], true);
        }
        let mut pairs = std::mem::take(&mut self.pairs);
        let mut surplus = std::mem::take(&mut self.second);
        for (point, copy) in &mut surplus {
            // The better one of several is the copy.
            let first = pairs.copy[row(*point)];
            if self.seen[row(*copy)].status < self.seen[row(first)].status {
                pairs.join(*point, *copy);
                *copy = first;
            }
            pairs.of[row(*copy)] = *point;
        }
        let pairing = Pairing {
            expected: &self.expected,
            seen: &self.seen,
            words: &self.words,
            prints: &self.prints,
        };
        pairing.run(&mut pairs, &mut learned);
        surplus.extend(pairing.surplus(&pairs, &learned));
        judge::judge(self, pairs, surplus, learned.all(), known)
    }
}

fn row_of(length: usize) -> u32 {
    u32::try_from(length)
        .ok()
        .filter(|row| *row != NOBODY)
        .expect("an account holds fewer than 2^32 points")
}

const fn row(row: u32) -> usize {
    row as usize
}
