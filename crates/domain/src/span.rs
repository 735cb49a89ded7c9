//! Spans of time as people say them.

use std::time::Duration;

/// `45s`, `12m 05s`, `3h 07m`, `2d 04h`: the two units that matter.
pub fn human(span: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = span.as_secs();
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d {:02}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_two_units() {
        let said = |seconds| human(Duration::from_secs(seconds));
        assert_eq!(human(Duration::from_millis(999)), "0s");
        assert_eq!(said(59), "59s");
        assert_eq!(said(60), "1m 00s");
        assert_eq!(said(3599), "59m 59s");
        assert_eq!(said(3 * 3600 + 7 * 60 + 59), "3h 07m");
        assert_eq!(said(26 * 3600), "1d 02h");
        assert_eq!(said(400 * 86_400), "400d 00h");
    }
}
