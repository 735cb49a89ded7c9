//! What a run takes up from the ledger before anything is decided.

use std::sync::Arc;
use std::time::Duration;

use sav_domain::category::same_word;
use sav_domain::ledger::{GroupStanding, Learned, LedgerPoint, PointId};
use sav_domain::transfer::{Event as Taken, Stage, State, Step};
use tokio::sync::{Semaphore, mpsc, watch};

use super::now::Now;
use super::order::Event;
use super::reading::Reading;
use super::run::Run;
use super::work::Work;
use super::{Parties, RetryFailed, RunEvent, RunSettings};
use crate::ports::{Change, Clock, Ledger, LedgerError, LedgerReader};

/// Points read from the ledger, and changes made durable, at a time.
const PAGE: usize = 1_000;
const MOST_WORKERS: usize = 50;

type Begun<G, D, L, C> = (Run, Arc<Work<G, D, L, C>>, mpsc::UnboundedReceiver<Event>);

struct TakenUp {
    groups: Vec<GroupStanding>,
    open: Vec<LedgerPoint>,
    learned: Vec<Learned>,
    /// Transfers that this run tries again: parked ones, and failed ones if the operator wants that.
    again: Vec<(PointId, Step)>,
}

pub(super) async fn begin<G, D, L, C>(
    settings: RunSettings,
    parties: Parties<G, D, L, C>,
) -> Result<Begun<G, D, L, C>, LedgerError>
where
    L: Ledger,
    L::Reader: 'static,
    C: Clock,
{
    let reading = Reading::new(parties.ledger.reader()?);
    let at = parties.clock.now();
    let parked = reading.ask(LedgerReader::groups).await?;
    let parked: Vec<_> = parked
        .into_iter()
        .filter(|group| group.parked.is_some())
        .map(|group| group.id)
        .collect();
    if !parked.is_empty() {
        // Somebody may have removed the causes meanwhile: a few copies of each group will tell.
        parties.ledger.unpark(parked).await?;
    }
    let retry = settings.retry_failed.clone();
    let TakenUp {
        groups,
        open,
        learned,
        again,
    } = reading.ask(move |ledger| take_up(ledger, retry.as_ref())).await?;
    for page in again.chunks(PAGE) {
        let changes = page.iter().map(|(point, step)| Change {
            point: *point,
            event: Taken::new(at, step.clone()),
        });
        parties.ledger.record(changes.collect()).await?;
    }
    let groups = if again.is_empty() {
        groups
    } else {
        reading.ask(LedgerReader::groups).await?
    };

    let now = Now {
        at,
        since: Duration::ZERO,
    };
    let (inbox, events) = mpsc::unbounded_channel();
    let workers = settings.workers.clamp(1, MOST_WORKERS);
    let mut run = Run::new(RunSettings { workers, ..settings }, parties.terms.clone(), learned, now);
    let waiting = groups.iter().map(|group| group.waiting).sum();
    let opened = open.len() as u64;
    for group in groups {
        run.take_in_group(group);
    }
    for known in open {
        run.take_in_open(known, now);
    }
    run.tell.push(RunEvent::Started { waiting, open: opened });
    let work = Work {
        source: parties.source,
        destination: parties.destination,
        ledger: parties.ledger,
        reading,
        terms: parties.terms,
        clock: parties.clock,
        workers: Semaphore::new(workers),
        stopping: watch::Sender::new(false),
        inbox,
    };
    Ok((run, Arc::new(work), events))
}

fn take_up<R: LedgerReader>(ledger: &R, retry: Option<&RetryFailed>) -> Result<TakenUp, LedgerError> {
    let mut open = Vec::new();
    for (id, _) in ledger.open_transfers()? {
        open.extend(ledger.point(id)?);
    }
    let standing = ledger.standing()?;
    let count = |stage: Stage| standing.stages.get(&stage).copied().unwrap_or(0);
    let mut again = Vec::new();
    let looks_for_failed = retry.is_some() && count(Stage::Failed) + count(Stage::Partial) > 0;
    if count(Stage::Parked) > 0 || looks_for_failed {
        let mut after = None;
        loop {
            let page = ledger.points(after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            again.extend(
                page.iter()
                    .filter_map(|known| Some((known.id, step_again(known, retry)?))),
            );
        }
    }
    Ok(TakenUp {
        groups: ledger.groups()?,
        open,
        learned: ledger.learned()?,
        again,
    })
}

fn step_again(known: &LedgerPoint, retry: Option<&RetryFailed>) -> Option<Step> {
    let requeued = Step::Requeued { not_before: None };
    match (&known.transfer.as_ref()?.state, retry) {
        (State::Parked { .. }, _) => Some(Step::Unparked),
        (State::Failed { .. } | State::Partial { .. }, Some(RetryFailed::All)) => Some(requeued),
        (State::Failed { cause }, Some(RetryFailed::Cause(wanted))) if same_word(&cause.category, wanted) => {
            Some(requeued)
        }
        _ => None,
    }
}
