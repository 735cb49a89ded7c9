//! `replicate`, and what `copy` does of it by itself.

use std::path::PathBuf;

use sav_domain::copy_tags::CopyTags;
use sav_domain::vault::VaultName;
use sav_domain::vault_map::Renamed;

use super::Migration;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # what the destination's vaults lack; nothing is changed
  shuffle-aws-vaults replicate --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --dry-run

  # twins under a key of the destination's, the vault of EFS under a name that can be created
  shuffle-aws-vaults replicate --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest \\
    --kms-key-arn arn:aws:kms:us-east-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab \\
    --vault-map aws/efs/automatic-backup-vault=efs-automatic

  # at the very end, after `verify`: locked for ever
  shuffle-aws-vaults replicate --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --vault compliance-locked \\
    --lock-mode compliance --changeable-for-days 14 --confirm-lock compliance-locked")]
pub struct Replicate {
    #[command(flatten)]
    pub migration: Migration,
    /// Vaults by name or pattern (`*`, `?`); repeatable, comma-separated; none means all
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub vault: Option<Vec<String>>,
    /// This vault's twin has another name; repeatable, comma-separated; remembered for every later command
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',')]
    pub vault_map: Vec<Renamed>,
    /// The role that copies run under [default: the source account's service-role/AWSBackupDefaultServiceRole]
    #[arg(long, value_name = "ARN")]
    pub copy_role_arn: Option<String>,
    #[command(flatten)]
    pub twins: Twins,
    /// With --lock-mode compliance: for so many days the lock can still be removed, and then never again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(3..=36_500))]
    pub changeable_for_days: Option<i64>,
    /// With --lock-mode compliance: the destination vault to lock, its name repeated; repeatable, comma-separated
    #[arg(long, value_name = "VAULT", value_delimiter = ',', value_parser = vault_name)]
    pub confirm_lock: Vec<VaultName>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "The destination's vaults")]
pub struct Twins {
    /// The KMS key of vaults that are created; it can never be changed later
    #[arg(long, value_name = "ARN")]
    pub kms_key_arn: Option<String>,
    /// Keys of vaults that are created: `FROM=KEY_ARN` a line, FROM being a source vault's name or the ARN of its key
    #[arg(long, value_name = "FILE")]
    pub kms_map: Option<PathBuf>,
    /// What becomes of the retention range of a locked source vault
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    pub lock_mode: LockMode,
    /// Where twins tell what happens in them: a topic of the destination, or `same` for the one of the source topic's name
    #[arg(long, value_name = "ARN|same")]
    pub sns_topic: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LockMode {
    /// A lock that can be removed
    #[default]
    Governance,
    /// For ever; `replicate` only, with --confirm-lock
    Compliance,
    /// No lock
    None,
}

/// What `copy` does of `replicate`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The destination's vaults")]
pub struct CopyTwins {
    #[command(flatten)]
    pub twins: Twins,
    /// Leave the destination's vaults as they are
    #[arg(long)]
    pub no_replicate: bool,
    /// Columns of the metadata table that are put as tags on the copies once they have arrived, comma-separated
    #[arg(long, value_name = "COLUMN,...", conflicts_with = "source_only")]
    pub tag_copies: Option<CopyTags>,
}

fn vault_name(text: &str) -> Result<VaultName, String> {
    VaultName::new(text).ok_or_else(|| "a vault's name was expected".to_owned())
}
