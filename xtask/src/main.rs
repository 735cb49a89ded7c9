//! The project's own chores: `cargo xtask <chore>`.

mod dist;
mod layers;

use std::process::ExitCode;

const HELP: &str = "usage: cargo xtask <chore>

chores:
  layers    prove that the crates depend on each other, and on outside crates, only along the arrows
  dist      pack what a user downloads: binary, completions, manual pages, documents, licences, checksums
            [--binary PATH: this one instead of a release build] [--out FOLDER: instead of dist]";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let chore = words.next();
    let done = match chore.as_deref() {
        Some("dist") => dist::run(words),
        Some("layers") => layers::check(),
        Some(other) => Err(format!("there is no chore `{other}`\n\n{HELP}")),
        None => Err(HELP.to_owned()),
    };
    match done {
        Ok(report) => {
            say(&report);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            complain(&problem);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a chore talks to the person who runs it")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a chore talks to the person who runs it")]
fn complain(text: &str) {
    eprintln!("error: {text}");
}
