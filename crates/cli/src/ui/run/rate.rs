//! How fast it goes, from what arrived lately.

use std::collections::VecDeque;
use std::time::Duration;

/// Long enough to even out the bursts in which completions are seen, short enough to follow a change.
const LATELY: Duration = Duration::from_mins(15);
const STEP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Rate {
    /// So many had arrived at this time. The first one lies as far back as we look.
    samples: VecDeque<(Duration, u64)>,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self {
            samples: VecDeque::from([(Duration::ZERO, 0)]),
        }
    }

    pub(super) fn note(&mut self, at: Duration, total: u64) {
        let counting = self.samples.len() > 1;
        match self.samples.back_mut() {
            // The first one stays: it is where counting begins.
            Some(last) if counting && at.saturating_sub(last.0) < STEP => last.1 = total,
            _ => self.samples.push_back((at, total)),
        }
        while self
            .samples
            .get(1)
            .is_some_and(|(then, _)| at.saturating_sub(*then) >= LATELY)
        {
            self.samples.pop_front();
        }
    }

    /// None: nothing arrived lately.
    pub(super) fn per_hour(&self, now: Duration) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let arrived = last.1.saturating_sub(first.1);
        let span = now.max(last.0).saturating_sub(first.0).max(STEP);
        #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
        let arrived_float = arrived as f64;
        (arrived > 0).then(|| arrived_float * 3600.0 / span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_what_arrived_over_the_time_it_took() {
        let mut rate = Rate::new();
        assert_eq!(rate.per_hour(Duration::from_secs(10)), None);
        rate.note(Duration::from_secs(30), 10);
        rate.note(Duration::from_mins(1), 20);
        assert_eq!(rate.per_hour(Duration::from_mins(1)), Some(1200.0));
        assert_eq!(
            rate.per_hour(Duration::from_mins(2)),
            Some(600.0),
            "time goes on without arrivals"
        );
    }

    #[test]
    fn it_follows_a_change_and_stays_small() {
        let mut rate = Rate::new();
        for second in 0..40_000_u64 {
            let total = if second < 20_000 {
                second * 100
            } else {
                2_000_000 + (second - 20_000)
            };
            rate.note(Duration::from_secs(second), total);
        }
        let now = rate.per_hour(Duration::from_secs(39_999)).unwrap();
        assert!((now - 3600.0).abs() < 10.0, "{now}");
        assert!(rate.samples.len() < 1000);
    }
}
