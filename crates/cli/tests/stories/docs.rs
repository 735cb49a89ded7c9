//! Every example of the documents and of `--help` is run, so none can grow stale.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::replicate::key;
use crate::shelf::a_ledger;
use crate::story::{DESTINATION, SOURCE, Story, binary};

/// Every command with a help of its own, the first being the program itself.
pub const HELPED: [&str; 22] = [
    "",
    "list",
    "filter",
    "plan",
    "replicate",
    "validate",
    "copy",
    "status",
    "state",
    "state show",
    "state history",
    "state export",
    "state import",
    "state reset",
    "verify",
    "report",
    "sandbox",
    "demo",
    "config",
    "config show",
    "completions",
    "man",
];

const README: &str = include_str!("../../../../README.md");
const GUIDE: &str = include_str!("../../../../docs/user-guide.md");
const COMING_FROM_PYTHON: &str = include_str!("../../../../docs/coming-from-python.md");

/// The commands of a document's `console` blocks, and those of recordings, without what they are piped into.
fn commands(document: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with("```") {
            inside = line == "```console" || line == "```text";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            commands.push(without_rest(command));
        }
    }
    commands
}

/// A command without what it is piped into, or the file.
fn without_rest(command: &str) -> String {
    let command = command.split(" | ").next().unwrap_or_default();
    command.split("> ").next().unwrap_or_default().trim_end().to_owned()
}

/// The block after this first line, between fences.
fn block<'a>(document: &'a str, first_line: &str) -> &'a str {
    let start = document.find(first_line).unwrap();
    document[start..].split("```").next().unwrap()
}

fn world() -> Story {
    let story = Story::with_points(1000);
    std::fs::copy(story.file("metadata.csv"), story.file("cmdb.csv")).unwrap();
    story.write("sav.toml", block(GUIDE, "# sav.toml\n"));
    // A migration on its way, where it is looked for and under the name that examples give it.
    let name = format!("state_{SOURCE}_{DESTINATION}_{}.db", story.plan.region);
    for path in [story.file(".shuffle-aws-vaults").join(name), story.file("migration.db")] {
        a_ledger(&path, &story.plan.region);
    }
    story
}

fn run(story: &Story, command: &str) {
    // Quotes stand for the shell; no example has a space inside them.
    let words = command.replace(['\'', '"'], "");
    let own_key = key(story);
    let example_key = "arn:aws:kms:us-east-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let words = words.replace(example_key, &own_key);
    let line = words
        .strip_prefix("shuffle-aws-vaults ")
        .or_else(|| words.strip_prefix("cargo run -- "))
        .unwrap_or_else(|| panic!("`{command}` is an example that no test runs"));
    if line.starts_with("sandbox") {
        return starts(story, line);
    }
    if line.starts_with("copy") {
        return copies(line);
    }
    if line.starts_with("validate") {
        return validates(line);
    }
    if line.starts_with("verify") {
        return verifies(line);
    }
    let told = story.run(&format!("{line} --api-rate 5000"));
    assert_eq!(told.code, 0, "{command}\n{}{}", told.stdout, told.stderr);
    assert!(!told.stdout.is_empty(), "{command}");
}

/// In a world of its own, where copies take no time.
fn copies(line: &str) {
    let story = CopyStory::of(plain(150), jobs_of(0));
    let world = &story.story;
    std::fs::copy(world.file("metadata.csv"), world.file("cmdb.csv")).unwrap();
    world.write("copy.toml", block(GUIDE, "# copy.toml\n"));
    // Nothing is worth waiting for here.
    let line = line.replace(" --poll-interval 1", "");
    let told = world.run(&format!("{line} --api-rate 20000 --poll-interval 0.05"));
    assert_eq!(told.code, 0, "{line}\n{}", told.stderr);
    assert!(told.stderr.contains("Finished after "), "{line}: {}", told.stderr);
}

/// In a world without defects.
fn validates(line: &str) {
    let told = CopyStory::of(plain(150), jobs_of(0))
        .story
        .run(&format!("{line} --api-rate 20000"));
    assert_eq!(told.code, 0, "{line}\n{}{}", told.stdout, told.stderr);
}

/// After a copy, and with the evidence of an earlier one.
fn verifies(line: &str) {
    let story = CopyStory::of(plain(150), jobs_of(0));
    let accounts =
        format!("--source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest");
    let world = &story.story;
    world
        .run(&format!("copy {accounts} --api-rate 20000 --poll-interval 0.05"))
        .went_well();
    world
        .run(&format!("verify {accounts} --evidence evidence.jsonl --api-rate 20000"))
        .went_well();
    world.write("copy.toml", block(GUIDE, "# copy.toml\n"));
    let told = world.run(&format!("{line} --api-rate 20000")).went_well();
    assert!(
        told.stdout.contains("verified") || told.stdout.contains("arrived once"),
        "{line}: {}",
        told.stdout
    );
}

/// A sandbox runs until it is stopped: its first line says that it does.
fn starts(story: &Story, line: &str) {
    let mut child = story
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(first.contains("http://127.0.0.1:"), "{line}: {first}");
}

#[test]
fn the_readme() {
    let story = world();
    let commands = commands(README);
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        // This very run is that example.
        if command != "cargo test --workspace" {
            run(&story, &command);
        }
    }
}

#[test]
fn the_user_guide() {
    let story = world();
    let commands = commands(GUIDE);
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        run(&story, &command);
    }
}

#[test]
fn the_page_for_those_who_come_from_python() {
    let story = world();
    let commands = commands(COMING_FROM_PYTHON);
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        run(&story, &command);
    }
}

#[test]
fn the_guides_faults_are_understood() {
    let story = Story::with_points(100);
    let plan = block(GUIDE, "{\n  \"faults\"");
    story.write("faults.json", plan);
    starts(&story, "sandbox --points 10 --faults {folder}/faults.json");
}

#[test]
fn the_examples_of_every_help() {
    let story = world();
    let mut examples = 0;
    for command in HELPED {
        let help = String::from_utf8(
            binary()
                .args(command.split_whitespace())
                .arg("--help")
                .output()
                .unwrap()
                .stdout,
        )
        .unwrap();
        for line in help
            .replace("\\\n   ", "")
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("shuffle-aws-vaults "))
        {
            let mut line = without_rest(line);
            if !line.contains("--source-profile") && !line.contains("sandbox") && !line.contains("demo") {
                line.push_str(" --source-profile source");
            }
            run(&story, &line.replace("APM0001,APM0002", "APM0001000,APM0001001"));
            examples += 1;
        }
    }
    assert!(examples >= 8, "{examples}");
}

/// What a link can name of a document: its headings in small letters, words joined by dashes.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/user-guide.md",
        "docs/architecture.md",
        "docs/benchmarks.md",
        "docs/coming-from-python.md",
        "docs/decisions/README.md",
        "docs/reliability.md",
    ] {
        let file = root.join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                file.clone()
            } else {
                file.parent().unwrap().join(path)
            };
            assert!(target.exists(), "{name} links to {link}, which is not there");
            if !heading.is_empty() {
                let headings = anchors(&std::fs::read_to_string(&target).unwrap());
                assert!(
                    headings.iter().any(|known| known == heading),
                    "{name} links to {link}, and there is no such heading"
                );
            }
        }
    }
}
