//! How long a copy is kept. AWS counts the days of a copy from the *source's* creation date, which the copy inherits.

use std::str::FromStr;

use crate::recovery_point::{Lifecycle, RecoveryPoint};
use crate::text::quoted;
use crate::time::{MILLIS_PER_DAY, Moment};

/// What `--lifecycle` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// The copy goes when its source would.
    #[default]
    AsSource,
    /// The copy stays.
    Unlimited,
    /// The copy goes so many days after its source was created.
    Days(u32),
}

/// AWS takes no more days than these, about 100 years. It also names this as the way to keep a copy for good: "always"
/// would let it go with its source.
const LONGEST_DAYS: i64 = 36_500;
/// A copy that moves to cold storage has to stay there so long.
const COLD_DAYS: i64 = 90;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is no lifecycle: `source` (as long as the source), `none` (no end) or a number of days from 1 to 36500 was expected",
    quoted(.text)
)]
pub struct RetentionError {
    text: String,
}

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, RetentionError> {
        match text {
            "source" => Ok(Self::AsSource),
            "none" => Ok(Self::Unlimited),
            days => days
                .parse()
                .ok()
                .filter(|days| (1..=LONGEST_DAYS).contains(&i64::from(*days)))
                .map(Self::Days)
                .ok_or_else(|| RetentionError { text: text.to_owned() }),
        }
    }
}

impl Retention {
    /// What to ask AWS for. None: nothing, which keeps the copy as long as its source, that is without an end.
    pub fn of_copy(self, point: &RecoveryPoint) -> Option<Lifecycle> {
        let of_source = days_of_source(point);
        let delete_after_days = match self {
            Self::AsSource => of_source,
            Self::Unlimited => of_source.map(|_| LONGEST_DAYS),
            Self::Days(days) => Some(i64::from(days)),
        };
        let cold = point.lifecycle.move_to_cold_after_days.filter(|cold| {
            // AWS refuses a cold time that is too short.
            *cold > 0 && delete_after_days.is_none_or(|days| days >= cold + COLD_DAYS)
        });
        (delete_after_days.is_some() || cold.is_some()).then_some(Lifecycle {
            move_to_cold_after_days: cold,
            delete_after_days,
        })
    }
}

/// Days from creation to deletion, as the lifecycle says or else as the dates do. None: it stays.
fn days_of_source(point: &RecoveryPoint) -> Option<i64> {
    let said = point.lifecycle.delete_after_days.filter(|days| *days > 0);
    said.or_else(|| {
        let lived = point.expires_at?.millis_since(point.created?);
        // Rounded up: rather a day too long than a day too short.
        Some(
            (lived + MILLIS_PER_DAY - 1)
                .div_euclid(MILLIS_PER_DAY)
                .clamp(1, LONGEST_DAYS),
        )
    })
}

/// When a copy with this lifecycle would be deleted. None: never, or its source has no date.
pub fn due(point: &RecoveryPoint, lifecycle: Option<Lifecycle>) -> Option<Moment> {
    let days = lifecycle?.delete_after_days?;
    Some(point.created?.plus_millis(days.saturating_mul(MILLIS_PER_DAY)))
}

/// The retention that a locked vault takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockRange {
    pub min_days: Option<i64>,
    pub max_days: Option<i64>,
}

impl LockRange {
    pub fn takes(self, lifecycle: Option<Lifecycle>) -> bool {
        match lifecycle.and_then(|lifecycle| lifecycle.delete_after_days) {
            Some(days) => {
                self.min_days.is_none_or(|least| days >= least) && self.max_days.is_none_or(|most| days <= most)
            }
            None => self.max_days.is_none(),
        }
    }

    /// `7 to 35 days`.
    pub fn in_words(self) -> String {
        match (self.min_days, self.max_days) {
            (Some(least), Some(most)) => format!("{least} to {most} days"),
            (Some(least), None) => format!("at least {least} days"),
            (None, Some(most)) => format!("at most {most} days"),
            (None, None) => "any number of days".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VaultName;

    fn created_on_day(day: i64) -> RecoveryPoint {
        RecoveryPoint {
            created: Some(Moment::from_millis(day * MILLIS_PER_DAY)),
            ..RecoveryPoint::new("arn:p", VaultName::new("daily").unwrap())
        }
    }

    fn kept(days: i64, cold: Option<i64>) -> RecoveryPoint {
        RecoveryPoint {
            lifecycle: Lifecycle {
                move_to_cold_after_days: cold,
                delete_after_days: Some(days),
            },
            ..created_on_day(0)
        }
    }

    fn lifecycle(cold: Option<i64>, days: Option<i64>) -> Lifecycle {
        Lifecycle {
            move_to_cold_after_days: cold,
            delete_after_days: days,
        }
    }

    #[test]
    fn by_default_the_copy_goes_with_its_source() {
        assert_eq!(
            Retention::AsSource.of_copy(&kept(35, None)),
            Some(lifecycle(None, Some(35)))
        );
        assert_eq!(Retention::AsSource.of_copy(&created_on_day(0)), None);
        let minus_one = kept(-1, None);
        assert_eq!(Retention::AsSource.of_copy(&minus_one), None, "-1 is never sent");
    }

    #[test]
    fn a_source_that_only_has_a_date_is_counted_in_days_rounded_up() {
        let point = RecoveryPoint {
            expires_at: Some(Moment::from_millis(35 * MILLIS_PER_DAY + 1)),
            ..created_on_day(0)
        };
        assert_eq!(Retention::AsSource.of_copy(&point), Some(lifecycle(None, Some(36))));
    }

    #[test]
    fn without_an_end_means_a_hundred_years_where_the_source_has_one() {
        assert_eq!(
            Retention::Unlimited.of_copy(&kept(35, None)),
            Some(lifecycle(None, Some(LONGEST_DAYS)))
        );
        assert_eq!(Retention::Unlimited.of_copy(&created_on_day(0)), None);
    }

    #[test]
    fn a_cold_time_that_became_too_short_is_left_out() {
        assert_eq!(
            Retention::AsSource.of_copy(&kept(365, Some(30))),
            Some(lifecycle(Some(30), Some(365)))
        );
        assert_eq!(
            Retention::Days(100).of_copy(&kept(365, Some(30))),
            Some(lifecycle(None, Some(100)))
        );
    }

    #[test]
    fn days_count_from_the_creation_of_the_source() {
        let point = created_on_day(10);
        let asked = Retention::Days(35).of_copy(&point);
        assert_eq!(due(&point, asked), Some(Moment::from_millis(45 * MILLIS_PER_DAY)));
        assert_eq!(due(&point, None), None);
    }

    #[test]
    fn a_lock_takes_what_lies_in_its_range() {
        let range = LockRange {
            min_days: Some(7),
            max_days: Some(365),
        };
        for (days, taken) in [(Some(6), false), (Some(7), true), (Some(365), true), (Some(366), false)] {
            assert_eq!(range.takes(Some(lifecycle(None, days))), taken, "{days:?}");
        }
        assert!(!range.takes(None), "no end is longer than any range");
        assert!(LockRange::default().takes(None));
    }

    #[test]
    fn what_is_no_lifecycle_is_refused() {
        for text in ["", "0", "-1", "36501", "1.5", "Source", "forever"] {
            assert!(text.parse::<Retention>().is_err(), "{text}");
        }
        assert_eq!("90".parse(), Ok(Retention::Days(90)));
    }
}
