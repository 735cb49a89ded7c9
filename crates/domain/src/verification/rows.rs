//! Points of both sides as rows of some fifty bytes: a million of each have to fit beside one another.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::arns::ArnId;
use crate::fingerprint::{Fingerprints, NO_VOLUME, Owner, shows_no_volume};
use crate::recovery_point::{Lifecycle, PointStatus, RecoveryPoint};
use crate::resource_type::ResourceType;
use crate::time::{MILLIS_PER_DAY, Moment};

/// No row.
pub(super) const NOBODY: u32 = u32::MAX;
/// A date or a size that was not said.
pub(super) const UNKNOWN_DATE: i64 = i64::MIN;
pub(super) const UNKNOWN_SIZE: u64 = u64::MAX;

/// Whether a point of the source has to have a copy, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It has arrived, or was found there, or has been chosen and nobody keeps book.
    Due,
    /// AWS is at work on it.
    UnderWay,
    /// It waits for its turn.
    Queued,
    Failed,
    Parked,
    /// A composite of which only some parts were copied.
    Partial,
    /// Gone from the source before it could be copied.
    Vanished,
    /// It cannot be copied.
    Blocked,
    /// A part of a composite: it comes with its parent.
    Part,
    /// Nobody wants a copy of it; but there may be one, and this is what explains it.
    NotChosen,
}

/// A point of the source.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Resource, type and destination vault.
    pub(super) look: u64,
    pub(super) created: i64,
    pub(super) size: u64,
    pub(super) arn: ArnId,
    /// The caller's name for it.
    pub(super) id: u32,
    /// For how long its copy is to be kept.
    pub(super) kept: Kept,
    pub(super) vault: Word,
    pub(super) from: Word,
    pub(super) kind: Word,
    pub(super) owner: Owner,
    pub(super) standing: Standing,
    pub(super) recorded: bool,
}

/// A point of the destination.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) look: u64,
    pub(super) created: i64,
    pub(super) size: u64,
    pub(super) arn: ArnId,
    pub(super) kept: Kept,
    /// Seconds from the source's creation to the copy's completion.
    pub(super) took: Option<std::num::NonZeroU32>,
    pub(super) vault: Word,
    /// The source vault's ARN, where the copy says it.
    pub(super) from: Word,
    pub(super) kind: Word,
    pub(super) key: Word,
    pub(super) owner: Owner,
    pub(super) status: Condition,
    pub(super) no_volume: bool,
    pub(super) part: bool,
}

/// A number for a word that repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(u16);

impl Word {
    pub(super) const UNSAID: Self = Self(0);

    pub(super) const fn is_said(self) -> bool {
        self.0 != Self::UNSAID.0
    }
}

#[derive(Debug)]
pub(super) struct Words {
    numbers: HashMap<Arc<str>, u16>,
    texts: Vec<Arc<str>>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            texts: vec!["".into()],
        }
    }
}

impl Words {
    /// Vaults, types and keys are few. Words beyond 2^16 are taken as not said, so that nothing is held against them.
    pub(super) fn put(&mut self, text: Option<&str>) -> Word {
        let Some(text) = text else { return Word::UNSAID };
        if let Some(number) = self.numbers.get(text) {
            return Word(*number);
        }
        let Ok(number) = u16::try_from(self.texts.len()) else {
            return Word::UNSAID;
        };
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Word(number)
    }

    pub(super) fn find(&self, text: &str) -> Option<Word> {
        self.numbers.get(text).copied().map(Word)
    }

    pub(super) fn text(&self, word: Word) -> Option<&str> {
        self.texts
            .get(usize::from(word.0))
            .map(|text| &**text)
            .filter(|_| word.is_said())
    }
}

/// Seconds from creation to deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Kept(u32);

impl Kept {
    pub(super) const FOR_GOOD: Self = Self(u32::MAX);
    const SECONDS_PER_DAY: i64 = MILLIS_PER_DAY / 1000;

    fn seconds(seconds: i64) -> Self {
        Self(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX).min(u32::MAX - 1))
    }

    fn days(days: i64) -> Self {
        Self::seconds(days.saturating_mul(Self::SECONDS_PER_DAY))
    }

    /// What a lifecycle asks for.
    pub(super) fn asked(lifecycle: Option<Lifecycle>) -> Self {
        let days = lifecycle.and_then(|lifecycle| lifecycle.delete_after_days);
        days.filter(|days| *days > 0).map_or(Self::FOR_GOOD, Self::days)
    }

    /// What AWS has reckoned, or else what the lifecycle says.
    pub(super) fn of(point: &RecoveryPoint) -> Self {
        match (point.expires_at, point.created) {
            (Some(expires), Some(created)) => Self::seconds(expires.millis_since(created) / 1000),
            _ => Self::asked(Some(point.lifecycle)),
        }
    }

    /// Reckoning differs by hours, lifecycles by days.
    pub(super) fn agrees_with(self, other: Self) -> bool {
        let either_for_good = (self == Self::FOR_GOOD) != (other == Self::FOR_GOOD);
        !either_for_good && i64::from(self.0.abs_diff(other.0)) < Self::SECONDS_PER_DAY
    }

    pub(super) fn until(self, created: i64) -> Option<Moment> {
        let ends = self != Self::FOR_GOOD && created != UNKNOWN_DATE;
        ends.then(|| Moment::from_millis(created.saturating_add(i64::from(self.0) * 1000)))
    }

    /// `35 days`.
    pub(super) fn in_words(self) -> String {
        if self == Self::FOR_GOOD {
            return "without an end".to_owned();
        }
        let days = (i64::from(self.0) + Self::SECONDS_PER_DAY / 2) / Self::SECONDS_PER_DAY;
        format!("{days} days")
    }
}

/// What a copy's status says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Condition {
    Good,
    /// AWS did not say.
    Unsaid,
    BeingMade,
    Partial,
    Expired,
    Stopped,
    Strange,
    BeingDeleted,
}

impl Condition {
    pub(super) fn of(status: Option<&PointStatus>) -> Self {
        match status {
            None => Self::Unsaid,
            Some(PointStatus::Completed | PointStatus::Available) => Self::Good,
            Some(PointStatus::Creating) => Self::BeingMade,
            Some(PointStatus::Partial) => Self::Partial,
            Some(PointStatus::Expired) => Self::Expired,
            Some(PointStatus::Stopped) => Self::Stopped,
            Some(PointStatus::Deleting) => Self::BeingDeleted,
            Some(PointStatus::Other(_)) => Self::Strange,
        }
    }

    pub(super) const fn is_sound(self) -> bool {
        matches!(self, Self::Good | Self::Unsaid)
    }

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Good => "complete",
            Self::Unsaid => "not said",
            Self::BeingMade => "CREATING",
            Self::Partial => "PARTIAL",
            Self::Expired => "EXPIRED",
            Self::Stopped => "STOPPED",
            Self::Strange => "one that this program does not know",
            Self::BeingDeleted => "DELETING",
        }
    }
}

/// What a point looks like in this destination vault, and whose its resource is.
pub(super) fn look(point: &RecoveryPoint, vault: &str, prints: &Fingerprints) -> (u64, Owner) {
    let mut state = prints.hasher();
    let owner = prints.hash_resource(point.resource_arn.as_deref(), &mut state);
    point.resource_type.hash(&mut state);
    vault.hash(&mut state);
    (state.finish(), owner)
}

/// What a snapshot in this vault looks like if its volume does not count.
pub(super) fn look_without_volume(size: u64, vault: &str, prints: &Fingerprints) -> u64 {
    let mut state = prints.hasher();
    (NO_VOLUME, size).hash(&mut state);
    vault.hash(&mut state);
    state.finish()
}

pub(super) fn is_snapshot_without_volume(point: &RecoveryPoint) -> bool {
    point.resource_type == Some(ResourceType::Ebs) && shows_no_volume(point.resource_arn.as_deref())
}

pub(super) fn date(moment: Option<Moment>) -> i64 {
    moment.map_or(UNKNOWN_DATE, Moment::millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_rows_are_small() {
        assert!(size_of::<Expected>() <= 56, "{}", size_of::<Expected>());
        assert!(size_of::<Seen>() <= 56, "{}", size_of::<Seen>());
    }

    #[test]
    fn retention_agrees_within_a_day_and_no_end_only_with_no_end() {
        let days = |days| Kept::days(days);
        assert!(days(35).agrees_with(Kept::seconds(35 * 86_400 - 3_600)));
        assert!(!days(35).agrees_with(days(36)));
        assert!(!days(36_500).agrees_with(Kept::FOR_GOOD));
        assert!(Kept::FOR_GOOD.agrees_with(Kept::FOR_GOOD));
        assert_eq!(
            Kept::asked(Some(Lifecycle {
                delete_after_days: Some(-1),
                ..Lifecycle::default()
            })),
            Kept::FOR_GOOD
        );
    }

    #[test]
    fn words_come_back_and_too_many_are_not_said() {
        let mut words = Words::default();
        let daily = words.put(Some("daily"));
        assert_eq!(words.put(Some("daily")), daily);
        assert_eq!(words.text(daily), Some("daily"));
        assert_eq!(words.text(Word::UNSAID), None);
        for n in 0..70_000 {
            words.put(Some(&n.to_string()));
        }
        assert_eq!(words.put(Some("one too many")), Word::UNSAID);
    }
}
