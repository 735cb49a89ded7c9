//! Ctrl-C, SIGTERM and SIGHUP for commands that only read: what was begun is brought to a decent end, or else left.

use std::process;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::Screen;

/// What a command has to end its document and to leave by itself.
const TO_END_DECENTLY: Duration = Duration::from_millis(500);
/// Beyond it the program is stuck, as when nobody reads its output, and is left as it is.
const TO_END_AT_ALL: Duration = Duration::from_secs(1);

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
                    .help("nothing was changed; run the same command again"),
            );
            Ok(Exit::Incomplete)
        }
    }
}

struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
}

impl Signals {
    fn new() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind).map_err(|error| Problem::new("signals cannot be received here").because(error.to_string()))
        };
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
            hung_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
            _ = self.hung_up.recv() => {}
        }
    }
}
