//! `report`: the migration as JSON, CSV or one self-contained HTML page, from the ledger alone.

mod chart;
mod element;
mod html;
mod rows;
mod times;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use sav_application::ports::LedgerReader;
use sav_application::report::{Pause, Report};
use sav_application::summary;
use sav_domain::ledger::Learned;
use sav_infrastructure::ledger::holder;
use serde_json::{Value, json};

use crate::args::{self, Global, OutputFormat, Rows};
use crate::commands::again::Again;
use crate::commands::copy::report::{by_name, cause_json, told};
use crate::commands::status::{migration_json, window_json};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, Screen, ended};
use crate::which_ledger::place;

/// Raised when a member changes its meaning or goes; new ones may come without.
const SCHEMA_VERSION: u32 = 1;
/// stdout, in place of a file.
const STANDARD_STREAM: &str = "-";

pub async fn run(asked: &args::Report, global: &Global, screen: &Screen) -> Result<Exit, Problem> {
    let place = place(&asked.ledger, global).await?;
    let mut reader = place.open()?;
    let in_use = holder(&place.path).is_some();
    let progress = screen.progress("reading the ledger");
    if asked.html.is_none() && global.output == OutputFormat::Csv {
        let mut csv = csv::Writer::from_writer(Output::to_stdout());
        return ended(match asked.rows {
            Rows::Points => rows::points(&mut csv, &reader, &progress),
            Rows::Failures => rows::failures(&mut csv, &reader),
        });
    }
    let report = tokio::task::block_in_place(|| Report::of(&mut reader, in_use, compose::now()))?;
    drop(progress);
    let again = Again::with(reader.route(), asked.ledger.state_file.as_deref(), global);
    match &asked.html {
        Some(path) if path == Path::new(STANDARD_STREAM) => {
            let mut out = Output::to_stdout();
            ended(html::write(&mut out, &report, &reader, &again).and_then(|()| out.flush()))
        }
        Some(path) => {
            write_page(path, &report, &reader, &again)?;
            let mut out = Output::to_stdout();
            ended(writeln!(out, "the report is in {}", path.display()).and_then(|()| out.flush()))
        }
        None => ended(write_json(&mut Output::to_stdout(), &report, &reader, &again)),
    }
}

/// Beside its place first: whoever opens it never sees half of it.
pub fn write_page(path: &Path, report: &Report, reader: &impl LedgerReader, again: &Again) -> Result<(), Problem> {
    let write = || -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
        let mut out = BufWriter::new(beside);
        html::write(&mut out, report, reader, again)?;
        let beside = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        beside.as_file().sync_all()?;
        beside.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Problem::new(format!("the report cannot be written to `{}`", path.display()))
            .because(error.to_string())
            .help("the ledger has everything: `report` writes it again at any time")
    })
}

/// The failures may be many: they are written as they are read.
fn write_json(out: &mut impl Write, report: &Report, reader: &impl LedgerReader, again: &Again) -> io::Result<()> {
    let head = document(report, reader, again).to_string();
    write!(out, "{},\"failures\":[", head.strip_suffix('}').unwrap_or(&head))?;
    let mut separator = "\n";
    summary::failures(
        reader,
        |failure| -> Result<(), crate::commands::copy::report::Unwritten> {
            write!(out, "{separator}{}", told(&failure))?;
            separator = ",\n";
            Ok(())
        },
    )?;
    writeln!(out, "]}}")?;
    out.flush()
}

fn document(report: &Report, reader: &impl LedgerReader, again: &Again) -> Value {
    let (status, summary, route) = (&report.status, &report.summary, reader.route());
    json!({
        "schema_version": SCHEMA_VERSION,
        "generated_at": report.at,
        "migration": migration_json(route),
        "counts": status.counts,
        "success_rate": summary.success_rate(),
        "throughput_per_hour": status.throughput_per_hour,
        "running": status.running,
        "forecast": status.forecast,
        "windows": status.windows.iter().map(window_json).collect::<Vec<_>>(),
        "arrivals_per_hour": report.arrivals.iter().map(|(hour, count)| json!({"hour": hour, "count": count})).collect::<Vec<_>>(),
        "per_vault": by_name(&summary.per_vault, "vault_name"),
        "per_resource_type": by_name(&summary.per_resource_type, "resource_type"),
        "causes": summary.causes.iter().map(|cause| cause_json(again, cause)).collect::<Vec<_>>(),
        "verdicts": status.particulars.rulings.iter().map(|ruled| json!({
            "verdict": ruled.verdict.name(), "reason": ruled.reason, "count": ruled.points,
        })).collect::<Vec<_>>(),
        "learned": report.learned.iter().map(learned).collect::<Vec<_>>(),
        "pauses": report.pauses.iter().map(pause).collect::<Vec<_>>(),
        "verification": report.verified.as_ref().map(|verified| json!({
            "at": verified.at, "summary": parsed(&verified.detail),
        })),
    })
}

fn learned(known: &Learned) -> Value {
    json!({ "what": known.what, "scope": known.scope, "value": known.value, "samples": known.samples, "at": known.at })
}

fn pause(pause: &Pause) -> Value {
    json!({ "from": pause.from, "until": pause.until, "detail": parsed(&pause.detail) })
}

fn parsed(detail: &str) -> Value {
    serde_json::from_str(detail).unwrap_or(Value::Null)
}
