//! `completions` and `man`: what the program tells of itself.

use std::path::PathBuf;

use clap_complete::Shell;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # bash, for this user; the next shell has them
  shuffle-aws-vaults completions bash \\
    > ~/.local/share/bash-completion/completions/shuffle-aws-vaults

  # zsh: into any folder of $fpath, named after the command with a `_` in front
  shuffle-aws-vaults completions zsh > ~/.zfunc/_shuffle-aws-vaults

  # fish
  shuffle-aws-vaults completions fish > ~/.config/fish/completions/shuffle-aws-vaults.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # the page of one command
  shuffle-aws-vaults man copy | man -l -

  # all pages, where `man shuffle-aws-vaults-copy` finds them
  shuffle-aws-vaults man --dir ~/.local/share/man/man1")]
pub struct Man {
    /// The command whose page it is: `copy`, `state reset`, …; none: the program's own
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write all pages into this folder, which is made if it is not there
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}
