//! How fast calls may leave us: arithmetic only. Time is what the caller says has passed since it started.

use std::time::Duration;

/// The part of the ceiling that comes back per second after throttling.
const RECOVERY_PER_SECOND: f64 = 0.05;
/// Refusals that arrive together are one event: they answer calls sent at the old rate.
const ONE_EVENT: Duration = Duration::from_secs(1);
/// However hard AWS throttles, one call every four seconds goes on asking.
const SLOWEST: f64 = 0.25;

/// The rate of one kind of call: spaced evenly, a small burst allowed, halved by throttling, recovering by itself.
#[derive(Clone, Debug)]
pub struct Pace {
    ceiling_per_second: f64,
    per_second: f64,
    burst: f64,
    /// When the next call may leave if no burst is left; runs behind the clock while calls are few.
    due: Duration,
    last_change: Duration,
    last_halved: Option<Duration>,
}

impl Pace {
    /// At most `per_second` calls, `burst` of them at once after a rest.
    pub fn new(per_second: f64, burst: f64) -> Self {
        let ceiling_per_second = per_second.max(SLOWEST);
        Self {
            ceiling_per_second,
            per_second: ceiling_per_second,
            burst: burst.max(1.0),
            due: Duration::ZERO,
            last_change: Duration::ZERO,
            last_halved: None,
        }
    }

    /// Books the next free place and says how long to wait for it.
    pub fn book(&mut self, now: Duration) -> Duration {
        self.recover(now);
        let spacing = 1.0 / self.per_second;
        let saved_up = Duration::from_secs_f64(spacing * (self.burst - 1.0));
        let leaves = self.due.max(now.saturating_sub(saved_up));
        self.due = leaves + Duration::from_secs_f64(spacing);
        leaves.saturating_sub(now)
    }

    /// AWS said that this was too fast.
    pub fn throttled(&mut self, now: Duration) {
        if self.last_halved.is_some_and(|last| now < last + ONE_EVENT) {
            return;
        }
        self.recover(now);
        self.per_second = (self.per_second / 2.0).max(SLOWEST);
        self.last_halved = Some(now);
        // What was saved up was saved at a rate that turned out too high.
        self.due = self.due.max(now);
    }

    /// Calls per second at this moment.
    pub fn per_second(&mut self, now: Duration) -> f64 {
        self.recover(now);
        self.per_second
    }

    fn recover(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.last_change).as_secs_f64();
        self.last_change = self.last_change.max(now);
        self.per_second =
            (self.per_second + passed * RECOVERY_PER_SECOND * self.ceiling_per_second).min(self.ceiling_per_second);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(secs: f64) -> Duration {
        Duration::from_secs_f64(secs)
    }

    #[test]
    fn a_rested_pace_lets_a_burst_go_and_then_spaces_evenly() {
        let mut pace = Pace::new(10.0, 3.0);
        let now = at(60.0);
        let waits: Vec<Duration> = (0..5).map(|_| pace.book(now)).collect();
        assert_eq!(waits, [at(0.0), at(0.0), at(0.0), at(0.1), at(0.2)]);
    }

    #[test]
    fn throttling_halves_once_for_answers_that_arrive_together() {
        let mut pace = Pace::new(20.0, 1.0);
        pace.throttled(at(100.0));
        pace.throttled(at(100.2));
        assert!((pace.per_second(at(100.2)) - 10.2).abs() < 1e-9);
        pace.throttled(at(101.5));
        assert!(pace.per_second(at(101.5)) < 6.0);
    }

    #[test]
    fn a_halved_pace_is_whole_again_after_a_while() {
        let mut pace = Pace::new(20.0, 1.0);
        pace.throttled(at(10.0));
        assert!((pace.per_second(at(20.0)) - 20.0).abs() < 1e-9);
    }

    proptest! {
        /// In any span of time no more calls leave than rate times span plus the burst.
        #[test]
        fn never_faster_than_the_ceiling(
            rate in 0.5..200.0_f64,
            burst in 1.0..20.0_f64,
            gaps in prop::collection::vec(0.0..0.5_f64, 1..200),
            throttled_at in prop::collection::vec(any::<bool>(), 200),
        ) {
            let mut pace = Pace::new(rate, burst);
            let mut now = 0.0;
            let mut left = Vec::new();
            for (gap, throttled) in gaps.iter().zip(throttled_at) {
                now += gap;
                left.push(now + pace.book(at(now)).as_secs_f64());
                if throttled {
                    pace.throttled(at(now));
                }
            }
            for (i, from) in left.iter().enumerate() {
                for (j, to) in left.iter().enumerate().skip(i) {
                    let calls = f64::from(u32::try_from(j - i + 1).unwrap());
                    prop_assert!(calls <= rate * (to - from) + burst + 1.0 + 1e-6);
                }
            }
        }
    }
}
