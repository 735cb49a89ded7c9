//! `sandbox`: a local AWS Backup with realistic data.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use sav_application::ports::Side;
use sav_simulator::Settings;
use sav_simulator::faults::{Fault, FaultPlan, Rates, What};
use sav_simulator::world::WorldPlan;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::sleep;

use super::world::{DEST_PROFILE, Order, SOURCE_PROFILE, Simulated};
use crate::args::{Global, Mishaps, OutputFormat, Sandbox};
use crate::exit::Exit;
use crate::interrupt::Signals;
use crate::problem::Problem;
use crate::ui::{Output, Screen, ended};

/// What AWS itself would let them last; the sandbox ends them before.
const SESSION: Duration = Duration::from_hours(12);
/// How long nobody has a good token, at most.
const SIGNING_IN: Duration = Duration::from_secs(10);

pub async fn run(sandbox: &Sandbox, global: &Global, screen: &Screen) -> Result<Exit, Problem> {
    let mut settings = Settings {
        faults: faults(&sandbox.mishaps)?,
        ..Settings::default()
    };
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
    let mut signals = Signals::new()?;
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
    tokio::select! {
        () = signals.next() => {}
        () = end_sessions(&simulated, sandbox.mishaps.token_lifetime, screen) => {}
    }
    screen.note("The sandbox has ended.");
    simulated.stop().await;
    Ok(exit)
}

fn faults(mishaps: &Mishaps) -> Result<FaultPlan, Problem> {
    let mut plan: FaultPlan = match &mishaps.faults {
        Some(file) => read_json(file, "fault plan")?,
        None => FaultPlan::none(),
    };
    if mishaps.published_rates {
        plan = plan.with_rates(Rates::published());
    }
    for (share, what) in [
        (mishaps.throttle, What::Throttle),
        (mishaps.lost_answers, What::ResetAfter),
        (mishaps.resets, What::ResetBefore),
    ] {
        plan.faults.extend(share.map(|share| Fault::new(what).share(share)));
    }
    Ok(plan)
}

/// Lets the profiles' tokens expire again and again, each time until somebody would have signed in anew. Without a lifetime
/// it waits for ever, as the tokens last.
async fn end_sessions(simulated: &Simulated, lifetime: Option<Duration>, screen: &Screen) {
    let Some(lifetime) = lifetime else {
        return std::future::pending().await;
    };
    loop {
        sleep(lifetime).await;
        for side in [Side::Source, Side::Destination] {
            simulated.expire(side);
        }
        screen.note("The profiles' tokens have expired.");
        sleep(lifetime.min(SIGNING_IN)).await;
        for side in [Side::Source, Side::Destination] {
            if let Err(problem) = simulated.renew(side, SESSION) {
                screen.explain(&problem);
            }
        }
        screen.note("New tokens are in the credentials file.");
    }
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
        writeln!(
            out,
            "# a role to assume: {}, and likewise in the other account",
            simulated.role_arn(&plan.source_account)
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
            "source": {
                "account": plan.source_account,
                "profile": SOURCE_PROFILE,
                "role_arn": simulated.role_arn(&plan.source_account),
            },
            "destination": {
                "account": plan.destination_account,
                "profile": DEST_PROFILE,
                "role_arn": simulated.role_arn(&plan.destination_account),
            },
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

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn odd_folders_survive_the_shell() {
        assert_eq!(quoted("/tmp/a-b.c"), "/tmp/a-b.c");
        assert_eq!(quoted("/tmp/it's here"), r"'/tmp/it'\''s here'");
    }
}
