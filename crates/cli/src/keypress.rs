//! A key pressed on the terminal: any, without Enter. The terminal is as it was before as soon as nobody waits for a key any
//! more, however the program ends; Ctrl-C stays a signal.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
};
use tokio::sync::mpsc;

/// A read gives up after so many tenths of a second, so that the thread sees when it is not needed any more.
const TENTHS: u8 = 1;
/// In the background the terminal is another program's.
const BACKGROUND: Duration = Duration::from_millis(500);

/// What the terminal was like before.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Hears keys for as long as it lives.
#[derive(Debug)]
pub struct KeyPresses {
    heard: mpsc::UnboundedReceiver<()>,
    /// Dropped with it, which ends the thread.
    _waiting: Sender<()>,
}

impl KeyPresses {
    /// None: there is no terminal to hear keys on.
    pub fn listen() -> Option<Self> {
        let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        // What was typed before anybody asked is no answer.
        let _ = tcflush(&terminal, QueueSelector::IFlush);
        let (tell, heard) = mpsc::unbounded_channel();
        let (waiting, until) = channel::<()>();
        let listening = move || {
            let mut pause = Duration::ZERO;
            while until.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = match next_key(&mut terminal) {
                    Ok(true) => {
                        if tell.send(()).is_err() {
                            break;
                        }
                        Duration::ZERO
                    }
                    Ok(false) => Duration::from_millis(1),
                    Err(_) => BACKGROUND,
                };
            }
            restore();
        };
        thread::Builder::new().name("keys".to_owned()).spawn(listening).ok()?;
        Some(Self {
            heard,
            _waiting: waiting,
        })
    }

    /// Waits for ever when there is nothing to hear any more.
    pub async fn next(&mut self) {
        if self.heard.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for KeyPresses {
    fn drop(&mut self) {
        restore();
    }
}

/// Leaves the terminal as it was found.
pub fn restore() {
    if let Some((terminal, before)) = before().take() {
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
}

/// Whether a key came within a moment.
fn next_key(terminal: &mut File) -> io::Result<bool> {
    // To touch the terminal of another program would stop this one.
    if tcgetpgrp(&*terminal)? != getpgrp() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    hear_single_keys(terminal)?;
    Ok(terminal.read(&mut [0; 64])? > 0)
}

/// Also after a shell has set it right for itself meanwhile.
fn hear_single_keys(terminal: &File) -> io::Result<()> {
    let mut modes = tcgetattr(terminal)?;
    if !modes.local_modes.contains(LocalModes::ICANON) {
        return Ok(());
    }
    before().get_or_insert((terminal.try_clone()?, modes.clone()));
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    modes.special_codes[SpecialCodeIndex::VMIN] = 0;
    modes.special_codes[SpecialCodeIndex::VTIME] = TENTHS;
    Ok(tcsetattr(terminal, OptionalActions::Now, &modes)?)
}

fn before() -> MutexGuard<'static, Option<(File, Termios)>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
