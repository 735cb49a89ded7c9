//! The first of a lane that waits, as the run holds it.

use std::sync::Arc;

use sav_domain::duration::Extent;
use sav_domain::ledger::{Group, GroupId, LedgerPoint, PointId};
use sav_domain::transfer::{State, Transfer};
use sav_domain::{Moment, RecoveryPoint};

use super::events::Subject;

#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: PointId,
    pub(super) arn: Arc<str>,
    pub(super) group: GroupId,
    /// Its place in the queue.
    pub(super) position: u64,
    pub(super) point: Arc<RecoveryPoint>,
    pub(super) transfer: Transfer,
    /// Whether another copy of its resource was made before it in this run.
    pub(super) extent: Extent,
}

impl Head {
    /// None for a point without a transfer, which is never a head.
    pub(super) fn of(known: LedgerPoint, group: GroupId, extent: Extent) -> Option<Self> {
        Some(Self {
            id: known.id,
            arn: Arc::from(&*known.planned.point.arn),
            group,
            position: known.planned.position.unwrap_or(u64::MAX),
            transfer: known.transfer?,
            point: Arc::new(known.planned.point),
            extent,
        })
    }

    pub(super) fn group_of(known: &LedgerPoint) -> Group {
        Group::of(&known.planned.point)
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            point: self.id,
            recovery_point_arn: self.arn.clone(),
        }
    }

    /// When it may start, if not at once.
    pub(super) fn not_before(&self) -> Option<Moment> {
        match self.transfer.state {
            State::Waiting { not_before } => not_before,
            _ => None,
        }
    }

    pub(super) fn waits(&self) -> bool {
        matches!(self.transfer.state, State::Waiting { .. })
    }

    /// What only one copy at a time may be made of.
    pub(super) fn lane(&self) -> &str {
        self.point.resource_arn.as_deref().unwrap_or(&self.arn)
    }
}
