//! `state show --point ARN`: one transfer's whole story.

use std::io::{self, Write};

use sav_application::state::{self, PointStory};
use sav_domain::recovery_point::PointView;
use sav_domain::transfer::{Event, Step};
use serde_json::{Value, json};

use crate::args::{Global, OutputFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, ended, write_json, write_table};
use crate::which_ledger::Place;

pub fn run(place: &Place, arn: &str, global: &Global) -> Result<Exit, Problem> {
    let story = state::story(&mut place.open()?, arn)?.ok_or_else(|| {
        Problem::new(format!("the ledger {} knows no recovery point {arn}", place.path.display()))
            .help("compare the ARN, letter by letter, with what `list` shows; a point newer than the last `plan` is not known yet")
    })?;
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, &story),
        OutputFormat::Csv => write_csv(&mut out, &story),
        format => write_json(&mut out, &as_json(&story), format),
    })
}

fn as_json(story: &PointStory) -> Value {
    let planned = &story.point.planned;
    let point = serde_json::to_value(PointView::of(&planned.point, None));
    let mut document = point.expect("a point is plain data with text for keys");
    let metadata = planned.metadata.as_deref();
    document["metadata"] = json!(metadata.and_then(|text| serde_json::from_str::<Value>(text).ok()));
    document["verdict"] = json!(planned.ruling.verdict);
    document["reason"] = json!(planned.ruling.reason);
    document["fix"] = json!(planned.ruling.fix);
    document["position"] = json!(planned.position);
    document["last_seen_by_plan"] = json!(story.point.seen.0);
    document["transfer"] = match &story.point.transfer {
        None => Value::Null,
        Some(transfer) => {
            let mut state = serde_json::to_value(&transfer.state).expect("states are plain data with text for keys");
            state["attempts"] = json!(transfer.attempts);
            state["failures"] = json!(transfer.failures);
            state
        }
    };
    let attempts = story.attempts.iter().map(|attempt| {
        let end = attempt.ended.as_ref();
        json!({
            "number": attempt.attempt.number,
            "token": attempt.attempt.token,
            "opened_at": attempt.attempt.opened,
            "copy_job_id": attempt.job,
            "ended_at": end.map(|end| end.at),
            "outcome": end.map(|end| &end.outcome),
            "message": end.and_then(|end| end.message.as_ref()),
        })
    });
    document["attempts"] = attempts.collect();
    document["events"] = story.events.iter().map(event_json).collect();
    document
}

/// A flat object: when, which step, and what belongs to it.
pub fn event_json(event: &Event) -> Value {
    let mut document = serde_json::to_value(&event.step).expect("steps are plain data with text for keys");
    document["at"] = json!(event.at);
    document
}

/// What a step says besides its name, in a line.
fn words(step: &Step) -> String {
    match step {
        Step::Meant { token } => format!("token {token}"),
        Step::Accepted { job } | Step::Adopted { job } => format!("job {job}"),
        Step::Landed { destination } | Step::AlreadyThere { destination } => destination.to_string(),
        Step::Refused { cause } | Step::JobFailed { cause } | Step::Parked { cause } => {
            let fix = cause.fix.as_deref().map(|fix| format!("; {fix}")).unwrap_or_default();
            format!("{}: {}{fix}", cause.category, cause.message)
        }
        Step::TurnedAway { not_before } | Step::Requeued { not_before } => {
            not_before.map(|at| format!("not before {at}")).unwrap_or_default()
        }
        Step::JobPartial { parts } => {
            let copied = parts.iter().filter(|part| part.destination.is_some()).count();
            format!("{copied} of {} parts were copied", parts.len())
        }
        Step::AnswerLost
        | Step::Resent
        | Step::NothingFound
        | Step::SightLost
        | Step::Unparked
        | Step::Vanished
        | Step::Reappeared
        | Step::Lost => String::new(),
    }
}

fn write_csv(out: &mut Output, story: &PointStory) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["at", "step", "words"])?;
    for event in &story.events {
        csv.write_record([event.at.to_string(), event.step.name().to_owned(), words(&event.step)])?;
    }
    csv.flush()
}

fn show(out: &mut Output, story: &PointStory) -> io::Result<()> {
    let planned = &story.point.planned;
    let point = &planned.point;
    let ruling = &planned.ruling;
    let reason = ruling
        .reason
        .as_deref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let stage = story
        .point
        .transfer
        .as_ref()
        .map_or("none", |transfer| transfer.stage().name());
    for (name, value) in [
        ("point", point.arn.to_string()),
        ("vault", point.vault.to_string()),
        ("resource", point.resource_arn.as_deref().unwrap_or("-").to_owned()),
        ("verdict", format!("{}{reason}", ruling.verdict.name())),
        ("fix", ruling.fix.as_deref().unwrap_or_default().to_owned()),
        ("transfer", stage.to_owned()),
    ] {
        if !value.is_empty() {
            writeln!(out, "{name:<10} {value}")?;
        }
    }
    if !story.attempts.is_empty() {
        writeln!(out)?;
        let headers = [
            ("ATTEMPT", Align::Right),
            ("OPENED", Align::Left),
            ("COPY JOB", Align::Left),
            ("ENDED", Align::Left),
            ("OUTCOME", Align::Left),
            ("AWS SAID", Align::Left),
        ];
        let rows = story.attempts.iter().map(|attempt| {
            let end = attempt.ended.as_ref();
            vec![
                attempt.attempt.number.to_string(),
                attempt.attempt.opened.to_string(),
                attempt.job.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
                end.map_or_else(|| "open".to_owned(), |end| end.at.to_string()),
                end.map(|end| end.outcome.to_string()).unwrap_or_default(),
                end.and_then(|end| end.message.as_deref())
                    .unwrap_or_default()
                    .to_owned(),
            ]
        });
        write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    if !story.events.is_empty() {
        writeln!(out)?;
        let headers = [("EVENT", Align::Left), ("STEP", Align::Left), ("WORDS", Align::Left)];
        let rows = story
            .events
            .iter()
            .map(|event| vec![event.at.to_string(), event.step.name().to_owned(), words(&event.step)]);
        write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    out.flush()
}
