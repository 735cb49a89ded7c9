//! `plan`: the options.

use super::{Choosing, Migration, Terms};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # what would happen to every point, how long it takes at least, and why
  shuffle-aws-vaults plan --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # what is blocked, with what would unblock it
  shuffle-aws-vaults plan --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --output json \\
    | jq '.points[] | select(.verdict == \"blocked\")'

  # the default vault and the one of EFS under names that can be created
  shuffle-aws-vaults plan --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest \\
    --vault-map Default=legacy,aws/efs/automatic-backup-vault=efs-automatic")]
pub struct Plan {
    #[command(flatten)]
    pub migration: Migration,
    /// Exit with 1 if points are blocked
    #[arg(long)]
    pub fail_on_blocked: bool,
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    pub choosing: Choosing,
}
