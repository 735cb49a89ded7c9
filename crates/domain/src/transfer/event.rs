//! What can happen to a transfer, each with the moment it happened.

use serde::{Deserialize, Serialize};

use super::{Cause, DestinationArn, JobId, Part, Token};
use crate::time::Moment;

/// A step and when it was taken. Events are all that is needed to tell a transfer's whole story again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Moment,
    pub step: Step,
}

impl Event {
    pub const fn new(at: Moment, step: Step) -> Self {
        Self { at, step }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// We are about to ask AWS for a copy under this token. Recorded before the request leaves.
    Meant {
        token: Token,
    },
    /// AWS took the request: this job is ours.
    Accepted {
        job: JobId,
    },
    /// AWS refused the request for a reason of this point's own; there is no job.
    Refused {
        cause: Cause,
    },
    /// AWS took no more for now, or we were not allowed to ask: there is no job any more, and it is not the point's fault.
    /// AWS may say so at once, or take the job and end it for want of room.
    TurnedAway {
        not_before: Option<Moment>,
    },
    /// Whether AWS took the request is not known: the reply was lost, or the process ended before it came.
    AnswerLost,
    /// The same request goes out again, under the same token.
    Resent,
    /// An open job for this point was found in AWS, ours or somebody else's.
    Adopted {
        job: JobId,
    },
    /// A look at AWS's jobs and at the destination showed that nothing came of what was in doubt.
    NothingFound,
    /// AWS does not know the job any more, and nobody saw how it ended.
    SightLost,
    /// The job completed and named its copy.
    Landed {
        destination: DestinationArn,
    },
    /// The point's copy was found in the destination.
    AlreadyThere {
        destination: DestinationArn,
    },
    /// AWS ended the job as failed.
    JobFailed {
        cause: Cause,
    },
    /// AWS ended a composite's job with only some of its parts copied.
    JobPartial {
        parts: Vec<Part>,
    },
    /// The transfer's group is held back until somebody has removed the cause.
    Parked {
        cause: Cause,
    },
    Unparked,
    /// Back into the queue after a failure, by our own rule or because the operator asked.
    Requeued {
        not_before: Option<Moment>,
    },
    /// A new listing no longer shows the point in the source.
    Vanished,
    Reappeared,
    /// The copy that had arrived is not in the destination any more, and whoever looked wants another.
    Lost,
}

impl Step {
    /// A word for programs, the same as in the stored form.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Meant { .. } => "meant",
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::TurnedAway { .. } => "turned_away",
            Self::AnswerLost => "answer_lost",
            Self::Resent => "resent",
            Self::Adopted { .. } => "adopted",
            Self::NothingFound => "nothing_found",
            Self::SightLost => "sight_lost",
            Self::Landed { .. } => "landed",
            Self::AlreadyThere { .. } => "already_there",
            Self::JobFailed { .. } => "job_failed",
            Self::JobPartial { .. } => "job_partial",
            Self::Parked { .. } => "parked",
            Self::Unparked => "unparked",
            Self::Requeued { .. } => "requeued",
            Self::Vanished => "vanished",
            Self::Reappeared => "reappeared",
            Self::Lost => "lost",
        }
    }

    /// AWS's own words, where the step carries them.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Refused { cause } | Self::JobFailed { cause } | Self::Parked { cause } => Some(&cause.message),
            _ => None,
        }
    }
}
