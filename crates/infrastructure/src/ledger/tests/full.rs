//! No more room, at every write there is: a database may not grow beyond so many pages, for every second number of pages in turn.

use sav_application::memory_ledger::MemoryLedger;
use sav_application::ports::{Ledger, LedgerError};
use sav_domain::Moment;
use sav_domain::ledger::{GroupId, Learned, PlanId, PointId, Ruling, WindowEnd, WindowId};
use sav_domain::transfer::Cause;

use super::super::{SqliteLedger, SqliteReader};
use super::{all, journey, ledger_path, open, planned, route};

const WRITES: u32 = 14;
const BATCH: u32 = 80;

/// Every kind of write, in an order that makes sense.
async fn write<L: Ledger>(ledger: &L, number: u32) -> Result<(), LedgerError> {
    let now = Moment::from_millis(i64::from(number));
    let plan = PlanId(1);
    match number {
        0 => ledger.begin_plan(now, "{\"selection\":\"all\"}".into()).await.map(drop),
        1..=3 => {
            let first = (number - 1) * BATCH;
            ledger
                .plan(plan, (first..first + BATCH).map(planned).collect())
                .await
                .map(drop)
        }
        4 => {
            ledger
                .rule(
                    plan,
                    vec![(
                        PointId(BATCH * 3),
                        Ruling {
                            fix: Some("what to do about it ".repeat(99).into()),
                            ..Ruling::COPY
                        },
                    )],
                )
                .await
        }
        5 => {
            ledger
                .queue((1..=BATCH * 3).map(|id| (PointId(id), u64::from(id))).collect())
                .await
        }
        6 => ledger.finish_plan(plan, now).await.map(drop),
        7 => ledger.open_window(now).await.map(drop),
        8..=10 => {
            let ids = [1, 3, 5].map(|id| id + (number - 8) * 6);
            ledger
                .record(ids.into_iter().flat_map(|id| journey(PointId(id))).collect())
                .await
                .map(drop)
        }
        11 => {
            let cause = Cause {
                category: "KMS_KEY_ERROR".into(),
                message: "AWS's own words ".repeat(400).into(),
                fix: None,
            };
            ledger.park(GroupId(1), cause).await
        }
        12 => {
            let lessons = (0..60).map(|n| Learned {
                what: format!("duration {n}").into(),
                scope: "the scope of it ".repeat(9).into(),
                value: 1.0,
                samples: 1,
                at: now,
            });
            ledger.learn(lessons.collect()).await
        }
        _ => {
            let end = WindowEnd {
                at: now,
                exit_code: 0,
                completed: 9,
                failed: 0,
            };
            ledger.close_window(WindowId(1), end).await
        }
    }
}

async fn pages(ledger: &SqliteLedger) -> i64 {
    let pages = ledger.submit(|store| Ok(store.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?));
    pages.await.unwrap()
}

async fn grow_to(ledger: &SqliteLedger, pages: i64) {
    let limit = ledger.submit(move |store| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        Ok(store.connection.query_row(&sql, [], |_| Ok(()))?)
    });
    limit.await.unwrap();
}

#[tokio::test]
async fn a_write_for_which_there_is_no_room_succeeds_once_there_is() {
    let roomy = tempfile::tempdir().unwrap();
    let ledger = open(roomy.path());
    let fresh = pages(&ledger).await;
    for number in 0..WRITES {
        write(&ledger, number).await.unwrap();
    }
    let whole = pages(&ledger).await;
    assert!(whole > fresh + 9, "the writes need room");
    let mut stopped = [false; WRITES as usize];
    for limit in (fresh..whole).step_by(2) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        let beside = MemoryLedger::new(route());
        grow_to(&ledger, limit).await;
        for number in 0..WRITES {
            if let Err(full) = write(&ledger, number).await {
                assert!(matches!(full, LedgerError::Full { .. }), "{full}");
                assert!(
                    full.to_string()
                        .contains("free some space, and the same write will succeed"),
                    "{full}"
                );
                stopped[number as usize] = true;
                assert!(
                    all(&ledger.reader().unwrap()) == all(&beside),
                    "nothing of write {number} is there"
                );
                grow_to(&ledger, whole + 100).await;
                write(&ledger, number).await.unwrap();
                grow_to(&ledger, limit).await;
            }
            write(&beside, number).await.unwrap();
        }
        grow_to(&ledger, whole + 100).await;
        drop(ledger);
        let reader = SqliteReader::open(&ledger_path(folder.path()), None).unwrap();
        reader.check().unwrap();
        assert!(all(&reader) == all(&beside), "with {limit} pages");
    }
    let kinds = stopped.iter().filter(|stopped| **stopped).count();
    assert!(kinds > 6, "{stopped:?}");
}
