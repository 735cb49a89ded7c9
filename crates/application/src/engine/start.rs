//! One request for a copy: written down, asked, written down.

use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::token;
use sav_domain::transfer::{State, Step, Token};

use super::head::Head;
use super::order::StartEnd;
use super::work::Work;
use crate::ports::{CallError, Clock, CopyDesk, Gateway, Ledger, LedgerError};

impl<G, D, L, C> Work<G, D, L, C>
where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    C: Clock,
{
    pub(super) async fn start(&self, head: &Head, look_first: bool) -> Result<StartEnd, LedgerError> {
        let vault = self.terms.destination_vault_arn(&head.point.vault);
        if look_first
            && let Ok(jobs) = self.jobs_of(head).await?
            && let Some(job) = jobs.into_iter().find(serves_as_well)
        {
            return Ok(StartEnd::Forestalled(job));
        }
        let worker = self.workers.acquire().await;
        // The turn is waited for before anything is written, so that a stop leaves nothing behind that has to be looked into.
        tokio::select! {
            biased;
            () = self.stopped() => {}
            () = self.source.turn_to_start_copy() => {}
        }
        if worker.is_err() || self.is_stopping() {
            return self.not_asked(head).await;
        }
        // What AWS had no room for is the same attempt still, under the same token. So two machines that ask for one point at
        // different times ask for the same thing.
        let (token, meant) = if let Some(token) = spoken_for(head) {
            (token, head.transfer.clone())
        } else {
            let token = token::for_attempt(&head.arn, &vault, head.transfer.attempts + 1, self.now());
            // The token reaches the ledger before the call leaves us. If we die in between, asking again with the same token
            // is free; asking with a new one would copy the point twice.
            match self.step(head.id, Step::Meant { token: token.clone() }).await {
                // Its turn has passed since it was read: its lane is taken, or somebody's job has brought it meanwhile.
                Err(LedgerError::LaneBusy { .. } | LedgerError::Illegal { .. }) => return Ok(StartEnd::TurnPassed),
                meant => (token, meant?),
            }
        };
        let error = match self
            .source
            .start_copy(&self.terms.asked(&head.point, token), self.stopped())
            .await
        {
            Ok(started) => {
                let job = started.job.clone();
                let transfer = self.step(head.id, Step::Accepted { job }).await?;
                return Ok(StartEnd::Accepted { started, transfer });
            }
            Err(error) => error,
        };
        tracing::debug!(point = &*head.arn, code = error.code, "no copy job");
        Ok(match certainty(&error) {
            Certainty::NoRoom => StartEnd::NoRoom(meant),
            Certainty::NotHeard => StartEnd::NotHeard { transfer: meant, error },
            Certainty::Refused => StartEnd::Refused(error),
            Certainty::Unknown => {
                let transfer = self.step(head.id, Step::AnswerLost).await?;
                StartEnd::Lost { transfer, error }
            }
        })
    }

    async fn not_asked(&self, head: &Head) -> Result<StartEnd, LedgerError> {
        if spoken_for(head).is_some() {
            self.step(head.id, Step::TurnedAway { not_before: None }).await?;
        }
        Ok(StartEnd::NotAsked)
    }
}

/// Whether another copy of the same point would be one too many.
fn serves_as_well(job: &CopyJob) -> bool {
    job.state.is_open() || job.state == JobState::Completed && job.destination_point_arn.is_some()
}

/// The token of a request that is to go out again.
fn spoken_for(head: &Head) -> Option<Token> {
    match &head.transfer.state {
        State::Intended { attempt } => attempt.token.clone(),
        _ => None,
    }
}

/// What an error says about whether there is a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// There is none: AWS runs no more for now.
    NoRoom,
    /// There is none: the request was turned away at the door, for a reason that has nothing to do with it.
    NotHeard,
    /// There is none: AWS read the request and said no.
    Refused,
    /// There may be one.
    Unknown,
}

pub(super) fn certainty(error: &CallError) -> Certainty {
    match error.kind {
        FaultKind::LimitReached => Certainty::NoRoom,
        FaultKind::Throttled
        | FaultKind::CredentialsExpired
        | FaultKind::CredentialsInvalid
        | FaultKind::CredentialsAbsent
        | FaultKind::ClockSkewed
        | FaultKind::NotOptedIn => Certainty::NotHeard,
        // The token stands for something else: for another machine's request with other terms.
        FaultKind::Rejected if error.message.to_ascii_lowercase().contains("token") => Certainty::Unknown,
        FaultKind::AccessDenied | FaultKind::NotFound | FaultKind::Rejected => Certainty::Refused,
        FaultKind::Unavailable | FaultKind::Unexpected => Certainty::Unknown,
    }
}
