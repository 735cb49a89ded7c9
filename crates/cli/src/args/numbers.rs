//! Numbers of the command line, each held within what somebody can mean: a slip is refused before any call, instead of
//! making a command wait for ever.

use std::time::Duration;

/// Calls per second.
pub fn rate(text: &str) -> Result<f64, String> {
    between(text, 0.01, 1_000_000.0, "calls per second")
}

/// How many times as fast.
pub fn factor(text: &str) -> Result<f64, String> {
    between(text, 0.001, 1_000_000.0, "a number")
}

/// A part of a whole.
pub fn share(text: &str) -> Result<f64, String> {
    between(text, 0.0, 1.0, "a number")
}

/// Between two looks.
pub fn seconds(text: &str) -> Result<Duration, String> {
    between(text, 0.01, 86_400.0, "seconds").map(Duration::from_secs_f64)
}

/// A window's length.
pub fn minutes(text: &str) -> Result<Duration, String> {
    between(text, 0.01, 525_600.0, "minutes").map(|minutes| Duration::from_secs_f64(minutes * 60.0))
}

fn between(text: &str, least: f64, most: f64, what: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected {what} from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_means_is_refused() {
        for slip in ["", "0", "-1", "1e-300", "1e300", "NaN", "inf", "-inf", "10s", "1,5"] {
            for refused in [
                rate(slip).is_err(),
                factor(slip).is_err(),
                seconds(slip).is_err(),
                minutes(slip).is_err(),
            ] {
                assert!(refused, "`{slip}` was taken");
            }
        }
        assert_eq!(
            rate("1e-300").unwrap_err(),
            "expected calls per second from 0.01 to 1000000"
        );
        assert_eq!(seconds("0").unwrap_err(), "expected seconds from 0.01 to 86400");
        for slip in ["-0.1", "1.1", "NaN"] {
            assert!(share(slip).is_err(), "`{slip}` was taken");
        }
    }

    #[test]
    fn what_is_meant_is_taken() {
        assert_eq!(rate("0.01"), Ok(0.01));
        assert_eq!(share("0"), Ok(0.0));
        assert_eq!(seconds("0.05"), Ok(Duration::from_millis(50)));
        assert_eq!(minutes("1.5"), Ok(Duration::from_secs(90)));
    }
}
