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

use super::world::{DEST_PROFILE, Order, SOURCE_PROFILE, Simulated};
use crate::args::Demo;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended};

/// Copies that take hours take a moment, and nothing expires meanwhile that would be missed.
const TIME_FACTOR: f64 = 4_000.0;

pub async fn run(demo: &Demo) -> Result<Exit, Problem> {
    let mut plan = WorldPlan {
        seed: demo.seed,
        points: demo.points as usize,
        ..WorldPlan::default()
    };
    plan.destination.vaults = true;
    // A resource's points are copied one after the other, however fast time runs.
    plan.longest_chain = 40;
    // What only a copy shows to be impossible fails or is parked until somebody sees to it, and nobody is here to do so.
    plan.shares.unshared_key = 0.0;
    plan.shares.vaults_with_unshared_key = 0.0;
    plan.shares.unheard_type = 0.0;
    plan.shares.expired = 0.0;
    // Nor is anybody to be told of copies that expire while half a day goes by in a moment.
    plan.shares.about_to_expire = 0.0;
    plan.shares.full_chains = 0.0;
    let introduction = format!(
        "A migration of AWS Backup recovery points, on a simulated AWS with {} of them.\n\
         Nothing outside this program and its temporary folder is touched.\n",
        demo.points
    );
    if let Some(exit) = say(&introduction)? {
        return Ok(exit);
    }
    let mut settings = Settings::default();
    // The largest file systems would take longer than anybody watches.
    settings.fleet.durations.bytes_per_second = 10e9;
    let simulated = Simulated::start(Order {
        plan,
        time_factor: TIME_FACTOR,
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
    let both = format!(
        "{source} --dest-account {} --dest-profile {DEST_PROFILE} --state-file ledger.db",
        simulated.plan.destination_account
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
        (
            "What would be copied for them, what not, and how long would it take at least?",
            format!("plan {both} --metadata-csv metadata.csv --allowed-apmids {applications} --quiet"),
        ),
        (
            "Make the destination's vaults like the source's. What cannot be carried over is said.",
            format!("replicate {both} --vault-map aws/efs/automatic-backup-vault=efs-automatic --quiet"),
        ),
        (
            "Would the copies be allowed?",
            format!("validate {both} --metadata-csv metadata.csv --allowed-apmids {applications} --quiet"),
        ),
        (
            "Copy it. (Time runs a few thousand times as fast here.)",
            format!(
                "copy {both} --metadata-csv metadata.csv --allowed-apmids {applications} --poll-interval 0.1 --api-rate 1000"
            ),
        ),
        (
            "Did everything arrive, once, as it was?",
            format!("verify {both} --metadata-csv metadata.csv --allowed-apmids {applications} --quiet"),
        ),
        (
            "Where does the migration stand?",
            format!("status {} --state-file ledger.db", accounts(simulated)),
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
        // Points that cannot be copied are part of the story, and these commands say why.
        let may_find_fault = ["validate ", "copy ", "verify "]
            .iter()
            .any(|command| line.starts_with(command));
        let told = may_find_fault && status.code() == Some(Exit::Failed.code());
        if !status.success() && !told {
            return Err(Problem::new(format!("this step of the demo failed: `{line}`"))
                .because(format!("it ended with {status}"))
                .help("the lines above say why"));
        }
    }
    let farewell = format!(
        "\nThis world ends with the demo. To have one like it to yourself:\n\n\
         $ shuffle-aws-vaults sandbox --points {} --seed {} --dest-vaults\n",
        demo.points, demo.seed
    );
    say(&farewell).map(|exit| exit.unwrap_or(Exit::Done))
}

fn accounts(simulated: &Simulated) -> String {
    let plan = &simulated.plan;
    format!(
        "--source-account {} --dest-account {}",
        plan.source_account, plan.destination_account
    )
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
