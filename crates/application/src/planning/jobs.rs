//! The copy jobs that AWS remembers, as far as they lead into the destination: which points are being copied, and which copy
//! came of which point. AWS forgets a job thirty days after its end; older copies are known by what they are.

use std::collections::{HashMap, HashSet};

use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fingerprint::Fingerprints;
use sav_domain::transfer::JobId;

use crate::calls::Calls;
use crate::ports::{CallError, CopyDesk};
use crate::remembered::each_job;

#[derive(Debug, Default)]
pub(super) struct JobsSeen {
    /// By source point and destination vault: the open job.
    open: HashMap<u64, JobId>,
    /// From the copy's ARN to the source point and destination vault it was made of.
    made: HashMap<u64, u64>,
    /// Source points, with their destination vaults, whose copies completed.
    completed: HashSet<u64>,
}

impl JobsSeen {
    /// Lists every job into one of these vaults.
    pub(super) async fn look<G: CopyDesk>(
        calls: &Calls<G>,
        destination_vault_arns: &HashSet<Box<str>>,
        prints: &Fingerprints,
    ) -> Result<Self, CallError> {
        let mut seen = Self::default();
        each_job(calls, destination_vault_arns, |job| seen.take(job, prints)).await?;
        Ok(seen)
    }

    fn take(&mut self, job: &CopyJob, prints: &Fingerprints) {
        let (Some(source), Some(vault)) = (&job.source_point_arn, &job.destination_vault_arn) else {
            return;
        };
        let source = prints.of_words(&[source, vault]);
        match job.state {
            JobState::Completed | JobState::Partial => {
                self.completed.insert(source);
                if let Some(copy) = &job.destination_point_arn {
                    self.made.insert(prints.of_words(&[copy.as_str()]), source);
                }
            }
            JobState::Failed | JobState::Aborted => {}
            JobState::Created | JobState::Running | JobState::Other(_) => {
                self.open.insert(source, job.id.clone());
            }
        }
    }

    pub(super) fn open(&self, source: u64) -> Option<&JobId> {
        self.open.get(&source)
    }

    /// What a point of the destination is the copy of, if a job says so.
    pub(super) fn source_of(&self, copy: u64) -> Option<u64> {
        self.made.get(&copy).copied()
    }

    pub(super) fn completed(&self) -> &HashSet<u64> {
        &self.completed
    }
}
