//! `config show`: the options.

use std::ffi::OsString;

use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub struct Config {
    #[command(subcommand)]
    pub action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Every option, the value it would have, and where that comes from
    Show(ConfigShow),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is asked of AWS. Secrets are masked: keys and tokens of the environment, passwords in
URLs, the arguments of --on-event.

Examples:
  # the options that every command has, and what the environment says
  shuffle-aws-vaults config show

  # what this very `copy` would run with, the configuration file included
  shuffle-aws-vaults config show --config sav.toml copy --max-runtime-minutes 240

  # where does the Region come from?
  shuffle-aws-vaults config show --output json list \\
    | jq '.options[] | select(.option == \"--region\")'")]
pub struct ConfigShow {
    /// The command with its options, as it would be typed; options of `config show` itself stand before it
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub line: Vec<OsString>,
}
