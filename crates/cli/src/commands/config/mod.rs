//! `config show`: what a command line comes to, without doing anything.

mod line;
mod masked;
mod surroundings;

use std::ffi::OsString;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::args::{self, ConfigAction, Global, OutputFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, ended, write_json, write_table};

/// A value, and where it comes from.
#[derive(Debug)]
struct Setting {
    /// With its dashes; a key of the configuration file or a word without any has none.
    option: String,
    value: Option<String>,
    source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    CommandLine,
    File {
        file: String,
        line: usize,
    },
    Environment(&'static str),
    Profile(String),
    Default,
    /// Nothing says anything, and nothing is assumed.
    Unset,
}

impl Source {
    fn words(&self) -> String {
        match self {
            Self::CommandLine => "command line".to_owned(),
            Self::File { file, line } => format!("{file}:{line}"),
            Self::Environment(name) => format!("environment, {name}"),
            Self::Profile(name) => format!("profile `{name}`"),
            Self::Default => "default".to_owned(),
            Self::Unset => "-".to_owned(),
        }
    }

    fn json(&self) -> (&'static str, Value) {
        match self {
            Self::CommandLine => ("command_line", Value::Null),
            Self::File { file, line } => ("configuration_file", json!(format!("{file}:{line}"))),
            Self::Environment(name) => ("environment", json!(name)),
            Self::Profile(name) => ("profile", json!(name)),
            Self::Default => ("default", Value::Null),
            Self::Unset => ("not_set", Value::Null),
        }
    }
}

/// All that there is to show.
#[derive(Debug)]
struct Shown {
    /// `copy`, `state reset`; none: no command was named.
    command: Option<String>,
    settings: Vec<Setting>,
    /// What the command cannot do without and was not given.
    missing: Vec<String>,
    environment: Vec<(String, String)>,
    files: Vec<surroundings::File>,
}

pub async fn run(asked: &args::Config, global: &Global, words: &[OsString]) -> Result<Exit, Problem> {
    let ConfigAction::Show(_) = &asked.action;
    let line = match line::read(words)? {
        Ok(line) => line,
        Err(usage) => return Ok(args::Usage::Clap(usage).show()),
    };
    let shown = surroundings::around(line).await;
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, &shown),
        OutputFormat::Csv => write_csv(&mut out, &shown),
        format => write_json(&mut out, &document(&shown), format),
    })
}

fn show(out: &mut Output, shown: &Shown) -> io::Result<()> {
    let headers = [("OPTION", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left)];
    let rows = shown.settings.iter().map(|setting| {
        let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
        vec![setting.option.clone(), value, setting.source.words()]
    });
    write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    if !shown.missing.is_empty() {
        writeln!(out, "\nmissing: {}", shown.missing.join(", "))?;
    }
    if !shown.environment.is_empty() {
        writeln!(out)?;
        let rows = shown
            .environment
            .iter()
            .map(|(name, value)| vec![name.clone(), value.clone()]);
        let headers = [("ENVIRONMENT", Align::Left), ("VALUE", Align::Left)];
        write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    writeln!(out)?;
    let rows = shown.files.iter().map(|file| {
        let there = if file.exists { "yes" } else { "no" };
        vec![file.what.to_owned(), file.path.clone(), there.to_owned()]
    });
    let headers = [("FILE", Align::Left), ("PATH", Align::Left), ("IS THERE", Align::Left)];
    write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    out.flush()
}

fn write_csv(out: &mut Output, shown: &Shown) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["option", "value", "source"])?;
    for setting in &shown.settings {
        let value = setting.value.as_deref().unwrap_or_default();
        csv.write_record([&setting.option, value, &setting.source.words()])?;
    }
    csv.flush()
}

fn document(shown: &Shown) -> Value {
    let settings = shown.settings.iter().map(|setting| {
        let (source, place) = setting.source.json();
        json!({ "option": setting.option, "value": setting.value, "source": source, "place": place })
    });
    let environment = shown.environment.iter();
    let files = shown.files.iter();
    json!({
        "command": shown.command,
        "options": settings.collect::<Vec<_>>(),
        "missing": shown.missing,
        "environment": environment.map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        "files": files
            .map(|file| json!({ "what": file.what, "path": file.path, "exists": file.exists }))
            .collect::<Vec<_>>(),
    })
}
