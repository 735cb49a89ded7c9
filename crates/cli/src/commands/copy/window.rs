//! The window itself: the engine at work, its events on the screen and with whoever wants to know.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use sav_application::copying::{self, CameTo};
use sav_application::engine::{Ending, Parties, PauseReason, RetryFailed, RunEvent, RunSettings};
use sav_application::forecasting::{self, OpenWindow};
use sav_application::ports::{Ledger, LedgerReader};
use sav_domain::Moment;
use sav_domain::status::Counts;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, interval_at};

use super::on_event::Events;
use super::tags::Tagger;
use super::{Ended, Ground, Intent, Stop, event, exit_of};
use crate::compose;
use crate::problem::Problem;
use crate::ui::{Outlook, RunConsole, in_words};

/// Something has to have arrived before there is much to tell the end from.
const FIRST_OUTLOOK: Duration = Duration::from_secs(20);
const OUTLOOK_EVERY: Duration = Duration::from_mins(3);

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
        terms: Arc::clone(&ground.terms),
        clock: Arc::new(compose::WallClock),
    };
    let fail_on_blocked = copy.telling.fail_on_blocked;
    let code = |came_to: CameTo, counts: &Counts| exit_of(came_to, counts, fail_on_blocked).byte();
    let tagger = Tagger::start(intent, ground);
    let (tell, heard) = mpsc::unbounded_channel();
    let console = RunConsole::new(intent.screen, &counts, max_runtime);
    let (over, ()) = tokio::join!(
        copying::window(settings, parties, stop.clone(), tell, code),
        listen(intent, ground, console, heard, events)
    );
    let over = over?;
    let mut remarks = Vec::new();
    let early = !matches!(over.run.how, Ending::Finished);
    let came_to = tagger
        .finish(intent, ground, stop, early, over.came_to, &mut remarks)
        .await;
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
        came_to,
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
    ground: &Ground,
    mut console: RunConsole<'_>,
    mut heard: mpsc::UnboundedReceiver<RunEvent>,
    events: &Events,
) {
    let began = Instant::now();
    let (began_at, planned) = (compose::now(), intent.copy.pace.max_runtime_minutes);
    let mut outlook = interval_at(began + FIRST_OUTLOOK, OUTLOOK_EVERY);
    outlook.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (foretold, mut outlooks) = mpsc::channel(1);
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
            Some(outlook) = outlooks.recv() => console.foretell(outlook),
            _ = outlook.tick() => reckon(ground, began_at, planned, foretold.clone()),
            _ = tick.tick() => {
                let destination = ground.destination.as_ref().map_or(0, |calls| calls.counts().throttled);
                console.throttled(ground.source.counts().throttled + destination, began.elapsed());
                console.tick(began.elapsed());
            }
        }
    }
}

/// Elsewhere: with a million points it takes a second or two, and the screen does not wait for it.
fn reckon(ground: &Ground, began: Moment, planned: Option<Duration>, foretold: mpsc::Sender<Option<Outlook>>) {
    let reader = match ground.ledger.reader() {
        Ok(reader) => reader,
        Err(error) => return tracing::debug!("no forecast: {error}"),
    };
    tokio::task::spawn_blocking(move || {
        let now = compose::now();
        let open = OpenWindow { running: true, planned };
        match forecasting::read(&reader, open, now) {
            Ok(forecast) => {
                let since = |end: Moment| Duration::from_millis(u64::try_from(end.millis_since(began)).unwrap_or(0));
                let outlook = forecast.map(|forecast| Outlook {
                    p50: since(forecast.finish_p50),
                    p90: since(forecast.finish_p90),
                });
                // The run may be over.
                let _ = foretold.blocking_send(outlook);
            }
            Err(error) => tracing::debug!("no forecast: {error}"),
        }
    });
}

fn announce(intent: &Intent<'_>, happened: &RunEvent, events: &Events) {
    let (name, detail) = match happened {
        RunEvent::Paused { reason, .. } => {
            let reason_word = copying::word(reason);
            let mut detail = json!({ "reason": reason_word, "message": in_words(reason) });
            if let PauseReason::Credentials { side, watched, .. } = reason {
                detail["side"] = side.to_string().into();
                detail["watched"] = json!(watched);
            }
            ("paused", detail)
        }
        RunEvent::Resumed { after } => ("resumed", json!({ "after_seconds": after.as_secs() })),
        RunEvent::WindowEnding { left } => ("window-ending", json!({ "seconds_left": left.as_secs() })),
        _ => return,
    };
    events.tell(event(name, &intent.route, compose::now(), &detail));
}
