//! One account's AWS Backup. A method is one call: paging, pace and patience are the application's business.

use std::fmt;
use std::future::Future;

use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::{AccountId, Moment, RecoveryPoint, VaultName};

pub trait Gateway: Send + Sync + 'static {
    /// Which of the two accounts this is.
    fn side(&self) -> Side;

    /// The account that was named for this side.
    fn account(&self) -> AccountId;

    /// Whose credentials these are, as STS says.
    fn caller(&self) -> impl Future<Output = Result<Caller, CallError>> + Send;

    fn vaults(&self, token: Option<&str>) -> impl Future<Output = Result<Page<VaultSeen>, CallError>> + Send;

    fn points(
        &self,
        asked: &PointsAsked,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Page<RecoveryPoint>, CallError>> + Send;
}

/// The two ends of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Source,
    Destination,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Destination => "destination",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub account: AccountId,
    pub arn: String,
}

/// One page of a listing. Only an absent token ends it; a page may be short or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub token: Option<String>,
}

/// What to list of one vault. AWS is asked for no more than this, but may answer more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsAsked {
    pub vault: VaultName,
    pub resource_type: Option<String>,
    pub created_after: Option<Moment>,
    pub created_before: Option<Moment>,
}

/// A vault as the list of vaults shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultSeen {
    pub name: VaultName,
    pub arn: Option<String>,
    /// AWS's own count, which is approximate.
    pub recovery_points: Option<u64>,
    pub locked: Option<bool>,
    pub min_retention_days: Option<i64>,
    pub max_retention_days: Option<i64>,
    pub encryption_key_arn: Option<String>,
    pub created: Option<Moment>,
}

/// A call that failed: what was asked of whom about what, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed in the {side} account {account}{}: {code}: {message}", about(.subject.as_deref()))]
pub struct CallError {
    pub kind: FaultKind,
    pub operation: Operation,
    pub side: Side,
    pub account: AccountId,
    /// The vault, point or key it was about.
    pub subject: Option<String>,
    /// AWS's error code, or our word for what kept the call from being answered.
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
}

fn about(subject: Option<&str>) -> String {
    subject.map(|subject| format!(" on `{subject}`")).unwrap_or_default()
}
