//! The architecture as a check: which crate of ours may use which, and which outside crates a layer may know.
//!
//! Cargo itself refuses a circle; what it can't see is a new arrow that makes none. The tables below are the picture in
//! `docs/architecture.md`, and a dependency that is not in them is an error until both are changed on purpose.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use serde::Deserialize;

struct Layer {
    name: &'static str,
    /// Crates of ours that shipped code may use.
    ours: &'static [&'static str],
    /// Crates of ours that tests, examples and benches may use besides.
    ours_in_tests: &'static [&'static str],
    /// Outside crates that shipped code may use.
    outside: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "sav-domain",
        ours: &[],
        ours_in_tests: &[],
        outside: &["jiff", "serde", "serde_json", "thiserror"],
    },
    Layer {
        name: "sav-application",
        ours: &["sav-domain"],
        ours_in_tests: &["sav-simulator"],
        outside: &["futures", "serde", "serde_json", "thiserror", "tokio", "tracing"],
    },
    Layer {
        name: "sav-infrastructure",
        ours: &["sav-domain", "sav-application"],
        ours_in_tests: &["sav-simulator"],
        outside: &[
            "aws-config",
            "aws-credential-types",
            "aws-sdk-backup",
            "aws-sdk-iam",
            "aws-sdk-kms",
            "aws-sdk-organizations",
            "aws-sdk-servicequotas",
            "aws-sdk-sts",
            "aws-smithy-http-client",
            "aws-smithy-runtime-api",
            "aws-smithy-types",
            "aws-types",
            "memchr",
            "rusqlite",
            "rustix",
            "rustls",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "toml",
            "tracing",
        ],
    },
    Layer {
        name: "sav-simulator",
        ours: &[],
        ours_in_tests: &[],
        outside: &[
            "bytes",
            "hmac",
            "http",
            "http-body-util",
            "hyper",
            "hyper-util",
            "itoa",
            "rand",
            "rand_chacha",
            "regex-lite",
            "serde",
            "serde_json",
            "sha2",
            "socket2",
            "thiserror",
            "tokio",
        ],
    },
    Layer {
        name: "shuffle-aws-vaults",
        ours: &["sav-domain", "sav-application", "sav-infrastructure", "sav-simulator"],
        ours_in_tests: &[],
        outside: &[
            "clap",
            "clap_complete",
            "clap_mangen",
            "csv",
            "jiff",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "terminal_size",
            "thiserror",
            "tikv-jemallocator",
            "tokio",
            "toml",
            "tracing",
            "tracing-subscriber",
            "unicode-width",
        ],
    },
    Layer {
        name: "xtask",
        ours: &[],
        ours_in_tests: &[],
        outside: &["serde", "serde_json"],
    },
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Clone, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Deserialize)]
struct Dependency {
    name: String,
    /// Absent for shipped code, `dev` for tests, `build` for build scripts.
    kind: Option<String>,
    /// Present for crates of this workspace.
    path: Option<String>,
}

/// Asks cargo for the workspace's manifests and holds them against the tables.
pub(crate) fn check() -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .map_err(|error| format!("cargo metadata did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata answered something unexpected: {error}"))?;
    let crossed = crossed_arrows(&metadata.packages);
    if crossed.is_empty() {
        Ok(format!(
            "layers: {} crates, every arrow as drawn",
            metadata.packages.len()
        ))
    } else {
        let mut report =
            String::from("an arrow is crossed (docs/architecture.md draws them, xtask/src/layers.rs lists them)\n");
        for arrow in crossed {
            let _ = writeln!(report, "  {arrow}");
        }
        Err(report)
    }
}

fn crossed_arrows(packages: &[Package]) -> Vec<String> {
    let known: BTreeSet<&str> = LAYERS.iter().map(|layer| layer.name).collect();
    let present: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut crossed: Vec<String> = known
        .symmetric_difference(&present)
        .map(|name| format!("{name}: in the table or in the workspace, not both"))
        .collect();
    for package in packages {
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == package.name) else {
            continue;
        };
        crossed.extend(
            package
                .dependencies
                .iter()
                .filter(|dependency| !allowed(layer, dependency))
                .map(|dependency| {
                    format!(
                        "{} -> {} ({})",
                        package.name,
                        dependency.name,
                        dependency.kind.as_deref().unwrap_or("shipped")
                    )
                }),
        );
    }
    crossed
}

fn allowed(layer: &Layer, dependency: &Dependency) -> bool {
    let name = dependency.name.as_str();
    let for_tests = dependency.kind.as_deref() == Some("dev");
    match (dependency.path.is_some(), for_tests) {
        (true, false) => layer.ours.contains(&name),
        (true, true) => layer.ours.contains(&name) || layer.ours_in_tests.contains(&name),
        (false, false) => layer.outside.contains(&name),
        // What tests use of the outside world is nobody's architecture.
        (false, true) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(name: &str, kind: Option<&str>, path: Option<&str>) -> Dependency {
        Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            path: path.map(str::to_owned),
        }
    }

    fn workspace_where(changed: &str, dependency: &Dependency) -> Vec<Package> {
        LAYERS
            .iter()
            .map(|layer| Package {
                name: layer.name.to_owned(),
                dependencies: if layer.name == changed {
                    vec![dependency.clone()]
                } else {
                    Vec::new()
                },
            })
            .collect()
    }

    #[test]
    fn the_workspace_as_it_stands_keeps_its_arrows() {
        assert!(check().is_ok(), "{:?}", check());
    }

    #[test]
    fn arrows_that_point_inwards_are_fine() {
        let inwards = on("sav-domain", None, Some("crates/domain"));
        assert!(crossed_arrows(&workspace_where("sav-application", &inwards)).is_empty());
    }

    #[test]
    fn a_reversed_arrow_is_named() {
        let outwards = on("sav-infrastructure", None, Some("crates/infrastructure"));
        let crossed = crossed_arrows(&workspace_where("sav-domain", &outwards));
        assert_eq!(crossed, ["sav-domain -> sav-infrastructure (shipped)"]);
    }

    #[test]
    fn the_simulator_may_be_used_by_tests_but_not_shipped_from_a_library() {
        let in_tests = on("sav-simulator", Some("dev"), Some("crates/simulator"));
        let shipped = on("sav-simulator", None, Some("crates/simulator"));
        assert!(crossed_arrows(&workspace_where("sav-infrastructure", &in_tests)).is_empty());
        assert_eq!(
            crossed_arrows(&workspace_where("sav-infrastructure", &shipped)).len(),
            1
        );
    }

    #[test]
    fn the_sdk_stays_in_infrastructure() {
        let sdk = on("aws-sdk-backup", None, None);
        assert_eq!(crossed_arrows(&workspace_where("sav-application", &sdk)).len(), 1);
        assert!(crossed_arrows(&workspace_where("sav-infrastructure", &sdk)).is_empty());
    }

    #[test]
    fn a_crate_nobody_drew_is_named() {
        let mut packages = workspace_where("xtask", &on("serde", None, None));
        packages.push(Package {
            name: "sav-helpers".to_owned(),
            dependencies: Vec::new(),
        });
        assert_eq!(
            crossed_arrows(&packages),
            ["sav-helpers: in the table or in the workspace, not both"]
        );
    }
}
