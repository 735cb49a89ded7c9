//! What a forecast is made from: the lanes with something left, and the last copies that arrived.

use rusqlite::Row;
use sav_application::ports::LedgerError;
use sav_domain::forecast::{Landed, LaneId, LaneLeft, Lately, UnderWay};
use sav_domain::ledger::PointId;
use sav_domain::{Moment, ResourceType};

use super::reader::{SqliteReader, count, limit};

/// One pass over all transfers: whoever asks wants each lane.
const LANES: &str = "SELECT t.lane, max(type.text), \
     sum(left), sum(CASE WHEN left AND p.size_bytes >= 0 THEN p.size_bytes END), sum(left AND p.size_bytes >= 0), \
     min(CASE WHEN left THEN t.point END), min(CASE WHEN left AND t.position >= 0 THEN t.position END), max(t.stage = 'arrived') \
     FROM (SELECT t.*, (t.stage = 'waiting' AND t.wanted AND g.parked IS NULL) \
     OR t.stage = 'intended' OR t.stage = 'unsure' OR t.stage = 'copying' AS left, g.resource_type \
     FROM transfer AS t JOIN copy_group AS g ON g.id = t.copy_group) AS t JOIN point AS p ON p.id = t.point \
     LEFT JOIN word AS type ON type.id = t.resource_type GROUP BY t.lane HAVING sum(left) > 0";

/// The journal of events is in the order of writing; the last of them are of the points that arrived last.
const LATELY: &str = "SELECT t.lane, type.text, p.size_bytes, a.opened, a.ended \
     FROM (SELECT DISTINCT point FROM event WHERE number > (SELECT max(number) FROM event) - ?1) AS e \
     JOIN transfer AS t ON t.point = e.point AND t.copied JOIN attempt AS a ON a.point = e.point AND a.outcome = 'landed' \
     JOIN point AS p ON p.id = e.point LEFT JOIN word AS type ON type.id = p.resource_type ORDER BY a.ended, a.opened, a.point";

const UNDER_WAY: &str = "SELECT t.lane, type.text, p.size_bytes, max(a.opened) \
     FROM transfer AS t INDEXED BY transfer_open JOIN attempt AS a ON a.point = t.point \
     JOIN point AS p ON p.id = t.point LEFT JOIN word AS type ON type.id = p.resource_type \
     WHERE t.stage = 'intended' OR t.stage = 'unsure' OR t.stage = 'copying' GROUP BY t.point";

/// A copy that goes well leaves three of them.
const EVENTS_A_COPY: usize = 3;

impl SqliteReader {
    pub(super) fn tell_lanes(&self, tell: &mut dyn FnMut(&LaneLeft)) -> Result<(), LedgerError> {
        self.rows(LANES, [], |row| {
            tell(&LaneLeft {
                lane: LaneId(row.get(0)?),
                resource_type: resource_type(row, 1)?,
                points: count(row, 2)?,
                size_bytes: row.get::<_, Option<i64>>(3)?.map_or(0, i64::cast_unsigned),
                sized: row.get::<_, Option<i64>>(4)?.map_or(0, i64::cast_unsigned),
                sample: PointId(row.get(5)?),
                position: row.get::<_, Option<i64>>(6)?.map_or(u64::MAX, i64::cast_unsigned),
                begun: row.get(7)?,
            });
            Ok(())
        })
        .map(drop)
    }

    pub(super) fn look_lately(&self, most: usize) -> Result<Lately, LedgerError> {
        let events = limit(most.saturating_mul(EVENTS_A_COPY));
        let landed = self.rows(LATELY, [events], |row| {
            Ok(Landed {
                lane: LaneId(row.get(0)?),
                resource_type: resource_type(row, 1)?,
                size_bytes: size(row, 2)?,
                opened: row.get(3).map(Moment::from_millis)?,
                ended: row.get(4).map(Moment::from_millis)?,
            })
        })?;
        let written = self.rows("SELECT max(number) FROM event", [], |row| row.get::<_, Option<i64>>(0))?;
        let under_way = self.rows(UNDER_WAY, [], |row| {
            Ok(UnderWay {
                lane: LaneId(row.get(0)?),
                resource_type: resource_type(row, 1)?,
                size_bytes: size(row, 2)?,
                opened: row.get(3).map(Moment::from_millis)?,
            })
        })?;
        Ok(Lately {
            landed,
            under_way,
            is_all: written.first().copied().flatten().unwrap_or(0) <= events,
        })
    }
}

fn resource_type(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ResourceType>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map(ResourceType::named))
}

/// What SQLite took for negative is no size.
fn size(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row
        .get::<_, Option<i64>>(column)?
        .map(i64::cast_unsigned)
        .filter(|size| i64::try_from(*size).is_ok()))
}
