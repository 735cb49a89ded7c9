//! stderr: errors, warnings, the log, and whether anything may be drawn there.

use std::fs::File;
use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::log::Objects;
use super::progress::Progress;
use super::run::Saying;
use super::stderr::{Log, say};
use crate::args::{ColorChoice, Global, LogFormat};
use crate::exit::Exit;
use crate::problem::Problem;

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own, none excludes another"
)]
pub struct Screen {
    quiet: bool,
    colored: bool,
    animated: bool,
    json: bool,
    verbosity: u8,
}

impl Screen {
    pub fn for_terminal(global: &Global) -> Self {
        let screen = Self::of(global);
        screen.start_log(global);
        screen
    }

    /// For somebody who speaks beside the command: the log is begun already.
    pub fn of(global: &Global) -> Self {
        let terminal = stderr().is_terminal();
        let plain = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colored = match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !dumb && !plain("NO_COLOR"),
        };
        Self {
            quiet: global.quiet,
            colored,
            animated: terminal && !dumb && !global.quiet && global.log_format == LogFormat::Text,
            json: global.log_format == LogFormat::Json,
            verbosity: global.verbose,
        }
    }

    /// One that no options were asked for.
    #[cfg(test)]
    pub(super) const fn imagined(animated: bool, json: bool, verbosity: u8) -> Self {
        Self {
            quiet: false,
            colored: false,
            animated,
            json,
            verbosity,
        }
    }

    /// Only our own words are logged: the SDK's would bring headers and with them tokens.
    fn start_log(&self, global: &Global) {
        let level = match (global.quiet, global.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "info",
            (false, 2) => "debug",
            (false, _) => "trace",
        };
        let filter = [
            "shuffle_aws_vaults",
            "sav_application",
            "sav_domain",
            "sav_infrastructure",
            "sav_simulator",
        ]
        .map(|ours| format!("{ours}={level}"))
        .join(",");
        let to_file = global.log_file.as_ref().map(|path| {
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|error| (path.clone(), error))
        });
        let (writer, ansi) = match to_file {
            None => (BoxMakeWriter::new(|| Log), self.colored),
            Some(Ok(file)) => (BoxMakeWriter::new(Mutex::new(file)), false),
            Some(Err((path, error))) => {
                self.warn(&format!(
                    "the log file `{}` cannot be written ({error}); the log goes to stderr",
                    path.display()
                ));
                (BoxMakeWriter::new(|| Log), self.colored)
            }
        };
        start_subscriber(&filter, writer, ansi, self.json);
    }

    /// Prints an error and says how to end.
    pub fn explain(&self, problem: &Problem) -> Exit {
        if self.json {
            say(stamped(json!({
                "level": "error", "event": "error", "message": problem.what(),
                "causes": problem.causes(), "help": problem.advice(),
            })));
        } else {
            say(format_args!("{} {problem}", self.paint("error:", "1;31")));
        }
        Exit::Failed
    }

    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.alarm(text);
        }
    }

    /// What somebody has to see to, or nothing goes on: said to the quiet, too.
    pub fn alarm(&self, text: &str) {
        if self.json {
            say(stamped(
                json!({ "level": "warning", "event": "warning", "message": text }),
            ));
        } else {
            say(format_args!("{} {text}", self.paint("warning:", "1;33")));
        }
    }

    /// What is good to know and not needed.
    pub fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            say(stamped(json!({ "level": "info", "event": "note", "message": text })));
        } else {
            say(text);
        }
    }

    /// What a run tells of itself.
    pub fn happened(&self, saying: &Saying) {
        if self.json {
            let level = if saying.is_warning { "warning" } else { "info" };
            let mut document = json!({ "level": level, "event": saying.event, "message": saying.text });
            if let (Some(document), Some(detail)) = (document.as_object_mut(), saying.detail.as_object()) {
                document.extend(detail.clone());
            }
            self.document(document);
        } else if !saying.is_known {
            let tell = if saying.is_warning { Self::warn } else { Self::note };
            tell(self, &saying.text);
        }
    }

    /// A line for programs, where messages are for programs.
    pub fn document(&self, document: Value) {
        if !self.quiet {
            say(stamped(document));
        }
    }

    /// A line that counts while something long goes on; drawn on terminals only.
    pub fn progress(&self, what: &str) -> Progress {
        Progress::start(what, self.animated)
    }

    /// Whether something may be drawn and drawn again.
    pub fn is_animated(&self) -> bool {
        self.animated
    }

    pub fn speaks_json(&self) -> bool {
        self.json
    }

    /// How many `-v` there were.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Columns and rows of the terminal behind stderr.
    pub fn size() -> (usize, usize) {
        terminal_size::terminal_size_of(stderr()).map_or((80, 24), |(width, height)| (width.0.into(), height.0.into()))
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colored {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// When it is said, and by which run of the program: lines of several end up in one place.
pub(super) fn stamped(mut document: Value) -> Value {
    static RUN: OnceLock<String> = OnceLock::new();
    let now = crate::compose::now();
    let run = RUN.get_or_init(|| format!("{:x}-{:x}", now.millis(), std::process::id()));
    if let Some(members) = document.as_object_mut() {
        members.insert("ts".to_owned(), json!(now));
        members.insert("run_id".to_owned(), json!(run));
    }
    document
}

fn start_subscriber<W>(filter: &str, writer: W, ansi: bool, json: bool)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(writer)
        // Complaining on stderr that stderr cannot be written would panic.
        .log_internal_errors(false)
        .with_ansi(ansi);
    // A second subscriber in one process can only be a test's; the first stays.
    let _ = if json {
        log.event_format(Objects).try_init()
    } else {
        log.with_target(false).try_init()
    };
}
