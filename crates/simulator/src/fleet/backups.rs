//! The resources' own scheduled backups, as far as copy jobs and they are in each other's way.

use std::time::Duration;

use super::Fleet;
use super::fate::Question;
use super::job::{Job, JobState};
use super::settings::ScheduledBackups;
use crate::clock::Moment;
use crate::world::ResourceId;

/// A plan whose backups never end would starve every copy: at most half of the time is theirs.
fn rhythm(plan: ScheduledBackups) -> (i64, i64) {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let every = millis(plan.every).max(2);
    (every, millis(plan.lasts).min(every / 2))
}

impl Fleet {
    /// When the backup of this resource that is running now will end.
    pub(super) fn backup_under_way(&self, resource: ResourceId) -> Option<Moment> {
        let (every, lasts) = rhythm(self.settings.backups?);
        let since_start = (self.clock.millis() - self.phase(resource, every)).rem_euclid(every);
        (since_start < lasts).then(|| Moment::from_millis(self.clock.millis() + lasts - since_start))
    }

    /// How many backups were due while this job, which is about to end, was running.
    pub(super) fn backups_during(&self, job: &Job) -> u32 {
        let (Some(plan), JobState::Running, Some(started)) = (self.settings.backups, job.state, job.started) else {
            return 0;
        };
        if job.is_parent {
            return 0;
        }
        let (every, _) = rhythm(plan);
        let due_until = |at: Moment| (at.millis() - self.phase(job.resource, every)).div_euclid(every);
        u32::try_from(due_until(self.clock) - due_until(started)).unwrap_or_default()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a time of day, not an account"
    )]
    fn phase(&self, resource: ResourceId, every: i64) -> i64 {
        (self.fate.unit(Question::BackupPhase, u64::from(resource.0)) * every as f64) as i64
    }
}
