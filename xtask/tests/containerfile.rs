//! The Containerfile, held against the repository as far as that goes without building an image.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const BINARY: &str = "shuffle-aws-vaults";

/// An instruction and its words as they stand.
struct Step {
    name: String,
    rest: String,
}

impl Step {
    fn words(&self) -> Vec<&str> {
        self.rest.split_whitespace().collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn steps() -> Vec<Step> {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let steps = joined.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let (name, rest) = line.split_once(' ').unwrap();
        Step {
            name: name.to_owned(),
            rest: rest.trim().to_owned(),
        }
    });
    steps.collect()
}

/// The steps of each stage, after its `FROM`.
fn stages() -> Vec<(Step, Vec<Step>)> {
    let mut stages: Vec<(Step, Vec<Step>)> = Vec::new();
    for step in steps() {
        match stages.last_mut() {
            _ if step.name == "FROM" => stages.push((step, Vec::new())),
            Some((_, steps)) => steps.push(step),
            None => panic!("{} before any FROM", step.name),
        }
    }
    stages
}

fn named<'a>(steps: &'a [Step], name: &str) -> Vec<&'a Step> {
    steps.iter().filter(|step| step.name == name).collect()
}

fn only<'a>(steps: &'a [Step], name: &str) -> &'a str {
    let found = named(steps, name);
    assert_eq!(found.len(), 1, "{name}");
    &found[0].rest
}

#[test]
fn it_is_built_in_one_stage_and_run_in_another_of_the_same_debian() {
    let stages = stages();
    let images: Vec<&str> = stages.iter().map(|(from, _)| from.rest.as_str()).collect();
    let [build, run] = images[..] else { panic!("{images:?}") };
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let wanted = manifest
        .split("rust-version = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    // A binary that was linked against a newer C library does not start.
    assert_eq!(build, format!("docker.io/library/rust:{wanted}-bookworm AS build"));
    assert_eq!(run, "docker.io/library/debian:bookworm-slim");
}

#[test]
fn the_build_command_is_one_that_cargo_takes() {
    let (_, build) = &stages()[0];
    let command = only(build, "RUN");
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[..2], ["cargo", "build"]);
    assert!(words.contains(&"--release") && words.contains(&"--locked"), "{command}");
    let at = words.iter().position(|word| *word == "--package").unwrap();
    // Reads the manifests and the lock file as the build would.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = Command::new(cargo)
        .args(["tree", "--locked", "--depth", "0", "--package", words[at + 1]])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
}

#[test]
fn what_is_copied_is_there() {
    let stages = stages();
    let ignored = fs::read_to_string(root().join(".containerignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().collect();
    assert!(ignored.contains(&"target"), "gigabytes would be sent to the builder");
    for (_, steps) in &stages {
        for copy in named(steps, "COPY") {
            let words = copy.words();
            let (options, paths): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("--"));
            let from = &paths[..paths.len() - 1];
            assert!(!from.is_empty(), "{}", copy.rest);
            for path in from {
                if options == ["--from=build"] {
                    let folder = only(&stages[0].1, "WORKDIR");
                    assert_eq!(*path, format!("{folder}/target/release/{BINARY}"));
                } else {
                    assert!(root().join(path).exists(), "{path}");
                    assert!(!ignored.contains(path), "{path} is left out by .containerignore");
                }
            }
        }
    }
    for needed in ["Cargo.toml", "Cargo.lock", "crates", "xtask"] {
        assert!(!ignored.contains(&needed), "the build needs {needed}");
    }
    // Docker looks for its own name.
    assert_eq!(
        fs::read(root().join(".dockerignore")).unwrap(),
        fs::read(root().join(".containerignore")).unwrap()
    );
}

#[test]
fn it_runs_as_nobody_special_and_its_ledger_outlives_it() {
    let (_, run) = &stages()[1];
    let user = only(run, "USER").split(':').next().unwrap();
    assert!(!["root", "0"].contains(&user));
    let last_of_root = run
        .iter()
        .rposition(|step| ["RUN", "COPY"].contains(&step.name.as_str()))
        .unwrap();
    let becomes_user = run.iter().position(|step| step.name == "USER").unwrap();
    assert!(becomes_user > last_of_root, "a step of root's after USER");
    let made = named(run, "RUN")
        .into_iter()
        .find(|step| step.rest.contains("useradd"))
        .unwrap();
    assert!(made.rest.contains(&format!("--uid {user} ")), "{}", made.rest);

    let home = only(run, "ENV").strip_prefix("HOME=").unwrap();
    let ledgers = format!("{home}/.shuffle-aws-vaults");
    assert_eq!(only(run, "VOLUME"), format!("[\"{ledgers}\"]"));
    assert!(made.rest.contains(&ledgers), "a fresh volume would belong to root");
    assert_eq!(only(run, "ENTRYPOINT"), format!("[\"/usr/local/bin/{BINARY}\"]"));
}

#[test]
fn its_commands_are_a_shells_and_its_packages_debians() {
    let mut packages = Vec::new();
    for (_, steps) in stages() {
        for run in named(&steps, "RUN") {
            let parsed = Command::new("sh").args(["-n", "-c", &run.rest]).output().unwrap();
            assert!(parsed.status.success(), "{}", run.rest);
            for command in run.rest.split("&&").map(str::trim) {
                if let Some(words) = command.strip_prefix("apt-get install ") {
                    let names = words.split_whitespace().filter(|word| !word.starts_with("--"));
                    packages.extend(names.map(str::to_owned));
                }
            }
        }
    }
    assert_eq!(packages, ["ca-certificates"]);
    // Only where this machine is a Debian that has read what there is.
    let lists = fs::read_dir("/var/lib/apt/lists").into_iter().flatten().flatten();
    if lists
        .map(|entry| entry.file_name())
        .any(|name| name.to_string_lossy().contains("_Packages"))
    {
        for package in packages {
            let known = Command::new("apt-cache").args(["show", &package]).output().unwrap();
            assert!(known.status.success(), "Debian has no package {package}");
        }
    }
}
