//! The document for the auditor: written from the findings, or checked years later.

use std::io::Write;
use std::path::Path;

use sav_domain::verification::Found;
use sav_infrastructure::evidence::{self, EvidenceFault};
use serde_json::{Value, json};

use super::{Evidence, Report, document};
use crate::args::{OutputFormat, Verify};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended, write_json};

pub(super) fn write(file: &Path, report: &Report, verify: &Verify) -> Result<Evidence, Problem> {
    let findings = report.verification.verified.findings();
    let points = findings.map(|found| line(&found));
    let seal = evidence::write_evidence(file, &header(report, verify)?, points, |_| {
        let mut footer = document::summary(report);
        // What the lines say already.
        if let Some(footer) = footer.as_object_mut() {
            footer.remove("by_vault_and_type");
        }
        footer
    })
    .map_err(|error| Problem::new(error.to_string()))?;
    Ok(Evidence {
        path: file.to_path_buf(),
        seal,
    })
}

/// What was expected, and why.
fn header(report: &Report, verify: &Verify) -> Result<Value, Problem> {
    let route = &report.route;
    let plan = report.verification.plan.as_ref().map(|plan| {
        let made_with: Value = serde_json::from_str(&plan.made_with).unwrap_or_else(|_| json!(&*plan.made_with));
        json!({
            "plan": plan.id.0,
            "listed_at": plan.listed_at,
            "finished_at": plan.finished_at,
            "made_with": made_with,
        })
    });
    let digest = match &verify.choosing.metadata_csv {
        None => None,
        Some(csv) => Some(evidence::digest_of_file(csv).map_err(|error| {
            Problem::new(format!("the metadata {} cannot be read again", csv.display())).because(error.to_string())
        })?),
    };
    let renamed = verify.asked.vault_map.iter();
    let made_with: Value = serde_json::from_str(&report.made_with).unwrap_or_default();
    Ok(json!({
        "written_by": concat!("shuffle-aws-vaults ", env!("CARGO_PKG_VERSION")),
        "verified_at": report.now,
        "source_account": route.source().as_str(),
        "dest_account": route.destination().as_str(),
        "region": route.region().as_str(),
        "expected_by": if plan.is_some() { "ledger" } else { "selection" },
        "plan": plan,
        "selection": made_with,
        "metadata_csv_sha256": digest,
        "lifecycle": lifecycle(verify),
        "vault_map": renamed.map(|pair| format!("{}={}", pair.from, pair.to)).collect::<Vec<_>>(),
    }))
}

fn lifecycle(verify: &Verify) -> String {
    use sav_domain::retention::Retention;
    match verify.asked.lifecycle {
        Retention::AsSource => "source".to_owned(),
        Retention::Unlimited => "none".to_owned(),
        Retention::Days(days) => days.to_string(),
    }
}

fn line(found: &Found) -> Value {
    let mut line = json!({
        "finding": found.finding.name(),
        "recovery_point_arn": found.recovery_point_arn,
        "destination_recovery_point_arn": found.destination_recovery_point_arn,
        "destination_vault_name": found.vault,
        "resource_type": found.resource_type,
        "creation_date": found.created,
        "copy_creation_date": found.copy_created,
        "copy_completion_date": found.copy_completed,
        "copy_expires_at": found.copy_expires,
        "size_bytes": found.size_bytes,
        "copy_size_bytes": found.copy_size_bytes,
        "detail": found.detail,
    });
    if !found.further_copies.is_empty() {
        line["further_copies"] = json!(found.further_copies);
    }
    line
}

pub(super) fn check(file: &Path, output: OutputFormat) -> Result<Exit, Problem> {
    let checked = evidence::check(file).map_err(|fault| {
        let problem = Problem::new(fault.to_string());
        match fault {
            EvidenceFault::Altered { .. } => {
                problem.help("this file proves nothing; ask for the one whose seal is noted in the ledger's journal")
            }
            EvidenceFault::Unreadable { .. } | EvidenceFault::Newer { .. } => problem,
        }
    })?;
    let mut out = Output::to_stdout();
    let said = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    ended(match output {
        OutputFormat::Table | OutputFormat::Csv => writeln!(
            out,
            "{}: as it was written at {}, {} points, {} of {} verified, {} to {}\nseal {} (compare it with the one in \
             `state history` or on the day's output: a file written anew has another)",
            file.display(),
            said(&checked.header, "verified_at"),
            checked.points,
            checked.footer["verified"],
            checked.footer["expected"],
            said(&checked.header, "source_account"),
            said(&checked.header, "dest_account"),
            checked.seal
        )
        .and_then(|()| out.flush()),
        format => {
            let document = json!({
                "unaltered": true,
                "points": checked.points,
                "sha256": checked.seal,
                "header": checked.header,
                "footer": checked.footer,
            });
            write_json(&mut out, &document, format)
        }
    })
}
