//! The findings for programs: JSON, JSON lines, CSV.

use std::io::{self, Write};

use sav_domain::verification::{Found, Summary};
use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use crate::args::OutputFormat;
use crate::ui::Output;

#[derive(Serialize)]
struct Row<'a> {
    recovery_point_arn: Option<&'a str>,
    destination_recovery_point_arn: Option<&'a str>,
    finding: &'static str,
    detail: Option<&'a str>,
    vault_name: &'a str,
    resource_type: Option<&'a str>,
}

pub(super) fn write(report: &Report, format: OutputFormat) -> io::Result<()> {
    let mut out = Output::to_stdout();
    let summary = summary(report);
    match format {
        OutputFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            for found in findings(report) {
                csv.serialize(row(&found)).map_err(io::Error::other)?;
            }
            csv.flush()?;
        }
        OutputFormat::Jsonl => {
            for found in findings(report) {
                out.write_all(b"{\"finding\":")?;
                serde_json::to_writer(&mut out, &row(&found))?;
                out.write_all(b"}\n")?;
            }
            writeln!(out, "{{\"summary\":{summary}}}")?;
        }
        OutputFormat::Json | OutputFormat::Table => {
            write!(out, "{{\"summary\":{summary},\n\"findings\":[")?;
            let mut first = true;
            for found in findings(report) {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                serde_json::to_writer(&mut out, &row(&found))?;
            }
            writeln!(out, "\n]}}")?;
        }
    }
    out.flush()
}

fn findings(report: &Report) -> Box<dyn Iterator<Item = Found> + '_> {
    let verified = &report.verification.verified;
    if report.all {
        Box::new(verified.findings())
    } else {
        Box::new(verified.exceptions())
    }
}

fn row(found: &Found) -> Row<'_> {
    Row {
        recovery_point_arn: found.recovery_point_arn.as_deref(),
        destination_recovery_point_arn: found.destination_recovery_point_arn.as_deref(),
        finding: found.finding.name(),
        detail: found.detail.as_deref(),
        vault_name: &found.vault,
        resource_type: found.resource_type.as_deref(),
    }
}

/// What the journal keeps, too.
pub(super) fn summary(report: &Report) -> Value {
    let verification = &report.verification;
    let verified = &verification.verified;
    let (apart, habits) = (verified.apart(), verified.habits());
    let mut summary = counts(&verified.summary());
    let groups = verified.groups().into_iter().map(|((vault, kind), group)| {
        let mut counted = counts(&group);
        counted["vault_name"] = json!(vault);
        counted["resource_type"] = json!(kind);
        counted
    });
    summary["not_copied"] = json!({
        "failed": apart.failed,
        "parked": apart.parked,
        "partial": apart.partial,
        "vanished": apart.vanished,
        "blocked": apart.blocked,
        "lapsed": apart.lapsed,
    });
    summary["expected_by"] = json!(if verification.plan.is_some() {
        "ledger"
    } else {
        "selection"
    });
    summary["points_of_source"] = json!(verification.points_of_source);
    summary["points_of_destination"] = json!(verification.points_of_destination);
    summary["ambiguous"] = json!(verified.ambiguous());
    summary["learned"] = json!({
        "account_in_resource": habits.account.name(),
        "milliseconds": habits.milliseconds.name(),
        "source_vault": habits.source_vault.name(),
        "paired_by_record": habits.recorded,
        "paired_by_look": habits.by_look,
    });
    summary["by_vault_and_type"] = groups.collect();
    if let Some(closer) = &report.closer {
        summary["deep"] = json!({ "looked_at": closer.looked, "wrong": each_wrong(&closer.wrong) });
        if let Some(tags) = &closer.tags {
            summary["deep"]["tags"] = json!({
                "looked_at": tags.looked,
                "wrong": each_wrong(&tags.wrong),
                "not_checked": tags.refused.as_ref().map(ToString::to_string),
            });
        }
    }
    if let Some(repaired) = report.repaired {
        summary["repair"] = json!({ "dry_run": report.dry_run, "queued": repaired.queued, "left": repaired.left });
    }
    if let Some(evidence) = &report.evidence {
        summary["evidence"] = json!({ "file": evidence.path.display().to_string(), "sha256": evidence.seal });
    }
    summary
}

pub(super) fn counts(summary: &Summary) -> Value {
    json!({
        "expected": summary.expected,
        "verified": summary.verified,
        "missing": summary.missing,
        "mismatched": summary.mismatched,
        "duplicate": summary.duplicate,
        "in_progress": summary.in_progress,
        "unexplained": summary.unexplained,
    })
}

fn each_wrong(copies: &[(String, String)]) -> Vec<Value> {
    let wrong = copies
        .iter()
        .map(|(arn, why)| json!({ "destination_recovery_point_arn": arn, "detail": why }));
    wrong.collect()
}
