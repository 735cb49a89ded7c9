//! The command line that is shown: read as it would be if it were run, except that nothing has to be complete.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};

use super::masked::masked;
use super::{Setting, Source};
use crate::args::Cli;
use crate::config::{self, Config};
use crate::problem::Problem;

/// The key of the file's rules, which are no option.
const RULES: &str = "filter";

/// What a command line and its configuration file say.
#[derive(Debug)]
pub struct Line {
    pub command: Option<String>,
    pub settings: Vec<Setting>,
    pub missing: Vec<String>,
}

/// The line that the words of `config show` name; wrong usage of it is clap's to tell.
pub fn read(words: &[OsString]) -> Result<Result<Line, clap::Error>, Problem> {
    let cli = Cli::command().subcommand_required(false).arg_required_else_help(false);
    let words = without_commands(&cli, words, &["config", "show"]);
    let config = config::file_named_by(&words)
        .map(|file| config::read(&file))
        .transpose()?;
    let complete = match &config {
        Some(config) => config.complete(&cli, words.clone())?,
        None => words.clone(),
    };
    let (matches, missing) = match cli.clone().try_get_matches_from(&complete) {
        Ok(matches) => (matches, Vec::new()),
        Err(error) => match (
            missing(&error),
            cli.clone().ignore_errors(true).try_get_matches_from(&complete),
        ) {
            (Some(missing), Ok(matches)) => (matches, missing),
            _ => return Ok(Err(error)),
        },
    };
    let mut built = cli.clone();
    built.build();
    let (mut command, mut matches, mut names) = (&built, &matches, Vec::new());
    while let Some((name, of_command)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else {
            break;
        };
        (command, matches) = (found, of_command);
        names.push(name.to_owned());
    }
    let of_file = match &config {
        Some(config) => of_file(config, &cli, &words, command, matches)?,
        None => Vec::new(),
    };
    let mut settings: Vec<Setting> = command
        .get_arguments()
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
        .map(|arg| setting(arg, matches, &of_file))
        .collect();
    // The file's rules are no option, and what it says of other commands is of interest only when none is named.
    let further = of_file.into_iter().filter(|set| {
        let is_listed = settings.iter().any(|listed| listed.option == set.option);
        !is_listed && (names.is_empty() || set.option == RULES && takes_choosing(command))
    });
    let further: Vec<Setting> = further.collect();
    settings.extend(further);
    Ok(Ok(Line {
        command: (!names.is_empty()).then(|| names.join(" ")),
        settings,
        missing,
    }))
}

/// Commands that choose points honour the file's rules.
fn takes_choosing(command: &Command) -> bool {
    command
        .get_arguments()
        .any(|arg| arg.get_long() == Some("on-missing-metadata"))
}

/// What is missing, if that is all that is wrong.
fn missing(error: &clap::Error) -> Option<Vec<String>> {
    match error.kind() {
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Some(vec!["a command of its own".to_owned()])
        }
        ErrorKind::MissingRequiredArgument => Some(match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) => missing.clone(),
            Some(ContextValue::String(missing)) => vec![missing.clone()],
            _ => Vec::new(),
        }),
        _ => None,
    }
}

/// What of the file is used.
fn of_file(
    config: &Config,
    cli: &Command,
    words: &[OsString],
    command: &Command,
    matches: &ArgMatches,
) -> Result<Vec<Setting>, Problem> {
    let file = config.file.display().to_string();
    let used = config.additions(cli, words)?.into_iter().map(|(entry, _)| entry);
    // The choosing options never become words of the command line.
    let typed = |key: &str| {
        let mut args = command.get_arguments().filter(|arg| arg.get_long() == Some(key));
        args.any(|arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine))
    };
    let choosing = config.choosing.iter().filter(|entry| !typed(&entry.key));
    let setting = |entry: &config::Entry| Setting {
        option: if entry.key == RULES {
            entry.key.clone()
        } else {
            format!("--{}", entry.key)
        },
        value: Some(masked(&entry.key, &in_words(&entry.value))),
        source: Source::File {
            file: file.clone(),
            line: entry.line,
        },
    };
    Ok(used.chain(choosing).map(setting).collect())
}

fn in_words(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) if values.iter().all(|value| !value.is_table()) => {
            let words: Vec<String> = values.iter().map(in_words).collect();
            words.join(",")
        }
        value => value.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn setting(arg: &Arg, matches: &ArgMatches, of_file: &[Setting]) -> Setting {
    let id = arg.get_id().as_str();
    let option = match (arg.get_long(), arg.get_value_names()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some([name, ..])) => name.to_string(),
        (None, _) => id.to_owned(),
    };
    if let Some(Setting { value, source, .. }) = of_file.iter().find(|set| set.option == option) {
        return Setting {
            option,
            value: value.clone(),
            source: source.clone(),
        };
    }
    let values = matches.get_raw(id).into_iter().flatten();
    let values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
    let value = (!values.is_empty()).then(|| masked(option.trim_start_matches('-'), &values.join(",")));
    let source = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Source::CommandLine,
        Some(_) => Source::Default,
        None => Source::Unset,
    };
    Setting { option, value, source }
}

/// The words without these commands, one below the other. A profile may be called like a command.
fn without_commands(cli: &Command, words: &[OsString], commands: &[&str]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    kept.extend(words.next().cloned());
    let mut commands = commands.iter().peekable();
    while let Some(word) = words.next() {
        if commands.next_if(|command| word == OsStr::new(command)).is_some() {
            continue;
        }
        kept.push(word.clone());
        if commands.peek().is_some() && takes_next(cli, word) {
            kept.extend(words.next().cloned());
        }
    }
    kept
}

/// `--region` takes the next word, `--region=x` and `-v` do not.
fn takes_next(cli: &Command, word: &OsStr) -> bool {
    let long = word.to_str().and_then(|word| word.strip_prefix("--"));
    let option = long.and_then(|long| cli.get_arguments().find(|arg| arg.get_long() == Some(long)));
    option.is_some_and(|option| option.get_action().takes_values())
}
