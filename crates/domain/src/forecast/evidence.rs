//! What the ledger shows of the copies to come and of those that were made.

use crate::ledger::PointId;
use crate::resource_type::ResourceType;
use crate::time::Moment;

/// A lane within one ledger. It says nothing beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub i64);

/// A lane in which something waits for its copy or is being copied; what its parked groups hold back is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneLeft {
    pub lane: LaneId,
    pub resource_type: Option<ResourceType>,
    pub points: u64,
    /// Of those whose size is known.
    pub size_bytes: u64,
    pub sized: u64,
    /// One of its points, by which its resource can be found again.
    pub sample: PointId,
    /// Of its head in the queue.
    pub position: u64,
    /// Something of it has arrived.
    pub begun: bool,
}

/// A copy that arrived by a job of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    pub lane: LaneId,
    pub resource_type: Option<ResourceType>,
    pub size_bytes: Option<u64>,
    pub opened: Moment,
    /// When it was seen to have arrived.
    pub ended: Moment,
}

/// A copy that was asked for and of which nobody knows yet what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    pub lane: LaneId,
    pub resource_type: Option<ResourceType>,
    pub size_bytes: Option<u64>,
    pub opened: Moment,
}

/// The latest copies that arrived, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    pub landed: Vec<Landed>,
    /// Those that are open now. Leaving them out would be to ask only the quick ones how long it takes.
    pub under_way: Vec<UnderWay>,
    /// There were none before these.
    pub is_all: bool,
}

impl UnderWay {
    pub(super) fn seconds(&self, now: Moment) -> f64 {
        super::calendar::hours_of(now.millis_since(self.opened)).max(0.0) * 3600.0
    }
}

impl Landed {
    pub(super) fn seconds(&self) -> f64 {
        super::calendar::hours_of(self.ended.millis_since(self.opened)).max(0.0) * 3600.0
    }
}
