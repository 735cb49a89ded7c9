//! Manual pages and help: one source, nothing left out.

use std::collections::BTreeSet;

use crate::docs::HELPED;
use crate::story::{binary, refused};

fn told(line: &[&str]) -> String {
    let output = binary().args(line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{line:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Commands below this one, by its `--help`.
fn commands_of(command: &[&str]) -> Vec<String> {
    let help = told(&[command, &["--help"]].concat());
    let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let listed = listed.split("\n\n").next().unwrap_or_default().lines();
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn every_command() -> Vec<String> {
    let mut all = vec![String::new()];
    for command in commands_of(&[]) {
        let below = commands_of(&[&command]);
        all.extend(below.iter().map(|name| format!("{command} {name}")));
        all.push(command);
    }
    all
}

fn examples(text: &str) -> BTreeSet<String> {
    let text = text.replace("\\\n   ", "");
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("shuffle-aws-vaults "));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// A page's source as it reads, in so far as examples need it.
fn read(page: &str) -> String {
    let page = page.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(aq", "'");
    page.replace("\\\\", "\\").replace("\\&", "")
}

#[test]
fn every_command_has_examples_and_the_documents_test_runs_them() {
    let every: BTreeSet<String> = every_command().into_iter().collect();
    assert!(every.len() > 20, "{every:?}");
    let run: BTreeSet<String> = HELPED.iter().map(|command| (*command).to_owned()).collect();
    assert_eq!(every, run, "commands, and those whose help is run");
    for command in &every {
        let help = told(&[&words(command)[..], &["--help"]].concat());
        // What only holds other commands leaves the examples to them.
        if !help.contains("\nCommands:\n") {
            assert!(!examples(&help).is_empty(), "`{command} --help` has no example");
        }
    }
}

#[test]
fn a_page_has_the_examples_of_the_help() {
    for command in every_command() {
        let words = words(&command);
        let help = told(&[&words[..], &["--help"]].concat());
        let page = read(&told(&[&["man"], &words[..]].concat()));
        let of_page = page.split("\n.SH EXAMPLE").nth(1).map(examples).unwrap_or_default();
        assert_eq!(examples(&help), of_page, "`{command}`");
    }
}

#[test]
fn all_pages_are_written_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    told(&["man", "--dir", pages.to_str().unwrap()]);
    let mut written: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    let mut expected: Vec<String> = every_command()
        .iter()
        .map(|command| {
            format!(
                "{}.1",
                format!("shuffle-aws-vaults {command}").trim_end().replace(' ', "-")
            )
        })
        .collect();
    expected.sort();
    assert_eq!(written, expected);
    let copy = std::fs::read_to_string(pages.join("shuffle-aws-vaults-copy.1")).unwrap();
    assert_eq!(copy, told(&["man", "copy"]));
    let main = std::fs::read_to_string(pages.join("shuffle-aws-vaults.1")).unwrap();
    for section in ["NAME", "SYNOPSIS", "EXAMPLES", "\"EXIT CODES\"", "ENVIRONMENT", "FILES"] {
        assert!(main.contains(&format!("\n.SH {section}\n")), "{section}");
    }
}

#[test]
fn a_mistyped_command_is_answered_with_the_near_one() {
    assert!(refused("man cpoy").contains("did you mean `copy`?"));
    assert!(refused("man state exprot").contains("did you mean `export`?"));
    assert!(refused("man list all").contains("`list` has no commands of its own"));
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}
