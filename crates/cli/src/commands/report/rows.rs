//! One row per point, or per failure, for spreadsheets.

use std::io::{self, Write};

use sav_application::ports::LedgerReader;
use sav_application::summary;
use sav_domain::Moment;
use sav_domain::ledger::{LedgerPoint, PointId};
use sav_domain::transfer::State;
use serde::Serialize;

use crate::commands::copy::report::Unwritten;
use crate::ui::Progress;

/// Points read at once.
const PAGE: usize = 1_000;

#[derive(Serialize)]
struct Point<'a> {
    recovery_point_arn: &'a str,
    vault_name: &'a str,
    resource_arn: Option<&'a str>,
    resource_type: Option<&'a str>,
    creation_date: Option<Moment>,
    size_bytes: Option<u64>,
    verdict: &'static str,
    reason: Option<&'a str>,
    stage: Option<&'static str>,
    attempts: u32,
    destination_recovery_point_arn: Option<&'a str>,
    category: Option<&'a str>,
    error_message: Option<&'a str>,
}

pub(super) fn points(
    csv: &mut csv::Writer<impl Write>,
    reader: &impl LedgerReader,
    progress: &Progress,
) -> io::Result<()> {
    let mut after: Option<PointId> = None;
    let mut written = 0;
    loop {
        let page = reader.points(after, PAGE).map_err(io::Error::other)?;
        let Some(last) = page.last() else { return csv.flush() };
        after = Some(last.id);
        for known in &page {
            csv.serialize(row(known)).map_err(io::Error::other)?;
        }
        written += page.len();
        progress.say(format!("{written} points"));
    }
}

fn row(known: &LedgerPoint) -> Point<'_> {
    let point = &known.planned.point;
    let state = known.transfer.as_ref().map(|transfer| &transfer.state);
    let (destination, cause) = match state {
        Some(State::Arrived { destination, .. }) => (Some(destination.as_str()), None),
        Some(State::Failed { cause } | State::Parked { cause }) => (None, Some(cause)),
        _ => (None, None),
    };
    Point {
        recovery_point_arn: &point.arn,
        vault_name: point.vault.as_str(),
        resource_arn: point.resource_arn.as_deref(),
        resource_type: point.resource_type.as_ref().map(sav_domain::ResourceType::name),
        creation_date: point.created,
        size_bytes: point.size_bytes,
        verdict: known.planned.ruling.verdict.name(),
        reason: known.planned.ruling.reason.as_deref(),
        stage: state.map(|state| state.stage().name()),
        attempts: known.transfer.as_ref().map_or(0, |transfer| transfer.attempts),
        destination_recovery_point_arn: destination,
        category: cause.map(|cause| &*cause.category),
        error_message: cause.map(|cause| &*cause.message),
    }
}

pub(super) fn failures(csv: &mut csv::Writer<impl Write>, reader: &impl LedgerReader) -> io::Result<()> {
    csv.write_record(["recovery_point_arn", "category", "error_message", "fix", "timestamp"])?;
    summary::failures(reader, |failure| -> Result<(), Unwritten> {
        let at = failure.at.map(|at| at.to_string()).unwrap_or_default();
        csv.write_record([
            &*failure.recovery_point_arn,
            failure.category.as_deref().unwrap_or_default(),
            &failure.message,
            failure.fix.as_deref().unwrap_or_default(),
            &at,
        ])
        .map_err(io::Error::other)?;
        Ok(())
    })?;
    csv.flush()
}
