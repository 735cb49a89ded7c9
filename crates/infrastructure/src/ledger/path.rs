//! Where a migration's ledger is, if nobody says otherwise.

use std::path::{Path, PathBuf};

use sav_domain::Route;

/// `~/.shuffle-aws-vaults/state_{source}_{dest}_{region}.db`.
pub fn default_path(home: &Path, route: &Route) -> PathBuf {
    let name = format!("state_{}_{}_{}.db", route.source(), route.destination(), route.region());
    home.join(".shuffle-aws-vaults").join(name)
}

/// A file that stands beside the ledger: its name with something behind it.
pub(super) fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What readers of a ledger leave beside it that is empty, and must not meet another file under its name.
pub(super) fn remove_leavings(ledger: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm"] {
        match std::fs::remove_file(beside(ledger, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_has_a_ledger_of_its_own() {
        let route = Route::between(
            "111111111111".parse().unwrap(),
            "222222222222".parse().unwrap(),
            "eu-west-1".parse().unwrap(),
        );
        let path = default_path(Path::new("/home/anna"), &route.unwrap());
        let expected = "/home/anna/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db";
        assert_eq!(path, Path::new(expected));
        assert_eq!(beside(&path, ".lock"), PathBuf::from(format!("{expected}.lock")));
    }
}
