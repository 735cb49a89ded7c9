//! How long a copy runs: a base, the bytes moved at a throughput, and luck.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fate::{Fate, Question};
use super::settings::seconds;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    #[serde(with = "seconds")]
    pub base: Duration,
    pub bytes_per_second: f64,
    /// The part of a point's size that an incremental copy moves.
    pub incremental_share: f64,
    pub spread: Spread,
    /// Multiplies the result; 0 ends every job at the moment it starts.
    pub scale: f64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            base: Duration::from_mins(2),
            bytes_per_second: 100e6,
            incremental_share: 0.08,
            spread: Spread::LongTailed { sigma: 0.6 },
            scale: 1.0,
        }
    }
}

/// The same for a point however often and whenever it is copied.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    Equal,
    /// Evenly between 1 - `width` and 1 + `width` times.
    Even {
        width: f64,
    },
    /// Log-normal around 1: with `sigma` 1, one in forty takes more than seven times as long.
    LongTailed {
        sigma: f64,
    },
}

impl Durations {
    /// Every job takes exactly `span`.
    pub fn fixed(span: Duration) -> Self {
        Self {
            base: span,
            bytes_per_second: f64::INFINITY,
            incremental_share: 0.0,
            spread: Spread::Equal,
            scale: 1.0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes beyond 2^53 bytes may be off by a byte")]
    pub(super) fn of(&self, fate: Fate, serial: u64, size_bytes: Option<u64>, incremental: bool) -> Duration {
        // AWS leaves sizes out now and then; the copy takes its time all the same.
        let size = size_bytes.unwrap_or(1 << 30) as f64;
        let moved = if incremental {
            size * self.incremental_share
        } else {
            size
        };
        let transfer = if self.bytes_per_second > 0.0 {
            moved / self.bytes_per_second
        } else {
            0.0
        };
        let seconds = (self.base.as_secs_f64() + transfer) * self.luck(fate, serial) * self.scale;
        // Whole milliseconds, and never more than ten years: enough to be stuck, not enough to overflow a date.
        let millis = Duration::try_from_secs_f64(seconds.clamp(0.0, 315e6))
            .unwrap_or_default()
            .as_millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn luck(&self, fate: Fate, serial: u64) -> f64 {
        match self.spread {
            Spread::Equal => 1.0,
            Spread::Even { width } => 1.0 + width * (2.0 * fate.unit(Question::Duration, serial) - 1.0),
            Spread::LongTailed { sigma } => {
                let (u, v) = (
                    fate.unit(Question::Duration, serial),
                    fate.unit(Question::DurationAgain, serial),
                );
                let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                (sigma * normal).exp()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FATE: Fate = Fate::new(3);

    #[test]
    fn an_incremental_copy_moves_a_share_of_the_size() {
        let durations = Durations {
            base: Duration::from_secs(10),
            bytes_per_second: 1e6,
            incremental_share: 0.1,
            spread: Spread::Equal,
            scale: 1.0,
        };
        assert_eq!(durations.of(FATE, 1, Some(50_000_000), false), Duration::from_mins(1));
        assert_eq!(durations.of(FATE, 1, Some(50_000_000), true), Duration::from_secs(15));
        assert!(durations.of(FATE, 1, None, false) > Duration::from_secs(1000));
    }

    #[test]
    fn a_long_tail_is_long_and_repeatable() {
        let durations = Durations {
            spread: Spread::LongTailed { sigma: 1.0 },
            ..Durations::fixed(Duration::from_secs(100))
        };
        let mut spans: Vec<_> = (0..10_000)
            .map(|serial| durations.of(FATE, serial, Some(0), false))
            .collect();
        spans.sort();
        let (median, high) = (spans[5_000].as_secs_f64(), spans[9_750].as_secs_f64());
        assert!((90.0..110.0).contains(&median), "{median}");
        assert!((600.0..850.0).contains(&high), "{high}");
        assert_eq!(
            durations.of(FATE, 77, Some(0), false),
            durations.of(FATE, 77, Some(0), false)
        );
    }

    #[test]
    fn zero_scale_takes_no_time_and_an_endless_one_is_bounded() {
        let instant = Durations {
            scale: 0.0,
            ..Durations::default()
        };
        assert_eq!(instant.of(FATE, 1, Some(1 << 50), false), Duration::ZERO);
        let endless = Durations {
            scale: f64::INFINITY,
            ..Durations::default()
        };
        assert_eq!(endless.of(FATE, 1, Some(1 << 50), false), Duration::from_hours(87_500));
    }
}
