//! The checks for people and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sav_application::validating::Report;
use sav_domain::Route;
use sav_domain::checks::{Check, Verdict};
use serde_json::{Value, json};

use crate::args::{Global, OutputFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended, write_json};

pub(super) fn write(report: &Report, route: &Route, global: &Global) -> Result<Exit, Problem> {
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, report, route, global.verbose > 0),
        OutputFormat::Json => write_json(&mut out, &document(report), OutputFormat::Json),
        OutputFormat::Jsonl => lines(&mut out, report),
        OutputFormat::Csv => rows(&mut out, report),
    })
}

fn document(report: &Report) -> Value {
    let checks: Vec<Value> = report.checks.iter().map(as_json).collect();
    json!({ "passed": report.has_passed(), "checks": checks })
}

fn as_json(check: &Check) -> Value {
    json!({
        "check": check.topic.name(),
        "account": check.account,
        "subject": check.subject,
        "result": check.verdict.name(),
        "detail": check.detail,
        "fix": check.fix,
    })
}

fn lines(out: &mut Output, report: &Report) -> io::Result<()> {
    for check in &report.checks {
        writeln!(out, "{}", as_json(check))?;
    }
    out.flush()
}

fn rows(out: &mut Output, report: &Report) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["check", "account", "subject", "result", "detail", "fix"])?;
    for check in &report.checks {
        csv.write_record([
            check.topic.name(),
            check.account.as_str(),
            &check.subject,
            check.verdict.name(),
            &check.detail,
            check.fix.as_deref().unwrap_or_default(),
        ])?;
    }
    csv.flush()
}

/// What failed comes first, with what to do; what passed is counted, or told one by one when more is to be said.
fn show(out: &mut Output, report: &Report, route: &Route, all: bool) -> io::Result<()> {
    writeln!(out, "{route}")?;
    for (verdict, title) in [(Verdict::Failed, "failed"), (Verdict::NotChecked, "not checked")] {
        let found: Vec<&Check> = report.checks.iter().filter(|check| check.verdict == verdict).collect();
        if found.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}:")?;
        for check in found {
            told(out, check)?;
        }
    }
    let passed = report.checks.iter().filter(|check| check.verdict == Verdict::Passed);
    if all {
        writeln!(out, "\npassed:")?;
        for check in passed {
            told(out, check)?;
        }
    } else {
        let mut by_topic: BTreeMap<&str, usize> = BTreeMap::new();
        passed.for_each(|check| *by_topic.entry(check.topic.name()).or_default() += 1);
        let topics: Vec<String> = by_topic
            .iter()
            .map(|(topic, count)| format!("{topic} {count}"))
            .collect();
        writeln!(out, "\npassed: {}", topics.join(", "))?;
    }
    let count = |verdict| report.count(verdict);
    writeln!(
        out,
        "\n{} passed, {} failed, {} not checked",
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::NotChecked)
    )?;
    out.flush()
}

fn told(out: &mut Output, check: &Check) -> io::Result<()> {
    writeln!(out, "  {} in {}: {}", check.topic.name(), check.account, check.subject)?;
    writeln!(out, "      {}", check.detail)?;
    match &check.fix {
        Some(fix) => writeln!(out, "      fix: {fix}"),
        None => Ok(()),
    }
}
