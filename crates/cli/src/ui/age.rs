//! Ages as people say them.

use sav_domain::Moment;

/// `5m`, `7h`, `3d`, `8w`, `2.5y`; `in 3d` for what is yet to come.
pub fn age(moment: Moment, now: Moment) -> String {
    let millis = now.millis_since(moment);
    let text = span(millis.unsigned_abs() / 1000);
    if millis < -60_000 { format!("in {text}") } else { text }
}

fn span(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    match seconds {
        0..HOUR => format!("{}m", seconds / MINUTE),
        HOUR.. if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 60 * DAY => format!("{}d", seconds / DAY),
        _ if seconds < 2 * YEAR => format!("{}w", seconds / (7 * DAY)),
        _ => format!("{}.{}y", seconds / YEAR, seconds % YEAR * 10 / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_the_unit_that_fits() {
        let now = Moment::from_millis(0);
        let ago = |seconds: i64| age(now.plus_millis(-seconds * 1000), now);
        assert_eq!(ago(0), "0m");
        assert_eq!(ago(59 * 60), "59m");
        assert_eq!(ago(3600), "1h");
        assert_eq!(ago(47 * 3600), "47h");
        assert_eq!(ago(3 * 86_400), "3d");
        assert_eq!(ago(100 * 86_400), "14w");
        assert_eq!(ago(912 * 86_400), "2.4y");
        assert_eq!(ago(-3 * 86_400), "in 3d");
    }
}
