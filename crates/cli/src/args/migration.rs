//! Which migration: its two ends, where its ledger lies, and what is asked of AWS for every copy.

use std::path::PathBuf;

use sav_domain::AccountId;
use sav_domain::retention::Retention;
use sav_domain::vault_map::Renamed;

#[derive(Clone, Debug, clap::Args)]
pub struct Migration {
    /// The account to copy from: twelve digits
    #[arg(long, value_name = "ACCOUNT_ID")]
    pub source_account: AccountId,
    /// The account to copy to: twelve digits
    #[arg(long, value_name = "ACCOUNT_ID")]
    pub dest_account: AccountId,
    /// The ledger [default: ~/.shuffle-aws-vaults/state_{source}_{dest}_{region}.db]
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "What is asked of AWS")]
pub struct Terms {
    /// How long the copies are kept: as long as their sources, without an end, or days from the source's creation on
    #[arg(
        long,
        value_name = "source|none|DAYS",
        default_value = "source",
        allow_negative_numbers = true
    )]
    pub lifecycle: Retention,
    /// Copies of this vault's points go into a vault of another name; repeatable, comma-separated
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',')]
    pub vault_map: Vec<Renamed>,
    /// The role that AWS Backup copies under [default: the source account's service-role/AWSBackupDefaultServiceRole]
    #[arg(long, value_name = "ARN")]
    pub copy_role_arn: Option<String>,
    /// Without credentials for the destination: nothing is looked at there, and what is in doubt stays so
    #[arg(long, conflicts_with_all = ["dest_profile", "dest_role_arn"])]
    pub source_only: bool,
}
