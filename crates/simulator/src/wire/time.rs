//! The three ways AWS's protocols write time: ISO 8601 in paths, forms and XML, the basic form in signatures, and the
//! date of HTTP headers.

use crate::clock::Moment;

const DAY_NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTH_NAMES: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_MS: i64 = 86_400_000;

/// `2026-02-03T04:05:06Z`, with milliseconds only where there are any.
pub fn iso_8601(moment: Moment) -> String {
    let (year, month, day) = civil(moment.millis().div_euclid(DAY_MS));
    let (hour, minute, second, millis) = time_of_day(moment);
    let fraction = if millis == 0 {
        String::new()
    } else {
        format!(".{millis:03}")
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// `20260203T040506Z`: the `X-Amz-Date` of signatures.
pub fn basic(moment: Moment) -> String {
    let (year, month, day) = civil(moment.millis().div_euclid(DAY_MS));
    let (hour, minute, second, _) = time_of_day(moment);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// `Tue, 03 Feb 2026 04:05:06 GMT`: the `Date` header.
pub fn http_date(moment: Moment) -> String {
    let days = moment.millis().div_euclid(DAY_MS);
    let (year, month, day) = civil(days);
    let (hour, minute, second, _) = time_of_day(moment);
    let weekday = DAY_NAMES[usize::try_from(days.rem_euclid(7)).unwrap_or(0)];
    let month = MONTH_NAMES[usize::try_from(month - 1).unwrap_or(0)];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Seconds since the epoch from ISO 8601, with or without fraction and offset, or from a plain number of seconds.
pub fn parse_seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
    let mut parts = date.splitn(3, '-');
    let days = days_since_epoch(
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    )?;
    let (time, offset_minutes) = split_offset(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = time.splitn(3, ':');
    let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(parts.next().unwrap_or("00"), 2).filter(|second| *second <= 60)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    let whole = days * 86_400 + hour * 3600 + (minute - offset_minutes) * 60 + second;
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of four-digit years are far below 2^53"
    )]
    Some(whole as f64 + fraction)
}

/// The moment in an `X-Amz-Date`.
pub fn parse_basic(text: &str) -> Option<Moment> {
    let digits = text.strip_suffix('Z')?;
    if digits.len() != 15 || !digits.is_ascii() || digits.as_bytes()[8] != b'T' {
        return None;
    }
    let part = |from: usize, to: usize| number(&digits[from..to], to - from);
    let days = days_since_epoch(part(0, 4)?, part(4, 6)?, part(6, 8)?)?;
    let (hour, minute, second) = (part(9, 11)?, part(11, 13)?, part(13, 15)?);
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| Moment::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second))
}

fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(utc) = time.strip_suffix(['Z', 'z']) {
        return Some((utc, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (time, offset) = time.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let minutes = match digits.len() {
        2 => number(&digits, 2)? * 60,
        4 if digits.is_ascii() => number(&digits[..2], 2)? * 60 + number(&digits[2..], 2)?,
        _ => return None,
    };
    Some((time, sign * minutes))
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn time_of_day(moment: Moment) -> (i64, i64, i64, i64) {
    let millis = moment.millis().rem_euclid(DAY_MS);
    (
        millis / 3_600_000,
        millis / 60_000 % 60,
        millis / 1000 % 60,
        millis % 1000,
    )
}

/// Days since 1970-01-01 of a day that exists. Years begin in March here, so that the leap day is a year's last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let era = year_from_march.div_euclid(400);
    let year_of_era = year_from_march.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_all_three_forms() {
        let leap_day = Moment::from_millis(1_709_210_096_000);
        assert_eq!(iso_8601(leap_day), "2024-02-29T12:34:56Z");
        assert_eq!(
            iso_8601(Moment::from_millis(1_709_210_096_007)),
            "2024-02-29T12:34:56.007Z"
        );
        assert_eq!(basic(leap_day), "20240229T123456Z");
        assert_eq!(http_date(leap_day), "Thu, 29 Feb 2024 12:34:56 GMT");
        assert_eq!(http_date(Moment::from_secs(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(
            http_date(Moment::from_secs(784_111_777)),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }

    #[test]
    fn reads_what_clients_write() {
        for (text, seconds) in [
            ("2024-02-29T12:34:56Z", 1_709_210_096.0),
            ("2024-02-29T12:34:56.5Z", 1_709_210_096.5),
            ("2024-02-29T14:34:56+02:00", 1_709_210_096.0),
            ("2024-02-29T11:34:56-0100", 1_709_210_096.0),
            ("1709210096.25", 1_709_210_096.25),
            ("2024-02-29", 1_709_164_800.0),
        ] {
            assert_eq!(parse_seconds(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "now",
            "2024-02-30T00:00:00Z",
            "2024-13-01",
            "2024-02-29T25:00:00Z",
            "inf",
            "2024-02-29T1é:00:00Z",
        ] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn signature_dates_come_back_as_written() {
        let moment = Moment::from_secs(1_709_210_096);
        assert_eq!(parse_basic(&basic(moment)), Some(moment));
        for text in [
            "20240229T123456",
            "20240230T123456Z",
            "2024-02-29T12:34Z",
            "20240229X123456Z",
            "2024022üT12345Z",
        ] {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }
}
