//! The change window that a run has to keep to.

use std::time::Duration;

use sav_domain::Moment;

use super::RunEvent;
use super::now::Now;

#[derive(Debug)]
pub(super) struct Window {
    /// None: there is none.
    whole: Option<Duration>,
    ends_at: Option<Moment>,
    withheld: bool,
    has_told: bool,
}

impl Window {
    pub(super) fn of(whole: Option<Duration>, now: Now) -> Self {
        Self {
            whole,
            ends_at: whole.map(|whole| now.plus(whole)),
            withheld: false,
            has_told: false,
        }
    }

    pub(super) fn is_over(&self, now: Now) -> bool {
        self.ends_at.is_some_and(|end| now.at >= end)
    }

    pub(super) fn left(&self, now: Now) -> Option<Duration> {
        let left = self.ends_at?.millis_since(now.at);
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// Whether a copy is to be started in what is left: if it will probably end inside, or would not even in a whole window.
    pub(super) fn has_room_for(&self, expected: Option<Duration>, now: Now) -> bool {
        let (Some(expected), Some(left), Some(whole)) = (expected, self.left(now), self.whole) else {
            return true;
        };
        expected <= left || expected > whole
    }

    /// Whoever starts is chosen anew.
    pub(super) fn choose_anew(&mut self) {
        self.withheld = false;
    }

    /// Somebody could start but for the window. Told once.
    pub(super) fn withhold(&mut self, now: Now) -> Option<RunEvent> {
        self.withheld = true;
        let left = self.left(now).filter(|_| !self.has_told)?;
        self.has_told = true;
        Some(RunEvent::WindowEnding { left })
    }

    /// Whether nothing was started for the window's sake.
    pub(super) fn holds_back(&self) -> bool {
        self.withheld
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(minutes: u64) -> Now {
        let since = Duration::from_mins(minutes);
        let began = Now {
            at: Moment::from_millis(0),
            since: Duration::ZERO,
        };
        Now {
            at: began.plus(since),
            since,
        }
    }

    #[test]
    fn what_does_not_fit_is_withheld_unless_no_window_is_long_enough() {
        let window = Window::of(Some(Duration::from_hours(1)), after(0));
        let minutes = |minutes| Some(Duration::from_mins(minutes));
        assert!(window.has_room_for(minutes(30), after(30)));
        assert!(!window.has_room_for(minutes(31), after(30)));
        assert!(window.has_room_for(minutes(61), after(30)), "it never fits");
        assert!(window.has_room_for(None, after(59)), "nobody knows");
        assert!(!window.is_over(after(59)) && window.is_over(after(60)));
        assert!(Window::of(None, after(0)).has_room_for(minutes(9_999), after(9_999)));
    }

    #[test]
    fn the_end_is_told_once() {
        let mut window = Window::of(Some(Duration::from_hours(1)), after(0));
        assert!(
            matches!(window.withhold(after(50)), Some(RunEvent::WindowEnding { left }) if left == Duration::from_mins(10))
        );
        assert!(window.withhold(after(51)).is_none() && window.holds_back());
    }
}
