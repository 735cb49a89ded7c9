//! The window itself: the engine at work, its events on the screen and with whoever wants to know.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use sav_application::copying::{self, CameTo};
use sav_application::engine::{Ending, Parties, RetryFailed, RunEvent, RunSettings};
use sav_application::ports::{Ledger, LedgerReader};
use sav_domain::status::Counts;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::on_event::Events;
use super::{Ended, Ground, Intent, Stop, event, exit_of};
use crate::compose;
use crate::problem::Problem;
use crate::ui::{RunConsole, in_words};

pub(super) async fn run(intent: &Intent<'_>, ground: &Ground, stop: &Stop, events: &Events) -> Result<Ended, Problem> {
    let copy = intent.copy;
    let counts = tokio::task::block_in_place(|| {
        let reader = ground.ledger.reader()?;
        Ok::<_, Problem>(Counts::of(&reader.standing()?, &reader.particulars()?))
    })?;
    events.tell(event(
        "started",
        &intent.route,
        compose::now(),
        &json!({ "counts": counts }),
    ));
    // Planning took its time, and the window is the operator's: it began when the command did.
    let max_runtime = copy
        .pace
        .max_runtime_minutes
        .map(|window| window.saturating_sub(intent.began.elapsed()));
    let settings = RunSettings {
        workers: usize::from(copy.pace.workers),
        max_in_flight: copy.pace.max_in_flight.map(|most| most as usize),
        poll_interval: copy.pace.poll_interval,
        max_runtime,
        retry_failed: retry_failed(intent),
        seed: RandomState::new().hash_one(intent.now.millis()),
    };
    let parties = Parties {
        source: Arc::clone(&ground.source),
        destination: ground.destination.clone(),
        ledger: Arc::clone(&ground.ledger),
        terms: Arc::clone(&intent.terms),
        clock: Arc::new(compose::WallClock),
    };
    let fail_on_blocked = copy.telling.fail_on_blocked;
    let code = |came_to: CameTo, counts: &Counts| exit_of(came_to, counts, fail_on_blocked).byte();
    let (tell, heard) = mpsc::unbounded_channel();
    let console = RunConsole::new(intent.screen, &counts, max_runtime);
    let (over, ()) = tokio::join!(
        copying::window(settings, parties, stop.clone(), tell, code),
        listen(intent, console, heard, events)
    );
    let over = over?;
    let mut remarks = Vec::new();
    let how = match &over.run.how {
        Ending::Finished if over.came_to == CameTo::AllDone => "finished",
        Ending::Finished => "ended",
        Ending::Stopped(_) => "interrupted",
        Ending::WindowOver => "ended with the window",
        Ending::LedgerLost(error) => {
            remarks.push(error.to_string());
            "ended without its ledger"
        }
    };
    remarks.extend(
        over.unwritten
            .map(|error| format!("the end of this run is not in the ledger: {error}")),
    );
    if over.run.counts.in_doubt > 0 {
        remarks.push(format!(
            "of {} points it is not known whether their copies exist: run again with credentials for the destination",
            over.run.counts.in_doubt
        ));
    }
    Ok(Ended {
        how,
        came_to: over.came_to,
        counts: over.run.counts,
        at: over.ended,
        remarks,
    })
}

fn retry_failed(intent: &Intent<'_>) -> Option<RetryFailed> {
    let ledger = &intent.copy.ledger;
    let all_or_cause = || {
        ledger
            .cause
            .as_deref()
            .map_or(RetryFailed::All, |cause| RetryFailed::Cause(cause.into()))
    };
    ledger.retry_failed.then(all_or_cause)
}

/// Until the engine has told its last event.
async fn listen(
    intent: &Intent<'_>,
    mut console: RunConsole<'_>,
    mut heard: mpsc::UnboundedReceiver<RunEvent>,
    events: &Events,
) {
    let began = Instant::now();
    let mut tick = interval(RunConsole::TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            happened = heard.recv() => {
                let Some(happened) = happened else { return };
                let mut next = Some(happened);
                // What was seen at one look at AWS's jobs is one step forward, not a hundred.
                while let Some(happened) = next {
                    console.hear(&happened, began.elapsed());
                    announce(intent, &happened, events);
                    next = heard.try_recv().ok();
                }
                console.tick(began.elapsed());
            }
            _ = tick.tick() => console.tick(began.elapsed()),
        }
    }
}

fn announce(intent: &Intent<'_>, happened: &RunEvent, events: &Events) {
    let (name, detail) = match happened {
        RunEvent::Paused { reason, .. } => {
            let reason_word = copying::word(reason);
            ("paused", json!({ "reason": reason_word, "message": in_words(reason) }))
        }
        RunEvent::Resumed { after } => ("resumed", json!({ "after_seconds": after.as_secs() })),
        RunEvent::WindowEnding { left } => ("window-ending", json!({ "seconds_left": left.as_secs() })),
        _ => return,
    };
    events.tell(event(name, &intent.route, compose::now(), &detail));
}
