//! Those who do what the run orders: each order is a task of its own and sends back what came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::copy_job::CopyJob;
use sav_domain::fault::FaultKind;
use sav_domain::ledger::{LedgerPoint, PointId};
use sav_domain::transfer::{Cause, DestinationArn, Event as Taken, JobId, Part, Stage, Step, Transfer};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep;

use super::head::Head;
use super::order::{Event, Look, Order, PollAsked, Record, Seen};
use super::reading::Reading;
use crate::calls::{Calls, IDLE_ROUNDS, going_round};
use crate::credentials::Gate;
use crate::ports::{CallError, Change, Clock, CopyDesk, JobsAsked, Ledger, LedgerError, LedgerReader, Side};
use crate::terms::CopyTerms;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often a listing whose token is refused starts over.
const RESTARTS: u32 = 3;

/// What every doer needs.
pub(super) struct Work<G, D, L: Ledger, C> {
    pub(super) source: Arc<Calls<G>>,
    pub(super) destination: Option<Arc<Calls<D>>>,
    pub(super) ledger: Arc<L>,
    pub(super) reading: Reading<L::Reader>,
    pub(super) terms: Arc<CopyTerms>,
    pub(super) clock: C,
    /// One for each call to start a copy that may be under way.
    pub(super) workers: Semaphore,
    /// Nothing new is to be asked for.
    pub(super) stopping: watch::Sender<bool>,
    pub(super) inbox: mpsc::UnboundedSender<Event>,
}

impl<G, D, L, C> Work<G, D, L, C>
where
    G: CopyDesk,
    D: crate::ports::Gateway,
    L: Ledger,
    C: Clock,
{
    pub(super) async fn perform(self: Arc<Self>, order: Order) {
        let event = match order {
            Order::Heads { group, behind, limit } => {
                let heads = self.reading.ask(move |ledger| ledger.ready(group, behind, limit)).await;
                heads.map(|heads| Event::Heads {
                    group,
                    is_last: heads.len() < limit,
                    heads,
                })
            }
            Order::Canaries { group, limit } => {
                let heads = self
                    .reading
                    .ask(move |ledger| ledger.smallest_ready(group, limit))
                    .await;
                heads.map(|heads| Event::Canaries { group, heads })
            }
            Order::Turns(points) => {
                let heads = self.reading.ask(move |ledger| ledger.heads_after(&points)).await;
                heads.map(Event::Turns)
            }
            Order::Rest => self.reading.ask(LedgerReader::groups).await.map(Event::Rest),
            Order::Recognise(jobs) => self
                .reading
                .ask(move |ledger| recognise(ledger, jobs))
                .await
                .map(Event::Recognised),
            Order::Start { head, look_first } => {
                let end = self.start(&head, look_first).await;
                end.map(|end| Event::Started(head.id, end))
            }
            Order::Settle { head, attempt, job } => {
                let end = self.settle(&head, attempt, job).await;
                end.map(|end| Event::Settled(head.id, end))
            }
            Order::Record(record) => self.write_down(record).await,
            Order::Park { group, cause } => {
                let parked = self.patiently(|| self.ledger.park(group, cause.clone())).await;
                parked.map(|()| Event::Parked)
            }
            Order::Learn(learned) => self
                .patiently(|| self.ledger.learn(learned.clone()))
                .await
                .map(|()| Event::Learned),
            Order::Poll(asked) => Ok(Event::Polled(self.poll(asked).await)),
            Order::Describe(job) => {
                let answer = self.source.copy_job(&job).await;
                Ok(Event::Described(job, answer))
            }
            Order::Parts(job) => {
                let parts = self.parts(&job).await;
                Ok(Event::Parts(job, parts))
            }
            Order::SeeIfThere(head) => {
                let there = self.see_if_there(&head).await;
                Ok(Event::SeenIfThere(head.id, there))
            }
        };
        self.tell(event.unwrap_or_else(Event::LedgerLost));
    }

    /// Tells when credentials have ended and when they are good again, for as long as the run goes on.
    pub(super) async fn follow_credentials(self: Arc<Self>) {
        let follow = async |side: Side, gate: &Gate| {
            let mut standing = gate.watch();
            loop {
                let trouble = standing.borrow_and_update().paused().cloned();
                self.tell(Event::Credentials(side, trouble));
                // The gate lives as long as we do.
                let _ = standing.changed().await;
            }
        };
        let destination = async {
            if let Some(destination) = &self.destination {
                follow(Side::Destination, destination.gate()).await;
            }
        };
        tokio::join!(follow(Side::Source, self.source.gate()), destination);
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody listens any more when the run has ended.
        let _ = self.inbox.send(event);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until nothing new is to be asked for.
    pub(super) async fn stopped(&self) {
        // The sender is ours: it lives as long as we do.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// One step of one transfer, made durable.
    pub(super) async fn step(&self, id: PointId, step: Step) -> Result<Transfer, LedgerError> {
        let change = Change {
            point: id,
            event: Taken::new(self.clock.now(), step),
        };
        let mut after = self.record(vec![change]).await?;
        Ok(after.pop().expect("the ledger answers one state for each change"))
    }

    async fn record(&self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        self.patiently(|| self.ledger.record(changes.clone())).await
    }

    /// What AWS has done must not be lost because a disk is full: it is tried again until there is room.
    async fn patiently<T, F>(&self, write: impl Fn() -> F) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        let mut wait = FIRST_WAIT;
        let mut waited = false;
        loop {
            match write().await {
                Err(error @ (LedgerError::Full { .. } | LedgerError::ReadOnly { .. } | LedgerError::Io { .. })) => {
                    tracing::warn!("{error}");
                    self.tell(Event::LedgerWaits(Some(error)));
                    waited = true;
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                outcome => {
                    if waited && outcome.is_ok() {
                        self.tell(Event::LedgerWaits(None));
                    }
                    return outcome;
                }
            }
        }
    }

    async fn write_down(&self, record: Record) -> Result<Event, LedgerError> {
        let points: Vec<PointId> = record.changes.iter().map(|change| change.point).collect();
        let after = self.record(record.changes).await?;
        // Where a transfer has taken several steps, the last one counts.
        let last: HashMap<PointId, Transfer> = points.iter().copied().zip(after).collect();
        Ok(Event::Recorded {
            transfers: last.into_iter().collect(),
            tell: record.tell,
        })
    }

    async fn poll(&self, asked: PollAsked) -> Result<bool, CallError> {
        if let Some(ended_after) = asked.ended_after {
            let ended = JobsAsked {
                completed_after: Some(ended_after),
                ..JobsAsked::default()
            };
            self.pages(&ended, |jobs| self.tell(Event::Ended(jobs))).await?;
        }
        if asked.look != Look::None {
            let mut seen = Seen {
                waiting: self.in_state("CREATED").await?,
                running: None,
            };
            if asked.look == Look::Open {
                // In this order: a job that starts in between is seen twice rather than not at all.
                seen.running = Some(self.in_state("RUNNING").await?);
            }
            self.tell(Event::Looked(seen));
        }
        Ok(asked.is_round)
    }

    async fn in_state(&self, state: &'static str) -> Result<Vec<CopyJob>, CallError> {
        let asked = JobsAsked {
            state: Some(state),
            ..JobsAsked::default()
        };
        self.all(&asked).await
    }

    pub(super) async fn all(&self, asked: &JobsAsked) -> Result<Vec<CopyJob>, CallError> {
        let mut all = Vec::new();
        self.pages(asked, |mut jobs| all.append(&mut jobs)).await?;
        Ok(all)
    }

    /// Every page to the end. When AWS refuses a token the listing starts over, so jobs may come twice.
    async fn pages(&self, asked: &JobsAsked, mut told: impl FnMut(Vec<CopyJob>)) -> Result<(), CallError> {
        let mut token: Option<String> = None;
        let (mut restarts, mut led_to_itself) = (0, 0);
        loop {
            let page = match self.source.copy_jobs(asked, token.as_deref()).await {
                Err(error) if token.is_some() && error.kind == FaultKind::Rejected && restarts < RESTARTS => {
                    restarts += 1;
                    token = None;
                    continue;
                }
                answer => answer?,
            };
            if !page.items.is_empty() {
                told(page.items);
            }
            led_to_itself = if token.is_some() && token == page.token {
                led_to_itself + 1
            } else {
                0
            };
            if led_to_itself > IDLE_ROUNDS {
                let operation = sav_domain::operation::Operation::ListCopyJobs;
                return Err(going_round(self.source.gateway(), operation, None));
            }
            token = page.token;
            if token.is_none() {
                return Ok(());
            }
        }
    }

    async fn parts(&self, job: &JobId) -> Result<Vec<Part>, CallError> {
        let asked = JobsAsked {
            parent: Some(job.clone()),
            ..JobsAsked::default()
        };
        let mut parts = self.all(&asked).await?;
        parts.sort_by(|a, b| a.id.cmp(&b.id));
        parts.dedup_by(|a, b| a.id == b.id);
        Ok(parts.into_iter().map(part).collect())
    }

    /// Whether the source still has the point. In doubt it has.
    async fn see_if_there(&self, head: &Head) -> bool {
        let mut wait = FIRST_WAIT;
        loop {
            match self.source.point(&head.point.vault, &head.arn).await {
                Err(error) if error.kind.passes_by_itself() => self.tell(Event::Health(Err(error))),
                seen => return !seen.is_err_and(|error| error.kind == FaultKind::NotFound),
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }
}

fn recognise<R: LedgerReader>(
    ledger: &R,
    jobs: Vec<CopyJob>,
) -> Result<Vec<(CopyJob, Option<LedgerPoint>)>, LedgerError> {
    jobs.into_iter()
        .map(|job| {
            let known = job
                .source_point_arn
                .as_deref()
                .map_or(Ok(None), |arn| ledger.find(arn))?;
            let known = match known {
                Some(known) if made_a_lost_copy(ledger, &known, &job)? => None,
                known => known,
            };
            Ok((job, known))
        })
        .collect()
}

/// A job that AWS still remembers, and whose copy was found to be gone: it says nothing about where the transfer stands now.
fn made_a_lost_copy<R: LedgerReader>(ledger: &R, known: &LedgerPoint, job: &CopyJob) -> Result<bool, LedgerError> {
    let Some(copy) = &job.destination_point_arn else {
        return Ok(false);
    };
    let is_there = known
        .transfer
        .as_ref()
        .is_none_or(|transfer| transfer.stage() == Stage::Arrived);
    if is_there {
        return Ok(false);
    }
    Ok(lost_copies(ledger, known.id)?.contains(copy))
}

/// What a transfer that has not arrived once arrived as: all of it is gone.
pub(super) fn lost_copies<R: LedgerReader>(ledger: &R, id: PointId) -> Result<Vec<DestinationArn>, LedgerError> {
    let events = ledger.events(id)?.into_iter();
    Ok(events
        .filter_map(|event| match event.step {
            Step::Landed { destination } | Step::AlreadyThere { destination } => Some(destination),
            _ => None,
        })
        .collect())
}

fn part(job: CopyJob) -> Part {
    let cause = job.destination_point_arn.is_none().then(|| {
        let reading = sav_domain::category::of_job(job.category.as_deref(), job.message.as_deref());
        Cause { ..reading.cause }
    });
    Part {
        resource_arn: job.resource_arn.as_deref().map(Into::into),
        job: Some(job.id),
        destination: job.destination_point_arn,
        cause,
    }
}
