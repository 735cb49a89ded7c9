//! The plan for programs: JSON, JSON lines, CSV. Points come from the ledger, a page at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use sav_application::planning::Planned;
use sav_application::ports::LedgerReader;
use sav_domain::Moment;
use sav_domain::forecast::Forecast;
use sav_domain::ledger::{LedgerPoint, PointId, Verdict};
use sav_domain::verdict::Why;
use serde::Serialize;

use crate::args::OutputFormat;
use crate::ui::Output;

/// Points read at once.
const PAGE: usize = 1_000;

#[derive(Serialize)]
struct Summary<'a> {
    total_count: u64,
    copy: u64,
    skip: u64,
    blocked: u64,
    by_reason: BTreeMap<&'a str, u64>,
    size_bytes_to_copy: u64,
    lower_bound_seconds: f64,
    lower_bound: Bound,
    longest_chain: Option<LongestChain>,
    changes: Changes,
    vanished: u64,
    forecast: Option<&'a Forecast>,
}

#[derive(Serialize)]
struct Bound {
    submission_seconds: f64,
    pools: Vec<PoolBound>,
    durations: &'static str,
}

#[derive(Serialize)]
struct PoolBound {
    pool: &'static str,
    points: u64,
    slots: u32,
    seconds: f64,
}

#[derive(Serialize)]
struct LongestChain {
    resource_arn: Option<String>,
    points: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Changes {
    new: u64,
    gone: u64,
    changed: u64,
    unchanged: u64,
}

/// One planned point.
#[derive(Serialize)]
struct Row<'a> {
    recovery_point_arn: &'a str,
    vault_name: &'a str,
    verdict: &'static str,
    reason: Option<Cow<'a, str>>,
    fix: Option<Cow<'a, str>>,
    resource_arn: Option<&'a str>,
    resource_type: Option<&'a str>,
    creation_date: Option<Moment>,
    size_bytes: Option<u64>,
    position: Option<u64>,
}

pub(super) fn write(
    planned: &Planned,
    reader: &impl LedgerReader,
    forecast: Option<&Forecast>,
    format: OutputFormat,
) -> io::Result<()> {
    let mut out = Output::to_stdout();
    let summary = summary(planned, reader, forecast)?;
    match format {
        OutputFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            each(planned, reader, |row| csv.serialize(row).map_err(io::Error::other))?;
            csv.flush()?;
        }
        OutputFormat::Jsonl => {
            each(planned, reader, |row| {
                out.write_all(b"{\"point\":")?;
                serde_json::to_writer(&mut out, row)?;
                out.write_all(b"}\n")
            })?;
            writeln!(out, "{{\"summary\":{}}}", serde_json::to_string(&summary)?)?;
        }
        OutputFormat::Json | OutputFormat::Table => {
            write!(out, "{{\"summary\":{},\n\"points\":[", serde_json::to_string(&summary)?)?;
            let mut first = true;
            each(planned, reader, |row| {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                serde_json::to_writer(&mut out, row).map_err(io::Error::from)
            })?;
            writeln!(out, "\n]}}")?;
        }
    }
    out.flush()
}

fn each(
    planned: &Planned,
    reader: &impl LedgerReader,
    mut take: impl FnMut(&Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut after: Option<PointId> = None;
    loop {
        let page = reader.points(after, PAGE).map_err(io::Error::other)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        // What this plan did not list is none of its points.
        page.iter()
            .filter(|known| known.seen == planned.plan)
            .try_for_each(|known| take(&row(known, planned.late.get(&known.id))))?;
    }
}

fn row<'a>(known: &'a LedgerPoint, late: Option<&Why>) -> Row<'a> {
    let point = &known.planned.point;
    let ruling = &known.planned.ruling;
    Row {
        recovery_point_arn: &point.arn,
        vault_name: point.vault.as_str(),
        verdict: ruling.verdict.name(),
        reason: late
            .map(Why::key)
            .map(Cow::Owned)
            .or(ruling.reason.as_deref().map(Cow::Borrowed)),
        fix: late
            .and_then(Why::fix)
            .map(Cow::Owned)
            .or(ruling.fix.as_deref().map(Cow::Borrowed)),
        resource_arn: point.resource_arn.as_deref(),
        resource_type: point.resource_type.as_ref().map(sav_domain::ResourceType::name),
        creation_date: point.created,
        size_bytes: point.size_bytes,
        position: known.planned.position.filter(|_| ruling.verdict == Verdict::Copy),
    }
}

fn summary<'a>(
    planned: &'a Planned,
    reader: &impl LedgerReader,
    forecast: Option<&'a Forecast>,
) -> io::Result<Summary<'a>> {
    let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for ((_, heading), of_reason) in &planned.reasons {
        if let Some(heading) = heading {
            *by_reason.entry(&heading.key).or_default() += of_reason.amount.points;
        }
    }
    let bound = &planned.bound;
    let longest_chain = match bound.longest_chain {
        None => None,
        Some(chain) => Some(LongestChain {
            resource_arn: longest_resource(planned, reader)?,
            points: chain.points,
            seconds: chain.seconds,
        }),
    };
    let sizes = planned.types.values().map(|of_type| of_type.copy.bytes).sum::<u128>();
    Ok(Summary {
        total_count: planned.tally.total(),
        copy: planned.points(Verdict::Copy),
        skip: planned.points(Verdict::Skip),
        blocked: planned.points(Verdict::Blocked),
        by_reason,
        size_bytes_to_copy: u64::try_from(sizes).unwrap_or(u64::MAX),
        lower_bound_seconds: bound.seconds(),
        lower_bound: Bound {
            submission_seconds: bound.submission_seconds,
            pools: bound
                .pools
                .iter()
                .map(|load| PoolBound {
                    pool: load.pool.name(),
                    points: load.points,
                    slots: load.slots,
                    seconds: load.seconds(),
                })
                .collect(),
            durations: planned.notes.durations.name(),
        },
        longest_chain,
        changes: Changes {
            new: planned.changes.new,
            gone: planned.changes.gone,
            changed: planned.changes.changed,
            unchanged: planned.changes.unchanged,
        },
        vanished: planned.vanished,
        forecast,
    })
}

/// The resource of the longest chain.
pub(super) fn longest_resource(planned: &Planned, reader: &impl LedgerReader) -> io::Result<Option<String>> {
    let Some(id) = planned.longest else { return Ok(None) };
    let known = reader.point(id).map_err(io::Error::other)?;
    Ok(known.and_then(|known| known.planned.point.resource_arn.map(|arn| arn.to_string())))
}
