//! A program that knows one more step than the one that wrote the file.

use sav_application::ports::{Ledger, LedgerError};
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
        found: 1,
        known: 2,
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
        matches!(newer, LedgerError::NewerSchema { found: 2, known: 1, .. }),
        "{newer}"
    );
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
            matches!(refusal, LedgerError::NotBroughtUp { found: 1, known: 2, .. }),
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
