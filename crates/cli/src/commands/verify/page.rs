//! The findings for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sav_domain::verification::{Finding, Found, Summary};

use super::Report;
use crate::ui::{Align, Output, Table};

/// Points named of each finding; `--output json` names all.
const SAMPLES: usize = 5;

pub(super) fn write(report: &Report) -> io::Result<()> {
    let mut out = Output::to_stdout();
    writeln!(out, "{}\n", report.route)?;
    write_groups(&mut out, report)?;
    write_apart(&mut out, report)?;
    write_samples(&mut out, report)?;
    if report.all {
        write_all(&mut out, report)?;
    }
    write_learned(&mut out, report)?;
    write_deeds(&mut out, report)?;
    writeln!(out, "\n{}", verdict(report))?;
    out.flush()
}

fn write_groups(out: &mut Output, report: &Report) -> io::Result<()> {
    let columns = [
        ("VAULT", Align::Left),
        ("TYPE", Align::Left),
        ("EXPECTED", Align::Right),
        ("VERIFIED", Align::Right),
        ("MISSING", Align::Right),
        ("MISMATCHED", Align::Right),
        ("DUPLICATE", Align::Right),
        ("IN PROGRESS", Align::Right),
        ("UNEXPLAINED", Align::Right),
    ];
    let numbers = |summary: &Summary| {
        let Summary {
            expected,
            verified,
            missing,
            mismatched,
            duplicate,
            in_progress,
            unexplained,
        } = summary;
        [
            expected,
            verified,
            missing,
            mismatched,
            duplicate,
            in_progress,
            unexplained,
        ]
        .map(ToString::to_string)
    };
    let verified = &report.verification.verified;
    let groups = verified.groups();
    let counted = groups.iter().filter(|(_, summary)| **summary != Summary::default());
    let mut rows: Vec<Vec<String>> = counted
        .map(|((vault, kind), summary)| {
            let mut row = vec![(*vault).to_owned(), kind.unwrap_or("(not named)").to_owned()];
            row.extend(numbers(summary));
            row
        })
        .collect();
    let mut total = vec!["total".to_owned(), String::new()];
    total.extend(numbers(&verified.summary()));
    rows.push(total);
    write_rows(out, &columns, &rows)
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

/// What was chosen, and is neither there nor expected to be.
fn write_apart(out: &mut Output, report: &Report) -> io::Result<()> {
    let apart = report.verification.verified.apart();
    if apart.total() == 0 {
        return Ok(());
    }
    writeln!(out, "\nnot expected to be there, and not there")?;
    for (points, what) in [
        (apart.failed, "failed: `copy --retry-failed` tries them again"),
        (apart.parked, "parked: `status` names the cause and its fix"),
        (apart.partial, "composites of which only parts were copied"),
        (apart.blocked, "blocked: `plan` says what would unblock them"),
        (apart.vanished, "gone from the source before they could be copied"),
        (
            apart.lapsed,
            "kept as long as they were to be, and deleted by AWS since",
        ),
    ] {
        if points > 0 {
            writeln!(out, "  {points} {what}")?;
        }
    }
    Ok(())
}

fn write_samples(out: &mut Output, report: &Report) -> io::Result<()> {
    let mut samples: BTreeMap<Finding, (u64, Vec<Found>)> = BTreeMap::new();
    for found in report.verification.verified.exceptions() {
        let (count, shown) = samples.entry(found.finding).or_default();
        *count += 1;
        if shown.len() < SAMPLES {
            shown.push(found);
        }
    }
    for (finding, (count, shown)) in samples {
        writeln!(out, "\n{}", finding.name().replace('_', " "))?;
        for found in &shown {
            write_found(out, found)?;
        }
        let more = count - shown.len() as u64;
        if more > 0 {
            writeln!(out, "  and {more} more: --output json names them all")?;
        }
    }
    Ok(())
}

fn write_found(out: &mut Output, found: &Found) -> io::Result<()> {
    let arns = [&found.recovery_point_arn, &found.destination_recovery_point_arn];
    let arns: Vec<&str> = arns.into_iter().flatten().map(String::as_str).collect();
    write!(out, "  {}", arns.join(" -> "))?;
    match &found.detail {
        Some(detail) => writeln!(out, "\n    {detail}"),
        None => writeln!(out),
    }
}

fn write_all(out: &mut Output, report: &Report) -> io::Result<()> {
    writeln!(out, "\nverified")?;
    let mut findings = report.verification.verified.findings();
    findings.try_for_each(|found| match found.finding {
        Finding::Verified => write_found(out, &found),
        _ => Ok(()),
    })
}

/// How copies were recognised, for whoever has to believe it.
fn write_learned(out: &mut Output, report: &Report) -> io::Result<()> {
    let verification = &report.verification;
    let habits = verification.verified.habits();
    let by = if verification.plan.is_some() {
        "by the ledger's plan"
    } else {
        "by what the options choose of the source, without a ledger"
    };
    writeln!(
        out,
        "\nexpected {by}; {} points of the source and {} of the destination were compared,\n{} pairs are known by their copy \
         jobs, {} by resource, type, creation date and vault",
        verification.points_of_source, verification.points_of_destination, habits.recorded, habits.by_look
    )?;
    let words = |ways: sav_domain::verification::Ways, kept: &str, not_kept: &str| match ways.name() {
        "kept" => kept.to_owned(),
        "not_kept" => not_kept.to_owned(),
        "both" => format!("now {kept}, now {not_kept}"),
        _ => "not known".to_owned(),
    };
    writeln!(
        out,
        "what AWS does: the account in a copy's resource: {}; milliseconds of the creation date: {}; the source vault: {}",
        words(habits.account, "the source's", "the destination's"),
        words(habits.milliseconds, "kept", "not kept"),
        words(habits.source_vault, "named", "not named"),
    )
}

fn write_deeds(out: &mut Output, report: &Report) -> io::Result<()> {
    if let Some(closer) = &report.closer {
        writeln!(
            out,
            "\n{} copies were looked at one by one, {} of them are not sound",
            closer.looked,
            closer.wrong.len()
        )?;
        for (arn, why) in &closer.wrong {
            writeln!(out, "  {arn}: {why}")?;
        }
        if let Some(tags) = &closer.tags {
            let wrong = tags.wrong.len();
            writeln!(
                out,
                "the tags of {} were compared, {wrong} of them are not as `copy --tag-copies` was to put them",
                tags.looked
            )?;
            for (arn, why) in &tags.wrong {
                writeln!(out, "  {arn}: {why}")?;
            }
            if let Some(refused) = &tags.refused {
                writeln!(out, "  not checked any further: {refused}")?;
            }
        }
    }
    if let Some(repaired) = report.repaired {
        let (went, will) = if report.dry_run {
            ("would go", "would then copy")
        } else {
            ("went", "will copy")
        };
        writeln!(
            out,
            "\n{} missing points {went} back into the queue; the next `copy` looks whether they are there, and {will} those that \
             are not, under new tokens",
            repaired.queued
        )?;
    }
    match &report.evidence {
        Some(evidence) => writeln!(
            out,
            "\nthe evidence is in {}, seal {}",
            evidence.path.display(),
            evidence.seal
        ),
        None => Ok(()),
    }
}

fn verdict(report: &Report) -> String {
    let verified = &report.verification.verified;
    let summary = verified.summary();
    let unfinished = verified.apart().unfinished();
    let of = format!(
        "{} of {} points arrived once and as they were",
        summary.verified, summary.expected
    );
    if summary.wrong() > 0 {
        format!("{of}; {} did not", summary.wrong())
    } else if unfinished > 0 {
        format!("{of}; {unfinished} that were chosen have not been copied")
    } else if summary.in_progress > 0 {
        format!("{of}; {} are still to come", summary.in_progress)
    } else {
        of
    }
}
