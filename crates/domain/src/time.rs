//! Moments in whole milliseconds, which is what AWS means when it sends epoch seconds as a float.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::quoted;

/// Milliseconds since the Unix epoch, always within the years that RFC 3339 can write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

pub const MILLIS_PER_DAY: i64 = 86_400_000;

impl Moment {
    pub const MIN: Self = Self(-62_135_596_800_000); // 0001-01-01T00:00:00.000Z, the first that AWS's protocol takes
    pub const MAX: Self = Self(253_402_207_200_000); // 9999-12-30T22:00:00.000Z, the last that jiff takes

    /// Moments outside the writable years become the first or the last of them.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Seconds and nanoseconds since the epoch, as the SDK holds its times: rounded to the nearest millisecond.
    pub fn from_epoch(seconds: i64, nanos: u32) -> Self {
        let millis = i128::from(seconds) * 1000 + i128::from((u64::from(nanos) + 500_000) / 1_000_000);
        Self::from_millis(i64::try_from(millis).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Epoch seconds as they stand in AWS's JSON: 17.257 arrives as 17.2569999, so it is rounded and never cut.
    /// None for what is not a number.
    pub fn from_epoch_seconds(seconds: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded first; a float's cast saturates, and so do we"
        )]
        let millis = (seconds * 1000.0).round() as i64;
        (!seconds.is_nan()).then(|| Self::from_millis(millis))
    }

    /// An RFC 3339 time, or a date alone, which is its first millisecond. Without an offset it is UTC.
    pub fn parse(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        let refused = || MomentError { text: text.into() };
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::from_epoch_nanos(timestamp.as_nanosecond()));
        }
        // A zone or an offset that did not parse above must not be dropped in silence below.
        let date = text.get(..10).ok_or_else(refused)?;
        let clock = text.get(10..).ok_or_else(refused)?;
        let in_utc = usize::from(clock.len() > 1 && clock.ends_with(['Z', 'z']));
        let (text, clock) = (&text[..text.len() - in_utc], &clock[..clock.len() - in_utc]);
        let is_plain = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 't' | ' ' | ':' | '.');
        if !date.starts_with(|c: char| c.is_ascii_digit()) || !clock.chars().all(is_plain) {
            return Err(refused());
        }
        let civil = text.parse::<jiff::civil::DateTime>().map_err(|_| refused())?;
        // The calendar's last day is what people write for "never"; only its last hours lie beyond what can be reckoned with.
        Ok(jiff::tz::TimeZone::UTC
            .to_timestamp(civil)
            .map_or(Self::MAX, |timestamp| Self::from_epoch_nanos(timestamp.as_nanosecond())))
    }

    fn from_epoch_nanos(nanos: i128) -> Self {
        let millis = (nanos + 500_000).div_euclid(1_000_000);
        Self::from_millis(i64::try_from(millis).expect("jiff's years fit in an i64 of milliseconds"))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// How many milliseconds from `earlier` to here; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is neither a date like `2024-05-31` nor an RFC 3339 time like `2024-05-31T22:00:00Z`", quoted(.text))]
pub struct MomentError {
    pub text: String,
}

/// RFC 3339 in UTC with exactly three decimals.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = jiff::Timestamp::from_millisecond(self.0).expect("a Moment lies within jiff's years");
        write!(f, "{timestamp:.3}")
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(seconds: f64) -> String {
        Moment::from_epoch_seconds(seconds).unwrap().to_string()
    }

    #[test]
    fn epoch_floats_are_rounded_to_the_millisecond() {
        assert_eq!(shown(17.256_999_9), "1970-01-01T00:00:17.257Z");
        assert_eq!(shown(-17.256_999_9), "1969-12-31T23:59:42.743Z");
        assert_eq!(shown(0.0), "1970-01-01T00:00:00.000Z");
        assert_eq!(Moment::from_epoch(17, 256_999_900).millis(), 17_257);
        assert_eq!(Moment::from_epoch(-18, 743_000_100).millis(), -17_257);
        assert_eq!(
            Moment::from_epoch(59, 999_999_999).to_string(),
            "1970-01-01T00:01:00.000Z"
        );
    }

    #[test]
    fn absurd_floats_end_at_the_ends_of_the_calendar() {
        assert_eq!(Moment::from_epoch_seconds(1e300), Some(Moment::MAX));
        assert_eq!(Moment::from_epoch_seconds(f64::NEG_INFINITY), Some(Moment::MIN));
        assert_eq!(Moment::from_epoch_seconds(f64::NAN), None);
        assert_eq!(Moment::from_epoch(i64::MAX, 999_999_999), Moment::MAX);
        assert_eq!(Moment::from_epoch(i64::MIN, 0), Moment::MIN);
        assert_eq!(Moment::MIN.to_string(), "0001-01-01T00:00:00.000Z");
        assert_eq!(Moment::MAX.to_string(), "9999-12-30T22:00:00.000Z");
    }

    #[test]
    fn dates_and_times_are_read_as_utc() {
        let read = |text: &str| Moment::parse(text).map(|moment| moment.to_string()).unwrap_or_default();
        assert_eq!(read("2024-05-31"), "2024-05-31T00:00:00.000Z");
        assert_eq!(read("2024-05-31T22:00:00+02:00"), "2024-05-31T20:00:00.000Z");
        assert_eq!(read("2024-05-31T22:00:00.5"), "2024-05-31T22:00:00.500Z");
        assert_eq!(read("2024-05-31T22:00:00Z"), "2024-05-31T22:00:00.000Z");
        assert_eq!(Moment::parse("9999-12-31"), Ok(Moment::MAX));
        assert_eq!(Moment::parse("9999-12-31T23:59:59Z"), Ok(Moment::MAX));
        assert_eq!(Moment::parse("0000-01-01"), Ok(Moment::MIN));
        for text in [
            "",
            "2024-05-31Z",
            "yesterday",
            "31.05.2024",
            "2024-13-01",
            "2024-05-31T25:00:00Z",
            "2024-05-31[Mars/Base]",
        ] {
            assert!(Moment::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in Moment::MIN.0..=Moment::MAX.0) {
            let moment = Moment::from_millis(millis);
            prop_assert_eq!(Moment::parse(&moment.to_string()), Ok(moment));
        }

        #[test]
        fn a_float_of_whole_milliseconds_comes_back_exactly(millis in -4_000_000_000_000_i64..4_000_000_000_000) {
            #[expect(clippy::cast_precision_loss, reason = "this is the loss that AWS's floats have")]
            let seconds = millis as f64 / 1000.0;
            prop_assert_eq!(Moment::from_epoch_seconds(seconds).unwrap().millis(), millis);
            prop_assert_eq!(Moment::from_epoch_seconds(seconds - 1e-7).unwrap().millis(), millis);
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = Moment::parse(&text);
        }
    }
}
