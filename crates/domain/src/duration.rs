//! How long copies take, learned from those that have been made.

use std::time::Duration;

/// Whether a copy moves the whole resource or only what changed since the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// Of a resource of which nothing has been copied in this run.
    First,
    /// Behind another copy of the same resource.
    Next,
}

impl Extent {
    pub const ALL: [Self; 2] = [Self::First, Self::Next];

    /// A word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Next => "next",
        }
    }
}

/// From acceptance to the end, waiting for a slot included: that is what a window has to have room for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    mean_secs: [f64; 2],
    samples: [u64; 2],
}

/// So many copies make up the mean; older ones fade.
const MEMORY: f64 = 50.0;

impl Durations {
    pub fn saw(&mut self, extent: Extent, took: Duration) {
        let place = extent as usize;
        self.samples[place] += 1;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let weight = 1.0 / (self.samples[place] as f64).min(MEMORY);
        self.mean_secs[place] += (took.as_secs_f64() - self.mean_secs[place]) * weight;
    }

    /// None: nothing is known yet. What is known of the other extent stands in.
    pub fn expected(&self, extent: Extent) -> Option<Duration> {
        let other = if extent == Extent::First {
            Extent::Next
        } else {
            Extent::First
        };
        [extent, other]
            .into_iter()
            .find(|extent| self.samples[*extent as usize] > 0)
            .map(|extent| Duration::from_secs_f64(self.mean_secs[extent as usize]))
    }

    /// The mean in seconds and how many copies it comes from.
    pub fn known(&self, extent: Extent) -> Option<(f64, u64)> {
        let place = extent as usize;
        (self.samples[place] > 0).then_some((self.mean_secs[place], self.samples[place]))
    }

    /// What an earlier run learned. Nonsense is not taken.
    pub fn recall(&mut self, extent: Extent, mean_secs: f64, samples: u64) {
        if mean_secs.is_finite() && (0.0..1e9).contains(&mean_secs) && samples > 0 {
            self.mean_secs[extent as usize] = mean_secs;
            self.samples[extent as usize] = samples;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_follows_what_happens_and_old_times_fade() {
        let mut durations = Durations::default();
        assert_eq!(durations.expected(Extent::First), None);
        durations.saw(Extent::First, Duration::from_secs(100));
        durations.saw(Extent::First, Duration::from_secs(200));
        assert_eq!(durations.expected(Extent::First), Some(Duration::from_secs(150)));
        assert_eq!(
            durations.expected(Extent::Next),
            Some(Duration::from_secs(150)),
            "it stands in"
        );
        for _ in 0..500 {
            durations.saw(Extent::Next, Duration::from_secs(10));
        }
        let next = durations.expected(Extent::Next).unwrap().as_secs_f64();
        assert!((next - 10.0).abs() < 1e-6, "{next}");
    }

    #[test]
    fn nonsense_is_not_recalled() {
        let mut durations = Durations::default();
        for nonsense in [f64::NAN, f64::INFINITY, -1.0] {
            durations.recall(Extent::Next, nonsense, 5);
        }
        durations.recall(Extent::Next, 5.0, 0);
        assert_eq!(durations.known(Extent::Next), None);
        durations.recall(Extent::Next, 5.0, 3);
        assert_eq!(durations.known(Extent::Next), Some((5.0, 3)));
    }
}
