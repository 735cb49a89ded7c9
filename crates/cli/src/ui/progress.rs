//! One line on the terminal that counts while something long goes on.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sav_domain::span;
use tokio::time::Instant;

use super::Screen;
use super::stderr::Place;
use super::table::cut;

/// Often enough to be seen to move, and long enough that what is over at once is not drawn at all.
const REDRAWN_EVERY: Duration = Duration::from_millis(120);
const TURNS: [char; 4] = ['|', '/', '-', '\\'];

#[derive(Debug)]
pub struct Progress {
    /// None: nothing may be drawn.
    counts: Option<Counts>,
}

#[derive(Debug)]
struct Counts {
    text: Arc<Mutex<String>>,
    place: Arc<Place>,
    /// Dropped with it, which ends the thread that draws.
    _going_on: Sender<()>,
}

impl Progress {
    pub(super) fn start(what: &str, animated: bool) -> Self {
        Self {
            counts: animated.then(|| Counts::drawn(what)).flatten(),
        }
    }

    pub fn say(&self, text: String) {
        if let Some(counts) = &self.counts {
            *counts.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }
}

impl Counts {
    /// On a thread of its own, for the work may keep the others busy.
    fn drawn(what: &str) -> Option<Self> {
        let (going_on, until) = channel::<()>();
        let text = Arc::new(Mutex::new(String::new()));
        let place = Arc::new(Place::at_the_bottom());
        let counts = Self {
            text: Arc::clone(&text),
            place: Arc::clone(&place),
            _going_on: going_on,
        };
        let (what, began) = (what.to_owned(), Instant::now());
        let drawing = move || {
            let mut turns = TURNS.iter().cycle();
            while until.recv_timeout(REDRAWN_EVERY) == Err(RecvTimeoutError::Timeout) {
                let counted = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let turn = turns.next().copied().unwrap_or(' ');
                // The last column stays free: some terminals wrap as soon as it is written to.
                let columns = Screen::size().0.saturating_sub(1);
                place.draw(vec![line(turn, &what, &counted, began.elapsed(), columns)]);
            }
        };
        thread::Builder::new().name("progress".to_owned()).spawn(drawing).ok()?;
        Some(counts)
    }
}

impl Drop for Counts {
    /// Leaves nothing behind, also while the thread is about to draw once more.
    fn drop(&mut self) {
        self.place.leave();
    }
}

/// What is counted, as far as there is room beside what goes on and for how long.
fn line(turn: char, what: &str, counted: &str, since: Duration, columns: usize) -> String {
    let since = span::human(since);
    let separator = if counted.is_empty() { "" } else { ": " };
    cut(&format!("{turn} {what} ({since}){separator}{counted}"), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_goes_on_for_how_long_and_how_far_it_is() {
        let since = Duration::from_secs(65);
        let counted = "120000 points, 120 pages";
        assert_eq!(
            line('|', "listing", counted, since, 60),
            "| listing (1m 05s): 120000 points, 120 pages"
        );
        assert_eq!(line('/', "validating", "", since, 60), "/ validating (1m 05s)");
        assert_eq!(line('-', "listing", counted, since, 24), "- listing (1m 05s): 120…");
    }
}
