//! Finds out what became of a request without an answer, or of a job that AWS does not show any more.
//!
//! ```text
//!   a job for the point? ── open ──> follow it     ── completed ──> arrived     ── failed ──> its failure
//!        │ none
//!        ├── asked a moment ago: the same request again, under the same token
//!        └── else: a copy in the destination? ──> arrived, or nothing came of it and it waits again
//! ```

use std::collections::HashSet;
use std::time::Duration;

use sav_domain::arn;
use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::transfer::{Attempt, DestinationArn, JobId, Step, Token};
use sav_domain::{RecoveryPoint, ResourceType};
use tokio::time::sleep;

use super::head::Head;
use super::order::{Event, SettleEnd};
use super::start::{Certainty, certainty};
use super::watch::SKEW;
use super::work::{Work, lost_copies};
use crate::ports::{CallError, Clock, CopyDesk, Gateway, JobsAsked, Ledger, LedgerError, LedgerReader, PointsAsked};

/// As long as this after it was first sent, a request goes out again under its token: nobody knows how long AWS remembers one,
/// but minutes it does.
const FRESH: Duration = Duration::from_mins(10);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Between two dates of creation of one point: some copies keep whole seconds only.
const SAME_SECOND: i64 = 1_000;

impl<G, D, L, C> Work<G, D, L, C>
where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    C: Clock,
{
    /// The transfer may still be `Intended`, if the process ended before the answer came.
    pub(super) async fn settle(
        &self,
        head: &Head,
        attempt: Attempt,
        job: Option<JobId>,
    ) -> Result<SettleEnd, LedgerError> {
        if head.transfer.stage() == sav_domain::transfer::Stage::Intended {
            self.step(head.id, Step::AnswerLost).await?;
        }
        let id = head.id;
        let before = self.reading.ask(move |ledger| ledger.attempts(id)).await?;
        let spent: HashSet<JobId> = before
            .into_iter()
            .filter(|past| past.attempt.number != attempt.number)
            .filter_map(|past| past.job)
            .collect();
        let mut wait = FIRST_WAIT;
        loop {
            match self.look_into(head, &attempt, job.as_ref(), &spent).await? {
                Finding::End(end) => {
                    self.tell(Event::Health(Ok(())));
                    return Ok(end);
                }
                Finding::NotYet => {}
                Finding::Unanswered(error) => {
                    tracing::debug!(point = &*head.arn, code = error.code, "not found out yet");
                    self.tell(Event::Health(Err(error)));
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn look_into(
        &self,
        head: &Head,
        attempt: &Attempt,
        job: Option<&JobId>,
        spent: &HashSet<JobId>,
    ) -> Result<Finding, LedgerError> {
        let _worker = self.workers.acquire().await;
        let jobs = match self.jobs_of(head).await? {
            Ok(jobs) => jobs,
            Err(error) => return Ok(Finding::Unanswered(error)),
        };
        let found = telling(jobs, attempt, spent);
        // A completed job that does not say yet where its copy is does not help.
        let found = found.filter(|found| found.state != JobState::Completed || found.destination_point_arn.is_some());
        if let Some(found) = found {
            let transfer = self.step(head.id, Step::Adopted { job: found.id.clone() }).await?;
            return Ok(Finding::End(SettleEnd::Found {
                job: Box::new(found),
                transfer,
            }));
        }
        let age = self.now().millis_since(attempt.opened);
        let is_fresh = u64::try_from(age).is_ok_and(|age| Duration::from_millis(age) < FRESH);
        if is_fresh {
            return match (job, &attempt.token) {
                (None, Some(token)) => self.ask_again(head, token).await,
                // There was a job, or AWS does not take the token again: its lists may lag behind.
                _ => Ok(Finding::NotYet),
            };
        }
        let copy = match self.copy_of(&head.point).await {
            Some(Ok(copy)) => copy,
            Some(Err(error)) => return Ok(Finding::Unanswered(error)),
            // The job's history is gone, and nobody may look into the destination.
            None if job.is_some() => return Ok(Finding::End(SettleEnd::Unknown)),
            None => None,
        };
        Ok(Finding::End(if let Some(destination) = copy {
            let transfer = self.step(head.id, Step::AlreadyThere { destination }).await?;
            SettleEnd::Arrived { transfer }
        } else {
            let transfer = self.step(head.id, Step::NothingFound).await?;
            SettleEnd::Nothing { transfer }
        }))
    }

    /// The same request under the same token.
    async fn ask_again(&self, head: &Head, token: &Token) -> Result<Finding, LedgerError> {
        tokio::select! {
            biased;
            () = self.stopped() => {}
            () = self.source.turn_to_start_copy() => {}
        }
        if self.is_stopping() {
            return Ok(Finding::NotYet);
        }
        self.step(head.id, Step::Resent).await?;
        let answer = self
            .source
            .start_copy(&self.terms.asked(&head.point, token.clone()), self.stopped())
            .await;
        let error = match answer {
            Ok(started) => {
                let job = started.job.clone();
                let transfer = self.step(head.id, Step::Accepted { job }).await?;
                return Ok(Finding::End(SettleEnd::Accepted { started, transfer }));
            }
            Err(error) => error,
        };
        if certainty(&error) == Certainty::Refused {
            return Ok(Finding::End(SettleEnd::Refused(error)));
        }
        self.step(head.id, Step::AnswerLost).await?;
        Ok(Finding::Unanswered(error))
    }

    /// Jobs that copy the point where it is to go, whoever asked for them, but for those whose copies were found to be gone.
    pub(super) async fn jobs_of(&self, head: &Head) -> Result<Result<Vec<CopyJob>, CallError>, LedgerError> {
        let mut jobs = match self.jobs_into_the_vault(head).await {
            Ok(jobs) => jobs,
            Err(error) => return Ok(Err(error)),
        };
        if jobs.iter().any(|job| job.destination_point_arn.is_some()) {
            let id = head.id;
            let lost = self.reading.ask(move |ledger| lost_copies(ledger, id)).await?;
            jobs.retain(|job| {
                job.destination_point_arn
                    .as_ref()
                    .is_none_or(|copy| !lost.contains(copy))
            });
        }
        Ok(Ok(jobs))
    }

    async fn jobs_into_the_vault(&self, head: &Head) -> Result<Vec<CopyJob>, CallError> {
        let by_point = JobsAsked {
            source_point_arn: Some((*head.arn).into()),
            ..JobsAsked::default()
        };
        let jobs = match self.all(&by_point).await {
            // Not every Region has this filter yet.
            Err(error) if error.kind == FaultKind::Rejected && head.point.resource_arn.is_some() => {
                let by_resource = JobsAsked {
                    resource_arn: head.point.resource_arn.as_deref().map(Into::into),
                    ..JobsAsked::default()
                };
                self.all(&by_resource).await?
            }
            jobs => jobs?,
        };
        let vault = self.terms.destination_vault_arn(&head.point.vault);
        Ok(jobs
            .into_iter()
            .filter(|job| job.source_point_arn.as_deref() == Some(&*head.arn) && job.parent.is_none())
            .filter(|job| job.destination_vault_arn.as_deref().is_none_or(|to| *to == *vault))
            .collect())
    }

    /// The point's copy in the destination. None: nobody may look there.
    async fn copy_of(&self, point: &RecoveryPoint) -> Option<Result<Option<DestinationArn>, CallError>> {
        let destination = self.destination.as_ref()?;
        let Some(created) = point.created else {
            return Some(Ok(None));
        };
        let asked = PointsAsked {
            vault: self.terms.destination_vault(&point.vault).clone(),
            resource_type: point.resource_type.as_ref().map(|kind| kind.name().to_owned()),
            created_after: Some(created.plus_millis(-SAME_SECOND - 1)),
            created_before: Some(created.plus_millis(SAME_SECOND + 1)),
        };
        let route = &self.terms.route;
        let vault_arn = arn::of_vault(&route.partition(), route.region(), route.source(), &point.vault);
        let mut token: Option<String> = None;
        loop {
            let page = match destination.points(&asked, token.as_deref()).await {
                Ok(page) => page,
                // A vault that is not there has no copies.
                Err(error) if error.kind == FaultKind::NotFound => return Some(Ok(None)),
                Err(error) => return Some(Err(error)),
            };
            let copy = page.items.into_iter().find(|copy| is_copy(copy, point, &vault_arn));
            if let Some(copy) = copy.and_then(|copy| DestinationArn::new(copy.arn)) {
                return Some(Ok(Some(copy)));
            }
            if page.token.is_none() || page.token == token {
                return Some(Ok(None));
            }
            token = page.token;
        }
    }
}

/// What one look came to.
enum Finding {
    End(SettleEnd),
    /// It may show a little later.
    NotYet,
    Unanswered(CallError),
}

/// The job that says what became of the attempt: an open one before a completed one before one that failed, where a failed one
/// counts only if it belongs to this attempt and not to one before.
fn telling(mut jobs: Vec<CopyJob>, attempt: &Attempt, spent: &HashSet<JobId>) -> Option<CopyJob> {
    let skew = i64::try_from(SKEW.as_millis()).unwrap_or(i64::MAX);
    let oldest = attempt.opened.plus_millis(-skew);
    jobs.sort_by_key(|found| (rank(found), std::cmp::Reverse(found.created)));
    jobs.into_iter().find(|found| {
        let is_new = found.created.is_none_or(|created| created >= oldest);
        rank(found) < FAILED || is_new && !spent.contains(&found.id)
    })
}

/// An open job before a completed one before a failed one.
fn rank(job: &CopyJob) -> u8 {
    match &job.state {
        state if state.is_open() => 0,
        JobState::Completed => 1,
        // One that copied a part only may be what the operator wants tried again.
        _ => FAILED,
    }
}

const FAILED: u8 = 2;

/// No field of a copy names the point it was made from, so what the two have in common has to do.
fn is_copy(copy: &RecoveryPoint, of: &RecoveryPoint, source_vault_arn: &str) -> bool {
    let (Some(theirs), Some(ours)) = (copy.created, of.created) else {
        return false;
    };
    let apart = theirs.millis_since(ours).abs();
    // Copied snapshots name a volume that means nothing; then the dates have to agree to the millisecond.
    let names_a_resource = !matches!(of.resource_type, Some(ResourceType::Ebs | ResourceType::Ec2));
    let same_resource = match (&copy.resource_arn, &of.resource_arn) {
        (Some(theirs), Some(ours)) => resource_of(theirs) == resource_of(ours),
        _ => false,
    };
    copy.source_vault_arn
        .as_deref()
        .is_none_or(|vault| vault == source_vault_arn)
        && copy.resource_type == of.resource_type
        && copy.size_bytes == of.size_bytes
        && (same_resource && apart < SAME_SECOND || !names_a_resource && apart == 0)
}

/// Without Region and account, which on a copy may be the destination's.
fn resource_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
