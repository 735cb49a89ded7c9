//! The options that every command has.

use std::path::PathBuf;

use super::numbers;
use crate::config;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options everywhere")]
pub struct Global {
    /// AWS Region [default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, then us-east-1]
    #[arg(long, global = true)]
    pub region: Option<sav_domain::Region>,
    /// Profile for the source account, in the SDK's config and credentials files
    #[arg(long, global = true, value_name = "PROFILE")]
    pub source_profile: Option<String>,
    /// Profile for the destination account, in the same files
    #[arg(long, global = true, value_name = "PROFILE")]
    pub dest_profile: Option<String>,
    /// Role to assume in the source account
    #[arg(long, global = true, value_name = "ARN")]
    pub source_role_arn: Option<String>,
    /// Role to assume in the destination account
    #[arg(long, global = true, value_name = "ARN")]
    pub dest_role_arn: Option<String>,
    /// External id that the assumed roles ask for
    #[arg(long, global = true, value_name = "ID")]
    pub external_id: Option<String>,
    /// Send calls here instead of to AWS
    #[arg(long, global = true, value_name = "URL", value_parser = config::endpoint)]
    pub endpoint_url: Option<String>,
    /// Certificate authorities to trust besides the system's, in PEM form [default: AWS_CA_BUNDLE]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// How data is written to stdout (`text` is another name for `table`)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// Say more on stderr; again for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Colours on the terminal (auto: if it is one, and `NO_COLOR` is not set)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// How messages on stderr and in the log file are written
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Write the log to this file instead of to stderr
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Change nothing anywhere; say what would be done
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Ceiling of AWS Backup calls per second and account, in sum; halved when AWS throttles, then recovering
    #[arg(long, global = true, value_name = "N", default_value_t = sav_domain::operation::DOCUMENTED_CALLS_PER_SECOND, value_parser = numbers::rate, allow_negative_numbers = true)]
    pub api_rate: f64,
    /// Configuration file (TOML): every long option can stand in it, and the filter rules
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people
    #[default]
    #[value(alias = "text")]
    Table,
    /// One JSON document
    Json,
    /// One JSON document a line
    Jsonl,
    Csv,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}
