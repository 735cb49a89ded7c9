//! What befalls the first window of copies, one thing after the other: AWS throttles for a while; a session token expires and
//! an outside tool writes a new one; somebody presses Ctrl-C.
//!
//! When it is time follows from what has happened, not from the clock: from the number of copies made, and from what the
//! run itself tells `--on-event`.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use sav_application::ports::Side;
use sav_simulator::faults::{Fault, FaultPlan, What};
use serde_json::Value;
use tokio::time::sleep;

use super::EVENTS;
use crate::commands::world::Simulated;
use crate::problem::Problem;

/// Between two looks at how far the run is.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than the demo.
const SESSION: Duration = Duration::from_hours(12);

pub struct Hardship<'a> {
    simulated: &'a Simulated,
    events: PathBuf,
    /// Somebody watches, so everything takes a little longer.
    watched: bool,
    is_signed_out: Cell<bool>,
}

impl<'a> Hardship<'a> {
    pub fn of(simulated: &'a Simulated, watched: bool) -> Self {
        Self {
            simulated,
            events: simulated.file(EVENTS),
            watched,
            is_signed_out: Cell::new(false),
        }
    }

    /// Ready when it is time for Ctrl-C. A run that ends before has been spared the rest.
    pub async fn befall(&self) -> Result<(), Problem> {
        let started = self.event("started").await;
        let to_copy = started["counts"]["pending"].as_u64().unwrap_or(0);
        self.copied(to_copy / 20).await;
        self.throttle().await;
        self.copied(to_copy * 3 / 10).await;
        self.simulated.expire(Side::Source);
        self.is_signed_out.set(true);
        self.event("paused").await;
        sleep(self.seconds(4.0, 0.5)).await;
        self.sign_in()?;
        self.event("resumed").await;
        self.copied(to_copy * 11 / 20).await;
        Ok(())
    }

    /// A run may have ended before it noticed that it was signed out, or throttled.
    pub fn leave_nothing_behind(&self) -> Result<(), Problem> {
        self.simulated.simulator.set_faults(FaultPlan::none());
        if self.is_signed_out.get() {
            self.sign_in()?;
        }
        Ok(())
    }

    fn sign_in(&self) -> Result<(), Problem> {
        self.is_signed_out.set(false);
        self.simulated.renew(Side::Source, SESSION)
    }

    /// Other clients use up the account's calls for some seconds.
    async fn throttle(&self) {
        let spell = self.seconds(4.0, 0.5);
        let throttled = Fault::new(What::Throttle).in_services(["backup"]).share(0.4);
        self.simulated.simulator.set_faults(FaultPlan::from(throttled));
        sleep(spell).await;
        self.simulated.simulator.set_faults(FaultPlan::none());
    }

    /// Waits until so many points have been copied.
    async fn copied(&self, points: u64) {
        let copied = || {
            self.simulated
                .simulator
                .with_state(|state| state.fleet.account(&state.world).points_copied)
        };
        while copied() < points {
            sleep(LOOK).await;
        }
    }

    /// Waits until the run has told this event.
    async fn event(&self, name: &str) -> Value {
        loop {
            // Before the first event there is no such file.
            let told = tokio::fs::read_to_string(&self.events).await.unwrap_or_default();
            let events = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(event) = events.into_iter().find(|event| event["event"] == name) {
                return event;
            }
            sleep(LOOK).await;
        }
    }

    fn seconds(&self, watched: f64, unwatched: f64) -> Duration {
        Duration::from_secs_f64(if self.watched { watched } else { unwatched })
    }
}
