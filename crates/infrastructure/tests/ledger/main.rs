//! Every ledger keeps the same contract; the one on disk keeps it through kills, full disks and strange files, too.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is the failure report, in what the tests share as well"
)]

mod contract;
mod crash;
mod refusals;
mod world;
