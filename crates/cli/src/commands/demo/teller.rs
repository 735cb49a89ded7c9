//! What the demo says, on stdout, in one stream with what its commands say. Where somebody watches, it stands for a
//! moment before the next comes.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::Path;
use std::time::Duration;

use terminal_size::{Width, terminal_size_of};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::args::{ColorChoice, Global};
use crate::problem::Problem;

/// Where the terminal is no narrower, lines are broken as everywhere: the story looks the same.
const COLUMNS: usize = 80;
/// Narrower than this nothing can be read anyway.
const NARROWEST: usize = 20;

/// Why the demo does not go on.
#[derive(Debug)]
pub enum Cut {
    NobodyReads,
    Interrupted,
    Failed(Problem),
}

impl From<Problem> for Cut {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

pub struct Teller {
    colored: bool,
    columns: usize,
    watched: bool,
    ended: watch::Receiver<bool>,
}

impl Teller {
    pub fn new(fast: bool, global: &Global, ended: watch::Receiver<bool>) -> Self {
        let terminal = stdout().is_terminal();
        let size = terminal.then(|| terminal_size_of(stdout())).flatten();
        let width = size.map_or(COLUMNS, |(Width(columns), _)| columns.into());
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self {
            colored: match global.color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => terminal && !dumb && set("NO_COLOR").is_none(),
            },
            columns: width.clamp(NARROWEST, COLUMNS),
            watched: terminal && !fast,
            ended,
        }
    }

    /// Whether somebody is to be given time to read.
    pub const fn is_watched(&self) -> bool {
        self.watched
    }

    /// Ready when somebody has asked the demo to end.
    pub async fn interrupted(&self) {
        // Whoever could ask lives as long as the program.
        let _ = self.ended.clone().wait_for(|asked| *asked).await;
    }

    pub async fn introduce(&self, points: u32, kept: Option<&Path>) -> Result<(), Cut> {
        let place = match kept {
            None => "its temporary folder".to_owned(),
            Some(folder) => format!("the folder {}", folder.display()),
        };
        let text = format!(
            "A migration of AWS Backup recovery points to another account, on a simulated AWS with {points} of them. Every \
             command below is one that you could type; here they reach nothing but this program's own sandbox. Nothing outside \
             this program and {place} is touched. Ctrl-C ends it."
        );
        self.put(format!("{}\n", wrapped(&text, self.columns)).into_bytes())
            .await?;
        self.rest(3.0).await
    }

    /// A step of the story begins.
    pub async fn head(&self, number: usize, title: &str) -> Result<(), Cut> {
        let title = self.paint(&format!("{number}. {title}"), "1");
        self.put(format!("\n{title}\n").into_bytes()).await
    }

    pub async fn say(&self, text: &str) -> Result<(), Cut> {
        self.put(format!("\n{}\n", wrapped(text, self.columns)).into_bytes())
            .await
    }

    /// Something to be found or pasted, whole, however long it is.
    pub async fn point_to(&self, place: &Path) -> Result<(), Cut> {
        self.put(format!("\n    {}\n", place.display()).into_bytes()).await
    }

    /// A command as it is typed, with room before what it answers.
    pub async fn command(&self, line: &str) -> Result<(), Cut> {
        self.suggest(line).await?;
        self.put(b"\n".to_vec()).await?;
        self.rest(0.7).await
    }

    /// A command that is not run here.
    pub async fn suggest(&self, line: &str) -> Result<(), Cut> {
        let typed = self.paint(&typed(line, self.columns), "36");
        self.put(format!("\n{typed}\n").into_bytes()).await
    }

    /// Lets what was said stand.
    pub async fn rest(&self, seconds: f64) -> Result<(), Cut> {
        if !self.watched {
            return Ok(());
        }
        tokio::select! {
            () = sleep(Duration::from_secs_f64(seconds)) => Ok(()),
            () = self.interrupted() => Err(Cut::Interrupted),
        }
    }

    /// Writes as it is. A reader who is slow holds up nobody who wants to end the demo.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<(), Cut> {
        let writing = spawn_blocking(move || {
            let mut out = stdout().lock();
            out.write_all(&bytes)?;
            out.flush()
        });
        let written = tokio::select! {
            written = writing => written,
            () = self.interrupted() => return Err(Cut::Interrupted),
        };
        match written.unwrap_or_else(|gone| Err(io::Error::other(gone))) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Cut::NobodyReads),
            Err(error) => Err(Problem::new("the demo cannot be shown")
                .because(error.to_string())
                .help("is the disk full, or the file read-only?")
                .into()),
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colored {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Broken between words.
fn wrapped(text: &str, columns: usize) -> String {
    folded(text.split_whitespace(), columns, "\n")
}

/// Behind a prompt, broken before options in a way that a shell takes as one line.
fn typed(line: &str, columns: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match parts.last_mut() {
            Some(part) if !word.starts_with("--") => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    let continued = " \\\n    ";
    format!(
        "$ {}",
        folded(
            parts.iter().map(String::as_str),
            columns - " \\".len() - "$ ".len(),
            continued
        )
    )
}

fn folded<'a>(parts: impl Iterator<Item = &'a str>, columns: usize, line_break: &str) -> String {
    let indent = line_break.chars().rev().take_while(|c| *c == ' ').count();
    let (mut text, mut column) = (String::new(), 0);
    for part in parts {
        let width = part.chars().count();
        if column == 0 {
            column = width;
        } else if column + 1 + width > columns {
            text.push_str(line_break);
            column = indent + width;
        } else {
            text.push(' ');
            column += 1 + width;
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_broken_where_a_shell_goes_on() {
        let line = "shuffle-aws-vaults filter --source-account 111111111111 --source-profile source --metadata-csv \
                    metadata.csv --allowed-apmids A,B";
        assert_eq!(
            typed(line, COLUMNS),
            "$ shuffle-aws-vaults filter --source-account 111111111111 \\\n    --source-profile source --metadata-csv metadata.csv \
             --allowed-apmids A,B"
        );
        assert_eq!(typed("cat migration.toml", COLUMNS), "$ cat migration.toml");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "word ".repeat(50) + "--option " + &"--option value ".repeat(20);
        for columns in [40, COLUMNS] {
            for text in [wrapped(&long, columns), typed(&long.replacen("word ", "", 45), columns)] {
                assert!(text.lines().all(|line| line.chars().count() <= columns), "{text}");
            }
        }
    }
}
