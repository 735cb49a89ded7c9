//! Tells the binary which commit it is built from. Without git, or without a repository (a tarball), there is nothing to
//! tell, and that is no error.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join("../.."));
    let root = root.unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    for file in where_it_stands(&root) {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    let commit = commit(&root);
    let date = commit.as_ref().map(|(_, date)| date.as_str()).unwrap_or_default();
    let told = commit.as_ref().map(|(id, date)| format!(" ({id} {date})"));
    println!("cargo::rustc-env=SAV_COMMIT={}", told.unwrap_or_default());
    println!("cargo::rustc-env=SAV_COMMIT_DATE={date}");
}

/// The commit that is checked out: twelve digits of its id, and its day in UTC.
pub fn commit(root: &Path) -> Option<(String, String)> {
    is_ours(root).then_some(())?;
    let format = "--format=%h %cd";
    let line = git(
        root,
        &["log", "-1", "--abbrev=12", format, "--date=format-local:%Y-%m-%d"],
    )?;
    let (id, date) = line.split_once(' ')?;
    Some((id.to_owned(), date.to_owned()))
}

/// The files that change when another commit is checked out or made. One that is not there would count as changed always.
pub fn where_it_stands(root: &Path) -> Vec<PathBuf> {
    if !is_ours(root) {
        return Vec::new();
    }
    let place = |name: &str| {
        let path = root.join(git(root, &["rev-parse", "--git-path", name])?);
        path.exists().then_some(path)
    };
    let branch = git(root, &["symbolic-ref", "-q", "HEAD"]);
    let on_branch = branch.as_deref().is_some_and(|branch| place(branch).is_some());
    // A branch that is only packed gets a file of its own with its next commit; until then the log of HEAD tells.
    let log = (branch.is_some() && !on_branch).then_some("logs/HEAD");
    let names = [Some("HEAD"), branch.as_deref(), Some("packed-refs"), log];
    names.into_iter().flatten().filter_map(place).collect()
}

/// A tarball may be unpacked inside somebody else's repository.
fn is_ours(root: &Path) -> bool {
    let top = git(root, &["rev-parse", "--show-toplevel"]).and_then(|top| Path::new(&top).canonicalize().ok());
    top.is_some() && top == root.canonicalize().ok()
}

fn git(root: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(words)
        .env("TZ", "UTC")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let told = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !told.is_empty()).then_some(told)
}
