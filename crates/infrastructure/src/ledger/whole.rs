//! Points with all that hangs on them, a page at a time.

use std::collections::HashMap;

use sav_application::ports::{LedgerError, LedgerReader};
use sav_domain::ledger::{LedgerPoint, PlanId, PointId};
use sav_domain::transfer::Event;

use super::counting::event;
use super::reader::SqliteReader;

pub(super) struct WholePoint {
    pub(super) known: LedgerPoint,
    pub(super) first_seen: PlanId,
    pub(super) changed: PlanId,
    pub(super) events: Vec<Event>,
}

impl SqliteReader {
    /// The points behind this one, in the order of their ids.
    pub(super) fn whole_points(&self, after: PointId, most: usize) -> Result<Vec<WholePoint>, LedgerError> {
        let points = self.points(Some(after), most)?;
        let Some(last) = points.last().map(|point| point.id.0) else {
            return Ok(Vec::new());
        };
        let sightings = "SELECT point, first_seen, changed FROM sighting WHERE point > ?1 AND point <= ?2";
        let sightings = self.rows(sightings, (after.0, last), |row| {
            Ok((PointId(row.get(0)?), (PlanId(row.get(1)?), PlanId(row.get(2)?))))
        })?;
        let sightings: HashMap<_, _> = sightings.into_iter().collect();
        let events = "SELECT at, step, point FROM event WHERE point > ?1 AND point <= ?2 ORDER BY point, number";
        let mut told: HashMap<PointId, Vec<Event>> = HashMap::new();
        for (point, event) in self.rows(events, (after.0, last), |row| Ok((PointId(row.get(2)?), event(row)?)))? {
            told.entry(point).or_default().push(event);
        }
        let whole = points.into_iter().map(|known| {
            let sighting = sightings.get(&known.id).copied();
            let (first_seen, changed) = sighting.ok_or_else(|| LedgerError::Damaged {
                path: self.path().into(),
                why: format!("it does not say which plan saw {}", known.planned.point.arn),
            })?;
            Ok(WholePoint {
                events: told.remove(&known.id).unwrap_or_default(),
                known,
                first_seen,
                changed,
            })
        });
        whole.collect()
    }
}
