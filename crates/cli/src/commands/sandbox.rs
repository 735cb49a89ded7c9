//! `sandbox`: a local AWS Backup with realistic data.

use std::io::{self, Write};
use std::path::Path;

use sav_simulator::Settings;
use sav_simulator::world::WorldPlan;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::world::{DEST_PROFILE, Order, SOURCE_PROFILE, Simulated};
use crate::args::{Global, OutputFormat, Sandbox};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, Screen, ended};

pub async fn run(sandbox: &Sandbox, global: &Global, screen: &Screen) -> Result<Exit, Problem> {
    let mut settings = Settings::default();
    if let Some(file) = &sandbox.faults {
        settings.faults = read_json(file, "fault plan")?;
    }
    if let Some(file) = &sandbox.fleet {
        settings.fleet = read_json(file, "fleet settings")?;
    }
    let mut plan = WorldPlan {
        seed: sandbox.seed,
        points: sandbox.points as usize,
        vaults: sandbox.vaults as usize,
        longest_chain: sandbox.longest_chain as usize,
        ..if sandbox.plain {
            WorldPlan::plain()
        } else {
            WorldPlan::default()
        }
    };
    plan.destination.vaults = sandbox.dest_vaults || sandbox.dest_copies.is_some();
    plan.destination.copies = sandbox.dest_copies.unwrap_or(plan.destination.copies);
    if let Some(region) = &global.region {
        plan.region = region.as_str().to_owned();
        region.partition().name().clone_into(&mut plan.partition);
    }
    // Whoever asks it to end as soon as it has said that it is there must be heard.
    let mut stopped = Stopped::listen()?;
    let progress = screen.progress("making the world");
    let simulated = Simulated::start(Order {
        plan,
        time_factor: sandbox.time_factor,
        settings,
        port: sandbox.port,
        folder: sandbox.folder.clone(),
    })?;
    drop(progress);
    let exit = ended(introduce(&simulated, global.output))?;
    screen.note("The sandbox is running. Ctrl-C ends it.");
    stopped.wait().await;
    screen.note("The sandbox has ended.");
    simulated.stop().await;
    Ok(exit)
}

/// The lines that point a client at the sandbox, on stdout: they can be pasted, or read by a program as JSON.
fn introduce(simulated: &Simulated, output: OutputFormat) -> io::Result<()> {
    let mut out = Output::to_stdout();
    let plan = &simulated.plan;
    let environment = simulated.environment();
    if output == OutputFormat::Table {
        writeln!(out, "# AWS Backup, simulated, at {}", simulated.running.endpoint)?;
        writeln!(
            out,
            "# {} recovery points in account {} (profile `{SOURCE_PROFILE}`),",
            plan.points, plan.source_account
        )?;
        writeln!(
            out,
            "# to go to account {} (profile `{DEST_PROFILE}`); seed {}",
            plan.destination_account, plan.seed
        )?;
        writeln!(out, "# who owns what: {}", simulated.file("metadata.csv").display())?;
        for (name, value) in &environment {
            writeln!(out, "export {name}={}", quoted(value))?;
        }
    } else {
        let document = json!({
            "endpoint": simulated.running.endpoint,
            "folder": simulated.folder(),
            "metadata_csv": simulated.file("metadata.csv"),
            "source": { "account": plan.source_account, "profile": SOURCE_PROFILE },
            "destination": { "account": plan.destination_account, "profile": DEST_PROFILE },
            "region": plan.region,
            "seed": plan.seed,
            "environment": environment.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        });
        writeln!(out, "{document}")?;
    }
    out.flush()
}

/// For a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=".contains(c);
    if value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn read_json<T: DeserializeOwned>(file: &Path, what: &str) -> Result<T, Problem> {
    let unusable =
        |why: String| Problem::new(format!("the {what} in `{}` cannot be used", file.display())).because(why);
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))
}

/// Ctrl-C or SIGTERM.
struct Stopped {
    interrupted: tokio::signal::unix::Signal,
    terminated: tokio::signal::unix::Signal,
}

impl Stopped {
    fn listen() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind).map_err(|error| Problem::new("signals cannot be received here").because(error.to_string()))
        };
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn odd_folders_survive_the_shell() {
        assert_eq!(quoted("/tmp/a-b.c"), "/tmp/a-b.c");
        assert_eq!(quoted("/tmp/it's here"), r"'/tmp/it'\''s here'");
    }
}
