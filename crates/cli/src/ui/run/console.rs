//! Says how a run goes, on a terminal and off it. Nothing here waits: it is told what happened and what time it is.

use std::time::Duration;

use sav_application::engine::{RunEvent, Subject};
use sav_domain::span;
use sav_domain::status::Counts;
use sav_domain::transfer::Arrival;
use serde_json::json;

use super::view::{RunView, in_words};
use super::voices;
use crate::ui::Screen;
use crate::ui::stderr::{self, say};
use crate::ui::table::cut;

/// A block that stands still for longer would look stuck.
const REDRAWN_EVERY: Duration = Duration::from_secs(1);
/// Nothing is heard of a run for no longer than this.
const SAID_EVERY: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct RunConsole<'a> {
    screen: &'a Screen,
    view: RunView,
    spoken: Option<Spoken>,
}

#[derive(Clone, Copy, Debug)]
struct Spoken {
    at: Duration,
    percent: u64,
}

impl<'a> RunConsole<'a> {
    pub fn new(screen: &'a Screen, counts: &Counts, window: Option<Duration>) -> Self {
        Self {
            screen,
            view: RunView::new(counts, window),
            spoken: None,
        }
    }

    /// How often `tick` wants to be called.
    pub const TICK: Duration = REDRAWN_EVERY;

    pub fn hear(&mut self, event: &RunEvent, at: Duration) {
        self.view.hear(event, at);
        match event {
            RunEvent::GroupParked { group, cause } => {
                let kind = group
                    .resource_type
                    .as_ref()
                    .map_or("points of no type", |kind| kind.name());
                let key = group
                    .encryption_key_arn
                    .as_deref()
                    .map(|key| format!(" under the key {key}"));
                self.screen.warn(&format!(
                    "parked: {kind} in vault `{}`{}: {}: {}{}; everything else goes on",
                    group.vault,
                    key.unwrap_or_default(),
                    cause.category,
                    cause.message,
                    cause.fix.as_deref().map(|fix| format!("; {fix}")).unwrap_or_default(),
                ));
            }
            RunEvent::Paused { reason, .. } => {
                self.screen
                    .warn(&format!("paused: {}; it goes on by itself", in_words(reason)));
            }
            RunEvent::Resumed { after } => {
                self.screen.note(&format!("resumed after {}", span::human(*after)));
            }
            RunEvent::WindowEnding { left } => self.screen.note(&format!(
                "the window ends in {}: what does not fit into it is not started any more",
                span::human(*left)
            )),
            _ => self.tell_transfer(event),
        }
    }

    /// A line per transfer for who asked for it, two for who asked again.
    fn tell_transfer(&self, event: &RunEvent) {
        let (from, what, state, detail) = match event {
            RunEvent::Arrived { what, how } => {
                let state = match how {
                    Arrival::Copied => "copied",
                    Arrival::AlreadyThere => "already there",
                };
                (1, what, state, None)
            }
            RunEvent::Failed { what, cause } => (
                1,
                what,
                "failed",
                Some(format!("{}: {}", cause.category, cause.message)),
            ),
            RunEvent::Partial { what } => (1, what, "copied in part", None),
            RunEvent::Vanished { what } => (1, what, "gone from the source", None),
            RunEvent::Accepted { what, job } => (2, what, "being copied", Some(format!("job {job}"))),
            RunEvent::Requeued { what, cause, .. } => (
                2,
                what,
                "queued again",
                cause
                    .as_ref()
                    .map(|cause| format!("{}: {}", cause.category, cause.message)),
            ),
            _ => return,
        };
        if self.screen.verbosity() >= from {
            self.tell(what, state, detail.as_deref());
        }
    }

    fn tell(&self, what: &Subject, state: &str, detail: Option<&str>) {
        let arn = &what.recovery_point_arn;
        if self.screen.speaks_json() {
            say(json!({ "level": "info", "message": state, "recovery_point_arn": arn, "detail": detail }));
        } else {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            say(format_args!("{state}: {arn}{detail}"));
        }
    }

    /// Draws or says how it goes, if it is time to.
    pub fn tick(&mut self, now: Duration) {
        let percent = self.view.permille() / 10;
        let due = |every: Duration| self.spoken.is_none_or(|spoken| now.saturating_sub(spoken.at) >= every);
        if self.screen.is_animated() {
            if due(REDRAWN_EVERY) {
                self.draw(now);
                self.spoken = Some(Spoken { at: now, percent });
            }
        } else if due(SAID_EVERY) || self.spoken.is_some_and(|spoken| spoken.percent != percent) {
            self.say_line(now);
            self.spoken = Some(Spoken { at: now, percent });
        }
    }

    fn say_line(&self, now: Duration) {
        if self.screen.speaks_json() {
            self.screen.document(&voices::document(&self.view, now));
        } else {
            self.screen.note(&voices::line(&self.view, now));
        }
    }

    fn draw(&self, now: Duration) {
        let (columns, rows) = Screen::size();
        let lines = voices::block(&self.view, now);
        if lines.len() < rows {
            stderr::draw(lines.iter().map(|line| cut(line, columns)).collect());
        }
    }
}

impl Drop for RunConsole<'_> {
    /// What follows on the terminal starts on a clean line.
    fn drop(&mut self) {
        if self.screen.is_animated() {
            stderr::erase();
        }
    }
}
