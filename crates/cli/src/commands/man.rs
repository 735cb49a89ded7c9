//! `man`: manual pages, made from the definition of the command line, so that they say what `--help` says.

use std::io::{self, Write};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use sav_domain::text::{did_you_mean, near_names, quoted};

use crate::args::{self, Cli};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, ended};
use crate::version::DATE;

pub fn run(asked: &args::Man) -> Result<Exit, Problem> {
    let cli = built();
    let mut out = Output::to_stdout();
    if let Some(folder) = &asked.dir {
        let written = write_all(&cli, folder).map_err(|error| {
            Problem::new(format!("the manual pages cannot be written to `{}`", folder.display()))
                .because(error.to_string())
                .help("name a folder that can be written with --dir")
        })?;
        return ended(writeln!(out, "{written} pages in {}", folder.display()).and_then(|()| out.flush()));
    }
    let mut command = &cli;
    for word in &asked.command {
        command = command.find_subcommand(word).ok_or_else(|| unknown(command, word))?;
    }
    ended(
        page(command)
            .and_then(|page| out.write_all(&page))
            .and_then(|()| out.flush()),
    )
}

/// With the options that every command has under every command.
fn built() -> Command {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    cli
}

fn unknown(command: &Command, word: &str) -> Problem {
    let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let near = did_you_mean(&near_names(word, known.iter().copied()));
    let problem = Problem::new(format!("there is no command {}{near}", quoted(word)));
    match known.as_slice() {
        [] => problem.help(format!("`{}` has no commands of its own", command.get_name())),
        known => problem.help(format!("the commands are {}", known.join(", "))),
    }
}

fn write_all(cli: &Command, folder: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut commands = vec![cli];
    let mut written = 0;
    while let Some(command) = commands.pop() {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        std::fs::write(folder.join(format!("{name}.1")), page(command)?)?;
        written += 1;
        commands.extend(command.get_subcommands());
    }
    Ok(written)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .date(DATE)
        // Short, because the footer has three of these in a row.
        .source(concat!("shuffle-aws-vaults ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis(command).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    further_sections(command).to_writer(&mut page)?;
    Ok(in_plain_roff(&String::from_utf8_lossy(&page)).into_bytes())
}

/// The usage as `--help` has it. Clap's own synopsis names every option, forty of them in a row.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for line in usage.trim_start_matches("Usage: ").lines() {
        roff.text([roman(line.trim())]);
    }
    roff
}

/// Old renderers read ASCII only, and the strict ones want one empty line where clap breaks the line twice.
fn in_plain_roff(page: &str) -> String {
    let in_ascii = |c: char| {
        if c.is_ascii() {
            c.to_string()
        } else {
            format!("\\[u{:04X}]", u32::from(c))
        }
    };
    let plain: String = page.chars().map(in_ascii).collect();
    plain.replace("\n.br\n\n.br\n", "\n.sp\n")
}

/// What `--help` has below the options: a title with a colon at the beginning of a line, and its lines as they stand.
fn further_sections(command: &Command) -> Roff {
    let text = command.get_after_long_help().or_else(|| command.get_after_help());
    let text = text.map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    let mut lines = text.trim_end().lines().peekable();
    while let Some(line) = lines.next() {
        let Some(title) = title_of(line) else {
            // Prose, before any title.
            roff.control("SH", ["NOTES"]).text([roman(line)]);
            while let Some(line) = lines.next_if(|line| title_of(line).is_none()) {
                roff.text([roman(line)]);
            }
            continue;
        };
        roff.control("SH", [title.to_uppercase().as_str()]).control("nf", []);
        while let Some(line) = lines.next_if(|line| title_of(line).is_none()) {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff
}

fn title_of(line: &str) -> Option<&str> {
    let title = line.strip_suffix(':')?;
    (!title.starts_with(' ') && title.len() < 30).then_some(title)
}
