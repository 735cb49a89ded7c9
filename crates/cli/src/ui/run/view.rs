//! What a run has come to so far, as its events tell. Pure: time is an argument, and nothing is printed here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use sav_application::engine::{PauseReason, RunEvent};
use sav_application::ports::Side;
use sav_domain::Moment;
use sav_domain::status::Counts;

use super::rate::Rate;

/// Who was throttled a minute ago need not hear of it any more.
const LATELY: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct RunView {
    /// All points that are to be copied or were, over all windows.
    pub to_copy: u64,
    /// Of those, by earlier windows.
    done_before: u64,
    failed_before: u64,
    /// Of those, what this run began with.
    at_start: u64,
    arrived: u64,
    failed: u64,
    vanished: u64,
    /// Held back, transfers and whole groups of them, as far as it was known when the run began.
    pub parked: u64,
    pub in_flight: u64,
    /// Of those: the request is on its way.
    pub starting: u64,
    pub window: Option<Duration>,
    pub is_window_ending: bool,
    pub paused: Option<Pause>,
    /// What AWS was found to run at once, by type.
    pub limits: BTreeMap<Box<str>, u32>,
    pub outlook: Option<Outlook>,
    /// Calls that AWS throttled in the last minute.
    pub throttled_lately: u64,
    throttled: VecDeque<(Duration, u64)>,
    rate: Rate,
}

/// When it will all be over, since the run began.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    pub p50: Duration,
    pub p90: Duration,
}

#[derive(Debug)]
pub struct Pause {
    pub why: String,
    /// The account whose credentials it waits for; none if it waits for something else.
    pub side: Option<Side>,
    /// Files and commands in which a change ends it.
    pub watched: Vec<String>,
    /// The time of day at which it began, and the same on the run's own clock.
    pub began: Moment,
    pub since: Duration,
}

impl RunView {
    pub fn new(counts: &Counts, window: Option<Duration>) -> Self {
        let to_copy = counts.completed + counts.failed + counts.remaining() + counts.parked;
        Self {
            to_copy,
            done_before: counts.completed,
            failed_before: counts.failed,
            at_start: counts.remaining(),
            arrived: 0,
            failed: 0,
            vanished: 0,
            parked: counts.parked,
            in_flight: counts.in_progress,
            starting: 0,
            window,
            is_window_ending: false,
            paused: None,
            limits: BTreeMap::new(),
            outlook: None,
            throttled_lately: 0,
            throttled: VecDeque::new(),
            rate: Rate::new(),
        }
    }

    pub fn hear(&mut self, event: &RunEvent, at: Duration) {
        match event {
            RunEvent::Started { waiting, open } => {
                // The run itself may have queued failed ones again.
                self.at_start = waiting + open;
                let neither = self.to_copy.saturating_sub(self.done_before + self.at_start);
                self.failed_before = self.failed_before.min(neither);
                self.in_flight = *open;
            }
            RunEvent::Accepted { .. } => self.in_flight += 1,
            RunEvent::Arrived { .. } => {
                self.arrived += 1;
                self.in_flight = self.in_flight.saturating_sub(1);
                self.rate.note(at, self.arrived);
            }
            RunEvent::Failed { .. } | RunEvent::Partial { .. } => self.failed += 1,
            RunEvent::Vanished { .. } => self.vanished += 1,
            RunEvent::Paused { reason, since } => {
                let (side, watched) = match reason {
                    PauseReason::Credentials { side, watched, .. } => (Some(*side), watched.clone()),
                    _ => (None, Vec::new()),
                };
                self.paused = Some(Pause {
                    why: in_words(reason),
                    side,
                    watched,
                    began: *since,
                    since: at,
                });
            }
            RunEvent::Resumed { .. } => self.paused = None,
            RunEvent::Counted { counts } => {
                self.in_flight = counts.open + counts.starting;
                self.starting = counts.starting;
            }
            RunEvent::Learned { scope, limit } => {
                self.limits.insert(scope.clone(), *limit);
            }
            RunEvent::WindowEnding { .. } => self.is_window_ending = true,
            RunEvent::Meant { .. } | RunEvent::Requeued { .. } | RunEvent::GroupParked { .. } => {}
        }
    }

    /// How many calls AWS has throttled so far.
    pub fn throttled(&mut self, total: u64, now: Duration) {
        if self.throttled.back().is_none_or(|(_, known)| *known != total) {
            self.throttled.push_back((now, total));
        }
        while self
            .throttled
            .get(1)
            .is_some_and(|(at, _)| now.saturating_sub(*at) >= LATELY)
        {
            self.throttled.pop_front();
        }
        let is_over = self
            .throttled
            .back()
            .is_none_or(|(at, _)| now.saturating_sub(*at) >= LATELY);
        let before = self.throttled.front().map_or(total, |(_, known)| *known);
        self.throttled_lately = if is_over { 0 } else { total - before.min(total) };
    }

    pub fn done(&self) -> u64 {
        self.done_before + self.arrived
    }

    pub fn failed(&self) -> u64 {
        self.failed_before + self.failed
    }

    /// What this run has still to see to an end.
    pub fn left(&self) -> u64 {
        self.at_start.saturating_sub(self.arrived + self.failed + self.vanished)
    }

    /// In tenths of a percent, 1000 only when all is done.
    pub fn permille(&self) -> u64 {
        match self.to_copy {
            0 => 1000,
            total => u64::try_from(u128::from(self.done()) * 1000 / u128::from(total))
                .unwrap_or(1000)
                .min(1000),
        }
    }

    pub fn per_hour(&self, now: Duration) -> Option<f64> {
        self.rate.per_hour(now)
    }

    /// How long the rest will take at the present rate.
    pub fn eta(&self, now: Duration) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = self.left() as f64;
        let seconds = left * 3600.0 / self.per_hour(now)?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    pub fn left_in_window(&self, now: Duration) -> Option<Duration> {
        self.window.map(|window| window.saturating_sub(now))
    }
}

/// One line, whatever AWS said.
pub fn in_words(reason: &PauseReason) -> String {
    let text = match reason {
        PauseReason::Unreachable { message } => format!("AWS cannot be reached: {message}"),
        PauseReason::Credentials { message, .. } => message.clone(),
        PauseReason::Denied { message } => format!("AWS denies what the run needs: {message}"),
        PauseReason::Everybody { cause } => format!("every copy would fail: {}: {}", cause.category, cause.message),
        PauseReason::Ledger { error } => error.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use sav_application::engine::Subject;
    use sav_domain::ledger::PointId;
    use sav_domain::transfer::{Arrival, Cause};

    use super::*;

    fn subject() -> Subject {
        Subject {
            point: PointId(1),
            recovery_point_arn: "arn:aws:ec2:us-east-1::snapshot/snap-1".into(),
        }
    }

    fn arrived() -> RunEvent {
        RunEvent::Arrived {
            what: subject(),
            how: Arrival::Copied,
        }
    }

    fn view() -> RunView {
        let counts = Counts {
            total_items: 1150,
            completed: 100,
            failed: 20,
            in_progress: 10,
            pending: 840,
            skipped: 100,
            blocked: 50,
            parked: 30,
        };
        RunView::new(&counts, Some(Duration::from_hours(1)))
    }

    #[test]
    fn a_run_goes_on_from_what_earlier_ones_left() {
        let mut view = view();
        view.hear(&RunEvent::Started { waiting: 870, open: 10 }, Duration::ZERO);
        assert_eq!(
            (view.to_copy, view.done(), view.failed(), view.left()),
            (1000, 100, 20, 880)
        );
        assert_eq!(view.permille(), 100);
        for second in 1..=80 {
            view.hear(&arrived(), Duration::from_secs(second));
        }
        let now = Duration::from_secs(80);
        assert_eq!((view.done(), view.left(), view.permille()), (180, 800, 180));
        assert_eq!(view.per_hour(now), Some(3600.0));
        assert_eq!(view.eta(now), Some(Duration::from_secs(800)));
        assert_eq!(view.left_in_window(now), Some(Duration::from_secs(3520)));
        assert_eq!(view.left_in_window(Duration::from_hours(2)), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_tried_again_is_failed_no_more() {
        let mut view = view();
        view.hear(&RunEvent::Started { waiting: 890, open: 10 }, Duration::ZERO);
        assert_eq!(view.failed(), 0);
        let cause = Cause {
            category: "FATAL_ERROR".into(),
            message: "internal".into(),
            fix: None,
        };
        let failed = RunEvent::Failed {
            what: subject(),
            cause,
            request_id: None,
        };
        view.hear(&failed, Duration::ZERO);
        assert_eq!((view.failed(), view.left()), (1, 899));
    }

    #[test]
    fn only_all_is_a_hundred_percent() {
        let counts = Counts {
            completed: 999_999,
            pending: 1,
            ..Counts::default()
        };
        let mut view = RunView::new(&counts, None);
        assert_eq!(view.permille(), 999);
        view.hear(&arrived(), Duration::ZERO);
        assert_eq!(view.permille(), 1000);
        assert_eq!(RunView::new(&Counts::default(), None).permille(), 1000);
    }

    #[test]
    fn a_pause_is_told_on_one_line_until_it_is_over() {
        let mut view = view();
        let reason = PauseReason::Unreachable {
            message: "NotReached:\n  connection refused".to_owned(),
        };
        let since = Moment::from_millis(0);
        view.hear(&RunEvent::Paused { reason, since }, Duration::from_secs(9));
        let pause = view.paused.as_ref().unwrap();
        assert_eq!(pause.why, "AWS cannot be reached: NotReached: connection refused");
        assert_eq!(pause.since, Duration::from_secs(9));
        let after = Duration::from_mins(1);
        view.hear(&RunEvent::Resumed { after }, Duration::from_secs(69));
        assert!(view.paused.is_none());
    }
}
