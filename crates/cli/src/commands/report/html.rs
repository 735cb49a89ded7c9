//! One page with everything in it: no script, no font, no request to anywhere. Whatever came from outside is escaped.

use std::fmt::Write as _;
use std::io::{self, Write};

use sav_application::ports::LedgerReader;
use sav_application::report::Report;
use sav_application::summary::{self, Failure};
use sav_domain::ledger::Verdict;
use sav_domain::status::Counts;
use serde_json::Value;

use super::chart::{self, Bar};
use super::element::{ROWS_SHOWN, escaped, said, section, short, table};
use super::times;
use crate::commands::again::Again;
use crate::commands::copy::report::Unwritten;
use crate::ui::outlook;

const STYLE: &str = include_str!("page.css");
const CLASSES: [&str; 6] = ["done", "open", "waiting", "failed", "held", "left"];

pub(super) fn write(
    out: &mut impl Write,
    report: &Report,
    reader: &impl LedgerReader,
    again: &Again,
) -> io::Result<()> {
    let route = escaped(&reader.route().to_string());
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>Migration of backups: {route}</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">To the content</a>\n\
         <header><h1>Migration of backups</h1><p>{route}</p><p>As of {}</p></header>\n<main id=\"content\">\n",
        said(report.at)
    )?;
    out.write_all(standing(report).as_bytes())?;
    out.write_all(times::arrivals(report).as_bytes())?;
    out.write_all(times::windows(report).as_bytes())?;
    out.write_all(by_vault_and_type(report).as_bytes())?;
    out.write_all(learned(report).as_bytes())?;
    out.write_all(causes(report, again).as_bytes())?;
    failures(out, reader)?;
    out.write_all(verdicts(report).as_bytes())?;
    out.write_all(verification(report).as_bytes())?;
    out.write_all(times::pauses(report).as_bytes())?;
    writeln!(out, "</main></body></html>")
}

fn standing(report: &Report) -> String {
    let counts = &report.status.counts;
    let mut page = String::from("<section><h2>Where it stands</h2><dl class=\"numbers\">");
    for (name, number) in [
        ("chosen", counts.total_items),
        ("completed", counts.completed),
        ("in progress", counts.in_progress),
        ("pending", counts.pending),
        ("failed", counts.failed),
        ("parked", counts.parked),
        ("skipped", counts.skipped),
        ("blocked", counts.blocked),
    ] {
        let _ = write!(page, "<div><dt>{name}</dt><dd>{number}</dd></div>");
    }
    page += "</dl>";
    if let Some(rate) = report.status.throughput_per_hour {
        let _ = write!(page, "<p>{rate:.0} copies an hour in the last window.</p>");
    }
    let end = match &report.status.forecast {
        Some(forecast) => outlook(forecast, report.at),
        None => "nothing is left that would be copied as things stand".to_owned(),
    };
    let mut letters = end.chars();
    let end: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let _ = writeln!(page, "<p>{}.</p></section>", escaped(&end));
    page
}

fn parts(counts: &Counts) -> Vec<u64> {
    vec![
        counts.completed,
        counts.in_progress,
        counts.pending,
        counts.failed,
        counts.parked + counts.blocked,
        counts.skipped,
    ]
}

fn by_vault_and_type(report: &Report) -> String {
    let mut body = String::from("<ul class=\"legend\">");
    for (class, name) in CLASSES.iter().zip([
        "completed",
        "in progress",
        "pending",
        "failed",
        "parked or blocked",
        "skipped",
    ]) {
        let _ = write!(body, "<li><span class=\"key {class}\"></span>{name}</li>");
    }
    body += "</ul>";
    for (title, groups) in [
        ("Points by vault", &report.summary.per_vault),
        ("Points by resource type", &report.summary.per_resource_type),
    ] {
        let mut largest: Vec<(&String, &Counts)> = groups.iter().collect();
        largest.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.total_items));
        let bars: Vec<Bar<'_>> = largest
            .iter()
            .take(24)
            .map(|(name, counts)| Bar {
                name: named(name),
                parts: parts(counts),
            })
            .collect();
        let _ = write!(body, "<h3>{title}</h3>{}", chart::stacked(title, &CLASSES, &bars));
    }
    let rows = report.cells.iter().map(|((vault, kind), counts)| {
        let mut row = vec![vault.clone(), named(kind).to_owned(), counts.total_items.to_string()];
        row.extend(parts(counts).iter().map(ToString::to_string));
        row
    });
    let heads = [
        "vault",
        "type",
        "chosen",
        "completed",
        "in progress",
        "pending",
        "failed",
        "parked or blocked",
        "skipped",
    ];
    body += &table("Points by vault and type", &heads, &rows.collect::<Vec<_>>());
    section("Vaults and types", &body)
}

fn named(name: &str) -> &str {
    if name.is_empty() { "(not named)" } else { name }
}

fn learned(report: &Report) -> String {
    let rows = |wanted: &dyn Fn(&str) -> bool| {
        let known = report.learned.iter().filter(|one| wanted(&one.what));
        known
            .map(|one| {
                let what = match &*one.what {
                    "copy.seconds" => "seconds a copy takes, from the request to the arrival",
                    "slots.running" => "copies that AWS runs at once",
                    "slots.surplus" => "jobs kept waiting behind them",
                    "slots.ceiling" => "jobs beyond which AWS refuses",
                    other => other,
                };
                let samples = one.samples.to_string();
                vec![
                    one.scope.to_string(),
                    what.to_owned(),
                    format!("{:.1}", one.value),
                    samples,
                    said(one.at),
                ]
            })
            .collect::<Vec<_>>()
    };
    let heads = ["type", "what", "value", "measured so often", "last"];
    let durations = table("How long copies take", &heads, &rows(&|what| what.starts_with("copy.")));
    let limits = table("Limits learned", &heads, &rows(&|what| what.starts_with("slots.")));
    section("Durations and limits", &(durations + &limits))
}

fn causes(report: &Report, again: &Again) -> String {
    let rows = report.summary.causes.iter().map(|cause| {
        vec![
            cause.category.to_string(),
            cause.count.to_string(),
            cause.message.as_deref().map(short).unwrap_or_default(),
            cause.actor.words().to_owned(),
            cause.fix.as_deref().unwrap_or_default().to_owned(),
            again.for_cause(&cause.category),
        ]
    });
    let heads = [
        "cause",
        "points",
        "AWS's words about one",
        "who has to act",
        "what would help",
        "then",
    ];
    let parked = report.summary.parked_groups.iter().map(|group| {
        vec![
            group.group.vault.to_string(),
            group
                .group
                .resource_type
                .as_ref()
                .map_or("", |kind| kind.name())
                .to_owned(),
            group.group.encryption_key_arn.as_deref().unwrap_or_default().to_owned(),
            group.waiting.to_string(),
            group
                .parked
                .as_ref()
                .map(|cause| cause.category.to_string())
                .unwrap_or_default(),
        ]
    });
    let parked = table(
        "Groups held back",
        &["vault", "type", "key", "points", "cause"],
        &parked.collect::<Vec<_>>(),
    );
    let causes = table(
        "What failed, or is held back, by its cause",
        &heads,
        &rows.collect::<Vec<_>>(),
    );
    section("Causes of failures", &(causes + &parked))
}

fn failures(out: &mut impl Write, reader: &impl LedgerReader) -> io::Result<()> {
    let (mut rows, mut more) = (Vec::new(), 0_u64);
    summary::failures(reader, |failure: Failure| -> Result<(), Unwritten> {
        if rows.len() < ROWS_SHOWN {
            rows.push(vec![
                failure.recovery_point_arn.to_string(),
                failure.category.as_deref().unwrap_or_default().to_owned(),
                short(&failure.message),
                failure.at.map(said).unwrap_or_default(),
            ]);
        } else {
            more += 1;
        }
        Ok(())
    })?;
    let mut body = table(
        "Points that failed",
        &["recovery point", "cause", "AWS's words", "when"],
        &rows,
    );
    if more > 0 {
        let _ = write!(
            body,
            "<p>And {more} more, which <code>report --output csv --rows failures</code> lists.</p>"
        );
    }
    out.write_all(section("Failures", &body).as_bytes())
}

fn verdicts(report: &Report) -> String {
    let mut rulings: Vec<_> = report.status.particulars.rulings.iter().collect();
    rulings.sort_by_key(|ruled| (ruled.verdict == Verdict::Skip, std::cmp::Reverse(ruled.points)));
    let rows = rulings.iter().map(|ruled| {
        let reason = ruled.reason.as_deref().unwrap_or_default();
        vec![
            ruled.verdict.name().to_owned(),
            reason.to_owned(),
            ruled.points.to_string(),
        ]
    });
    let body = table(
        "Points that are not copied, by the reason",
        &["verdict", "reason", "points"],
        &rows.collect::<Vec<_>>(),
    );
    section("Verdicts", &body)
}

fn verification(report: &Report) -> String {
    let Some(verified) = &report.verified else {
        return section(
            "Verification",
            "<p>Nothing has been verified yet: <code>verify</code> does it.</p>",
        );
    };
    let detail: Value = serde_json::from_str(&verified.detail).unwrap_or(Value::Null);
    let summary = detail.get("summary").unwrap_or(&detail);
    let rows = summary
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_object() && !value.is_array());
    let rows = rows.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        vec![name.replace('_', " "), value]
    });
    let body = table(
        &format!("Verified {}", said(verified.at)),
        &["what", "points"],
        &rows.collect::<Vec<_>>(),
    );
    section("Verification", &body)
}
