//! `status` and `state`: the commands that work on the ledger alone.

use std::path::PathBuf;

use clap::Subcommand;
use sav_domain::AccountId;

/// Which ledger: that of two accounts in a Region, or a file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which ledger")]
pub struct WhichLedger {
    /// The account that is copied from: twelve digits
    #[arg(long, global = true, value_name = "ACCOUNT_ID")]
    pub source_account: Option<AccountId>,
    /// The account that is copied to: twelve digits
    #[arg(long, global = true, value_name = "ACCOUNT_ID")]
    pub dest_account: Option<AccountId>,
    /// The ledger itself [default: `~/.shuffle-aws-vaults/state_{source}_{dest}_{region}.db`]
    #[arg(long, global = true, value_name = "PATH")]
    pub state_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # safe while a copy runs; asks nothing of AWS
  shuffle-aws-vaults status --source-account 111111111111 --dest-account 222222222222

  # when will it end?
  shuffle-aws-vaults status --state-file migration.db --output json | jq .forecast")]
pub struct Status {
    #[command(flatten)]
    pub ledger: WhichLedger,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # what the ledger holds
  shuffle-aws-vaults state show --source-account 111111111111 --dest-account 222222222222

  # the whole of it as one JSON document, to keep, to read or to edit
  shuffle-aws-vaults state export migration.json --state-file migration.db")]
pub struct State {
    #[command(flatten)]
    pub ledger: WhichLedger,
    #[command(subcommand)]
    pub action: StateAction,
}

#[derive(Debug, Subcommand)]
pub enum StateAction {
    /// What the ledger holds, or one point's whole story
    Show(StateShow),
    /// The plans and the windows, over time
    #[command(after_help = "\
Example:
  # when was it planned and copied, for how long, and with what outcome?
  shuffle-aws-vaults state history --state-file migration.db")]
    History,
    /// Write the whole ledger as one JSON document
    Export(StateExport),
    /// Make a ledger of such a document, edited or not
    Import(StateImport),
    /// Forget: everything, or a part of it
    Reset(StateReset),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # how much of what, and the last events
  shuffle-aws-vaults state show --state-file migration.db

  # one point from its plan to its copy, with AWS's own words
  shuffle-aws-vaults state show --state-file migration.db --point \\
    arn:aws:backup:eu-west-1:111111111111:recovery-point:00000001-0000-4000-8000-000000000000")]
pub struct StateShow {
    /// One point: its attempts, its events, and AWS's own words
    #[arg(long, value_name = "ARN")]
    pub point: Option<String>,
    /// How many of the last events to show
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "point")]
    pub events: usize,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # to keep, also while a copy runs: it is the ledger of one moment
  shuffle-aws-vaults state export migration.json --state-file migration.db

  # packed on the way
  shuffle-aws-vaults state export - --state-file migration.db | gzip > migration.json.gz")]
pub struct StateExport {
    /// The file to write; `-`: stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  # a ledger under another name, to look at on another machine; one that is there is not replaced
  shuffle-aws-vaults state import migration.json --state-file restored.db")]
pub struct StateImport {
    /// The document to read; `-`: stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without a part named, everything is forgotten: the ledger is put aside under another name, and the
next plan begins anew. What has been copied is still found in the destination, and not copied again.

Examples:
  # what would be forgotten?
  shuffle-aws-vaults state reset --inventory --state-file migration.db --dry-run

  # try again what failed
  shuffle-aws-vaults state reset --failed --state-file migration.db")]
pub struct StateReset {
    /// Points that no copy was ever asked for
    #[arg(long, group = "part")]
    pub inventory: bool,
    /// That transfers failed: they go back into the queue, partial ones too
    #[arg(long, group = "part")]
    pub failed: bool,
    /// A vault's points that have not arrived and are not under way
    #[arg(long, group = "part", value_name = "NAME")]
    pub vault: Option<String>,
    /// Do not ask before everything is forgotten
    #[arg(long)]
    pub yes: bool,
}
