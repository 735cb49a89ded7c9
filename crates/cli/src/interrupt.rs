//! Ctrl-C, SIGTERM and SIGHUP. Commands that only read bring to a decent end what was begun, or else leave it; a run of
//! copies stops in order, and leaves at once when asked again.

use std::process;
use std::time::Duration;

use sav_application::engine::StopReason;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::exit::Exit;
use crate::keypress;
use crate::problem::Problem;
use crate::ui::{self, Screen};

/// What a command has to end its document and to leave by itself.
const TO_END_DECENTLY: Duration = Duration::from_millis(500);
/// Beyond it the program is stuck, as when nobody reads its output, and is left as it is.
const TO_END_AT_ALL: Duration = Duration::from_secs(1);

/// Within which a run ends whatever happens. What it was doing is safe at any instant; this is for the operator who waits.
const TO_STOP_A_RUN: Duration = Duration::from_millis(4500);
/// What a run has once it was asked again.
const TO_LEAVE_A_RUN: Duration = Duration::from_millis(300);

/// Hears signals for a run of copies: the first one asks it to stop, the second one ends it.
pub fn stopping() -> Result<watch::Receiver<Option<StopReason>>, Problem> {
    let (asked, heard) = watch::channel(None);
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.next().await;
        asked.send_replace(Some(StopReason::Asked));
        let asked_again = tokio::select! {
            () = sleep(TO_STOP_A_RUN) => false,
            () = signals.next() => true,
        };
        if asked_again {
            asked.send_replace(Some(StopReason::AskedAgain));
            sleep(TO_LEAVE_A_RUN).await;
        }
        keypress::restore();
        ui::say("stopped: what was under way is in the ledger; the same command goes on from there");
        process::exit(Exit::Incomplete.code());
    });
    Ok(heard)
}

/// Whether somebody asked the program to end.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    fn listen() -> Result<Self, Problem> {
        let (asked, heard) = watch::channel(false);
        let mut signals = Signals::new()?;
        // On a thread of its own: a command that waits for its reader must not keep us from hearing.
        tokio::spawn(async move {
            signals.next().await;
            asked.send_replace(true);
            tokio::select! {
                () = sleep(TO_END_AT_ALL) => {}
                () = signals.next() => {}
            }
            keypress::restore();
            process::exit(Exit::Incomplete.code());
        });
        Ok(Self(heard))
    }

    pub async fn arrived(&self) {
        let mut heard = self.0.clone();
        // Nobody is left to send only when the program ends anyway.
        let _ = heard.wait_for(|asked| *asked).await;
    }

    fn has_arrived(&self) -> bool {
        *self.0.borrow()
    }
}

/// Runs `work` until it ends, or until it is interrupted and does not end by itself.
pub async fn interruptible(
    screen: &Screen,
    work: impl AsyncFnOnce(&Interrupt) -> Result<Exit, Problem>,
) -> Result<Exit, Problem> {
    let interrupt = Interrupt::listen()?;
    let ended = tokio::select! {
        ended = work(&interrupt) => Some(ended),
        () = async { interrupt.arrived().await; sleep(TO_END_DECENTLY).await } => None,
    };
    match ended {
        Some(ended) if !interrupt.has_arrived() => ended,
        _ => {
            screen.explain(
                &Problem::new("interrupted: what was written is not everything")
                    .help("nothing in AWS was changed; run the same command again"),
            );
            Ok(Exit::Incomplete)
        }
    }
}

/// For commands that say themselves what an end before the end means.
pub struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
}

impl Signals {
    pub fn new() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind).map_err(|error| Problem::new("signals cannot be received here").because(error.to_string()))
        };
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
            hung_up: listen(SignalKind::hangup())?,
        })
    }

    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
            _ = self.hung_up.recv() => {}
        }
    }
}
