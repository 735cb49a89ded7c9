//! The summary of a run: on stderr for people, in a file for programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use sav_application::calls::CallCounts;
use sav_application::engine;
use sav_application::ports::{LedgerError, LedgerReader};
use sav_application::summary::{self, CauseGroup, Failure, Summary};
use sav_domain::ledger::GroupStanding;
use sav_domain::status::Counts;
use sav_domain::{Moment, ResourceType, Route, span};
use serde_json::{Map, Value, json};

use crate::commands::again::Again;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Screen, outlook};

/// Raised when a member changes its meaning or goes; new ones may come without.
const SCHEMA_VERSION: u32 = 1;
/// How many causes and reasons stand on the screen; the file has them all.
const LINES_SHOWN: usize = 8;

/// A run from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Run {
    pub route: Route,
    /// How to go on with it.
    pub again: Again,
    pub started: Moment,
    pub ended: Moment,
    /// Of a clock that nobody sets.
    pub lasted: Duration,
    pub counts: engine::Counts,
    pub exit: Exit,
    /// `finished`, `interrupted`, …
    pub how: &'static str,
    pub source_calls: CallCounts,
    pub destination_calls: Option<CallCounts>,
    /// The destination was not looked at.
    pub source_only: bool,
}

/// A few lines that say how the migration stands now.
pub fn show(screen: &Screen, run: &Run, summary: &Summary) {
    let counts = &summary.counts;
    if screen.speaks_json() {
        let mut document = head(run, summary);
        document.insert("level".to_owned(), json!("info"));
        document.insert("event".to_owned(), json!("summary"));
        document.insert("message".to_owned(), json!("summary"));
        return screen.document(Value::Object(document));
    }
    let mut lines = vec![
        format!(
            "{} after {}: {} of {} points copied, {} failed, {} in progress, {} pending, {} skipped, {} blocked, {} parked",
            sentence(run.how),
            span::human(run.lasted),
            counts.completed,
            counts.total_items,
            counts.failed,
            counts.in_progress,
            counts.pending,
            counts.skipped,
            counts.blocked,
            counts.parked
        ),
        format!(
            "this run: {} copied ({:.0}/h), {} failed; {} calls to the source{}, {} of them throttled",
            run.counts.arrived,
            summary::throughput_per_hour(run.counts.arrived, run.lasted),
            run.counts.failed + run.counts.partial,
            run.source_calls.sent,
            run.destination_calls
                .map(|calls| format!(" and {} to the destination", calls.sent))
                .unwrap_or_default(),
            run.source_calls.throttled + run.destination_calls.map_or(0, |calls| calls.throttled)
        ),
    ];
    lines.extend(causes(&run.again, &summary.causes));
    let reasons = summary.blocked.iter();
    lines.extend(counted(
        "blocked",
        reasons.map(|(name, count)| (name.as_deref().unwrap_or("no reason"), *count)),
    ));
    if let Some(forecast) = &summary.forecast {
        lines.push(outlook(forecast, run.ended));
    }
    if run.source_only {
        lines.push("the destination was not looked at (--source-only)".to_owned());
    }
    for line in &lines {
        screen.note(line);
    }
}

/// Two lines for each: what and how often, then who does what about it and how it is tried again.
fn causes(again: &Again, causes: &[CauseGroup]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cause in causes.iter().take(LINES_SHOWN) {
        let message = cause.message.as_deref().map(|words| format!(": {}", one_line(words)));
        lines.push(format!(
            "  cause of failures: {} ({}){}",
            cause.category,
            cause.count,
            message.unwrap_or_default()
        ));
        let fix = cause.fix.as_deref().map(|fix| format!(": {fix}")).unwrap_or_default();
        lines.push(format!("    {} has to act{fix}", cause.actor.words()));
        lines.push(format!("    then: {}", again.for_cause(&cause.category)));
    }
    if let Some(more) = causes.len().checked_sub(LINES_SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more causes, which --summary-output lists"));
    }
    lines
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn cause_json(again: &Again, cause: &CauseGroup) -> Value {
    json!({
        "category": cause.category,
        "count": cause.count,
        "who_acts": cause.actor,
        "fix": cause.fix,
        "error_message": cause.message,
        "samples": cause.samples,
        "retry_command": again.for_cause(&cause.category),
    })
}

fn counted<'a>(what: &str, counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<String> {
    let mut lines: Vec<String> = counts
        .map(|(name, count)| format!("  {what}: {name} ({count})"))
        .collect();
    if lines.len() > LINES_SHOWN {
        let more = lines.len() - LINES_SHOWN;
        lines.truncate(LINES_SHOWN);
        lines.push(format!("  {what}: and {more} more kinds, which --summary-output lists"));
    }
    lines
}

fn sentence(how: &str) -> String {
    let mut letters = how.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Writes the document beside its place and puts it there whole: whoever waits for the file never reads half of it.
pub fn write<R: LedgerReader>(path: &Path, run: &Run, summary: &Summary, reader: &R) -> Result<(), Problem> {
    write_beside(path, run, summary, reader).map_err(|error| {
        Problem::new(format!("the summary cannot be written to `{}`", path.display()))
            .because(error.to_string())
            .help("the run itself is safe in the ledger; `status --output json` tells the same counts")
    })
}

fn write_beside<R: LedgerReader>(path: &Path, run: &Run, summary: &Summary, reader: &R) -> io::Result<()> {
    if !path.metadata().map_or(true, |known| known.is_file()) {
        // A pipe or a terminal takes what it is given; nothing can be put in its place.
        return document(
            BufWriter::new(File::options().write(true).open(path)?),
            run,
            summary,
            reader,
        )
        .map(drop);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
    let mut written = document(BufWriter::new(beside), run, summary, reader)?;
    written.flush()?;
    let beside = written.into_inner().map_err(io::IntoInnerError::into_error)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The failures may be many: they are written as they are read.
fn document<W: Write, R: LedgerReader>(mut out: W, run: &Run, summary: &Summary, reader: &R) -> io::Result<W> {
    let head = Value::Object(head(run, summary)).to_string();
    let open = head.strip_suffix('}').unwrap_or(&head);
    write!(out, "{open},\"failures\":[")?;
    let mut separator = "";
    summary::failures(reader, |failure| -> Result<(), Unwritten> {
        write!(out, "{separator}{}", told(&failure))?;
        separator = ",\n";
        Ok(())
    })?;
    writeln!(out, "]}}")?;
    out.flush()?;
    Ok(out)
}

#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Unwritten> for io::Error {
    fn from(error: Unwritten) -> Self {
        match error {
            Unwritten::Io(error) => error,
            Unwritten::Ledger(error) => Self::other(error),
        }
    }
}

pub fn told(failure: &Failure) -> Value {
    json!({
        "recovery_point_arn": failure.recovery_point_arn,
        "error_message": failure.message,
        "category": failure.category,
        "fix": failure.fix,
        "timestamp": failure.at,
    })
}

/// Everything but the failures.
pub fn head(run: &Run, summary: &Summary) -> Map<String, Value> {
    let counts = &summary.counts;
    let lasted = run.lasted.as_secs_f64();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "source_account": run.route.source().as_str(),
        "dest_account": run.route.destination().as_str(),
        "region": run.route.region().as_str(),
        "total_items": counts.total_items,
        "completed": counts.completed,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "in_progress": counts.in_progress,
        "pending": counts.pending,
        "blocked": counts.blocked,
        "parked": counts.parked,
        "duration_seconds": rounded(lasted),
        "duration_formatted": span::human(run.lasted),
        "start_time": run.started,
        "end_time": run.ended,
        "success_rate": summary.success_rate().map(rounded),
        "throughput_per_hour": rounded(summary::throughput_per_hour(run.counts.arrived, run.lasted)),
        "forecast": summary.forecast,
        "ended": run.how,
        "exit_code": run.exit.code(),
        "source_only": run.source_only,
        "this_run": {
            "arrived": run.counts.arrived, "failed": run.counts.failed, "partial": run.counts.partial,
            "requeued": run.counts.requeued, "vanished": run.counts.vanished,
            "groups_parked": run.counts.groups_parked, "in_doubt": run.counts.in_doubt,
        },
        "per_vault": by_name(&summary.per_vault, "vault_name"),
        "per_resource_type": by_name(&summary.per_resource_type, "resource_type"),
        "causes": summary.causes.iter().map(|cause| cause_json(&run.again, cause)).collect::<Vec<_>>(),
        "blocked_by_reason": summary.blocked.iter().map(|(reason, count)| json!({"reason": reason, "count": count})).collect::<Vec<_>>(),
        "parked_groups": summary.parked_groups.iter().map(parked).collect::<Vec<_>>(),
        "api_calls": { "source": calls(run.source_calls), "destination": run.destination_calls.map(calls) },
    });
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn parked(group: &GroupStanding) -> Value {
    let cause = group.parked.as_ref();
    json!({
        "vault_name": group.group.vault.as_str(),
        "resource_type": group.group.resource_type.as_ref().map(ResourceType::name),
        "encryption_key_arn": group.group.encryption_key_arn,
        "points": group.waiting,
        "category": cause.map(|cause| &cause.category),
        "error_message": cause.map(|cause| &cause.message),
        "fix": cause.and_then(|cause| cause.fix.as_ref()),
    })
}

pub fn by_name(counts: &std::collections::BTreeMap<String, Counts>, name: &str) -> Vec<Value> {
    let one = |(key, counts): (&String, &Counts)| {
        let mut told = json!(counts);
        // No name at all is no name, not an empty one.
        told[name] = if key.is_empty() { Value::Null } else { json!(key) };
        told
    };
    counts.iter().map(one).collect()
}

fn calls(counts: CallCounts) -> Value {
    json!({ "sent": counts.sent, "throttled": counts.throttled, "repeated": counts.repeated })
}

/// Two decimals are all that anybody reads.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
