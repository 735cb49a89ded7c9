//! Every ledger keeps the same contract; the one on disk keeps it through kills, full disks and strange files, too.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the failure report, in what the tests share as well"
)]

/// Promises that the ledger in memory keeps, and the one on disk, each as a test of its own.
macro_rules! every_ledger_keeps {
    ($($promise:ident),* $(,)?) => {
        mod memory {
            $(
                #[tokio::test]
                async fn $promise() {
                    let route = crate::world::route("eu-west-1");
                    super::$promise(&sav_application::memory_ledger::MemoryLedger::new(route)).await;
                }
            )*
        }
        mod sqlite {
            $(
                #[tokio::test]
                async fn $promise() {
                    let folder = tempfile::tempdir().unwrap();
                    super::$promise(&crate::world::open(folder.path())).await;
                }
            )*
        }
    };
}

mod agreement;
mod contract;
mod crash;
mod document;
mod lanes;
mod portions;
mod refusals;
mod world;
