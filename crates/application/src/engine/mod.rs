//! The copy engine: from a queue of transfers to copies in the destination, exactly once, with AWS's slots always full.
//!
//! ```text
//!            heads of lanes                 starts                  StartCopyJob
//!   feeder ──────────────────>  run  ──────────────────> starter ────────────────> AWS
//!     ^                       (decides)                     │ Meant, then the call, then Accepted
//!     │ whose turn?             ^  │ looks                  v
//!   ledger <────────────────────┼──┼───────────────────── ledger
//!                               │  v
//!                            watcher ── ListCopyJobs ──> AWS
//! ```
//!
//! One task owns the state of the run and decides; it waits for nothing but its inbox. The others do what they are ordered to
//! and send back what came of it. What has to survive a crash is in the ledger before anybody acts on it.

mod begin;
mod decide;
mod drive;
mod events;
mod failure;
mod head;
mod kind;
mod live;
mod now;
mod order;
mod outcome;
mod pause;
mod queue;
mod reading;
mod run;
mod settings;
mod settle;
mod sight;
mod start;
mod strikes;
#[cfg(test)]
mod tests;
mod watch;
mod window;
mod work;

use std::sync::Arc;

use tokio::sync::{mpsc, watch as channel};

pub use events::{Counts, Ending, PauseReason, RunEnd, RunEvent, Subject};
pub use settings::{RetryFailed, RunSettings, StopReason};

use crate::calls::Calls;
use crate::ports::{Clock, CopyDesk, Gateway, Ledger};
use crate::terms::CopyTerms;

/// Whom a run works with.
pub struct Parties<G, D, L, C> {
    pub source: Arc<Calls<G>>,
    /// None: no credentials for the destination, so what is in doubt can be looked up among the source's jobs only.
    pub destination: Option<Arc<Calls<D>>>,
    pub ledger: Arc<L>,
    pub terms: Arc<CopyTerms>,
    pub clock: C,
}

/// Copies what waits in the ledger until nothing is left to do, the window ends or somebody asks to stop. The ledger says
/// what came of it; the answer says only why the run ended.
pub async fn run<G, D, L, C>(
    settings: RunSettings,
    parties: Parties<G, D, L, C>,
    stop: channel::Receiver<Option<StopReason>>,
    tell: mpsc::UnboundedSender<RunEvent>,
) -> RunEnd
where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    L::Reader: 'static,
    C: Clock,
{
    match begin::begin(settings, parties).await {
        Ok((run, work, inbox)) => drive::drive(run, work, inbox, stop, tell).await,
        Err(error) => RunEnd {
            how: Ending::LedgerLost(error),
            counts: Counts::default(),
        },
    }
}
