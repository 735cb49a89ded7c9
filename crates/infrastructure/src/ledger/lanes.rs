//! Whose turn it is: the table `head`, settled in the same transaction as whatever moved a lane.

use rusqlite::{Connection, OptionalExtension};
use sav_application::ports::LedgerError;
use sav_domain::ledger::GroupId;
use sav_domain::transfer::Cause;

use super::rows;
use super::store::{Done, Refusal, Store};

/// The first that waits, unless something is open. `head` counts an unknown size as larger than any.
const HEAD_NOW: &str = "SELECT t.point, t.copy_group, t.position, p.size_bytes FROM transfer AS t JOIN point AS p ON p.id = t.point \
     WHERE t.lane = ?1 AND t.stage = 'waiting' AND t.position >= 0 \
     AND NOT EXISTS (SELECT 1 FROM transfer AS o WHERE o.lane = ?1 AND (o.stage = 'intended' OR o.stage = 'unsure' OR o.stage = 'copying')) \
     ORDER BY t.position LIMIT 1";

/// All lanes at once. The indexes are built anew, which for many lanes is less work than to keep them.
pub(super) const HEADS_NOW: &str = "DROP INDEX IF EXISTS head_in_order; DROP INDEX IF EXISTS head_by_size; DELETE FROM head; \
     INSERT INTO head (lane, point, copy_group, position, size_bytes) \
     SELECT first.lane, t.point, t.copy_group, t.position, \
     CASE WHEN p.size_bytes BETWEEN 0 AND 9223372036854775806 THEN p.size_bytes ELSE 9223372036854775807 - (p.size_bytes IS NOT NULL) END \
     FROM (SELECT lane, point, min(position) FROM transfer INDEXED BY transfer_turns \
     WHERE stage = 'waiting' AND position >= 0 GROUP BY lane) AS first \
     CROSS JOIN transfer AS t ON t.point = first.point CROSS JOIN point AS p ON p.id = t.point \
     WHERE NOT EXISTS (SELECT 1 FROM transfer AS o WHERE o.lane = first.lane AND (o.stage = 'intended' OR o.stage = 'unsure' OR o.stage = 'copying')); \
     CREATE INDEX head_in_order ON head (copy_group, position); \
     CREATE INDEX head_by_size ON head (copy_group, size_bytes, position);";

/// A resource's word; a point without a resource has a lane of its own.
pub(super) fn lane(resource: Option<i64>, point: u32) -> i64 {
    resource.unwrap_or(-i64::from(point))
}

/// For the order by size; what SQLite cannot count is all alike, and what is not known comes last.
fn weight(size: Option<i64>) -> i64 {
    size.map_or(i64::MAX, |size| {
        u64::min(size.cast_unsigned(), i64::MAX as u64 - 1).cast_signed()
    })
}

impl Store {
    pub(super) fn settle_lane(&self, lane: i64) -> Done<()> {
        let connection = &self.connection;
        let head = connection
            .prepare_cached(HEAD_NOW)?
            .query_row([lane], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                    weight(row.get(3)?),
                ))
            })
            .optional()?;
        let Some((point, group, position, size)) = head else {
            return no_head(connection, lane);
        };
        connection
            .prepare_cached(
                "INSERT INTO head (lane, point, copy_group, position, size_bytes) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (lane) DO UPDATE SET point = ?2, copy_group = ?3, position = ?4, size_bytes = ?5 \
                 WHERE (point, copy_group, position, size_bytes) IS NOT (?2, ?3, ?4, ?5)",
            )?
            .execute((lane, point, group, position, size))?;
        Ok(())
    }

    pub(super) fn settle_all_lanes(&self) -> Done<()> {
        self.connection.execute_batch(HEADS_NOW)?;
        Ok(())
    }

    pub(super) fn park(&self, group: GroupId, cause: &Cause) -> Done<()> {
        self.hold(group, Some(&rows::json(cause)))
    }

    pub(super) fn unpark(&self, groups: &[GroupId]) -> Done<()> {
        groups.iter().try_for_each(|group| self.hold(*group, None))
    }

    fn hold(&self, group: GroupId, cause: Option<&str>) -> Done<()> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE copy_group SET parked = ?2 WHERE id = ?1")?;
        if statement.execute((group.0, cause))? == 0 {
            return Err(Refusal::Asked(LedgerError::UnknownGroup { id: group.0 }));
        }
        Ok(())
    }
}

/// An attempt has taken the lane.
pub(super) fn no_head(connection: &Connection, lane: i64) -> Done<()> {
    connection
        .prepare_cached("DELETE FROM head WHERE lane = ?1")?
        .execute([lane])?;
    Ok(())
}
