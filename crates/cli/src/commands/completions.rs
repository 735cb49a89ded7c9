//! `completions`: a shell's completions, made from the definition of the command line.

use std::io::Write;

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended};

pub fn run(asked: &Completions) -> Result<Exit, Problem> {
    let mut cli = Cli::command();
    let name = cli.get_name().to_owned();
    // The generator gives up with a panic when nobody reads on, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut cli, &name, &mut script);
    let script = mended(&name, &String::from_utf8_lossy(&script));
    let mut out = Output::to_stdout();
    ended(out.write_all(script.as_bytes()).and_then(|()| out.flush()))
}

/// For bash, `clap_complete` writes a program's name with a dash in it in two ways, and so finds nothing below a command
/// (<https://github.com/clap-rs/clap/issues/6421>). Once that is mended there, there is nothing to replace.
fn mended(name: &str, script: &str) -> String {
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}
