//! What a run tells while it goes on, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::ledger::{Group, PointId};
use sav_domain::transfer::{Arrival, Cause, JobId};

use crate::ports::{LedgerError, Side};

/// A transfer as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub point: PointId,
    pub recovery_point_arn: Arc<str>,
}

/// Told in the order in which it happened, after it is in the ledger.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The run has read the ledger: so much waits, so much is open in AWS from before.
    Started {
        waiting: u64,
        open: u64,
    },
    /// About to ask for a copy.
    Meant {
        what: Subject,
    },
    /// AWS took it. Also told of a job that was found rather than asked for.
    Accepted {
        what: Subject,
        job: JobId,
        /// AWS's id of the request that it answered; none if nobody here asked.
        request_id: Option<Box<str>>,
    },
    Arrived {
        what: Subject,
        how: Arrival,
    },
    /// AWS copied only some parts of a composite.
    Partial {
        what: Subject,
    },
    /// For good, as far as this run goes.
    Failed {
        what: Subject,
        cause: Cause,
        /// AWS's id of the request for the copy, refused or taken.
        request_id: Option<Box<str>>,
    },
    /// It goes back into the queue: to be tried again, or because AWS takes no more for now.
    Requeued {
        what: Subject,
        cause: Option<Cause>,
        not_before: Option<Moment>,
        request_id: Option<Box<str>>,
    },
    /// Gone from the source before it could be copied.
    Vanished {
        what: Subject,
    },
    GroupParked {
        group: Group,
        cause: Cause,
    },
    /// Nothing new is asked for until it passes.
    Paused {
        reason: PauseReason,
        since: Moment,
    },
    Resumed {
        after: Duration,
    },
    /// How many copy jobs AWS was found to run at once: of a type, as AWS names it.
    Learned {
        scope: Box<str>,
        limit: u32,
    },
    /// The window is nearly over: what does not fit into it is started no more.
    WindowEnding {
        left: Duration,
    },
    /// After every look at AWS's jobs, changed or not.
    Counted {
        counts: Counts,
    },
}

/// Why a run waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// AWS cannot be reached, or answers nothing but errors.
    Unreachable { message: String },
    /// The credentials of one side have ended. Calls of that side wait until there are new ones.
    Credentials {
        side: Side,
        message: String,
        /// Files and folders in which a change is noticed.
        watched: Vec<String>,
    },
    /// A policy denies the run what it cannot do without.
    Denied { message: String },
    /// A cause that would fail every copy: it is tried again with a single one now and then.
    Everybody { cause: Cause },
    /// The ledger cannot be written.
    Ledger { error: LedgerError },
}

/// This run's own counts; those of the migration are the ledger's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Arrived in this run, already-there included.
    pub arrived: u64,
    pub failed: u64,
    pub partial: u64,
    pub requeued: u64,
    pub vanished: u64,
    pub groups_parked: u64,
    /// Jobs open in AWS for transfers of ours.
    pub open: u64,
    /// Requests for a copy on their way.
    pub starting: u64,
    /// Transfers held in memory: those at work and the next few of every group.
    pub held: u64,
    /// Whether there is a copy could not be found out; they stay as they are for a run with credentials for the destination.
    pub in_doubt: u64,
}

#[derive(Clone, Debug)]
pub struct RunEnd {
    pub how: Ending,
    pub counts: Counts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is left that this run could do.
    Finished,
    Stopped(super::StopReason),
    /// The window is over, or nothing that is left fits into the rest of it.
    WindowOver,
    /// The ledger could not be read or takes no more for a reason that waiting does not cure.
    LedgerLost(LedgerError),
}
