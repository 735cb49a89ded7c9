//! `sandbox` and `demo`: the options that make a simulated world.

use std::path::PathBuf;
use std::time::Duration;

use super::numbers;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # a hundred thousand points, the same ones every time
  shuffle-aws-vaults sandbox --points 100000 --seed 7

  # a day passes in a minute and a half
  shuffle-aws-vaults sandbox --time-factor 1000

  # a bad day: throttled as AWS throttles, one answer in a hundred lost, tokens that last five minutes
  shuffle-aws-vaults sandbox --published-rates --lost-answers 0.01 --token-lifetime 5")]
pub struct Sandbox {
    /// Recovery points in the source account, 2000000 at most
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    pub points: u32,
    /// Vaults in the source account, 300 at most
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub vaults: u32,
    /// Points of one resource at most: they are copied one at a time
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub longest_chain: u32,
    /// The destination has its vaults already: like-named, under a key of its own, open for copies from the source
    #[arg(long)]
    pub dest_vaults: bool,
    /// Which share of the points the destination has already, from 0 to 1; implies its vaults
    #[arg(long, value_name = "SHARE", value_parser = numbers::share, allow_negative_numbers = true)]
    pub dest_copies: Option<f64>,
    /// Nothing odd: every point is complete, warm, far from its expiry, and may be copied
    #[arg(long)]
    pub plain: bool,
    /// Which world: the same seed makes the same one
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many times as fast as ours its time runs
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = numbers::factor, allow_negative_numbers = true)]
    pub time_factor: f64,
    /// The port on 127.0.0.1 to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Where to write `credentials`, `config` and `metadata.csv` [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// How copy jobs behave: fleet settings as JSON
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,
    #[command(flatten)]
    pub mishaps: Mishaps,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What goes wrong")]
pub struct Mishaps {
    /// Throttle calls beyond the rates that AWS publishes
    #[arg(long)]
    pub published_rates: bool,
    /// Which share of the calls is throttled however few they are, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = numbers::share, allow_negative_numbers = true)]
    pub throttle: Option<f64>,
    /// Which share of the calls takes effect and has no answer, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = numbers::share, allow_negative_numbers = true)]
    pub lost_answers: Option<f64>,
    /// Which share of the calls ends with a reset connection before anything happened, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = numbers::share, allow_negative_numbers = true)]
    pub resets: Option<f64>,
    /// The profiles' session tokens expire after so long; as long after that, but ten seconds at most, new ones are in the file
    /// [default: they do not expire]
    #[arg(long, value_name = "MINUTES", value_parser = numbers::minutes, allow_negative_numbers = true)]
    pub token_lifetime: Option<Duration>,
    /// Anything else, and when: a fault plan as JSON
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # a minute to watch
  shuffle-aws-vaults demo

  # seconds, and the report and the ledger to look at afterwards
  shuffle-aws-vaults demo --fast --keep demo-migration

  # another world
  shuffle-aws-vaults demo --fast --seed 8")]
pub struct Demo {
    /// Do not wait for anybody to read, and be content with a small world
    #[arg(long)]
    pub fast: bool,
    /// Recovery points in the sandbox [default: 5000, with --fast 1500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub points: Option<u32>,
    /// Which world: the same seed makes the same one
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Work in this folder, which is made and stays [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
}
