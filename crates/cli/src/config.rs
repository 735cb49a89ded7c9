//! The configuration file: TOML, its keys the long options' names.
//!
//! Options become words of the command line, put in where the command line itself does not name them. So there is one
//! definition of every option, one parser of values, and the command line wins. The choosing options and the rules of the
//! `[filter]` table are a selection of their own, completed the same way.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use sav_domain::SelectionSpec;
use sav_domain::text::near_names;
use serde::Deserialize;
use toml::de::DeTable;

use crate::problem::Problem;

#[derive(Debug)]
pub struct Config {
    pub file: PathBuf,
    options: Vec<Entry>,
    /// The choosing options and rules: as they stand in the file, and what they come to.
    pub choosing: Vec<Entry>,
    pub selection: SelectionSpec,
}

/// A key of the file: a long option's name.
#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub line: usize,
    pub value: toml::Value,
}

/// `--config FILE` or `--config=FILE`, wherever it stands before a `--`.
pub fn file_named_by(words: &[OsString]) -> Option<PathBuf> {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().map(PathBuf::from);
        }
        if let Some(file) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(PathBuf::from(file));
        }
    }
    None
}

pub fn read(file: &Path) -> Result<Config, Problem> {
    let unreadable =
        |why: String| Problem::new(format!("the configuration file `{}` cannot be read", file.display())).because(why);
    let text = std::fs::read_to_string(file).map_err(|error| {
        unreadable(error.to_string()).help("name an existing TOML file with --config, or leave the option out")
    })?;
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Config, Problem> {
    let wrong = |error: &toml::de::Error| {
        Problem::new(format!("the configuration file `{}` is not valid", file.display()))
            .because(error.to_string().trim_end().to_owned())
    };
    let table: toml::Table = text.parse().map_err(|error| wrong(&error))?;
    let chooses = |key: &str| SelectionSpec::KEYS.contains(&key.replace('_', "-").as_str());
    let written: toml::Table = table.clone().into_iter().filter(|(key, _)| chooses(key)).collect();
    let selection = SelectionSpec::deserialize(written).map_err(|error| wrong(&error))?;
    let lines = lines(text);
    let entries = table.into_iter().map(|(key, value)| Entry {
        line: lines.get(&key).copied().unwrap_or_default(),
        key: key.replace('_', "-"),
        value,
    });
    let (choosing, options) = entries.partition(|entry| chooses(&entry.key));
    Ok(Config {
        file: file.to_path_buf(),
        options,
        choosing,
        selection,
    })
}

/// Where the keys of a valid file stand, counted from 1.
fn lines(text: &str) -> HashMap<String, usize> {
    let table = DeTable::parse(text).map(toml::Spanned::into_inner).unwrap_or_default();
    let line_of = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let keys = table.keys();
    keys.map(|key| (key.get_ref().to_string(), line_of(key.span().start)))
        .collect()
}

impl Config {
    /// The words of the command line, and after them the file's options that they leave open.
    pub fn complete(&self, cli: &Command, mut words: Vec<OsString>) -> Result<Vec<OsString>, Problem> {
        let added = self.additions(cli, &words)?;
        let end_of_options = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let added = added.into_iter().flat_map(|(_, words)| words);
        words.splice(end_of_options..end_of_options, added);
        Ok(words)
    }

    /// The file's options that the command line leaves open, and their words.
    pub fn additions(&self, cli: &Command, words: &[OsString]) -> Result<Vec<(&Entry, Vec<OsString>)>, Problem> {
        let chosen = chosen(cli, words);
        let mut added = Vec::new();
        for entry in &self.options {
            let key = entry.key.as_str();
            let option = |command: &Command| command.get_arguments().find(|arg| arg.get_long() == Some(key)).cloned();
            let Some(known) = option(cli).or_else(|| cli.get_subcommands().find_map(option)) else {
                return Err(self.unknown(cli, key));
            };
            let applies = option(cli).is_some() || chosen.and_then(option).is_some();
            let conflicts = || {
                chosen
                    .into_iter()
                    .chain([cli])
                    .any(|command| contradicts(command, &known, words))
            };
            if applies && !is_given(words, &known) && !conflicts() {
                added.push((entry, self.words_of(&known, key, &entry.value)?));
            }
        }
        Ok(added)
    }

    fn words_of(&self, option: &Arg, key: &str, value: &toml::Value) -> Result<Vec<OsString>, Problem> {
        let word = |value: &toml::Value| match value {
            toml::Value::String(text) => Ok(format!("--{key}={text}")),
            toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Datetime(_) => {
                Ok(format!("--{key}={value}"))
            }
            _ => Err(self.wrong_value(key, "expected a text or a number")),
        };
        let words = match (option.get_action(), value) {
            (ArgAction::SetTrue | ArgAction::Count, toml::Value::Boolean(true)) => vec![format!("--{key}")],
            (ArgAction::SetTrue | ArgAction::Count, toml::Value::Boolean(false)) => Vec::new(),
            (ArgAction::SetTrue, _) => return Err(self.wrong_value(key, "expected true or false")),
            (ArgAction::Count, toml::Value::Integer(times @ 0..=9)) => {
                (0..*times).map(|_| format!("--{key}")).collect()
            }
            (ArgAction::Count, _) => return Err(self.wrong_value(key, "expected true, false or a small number")),
            (ArgAction::Append, toml::Value::Array(values)) => values.iter().map(word).collect::<Result<_, _>>()?,
            (_, value) => vec![word(value)?],
        };
        Ok(words.into_iter().map(OsString::from).collect())
    }

    fn wrong_value(&self, key: &str, expected: &str) -> Problem {
        Problem::new(format!("the configuration file `{}` is not valid", self.file.display()))
            .because(format!("`{key}`: {expected}"))
    }

    fn unknown(&self, cli: &Command, key: &str) -> Problem {
        let known: Vec<String> = cli
            .get_arguments()
            .chain(cli.get_subcommands().flat_map(Command::get_arguments))
            .filter_map(|arg| arg.get_long().map(str::to_owned))
            .chain(SelectionSpec::KEYS.map(str::to_owned))
            .collect();
        let mut near = near_names(key, known.iter().map(String::as_str));
        near.dedup();
        let problem = Problem::new(format!("the configuration file `{}` is not valid", self.file.display()))
            .because(format!("there is no option `{key}`"));
        match near.as_slice() {
            [] => {
                problem.help("its keys are the long options' names without the dashes in front, as `--help` shows them")
            }
            near => problem.help(format!("did you mean `{}`?", near.join("` or `"))),
        }
    }
}

/// Whether the command line is `config`: the options of the file are then those of the line that it shows.
pub fn is_shown_by(cli: &Command, words: &[OsString]) -> bool {
    chosen(cli, words).is_some_and(|command| command.get_name() == "config")
}

/// The command of the command line. A profile may be called like a command, so the words alone do not tell.
fn chosen<'a>(cli: &'a Command, words: &[OsString]) -> Option<&'a Command> {
    let lenient = cli.clone().ignore_errors(true).try_get_matches_from(words).ok()?;
    cli.find_subcommand(lenient.subcommand_name()?)
}

/// Whether the command line holds an option that cannot stand together with this one: it wins.
fn contradicts(command: &Command, option: &Arg, words: &[OsString]) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        command
            .get_arg_conflicts_with(one)
            .iter()
            .any(|arg| arg.get_id() == other.get_id())
    };
    command
        .get_arguments()
        .filter(|given| is_given(words, given))
        .any(|given| excludes(option, given) || excludes(given, option))
}

fn is_given(words: &[OsString], option: &Arg) -> bool {
    let long = option.get_long().map(|long| format!("--{long}"));
    words
        .iter()
        .take_while(|word| *word != "--")
        .filter_map(|word| word.to_str())
        .any(|word| {
            let name = word.split_once('=').map_or(word, |(name, _)| name);
            long.as_deref() == Some(name)
                || option
                    .get_short()
                    .is_some_and(|short| is_cluster(word) && word.contains(short))
        })
}

/// `-vq`: short options, several in one word.
fn is_cluster(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !word.starts_with("--") && word[1..].chars().all(char::is_alphabetic)
}

/// The address of a server, as `--endpoint-url` takes it.
pub fn endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    let is_host = !host.is_empty() && !host.starts_with(':') && !host.contains('@');
    if is_host && text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("expected a URL like `https://backup.example.com` or `http://127.0.0.1:4566`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn completed(toml: &str, line: &str) -> Result<Vec<String>, Problem> {
        let words = line.split(' ').map(OsString::from).collect();
        let config = parse(Path::new("sav.toml"), toml)?;
        let words = config.complete(&Cli::command(), words)?;
        Ok(words.iter().map(|word| word.to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn an_endpoint_is_a_url_with_a_host() {
        for url in [
            "http://127.0.0.1:4566",
            "https://vpce-1.backup.us-east-1.vpce.amazonaws.com",
            "http://[::1]:1/x",
        ] {
            assert_eq!(endpoint(url), Ok(url.to_owned()));
        }
        for url in [
            "",
            "nonsense",
            "http://",
            "http:///x",
            "http://:80",
            "ftp://x",
            "localhost:80",
            "http://a b",
            "http://u:p@h",
        ] {
            assert!(endpoint(url).is_err(), "{url}");
        }
    }

    #[test]
    fn options_of_the_file_are_put_in_where_the_command_line_is_silent() {
        let words = completed(
            "source-account = '111111111111'\noutput = 'json'\nverbose = 2\n",
            "sav list --output csv",
        )
        .unwrap();
        assert_eq!(
            words,
            [
                "sav",
                "list",
                "--output",
                "csv",
                "--source-account=111111111111",
                "--verbose",
                "--verbose"
            ]
        );
    }

    #[test]
    fn options_of_other_commands_are_left_out() {
        let words = completed("summary = true\nseed = 7", "sav sandbox").unwrap();
        assert_eq!(words, ["sav", "sandbox", "--seed=7"]);
    }

    #[test]
    fn short_options_count_as_given() {
        let words = completed("verbose = 2", "sav -v list").unwrap();
        assert_eq!(words, ["sav", "-v", "list"]);
    }

    #[test]
    fn a_profile_may_be_called_like_a_command() {
        let words = completed("summary = true\nseed = 7", "sav --source-profile sandbox list").unwrap();
        assert_eq!(words, ["sav", "--source-profile", "sandbox", "list", "--summary"]);
    }

    #[test]
    fn what_contradicts_the_command_line_is_left_out() {
        let words = completed("verbose = true", "sav list -q").unwrap();
        assert_eq!(words, ["sav", "list", "-q"]);
        let words = completed("quiet = true", "sav -vv list").unwrap();
        assert_eq!(words, ["sav", "-vv", "list"]);
    }

    #[test]
    fn a_mistyped_key_is_named_with_its_neighbour() {
        let problem = completed("sorce-account = '1'", "sav list").unwrap_err();
        assert_eq!(problem.causes(), ["there is no option `sorce-account`"]);
        assert_eq!(problem.advice(), ["did you mean `source-account`?"]);
    }

    #[test]
    fn underscores_are_as_good_as_dashes() {
        let words = completed("api_rate = 5", "sav list").unwrap();
        assert_eq!(words, ["sav", "list", "--api-rate=5"]);
    }

    #[test]
    fn every_key_knows_its_line() {
        let config = parse(
            Path::new("sav.toml"),
            "# ours\napi_rate = 5\n\nvault = [\n  'a',\n]\n[filter]\nmatch = 'any'\n",
        )
        .unwrap();
        let entries = config.options.iter().chain(&config.choosing);
        let lines: Vec<(&str, usize)> = entries.map(|entry| (entry.key.as_str(), entry.line)).collect();
        assert_eq!(lines, [("api-rate", 2), ("filter", 7), ("vault", 4)]);
    }

    #[test]
    fn the_file_is_found_wherever_it_is_named() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(file_named_by(&words("sav --config a.toml list")), Some("a.toml".into()));
        assert_eq!(file_named_by(&words("sav list --config=b.toml")), Some("b.toml".into()));
        assert_eq!(file_named_by(&words("sav list -- --config c.toml")), None);
    }
}
