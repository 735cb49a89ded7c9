//! What two runs of the demo must have in common: everything but dates, durations, rates, numbers of calls, and how far the
//! first window came, for these depend on the machine.

use std::path::Path;

/// Of the progress of a run: its first lines, and its last one.
const FIRST_LINES: usize = 3;
const LEFT_OUT: &str = "...";

pub struct Transcript {
    pub lines: Vec<String>,
}

impl Transcript {
    pub fn of(text: &str) -> Self {
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| !is_progress(line) && *line != LEFT_OUT)
            .map(masked)
            .collect();
        // Two tasks say these, and either may be the first.
        for at in 1..lines.len() {
            if lines[at - 1].starts_with("resumed after") && lines[at].contains("credentials are good again") {
                lines.swap(at - 1, at);
            }
        }
        Self { lines }
    }
}

/// As the page shows it: of the progress only the beginning and the end, and a temporary folder as Linux names them.
pub fn shortened(text: &str, temporary: &Path) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = String::new();
    let mut run = 0;
    for (at, line) in lines.iter().enumerate() {
        run = if is_progress(line) { run + 1 } else { 0 };
        let goes_on = lines.get(at + 1).is_some_and(|next| is_progress(next));
        if run > FIRST_LINES && goes_on {
            if run == FIRST_LINES + 1 {
                shown.push_str(LEFT_OUT);
                shown.push('\n');
            }
            continue;
        }
        shown.push_str(&line.replace(temporary.to_str().unwrap(), "/tmp"));
        shown.push('\n');
    }
    shown
}

/// `12.5%: 5 of 40 points copied, …`
fn is_progress(line: &str) -> bool {
    line.split_once("%: ").is_some_and(|(percent, rest)| {
        percent.chars().all(|c| c.is_ascii_digit() || c == '.') && rest.contains(" points copied, ")
    })
}

fn masked(line: &str) -> String {
    if line.starts_with("the end: ") {
        return "the end: [forecast]".to_owned();
    }
    if ["this run: ", "Interrupted after "]
        .iter()
        .any(|begin| line.starts_with(begin))
        || line.ends_with(" an hour")
    {
        return without_numbers(line);
    }
    let line = without_folder(line);
    let words: Vec<&str> = line.split_whitespace().collect();
    if let [began, ended, exit, _, failed] = words[..]
        && is_date(began)
        && is_date(ended)
    {
        return format!("[date] [date] {exit} [number] {failed}");
    }
    let mut masked: Vec<&str> = Vec::new();
    for word in &words {
        let word = if is_date(word) {
            "[date]"
        } else if is_span(word) {
            "[span]"
        } else {
            word
        };
        // `1m 02s` and `59s` are the same.
        if word != "[span]" || masked.last() != Some(&word) {
            masked.push(word);
        }
    }
    if masked == words { line } else { masked.join(" ") }
}

fn without_numbers(line: &str) -> String {
    line.split(|c: char| c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

/// `2026-11-21T18:27:08.230Z`, `2026-11-21`, `18:27Z`
fn is_date(word: &str) -> bool {
    let word = word.trim_matches([',', ';', '(', ')']);
    let begins = word.chars().next().is_some_and(|c| c.is_ascii_digit());
    begins && (word.ends_with('Z') && word.contains(':') || word.len() == 10 && word.matches('-').count() == 2)
}

/// `45s`, `12m`, `7w`
fn is_span(word: &str) -> bool {
    let word = word.trim_matches([',', ';', ':', '(', ')']);
    word.strip_suffix(['s', 'm', 'h', 'd', 'w'])
        .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

/// The temporary folder's name, wherever it stands.
fn without_folder(line: &str) -> String {
    const NAME: &str = "/shuffle-aws-vaults-";
    const RANDOM: usize = 6;
    let mut masked = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(NAME) {
        let begin = rest[..at].rfind([' ', '`']).map_or(0, |before| before + 1);
        masked.push_str(&rest[..begin]);
        masked.push_str("[folder]");
        rest = &rest[at + NAME.len() + RANDOM..];
    }
    masked + rest
}
