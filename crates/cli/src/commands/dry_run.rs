//! `--dry-run` of the commands that only read: the calls they would make.

use std::io::Write;

use sav_domain::operation::Operation;
use sav_domain::selection::VaultChoice;
use sav_domain::{AccountId, Region, Selection};
use serde_json::json;

use crate::args::OutputFormat;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, Table, ended};

/// What would be asked of AWS to read the chosen points; nothing is.
pub fn show(account: AccountId, region: &Region, selection: &Selection, output: OutputFormat) -> Result<Exit, Problem> {
    let vaults = match selection.vaults() {
        VaultChoice::All => "every vault".to_owned(),
        VaultChoice::Among(patterns) => {
            let names: Vec<&str> = patterns
                .iter()
                .map(sav_domain::selection::VaultPattern::as_str)
                .collect();
            format!("vaults {}", names.join(", "))
        }
    };
    let calls = [
        (
            Operation::GetCallerIdentity,
            "whose credentials these are".to_owned(),
            "once",
        ),
        (
            Operation::ListBackupVaults,
            format!("vaults of {account} in {region}"),
            "one call per 1,000 vaults",
        ),
        (
            Operation::ListRecoveryPointsByBackupVault,
            vaults,
            "one call per 1,000 points or less",
        ),
    ];
    let mut out = Output::to_stdout();
    let written = if output == OutputFormat::Table {
        let mut table = Table::new(["CALL", "ABOUT", "HOW OFTEN"].map(|name| (name.to_owned(), Align::Left)));
        let rows = calls.map(|(operation, about, times)| vec![operation.action(), about, times.to_owned()]);
        for row in &rows {
            table.fit(row);
        }
        table
            .write_header(&mut out)
            .and_then(|()| rows.iter().try_for_each(|row| table.write_row(&mut out, row)))
            .and_then(|()| out.flush())
    } else {
        let calls = calls.map(|(operation, about, times)| {
            json!({ "call": operation.action(), "about": about, "how_often": times, "account": account.as_str() })
        });
        writeln!(out, "{}", json!({ "dry_run": true, "calls": calls })).and_then(|()| out.flush())
    };
    ended(written)
}
