//! The licence texts of everything that is shipped, in one document: their own, as they come with the packages.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::shipped::Package;

/// Packages that come without the text of their licence: kept here, after a look at their repository.
const KEPT: [(&str, &str); 2] = [
    ("base64-simd", include_str!("../../licences/simd.txt")),
    ("vsimd", include_str!("../../licences/simd.txt")),
];

/// No package, but data of another's in the binary.
const SERVICE_MODELS: &str = "\
The sandbox follows AWS's service models in an extract from botocore (https://github.com/boto/botocore, Apache-2.0),
Copyright 2012-2022 Amazon.com, Inc. or its affiliates. All Rights Reserved. The text of the Apache License 2.0 stands
below with aws-sdk-backup.";

const RULE: &str = "================================================================================";

pub(super) fn of(packages: &[Package]) -> Result<String, String> {
    // Most texts are word for word the same.
    let mut by_text: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    let mut bare = Vec::new();
    for package in packages {
        let texts = texts(package)?;
        if texts.is_empty() {
            bare.push(format!("{} {}", package.name, package.version));
        }
        for text in texts {
            by_text.entry(text).or_default().push(package);
        }
    }
    if !bare.is_empty() {
        return Err(format!(
            "no licence text comes with {}: look into the repository, and add it to xtask/licences and xtask/src/dist/licences.rs",
            bare.join(", ")
        ));
    }
    let mut groups: Vec<(Vec<&Package>, String)> = by_text.into_iter().map(|(text, of)| (of, text)).collect();
    groups.sort_by(|(one, _), (other, _)| key(one).cmp(&key(other)));
    let mut document = String::from(
        "Software of others in this program, with its licences. Packages under the same text stand together; a package under\n\
         several texts stands with each of them.\n",
    );
    let _ = writeln!(document, "\n{SERVICE_MODELS}");
    for (packages, text) in groups {
        let _ = writeln!(document, "\n{RULE}");
        for package in packages {
            let licence = package.license.as_deref().unwrap_or("see below");
            let place = package.repository.as_deref().unwrap_or_default();
            let line = format!("{} {} ({licence}) {place}", package.name, package.version);
            let _ = writeln!(document, "{}", line.trim_end());
        }
        let _ = writeln!(document, "{RULE}\n\n{text}");
    }
    Ok(document)
}

fn key<'a>(packages: &[&'a Package]) -> Vec<(&'a str, &'a str)> {
    packages
        .iter()
        .map(|package| (package.name.as_str(), package.version.as_str()))
        .collect()
}

/// Every licence file in the package's folder, without trailing blanks, which differ for no reason.
fn texts(package: &Package) -> Result<Vec<String>, String> {
    let unreadable = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if is_licence(&path) && path.is_file() {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            texts.push(lines.join("\n").trim().to_owned());
        }
    }
    if texts.is_empty() {
        let kept = KEPT.iter().filter(|(name, _)| *name == package.name);
        texts.extend(kept.map(|(_, text)| text.trim().to_owned()));
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

fn is_licence(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let is_code = path.extension().is_some_and(|extension| extension == "rs");
    !is_code
        && ["license", "licence", "copying", "notice", "copyright", "unlicense"]
            .iter()
            .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with these files.
    fn package(name: &str, files: &[(&str, &str)]) -> (Package, Folder) {
        let folder = std::env::temp_dir().join(format!("sav-licences-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        (Package::of(name, folder.join("Cargo.toml")), Folder(folder))
    }

    struct Folder(std::path::PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn packages_under_one_text_stand_together() {
        let (beta, _beta) = package(
            "beta",
            &[("LICENSE-MIT", "do as you like \r\n"), ("NOTICE", "made by many")],
        );
        let (alpha, _alpha) = package(
            "alpha",
            &[("licence.md", "do as you like\n"), ("license.rs", "no text")],
        );
        let document = of(&[alpha, beta]).unwrap();
        assert_eq!(document.matches("do as you like").count(), 1);
        assert!(
            document.contains("\nalpha 1.0.0 (MIT)\nbeta 1.0.0 (MIT)\n"),
            "{document}"
        );
        assert!(
            document.contains("made by many") && !document.contains("no text"),
            "{document}"
        );
    }

    #[test]
    fn a_package_without_a_text_is_named() {
        let (bare, _bare) = package("bare", &[("README.md", "licence: MIT")]);
        let refusal = of(&[bare]).unwrap_err();
        assert!(
            refusal.starts_with("no licence text comes with bare 1.0.0"),
            "{refusal}"
        );
        let (kept, _kept) = package("vsimd", &[]);
        assert!(of(&[kept]).unwrap().contains("Nugine/simd"));
    }
}
