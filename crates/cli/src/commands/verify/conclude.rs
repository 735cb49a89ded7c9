//! How a verification ends: a note in the ledger, the answer on stdout, and the exit code.

use std::path::Path;

use sav_application::ports::{Ledger, LedgerError};
use sav_domain::ledger::Entry;
use sav_infrastructure::ledger::SqliteLedger;

use super::{Report, document, page};
use crate::args::OutputFormat;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Screen, ended};

/// The kind of the journal's entry.
const VERIFIED: &str = "verified";

pub(super) async fn note(report: &Report, writer: Option<SqliteLedger>, path: &Path) -> Result<(), LedgerError> {
    let ledger = match writer {
        Some(ledger) => ledger,
        None => SqliteLedger::open(path, &report.route, report.now)?,
    };
    let entry = Entry {
        at: report.now,
        kind: VERIFIED.into(),
        detail: document::summary(report).to_string().into(),
    };
    ledger.note(vec![entry]).await
}

pub(super) fn show(report: &Report, output: OutputFormat, screen: &Screen) -> Result<Exit, Problem> {
    warn(report, screen);
    ended(match output {
        OutputFormat::Table => page::write(report),
        format => document::write(report, format),
    })?;
    Ok(exit(report))
}

fn warn(report: &Report, screen: &Screen) {
    let verification = &report.verification;
    let verified = &verification.verified;
    if !verification.missing_vaults.is_empty() {
        let names: Vec<&str> = verification
            .missing_vaults
            .iter()
            .map(sav_domain::VaultName::as_str)
            .collect();
        screen.warn(&format!(
            "not in the destination: the vaults {}; if the copies went into others, name them with --vault-map",
            names.join(", ")
        ));
    }
    let summary = verified.summary();
    if verified.kept_otherwise() > summary.expected / 2 {
        screen.warn(&format!(
            "{} copies are kept for another time than they should be: if `copy` was given another --lifecycle, give it to \
             `verify`, too",
            verified.kept_otherwise()
        ));
    }
    if verified.ambiguous() > 0 {
        screen.note(&format!(
            "{} missing points have others that look the same: which of them it is cannot be told",
            verified.ambiguous()
        ));
    }
}

/// As everywhere: what failed or is parked is as wrong as what is missing, and what is under way is only incomplete.
fn exit(report: &Report) -> Exit {
    let verified = &report.verification.verified;
    let summary = verified.summary();
    let closer = report.closer.as_ref().is_some_and(|closer| !closer.is_sound());
    if summary.wrong() > 0 || verified.apart().unfinished() > 0 || closer {
        Exit::Failed
    } else if summary.in_progress > 0 {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}
