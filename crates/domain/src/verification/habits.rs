//! What AWS leaves open about copies, learned from copies that are known to be copies.

use std::collections::BTreeMap;

use super::rows::{Expected, Seen, UNKNOWN_DATE, Word};
use crate::fingerprint::{Owner, SAME_DATE_MS};

/// So many pairs that all say the same are taken at their word.
const ENOUGH: u64 = 10;
/// That a copy names its source vault is sometimes left out; never, only if so many did not.
const ENOUGH_FOR_NEVER: u64 = 1_000;

/// Two ways of AWS's, and how often each was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// The source's account, the milliseconds, the source vault.
    pub kept: u64,
    pub not_kept: u64,
}

impl Ways {
    fn add(&mut self, kept: bool) {
        if kept {
            self.kept += 1;
        } else {
            self.not_kept += 1;
        }
    }

    const fn always(self, enough: u64) -> bool {
        self.not_kept == 0 && self.kept >= enough
    }

    const fn never(self, enough: u64) -> bool {
        self.kept == 0 && self.not_kept >= enough
    }

    /// A word for programs.
    pub const fn name(self) -> &'static str {
        match (self.kept, self.not_kept) {
            (0, 0) => "not_known",
            (_, 0) => "kept",
            (0, _) => "not_kept",
            _ => "both",
        }
    }
}

/// What was learned of all types together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Whether a copy's resource names the source account.
    pub account: Ways,
    pub milliseconds: Ways,
    /// Whether a copy names the vault it came from.
    pub source_vault: Ways,
    /// Copies that a job or the ledger names.
    pub recorded: u64,
    /// Copies known by what they are alone.
    pub by_look: u64,
}

/// The same by type.
#[derive(Debug, Default)]
pub(super) struct Learned {
    kinds: BTreeMap<Word, OfKind>,
    all: Habits,
}

#[derive(Clone, Copy, Debug, Default)]
struct OfKind {
    recorded: Habits,
    by_look: Habits,
    /// Of dates without their milliseconds: whether they were cut, and not rounded.
    cut: Ways,
}

/// How creation dates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    Equal,
    /// The copy's is cut to the second.
    Cut,
    /// Less than a second apart.
    Near,
}

/// A date without its milliseconds.
pub(super) const fn cut(date: i64) -> i64 {
    date.div_euclid(1000) * 1000
}

impl Learned {
    pub(super) fn add(&mut self, expected: &Expected, seen: &Seen, recorded: bool) {
        if expected.kind != seen.kind {
            return;
        }
        let of_kind = self.kinds.entry(expected.kind).or_default();
        // A date of a whole second says nothing, and another date altogether is no habit.
        let near = expected.created.abs_diff(seen.created) < SAME_DATE_MS.unsigned_abs();
        let dated = expected.created != UNKNOWN_DATE && near && expected.created.rem_euclid(1000) != 0;
        if dated && seen.created != expected.created {
            of_kind.cut.add(seen.created == cut(expected.created));
        }
        let habits = if recorded {
            &mut of_kind.recorded
        } else {
            &mut of_kind.by_look
        };
        for habits in [habits, &mut self.all] {
            if recorded {
                habits.recorded += 1;
            } else {
                habits.by_look += 1;
            }
            if expected.owner == Owner::Source && seen.owner != Owner::Neither && !seen.no_volume {
                habits.account.add(seen.owner == Owner::Source);
            }
            if dated {
                habits.milliseconds.add(seen.created == expected.created);
            }
            habits.source_vault.add(seen.from.is_said());
        }
    }

    pub(super) const fn all(&self) -> Habits {
        self.all
    }

    /// What jobs and ledger say counts; looks only where those say nothing.
    fn of(&self, kind: Word, ways: impl Fn(&Habits) -> Ways) -> Ways {
        let of_kind = self.kinds.get(&kind).copied().unwrap_or_default();
        let recorded = ways(&of_kind.recorded);
        if recorded == Ways::default() {
            ways(&of_kind.by_look)
        } else {
            recorded
        }
    }

    pub(super) fn allows_dates(&self, kind: Word, dates: Dates) -> bool {
        let milliseconds = self.of(kind, |habits| habits.milliseconds);
        let cut = self.kinds.get(&kind).map(|of_kind| of_kind.cut).unwrap_or_default();
        match dates {
            Dates::Equal => true,
            Dates::Cut => !milliseconds.always(ENOUGH),
            Dates::Near => !milliseconds.always(ENOUGH) && !cut.always(ENOUGH),
        }
    }

    /// Whether a copy may name this account for its resource.
    pub(super) fn allows_owner(&self, kind: Word, expected: Owner, seen: Owner) -> bool {
        let ways = self.of(kind, |habits| habits.account);
        match (expected, seen) {
            (Owner::Source, Owner::Source) => !ways.never(ENOUGH),
            (Owner::Source, Owner::Destination) => !ways.always(ENOUGH),
            (one, other) => one == other,
        }
    }

    pub(super) fn allows_silence(&self, kind: Word) -> bool {
        !self.of(kind, |habits| habits.source_vault).always(ENOUGH_FOR_NEVER)
    }
}
