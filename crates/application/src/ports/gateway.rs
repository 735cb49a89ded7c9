//! One account's AWS Backup. A method is one call: paging, pace and patience are the application's business.

use std::fmt;
use std::future::Future;

use sav_domain::copy_job::CopyJob;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::recovery_point::Lifecycle;
use sav_domain::transfer::{JobId, Token};
use sav_domain::verdict::KeyKind;
use sav_domain::{AccountId, Moment, RecoveryPoint, ResourceType, VaultName};

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

/// The copy jobs of an account, and single points. Jobs are known where they were started: in the source.
pub trait CopyDesk: Gateway {
    /// Asks for a copy. AWS's answer is acceptance, not success: most errors appear in the job later.
    fn start_copy(&self, asked: &CopyAsked) -> impl Future<Output = Result<CopyStarted, CallError>> + Send;

    fn copy_jobs(
        &self,
        asked: &JobsAsked,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Page<CopyJob>, CallError>> + Send;

    fn copy_job(&self, id: &JobId) -> impl Future<Output = Result<CopyJob, CallError>> + Send;

    /// What only a look at the single point tells.
    fn point(
        &self,
        vault: &VaultName,
        recovery_point_arn: &str,
    ) -> impl Future<Output = Result<PointDetail, CallError>> + Send;
}

/// The keys that protect an account's points.
pub trait KeyRing: Gateway {
    /// Who looks after the key. A permission that is missing is an error like any other: the caller decides what it means.
    fn key_kind(&self, key_arn: &str) -> impl Future<Output = Result<KeyKind, CallError>> + Send;
}

/// One request for a copy. The same token with the same content asks for the same copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyAsked {
    pub token: Token,
    pub recovery_point_arn: Box<str>,
    pub source_vault: VaultName,
    pub destination_vault_arn: Box<str>,
    pub copy_role_arn: Box<str>,
    /// None: AWS takes over the source's.
    pub lifecycle: Option<Lifecycle>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyStarted {
    pub job: JobId,
    pub created: Option<Moment>,
    pub is_parent: bool,
    /// By which AWS knows the request.
    pub request_id: Option<Box<str>>,
}

/// Which copy jobs to list. Every filter that is given has to hold; AWS may answer more than was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsAsked {
    /// As AWS spells it.
    pub state: Option<&'static str>,
    pub created_after: Option<Moment>,
    pub created_before: Option<Moment>,
    pub completed_after: Option<Moment>,
    pub completed_before: Option<Moment>,
    pub source_point_arn: Option<Box<str>>,
    pub resource_arn: Option<Box<str>>,
    pub resource_type: Option<ResourceType>,
    pub destination_vault_arn: Option<Box<str>>,
    pub parent: Option<JobId>,
}

/// What a list of points leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointDetail {
    /// `WARM`, `COLD`, `DELETED`.
    pub storage_class: Option<String>,
    pub status: Option<String>,
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
