//! Points move to cold storage and expire as time passes, sources and copies alike.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::fate::{Fate, Question};
use crate::clock::Moment;
use crate::world::{Point, PointId, PointStatus, StorageClass, World};

#[derive(Debug)]
pub(super) struct Ageing {
    fate: Fate,
    spread: Duration,
    due: BinaryHeap<Reverse<(Moment, PointId)>>,
}

impl Ageing {
    pub(super) fn new(fate: Fate, spread: Duration) -> Self {
        Self {
            fate,
            spread,
            due: BinaryHeap::new(),
        }
    }

    pub(super) fn arrives(&mut self, id: PointId, point: &Point) {
        if let Some(at) = self.turns_cold(point).or_else(|| self.goes(point)) {
            self.due.push(Reverse((at, id)));
        }
    }

    pub(super) fn next(&self) -> Option<Moment> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Lets the earliest point that is due do what it is due for; answers the point if it is gone now.
    pub(super) fn happen(&mut self, world: &mut World) -> Option<PointId> {
        let Reverse((at, id)) = self.due.pop()?;
        let point = world.point(id);
        if point.deleted {
            return None;
        }
        // The lifecycle may have been changed since the point was looked at.
        match (self.turns_cold(point), self.goes(point)) {
            (Some(cold), _) if cold > at => self.due.push(Reverse((cold, id))),
            (Some(_), later) => {
                world.point_mut(id).storage = StorageClass::Cold;
                self.due.extend(later.map(|later| Reverse((later.max(at), id))));
            }
            (None, Some(gone)) if gone > at => self.due.push(Reverse((gone, id))),
            (None, Some(_)) => {
                world.point_mut(id).deleted = true;
                return Some(id);
            }
            (None, None) => {}
        }
        None
    }

    fn turns_cold(&self, point: &Point) -> Option<Moment> {
        let moves = point.storage == StorageClass::Warm && !point.deleted;
        moves
            .then(|| Some(point.move_to_cold_at()? + self.delay(point)))
            .flatten()
    }

    /// EXPIRED means that the deletion was tried and failed: such points stay.
    fn goes(&self, point: &Point) -> Option<Moment> {
        let stays = point.deleted || point.status == PointStatus::Expired;
        (!stays).then(|| Some(point.delete_at()? + self.delay(point))).flatten()
    }

    fn delay(&self, point: &Point) -> Duration {
        let span = self.spread.mul_f64(self.fate.unit(Question::Expiry, point.serial));
        Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or_default())
    }
}
