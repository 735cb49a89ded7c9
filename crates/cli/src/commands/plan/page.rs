//! The plan for people.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use sav_application::planning::{ByVerdict, DurationsKnown, OfReason, Planned};
use sav_application::ports::LedgerReader;
use sav_domain::forecast::Forecast;
use sav_domain::ledger::{Difference, PlanRecord, Verdict};
use sav_domain::tally::Amount;
use sav_domain::turns::LowerBound;
use sav_domain::{Moment, Route, arn, size, span};

use super::{day, document};
use crate::ui::{Align, Output, Table, copies, outlook};

/// What the plan is shown with.
pub(super) struct Scene<'a, R> {
    pub(super) route: &'a Route,
    pub(super) reader: &'a R,
    /// The plan before this one.
    pub(super) before: Option<&'a PlanRecord>,
    /// None: nothing was kept.
    pub(super) ledger: Option<&'a Path>,
    pub(super) forecast: Option<&'a Forecast>,
    pub(super) now: Moment,
}

/// ARNs named as examples of a difference.
const SAMPLES: usize = 3;

pub(super) fn write(planned: &Planned, scene: &Scene<'_, impl LedgerReader>) -> io::Result<()> {
    let mut out = Output::to_stdout();
    writeln!(out, "{}", scene.route)?;
    writeln!(out)?;
    write_reasons(&mut out, planned)?;
    writeln!(out)?;
    write_types(&mut out, planned)?;
    write_fixes(&mut out, planned)?;
    write_bound(&mut out, planned, scene)?;
    write_changes(&mut out, planned, scene)?;
    match scene.ledger {
        Some(path) => writeln!(out, "\nthe plan is in the ledger {}", path.display())?,
        None => writeln!(out, "\na dry run: nothing was written")?,
    }
    out.flush()
}

fn write_reasons(out: &mut Output, planned: &Planned) -> io::Result<()> {
    let mut rows = Vec::new();
    let mut total = Amount::default();
    for verdict in Verdict::ALL {
        let mut reasons: Vec<_> = planned.reasons.iter().filter(|((of, _), _)| *of == verdict).collect();
        reasons
            .sort_by_key(|((_, heading), of_reason)| (heading.is_some(), std::cmp::Reverse(of_reason.amount.points)));
        for ((_, heading), OfReason { amount, .. }) in reasons {
            total.merge(*amount);
            let words = heading.as_ref().map_or("", |heading| heading.words.as_str());
            rows.push(vec![
                verdict.name().to_owned(),
                words.to_owned(),
                amount.points.to_string(),
                sum(*amount),
            ]);
        }
    }
    rows.push(vec![
        "total".to_owned(),
        String::new(),
        total.points.to_string(),
        sum(total),
    ]);
    let columns = [
        ("VERDICT", Align::Left),
        ("WHY", Align::Left),
        ("POINTS", Align::Right),
        ("SIZE", Align::Right),
    ];
    write_rows(out, &columns, &rows)
}

fn write_types(out: &mut Output, planned: &Planned) -> io::Result<()> {
    let mut types: Vec<_> = planned.types.iter().collect();
    types.sort_by_key(|(_, of_type)| std::cmp::Reverse(of_type.copy.points));
    let rows: Vec<Vec<String>> = types
        .into_iter()
        .map(|(name, ByVerdict { copy, skip, blocked })| {
            vec![
                name.as_ref()
                    .map_or_else(|| "(not named)".to_owned(), ToString::to_string),
                copy.points.to_string(),
                skip.points.to_string(),
                blocked.points.to_string(),
                sum(*copy),
            ]
        })
        .collect();
    let columns = [
        ("TYPE", Align::Left),
        ("COPY", Align::Right),
        ("SKIP", Align::Right),
        ("BLOCKED", Align::Right),
        ("SIZE TO COPY", Align::Right),
    ];
    write_rows(out, &columns, &rows)
}

/// What would unblock what is blocked, one line per reason.
fn write_fixes(out: &mut Output, planned: &Planned) -> io::Result<()> {
    let reasons = planned.reasons.iter();
    let mut blocked: Vec<_> = reasons
        .filter(|((verdict, _), _)| *verdict == Verdict::Blocked)
        .collect();
    blocked.sort_by_key(|(_, of_reason)| std::cmp::Reverse(of_reason.amount.points));
    for (place, ((_, heading), of_reason)) in blocked.into_iter().enumerate() {
        if place == 0 {
            writeln!(out, "\nblocked, and what would unblock it")?;
        }
        let words = heading.as_ref().map_or("", |heading| heading.words.as_str());
        writeln!(
            out,
            "  {words} ({}): {}",
            of_reason.amount.points,
            of_reason.fix.as_deref().unwrap_or("-")
        )?;
        if let Some(sample) = &of_reason.sample {
            writeln!(out, "    such as {sample}")?;
        }
    }
    Ok(())
}

fn write_bound(out: &mut Output, planned: &Planned, scene: &Scene<'_, impl LedgerReader>) -> io::Result<()> {
    let LowerBound {
        submissions,
        submission_seconds,
        pools,
        longest_chain,
    } = &planned.bound;
    if *submissions == 0 {
        return writeln!(out, "\nnothing is left to be copied");
    }
    writeln!(
        out,
        "\nat least {}, whichever of these is longest:",
        said(planned.bound.seconds())
    )?;
    let decides = |seconds: f64| {
        if seconds >= planned.bound.seconds() {
            "  <- decides"
        } else {
            ""
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of points are far below 2^52")]
    let rate = *submissions as f64 / submission_seconds.max(f64::MIN_POSITIVE);
    writeln!(
        out,
        "  {submissions} submissions, {rate:.0} a second: {}{}",
        said(*submission_seconds),
        decides(*submission_seconds)
    )?;
    for load in pools {
        #[expect(clippy::cast_precision_loss, reason = "counts of points are far below 2^52")]
        let each = load.work_seconds / load.points.max(1) as f64;
        writeln!(
            out,
            "  {} of {}, {} each, {} at once: {}{}",
            copies(load.points),
            load.pool.title(),
            said(each),
            load.slots,
            said(load.seconds()),
            decides(load.seconds())
        )?;
    }
    if let Some(chain) = longest_chain {
        let resource = document::longest_resource(planned, scene.reader)?;
        writeln!(
            out,
            "  {} of {}, one after the other: {}{}",
            copies(chain.points),
            resource.as_deref().map_or("one resource", arn::short),
            said(chain.seconds),
            decides(chain.seconds)
        )?;
    }
    let times = match planned.notes.durations {
        DurationsKnown::Assumed => "how long copies take is assumed until some have been timed",
        DurationsKnown::OfSomeTypes => "how long copies take was measured; of types not copied yet it is assumed",
        DurationsKnown::Measured => "how long copies take was measured",
    };
    writeln!(out, "{times}; quotas are AWS's documented ones")?;
    match scene.forecast {
        Some(forecast) => writeln!(out, "{}", outlook(forecast, scene.now)),
        None => Ok(()),
    }
}

fn write_changes(out: &mut Output, planned: &Planned, scene: &Scene<'_, impl LedgerReader>) -> io::Result<()> {
    let Some(before) = scene.before else { return Ok(()) };
    let changes = planned.changes;
    writeln!(
        out,
        "\nsince the plan of {}: {} new, {} gone, {} changed, {} as they were",
        day(before.listed_at),
        changes.new,
        changes.gone,
        changes.changed,
        changes.unchanged
    )?;
    for (difference, what, count) in [
        (Difference::New, "new", changes.new),
        (Difference::Gone, "gone", changes.gone),
        (Difference::Changed, "changed", changes.changed),
    ] {
        if count > 0 {
            let arns = scene
                .reader
                .changes(planned.plan, difference, SAMPLES)
                .map_err(io::Error::other)?;
            let more = if count > arns.len() as u64 { ", …" } else { "" };
            writeln!(out, "  {what}: {}{more}", arns.join(", "))?;
        }
    }
    Ok(())
}

fn write_rows(out: &mut Output, columns: &[(&str, Align)], rows: &[Vec<String>]) -> io::Result<()> {
    let mut table = Table::new(columns.iter().map(|(name, align)| ((*name).to_owned(), *align)));
    for row in rows {
        table.fit(row);
    }
    table.cut_to(out.width);
    table.write_header(out)?;
    rows.iter().try_for_each(|row| table.write_row(out, row))
}

fn sum(amount: Amount) -> String {
    size::human(u64::try_from(amount.bytes).unwrap_or(u64::MAX))
}

fn said(seconds: f64) -> String {
    span::human(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
