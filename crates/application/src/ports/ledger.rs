//! The migration's memory. One process writes it; anybody may read it meanwhile.
//!
//! A write is answered only when it is on disk: whoever has the answer may act on it, and a kill in the very next instant
//! changes nothing about that. Writes of several tasks that come together are made durable together.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use sav_domain::forecast::{LaneLeft, Lately};
use sav_domain::ledger::{
    AttemptRecord, Difference, Entry, GroupId, GroupStanding, Learned, LedgerPoint, Particulars, PlanChanges, PlanId,
    PlanRecord, PlannedPoint, PointId, Portion, Progress, Ruling, Standing, Window, WindowEnd, WindowId,
};
use sav_domain::transfer::{Cause, Event, IllegalStep, JobId, Stage, Token, Transfer};
use sav_domain::{Moment, Route};

/// The writing side. Every call is all or nothing, and a refused one leaves no trace.
pub trait Ledger: Send + Sync + 'static {
    type Reader: LedgerReader;

    /// A view of its own, for another thread.
    fn reader(&self) -> Result<Self::Reader, LedgerError>;

    /// Takes the events as they come, in one transaction with the states they lead to. Answers where each point's transfer
    /// stands afterwards. An attempt is refused while another transfer of the same lane is open.
    fn record(&self, changes: Vec<Change>) -> impl Future<Output = Result<Vec<Transfer>, LedgerError>> + Send;

    fn begin_plan(
        &self,
        listed_at: Moment,
        made_with: Arc<str>,
    ) -> impl Future<Output = Result<PlanId, LedgerError>> + Send;

    /// Points as this plan sees them: new ones are taken in, known ones brought up to date. A transfer that has begun is never
    /// touched by it. Answers their ids in the same order.
    fn plan(
        &self,
        plan: PlanId,
        points: Vec<PlannedPoint>,
    ) -> impl Future<Output = Result<Vec<PointId>, LedgerError>> + Send;

    /// Another ruling for points that the plan has told already.
    fn rule(
        &self,
        plan: PlanId,
        rulings: Vec<(PointId, Ruling)>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Places in the queue, smallest first, no two alike. Points that are not to be copied have none. Lanes follow the new order
    /// at once, or while a plan is being made, when it is finished.
    fn queue(&self, places: Vec<(PointId, u64)>) -> impl Future<Output = Result<(), LedgerError>> + Send;

    fn finish_plan(&self, plan: PlanId, at: Moment) -> impl Future<Output = Result<PlanChanges, LedgerError>> + Send;

    /// Holds a whole group back; its transfers stay as they are. Another cause takes the place of the one before.
    fn park(&self, group: GroupId, cause: Cause) -> impl Future<Output = Result<(), LedgerError>> + Send;

    fn unpark(&self, groups: Vec<GroupId>) -> impl Future<Output = Result<(), LedgerError>> + Send;

    fn open_window(&self, at: Moment) -> impl Future<Output = Result<WindowId, LedgerError>> + Send;

    fn close_window(&self, window: WindowId, end: WindowEnd) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// What was measured, in place of what was known under the same words.
    fn learn(&self, learned: Vec<Learned>) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Writes into the migration's journal, which is only ever added to.
    fn note(&self, entries: Vec<Entry>) -> impl Future<Output = Result<(), LedgerError>> + Send;
}

/// The reading side. Its calls block for as long as a disk takes.
pub trait LedgerReader: Send {
    fn route(&self) -> &Route;

    fn standing(&self) -> Result<Standing, LedgerError>;

    /// All groups that ever had a transfer, by their numbers.
    fn groups(&self) -> Result<Vec<GroupStanding>, LedgerError>;

    /// Who may start: the heads of a group's lanes, behind this place in the queue, in its order. A head whose time has not come
    /// yet is one of them, and so is one whose group is parked: whoever asks looks at both.
    fn ready(&self, group: GroupId, behind: Option<u64>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// The same, smallest first, those of unknown size last.
    fn smallest_ready(&self, group: GroupId, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// Whose turn it is in the lanes of these points, each head once, in the order of the queue. A lane with an open transfer, or
    /// with nothing left that waits, has none.
    fn heads_after(&self, points: &[PointId]) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// Transfers that AWS may be at work on.
    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError>;

    /// Transfers that have begun and not arrived: those, and those that failed, are parked, vanished or are back in the queue.
    fn begun(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError>;

    fn find(&self, recovery_point_arn: &str) -> Result<Option<LedgerPoint>, LedgerError>;

    fn point(&self, id: PointId) -> Result<Option<LedgerPoint>, LedgerError>;

    fn point_of_job(&self, job: &JobId) -> Result<Option<PointId>, LedgerError>;

    /// All points by their ids, a page at a time.
    fn points(&self, after: Option<PointId>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// A point's journey from its first event on.
    fn events(&self, id: PointId) -> Result<Vec<Event>, LedgerError>;

    fn attempts(&self, id: PointId) -> Result<Vec<AttemptRecord>, LedgerError>;

    fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError>;

    /// Points that the plan did not list, by their ids, a page at a time; also those that were gone before it.
    fn gone(&self, plan: PlanId, after: Option<PointId>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// ARNs of points by which the plan differs from the one before it, the first few of them, as `finish_plan` counts them.
    fn changes(&self, plan: PlanId, difference: Difference, limit: usize) -> Result<Vec<Box<str>>, LedgerError>;

    fn windows(&self) -> Result<Vec<Window>, LedgerError>;

    fn learned(&self) -> Result<Vec<Learned>, LedgerError>;

    /// The journal, or what is of one kind in it, as it was written.
    fn entries(&self, kind: Option<&str>) -> Result<Vec<Entry>, LedgerError>;

    /// From now on every answer is of this one moment, whatever is written meanwhile.
    fn at_one_moment(&mut self) -> Result<(), LedgerError>;

    fn particulars(&self) -> Result<Particulars, LedgerError>;

    /// The same as `standing` and `particulars`, apart for each vault and type.
    fn portions(&self) -> Result<Vec<Portion>, LedgerError>;

    /// What became of transfers from one moment on and before another.
    fn progress(&self, from: Moment, until: Moment) -> Result<Progress, LedgerError>;

    /// How many transfers arrived by jobs of their own since then, by the hour of the clock that begins at the moment.
    fn arrivals(&self, since: Moment) -> Result<Vec<(Moment, u64)>, LedgerError>;

    /// Transfers that stand in one of these stages, by their points' ids, a page at a time.
    fn in_stages(
        &self,
        stages: &[Stage],
        after: Option<PointId>,
        limit: usize,
    ) -> Result<Vec<(PointId, Stage)>, LedgerError>;

    /// Tells every lane in which something that is to be copied waits or is open, in no order. Groups that are parked count for
    /// nothing.
    fn lanes_left(&self, tell: &mut dyn FnMut(&LaneLeft)) -> Result<(), LedgerError>;

    /// The latest of the transfers that arrived by jobs of their own, about so many.
    fn landed_lately(&self, limit: usize) -> Result<Lately, LedgerError>;
}

/// One event of one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub point: PointId,
    pub event: Event,
}

/// Who has a ledger open for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    pub host: Box<str>,
    pub since: Moment,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {} since {}", self.pid, self.host, self.since)
    }
}

/// What keeps a ledger from being used. It is untouched in every case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("there is no ledger at {}: run `plan` or `copy` first, or name it with --state-file", .path.display())]
    Absent { path: PathBuf },
    #[error(
        "the ledger {} is in use by {}: one process at a time may write it; wait for that one to end or stop it, \
         `status` and `state show` work meanwhile",
        .path.display(),
        .holder.as_ref().map_or_else(|| String::from("another process"), Holder::to_string)
    )]
    Held { path: PathBuf, holder: Option<Holder> },
    #[error(
        "the ledger {} belongs to another migration, {found}, and this one is {wanted}; \
         check --source-account, --dest-account and --region, or name another file with --state-file",
        .path.display()
    )]
    OtherMigration { path: PathBuf, wanted: Route, found: Route },
    #[error(
        "the ledger {} was written by a newer version of this program (schema {found}, this version knows up to {known}); \
         use that version or a later one, or name another file with --state-file",
        .path.display()
    )]
    NewerSchema { path: PathBuf, found: i64, known: i64 },
    #[error(
        "the ledger {} is of an older version of this program (schema {found}, this version reads {known}); `plan` and `copy` bring \
         it up to date when they run next, with all that is in it; or name another file with --state-file",
        .path.display()
    )]
    OlderSchema { path: PathBuf, found: i64, known: i64 },
    #[error(
        "the ledger {} could not be brought from schema {found} to {known} ({why}); it was left as it is and the version of this \
         program that wrote it can still use it; `state export` with that version and `state import` with this one into another \
         --state-file may get past it",
        .path.display()
    )]
    NotBroughtUp {
        path: PathBuf,
        found: i64,
        known: i64,
        why: String,
    },
    #[error(
        "{} is a JSON document, not a ledger; if it is an export, `state import` takes it back; \
         else name the ledger with --state-file",
        .path.display()
    )]
    IsJson { path: PathBuf },
    #[error("{} is not a ledger ({why}); it was left as it is; name the right file with --state-file", .path.display())]
    NotALedger { path: PathBuf, why: String },
    #[error(
        "the ledger {} is damaged ({why}); it was left as it is; put back a copy of it, or `state import` an export into \
         another --state-file; without either, a new plan finds in AWS what has been copied already",
        .path.display()
    )]
    Damaged { path: PathBuf, why: String },
    #[error(
        "the ledger {} cannot be written ({why}); make the file and its folder writable for this user, or name another \
         with --state-file",
        .path.display()
    )]
    ReadOnly { path: PathBuf, why: String },
    #[error(
        "the disk under the ledger {} takes no more ({why}); nothing was recorded by halves; free some space, and the same \
         write will succeed",
        .path.display()
    )]
    Full { path: PathBuf, why: String },
    #[error("the ledger {} could not be {doing}: {why}; check the disk and try again", .path.display())]
    Io {
        path: PathBuf,
        doing: &'static str,
        why: String,
    },
    #[error("the ledger knows no point number {id}; plan anew")]
    UnknownPoint { id: u32 },
    #[error("the ledger knows no group number {id}; plan anew")]
    UnknownGroup { id: u32 },
    #[error(
        "the ledger refused an attempt at {recovery_point_arn}: {open_arn}, of the same resource, is still open; AWS copies one \
         point of a resource at a time; this is a defect of this program, nothing was written"
    )]
    LaneBusy {
        recovery_point_arn: Box<str>,
        open_arn: Box<str>,
    },
    #[error(
        "the ledger refused an event of {recovery_point_arn}: {step}; this is a defect of this program, nothing was written"
    )]
    Illegal {
        recovery_point_arn: Box<str>,
        step: IllegalStep,
    },
    #[error(
        "the ledger refused the token {token} for {recovery_point_arn}: another attempt has it; nothing was written"
    )]
    TokenTaken { token: Token, recovery_point_arn: Box<str> },
    #[error(
        "the ledger was closed while it was still in use; run the same command again, it takes up where this one ended"
    )]
    Closed,
}
