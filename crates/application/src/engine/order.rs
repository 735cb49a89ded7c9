//! What the run orders, and what it is told in return.

use std::sync::Arc;

use sav_domain::Moment;
use sav_domain::copy_job::CopyJob;
use sav_domain::ledger::{GroupId, GroupStanding, Learned, LedgerPoint, PointId};
use sav_domain::transfer::{Attempt, Cause, JobId, Part, Transfer};

use super::RunEvent;
use super::head::Head;
use crate::credentials::Trouble;
use crate::ports::{CallError, Change, CopyStarted, LedgerError, Side};

#[derive(Debug)]
pub(super) enum Order {
    /// The heads of a group behind this place in the queue.
    Heads {
        group: GroupId,
        behind: Option<u64>,
        limit: usize,
    },
    /// The smallest heads of a group, to find out whether its copies are allowed.
    Canaries {
        group: GroupId,
        limit: usize,
    },
    /// Whose turn it is in the lanes of these.
    Turns(Vec<PointId>),
    /// Jobs that nobody here asked for: are they about points of ours?
    Recognise(Vec<CopyJob>),
    Start {
        head: Arc<Head>,
        /// Others are at work on the same points: see first whether there is a job already.
        look_first: bool,
    },
    /// Find out what became of a request or of a job.
    Settle {
        head: Arc<Head>,
        attempt: Attempt,
        job: Option<JobId>,
    },
    Record(Record),
    Park {
        group: GroupId,
        cause: Cause,
    },
    Poll(PollAsked),
    Describe(JobId),
    /// The parts of a composite's job.
    Parts(JobId),
    /// Whether the source still has the point.
    SeeIfThere(Arc<Head>),
    Learn(Vec<Learned>),
    /// Whether the ledger knows of anything that still waits.
    Rest,
}

/// Changes to be made durable together, and what to tell once they are.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) changes: Vec<Change>,
    pub(super) tell: Vec<RunEvent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollAsked {
    pub(super) ended_after: Option<Moment>,
    pub(super) look: Look,
    /// A poll in its time, not a look in between.
    pub(super) is_round: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    None,
    /// At jobs in CREATED.
    Waiting,
    /// At all open jobs.
    Open,
}

#[derive(Debug)]
pub(super) enum Event {
    Heads {
        group: GroupId,
        heads: Vec<LedgerPoint>,
        is_last: bool,
    },
    Canaries {
        group: GroupId,
        heads: Vec<LedgerPoint>,
    },
    Turns(Vec<LedgerPoint>),
    Rest(Vec<GroupStanding>),
    Recognised(Vec<(CopyJob, Option<LedgerPoint>)>),
    Started(PointId, StartEnd),
    Settled(PointId, SettleEnd),
    Recorded {
        transfers: Vec<(PointId, Transfer)>,
        tell: Vec<RunEvent>,
    },
    Parked,
    /// A page of jobs that have ended.
    Ended(Vec<CopyJob>),
    Looked(Seen),
    /// Whether it went well, and whether it was a look at what has ended.
    Polled(Result<bool, CallError>),
    Described(JobId, Result<CopyJob, CallError>),
    Parts(JobId, Result<Vec<Part>, CallError>),
    SeenIfThere(PointId, bool),
    /// A call about a single transfer was answered, or was not and is asked again.
    Health(Result<(), CallError>),
    /// The credentials of one side have ended, or are good again.
    Credentials(Side, Option<Trouble>),
    /// The ledger takes nothing for now, or takes it again.
    LedgerWaits(Option<LedgerError>),
    LedgerLost(LedgerError),
    Learned,
}

/// Open jobs as AWS lists them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) waiting: Vec<CopyJob>,
    /// None: only those in CREATED were asked for.
    pub(super) running: Option<Vec<CopyJob>>,
}

/// How a request for a copy ended. It is in the ledger already, except where it says otherwise.
#[derive(Debug)]
pub(super) enum StartEnd {
    Accepted {
        started: CopyStarted,
        transfer: Transfer,
    },
    /// AWS takes no more for now, or did not listen: the same request may go out again later.
    NoRoom(Transfer),
    NotHeard {
        transfer: Transfer,
        error: CallError,
    },
    /// AWS says no. Nothing about it is in the ledger yet.
    Refused(CallError),
    /// It was not asked for, because the run is ending.
    NotAsked,
    /// No answer came.
    Lost {
        transfer: Transfer,
        error: CallError,
    },
    /// Another transfer of the lane is open, or it waits no more itself. Nothing was written.
    TurnPassed,
    /// There is a job already. Nothing was written.
    Forestalled(CopyJob),
}

/// What a look into a doubtful transfer showed. It is in the ledger already, except where it says otherwise.
#[derive(Debug)]
pub(super) enum SettleEnd {
    /// A job is there, open or ended.
    Found {
        job: Box<CopyJob>,
        transfer: Transfer,
    },
    /// AWS took the same request again.
    Accepted {
        started: CopyStarted,
        transfer: Transfer,
    },
    /// AWS says no. Nothing about it is in the ledger yet.
    Refused(CallError),
    Arrived {
        transfer: Transfer,
    },
    /// Nothing came of it: it waits again.
    Nothing {
        transfer: Transfer,
    },
    /// It cannot be found out.
    Unknown,
}
