//! AWS's copy jobs as its lists and descriptions show them. A transfer is ours, a copy job is AWS's.

use std::sync::Arc;

use crate::resource_type::ResourceType;
use crate::time::Moment;
use crate::transfer::{DestinationArn, JobId};

/// What AWS says about one copy job. What it left out is absent here, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyJob {
    pub id: JobId,
    pub state: JobState,
    pub source_point_arn: Option<Box<str>>,
    pub source_vault_arn: Option<Arc<str>>,
    pub destination_vault_arn: Option<Arc<str>>,
    /// Often filled only when the job has ended.
    pub destination_point_arn: Option<DestinationArn>,
    pub resource_arn: Option<Arc<str>>,
    pub resource_type: Option<ResourceType>,
    pub created: Option<Moment>,
    pub completed: Option<Moment>,
    pub size_bytes: Option<u64>,
    /// AWS's `MessageCategory`, as it came.
    pub category: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
    /// A composite's job, which has jobs of its own for the parts.
    pub is_parent: bool,
    /// On a part's job: the composite's.
    pub parent: Option<JobId>,
    pub children: u64,
}

impl CopyJob {
    /// A job of which only its id and state are known.
    pub const fn new(id: JobId, state: JobState) -> Self {
        Self {
            id,
            state,
            source_point_arn: None,
            source_vault_arn: None,
            destination_vault_arn: None,
            destination_point_arn: None,
            resource_arn: None,
            resource_type: None,
            created: None,
            completed: None,
            size_bytes: None,
            category: None,
            message: None,
            is_parent: false,
            parent: None,
            children: 0,
        }
    }
}

/// A job's state. AWS knows more words in some places than in others, and may know others tomorrow: what we do not know is
/// open, for to take an open job for ended could copy a point twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    Created,
    Running,
    Completed,
    Failed,
    Partial,
    /// `ABORTED`: nothing came of it.
    Aborted,
    /// `ABORTING`, `COMPLETING`, `FAILING`, or a word of tomorrow.
    Other(Arc<str>),
}

impl JobState {
    pub fn named(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "CREATED" => Self::Created,
            "RUNNING" => Self::Running,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "PARTIAL" => Self::Partial,
            "ABORTED" => Self::Aborted,
            _ => Self::Other(name.into()),
        }
    }

    /// As AWS spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Partial => "PARTIAL",
            Self::Aborted => "ABORTED",
            Self::Other(name) => name,
        }
    }

    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Created | Self::Running | Self::Other(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_tomorrow_is_open_and_keeps_its_name() {
        assert!(JobState::named("PONDERING").is_open());
        assert_eq!(JobState::named("PONDERING").name(), "PONDERING");
        assert!(JobState::named("COMPLETING").is_open());
        assert!(!JobState::named("completed").is_open());
        assert!(!JobState::named("ABORTED").is_open());
    }
}
