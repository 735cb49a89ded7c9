//! Which outside packages end up in the binary, as cargo resolves it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{NAME, cargo, output};

pub(super) struct Shipped {
    pub(super) version: String,
    /// By name and version.
    pub(super) packages: Vec<Package>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) manifest_path: PathBuf,
    /// None: a crate of this workspace.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// None: neither for tests nor for build scripts.
    kind: Option<String>,
}

pub(super) fn read(root: &Path, target: &str) -> Result<Shipped, String> {
    let mut metadata = Command::new(cargo());
    metadata
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            target,
        ])
        .current_dir(root);
    let metadata: Metadata = serde_json::from_str(&output(&mut metadata)?)
        .map_err(|error| format!("cargo metadata answered something unexpected: {error}"))?;
    let binary = metadata.packages.iter().find(|package| package.name == NAME);
    let binary = binary.ok_or_else(|| format!("the workspace has no package {NAME}"))?;
    let version = binary.version.clone();
    let reached = reached(&metadata.resolve.nodes, &binary.id);
    let mut packages = metadata.packages;
    packages.retain(|package| package.source.is_some() && reached.contains(&package.id));
    packages.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(Shipped { version, packages })
}

fn reached(nodes: &[Node], from: &str) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Node> = nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(id) = ahead.pop() {
        if reached.insert(id.to_owned()) {
            let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let shipped = deps.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            ahead.extend(shipped.map(|edge| edge.pkg.as_str()));
        }
    }
    reached
}

#[cfg(test)]
impl Package {
    pub(super) fn of(name: &str, manifest_path: PathBuf) -> Self {
        Self {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MIT".to_owned()),
            repository: None,
            manifest_path,
            source: Some("registry".to_owned()),
        }
    }
}
