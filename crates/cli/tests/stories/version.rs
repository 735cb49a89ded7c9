//! `--version`: which build it is, told by the build script wherever it runs.

use std::path::Path;
use std::process::Command;

use crate::story::binary;

#[expect(dead_code, clippy::print_stdout, reason = "its `main` is for cargo")]
#[path = "../../build.rs"]
mod build_script;

fn git(folder: &Path, line: &str) {
    let status = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(line.split(' '))
        .env_remove("GIT_DIR")
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "git {line}: {}",
        String::from_utf8_lossy(&status.stderr)
    );
}

#[test]
fn the_version_names_the_commit_if_there_is_one() {
    let output = binary().arg("--version").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // The repository may have moved on since the build, but it has not gone.
    if build_script::commit(&root).is_none() {
        assert_eq!(told, format!("shuffle-aws-vaults {version}\n"));
        return;
    }
    let commit = told.strip_prefix(&format!("shuffle-aws-vaults {version} (")).unwrap();
    let (id, date) = commit.strip_suffix(")\n").unwrap().split_once(' ').unwrap();
    assert!(id.len() == 12 && id.chars().all(|c| c.is_ascii_hexdigit()), "{told}");
    assert!(date.len() == 10 && date.as_bytes()[4] == b'-', "{told}");
}

#[test]
fn a_build_knows_its_commit_in_a_repository_and_in_a_worktree_and_nothing_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, inside, beside) = (
        folder.path().join("ours"),
        folder.path().join("ours/unpacked"),
        folder.path().join("worktree"),
    );
    std::fs::create_dir_all(&inside).unwrap();
    assert_eq!(build_script::commit(&ours), None);
    assert!(build_script::where_it_stands(&ours).is_empty());

    git(&ours, "init --quiet");
    assert_eq!(build_script::commit(&ours), None, "nothing is committed yet");
    git(&ours, "commit --quiet --allow-empty -m one");
    let (first, date) = build_script::commit(&ours).unwrap();
    assert_eq!((first.len(), date.len()), (12, 10));
    // A tarball unpacked in somebody else's repository.
    assert_eq!(build_script::commit(&inside), None);

    git(&ours, "worktree add --quiet -b other ../worktree");
    git(&beside, "commit --quiet --allow-empty -m two");
    let (second, _) = build_script::commit(&beside).unwrap();
    assert_ne!(first, second);
    assert_eq!(build_script::commit(&ours).unwrap().0, first);
}

#[test]
fn a_build_is_made_again_for_another_commit_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), "init --quiet");
    git(folder.path(), "commit --quiet --allow-empty -m one");
    let names = || -> Vec<String> {
        let files = build_script::where_it_stands(folder.path());
        assert!(
            files.iter().all(|file| file.exists()),
            "{files:?}: one that is not there counts as changed"
        );
        let name = |file: &std::path::PathBuf| {
            let within = file.strip_prefix(folder.path()).unwrap();
            within.to_str().unwrap().to_owned()
        };
        files.iter().map(name).collect()
    };
    assert_eq!(names(), [".git/HEAD", ".git/refs/heads/main"]);
    git(folder.path(), "pack-refs --all");
    assert_eq!(names(), [".git/HEAD", ".git/packed-refs", ".git/logs/HEAD"]);
    git(folder.path(), "checkout --quiet --detach");
    assert_eq!(names(), [".git/HEAD", ".git/packed-refs"]);
}
