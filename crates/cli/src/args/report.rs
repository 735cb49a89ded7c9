//! `report`: the migration as a document.

use std::path::PathBuf;

use clap::ValueEnum;

use super::WhichLedger;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # one page that opens without a network, to send to whoever was not there
  shuffle-aws-vaults report --html report.html --state-file migration.db

  # what failed and why, for a spreadsheet
  shuffle-aws-vaults report --output csv --rows failures --state-file migration.db")]
pub struct Report {
    #[command(flatten)]
    pub ledger: WhichLedger,
    /// Write one self-contained HTML page to this file; `-`: stdout
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What the rows of --output csv are
    #[arg(long, value_enum, default_value_t = Rows::Points, conflicts_with = "html")]
    pub rows: Rows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// Every point and where it stands
    Points,
    /// What failed, with AWS's own words
    Failures,
}
