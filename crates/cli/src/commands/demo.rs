//! `demo`: what the tool does, on a simulated AWS of its own.
//!
//! Every step is the very command that a user would type, run by this same binary with an environment that reaches
//! nothing but the simulator.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::Stdio;

use sav_simulator::Settings;
use sav_simulator::world::WorldPlan;
use tokio::process::Command;

use super::world::{Order, SOURCE_PROFILE, Simulated};
use crate::args::Demo;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended};

pub async fn run(demo: &Demo) -> Result<Exit, Problem> {
    let plan = WorldPlan {
        seed: demo.seed,
        points: demo.points as usize,
        ..WorldPlan::default()
    };
    let introduction = format!(
        "A migration of AWS Backup recovery points, on a simulated AWS with {} of them.\n\
         Nothing outside this program and its temporary folder is touched.\n",
        demo.points
    );
    if let Some(exit) = say(&introduction)? {
        return Ok(exit);
    }
    let settings = Settings::default();
    let simulated = Simulated::start(Order {
        plan,
        time_factor: 1.0,
        settings,
        port: 0,
        folder: None,
    })?;
    let exit = tell(demo, &simulated).await;
    simulated.stop().await;
    exit
}

async fn tell(demo: &Demo, simulated: &Simulated) -> Result<Exit, Problem> {
    let source = format!(
        "--source-account {} --source-profile {SOURCE_PROFILE}",
        simulated.plan.source_account
    );
    let applications = busiest_applications(simulated)?.join(",");
    let steps = [
        ("What is in the source account?", format!("list {source} --summary")),
        (
            "What do two applications own of it, and why is the rest out?",
            format!("filter {source} --metadata-csv metadata.csv --allowed-apmids {applications} --quiet"),
        ),
        (
            "Their databases of the last week, one line each:",
            format!(
                "list {source} --metadata-csv metadata.csv --allowed-apmids {applications} \
                 --resource-type RDS,Aurora,DynamoDB --max-age-days 7 --quiet"
            ),
        ),
    ];
    for (number, (question, line)) in steps.iter().enumerate() {
        if let Some(exit) = say(&format!(
            "\n{}. {question}\n\n$ shuffle-aws-vaults {line}\n",
            number + 1
        ))? {
            return Ok(exit);
        }
        let status = step(simulated, line).await?;
        if !status.success() {
            return Err(Problem::new(format!("this step of the demo failed: `{line}`"))
                .because(format!("it ended with {status}"))
                .help("the lines above say why"));
        }
    }
    let farewell = format!(
        "\nThis world ends with the demo. To have one like it to yourself:\n\n\
         $ shuffle-aws-vaults sandbox --points {} --seed {}\n",
        demo.points, demo.seed
    );
    say(&farewell).map(|exit| exit.unwrap_or(Exit::Done))
}

async fn step(simulated: &Simulated, line: &str) -> Result<std::process::ExitStatus, Problem> {
    let binary = std::env::current_exe().map_err(|error| cannot_run(&error))?;
    let mut command = Command::new(binary);
    command
        .args(line.split(' '))
        .current_dir(simulated.folder())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for name in std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| leads_elsewhere(name))
    {
        command.env_remove(name);
    }
    command.envs(simulated.environment());
    command.status().await.map_err(|error| cannot_run(&error))
}

/// Variables that could lead a step to real accounts, or put a proxy between us and the loopback interface.
fn leads_elsewhere(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with("AWS_") || matches!(name.as_str(), "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY")
}

fn cannot_run(error: &io::Error) -> Problem {
    Problem::new("the demo cannot run this program's own commands").because(error.to_string())
}

/// Writes to stdout at once; the exit if nobody reads any more.
fn say(text: &str) -> Result<Option<Exit>, Problem> {
    let mut out = Output::to_stdout();
    match writeln!(out, "{}", text.trim_end_matches('\n'))
        .and_then(|()| writeln!(out))
        .and_then(|()| out.flush())
    {
        Ok(()) => Ok(None),
        error => ended(error).map(Some),
    }
}

/// The two APMIDs with the most resources in the world's table.
fn busiest_applications(simulated: &Simulated) -> Result<Vec<String>, Problem> {
    let unreadable =
        |error: csv::Error| Problem::new("the demo cannot read its own metadata").because(error.to_string());
    let mut reader = csv::Reader::from_path(simulated.file("metadata.csv")).map_err(unreadable)?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let apmid = row.get(1).map(str::trim).unwrap_or_default();
        if !apmid.is_empty() {
            *counts.entry(apmid.to_owned()).or_default() += 1;
        }
    }
    let mut ranked: Vec<(u32, String)> = counts.into_iter().map(|(apmid, count)| (count, apmid)).collect();
    ranked.sort();
    Ok(ranked.into_iter().rev().take(2).map(|(_, apmid)| apmid).collect())
}
