//! Calls with pace and patience: what every use case goes through instead of the bare gateway.

mod permissions;
mod vaults;

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sav_domain::copy_job::CopyJob;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::transfer::JobId;
use sav_domain::verdict::KeyKind;
use sav_domain::{RecoveryPoint, VaultName};
use tokio::time::sleep;

use crate::credentials::Gate;
use crate::governor::Governor;
use crate::ports::{
    CallError, Caller, CopyAsked, CopyDesk, CopyStarted, Gateway, JobsAsked, KeyRing, Page, PointDetail, PointsAsked,
    VaultSeen,
};

/// How often a call that AWS could not answer is asked again: half a minute in all, enough for a hiccup, short enough
/// that somebody at the console learns of a dead endpoint.
const TRIES_WHEN_UNAVAILABLE: u32 = 7;
/// Throttling always passes; this many refusals of one call in a row mean that something else uses up the account's budget.
const TRIES_WHEN_THROTTLED: u32 = 40;
/// From this try on somebody at the console wants to know what is being waited for.
const TRY_TO_SPEAK_OF: u32 = 3;
/// How often a call may be refused for credentials that other calls go well with.
const TRIES_AMONG_THE_WELL: u32 = 5;
/// How often in a row a list may get a page that leads to itself.
pub(crate) const IDLE_ROUNDS: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// One account's gateway behind its gate and its governor.
#[derive(Debug)]
pub struct Calls<G> {
    gateway: G,
    gate: Gate,
    governor: Governor,
    counts: Counts,
}

/// What the calls came to, for summaries.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    throttled: AtomicU64,
    repeated: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    pub sent: u64,
    pub throttled: u64,
    pub repeated: u64,
}

impl<G: Gateway> Calls<G> {
    pub fn new(gateway: G, governor: Governor) -> Arc<Self> {
        Arc::new(Self {
            gate: Gate::of(gateway.side()),
            gateway,
            governor,
            counts: Counts::default(),
        })
    }

    pub fn gateway(&self) -> &G {
        &self.gateway
    }

    /// Closed while no call may leave: credentials are being renewed, or somebody has to see to them first.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    pub fn governor(&self) -> &Governor {
        &self.governor
    }

    pub fn counts(&self) -> CallCounts {
        CallCounts {
            sent: self.counts.sent.load(Ordering::Relaxed),
            throttled: self.counts.throttled.load(Ordering::Relaxed),
            repeated: self.counts.repeated.load(Ordering::Relaxed),
        }
    }

    pub async fn caller(&self) -> Result<Caller, CallError> {
        self.patiently(Operation::GetCallerIdentity, || self.gateway.caller())
            .await
    }

    /// Every vault of the account, to the last page; one seen twice counts once.
    pub async fn vaults(&self) -> Result<Vec<VaultSeen>, CallError> {
        let mut all: Vec<VaultSeen> = Vec::new();
        let mut token: Option<String> = None;
        let mut restarts = 0;
        let mut led_to_itself = 0;
        loop {
            let page = match self
                .patiently(Operation::ListBackupVaults, || self.gateway.vaults(token.as_deref()))
                .await
            {
                Err(error) if token.is_some() && error.kind == FaultKind::Rejected && restarts < 3 => {
                    restarts += 1;
                    token = None;
                    continue;
                }
                answer => answer?,
            };
            for vault in page.items {
                if !all.iter().any(|seen| seen.name == vault.name) {
                    all.push(vault);
                }
            }
            led_to_itself = if token.is_some() && token == page.token {
                led_to_itself + 1
            } else {
                0
            };
            if led_to_itself > IDLE_ROUNDS {
                return Err(going_round(&self.gateway, Operation::ListBackupVaults, None));
            }
            token = page.token;
            if token.is_none() {
                all.sort_by(|a, b| a.name.cmp(&b.name));
                return Ok(all);
            }
        }
    }

    pub async fn points(&self, asked: &PointsAsked, token: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        self.patiently(Operation::ListRecoveryPointsByBackupVault, || {
            self.gateway.points(asked, token)
        })
        .await
    }

    pub async fn key_kind(&self, key_arn: &str) -> Result<KeyKind, CallError>
    where
        G: KeyRing,
    {
        self.patiently(Operation::DescribeKey, || self.gateway.key_kind(key_arn))
            .await
    }

    /// Repeats what passes by itself, and what credentials that can be renewed stood in the way of; everything else is the
    /// caller's to decide.
    pub(crate) async fn patiently<T, F>(&self, operation: Operation, call: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.admit(operation).await;
        self.repeatedly(operation, TRIES_WHEN_UNAVAILABLE, pending(), call)
            .await
    }

    /// Waits until it is this call's turn and the gate is open.
    async fn admit(&self, operation: Operation) {
        self.governor.admit(operation).await;
        self.gate.pass().await;
    }

    /// The first time it has been admitted already. What was refused waits for its next turn no longer than until `given_up`.
    async fn repeatedly<T, F>(
        &self,
        operation: Operation,
        tries_when_unavailable: u32,
        given_up: impl Future<Output = ()>,
        call: impl Fn() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut given_up = pin!(given_up);
        let (mut unanswered, mut throttled, mut refused) = (0, 0, 0);
        loop {
            self.counts.sent.fetch_add(1, Ordering::Relaxed);
            let generation = self.gate.generation();
            let error = match call().await {
                Ok(answer) => {
                    self.gate.went_well(generation);
                    tracing::debug!(%operation, "answered");
                    return Ok(answer);
                }
                Err(error) => error,
            };
            tracing::debug!(%operation, subject = error.subject, code = error.code, request_id = error.request_id, "refused");
            let wait = match error.kind {
                FaultKind::Throttled => {
                    self.counts.throttled.fetch_add(1, Ordering::Relaxed);
                    self.governor.throttled(operation);
                    throttled += 1;
                    (throttled < TRIES_WHEN_THROTTLED).then(|| wait_before(throttled))
                }
                FaultKind::Unavailable => {
                    unanswered += 1;
                    (unanswered < tries_when_unavailable).then(|| wait_before(unanswered))
                }
                _ if self.gate.refused(generation, &error) => {
                    refused += 1;
                    let others_go_well = self.gate.has_seen_go_well(generation);
                    (refused < TRIES_AMONG_THE_WELL || !others_go_well).then_some(Duration::ZERO)
                }
                _ => None,
            };
            let Some(wait) = wait else { return Err(error) };
            self.counts.repeated.fetch_add(1, Ordering::Relaxed);
            if error.kind == FaultKind::Unavailable && unanswered == TRY_TO_SPEAK_OF {
                tracing::warn!("{error}; asking again for a while");
            }
            tracing::debug!(%operation, code = error.code, wait_ms = wait.as_millis(), "asking again");
            let turn = async {
                sleep(wait).await;
                self.admit(operation).await;
            };
            tokio::select! {
                biased;
                () = &mut given_up => return Err(error),
                () = turn => {}
            }
        }
    }
}

impl<G: CopyDesk> Calls<G> {
    /// Waits for the turn of a copy. Whoever has it asks with `start_copy`, or lets it be.
    pub async fn turn_to_start_copy(&self) {
        self.admit(Operation::StartCopyJob).await;
    }

    /// Asked once: when no answer comes, a copy may be on its way all the same, and only the caller can find that out. What is
    /// throttled, or refused for its credentials, had no effect and goes out again, unless the caller has `given_up` before
    /// its turn comes. A used-up quota of copy jobs is no matter of the rate and is told at once.
    pub async fn start_copy(
        &self,
        asked: &CopyAsked,
        given_up: impl Future<Output = ()>,
    ) -> Result<CopyStarted, CallError> {
        self.repeatedly(Operation::StartCopyJob, 1, given_up, || self.gateway.start_copy(asked))
            .await
    }

    pub async fn copy_jobs(&self, asked: &JobsAsked, token: Option<&str>) -> Result<Page<CopyJob>, CallError> {
        self.patiently(Operation::ListCopyJobs, || self.gateway.copy_jobs(asked, token))
            .await
    }

    pub async fn copy_job(&self, id: &JobId) -> Result<CopyJob, CallError> {
        self.patiently(Operation::DescribeCopyJob, || self.gateway.copy_job(id))
            .await
    }

    pub async fn point(&self, vault: &VaultName, recovery_point_arn: &str) -> Result<PointDetail, CallError> {
        self.patiently(Operation::DescribeRecoveryPoint, || {
            self.gateway.point(vault, recovery_point_arn)
        })
        .await
    }
}

/// Pages that follow each other for ever.
pub(crate) fn going_round(gateway: &impl Gateway, operation: Operation, subject: Option<String>) -> CallError {
    CallError {
        kind: FaultKind::Unexpected,
        operation,
        side: gateway.side(),
        account: gateway.account(),
        subject,
        code: "EndlessListing".to_owned(),
        message: "page after page came with a token that leads back to the same page".to_owned(),
        request_id: None,
    }
}

/// Doubling from a quarter of a second.
fn wait_before(tries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests;
