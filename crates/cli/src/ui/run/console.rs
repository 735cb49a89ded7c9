//! Says how a run goes, on a terminal and off it. Nothing here waits: it is told what happened and what time it is.

use std::collections::HashMap;
use std::time::Duration;

use sav_application::engine::RunEvent;
use sav_domain::ledger::PointId;
use sav_domain::status::Counts;
use sav_domain::transfer::{Arrival, Cause, JobId};
use serde_json::json;

use super::block::block;
use super::sayings::saying;
use super::view::{Outlook, RunView};
use super::voices;
use crate::ui::Screen;
use crate::ui::stderr::{Place, say};

/// A block that stands still for longer would look stuck.
const REDRAWN_EVERY: Duration = Duration::from_secs(1);
/// Nothing is heard of a run for no longer than this.
const SAID_EVERY: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct RunConsole<'a> {
    screen: &'a Screen,
    view: RunView,
    /// Where the block stands; none if nothing may be drawn.
    place: Option<Place>,
    spoken: Option<Spoken>,
    /// Of transfers that are under way, where lines are told that name them.
    asked: HashMap<PointId, Asked>,
}

/// What AWS calls a copy and the request that led to it.
#[derive(Debug)]
struct Asked {
    job: JobId,
    request_id: Option<Box<str>>,
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
            place: screen.is_animated().then(Place::at_the_bottom),
            spoken: None,
            asked: HashMap::new(),
        }
    }

    /// How often `tick` wants to be called.
    pub const TICK: Duration = REDRAWN_EVERY;

    pub fn hear(&mut self, event: &RunEvent, at: Duration) {
        self.view.hear(event, at);
        if let RunEvent::Accepted { what, job, request_id } = event
            && self.screen.speaks_json()
        {
            let asked = Asked {
                job: job.clone(),
                request_id: request_id.clone(),
            };
            self.asked.insert(what.point, asked);
        }
        match saying(event) {
            Some(saying) => self.screen.happened(&saying),
            None => self.tell_transfer(event),
        }
        if let RunEvent::Arrived { what, .. }
        | RunEvent::Failed { what, .. }
        | RunEvent::Partial { what }
        | RunEvent::Requeued { what, .. }
        | RunEvent::Vanished { what } = event
        {
            self.asked.remove(&what.point);
        }
    }

    /// When it will all be over, newly reckoned.
    pub fn foretell(&mut self, outlook: Option<Outlook>) {
        self.view.outlook = outlook;
    }

    /// How many calls AWS has throttled so far.
    pub fn throttled(&mut self, total: u64, at: Duration) {
        self.view.throttled(total, at);
    }

    /// A line per transfer for who asked for it, two for who asked again.
    fn tell_transfer(&self, event: &RunEvent) {
        let in_words = |cause: &Cause| format!("{}: {}", cause.category, cause.message);
        let (from, name, what, state, detail, request) = match event {
            RunEvent::Arrived { what, how } => {
                let state = match how {
                    Arrival::Copied => "copied",
                    Arrival::AlreadyThere => "already there",
                };
                (1, "arrived", what, state, None, None)
            }
            RunEvent::Failed {
                what,
                cause,
                request_id,
            } => (
                1,
                "failed",
                what,
                "failed",
                Some(in_words(cause)),
                request_id.as_deref(),
            ),
            RunEvent::Partial { what } => (1, "partial", what, "copied in part", None, None),
            RunEvent::Vanished { what } => (1, "vanished", what, "gone from the source", None, None),
            RunEvent::Accepted { what, job, .. } => {
                (2, "accepted", what, "being copied", Some(format!("job {job}")), None)
            }
            RunEvent::Requeued {
                what,
                cause,
                request_id,
                ..
            } => (
                2,
                "requeued",
                what,
                "queued again",
                cause.as_ref().map(in_words),
                request_id.as_deref(),
            ),
            _ => return,
        };
        if self.screen.verbosity() < from {
            return;
        }
        let arn = &what.recovery_point_arn;
        if self.screen.speaks_json() {
            let level = if name == "failed" { "error" } else { "info" };
            let asked = self.asked.get(&what.point);
            let request = request.or(asked.and_then(|asked| asked.request_id.as_deref()));
            self.screen.document(json!({
                "level": level, "event": name, "message": state, "recovery_point_arn": arn,
                "job_id": asked.map(|asked| asked.job.as_str()), "request_id": request, "detail": detail,
            }));
        } else {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            say(format_args!("{state}: {arn}{detail}"));
        }
    }

    /// Draws or says how it goes, if it is time to.
    pub fn tick(&mut self, now: Duration) {
        let percent = self.view.permille() / 10;
        let due = |every: Duration| self.spoken.is_none_or(|spoken| now.saturating_sub(spoken.at) >= every);
        if let Some(place) = &self.place {
            if due(REDRAWN_EVERY) {
                place.draw(self.standing(now));
                self.spoken = Some(Spoken { at: now, percent });
            }
        } else if due(SAID_EVERY) || self.spoken.is_some_and(|spoken| spoken.percent != percent) {
            self.say_line(now);
            self.spoken = Some(Spoken { at: now, percent });
        }
    }

    fn say_line(&self, now: Duration) {
        if self.screen.speaks_json() {
            self.screen.document(voices::document(&self.view, now));
        } else {
            self.screen.note(&voices::line(&self.view, now));
        }
    }

    fn standing(&self, now: Duration) -> Vec<String> {
        let (columns, rows) = Screen::size();
        // The last column stays free: some terminals wrap as soon as it is written to.
        let mut lines = block(&self.view, now, columns.saturating_sub(1));
        lines.truncate(rows.saturating_sub(1));
        lines
    }
}
