//! What came of each vault, for people as it happens and for programs at the end.

use std::io::{self, Write};

use sav_application::replicating::{Action, Came, VaultTold};
use sav_domain::twin::What;
use serde_json::{Value, json};

use crate::args::OutputFormat;
use crate::ui::{Output, write_json};

pub(super) struct Page {
    format: OutputFormat,
    out: Output,
}

impl Page {
    pub(super) fn begin(format: OutputFormat) -> Self {
        Self {
            format,
            out: Output::to_stdout(),
        }
    }

    /// Everything at once.
    pub(super) fn all(&mut self, told: &[VaultTold], dry_run: bool) -> io::Result<()> {
        told.iter().try_for_each(|vault| self.one(vault))?;
        self.end(told)?;
        if dry_run && self.format == OutputFormat::Table {
            writeln!(self.out, "a dry run: nothing was changed")?;
        }
        self.out.flush()
    }

    pub(super) fn one(&mut self, vault: &VaultTold) -> io::Result<()> {
        match self.format {
            OutputFormat::Table => self.table(vault)?,
            OutputFormat::Jsonl => write_json(&mut self.out, &document(vault), OutputFormat::Jsonl)?,
            OutputFormat::Json | OutputFormat::Csv => {}
        }
        self.out.flush()
    }

    pub(super) fn end(&mut self, told: &[VaultTold]) -> io::Result<()> {
        match self.format {
            OutputFormat::Json => {
                let vaults: Vec<Value> = told.iter().map(document).collect();
                write_json(&mut self.out, &json!({ "vaults": vaults }), OutputFormat::Json)?;
            }
            OutputFormat::Csv => self.csv(told)?,
            OutputFormat::Table => {
                let of = |came| {
                    told.iter()
                        .flat_map(|vault| &vault.actions)
                        .filter(move |it| it.came == came)
                        .count()
                };
                let all = [
                    Came::Done,
                    Came::ToDo,
                    Came::AlreadySo,
                    Came::Differs,
                    Came::NotCarried,
                    Came::Failed,
                ];
                let counts = all.into_iter().filter(|came| of(*came) > 0);
                let counts: Vec<String> = counts.map(|came| format!("{} {}", of(came), words(came))).collect();
                writeln!(self.out, "{} vaults: {}", told.len(), counts.join(", "))?;
            }
            OutputFormat::Jsonl => {}
        }
        self.out.flush()
    }

    fn table(&mut self, vault: &VaultTold) -> io::Result<()> {
        if vault.source == vault.target {
            writeln!(self.out, "{}", vault.source)?;
        } else {
            writeln!(self.out, "{} -> {}", vault.source, vault.target)?;
        }
        for Action { what, came, detail } in &vault.actions {
            writeln!(self.out, "  {:<12} {:<14} {detail}", words(*came), title(*what))?;
        }
        writeln!(self.out)
    }

    fn csv(&mut self, told: &[VaultTold]) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(&mut self.out);
        csv.write_record(["name", "twin", "what", "result", "detail"])?;
        for vault in told {
            for action in &vault.actions {
                csv.write_record([
                    vault.source.as_str(),
                    vault.target.as_str(),
                    action.what.name(),
                    action.came.name(),
                    &action.detail,
                ])?;
            }
        }
        csv.flush()
    }
}

fn document(vault: &VaultTold) -> Value {
    let actions: Vec<Value> = vault
        .actions
        .iter()
        .map(|action| json!({ "what": action.what.name(), "result": action.came.name(), "detail": action.detail }))
        .collect();
    json!({ "name": vault.source.as_str(), "destination_name": vault.target.as_str(), "actions": actions })
}

const fn words(came: Came) -> &'static str {
    match came {
        Came::Done => "done",
        Came::ToDo => "to do",
        Came::AlreadySo => "already so",
        Came::Differs => "differs",
        Came::NotCarried => "not carried",
        Came::Failed => "failed",
    }
}

const fn title(what: What) -> &'static str {
    match what {
        What::Vault => "vault",
        What::Key => "key",
        What::Tags => "tags",
        What::AccessPolicy => "access policy",
        What::PolicyStatement => "  statement",
        What::Notifications => "notifications",
        What::Lock => "lock",
    }
}
