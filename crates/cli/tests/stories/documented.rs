//! What the documents name exists, and what exists is named: options, messages, tests, variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::story::binary;

const README: &str = include_str!("../../../../README.md");
const GUIDE: &str = include_str!("../../../../docs/user-guide.md");
const RELIABILITY: &str = include_str!("../../../../docs/reliability.md");

/// Sections that speak of several commands.
const SHARED: [&str; 3] = ["Which migration", "Choosing points", "Options everywhere"];

fn help(command: &[String]) -> String {
    let output = binary().args(command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The names in `--help`'s list of commands.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The long options that `--help` lists, each at the beginning of a line of its own.
fn options(help: &str) -> BTreeSet<String> {
    // A dash with a space begins a value that an option takes.
    let lines = help.lines().map(str::trim_start);
    lines
        .filter(|line| line.starts_with('-') && !line.starts_with("- "))
        .filter_map(|line| named(line).into_iter().next())
        .filter(|option| option != "--help" && option != "--version")
        .collect()
}

/// The long options that a text names, in order.
fn named(text: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '-';
    let mut found = Vec::new();
    for (at, _) in text.match_indices("--") {
        let begins = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        let end = text[at..]
            .find(|c| !is_of_name(c))
            .map_or(text.len(), |length| at + length);
        if begins && text[at + 2..].starts_with(|c: char| c.is_ascii_lowercase()) {
            found.push(text[at..end].trim_end_matches('-').to_owned());
        }
    }
    found
}

/// Every command, as its words, with its options.
fn commands() -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let help = help(&command);
        for name in subcommands(&help) {
            waiting.push(command.iter().cloned().chain([name]).collect());
        }
        all.insert(command, options(&help));
    }
    all
}

/// The guide's sections by their headings; a command's stands under its name.
fn sections() -> BTreeMap<String, &'static str> {
    GUIDE
        .split("\n## ")
        .skip(1)
        .map(|section| {
            let heading = section.lines().next().unwrap();
            (heading.trim_matches('`').to_owned(), section)
        })
        .collect()
}

/// The page that the sections on practising lead to.
fn demo_page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/demo.md")).unwrap()
}

/// What stands between backticks in prose, and the lines of examples.
fn code(document: &str) -> Vec<String> {
    let mut code = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line.to_owned());
        } else {
            code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    code
}

#[test]
fn every_option_of_every_command_is_in_the_guide() {
    let (commands, sections) = (commands(), sections());
    assert!(commands.len() >= 15, "{:?}", commands.keys());
    let shared: String = SHARED.iter().map(|heading| sections[*heading]).collect();
    let mut missing = Vec::new();
    for (command, options) in &commands {
        // A command without a section of its own may be told of anywhere.
        let own = command
            .first()
            .map_or("", |name| sections.get(name).copied().unwrap_or(GUIDE));
        let elsewhere = if own.contains("](demo.md)") {
            demo_page()
        } else {
            String::new()
        };
        let told: BTreeSet<String> = [own, &shared, &elsewhere].into_iter().flat_map(named).collect();
        missing.extend(
            options
                .iter()
                .filter(|option| !told.contains(*option))
                .map(|option| format!("{} {option}", command.join(" "))),
        );
        if let Some(name) = command.first() {
            let is_named = ["`", "shuffle-aws-vaults "]
                .iter()
                .any(|before| GUIDE.contains(&format!("{before}{name}")));
            assert!(is_named, "the guide does not name `{name}`");
        }
    }
    assert!(missing.is_empty(), "not in the guide: {missing:#?}");
}

#[test]
fn every_option_in_the_documents_exists() {
    let commands = commands();
    let all: BTreeSet<&String> = commands.values().flatten().collect();
    let mut seen = 0;
    for document in [README, GUIDE, RELIABILITY] {
        for code in code(document) {
            let line = code.trim_start_matches("$ ").trim_start_matches("shuffle-aws-vaults ");
            // Before a pipe, and before the words that an option hands to somebody else's program.
            let line = line.split([';', '|', '\'']).next().unwrap();
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            // A command's own options, and those of a command that stands behind it: `config show … list --vault NAME`.
            let ranges = (0..words.len()).flat_map(|from| [&words[from..=from], &words[..=from]]);
            let found: Vec<&BTreeSet<String>> = ranges.filter_map(|words| commands.get(words)).collect();
            let options: BTreeSet<&String> = match found.as_slice() {
                [] if line.starts_with("--") => all.clone(),
                [] => continue,
                found => found.iter().copied().flatten().collect(),
            };
            for option in named(line) {
                let known = options.contains(&option) || ["--help", "--version"].contains(&option.as_str());
                assert!(known, "`{code}`: there is no `{option}`");
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

/// Every file below this folder that ends so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// All of our sources under `crates` whose path has such a folder in it; strings that go on in the next line in one piece.
fn sources(folder: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    for path in files(&crates, ".rs") {
        if path.to_str().unwrap().contains(folder) {
            let mut continued = false;
            for line in fs::read_to_string(path).unwrap().lines() {
                let line = if continued { line.trim_start() } else { line };
                continued = line.ends_with('\\');
                text.push_str(line.trim_end_matches('\\'));
                if !continued {
                    text.push('\n');
                }
            }
        }
    }
    text
}

#[test]
fn the_guides_symptoms_are_the_programs_words() {
    let sources = sources("/src/").replace("{side}", "source");
    let troubles = GUIDE.split("\n## Troubleshooting\n").nth(1).unwrap();
    let mut seen = 0;
    for row in troubles.lines().take_while(|line| !line.starts_with("## ")) {
        let Some(symptom) = row.strip_prefix("| ").and_then(|row| row.split(" | ").next()) else {
            continue;
        };
        for words in symptom.split('`').skip(1).step_by(2) {
            // Options and commands are looked after by others; dots stand for what differs.
            let words = words.trim_start_matches("… ");
            assert!(sources.contains(words), "nothing says `{words}`");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn the_proofs_of_reliability_exist() {
    let tests = sources("/tests/");
    let is_test =
        |word: &str| word.matches('_').count() >= 3 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut seen = 0;
    for word in RELIABILITY.split('`').skip(1).step_by(2).filter(|word| is_test(word)) {
        assert!(tests.contains(&format!("fn {word}()")), "there is no test `{word}`");
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

#[test]
fn every_variable_of_the_campaign_is_named_and_exists() {
    let variables = |text: &str| -> BTreeSet<String> {
        let is_of_name = |c: char| c.is_ascii_uppercase() || c == '_';
        text.match_indices("SAV_")
            .map(|(at, _)| text[at..].chars().take_while(|c| is_of_name(*c)).collect::<String>())
            .filter(|name| name.ends_with("_KILLS") || name.ends_with("_SEEDS"))
            .collect()
    };
    let asked = variables(&sources("/tests/"));
    assert!(asked.len() >= 4, "{asked:?}");
    assert_eq!(variables(RELIABILITY), asked);
}

#[test]
fn every_decision_is_in_the_index() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/decisions");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let decisions = files(&folder, ".md");
    assert!(decisions.len() > 10);
    for decision in decisions {
        let name = decision.file_name().unwrap().to_str().unwrap();
        let title = fs::read_to_string(&decision)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned();
        let entry = format!("[{}]({name})", title.trim_start_matches(|c: char| !c.is_alphabetic()));
        assert!(
            name == "README.md" || index.contains(&entry),
            "the index has no {entry}"
        );
    }
}
