//! The demo needs nothing but the binary, leaves nothing behind, and prints what its page says.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::story::{binary, exists};
use crate::transcript::{Transcript, shortened};

/// With everything in the environment that could lead astray.
fn demo(home: &TempDir, options: &[&str]) -> Command {
    let mut command = binary();
    command
        .args(["demo", "--fast"])
        .args(options)
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("AWS_PROFILE", "production")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn page_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/demo.md")
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().count() == 0
}

/// To write the page anew: `WRITE_TRANSCRIPT=1 cargo test --workspace --test stories -- the_page_of_the_demo`
#[test]
fn the_page_of_the_demo_shows_what_it_prints_and_nothing_is_left_behind() {
    let home = tempfile::tempdir().unwrap();
    let told = demo(&home, &[]).output().unwrap();
    let said = String::from_utf8(told.stdout).unwrap();
    assert_eq!(String::from_utf8(told.stderr).unwrap(), "", "{said}");
    assert_eq!(told.status.code(), Some(0), "{said}");
    assert!(is_empty(home.path()), "something was left behind");
    assert!(
        said.contains("Interrupted after") && said.contains("paused: the source account's credentials have expired"),
        "the first window was spared: {said}"
    );

    let page = std::fs::read_to_string(page_path()).unwrap();
    let (before, rest) = page.split_once("```text\n").unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    if std::env::var_os("WRITE_TRANSCRIPT").is_some() {
        let shown = shortened(&said, home.path());
        std::fs::write(page_path(), format!("{before}```text\n{shown}```\n{after}")).unwrap();
        return;
    }
    let (page, demo) = (Transcript::of(shown), Transcript::of(&said));
    for (on_page, printed) in page.lines.iter().zip(&demo.lines) {
        assert_eq!(
            on_page, printed,
            "docs/demo.md tells something else than the demo\n{said}"
        );
    }
    assert_eq!(page.lines.len(), demo.lines.len(), "{said}");
}

#[test]
fn a_reader_who_has_read_enough_ends_it_in_silence() {
    let home = tempfile::tempdir().unwrap();
    let mut child = demo(&home, &[]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(
        first.starts_with("A migration of AWS Backup recovery points"),
        "{first}"
    );
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert!(is_empty(home.path()), "something was left behind");
}

#[test]
fn ctrl_c_ends_it_and_the_command_it_shows() {
    let home = tempfile::tempdir().unwrap();
    let mut child = demo(&home, &[]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(" points copied, ") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended before it copied");
    }
    interrupt(&child);
    // Ends only when nobody can write to it any more, the running command included.
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_snapshot!(String::from_utf8(ended.stderr).unwrap(), @"The demo was ended before its end. Nothing is left of it.");
    assert_eq!(ended.status.code(), Some(2));
    assert!(is_empty(home.path()), "something was left behind");
}

#[test]
fn what_it_is_told_to_keep_stays_even_of_a_world_too_small_for_its_mishaps() {
    let home = tempfile::tempdir().unwrap();
    let told = demo(&home, &["--points", "30", "--keep", "kept"]).output().unwrap();
    let said = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{said}");
    for file in ["report.html", "ledger.db", "migration.toml", "metadata.csv"] {
        assert!(exists(&home.path().join("kept").join(file)), "{file}\n{said}");
    }
    let next = said
        .lines()
        .find_map(|line| line.strip_prefix("$ shuffle-aws-vaults status --state-file "))
        .unwrap();
    let status = binary()
        .args(["status", "--state-file", next])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(0), "{status:?}");

    let again = demo(&home, &["--keep", "kept"]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(again.stderr).unwrap(), @r"
    error: the folder `kept` is not empty
      cause: the demo would mix its files with what is there
       help: name a folder with --keep that does not exist yet
    ");
}

#[test]
fn the_sandbox_of_the_page_starts() {
    let page = std::fs::read_to_string(page_path()).unwrap();
    let example = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ shuffle-aws-vaults "))
        .find(|line| line.contains("--token-lifetime"))
        .unwrap();
    let mut child = binary()
        .args(example.split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        first.starts_with("# AWS Backup, simulated, at http://127.0.0.1:"),
        "{first}"
    );
}
