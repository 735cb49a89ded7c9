//! `state history`: the plans, the windows and the journal, over time.

use std::io::{self, Write};

use sav_application::ports::LedgerReader;
use sav_application::status::{self, Status};
use sav_domain::Moment;
use sav_domain::ledger::{Entry, PlanRecord};
use sav_infrastructure::ledger::holder;
use serde_json::{Value, json};

use crate::args::{Global, OutputFormat};
use crate::commands::status::{window_json, write_windows};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, ended, write_json, write_table};
use crate::which_ledger::Place;

pub fn run(place: &Place, global: &Global) -> Result<Exit, Problem> {
    let mut reader = place.open()?;
    let status = status::read(&mut reader, holder(&place.path).is_some(), compose::now())?;
    let plans = reader.plans()?;
    let journal = reader.entries(None)?;
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, &plans, &status, &journal),
        OutputFormat::Csv => write_csv(&mut out, &plans, &status, &journal),
        format => {
            let document = json!({
                "plans": plans.iter().map(plan_json).collect::<Vec<_>>(),
                "windows": status.windows.iter().map(window_json).collect::<Vec<_>>(),
                "journal": journal.iter().map(entry_json).collect::<Vec<_>>(),
            });
            write_json(&mut out, &document, format)
        }
    })
}

pub fn plan_json(plan: &PlanRecord) -> Value {
    let made_with = serde_json::from_str::<Value>(&plan.made_with).ok();
    json!({
        "plan": plan.id.0,
        "listed_at": plan.listed_at,
        "finished_at": plan.finished_at,
        "made_with": made_with,
    })
}

fn entry_json(entry: &Entry) -> Value {
    let detail = serde_json::from_str::<Value>(&entry.detail).ok();
    json!({ "at": entry.at, "kind": entry.kind, "detail": detail })
}

fn show(out: &mut Output, plans: &[PlanRecord], status: &Status, journal: &[Entry]) -> io::Result<()> {
    write_plans(out, plans)?;
    if !status.windows.is_empty() {
        writeln!(out)?;
        write_windows(out, &status.windows, status.running)?;
    }
    if !journal.is_empty() {
        writeln!(out)?;
        let headers = [("AT", Align::Left), ("WHAT", Align::Left), ("DETAIL", Align::Left)];
        let rows = journal
            .iter()
            .map(|entry| vec![entry.at.to_string(), entry.kind.to_string(), in_short(&entry.detail)]);
        write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    out.flush()
}

/// Some entries hold long lists, which are for programs.
fn in_short(detail: &str) -> String {
    const LONGEST: usize = 200;
    match detail.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &detail[..end]),
        None => detail.to_owned(),
    }
}

pub fn write_plans(out: &mut Output, plans: &[PlanRecord]) -> io::Result<()> {
    let headers = [
        ("PLAN", Align::Right),
        ("LISTED", Align::Left),
        ("FINISHED", Align::Left),
        ("MADE WITH", Align::Left),
    ];
    let rows = plans.iter().map(|plan| {
        let finished = plan
            .finished_at
            .map_or_else(|| "interrupted".to_owned(), |at| at.to_string());
        vec![
            plan.id.0.to_string(),
            plan.listed_at.to_string(),
            finished,
            plan.made_with.to_string(),
        ]
    });
    write_table(out, &headers, &rows.collect::<Vec<_>>())
}

/// One row per plan, window and entry of the journal, by the time they began.
fn write_csv(out: &mut Output, plans: &[PlanRecord], status: &Status, journal: &[Entry]) -> io::Result<()> {
    let time = |at: Option<Moment>| at.map(|at| at.to_string()).unwrap_or_default();
    let plans = plans.iter().map(|plan| {
        let nothing = String::new;
        let row = [
            "plan".to_owned(),
            plan.listed_at.to_string(),
            time(plan.finished_at),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
        ];
        (plan.listed_at, row)
    });
    let windows = status.windows.iter().map(|window| {
        let row = [
            "window".to_owned(),
            window.started_at.to_string(),
            time(window.ended_at),
            window.exit_code.map(|code| code.to_string()).unwrap_or_default(),
            window.completed.to_string(),
            window.failed.to_string(),
            String::new(),
        ];
        (window.started_at, row)
    });
    let journal = journal.iter().map(|entry| {
        let at = entry.at.to_string();
        let nothing = String::new;
        let row = [
            entry.kind.to_string(),
            at.clone(),
            at,
            nothing(),
            nothing(),
            nothing(),
            entry.detail.to_string(),
        ];
        (entry.at, row)
    });
    let mut rows: Vec<_> = plans.chain(windows).chain(journal).collect();
    rows.sort_by_key(|(at, _)| *at);
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "what",
        "started_at",
        "ended_at",
        "exit_code",
        "completed",
        "failed",
        "detail",
    ])?;
    for (_, row) in rows {
        csv.write_record(row)?;
    }
    csv.flush()
}
