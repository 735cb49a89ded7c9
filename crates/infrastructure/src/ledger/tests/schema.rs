//! A program that knows one more step than the one that wrote the file.

use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::Moment;
use sav_domain::ledger::PointId;

use super::super::file::SCHEMA_STEPS;
use super::super::{SqliteLedger, SqliteReader};
use super::{all, journey, ledger_path, open, route, some_history};

fn with(step: &str) -> Vec<&str> {
    let mut steps = SCHEMA_STEPS.to_vec();
    steps.push(step);
    steps
}

/// The version that this program writes.
fn known() -> i64 {
    SCHEMA_STEPS.len().try_into().unwrap()
}

#[tokio::test]
async fn an_older_ledger_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = ledger_path(folder.path());
    let ledger = open(folder.path());
    some_history(&ledger).await;
    let before = all(&ledger.reader().unwrap());
    drop(ledger);

    // A table anew with another column, which is how SQLite changes most of a table.
    let step = "CREATE TABLE learned_anew (what TEXT NOT NULL, scope TEXT NOT NULL, value REAL NOT NULL, samples INTEGER NOT NULL, \
                at INTEGER NOT NULL, unit TEXT, PRIMARY KEY (what, scope)) STRICT, WITHOUT ROWID; \
                INSERT INTO learned_anew SELECT *, NULL FROM learned; DROP TABLE learned; \
                ALTER TABLE learned_anew RENAME TO learned; ALTER TABLE point ADD COLUMN colour TEXT;";
    let steps = with(step);
    let bytes = std::fs::read(&path).unwrap();
    let early = SqliteReader::open_with(&path, None, steps.len()).unwrap_err();
    let older = LedgerError::OlderSchema {
        path: path.clone(),
        found: known(),
        known: known() + 1,
    };
    assert_eq!(early, older, "a look changes nothing");
    assert!(early.to_string().contains("`plan` and `copy` bring it up to date"));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let ledger = SqliteLedger::open_with(&path, &route(), Moment::from_millis(9), &steps).unwrap();
    let reader = SqliteReader::open_with(&path, None, steps.len()).unwrap();
    assert_eq!(all(&reader), before);
    assert_eq!(reader.created_at(), Ok(Moment::from_millis(0)));
    reader.check().unwrap();
    ledger.record(journey(PointId(2)).into()).await.unwrap();
    let colours = ledger.submit(|store| {
        let sql = "SELECT count(*) FROM point WHERE colour IS NULL";
        Ok(store.connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(colours.await, Ok(20));
    drop((ledger, reader));

    // And the one that wrote it first leaves it to the newer one.
    let newer = SqliteLedger::open(&path, &route(), Moment::from_millis(9)).unwrap_err();
    assert!(
        matches!(newer, LedgerError::NewerSchema { found, known: ours, .. } if (found, ours) == (known() + 1, known())),
        "{newer}"
    );
}

#[tokio::test]
async fn places_of_the_first_schema_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = ledger_path(folder.path());
    let first = SqliteLedger::open_with(&path, &route(), Moment::from_millis(0), &SCHEMA_STEPS[..1]).unwrap();
    let rows = "INSERT INTO plan VALUES (1, 0, 1, '{}'); INSERT INTO word VALUES (1, 'daily'), (2, 'volume'); \
                INSERT INTO copy_group (id, vault) VALUES (1, 1); \
                INSERT INTO point (id, verdict, arn, vault, resource_arn, is_parent) \
                VALUES (1, 'copy', 'one', 1, 2, 0), (2, 'copy', 'two', 1, 2, 0); \
                INSERT INTO sighting VALUES (1, 1, NULL, 1, 1, 1), (2, 2, NULL, 1, 1, 1); \
                INSERT INTO transfer VALUES (1, NULL, 'waiting', 1, 0, 0, 0, 2, 1, NULL), (2, 7, 'waiting', 1, 0, 0, 0, 2, 1, NULL);";
    let written = first.submit(move |store| Ok(store.connection.execute_batch(rows)?));
    written.await.unwrap();
    drop(first);

    let ledger = open(folder.path());
    let reader = ledger.reader().unwrap();
    let places = reader.points(None, 9).unwrap();
    let places: Vec<_> = places.iter().map(|point| point.planned.position).collect();
    assert_eq!(places, [None, Some(7)]);
    ledger.queue(vec![(PointId(1), 3)]).await.unwrap();
    let turns = reader.ready(sav_domain::ledger::GroupId(1), None, 9).unwrap();
    assert_eq!(turns.iter().map(|head| head.id).collect::<Vec<_>>(), [PointId(1)]);
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = ledger_path(folder.path());
    let ledger = open(folder.path());
    some_history(&ledger).await;
    let before = all(&ledger.reader().unwrap());
    drop(ledger);
    let bytes = std::fs::read(&path).unwrap();

    for step in [
        // Fails at its very end, after it has thrown things away; fails for what stands in the file; is no SQL.
        "DROP TABLE event; DROP VIEW points; UPDATE point SET arn = 'gone'; INSERT INTO nowhere VALUES (1);",
        "CREATE UNIQUE INDEX one_vault ON point (vault);",
        "ALTER TABEL point",
    ] {
        let refusal = SqliteLedger::open_with(&path, &route(), Moment::from_millis(9), &with(step)).unwrap_err();
        assert!(
            matches!(refusal, LedgerError::NotBroughtUp { found, known: ours, .. } if (found, ours) == (known(), known() + 1)),
            "{refusal}"
        );
        let message = refusal.to_string();
        assert!(
            message.contains("left as it is") && message.contains("`state export`"),
            "{message}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{message}");
    }
    let ledger = open(folder.path());
    assert_eq!(all(&ledger.reader().unwrap()), before);
}
