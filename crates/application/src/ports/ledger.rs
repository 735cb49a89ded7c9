//! The migration's memory. One process writes it; anybody may read it meanwhile.
//!
//! A write is answered only when it is on disk: whoever has the answer may act on it, and a kill in the very next instant
//! changes nothing about that. Writes of several tasks that come together are made durable together.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use sav_domain::ledger::{
    AttemptRecord, Learned, LedgerPoint, PlanChanges, PlanId, PlanRecord, PlannedPoint, PointId, Ruling, Standing,
    Window, WindowEnd, WindowId,
};
use sav_domain::transfer::{Event, IllegalStep, JobId, Token, Transfer};
use sav_domain::{Moment, Route};

/// The writing side. Every call is all or nothing, and a refused one leaves no trace.
pub trait Ledger: Send + Sync + 'static {
    type Reader: LedgerReader;

    /// A view of its own, for another thread.
    fn reader(&self) -> Result<Self::Reader, LedgerError>;

    /// Takes the events as they come, in one transaction with the states they lead to. Answers where each point's transfer
    /// stands afterwards.
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

    /// Places in the queue, smallest first. Points that are not to be copied have none.
    fn queue(&self, places: Vec<(PointId, u64)>) -> impl Future<Output = Result<(), LedgerError>> + Send;

    fn finish_plan(&self, plan: PlanId, at: Moment) -> impl Future<Output = Result<PlanChanges, LedgerError>> + Send;

    fn open_window(&self, at: Moment) -> impl Future<Output = Result<WindowId, LedgerError>> + Send;

    fn close_window(&self, window: WindowId, end: WindowEnd) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// What was measured, in place of what was known under the same words.
    fn learn(&self, learned: Vec<Learned>) -> impl Future<Output = Result<(), LedgerError>> + Send;
}

/// The reading side. Its calls block for as long as a disk takes.
pub trait LedgerReader: Send {
    fn route(&self) -> &Route;

    fn standing(&self) -> Result<Standing, LedgerError>;

    /// Who is next: points that wait in the queue behind this place, in its order.
    fn next(&self, behind: Option<u64>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// Transfers that AWS may be at work on.
    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError>;

    fn find(&self, recovery_point_arn: &str) -> Result<Option<LedgerPoint>, LedgerError>;

    fn point(&self, id: PointId) -> Result<Option<LedgerPoint>, LedgerError>;

    fn point_of_job(&self, job: &JobId) -> Result<Option<PointId>, LedgerError>;

    /// All points by their ids, a page at a time.
    fn points(&self, after: Option<PointId>, limit: usize) -> Result<Vec<LedgerPoint>, LedgerError>;

    /// A point's journey from its first event on.
    fn events(&self, id: PointId) -> Result<Vec<Event>, LedgerError>;

    fn attempts(&self, id: PointId) -> Result<Vec<AttemptRecord>, LedgerError>;

    fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError>;

    fn windows(&self) -> Result<Vec<Window>, LedgerError>;

    fn learned(&self) -> Result<Vec<Learned>, LedgerError>;
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
