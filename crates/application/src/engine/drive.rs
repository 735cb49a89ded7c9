//! The loop: what happens goes to the run, what the run orders goes to the doers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::now::Now;
use super::order::Event;
use super::run::Run;
use super::work::Work;
use super::{Ending, RunEnd, RunEvent, StopReason};
use crate::ports::{Clock, CopyDesk, Gateway, Ledger};

/// So long answers under way are waited for when the run ends. What comes later is found by the next run.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// However long nothing is due: clocks jump, and machines sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Something that is due already is due in a moment: the clocks' last digits differ.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

pub(super) async fn drive<G, D, L, C>(
    mut run: Run,
    work: Arc<Work<G, D, L, C>>,
    mut inbox: mpsc::UnboundedReceiver<Event>,
    mut stop: watch::Receiver<Option<StopReason>>,
    tell: mpsc::UnboundedSender<RunEvent>,
) -> RunEnd
where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    L::Reader: 'static,
    C: Clock,
{
    let began = Instant::now();
    let now = |work: &Work<G, D, L, C>| Now {
        at: work.now(),
        since: began.elapsed(),
    };
    let mut doers = JoinSet::new();
    doers.spawn(work.clone().follow_credentials());
    let how = loop {
        run.decide(now(&work));
        act(&mut run, &work, &mut doers, &tell);
        if let Some(ending) = run.ending.take() {
            break ending;
        }
        let wait = run.wait(now(&work)).clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
        tokio::select! {
            biased;
            reason = stop_asked(&mut stop) => break Ending::Stopped(reason),
            Some(event) = inbox.recv() => {
                let at = now(&work);
                run.handle(event, at);
                // What has come together is decided upon together.
                while let Ok(event) = inbox.try_recv() {
                    run.handle(event, at);
                }
            }
            () = sleep(wait) => {}
        }
        while let Some(done) = doers.try_join_next() {
            if let Err(broken) = done
                && broken.is_panic()
            {
                // What it was to tell will never come: better to fall than to wait for it.
                std::panic::resume_unwind(broken.into_panic());
            }
        }
    };
    work.stopping.send_replace(true);
    run.stop(now(&work));
    act(&mut run, &work, &mut doers, &tell);
    if how != Ending::Stopped(StopReason::AskedAgain) {
        let last_answers = async {
            while run.under_way() > 0 {
                let flow = tokio::select! {
                    biased;
                    StopReason::AskedAgain = stop_asked_again(&mut stop) => ControlFlow::Break(()),
                    Some(event) = inbox.recv() => ControlFlow::Continue(event),
                };
                let ControlFlow::Continue(event) = flow else { break };
                run.handle(event, now(&work));
                act(&mut run, &work, &mut doers, &tell);
            }
        };
        // Whatever is not answered by then is in the ledger as meant, and the next run looks into it.
        let _ = timeout(LAST_ANSWERS, last_answers).await;
        let learned = run.learned(work.now());
        if !matches!(how, Ending::LedgerLost(_)) {
            let _ = timeout(LAST_ANSWERS, work.ledger.learn(learned)).await;
        }
    }
    doers.abort_all();
    RunEnd {
        how,
        counts: run.counts(),
    }
}

fn act<G, D, L, C>(
    run: &mut Run,
    work: &Arc<Work<G, D, L, C>>,
    doers: &mut JoinSet<()>,
    tell: &mpsc::UnboundedSender<RunEvent>,
) where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    L::Reader: 'static,
    C: Clock,
{
    run.flush();
    for told in run.tell.drain(..) {
        // Whether anybody listens is not the run's business.
        let _ = tell.send(told);
    }
    for order in run.orders.drain(..) {
        doers.spawn(work.clone().perform(order));
    }
}

/// Waits until somebody asks. When nobody can ask any more, nobody will.
async fn stop_asked(stop: &mut watch::Receiver<Option<StopReason>>) -> StopReason {
    match stop.wait_for(Option::is_some).await.map(|reason| *reason) {
        Ok(Some(reason)) => reason,
        _ => std::future::pending().await,
    }
}

async fn stop_asked_again(stop: &mut watch::Receiver<Option<StopReason>>) -> StopReason {
    match stop
        .wait_for(|reason| *reason == Some(StopReason::AskedAgain))
        .await
        .map(|reason| *reason)
    {
        Ok(Some(reason)) => reason,
        _ => std::future::pending().await,
    }
}
