//! Plans: what a listing and its judgement bring into the tables.

use std::collections::HashSet;
use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, OptionalExtension};
use sav_domain::Moment;
use sav_domain::ledger::{PlanChanges, PlanId, PlannedPoint, PointId, Ruling, Verdict};

use super::first_plan::{self, FirstPlan, INSERT_TRANSFER, Late};
use super::rows::{self, Keys, PLANNED_COLUMNS, PLANNED_COUNT, PLANNED_MARKS};
use super::store::{Done, Store, arn_of};
use super::words::{GroupNumbers, WordNumbers};
use super::{digest, lanes};

/// What a first plan does without. Put back when it is finished, or by the next opening if it never is.
pub(super) const TURNS_INDEX: &str = "CREATE INDEX IF NOT EXISTS transfer_turns ON transfer (lane, position) \
     WHERE stage = 'waiting' AND position >= 0;";

/// For whoever looks for points by their ARNs: the next plan, and a window.
pub(super) const ARNS_INDEX: &str = "CREATE INDEX IF NOT EXISTS sighting_by_arn ON sighting (arn_hash);";

/// In the column of places: none. As wide as the places of a million, so that a row that is given its place keeps its size and is
/// overwritten where it lies.
pub(super) const NO_PLACE: i64 = -0x0080_0000;

/// From so many lanes on it is less work to settle all of them at once.
const MANY_LANES: usize = 10_000;

static INSERT_POINT: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO point ({PLANNED_COLUMNS}) VALUES ({PLANNED_MARKS})"));

/// Brings a known point up to date, and touches nothing if it is.
static UPDATE_POINT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE point SET ({PLANNED_COLUMNS}) = ({PLANNED_MARKS}) \
         WHERE id = ?26 AND ({PLANNED_COLUMNS}) IS NOT ({PLANNED_MARKS})"
    )
});

/// A point that the tables have already.
struct Known {
    id: u32,
    as_told: bool,
    seen: u32,
    /// Whether it has a transfer that is to be copied, and its place.
    wanted: bool,
    position: i64,
}

impl Store {
    /// Puts right what a plan left behind that its process did not live to finish.
    pub(super) fn take_up(&mut self) -> rusqlite::Result<()> {
        let latest = "SELECT finished_at IS NULL FROM plan ORDER BY id DESC LIMIT 1";
        let unfinished = self.connection.query_row(latest, [], |row| row.get(0)).optional()?;
        if unfinished == Some(true) {
            self.is_owing = true;
            let whole = format!("BEGIN IMMEDIATE; {} COMMIT", lanes::HEADS_NOW);
            self.connection.execute_batch(&whole)?;
        }
        Ok(())
    }

    pub(super) fn begin_plan(&mut self, listed_at: Moment, made_with: &str) -> Done<PlanId> {
        self.build_indexes()?;
        self.planning = true;
        let any = "SELECT 1 FROM sighting LIMIT 1";
        if self.connection.prepare_cached(any)?.exists([])? {
            // The hot part of the indexes of a million points.
            self.connection.execute_batch("PRAGMA cache_size = -49152")?;
        } else {
            // Which a first plan has none of: it writes one row behind the other.
            self.connection.execute_batch(
                "DROP INDEX IF EXISTS sighting_by_arn; DROP INDEX IF EXISTS transfer_turns; PRAGMA cache_size = -2048",
            )?;
            self.first_plan = Some(FirstPlan::default());
        }
        let sql = "INSERT INTO plan (listed_at, made_with) VALUES (?1, ?2) RETURNING id";
        let id = self
            .connection
            .query_row(sql, (listed_at.millis(), made_with), |row| row.get(0))?;
        Ok(PlanId(id))
    }

    pub(super) fn build_indexes(&mut self) -> Done<()> {
        self.end_first_plan()?;
        self.connection.execute_batch(ARNS_INDEX)?;
        Ok(())
    }

    pub(super) fn end_first_plan(&mut self) -> Done<()> {
        if let Some(mut first_plan) = self.first_plan.take() {
            first_plan.write_all(&self.connection)?;
        }
        self.pay()?;
        // Asked of the file and not of `first_plan`: what a rollback took back has to be built again.
        self.connection.execute_batch(TURNS_INDEX)?;
        Ok(())
    }

    /// Writes the transfers that something undone, or a process that died, has left owing.
    fn pay(&mut self) -> Done<()> {
        if self.is_owing {
            first_plan::write_missing(&self.connection)?;
            self.is_owing = false;
        }
        Ok(())
    }

    /// So that a point to be copied has its row.
    fn bring(&mut self, id: PointId) -> Done<()> {
        self.pay()?;
        let late = self.first_plan.as_mut().and_then(|first_plan| first_plan.take(id.0));
        late.map_or(Ok(()), |late| {
            late.write(&mut *self.connection.prepare_cached(INSERT_TRANSFER)?, NO_PLACE)
        })
    }

    pub(super) fn plan(&mut self, plan: PlanId, points: &[PlannedPoint]) -> Done<Vec<PointId>> {
        if self.first_plan.is_none() {
            self.build_indexes()?;
        }
        let mut first_plan = self.first_plan.take();
        let mut pen = Pen::new(self, plan)?;
        let ids = points
            .iter()
            .map(|planned| pen.upsert(first_plan.as_mut(), planned))
            .collect();
        drop(pen);
        self.first_plan = first_plan;
        ids
    }

    /// A point that the tables are known not to have. Answers its number.
    pub(super) fn plan_new(&mut self, plan: PlanId, planned: &PlannedPoint, hash: i64) -> Done<u32> {
        Pen::new(self, plan)?.insert(None, planned, hash, digest::of(planned))
    }

    pub(super) fn rule(&mut self, plan: PlanId, rulings: &[(PointId, Ruling)]) -> Done<()> {
        for (id, ruling) in rulings {
            self.bring(*id)?;
            let keys = self.keys(*id)?;
            let reason = self.words.optional(&self.connection, ruling.reason.as_deref())?;
            let fix = self.words.optional(&self.connection, ruling.fix.as_deref())?;
            let changed = self
                .connection
                .prepare_cached(
                    "UPDATE point SET verdict = ?2, reason = ?3, fix = ?4 \
                     WHERE id = ?1 AND (verdict, reason, fix) IS NOT (?2, ?3, ?4)",
                )?
                .execute((id.0, ruling.verdict.name(), reason, fix))?;
            if changed == 0 {
                continue;
            }
            self.connection
                .prepare_cached("UPDATE sighting SET digest = NULL, changed = ?2 WHERE point = ?1")?
                .execute((id.0, plan.0))?;
            Pen::new(self, plan)?.settle(id.0, keys, ruling.verdict, None)?;
            if !self.planning {
                self.settle_lane(lanes::lane(keys.resource, id.0))?;
            }
        }
        Ok(())
    }

    pub(super) fn queue(&mut self, places: &[(PointId, u64)]) -> Done<()> {
        self.pay()?;
        let mut first_plan = self.first_plan.take();
        let done = self.queue_with(first_plan.as_mut(), places);
        self.first_plan = first_plan;
        done
    }

    fn queue_with(&mut self, mut first_plan: Option<&mut FirstPlan>, places: &[(PointId, u64)]) -> Done<()> {
        let connection = &self.connection;
        let mut moved = HashSet::new();
        let mut place_of = connection
            .prepare_cached("UPDATE transfer SET position = ?2 WHERE point = ?1 AND wanted AND position <> ?2")?;
        let mut lane_of = connection.prepare_cached("SELECT lane FROM transfer WHERE point = ?1")?;
        let mut insert = connection.prepare_cached(INSERT_TRANSFER)?;
        for (id, position) in places {
            if let Some(late) = first_plan.as_mut().and_then(|first_plan| first_plan.take(id.0)) {
                late.write(&mut insert, place(Some(*position)))?;
                continue;
            }
            let is_moved = place_of.execute((id.0, place(Some(*position))))? > 0;
            if is_moved && self.planning {
                continue;
            }
            let lane: Option<i64> = lane_of.query_row([id.0], |row| row.get(0)).optional()?;
            match lane {
                None => drop(self.keys(*id)?),
                Some(lane) if is_moved => drop(moved.insert(lane)),
                Some(_) => {}
            }
        }
        drop((place_of, lane_of, insert));
        if moved.len() >= MANY_LANES {
            return self.settle_all_lanes();
        }
        moved.into_iter().try_for_each(|lane| self.settle_lane(lane))
    }

    pub(super) fn finish_plan(&mut self, plan: PlanId, at: Moment) -> Done<PlanChanges> {
        let is_first = self.first_plan.is_some();
        self.end_first_plan()?;
        self.settle_all_lanes()?;
        self.planning = false;
        let changes = if is_first { self.all_new()? } else { self.changes(plan)? };
        self.connection
            .execute("UPDATE plan SET finished_at = ?2 WHERE id = ?1", (plan.0, at.millis()))?;
        Ok(changes)
    }

    fn all_new(&self) -> Done<PlanChanges> {
        let new: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sighting", [], |row| row.get(0))?;
        Ok(PlanChanges {
            new: new.cast_unsigned(),
            ..PlanChanges::default()
        })
    }

    fn changes(&self, plan: PlanId) -> Done<PlanChanges> {
        let before: Option<u32> = self.connection.query_row(PLAN_BEFORE, [plan.0], |row| row.get(0))?;
        let changes = self.connection.query_row(
            "SELECT coalesce(sum(seen >= ?1 AND first_seen = ?1), 0), coalesce(sum(seen < ?1 AND seen >= ?2), 0), \
             coalesce(sum(seen >= ?1 AND first_seen < ?1 AND changed = ?1), 0), \
             coalesce(sum(seen >= ?1 AND first_seen < ?1 AND changed < ?1), 0) FROM sighting",
            (plan.0, before.unwrap_or(u32::MAX)),
            |row| {
                Ok(PlanChanges {
                    new: row.get::<_, i64>(0)?.cast_unsigned(),
                    gone: row.get::<_, i64>(1)?.cast_unsigned(),
                    changed: row.get::<_, i64>(2)?.cast_unsigned(),
                    unchanged: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            },
        )?;
        Ok(changes)
    }
}

/// Writes one plan's points, with the statements at hand that all of them need.
struct Pen<'s> {
    plan: PlanId,
    connection: &'s Connection,
    words: &'s mut WordNumbers,
    groups: &'s mut GroupNumbers,
    find: CachedStatement<'s>,
    see_again: CachedStatement<'s>,
    insert_point: CachedStatement<'s>,
    insert_sighting: CachedStatement<'s>,
    insert_transfer: CachedStatement<'s>,
}

impl<'s> Pen<'s> {
    fn new(store: &'s mut Store, plan: PlanId) -> Done<Self> {
        let Store {
            connection,
            words,
            groups,
            ..
        } = store;
        let connection = &*connection;
        Ok(Self {
            plan,
            connection,
            words,
            groups,
            find: connection.prepare_cached(
                "SELECT s.point, s.digest, s.seen, t.position, t.wanted FROM sighting AS s \
                 LEFT JOIN transfer AS t ON t.point = s.point WHERE s.arn_hash = ?1",
            )?,
            see_again: connection.prepare_cached("UPDATE sighting SET seen = ?2 WHERE point = ?1")?,
            insert_point: connection.prepare_cached(&INSERT_POINT)?,
            insert_sighting: connection.prepare_cached(
                "INSERT INTO sighting (point, arn_hash, digest, first_seen, seen, changed) VALUES (?1, ?2, ?3, ?4, ?4, ?4)",
            )?,
            insert_transfer: connection.prepare_cached(INSERT_TRANSFER)?,
        })
    }

    fn upsert(&mut self, mut first_plan: Option<&mut FirstPlan>, planned: &PlannedPoint) -> Done<PointId> {
        let hash = rows::arn_hash(&planned.point.arn);
        let digest = digest::of(planned);
        let is_new = first_plan.as_mut().is_some_and(|first_plan| first_plan.is_new(hash));
        let known = if is_new {
            None
        } else {
            if let Some(first_plan) = &mut first_plan {
                first_plan.write_all(self.connection)?;
            }
            self.known(hash, digest, &planned.point.arn)?
        };
        let wanted = planned.ruling.verdict == Verdict::Copy;
        let id = match known {
            None => self.insert(first_plan, planned, hash, digest)?,
            Some(known) if known.as_told && known.wanted == wanted => {
                if known.seen != self.plan.0 {
                    self.see_again.execute((known.id, self.plan.0))?;
                }
                let position = place(planned.position);
                if wanted && planned.position.is_some() && known.position != position {
                    self.connection
                        .prepare_cached("UPDATE transfer SET position = ?2 WHERE point = ?1")?
                        .execute((known.id, position))?;
                }
                known.id
            }
            Some(known) => {
                self.update(planned, known.id, digest)?;
                known.id
            }
        };
        Ok(PointId(id))
    }

    fn known(&mut self, hash: i64, digest: i64, arn: &str) -> Done<Option<Known>> {
        let mut rows = self.find.query([hash])?;
        while let Some(row) = rows.next()? {
            let known = Known {
                id: row.get(0)?,
                as_told: row.get::<_, Option<i64>>(1)? == Some(digest),
                seen: row.get(2)?,
                position: row.get::<_, Option<_>>(3)?.unwrap_or(NO_PLACE),
                wanted: row.get::<_, Option<bool>>(4)? == Some(true),
            };
            // A point that is another altogether, with the same hash, would tell the same thing only by a second accident.
            if known.as_told || *arn_of(self.connection, PointId(known.id))? == *arn {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    fn insert(
        &mut self,
        first_plan: Option<&mut FirstPlan>,
        planned: &PlannedPoint,
        hash: i64,
        digest: i64,
    ) -> Done<u32> {
        let connection = self.connection;
        let keys = rows::bind_planned(&mut self.insert_point, connection, self.words, planned)?;
        self.insert_point.raw_execute()?;
        let id = u32::try_from(connection.last_insert_rowid()).map_err(|error| rows::unfit(0, error))?;
        self.insert_sighting.execute((id, hash, digest, self.plan.0))?;
        if planned.ruling.verdict == Verdict::Copy {
            let group = self.groups.number(connection, keys)?;
            let lane = lanes::lane(keys.resource, id);
            match first_plan {
                Some(first_plan) if planned.position.is_none() => first_plan.put_off(Late { point: id, group, lane }),
                _ => {
                    self.insert_transfer
                        .execute((id, place(planned.position), lane, group))?;
                }
            }
        }
        Ok(id)
    }

    fn update(&mut self, planned: &PlannedPoint, id: u32, digest: i64) -> Done<()> {
        let mut statement = self.connection.prepare_cached(&UPDATE_POINT)?;
        let keys = rows::bind_planned(&mut statement, self.connection, self.words, planned)?;
        statement.raw_bind_parameter(PLANNED_COUNT + 1, id)?;
        let changed = statement.raw_execute()? > 0;
        drop(statement);
        self.connection
            .prepare_cached(
                "UPDATE sighting SET digest = ?2, seen = ?3, changed = iif(?4, ?3, changed) WHERE point = ?1",
            )?
            .execute((id, digest, self.plan.0, changed))?;
        self.settle(id, keys, planned.ruling.verdict, planned.position)
    }

    /// What is to be copied has a transfer; one that never began goes when the ruling does, and one that did loses its place.
    fn settle(&mut self, id: u32, keys: Keys, verdict: Verdict, position: Option<u64>) -> Done<()> {
        if verdict == Verdict::Copy {
            return self.want(id, keys, position);
        }
        self.connection
            .prepare_cached(
                "DELETE FROM transfer WHERE point = ?1 AND NOT EXISTS (SELECT 1 FROM event WHERE event.point = ?1)",
            )?
            .execute([id])?;
        let begun = "SELECT 1 FROM transfer WHERE point = ?1";
        if !self.connection.prepare_cached(begun)?.exists([id])? {
            return Ok(());
        }
        let group = self.groups.number(self.connection, keys)?;
        self.connection
            .prepare_cached(
                "UPDATE transfer SET wanted = 0, position = ?4, lane = ?2, copy_group = ?3 WHERE point = ?1",
            )?
            .execute((id, lanes::lane(keys.resource, id), group, NO_PLACE))?;
        Ok(())
    }

    fn want(&mut self, id: u32, keys: Keys, position: Option<u64>) -> Done<()> {
        let group = self.groups.number(self.connection, keys)?;
        self.connection
            .prepare_cached(
                "INSERT INTO transfer (point, position, stage, wanted, copied, attempts, failures, lane, copy_group) \
                 VALUES (?1, ?2, 'waiting', 1, 0, 0, 0, ?3, ?4) ON CONFLICT (point) DO UPDATE \
                 SET position = iif(?2 >= 0, ?2, position), wanted = 1, lane = ?3, copy_group = ?4",
            )?
            .execute((id, place(position), lanes::lane(keys.resource, id), group))?;
        Ok(())
    }
}

/// The finished plan that another one is compared with.
pub(super) const PLAN_BEFORE: &str = "SELECT max(id) FROM plan WHERE finished_at IS NOT NULL AND id < ?1";

/// Places beyond what SQLite can count are all last.
fn place(position: Option<u64>) -> i64 {
    position.map_or(NO_PLACE, |position| i64::try_from(position).unwrap_or(i64::MAX))
}
