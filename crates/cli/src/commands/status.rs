//! `status`: where does the migration stand, and when will it end?

use std::io::{self, Write};

use sav_application::ports::{Holder, LedgerReader};
use sav_application::status::{self, Status, WindowStatus};
use sav_domain::{Moment, Route};
use sav_infrastructure::ledger::holder;
use serde_json::{Value, json};

use crate::args::{self, Global, OutputFormat};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, Screen, ended, outlook, write_json, write_table};
use crate::which_ledger::{place, when};

/// Windows on the screen; JSON has them all.
const WINDOWS_SHOWN: usize = 5;

pub async fn run(which: &args::Status, global: &Global, screen: &Screen) -> Result<Exit, Problem> {
    let place = place(&which.ledger, global).await?;
    let now = compose::now();
    let mut reader = place.open()?;
    let holder = holder(&place.path);
    let progress = screen.progress("reading the ledger");
    let status = tokio::task::block_in_place(|| status::read(&mut reader, holder.is_some(), now))?;
    drop(progress);
    let mut out = Output::to_stdout();
    let route = reader.route();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, route, &status, holder.as_ref(), now),
        OutputFormat::Csv => write_csv(&mut out, &status),
        format => write_json(&mut out, &as_json(route, &status), format),
    })
}

fn as_json(route: &Route, status: &Status) -> Value {
    let mut document = json!({
        "throughput_per_hour": status.throughput_per_hour.map(two_decimals),
        "paused": status.pause.is_some(),
        "pause": status.pause.as_ref().map(|pause| json!({ "reason": pause.reason, "since": pause.since })),
        "running": status.running,
        "forecast": status.forecast,
        "windows": status.windows.iter().map(window_json).collect::<Vec<_>>(),
        "migration": migration_json(route),
    });
    let counts = serde_json::to_value(status.counts).expect("counts are plain numbers");
    if let (Value::Object(document), Value::Object(counts)) = (&mut document, counts) {
        document.extend(counts);
    }
    document
}

pub fn migration_json(route: &Route) -> Value {
    json!({ "source_account": route.source(), "dest_account": route.destination(), "region": route.region() })
}

pub fn window_json(window: &WindowStatus) -> Value {
    json!({
        "started_at": window.started_at,
        "ended_at": window.ended_at,
        "exit_code": window.exit_code,
        "completed": window.completed,
        "failed": window.failed,
    })
}

fn two_decimals(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// The numbers under their names, in the order of the screen.
fn numbers(status: &Status) -> [(&'static str, u64); 8] {
    let counts = &status.counts;
    [
        ("completed", counts.completed),
        ("in_progress", counts.in_progress),
        ("pending", counts.pending),
        ("failed", counts.failed),
        ("parked", counts.parked),
        ("skipped", counts.skipped),
        ("blocked", counts.blocked),
        ("total_items", counts.total_items),
    ]
}

fn write_csv(out: &mut Output, status: &Status) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let numbers = numbers(status);
    let names = numbers.iter().map(|(name, _)| *name);
    csv.write_record(names.chain(["throughput_per_hour", "finish_p50", "finish_p90", "windows_needed"]))?;
    let time = |at: Option<Moment>| at.map(|at| at.to_string()).unwrap_or_default();
    let forecast = status.forecast.as_ref();
    let behind = [
        status
            .throughput_per_hour
            .map(|rate| two_decimals(rate).to_string())
            .unwrap_or_default(),
        time(forecast.map(|forecast| forecast.finish_p50)),
        time(forecast.map(|forecast| forecast.finish_p90)),
        forecast
            .map(|forecast| forecast.windows_needed.to_string())
            .unwrap_or_default(),
    ];
    csv.write_record(numbers.iter().map(|(_, number)| number.to_string()).chain(behind))?;
    csv.flush()
}

fn show(out: &mut Output, route: &Route, status: &Status, holder: Option<&Holder>, now: Moment) -> io::Result<()> {
    writeln!(out, "{route}\n")?;
    for (name, number) in numbers(status) {
        let total = status.counts.total_items;
        let share = match name {
            "completed" if total > 0 => format!("  {} %", u128::from(number) * 100 / u128::from(total)),
            _ => String::new(),
        };
        let name = if name == "total_items" { "total" } else { name };
        writeln!(out, "{:<12} {number:>9}{share}", name.replace('_', " "))?;
    }
    writeln!(out)?;
    match (status.windows.last(), holder) {
        (Some(window), Some(holder)) if status.running => writeln!(
            out,
            "copying since {} (process {} on {})",
            when(window.started_at, now),
            holder.pid,
            holder.host
        )?,
        (_, Some(holder)) => writeln!(out, "nothing is being copied; the ledger is in use by {holder}")?,
        _ => writeln!(out, "nothing is being copied just now")?,
    }
    if let Some(pause) = &status.pause {
        writeln!(out, "paused since {}: {}", when(pause.since, now), pause.reason)?;
    }
    if let Some(rate) = status.throughput_per_hour {
        writeln!(out, "{rate:.0} an hour")?;
    }
    match &status.forecast {
        Some(forecast) => writeln!(out, "{}", outlook(forecast, now))?,
        None if status.counts.remaining() > 0 => writeln!(out, "the end: what is left is held back")?,
        None => {}
    }
    if !status.windows.is_empty() {
        let first = status.windows.len().saturating_sub(WINDOWS_SHOWN);
        writeln!(out)?;
        write_windows(out, &status.windows[first..], status.running)?;
    }
    out.flush()
}

/// A table of windows. The last one may be running.
pub fn write_windows(out: &mut Output, windows: &[WindowStatus], running: bool) -> io::Result<()> {
    let headers = [
        ("WINDOW", Align::Left),
        ("ENDED", Align::Left),
        ("EXIT", Align::Right),
        ("COMPLETED", Align::Right),
        ("FAILED", Align::Right),
    ];
    let last = windows.len().saturating_sub(1);
    let rows = windows.iter().enumerate().map(|(index, window)| {
        let end = match window.ended_at {
            Some(at) => at.to_string(),
            None if running && index == last => "running".to_owned(),
            None => "its process died".to_owned(),
        };
        vec![
            window.started_at.to_string(),
            end,
            window.exit_code.map(|code| code.to_string()).unwrap_or_default(),
            window.completed.to_string(),
            window.failed.to_string(),
        ]
    });
    write_table(out, &headers, &rows.collect::<Vec<_>>())
}
