//! How a ledger is made to forget: all of it, by putting the file aside, or points that nothing hangs on.
//!
//! What has arrived and what AWS may be at work on is kept by everything but the former.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};
use sav_application::ports::LedgerError;
use sav_domain::{Moment, Route, VaultName};

use super::file::{self, Look, SCHEMA_STEPS};
use super::lock::Lock;
use super::path::{beside, remove_leavings};
use super::reader::{SqliteReader, count};
use super::{export::sync_folder_of, fault, lanes};

/// What is forgotten, so that a new plan sees it with fresh eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forget {
    /// Points that nothing ever happened to.
    Inventory,
    /// A vault's points that have not arrived and are not open, with what happened to them.
    Vault(VaultName),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub points: u64,
    /// Of those: transfers with a story, which goes with them.
    pub with_events: u64,
}

/// Rows of `point` that would go; `?1` is the vault's name, or nothing.
const NEVER_BEGUN: &str = "NOT EXISTS (SELECT 1 FROM event WHERE event.point = point.id) AND ?1 IS NULL";
const AT_REST_IN_VAULT: &str = "vault = (SELECT id FROM word WHERE text = ?1) AND NOT EXISTS (SELECT 1 FROM transfer \
     WHERE transfer.point = point.id AND stage IN ('arrived', 'intended', 'unsure', 'copying'))";

impl Forget {
    fn condition(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Inventory => (NEVER_BEGUN, None),
            Self::Vault(name) => (AT_REST_IN_VAULT, Some(name.as_str())),
        }
    }
}

impl SqliteReader {
    /// What `forget` would forget.
    pub fn would_forget(&self, what: &Forget) -> Result<Forgotten, LedgerError> {
        let (condition, vault) = what.condition();
        let sql = format!(
            "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM event WHERE event.point = point.id)), 0) \
             FROM point WHERE {condition}"
        );
        let found = self.rows(&sql, [vault], |row| {
            Ok(Forgotten {
                points: count(row, 0)?,
                with_events: count(row, 1)?,
            })
        })?;
        Ok(found.first().copied().unwrap_or_default())
    }

    /// Whether a point of this vault is known.
    pub fn knows_vault(&self, name: &VaultName) -> Result<bool, LedgerError> {
        let sql = "SELECT 1 FROM point WHERE vault = (SELECT id FROM word WHERE text = ?1) LIMIT 1";
        Ok(!self.rows(sql, [name.as_str()], |_| Ok(()))?.is_empty())
    }
}

/// Forgets it, all or nothing. Refused while another process holds the ledger.
pub fn forget(path: &Path, route: &Route, what: &Forget, now: Moment) -> Result<Forgotten, LedgerError> {
    let (_lock, mut connection) = hold(path, route, now)?;
    let (condition, vault) = what.condition();
    let mut go = || -> rusqlite::Result<Forgotten> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = format!("CREATE TEMP TABLE going AS SELECT id FROM point WHERE {condition}");
        transaction.execute(&sql, [vault])?;
        let mut forgotten = Forgotten::default();
        let with_events =
            "SELECT count(*) FROM temp.going WHERE EXISTS (SELECT 1 FROM event WHERE event.point = going.id)";
        forgotten.with_events = transaction.query_row(with_events, [], |row| count(row, 0))?;
        for table in ["event", "attempt", "transfer", "sighting"] {
            transaction.execute(
                &format!("DELETE FROM {table} WHERE point IN (SELECT id FROM temp.going)"),
                [],
            )?;
        }
        let gone = transaction.execute("DELETE FROM point WHERE id IN (SELECT id FROM temp.going)", [])?;
        forgotten.points = gone as u64;
        transaction.execute_batch("DROP TABLE temp.going")?;
        transaction.execute_batch(lanes::HEADS_NOW)?;
        transaction.commit()?;
        Ok(forgotten)
    };
    go().map_err(|error| fault::of_sqlite(path, "written", &error))
}

/// Puts the whole ledger aside under another name, which it answers. At its place there is none any more.
pub fn set_aside(path: &Path, route: &Route, now: Moment) -> Result<PathBuf, LedgerError> {
    let (_lock, connection) = hold(path, route, now)?;
    let explain = |error: &rusqlite::Error| fault::of_sqlite(path, "put aside", error);
    // What SQLite keeps beside the file has to be in it before it gets another name.
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|error| explain(&error))?;
    connection.close().map_err(|(_, error)| explain(&error))?;
    let wal = beside(path, "-wal");
    if busy || std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0) {
        return Err(LedgerError::Held {
            path: path.into(),
            holder: None,
        });
    }
    let aside = name_aside(path, now);
    let put = || {
        remove_leavings(path)?;
        std::fs::rename(path, &aside)?;
        sync_folder_of(path)
    };
    put().map_err(|error| fault::of_io(path, "put aside", &error))?;
    Ok(aside)
}

/// A name that no file has.
fn name_aside(path: &Path, now: Moment) -> PathBuf {
    // Colons do not go well with every file system and every shell.
    let time = now.to_string().replace(':', "");
    let name = |more: &str| beside(path, &format!(".before-reset-{time}{more}"));
    let mut names = std::iter::once(name("")).chain((2..).map(|n: u32| name(&format!("-{n}"))));
    names.find(|name| !name.exists()).expect("numbers do not end")
}

fn hold(path: &Path, route: &Route, now: Moment) -> Result<(Lock, Connection), LedgerError> {
    if file::look_at(path)? == Look::Absent {
        return Err(LedgerError::Absent { path: path.into() });
    }
    let lock = Lock::take(path, now)?;
    let connection = file::open_to_write(path, route, now, SCHEMA_STEPS)?;
    Ok((lock, connection))
}
