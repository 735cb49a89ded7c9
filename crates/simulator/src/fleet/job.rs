//! A copy job as a small row: a million of them stay in memory for a month.

use std::sync::Arc;

use serde::Serialize;

use super::ids;
use super::settings::CategorySpelling;
use crate::clock::Moment;
use crate::world::{AccountId, Lifecycle, PointId, Pool, ResourceId, ResourceType, VaultId};

/// What `StartCopyJob` was asked for, its names already looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOrder {
    /// The caller's account, which is where the job will be listed.
    pub account: AccountId,
    pub source_vault: VaultId,
    pub point: PointId,
    pub destination_vault_arn: String,
    pub role_arn: String,
    pub token: Option<String>,
    /// None: omitted in the request, so the copy keeps the retention of its source. `delete_after_days` of None in a
    /// given lifecycle is "Always" (-1), which does not outlive the source's expiry either.
    pub lifecycle: Option<Lifecycle>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub job_id: String,
    pub created: Moment,
    pub is_parent: bool,
}

/// What thousands of jobs have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub account: AccountId,
    pub source_vault: VaultId,
    pub destination_vault_arn: String,
    pub role_arn: String,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts in a row that has to stay small"
)]
pub struct Job {
    pub(super) serial: u64,
    pub route: Arc<Route>,
    pub source_point: PointId,
    pub resource: ResourceId,
    pub resource_type: ResourceType,
    pub state: JobState,
    pub category: Option<Category>,
    pub message: Option<Arc<str>>,
    /// Set when the destination vault was found, which may be only when the job started.
    pub destination_vault: Option<VaultId>,
    /// Set when the job has ended well.
    pub destination_point: Option<PointId>,
    /// What the copy will get, inherited parts filled in.
    pub lifecycle: Lifecycle,
    pub created: Moment,
    pub started: Option<Moment>,
    pub completed: Option<Moment>,
    pub size_bytes: Option<u64>,
    /// The copy moves only what changed since the one before.
    pub incremental: bool,
    /// A composite's job: it moves nothing itself, its children do.
    pub is_parent: bool,
    /// Positions of jobs, see `Fleet::jobs`.
    pub(super) parent: Option<u32>,
    pub(super) first_child: u32,
    pub(super) child_count: u32,
    pub(super) earlier_of_point: Option<u32>,
    /// The start latency is over.
    pub(super) ready: bool,
    /// Takes its turn among the jobs of its resource.
    pub(super) in_lane: bool,
    /// The failure plan's, already decided when the job started.
    pub(super) doomed: bool,
    /// A composite's job that had to leave a part out.
    pub(super) left_out: bool,
    pub(super) forgotten: bool,
}

impl Job {
    /// A UUID in upper case, as AWS Backup writes job ids.
    pub fn id(&self) -> String {
        ids::job_id(self.serial)
    }

    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// The pool whose slot the job takes; a composite's job takes none, its children do.
    pub fn pool(&self) -> Option<Pool> {
        (!self.is_parent).then(|| self.resource_type.pool())
    }

    pub const fn child_count(&self) -> u32 {
        self.child_count
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    Created,
    Running,
    Completed,
    Failed,
    Partial,
}

impl JobState {
    pub const ALL: [Self; 5] = [
        Self::Created,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Partial,
    ];

    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Partial => "PARTIAL",
        }
    }

    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Running)
    }
}

/// `MessageCategory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    Success,
    AccessDenied,
    FeatureNotEnabled,
    KmsKeyError,
    AccessKeyError,
    InvalidLifecycle,
    ConcurrentJob,
    LimitExceeded,
    ResourceNotFound,
    ResourceNotSupported,
    UnsupportedOperation,
    InvalidState,
    TagCopyError,
    TokenExpired,
    JobExpired,
    FatalError,
    Miscellaneous,
}

impl Category {
    pub const fn wire_name(self, spelling: CategorySpelling) -> &'static str {
        let (screaming, camel) = match self {
            Self::Success => ("SUCCESS", "Success"),
            Self::AccessDenied => ("ACCESS_DENIED", "AccessDenied"),
            Self::FeatureNotEnabled => ("FEATURE_NOT_ENABLED", "FeatureNotEnabled"),
            Self::KmsKeyError => ("KMS_KEY_ERROR", "KmsKeyError"),
            Self::AccessKeyError => ("ACCESS_KEY_ERROR", "AccessKeyError"),
            Self::InvalidLifecycle => ("INVALID_LIFECYCLE", "InvalidLifecycle"),
            Self::ConcurrentJob => ("CONCURRENT_JOB", "ConcurrentJob"),
            Self::LimitExceeded => ("LIMIT_EXCEEDED", "LimitExceeded"),
            Self::ResourceNotFound => ("RESOURCE_NOT_FOUND", "ResourceNotFound"),
            Self::ResourceNotSupported => ("RESOURCE_NOT_SUPPORTED", "ResourceNotSupported"),
            Self::UnsupportedOperation => ("UNSUPPORTED_OPERATION", "UnsupportedOperation"),
            Self::InvalidState => ("INVALID_STATE", "InvalidState"),
            Self::TagCopyError => ("TAG_COPY_ERROR", "TagCopyError"),
            Self::TokenExpired => ("TOKEN_EXPIRED", "TokenExpired"),
            Self::JobExpired => ("JOB_EXPIRED", "JobExpired"),
            Self::FatalError => ("FATAL_ERROR", "FatalError"),
            Self::Miscellaneous => ("MISCELLANEOUS", "Miscellaneous"),
        };
        match spelling {
            CategorySpelling::Screaming => screaming,
            CategorySpelling::Camel => camel,
        }
    }
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) category: Category,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(category: Category, message: impl Into<String>) -> Self {
        Self {
            category,
            message: message.into(),
        }
    }
}
