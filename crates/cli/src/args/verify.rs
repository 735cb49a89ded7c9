//! `verify`: the options.

use std::path::PathBuf;

use sav_domain::AccountId;
use sav_domain::retention::Retention;
use sav_domain::vault_map::Renamed;

use super::Choosing;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # did everything that the ledger knows of arrive, once, as it was?
  shuffle-aws-vaults verify --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # the same for two vaults without a ledger, with a document for the auditor
  shuffle-aws-vaults verify --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --no-ledger --vault 'prod-*' \\
    --evidence evidence.jsonl

  # is the document as it was written? (needs no account)
  shuffle-aws-vaults verify --check-evidence evidence.jsonl")]
pub struct Verify {
    /// The account that was copied from: twelve digits
    #[arg(long, value_name = "ACCOUNT_ID", required_unless_present = "check_evidence")]
    pub source_account: Option<AccountId>,
    /// The account that was copied to: twelve digits
    #[arg(long, value_name = "ACCOUNT_ID", required_unless_present = "check_evidence")]
    pub dest_account: Option<AccountId>,
    /// The ledger [default: ~/.shuffle-aws-vaults/state_{source}_{dest}_{region}.db, if there is one]
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<PathBuf>,
    /// Compare what both accounts list, also if there is a ledger
    #[arg(long, conflicts_with_all = ["state_file", "repair"])]
    pub no_ledger: bool,
    /// Tell of every point, also of those that are as they should be
    #[arg(long)]
    pub all: bool,
    /// Look at N of the verified copies one by one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub deep: usize,
    /// Put what is missing back into the queue; `copy` copies it again
    #[arg(long)]
    pub repair: bool,
    /// Write every finding into this file, for an auditor
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    /// Only check that such a file is as it was written
    #[arg(long, value_name = "FILE", conflicts_with_all = ["evidence", "repair", "deep", "all", "no_ledger"])]
    pub check_evidence: Option<PathBuf>,
    #[command(flatten)]
    pub asked: Asked,
    #[command(flatten)]
    pub choosing: Choosing,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What was asked of AWS")]
pub struct Asked {
    /// How long the copies are to be kept, as `copy` was told
    #[arg(long, value_name = "source|none|DAYS", default_value = "source")]
    pub lifecycle: Retention,
    /// Copies of this vault's points went into a vault of another name; repeatable, comma-separated
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',')]
    pub vault_map: Vec<Renamed>,
}
