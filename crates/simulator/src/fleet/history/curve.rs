//! How many jobs were open and running, over time, in bounded memory.

use serde::Serialize;

use crate::clock::Moment;

/// Beyond this many steps neighbours are merged.
const MOST_STEPS: u16 = 8_192;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub at: Moment,
    /// The values at the end of the step's span, which lasts until the next step.
    pub open: u32,
    pub running: u32,
}

/// Exact while it is short. Later each step stands for a span that doubles as the curve grows; peaks and areas stay exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    steps: Vec<Step>,
    /// Steps are at least this far apart, in milliseconds.
    resolution: i64,
    pub peak_open: u32,
    pub peak_running: u32,
    /// Job-milliseconds until the last step.
    pub open_millis: u64,
    pub running_millis: u64,
    #[serde(skip)]
    last: Option<Step>,
}

impl Curve {
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn note(&mut self, at: Moment, open: u32, running: u32) {
        if let Some(last) = self.last {
            let span = u64::try_from(at.millis() - last.at.millis()).unwrap_or_default();
            self.open_millis += span * u64::from(last.open);
            self.running_millis += span * u64::from(last.running);
        }
        let step = Step { at, open, running };
        self.last = Some(step);
        self.peak_open = self.peak_open.max(open);
        self.peak_running = self.peak_running.max(running);
        match self.steps.last_mut() {
            Some(last) if at.millis() - last.at.millis() <= self.resolution => {
                (last.open, last.running) = (open, running);
            }
            _ => self.steps.push(step),
        }
        if self.steps.len() > usize::from(MOST_STEPS) {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        let span = self
            .steps
            .last()
            .map_or(0, |last| last.at.millis() - self.steps[0].at.millis());
        self.resolution = (self.resolution * 2).max(span / i64::from(MOST_STEPS / 2));
        let resolution = self.resolution;
        self.steps.dedup_by(|later, kept| {
            let close = later.at.millis() - kept.at.millis() <= resolution;
            if close {
                (kept.open, kept.running) = (later.open, later.running);
            }
            close
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_stays_short_and_keeps_peaks_and_areas() {
        let mut curve = Curve::default();
        for second in 0..100_000 {
            curve.note(Moment::from_secs(second), if second == 50_001 { 70 } else { 2 }, 1);
        }
        assert!(curve.steps().len() <= usize::from(MOST_STEPS));
        assert!(curve.steps().is_sorted_by_key(|step| step.at));
        assert_eq!((curve.peak_open, curve.peak_running), (70, 1));
        assert_eq!(
            (curve.open_millis, curve.running_millis),
            (2_000 * 99_999 + 68_000, 99_999_000)
        );
    }

    #[test]
    fn changes_at_one_moment_are_one_step() {
        let mut curve = Curve::default();
        for (at, open, running) in [(5, 1, 0), (5, 1, 1), (9, 0, 0)] {
            curve.note(Moment::from_millis(at), open, running);
        }
        let steps: Vec<_> = curve
            .steps()
            .iter()
            .map(|step| (step.at.millis(), step.open, step.running))
            .collect();
        assert_eq!(steps, [(5, 1, 1), (9, 0, 0)]);
    }
}
