//! `--on-event COMMAND`: somebody else's program is told what happens. It can be slow or broken as it likes: the run neither
//! waits for it nor fails with it.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::ui::Screen;

/// A command that takes longer has hung.
const LONGEST_CALL: Duration = Duration::from_mins(1);
/// Events are rare: when so many wait, the command does not keep up.
const WAITING: usize = 64;
/// What is shown of a failed command's own words.
const WORDS_SHOWN: usize = 300;

/// Where events are handed in.
#[derive(Clone, Debug)]
pub struct Events(Option<mpsc::Sender<Value>>);

/// Calls the command, one event after the other.
#[derive(Debug)]
pub struct Caller<'a> {
    command: &'a str,
    screen: &'a Screen,
    events: mpsc::Receiver<Value>,
}

pub fn announcing<'a>(command: Option<&'a str>, screen: &'a Screen) -> (Events, Option<Caller<'a>>) {
    let Some(command) = command else {
        return (Events(None), None);
    };
    let (sender, events) = mpsc::channel(WAITING);
    let caller = Caller {
        command,
        screen,
        events,
    };
    (Events(Some(sender)), Some(caller))
}

impl Events {
    /// Hands an event in. One that finds no room is lost, and the log says so.
    pub fn tell(&self, event: Value) {
        if let Some(sender) = &self.0
            && let Err(error) = sender.try_send(event)
        {
            tracing::warn!("the --on-event command does not keep up, an event was not told: {error}");
        }
    }
}

impl Caller<'_> {
    /// Goes on until nobody can hand in events any more and the last one was told.
    pub async fn run(mut self) {
        while let Some(event) = self.events.recv().await {
            if let Err(why) = self.call(&event).await {
                let name = event["event"].as_str().unwrap_or_default();
                self.screen.warn(&format!(
                    "the --on-event command failed for `{name}`: {why}; the run goes on"
                ));
            }
        }
    }

    async fn call(&self, event: &Value) -> Result<(), String> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", self.command])
            .stdin(Stdio::piped())
            // Our own stdout is for data.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C is meant for us.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it could not be started: {error}"))?;
        let text = format!("{event}\n");
        let told = async {
            if let Some(mut stdin) = child.stdin.take() {
                // Whoever does not read what it is told has its reasons.
                let _ = stdin.write_all(text.as_bytes()).await;
            }
            child.wait_with_output().await
        };
        match timeout(LONGEST_CALL, told).await {
            Err(_) => Err(format!(
                "it took longer than {} s and was ended",
                LONGEST_CALL.as_secs()
            )),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => Err(complaint(&output)),
        }
    }
}

fn complaint(output: &Output) -> String {
    let words: String = String::from_utf8_lossy(&output.stderr)
        .trim()
        .chars()
        .take(WORDS_SHOWN)
        .collect();
    match words.as_str() {
        "" => output.status.to_string(),
        words => format!("{}: {words}", output.status),
    }
}
