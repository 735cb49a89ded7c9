//! `cargo xtask dist`: what a user downloads, in one tarball.
//!
//! ```text
//!   shuffle-aws-vaults-0.1.0-x86_64-unknown-linux-gnu/
//!     shuffle-aws-vaults   completions/   man/man1/   docs/   README.md   CHANGELOG.md   LICENSE
//!     THIRD-PARTY-LICENCES.txt   SHA256SUMS
//! ```
//!
//! The same binary and commit give the same bytes: files are sorted, and their times are the commit's, or what
//! `SOURCE_DATE_EPOCH` says.

mod licences;
mod shipped;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "shuffle-aws-vaults";
/// Shells, and the file that each looks for.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "shuffle-aws-vaults.bash"),
    ("elvish", "shuffle-aws-vaults.elv"),
    ("fish", "shuffle-aws-vaults.fish"),
    ("powershell", "_shuffle-aws-vaults.ps1"),
    ("zsh", "_shuffle-aws-vaults"),
];

pub(crate) const USAGE: &str = "cargo xtask dist [--binary PATH] [--out FOLDER]";

struct Asked {
    /// A binary that is built already, of this commit; none: a release build.
    binary: Option<PathBuf>,
    out: PathBuf,
}

pub(crate) fn run(words: impl Iterator<Item = String>) -> Result<String, String> {
    let root = root();
    let asked = read(words, &root)?;
    let target = host()?;
    let shipped = shipped::read(&root, &target)?;
    let binary = match &asked.binary {
        Some(binary) => binary.clone(),
        None => built(&root)?,
    };
    let told = output(Command::new(&binary).arg("--version"))?;
    if told.split_whitespace().nth(1) != Some(&shipped.version) {
        return Err(format!(
            "{} says that it is `{}`, but {} is to be packed",
            binary.display(),
            told.trim(),
            shipped.version
        ));
    }
    let licences = licences::of(&shipped.packages)?;
    let name = format!("{NAME}-{}-{target}", shipped.version);
    let folder = asked.out.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| failed("empty", &folder, &error))?;
    }
    lay_out(&root, &binary, &folder)?;
    write(&folder.join("THIRD-PARTY-LICENCES.txt"), &licences)?;
    let files = files_below(&folder)?;
    let sums = output(Command::new("sha256sum").arg("--").args(&files).current_dir(&folder))?;
    write(&folder.join("SHA256SUMS"), &sums)?;
    let tarball = pack(&root, &asked.out, &name)?;
    let sum = output(
        Command::new("sha256sum")
            .arg("--")
            .arg(&tarball)
            .current_dir(&asked.out),
    )?;
    write(&asked.out.join(format!("{tarball}.sha256")), &sum)?;
    fs::remove_dir_all(&folder).map_err(|error| failed("remove", &folder, &error))?;
    let size = fs::metadata(asked.out.join(&tarball)).map_or(0, |file| file.len());
    Ok(format!(
        "{}: {} files, {size} bytes, licences of {} packages",
        asked.out.join(&tarball).display(),
        files.len() + 1,
        shipped.packages.len()
    ))
}

fn read(mut words: impl Iterator<Item = String>, root: &Path) -> Result<Asked, String> {
    let mut asked = Asked {
        binary: None,
        out: root.join("dist"),
    };
    while let Some(word) = words.next() {
        let path = match word.as_str() {
            "--binary" | "--out" => words.next().ok_or_else(|| format!("{word} needs a path: {USAGE}"))?,
            _ => return Err(format!("`{word}` is not understood: {USAGE}")),
        };
        // Other programs are run elsewhere.
        let path = std::path::absolute(path).map_err(|error| format!("the path of {word}: {error}"))?;
        if word == "--out" {
            asked.out = path;
        } else {
            asked.binary = Some(path);
        }
    }
    Ok(asked)
}

fn lay_out(root: &Path, binary: &Path, folder: &Path) -> Result<(), String> {
    let (completions, pages) = (folder.join("completions"), folder.join("man/man1"));
    for made in [folder, &completions, &pages] {
        fs::create_dir_all(made).map_err(|error| failed("make", made, &error))?;
    }
    copy(binary, &folder.join(NAME))?;
    for file in ["README.md", "CHANGELOG.md", "LICENSE"] {
        copy(&root.join(file), &folder.join(file))?;
    }
    let docs = root.join("docs");
    for file in files_below(&docs)? {
        let to = folder.join("docs").join(&file);
        let parent = to.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| failed("make", parent, &error))?;
        copy(&docs.join(&file), &to)?;
    }
    for (shell, file) in COMPLETIONS {
        let script = output(Command::new(binary).args(["completions", shell]))?;
        write(&completions.join(file), &script)?;
    }
    output(Command::new(binary).args(["man", "--dir"]).arg(&pages)).map(|_| ())
}

/// Files with their paths below the folder, sorted.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(|error| failed("read", &next, &error))? {
            let path = entry.map_err(|error| failed("read", &next, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).map(Path::to_path_buf);
                found.push(below.map_err(|error| format!("{}: {error}", path.display()))?);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn pack(root: &Path, out: &Path, name: &str) -> Result<String, String> {
    let tarball = format!("{name}.tar.gz");
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--sort=name",
        "--format=ustar",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
    ])
    .args(["--mode=u=rwX,go=rX", "--use-compress-program=gzip -9n"])
    .arg(format!("--mtime=@{}", moment(root)?))
    .arg(format!("--file={tarball}"))
    .arg(name)
    .env("LC_ALL", "C")
    .current_dir(out);
    output(&mut tar).map(|_| tarball)
}

/// Seconds since 1970 that every file is said to be from.
fn moment(root: &Path) -> Result<u64, String> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(epoch) => epoch,
        Err(_) => output(
            Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(root),
        )
        .map_err(|error| {
            format!("{error}\noutside the repository, set SOURCE_DATE_EPOCH to the time of the release")
        })?,
    };
    let moment = text.trim().parse();
    moment.map_err(|_| {
        format!(
            "SOURCE_DATE_EPOCH is `{}`, and seconds since 1970 were expected",
            text.trim()
        )
    })
}

fn built(root: &Path) -> Result<PathBuf, String> {
    let mut build = Command::new(cargo());
    build
        .args(["build", "--release", "--locked", "--package", NAME])
        .current_dir(root);
    let status = build
        .status()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !status.success() {
        return Err("the release build failed".to_owned());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    Ok(target.join("release").join(NAME))
}

/// The platform of this machine, which is the one that is built for.
fn host() -> Result<String, String> {
    let told = output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("`{name}` did not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{name}` failed: {}", said.trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{name}` wrote something that is no text"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| failed("copy", from, &error))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| failed("write", file, &error))
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("could not {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let asked = |line: &str| read(line.split_whitespace().map(str::to_owned), Path::new("/project"));
        assert_eq!(asked("").unwrap().out, Path::new("/project/dist"));
        assert_eq!(asked("--binary /x/y --out /z").unwrap().binary, Some("/x/y".into()));
        assert!(asked("--binary").is_err() && asked("--bin x").is_err());
    }

    #[test]
    fn everything_that_is_shipped_has_its_licence_text() {
        let shipped = shipped::read(&root(), &host().unwrap()).unwrap();
        assert!(shipped.packages.len() > 100, "{}", shipped.packages.len());
        let names: Vec<&str> = shipped.packages.iter().map(|package| package.name.as_str()).collect();
        assert!(
            names.contains(&"tokio") && names.contains(&"aws-sdk-backup"),
            "{names:?}"
        );
        // For tests only.
        assert!(!names.contains(&"proptest") && !names.contains(&"insta"), "{names:?}");
        let text = licences::of(&shipped.packages).unwrap();
        assert!(text.contains("\ntokio 1."), "{}", &text[..500]);
        assert!(text.contains("Permission is hereby granted") && text.contains("Apache License"));
    }
}
