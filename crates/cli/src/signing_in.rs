//! Credentials that end while a command is at work: who looks after them, and what is said meanwhile. The same for every command.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::credentials::{Standing, Trouble, keep};
use sav_application::ports::Renewal;
use sav_domain::span;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval_at};

use crate::args::Global;
use crate::compose::WallClock;
use crate::keypress::KeyPresses;
use crate::ui::Screen;

/// Nothing is heard of a pause for no longer than this.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// Keeps one account's credentials good for as long as the program runs.
pub fn look_after<G: Renewal>(calls: &Arc<Calls<G>>, global: &Global) {
    tokio::spawn(keep(Arc::clone(calls), WallClock));
    tokio::spawn(tell(Arc::clone(calls), Screen::of(global)));
}

/// Says when calls wait for somebody and when they go on.
async fn tell<G: Renewal>(calls: Arc<Calls<G>>, screen: Screen) {
    let mut standing = calls.gate().watch();
    loop {
        let trouble = standing.borrow_and_update().paused().cloned();
        if let Some(trouble) = trouble {
            tell_pause(&calls, &screen, trouble).await;
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}

async fn tell_pause<G: Renewal>(calls: &Calls<G>, screen: &Screen, mut trouble: Trouble) {
    let began = Instant::now();
    let mut standing = calls.gate().watch();
    let mut keys = stderr().is_terminal().then(KeyPresses::listen).flatten();
    let mut minute = interval_at(began + SAID_EVERY, SAID_EVERY);
    minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = None;
    announce(screen, &trouble, keys.is_some());
    loop {
        tokio::select! {
            changed = standing.changed() => {
                let now = standing.borrow_and_update().clone();
                match now {
                    _ if changed.is_err() => return,
                    Standing::Open(_) => break,
                    Standing::Renewing(_) => {}
                    Standing::Paused(again) => {
                        if !again.why.is_like(&trouble.why) {
                            announce(screen, &again, keys.is_some());
                            asked = None;
                        } else if asked.is_some_and(|attempts| again.attempts > attempts) {
                            screen.alarm(&format!("still paused: {again}"));
                            asked = None;
                        }
                        trouble = again;
                    }
                }
            }
            () = pressed(&mut keys) => {
                screen.note("trying again");
                asked = Some(trouble.attempts);
                calls.gate().knock();
            }
            _ = minute.tick(), if keys.is_none() => {
                screen.warn(&format!("paused for {}: {trouble}", span::human(began.elapsed())));
            }
        }
    }
    screen.note(&format!(
        "the {} account's credentials are good again after {}; calls go on",
        trouble.side,
        span::human(began.elapsed())
    ));
}

async fn pressed(keys: &mut Option<KeyPresses>) {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

/// What is wrong, since when, what is watched, and what somebody can do about it.
fn announce(screen: &Screen, trouble: &Trouble, hears_keys: bool) {
    let watched = &trouble.origin.watched;
    let goes_on = if watched.is_empty() {
        "nothing can change while the program runs: stop it, and start it again with new ones".to_owned()
    } else {
        let names: Vec<String> = watched.iter().map(|name| format!("`{name}`")).collect();
        format!("watched: {}; it goes on by itself when they change", names.join(", "))
    };
    screen.alarm(&format!("paused: {trouble}; since {}; {goes_on}", trouble.since));
    if hears_keys {
        screen.alarm("Press any key to retry\u{7}");
    }
}
