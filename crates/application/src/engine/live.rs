//! Transfers that the run has to do with: from the moment they are to start until they are settled in the ledger.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::category::Reading;
use sav_domain::ledger::PointId;
use sav_domain::transfer::JobId;

use super::head::Head;

#[derive(Debug)]
pub(super) struct Live {
    pub(super) head: Arc<Head>,
    pub(super) kind: usize,
    pub(super) at: At,
    /// AWS's time, as far as it was known, when the job was asked for. What ended before cannot be what we asked for.
    pub(super) asked_at: Option<Moment>,
    /// Why it failed, while somebody looks whether the source still has the point; and whether the request itself was refused.
    pub(super) failing: Option<(Reading, bool)>,
    /// AWS's id of the last request for it that was answered.
    pub(super) request_id: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    Starting,
    /// AWS had no room for it; the same request goes out again when there is.
    Held,
    Copying(Copying),
    /// Somebody is finding out what became of it.
    Settling,
    /// It has ended; that is being recorded, or looked into.
    Ending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copying {
    pub(super) job: JobId,
    /// AWS's date, where it is known.
    pub(super) created: Option<Moment>,
    /// When we knew of it, since the run began.
    pub(super) since: Duration,
    /// Looks at all open jobs that should have shown it and did not.
    pub(super) missed: u32,
    /// From a run before this one: AWS may have forgotten it since.
    pub(super) is_old: bool,
}

/// The living, by point and by job.
#[derive(Debug, Default)]
pub(super) struct Lives {
    points: HashMap<PointId, Live>,
    jobs: HashMap<JobId, PointId>,
}

impl Live {
    pub(super) const fn new(head: Arc<Head>, kind: usize, at: At, asked_at: Option<Moment>) -> Self {
        Self {
            head,
            kind,
            at,
            asked_at,
            failing: None,
            request_id: None,
        }
    }
}

impl Lives {
    pub(super) fn insert(&mut self, live: Live) {
        self.points.insert(live.head.id, live);
    }

    pub(super) fn get(&self, id: PointId) -> Option<&Live> {
        self.points.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PointId) -> Option<&mut Live> {
        self.points.get_mut(&id)
    }

    pub(super) fn contains(&self, id: PointId) -> bool {
        self.points.contains_key(&id)
    }

    pub(super) fn remove(&mut self, id: PointId) -> Option<Live> {
        let live = self.points.remove(&id)?;
        if let At::Copying(copying) = &live.at {
            self.jobs.remove(&copying.job);
        }
        Some(live)
    }

    /// Another stage of its life. Answers the one before.
    pub(super) fn turn(&mut self, id: PointId, at: At) -> Option<At> {
        if let At::Copying(copying) = &at {
            self.jobs.insert(copying.job.clone(), id);
        }
        let live = self.points.get_mut(&id)?;
        let before = std::mem::replace(&mut live.at, at);
        if let At::Copying(copying) = &before
            && !matches!(&live.at, At::Copying(now) if now.job == copying.job)
        {
            self.jobs.remove(&copying.job);
        }
        Some(before)
    }

    pub(super) fn of_job(&self, job: &JobId) -> Option<PointId> {
        self.jobs.get(job).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Live> {
        self.points.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Live> {
        self.points.values_mut()
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }
}
