//! `validate`: the options.

use super::{Choosing, Migration, Terms};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # would the copies be allowed? Every check, with what to do about those that fail
  shuffle-aws-vaults validate --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # what failed, for a script
  shuffle-aws-vaults validate --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --output json \\
    | jq '.checks[] | select(.result == \"failed\")'")]
pub struct Validate {
    #[command(flatten)]
    pub migration: Migration,
    /// Vaults that are missing in the destination will not be created: they fail
    #[arg(long)]
    pub no_replicate: bool,
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    pub choosing: Choosing,
}
