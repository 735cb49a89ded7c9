//! What is not this migration's ledger is refused with the next step, and not a byte of it changes.

use std::path::Path;

use rusqlite::Connection;
use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::ledger::{PlannedPoint, Standing};
use sav_infrastructure::ledger::{SqliteLedger, SqliteReader};

use super::world::*;

/// Opened for writing and for reading: both refuse, in the same words, and nothing has changed.
fn refused(path: &Path) -> LedgerError {
    let before = std::fs::read(path).unwrap();
    let refusal = SqliteLedger::open(path, &route("eu-west-1"), at(0)).unwrap_err();
    assert_eq!(
        SqliteReader::open(path, Some(&route("eu-west-1"))).unwrap_err(),
        refusal
    );
    assert_eq!(std::fs::read(path).unwrap(), before, "{refusal}");
    let message = refusal.to_string();
    assert!(
        message.contains(path.to_str().unwrap()) && message.contains("--"),
        "{message}"
    );
    refusal
}

async fn a_ledger(folder: &Path) {
    let ledger = open(folder);
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    ledger.plan(plan, (0..500).map(planned).collect()).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
}

#[test]
fn files_of_other_kinds_are_not_ledgers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, " {\"schema_version\": 1}").unwrap();
    assert!(matches!(refused(&path), LedgerError::IsJson { .. }));
    std::fs::write(&path, "resourceArn,APMID\n").unwrap();
    assert!(matches!(refused(&path), LedgerError::NotALedger { .. }));
    assert!(!folder.path().join("file.lock").exists());

    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE song (title TEXT)")
        .unwrap();
    assert!(matches!(refused(&other), LedgerError::NotALedger { .. }));

    let directory = SqliteLedger::open(folder.path(), &route("eu-west-1"), at(0)).unwrap_err();
    assert!(matches!(directory, LedgerError::NotALedger { .. }), "{directory}");
}

#[test]
fn an_empty_file_becomes_a_ledger_and_an_absent_one_is_not_made_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let path = ledger_path(folder.path());
    let absent = SqliteReader::open(&path, None).unwrap_err();
    assert_eq!(absent, LedgerError::Absent { path: path.clone() });
    assert!(!path.parent().unwrap().exists());

    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    drop(open(folder.path()));
    let reader = SqliteReader::open(&path, None).unwrap();
    assert_eq!((reader.route(), reader.created_at()), (&route("eu-west-1"), Ok(at(0))));
    assert_eq!(reader.standing(), Ok(Standing::default()));
}

#[tokio::test]
async fn another_migration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    a_ledger(folder.path()).await;
    let path = ledger_path(folder.path());
    let before = std::fs::read(&path).unwrap();
    let refusal = SqliteLedger::open(&path, &route("eu-central-1"), at(0)).unwrap_err();
    let expected = LedgerError::OtherMigration {
        path: path.clone(),
        wanted: route("eu-central-1"),
        found: route("eu-west-1"),
    };
    assert_eq!(refusal, expected);
    assert_eq!(
        SqliteReader::open(&path, Some(&route("eu-central-1"))).unwrap_err(),
        expected
    );
    assert!(
        refusal
            .to_string()
            .contains("check --source-account, --dest-account and --region"),
        "{refusal}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_left_to_newer_versions() {
    let folder = tempfile::tempdir().unwrap();
    a_ledger(folder.path()).await;
    let path = ledger_path(folder.path());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(refused(&path), LedgerError::NewerSchema { found: 99, .. }));
}

#[tokio::test]
async fn damage_is_named_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    a_ledger(folder.path()).await;
    let path = ledger_path(folder.path());
    let whole = std::fs::read(&path).unwrap();

    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));

    let mut scribbled = whole.clone();
    scribbled[100..4096].fill(0xa5);
    std::fs::write(&path, &scribbled).unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));

    // Damage beyond the first page shows where it is read.
    let mut scribbled = whole;
    scribbled[4096 * 2..].fill(0xa5);
    std::fs::write(&path, &scribbled).unwrap();
    let opened = SqliteReader::open(&path, None).and_then(|reader| reader.points(None, 9).map(|_| ()));
    assert!(matches!(opened, Err(LedgerError::Damaged { .. })), "{opened:?}");
    assert_eq!(std::fs::read(&path).unwrap(), scribbled);
}

#[tokio::test]
async fn damage_in_any_page_is_found_and_never_written_over() {
    const PAGE: usize = 4096;
    let folder = tempfile::tempdir().unwrap();
    a_ledger(folder.path()).await;
    let path = ledger_path(folder.path());
    let whole = std::fs::read(&path).unwrap();
    let points = SqliteReader::open(&path, None)
        .unwrap()
        .points(None, usize::MAX)
        .unwrap();
    let unused: i64 = Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA freelist_count", [], |row| row.get(0))
        .unwrap();
    let (mut unnoticed, mut shown) = (0_i64, 0);
    // The first one tells what the file is.
    for page in 1..whole.len() / PAGE {
        let mut scribbled = whole.clone();
        scribbled[page * PAGE..(page + 1) * PAGE].fill(0xa5);
        std::fs::write(&path, &scribbled).unwrap();
        let looked = SqliteReader::open(&path, None).and_then(|reader| {
            unnoticed += i64::from(reader.check().is_ok());
            reader.points(None, usize::MAX)
        });
        match looked {
            Ok(kept) => assert_eq!(kept, points, "page {page}"),
            Err(refusal) => assert!(matches!(refusal, LedgerError::Damaged { .. }), "page {page}: {refusal}"),
        }
        // A write that meets the damage ends there, and leaves the damaged file to whoever wants to save what is in it.
        let written = match SqliteLedger::open(&path, &route("eu-west-1"), at(0)) {
            Ok(ledger) => {
                let plan = ledger.begin_plan(at(2), made_with()).await;
                let points = (0..500)
                    .map(|n| PlannedPoint {
                        metadata: None,
                        ..planned(n)
                    })
                    .collect();
                match plan {
                    Ok(plan) => ledger.plan(plan, points).await.map(drop),
                    Err(refusal) => Err(refusal),
                }
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = written {
            shown += 1;
            assert!(
                matches!(refusal, LedgerError::Damaged { .. } | LedgerError::NotALedger { .. }),
                "page {page}: {refusal}"
            );
            assert!(refusal.to_string().contains("left as it "), "page {page}: {refusal}");
            let now = std::fs::read(&path).unwrap();
            assert_eq!(
                now[page * PAGE..(page + 1) * PAGE],
                scribbled[page * PAGE..(page + 1) * PAGE],
                "page {page}"
            );
        }
        for suffix in ["-wal", "-shm"] {
            let mut beside = path.clone().into_os_string();
            beside.push(suffix);
            drop(std::fs::remove_file(beside));
        }
    }
    assert!(
        unnoticed <= unused,
        "{unnoticed} damaged pages looked sound, and only {unused} are unused"
    );
    assert!(shown > 9, "most damage is met by a plan: {shown}");
}

#[tokio::test]
async fn a_second_writer_is_told_who_holds_the_ledger_while_readers_read() {
    let folder = tempfile::tempdir().unwrap();
    a_ledger(folder.path()).await;
    let path = ledger_path(folder.path());
    let first = SqliteLedger::open(&path, &route("eu-west-1"), at(77)).unwrap();
    first.open_window(at(78)).await.unwrap();
    let refusal = SqliteLedger::open(&path, &route("eu-west-1"), at(99)).unwrap_err();
    let LedgerError::Held {
        holder: Some(holder), ..
    } = &refusal
    else {
        panic!("{refusal}");
    };
    assert_eq!((holder.pid, holder.since), (std::process::id(), at(77)));
    assert!(refusal.to_string().contains(&format!("process {}", holder.pid)));
    let reader = SqliteReader::open(&path, None).unwrap();
    assert_eq!(reader.windows().unwrap().len(), 1);
    drop(first);
    SqliteLedger::open(&path, &route("eu-west-1"), at(100)).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_a_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.open_window(at(0)).await.unwrap();
    let files = std::fs::read_dir(ledger_path(folder.path()).parent().unwrap()).unwrap();
    let modes: Vec<u32> = files
        .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert_eq!(
        modes, [0o600; 4],
        "the database, what SQLite keeps beside it, and the lock"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_named() {
    // Even the superuser may not put a file there.
    let refusal = SqliteLedger::open(Path::new("/sys/ledger.db"), &route("eu-west-1"), at(0)).unwrap_err();
    assert!(matches!(refusal, LedgerError::ReadOnly { .. }), "{refusal}");
    assert!(
        refusal.to_string().contains("make the file and its folder writable"),
        "{refusal}"
    );
}
