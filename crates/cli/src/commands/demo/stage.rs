//! One command of this binary after the other, each in an environment that reaches only the sandbox.

use std::ffi::OsStr;
use std::future::pending;
use std::io::{self, IsTerminal, stdout};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::teller::{Cut, Teller};
use crate::commands::world::Simulated;
use crate::problem::Problem;

/// What a command has to end in order once the demo ends.
const TO_END: Duration = Duration::from_secs(2);

pub struct Stage<'a> {
    pub simulated: &'a Simulated,
    pub teller: &'a Teller,
}

/// A command at work.
pub struct Act<'a> {
    child: Child,
    /// What it says, where that does not go to a terminal by itself.
    said: Option<pipe::Receiver>,
    teller: &'a Teller,
}

impl<'a> Stage<'a> {
    pub fn begin(&self, line: &str) -> Result<Act<'a>, Problem> {
        self.spawn(line)
            .map_err(|error| Problem::new("the demo cannot run this program's own commands").because(error.to_string()))
    }

    fn spawn(&self, line: &str) -> io::Result<Act<'a>> {
        let (out, said) = outlet()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(line.split(' '))
            .current_dir(self.simulated.folder())
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true);
        for name in std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| leads_elsewhere(name))
        {
            command.env_remove(name);
        }
        command
            .env("HOME", self.simulated.folder())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.simulated.environment());
        Ok(Act {
            child: command.spawn()?,
            said,
            teller: self.teller,
        })
    }
}

/// Where a command's words go. On a terminal it is at home; elsewhere they pass through our hands, so that we notice when
/// nobody reads them any more. Both of its streams are one: what it says comes in the order in which it was said.
fn outlet() -> io::Result<(OwnedFd, Option<pipe::Receiver>)> {
    let out = stdout();
    if out.is_terminal() {
        return Ok((out.as_fd().try_clone_to_owned()?, None));
    }
    let (read, write) = io::pipe()?;
    Ok((write.into(), Some(pipe::Receiver::from_owned_fd(read.into())?)))
}

impl Act<'_> {
    /// Until it has ended, or the demo is to; `until` is over when somebody presses Ctrl-C on it.
    pub async fn end(self, until: impl Future<Output = Result<(), Problem>>) -> Result<ExitStatus, Cut> {
        let Self {
            mut child,
            said,
            teller,
        } = self;
        let pid = child.id();
        let ended = async {
            if let Some(said) = said {
                pass_on(said, teller).await?;
            }
            let status = child.wait().await;
            status
                .map_err(|error| Cut::Failed(Problem::new("a command of the demo was lost").because(error.to_string())))
        };
        let until = async {
            match until.await {
                Ok(()) => interrupt(pid),
                Err(problem) => return problem,
            }
            pending().await
        };
        let ended = tokio::select! {
            ended = ended => ended,
            problem = until => Err(problem.into()),
            () = teller.interrupted() => Err(Cut::Interrupted),
        };
        if ended.is_err() {
            interrupt(pid);
            if timeout(TO_END, child.wait()).await.is_err() {
                // Gone already is as good.
                let _ = child.kill().await;
            }
        }
        ended
    }
}

/// What Ctrl-C does.
fn interrupt(pid: Option<u32>) {
    let pid = pid.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended this moment.
        let _ = kill_process(pid, Signal::INT);
    }
}

async fn pass_on(mut said: pipe::Receiver, teller: &Teller) -> Result<(), Cut> {
    let mut bytes = vec![0; 1 << 14];
    loop {
        match said.read(&mut bytes).await {
            Ok(0) => return Ok(()),
            Ok(count) => teller.put(bytes[..count].to_vec()).await?,
            Err(error) => {
                return Err(Problem::new("a command of the demo cannot be heard")
                    .because(error.to_string())
                    .into());
            }
        }
    }
}

/// Variables that could lead a command to real accounts, or put a proxy between us and the loopback interface.
fn leads_elsewhere(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with("AWS_") || matches!(name.as_str(), "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY")
}
