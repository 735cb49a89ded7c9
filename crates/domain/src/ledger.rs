//! What a ledger holds besides the journeys themselves: plain rows, in the words of the migration.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::recovery_point::RecoveryPoint;
use crate::resource_type::ResourceType;
use crate::time::Moment;
use crate::transfer::{Attempt, Cause, JobId, Stage, Transfer};
use crate::vault::VaultName;

/// A point within one ledger. It never changes, and is never given to another point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointId(pub u32);

/// One pass of planning. A later one has the greater number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub u32);

/// What planning decided about a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Copy,
    Skip,
    Blocked,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Copy, Self::Skip, Self::Blocked];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Skip => "skip",
            Self::Blocked => "blocked",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// A verdict with its reason. The ledger keeps the words and does not read them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ruling {
    pub verdict: Verdict,
    /// A word for programs.
    pub reason: Option<Arc<str>>,
    /// What would unblock it.
    pub fix: Option<Arc<str>>,
}

impl Ruling {
    pub const COPY: Self = Self {
        verdict: Verdict::Copy,
        reason: None,
        fix: None,
    };
}

/// A point as planning leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPoint {
    pub point: RecoveryPoint,
    /// What the metadata table said about its resource, as a JSON object.
    pub metadata: Option<Arc<str>>,
    pub ruling: Ruling,
    /// Its place in the queue; smaller goes first. None: not queued yet, or not to be copied.
    pub position: Option<u64>,
}

/// One listing of the source and what it was judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRecord {
    pub id: PlanId,
    /// When listing began: points created later are not missing.
    pub listed_at: Moment,
    /// None: planning was interrupted.
    pub finished_at: Option<Moment>,
    /// The selection and the metadata file it was made with, as a JSON object.
    pub made_with: Arc<str>,
}

/// How a finished plan differs from the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanChanges {
    pub new: u64,
    pub gone: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// One of the ways in which a plan differs from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    New,
    Gone,
    Changed,
}

/// Points that are copied one at a time, because AWS runs one copy job of a resource at a time. Its *head* is the one whose turn
/// it is: of those that wait in the queue the first one, as long as no transfer of the lane is open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Resource(Arc<str>),
    /// A point without a resource keeps nobody waiting.
    Alone(PointId),
}

impl Lane {
    pub fn of(id: PointId, point: &RecoveryPoint) -> Self {
        point
            .resource_arn
            .as_ref()
            .map_or(Self::Alone(id), |arn| Self::Resource(Arc::clone(arn)))
    }
}

/// A point with everything the ledger knows about where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPoint {
    pub id: PointId,
    pub planned: PlannedPoint,
    /// The last plan that listed it.
    pub seen: PlanId,
    /// None: it never was to be copied.
    pub transfer: Option<Transfer>,
}

/// One attempt from its opening to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    pub attempt: Attempt,
    pub job: Option<JobId>,
    pub ended: Option<AttemptEnd>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    pub at: Moment,
    /// The name of the step that ended it.
    pub outcome: Box<str>,
    /// AWS's own words.
    pub message: Option<Box<str>>,
}

/// One run of `copy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub id: WindowId,
    pub started_at: Moment,
    /// None: it is open, or its process died.
    pub ended: Option<WindowEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEnd {
    pub at: Moment,
    pub exit_code: u8,
    pub completed: u64,
    pub failed: u64,
}

/// Something measured that the next window wants to know: a rate, a duration, a limit. The ledger does not read the words.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    pub what: Box<str>,
    pub scope: Box<str>,
    pub value: f64,
    pub samples: u64,
    pub at: Moment,
}

/// Points that share what most causes of failure belong to: the vault, the type, the key. It never changes its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    pub vault: VaultName,
    pub resource_type: Option<ResourceType>,
    pub encryption_key_arn: Option<Arc<str>>,
}

impl Group {
    pub fn of(point: &RecoveryPoint) -> Self {
        Self {
            vault: point.vault.clone(),
            resource_type: point.resource_type.clone(),
            encryption_key_arn: point.encryption_key_arn.clone(),
        }
    }
}

/// Something that happened to the migration as a whole, and that somebody may ask about later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Moment,
    /// In a word: what kinds there are is the writers' business.
    pub kind: Box<str>,
    /// A JSON object on one line. Never a secret.
    pub detail: Box<str>,
}

/// A group and how its transfers stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStanding {
    pub id: GroupId,
    pub group: Group,
    /// What holds the whole group back, its waiting transfers with it.
    pub parked: Option<Cause>,
    /// Waiting and still to be copied.
    pub waiting: u64,
    /// Arrived by a job that this ledger followed, which proves that the group's copies are allowed.
    pub copied: u64,
}

/// How many points stand where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Points that are not to be copied and whose transfer never began or is back in the queue, where it has no place now.
    pub ruled: BTreeMap<Verdict, u64>,
    /// All other transfers by where they stand.
    pub stages: BTreeMap<Stage, u64>,
    /// Of those that wait: whose group is parked.
    pub waiting_in_parked_groups: u64,
}

/// Points without a transfer that planning ruled on in the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulingCount {
    pub verdict: Verdict,
    pub reason: Option<Arc<str>>,
    pub points: u64,
}

/// What stands behind a `Standing`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Of the points that the last finished plan saw; those that it missed are in the source no more.
    pub rulings: Vec<RulingCount>,
    /// Of the transfers that arrived: brought by somebody else, or before this ledger was.
    pub already_there: u64,
    /// Of the transfers that failed or are parked one by one: why, by category.
    pub causes: BTreeMap<Box<str>, u64>,
}

/// The points of one vault and type, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub vault: VaultName,
    pub resource_type: Option<ResourceType>,
    pub standing: Standing,
    pub particulars: Particulars,
}

impl Portion {
    /// One in which nothing was counted yet.
    pub fn of(vault: VaultName, resource_type: Option<ResourceType>) -> Self {
        Self {
            vault,
            resource_type,
            standing: Standing::default(),
            particulars: Particulars::default(),
        }
    }
}

/// What became of transfers since some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub completed: u64,
    /// Tried since then, and failed as they stand now: what was queued again is not counted.
    pub failed: u64,
}
