//! From a path to a connection that is known to be this migration's ledger.
//!
//! Nothing is written to a file before it has shown what it is.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use sav_application::ports::LedgerError;
use sav_domain::{Moment, Route};

use super::lock::private;
use super::planning::TURNS_INDEX;
use super::{fault, path::beside};

/// "SAVT" in the header of the file: what makes it ours among all SQLite databases.
const APPLICATION_ID: i64 = 0x5341_5654;
/// From an empty file to today: each step's result is one schema version. Steps are added, never changed.
pub(super) const SCHEMA_STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("schema_2.sql")];

const BUSY_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

/// Tells from the first bytes what a file is. An absent and an empty one may become a ledger.
pub(super) fn look_at(path: &Path) -> Result<Look, LedgerError> {
    let mut head = Vec::with_capacity(16);
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Look::Absent),
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            return Err(not_a_ledger(path, "it is a directory"));
        }
        Err(error) => return Err(fault::of_io(path, "read", &error)),
        Ok(_) => {}
    }
    if head.is_empty() {
        return Ok(Look::Absent);
    }
    if head == b"SQLite format 3\0" {
        return Ok(Look::Database);
    }
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return Err(LedgerError::IsJson { path: path.into() });
    }
    Err(not_a_ledger(path, "it is no SQLite database"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Absent,
    Database,
}

/// Makes the file say that it is a ledger of today's schema.
pub(super) fn declare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", number(SCHEMA_STEPS.len()))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

fn not_a_ledger(path: &Path, why: &str) -> LedgerError {
    LedgerError::NotALedger {
        path: path.into(),
        why: why.into(),
    }
}

/// Opens for writing; makes the file, its folder and its tables where they are missing. The lock must be held.
pub(super) fn open_to_write(
    path: &Path,
    route: &Route,
    now: Moment,
    steps: &[&str],
) -> Result<Connection, LedgerError> {
    let explain = |error: rusqlite::Error| fault::of_sqlite(path, "opened", &error);
    if look_at(path)? == Look::Absent {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        private(&mut options);
        options
            .open(path)
            .map_err(|error| fault::of_io(path, "created", &error))?;
    }
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(explain)?;
    settle_down(&connection).map_err(explain)?;
    let version = check_schema(&connection, path, steps.len())?;
    if connection.is_readonly("main").map_err(explain)? {
        let why = String::from("the file is read-only");
        return Err(LedgerError::ReadOnly { path: path.into(), why });
    }
    if version > 0 {
        check_route(&connection, path, route)?;
    }
    connection
        .execute_batch(
            // A commit is on disk before it is answered. The cache holds what a copy touches; planning asks for more.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(explain)?;
    if version < steps.len() {
        bring_up(&mut connection, route, now, &steps[version..], version).map_err(|error| {
            // A full disk is what it is; a step that does not fit the file says more than SQLite's words for it.
            match fault::of_sqlite(path, "opened", &error) {
                LedgerError::Io { path, why, .. } | LedgerError::Damaged { path, why } if version > 0 => {
                    LedgerError::NotBroughtUp {
                        path,
                        found: number(version),
                        known: number(steps.len()),
                        why,
                    }
                }
                other => other,
            }
        })?;
    }
    connection.execute_batch(TURNS_INDEX).map_err(explain)?;
    Ok(connection)
}

/// How every connection behaves. A statement keeps the plan it was prepared with: SQLite would otherwise make a new one whenever
/// a number is bound that might change its mind, which is with every point.
pub(super) fn settle_down(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_WAIT)
}

/// All steps or none.
fn bring_up(
    connection: &mut Connection,
    route: &Route,
    now: Moment,
    steps: &[&str],
    version: usize,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    if version == 0 {
        let (source, destination) = (route.source().to_string(), route.destination().to_string());
        transaction.execute(
            "INSERT INTO migration VALUES (1, ?1, ?2, ?3, ?4)",
            (source, destination, route.region().as_str(), now.millis()),
        )?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", number(version + steps.len()))?;
    transaction.commit()
}

fn number(version: usize) -> i64 {
    i64::try_from(version).expect("schema versions are few")
}

/// Opens for reading, whether or not somebody writes. None for the route: whichever migration it is.
pub(super) fn open_to_read(
    path: &Path,
    route: Option<&Route>,
    known: usize,
) -> Result<(Connection, Route), LedgerError> {
    if look_at(path)? == Look::Absent {
        return Err(LedgerError::Absent { path: path.into() });
    }
    let connection = match connect_to_read(path) {
        // Beside a ledger at rest in a folder that cannot be written, SQLite may not put what readers share, nor needs it.
        Err(LedgerError::ReadOnly { .. }) if !beside(path, "-wal").exists() => connect_to_rest(path)?,
        other => other?,
    };
    match check_schema(&connection, path, known)? {
        0 => return Err(LedgerError::Absent { path: path.into() }),
        found if found < known => {
            return Err(LedgerError::OlderSchema {
                path: path.into(),
                found: number(found),
                known: number(known),
            });
        }
        _ => {}
    }
    let found = match route {
        Some(route) => check_route(&connection, path, route)?,
        None => route_in(&connection, path)?,
    };
    Ok((connection, found))
}

fn connect_to_read(path: &Path) -> Result<Connection, LedgerError> {
    let explain = |error: rusqlite::Error| fault::of_sqlite(path, "opened", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(explain)?;
    settle_down(&connection).map_err(explain)?;
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(explain)?;
    Ok(connection)
}

fn connect_to_rest(path: &Path) -> Result<Connection, LedgerError> {
    let explain = |error: rusqlite::Error| fault::of_sqlite(path, "opened", &error);
    let Some(text) = path.to_str() else {
        return connect_to_read(path);
    };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).map_err(explain)
}

/// The schema version of a database of ours; 0 if nothing has been put into it yet.
fn check_schema(connection: &Connection, path: &Path, known: usize) -> Result<usize, LedgerError> {
    let explain = |error: rusqlite::Error| fault::of_sqlite(path, "opened", &error);
    let value = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(explain)
    };
    let tables = value("SELECT count(*) FROM sqlite_schema")?;
    let application = value("PRAGMA application_id")?;
    let version = value("PRAGMA user_version")?;
    if application != APPLICATION_ID {
        return if (application, version, tables) == (0, 0, 0) {
            Ok(0)
        } else {
            Err(not_a_ledger(path, "it is the SQLite database of another program"))
        };
    }
    match usize::try_from(version) {
        Ok(version) if version <= known => Ok(version),
        _ => Err(LedgerError::NewerSchema {
            path: path.into(),
            found: version,
            known: number(known),
        }),
    }
}

fn check_route(connection: &Connection, path: &Path, wanted: &Route) -> Result<Route, LedgerError> {
    let found = route_in(connection, path)?;
    if found == *wanted {
        return Ok(found);
    }
    Err(LedgerError::OtherMigration {
        path: path.into(),
        wanted: wanted.clone(),
        found,
    })
}

fn route_in(connection: &Connection, path: &Path) -> Result<Route, LedgerError> {
    let [source, destination, region] = connection
        .query_row("SELECT source, destination, region FROM migration", [], |row| {
            Ok([row.get::<_, String>(0)?, row.get(1)?, row.get(2)?])
        })
        .map_err(|error| fault::of_sqlite(path, "read", &error))?;
    let route = || Route::between(source.parse().ok()?, destination.parse().ok()?, region.parse().ok()?).ok();
    route().ok_or_else(|| LedgerError::Damaged {
        path: path.into(),
        why: format!("it names no possible migration: {source} → {destination} in {region}"),
    })
}
