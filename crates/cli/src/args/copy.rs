//! `copy`: the options of a run.

use std::path::PathBuf;
use std::time::Duration;

use super::{Choosing, CopyTwins, Migration, Terms, numbers, offered};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # everything that can be copied, to the end; the same command again goes on where it stopped
  shuffle-aws-vaults copy --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # a change window of four hours for two applications, with the summary as JSON
  shuffle-aws-vaults copy --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --metadata-csv cmdb.csv \\
    --allowed-apmids APM0001,APM0002 --max-runtime-minutes 240 --summary-output summary.json

  # what failed for one cause, once it has been removed
  shuffle-aws-vaults copy --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest --retry-failed --cause ACCESS_DENIED")]
pub struct Copy {
    #[command(flatten)]
    pub migration: Migration,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub ledger: LedgerUse,
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    pub twins: CopyTwins,
    #[command(flatten)]
    pub telling: Telling,
    #[command(flatten)]
    pub validation: Validation,
    #[command(flatten)]
    pub choosing: Choosing,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How fast and how long")]
pub struct Pace {
    /// API calls under way at once, from 1 to 50
    #[arg(long, value_name = "N", default_value_t = 10, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub workers: u16,
    /// Copy jobs open at once [default: as many as AWS is found to take]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_in_flight: Option<u32>,
    /// Seconds between two looks at AWS's copy jobs, decimals allowed
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = numbers::seconds, allow_negative_numbers = true)]
    pub poll_interval: Duration,
    /// End after so many minutes, decimals allowed; what is not expected to end by then is not started
    #[arg(long, value_name = "MINUTES", value_parser = numbers::minutes, allow_negative_numbers = true)]
    pub max_runtime_minutes: Option<Duration>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What was done before")]
pub struct LedgerUse {
    /// Go on where the last run stopped, which is what happens anyway
    #[arg(long, conflicts_with = "reset")]
    pub resume: bool,
    /// Set the ledger aside and begin a new one; what AWS shows as copied is not copied again
    #[arg(long)]
    pub reset: bool,
    /// Copy again what has failed: everything, or what failed for the cause named by --cause
    #[arg(long)]
    pub retry_failed: bool,
    /// Only what failed for this cause, as the summary names it: `ACCESS_DENIED`, `KMS_KEY_ERROR`, …
    #[arg(long, value_name = "CATEGORY", requires = "retry_failed", value_parser = offered::causes(), hide_possible_values = true)]
    pub cause: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is told")]
pub struct Telling {
    /// Write the summary as JSON to this file at every end
    #[arg(long, value_name = "FILE")]
    pub summary_output: Option<PathBuf>,
    /// Write the report as one self-contained HTML page to this file at every end
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Run this command with a JSON event on its stdin: started, paused, resumed, window-ending, finished, failed
    #[arg(long, value_name = "COMMAND")]
    pub on_event: Option<String>,
    /// Exit with 1 if points are blocked
    #[arg(long)]
    pub fail_on_blocked: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is checked before")]
pub struct Validation {
    /// Only check whether the copies would be allowed, as `validate` does, and end
    #[arg(long, conflicts_with = "skip_validation")]
    pub validate_permissions: bool,
    /// Begin without checking
    #[arg(long)]
    pub skip_validation: bool,
}
