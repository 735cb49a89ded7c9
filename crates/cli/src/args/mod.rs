//! The command line. Every long option can also stand in the configuration file, which is read into this same definition
//! (see `config`).

mod choosing;
mod config_show;
mod copy;
#[expect(
    clippy::doc_markdown,
    reason = "these comments are the texts of `--help`, where backticks would be seen"
)]
mod global;
mod migration;
mod numbers;
mod offered;
mod own;
mod plan;
mod replicate;
mod report;
mod simulated;
mod state;
mod validate;
mod verify;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use sav_domain::SelectionSpec;

pub use choosing::Choosing;
pub use config_show::{Config, ConfigAction};
pub use copy::Copy;
pub use global::{ColorChoice, Global, LogFormat, OutputFormat};
pub use migration::{Migration, Terms};
pub use own::{Completions, Man};
pub use plan::Plan;
pub use replicate::{CopyTwins, LockMode, Replicate, Twins};
pub use report::{Report, Rows};
pub use simulated::{Demo, Mishaps, Sandbox};
pub use state::{State, StateAction, StateReset, Status, WhichLedger};
pub use validate::Validate;
pub use verify::Verify;

use crate::config;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui;
use crate::version::VERSION;

/// Moves AWS Backup recovery points to another account of the same organization: once each, in order, resumable, with
/// proof at the end.
#[derive(Debug, Parser)]
#[command(name = "shuffle-aws-vaults", version = VERSION, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Try it without an AWS account: `shuffle-aws-vaults demo`. More than this: `--help`, `man`.")]
#[command(after_long_help = ABOUT_ALL)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What stands below the options of `--help` and in the program's own manual page.
const ABOUT_ALL: &str = "\
Examples:
  # a whole migration on a simulated AWS: needs no account and leaves nothing behind
  shuffle-aws-vaults demo

  # what is in the source account?
  shuffle-aws-vaults list --source-account 111111111111 --source-profile source --summary

  # what would be copied, what not and why, and how long will it take at least?
  shuffle-aws-vaults plan --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # copy; the same command again goes on where it stopped
  shuffle-aws-vaults copy --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

  # did everything arrive, once, as it was?
  shuffle-aws-vaults verify --source-account 111111111111 --source-profile source \\
    --dest-account 222222222222 --dest-profile dest

Exit codes:
  0  all done, nothing failed
  1  an error, a failed point, a parked group, a failed check, a mismatch, wrong usage
  2  incomplete: a signal, the end of the window, a pause; the same command again goes on

Environment:
  AWS_PROFILE                               the profile of both accounts, where none is named
  AWS_REGION, AWS_DEFAULT_REGION            the Region, where --region is not given
  AWS_CONFIG_FILE                           instead of ~/.aws/config
  AWS_SHARED_CREDENTIALS_FILE               instead of ~/.aws/credentials
  AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_BACKUP where calls go, where --endpoint-url is not given
  AWS_CA_BUNDLE                             certificate authorities, where --ca-bundle is not given
  HTTPS_PROXY, NO_PROXY                     the way out
  NO_COLOR                                  no colours

Files:
  ~/.aws/config, ~/.aws/credentials
      profiles, as every AWS tool reads them
  ~/.shuffle-aws-vaults/state_{source}_{dest}_{region}.db
      the ledger of a migration, an SQLite database";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What is in the source account?
    List(List),
    /// What would a selection pick, and why is the rest out?
    Filter(Filter),
    /// What would be copied, skipped, blocked; how long will it take at least? Writes the plan into the ledger
    Plan(Box<Plan>),
    /// Where does the migration stand, and when will it end? (safe while a copy runs)
    Status(Status),
    /// The ledger: show, export, import, reset, history
    State(State),
    /// Make the destination's vaults like the source's; `--dry-run` shows the difference
    Replicate(Box<Replicate>),
    /// Would the copies be allowed? Permissions, identities, vaults, locks, keys, policies
    Validate(Box<Validate>),
    /// Copy what is to be copied: once each, in order, resumable; plans anew first
    Copy(Box<Copy>),
    /// Did everything arrive, once, as it was?
    Verify(Box<Verify>),
    /// The migration as JSON, CSV or one self-contained HTML page
    Report(Report),
    /// A local AWS Backup with realistic data, to try things out and to test against
    Sandbox(Sandbox),
    /// What the tool does, shown on a sandbox of its own; needs nothing but the binary
    Demo(Demo),
    /// What a command would run with: every option, its value and where it comes from
    Config(Config),
    /// Completions for a shell: bash, zsh, fish, powershell, elvish
    Completions(Completions),
    /// Manual pages
    Man(Man),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # everything, as a table
  shuffle-aws-vaults list --source-account 111111111111 --source-profile source

  # what the vaults hold, in sum
  shuffle-aws-vaults list --source-account 111111111111 --source-profile source --summary

  # the EBS snapshots of the production vaults, one JSON object a line
  shuffle-aws-vaults list --source-account 111111111111 --vault 'prod-*' \\
    --resource-type EBS --output jsonl")]
pub struct List {
    #[command(flatten)]
    pub source: SourceAccount,
    /// Show vaults and resource types with their sums instead of the points
    #[arg(long)]
    pub summary: bool,
    #[command(flatten)]
    pub choosing: Choosing,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # how much belongs to two applications, and why the rest is out
  shuffle-aws-vaults filter --source-account 111111111111 --metadata-csv cmdb.csv \\
    --allowed-apmids APM0001,APM0002

  # the points that are out, with their reasons
  shuffle-aws-vaults filter --source-account 111111111111 --min-size-gb 10 \\
    --output json | jq '.excluded[]'")]
pub struct Filter {
    #[command(flatten)]
    pub source: SourceAccount,
    #[command(flatten)]
    pub choosing: Choosing,
}

#[derive(Debug, clap::Args)]
pub struct SourceAccount {
    /// The account to read: twelve digits
    #[arg(long, value_name = "ACCOUNT_ID")]
    pub source_account: sav_domain::AccountId,
}

/// What the command line and the configuration file say together.
#[derive(Debug)]
pub struct Invocation {
    pub global: Global,
    pub command: Command,
    /// The choosing options and rules of the configuration file, for what the command line leaves open.
    pub configured: SelectionSpec,
    /// The command line as it was typed.
    pub words: Vec<OsString>,
}

/// Why there is nothing to run: help was asked for, or the usage is wrong.
#[derive(Debug)]
pub enum Usage {
    Clap(clap::Error),
    Config(Problem),
}

impl Usage {
    pub fn show(self) -> Exit {
        match self {
            Self::Clap(error) => {
                let printed = error.print();
                if error.use_stderr() {
                    return Exit::Failed;
                }
                // Help and version are data: there they are lost only if nobody reads them.
                ui::ended(printed).unwrap_or_else(|problem| {
                    ui::say(format_args!("error: {problem}"));
                    Exit::Failed
                })
            }
            Self::Config(problem) => {
                ui::say(format_args!("error: {problem}"));
                Exit::Failed
            }
        }
    }
}

/// Reads the command line, and the configuration file that it names.
pub fn parse(words: impl Iterator<Item = OsString>) -> Result<Invocation, Usage> {
    let words: Vec<OsString> = words.collect();
    let command = Cli::command();
    let (completed, configured) = match config::file_named_by(&words) {
        // It belongs to the command line that is shown, and is read with it.
        Some(_) if config::is_shown_by(&command, &words) => (words.clone(), SelectionSpec::default()),
        Some(file) => {
            let config = config::read(&file).map_err(Usage::Config)?;
            let completed = config.complete(&command, words.clone()).map_err(Usage::Config)?;
            (completed, config.selection)
        }
        None => (words.clone(), SelectionSpec::default()),
    };
    let cli = command
        .try_get_matches_from(completed)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(Usage::Clap)?;
    Ok(Invocation {
        global: cli.global,
        command: cli.command,
        configured,
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    fn parsed(line: &str) -> Result<Invocation, Usage> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for line in [
            "sav --output json list --source-account 111111111111",
            "sav list --source-account 111111111111 --output json",
        ] {
            assert_eq!(parsed(line).unwrap().global.output, OutputFormat::Json);
        }
    }

    #[test]
    fn text_is_another_name_for_table() {
        let invocation = parsed("sav list --source-account 111111111111 --output text").unwrap();
        assert_eq!(invocation.global.output, OutputFormat::Table);
    }

    #[test]
    fn an_account_is_twelve_digits() {
        for account in [
            "1",
            "11111111111",
            "1111111111111",
            "11111111111a",
            "１１１１１１１１１１１１",
        ] {
            let Err(Usage::Clap(error)) = parsed(&format!("sav list --source-account {account}")) else {
                panic!("{account} was taken");
            };
            assert!(error.to_string().contains("not an AWS account id"), "{error}");
        }
    }
}
