//! What is written, in SQL. Everything here runs inside a transaction that somebody else begins and ends.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension};
use sav_application::ports::{Change, LedgerError};
use sav_domain::Moment;
use sav_domain::ledger::{Learned, PlanChanges, PlanId, PlannedPoint, PointId, Ruling, Verdict, WindowEnd, WindowId};
use sav_domain::transfer::{Attempt, Event, JobId, Token, Transfer};

use super::fault;
use super::rows::{self, PLANNED_COLUMNS, PLANNED_COUNT, PLANNED_MARKS, WordNumbers};

#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) words: WordNumbers,
    /// While the very first plan is written: hashes of the ARNs so far, instead of the indexes, which are built at its end.
    /// Kept up to date one point at a time they would rewrite most of their pages with every commit.
    pub(super) first_plan: Option<HashSet<i64>>,
}

/// What a first plan does without. Put back when it is finished, or by the next opening if it never is.
pub(super) const LATE_INDEXES: &str = "CREATE INDEX IF NOT EXISTS point_by_arn ON point (arn_hash); \
     CREATE INDEX IF NOT EXISTS transfer_queue ON transfer (position) WHERE stage = 'waiting' AND position IS NOT NULL;";

static INSERT_POINT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO point ({PLANNED_COLUMNS}, arn_hash, first_seen, seen, changed) VALUES ({PLANNED_MARKS}, ?26, ?27, ?27, ?27)"
    )
});

/// Brings a known point up to date, and touches nothing if it is.
static UPDATE_POINT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE point SET ({PLANNED_COLUMNS}, changed) = ({PLANNED_MARKS}, ?26) \
         WHERE id = ?27 AND ({PLANNED_COLUMNS}) IS NOT ({PLANNED_MARKS})"
    )
});

/// Why a piece of work came to nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What was asked for is wrong: undone by itself, and others go on.
    Asked(LedgerError),
    /// The file is in trouble, and everybody's work with it.
    File(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

type Done<T> = Result<T, Refusal>;

impl Store {
    pub(super) fn explain(&self, error: &rusqlite::Error) -> LedgerError {
        fault::of_sqlite(&self.path, "written", error)
    }

    pub(super) fn record(&mut self, changes: &[Change]) -> Done<Vec<Transfer>> {
        changes
            .iter()
            .map(|change| self.take(change.point, &change.event))
            .collect()
    }

    /// The event and the row that it leads to, together.
    fn take(&mut self, id: PointId, event: &Event) -> Done<Transfer> {
        let before = self.transfer(id)?;
        let after = match before.clone().unwrap_or_default().apply(event) {
            Ok(after) => after,
            Err(step) => {
                let recovery_point_arn = self.arn(id)?;
                return Err(Refusal::Asked(LedgerError::Illegal {
                    recovery_point_arn,
                    step,
                }));
            }
        };
        self.connection
            .prepare_cached("INSERT INTO event (point, at, step) VALUES (?1, ?2, ?3)")?
            .execute((id.0, event.at.millis(), rows::json(&event.step)))?;
        let open = before.as_ref().and_then(Transfer::open_attempt);
        match (open, after.open_attempt()) {
            (None, Some((attempt, job))) => self.open_attempt(id, attempt, job)?,
            (Some((attempt, before)), Some((_, job))) if before != job => {
                self.connection
                    .prepare_cached("UPDATE attempt SET job = ?3 WHERE point = ?1 AND number = ?2")?
                    .execute((id.0, attempt.number, job.map(JobId::as_str)))?;
            }
            (Some((attempt, _)), None) => {
                self.connection
                    .prepare_cached(
                        "UPDATE attempt SET ended = ?3, outcome = ?4, message = ?5 WHERE point = ?1 AND number = ?2",
                    )?
                    .execute((
                        id.0,
                        attempt.number,
                        event.at.millis(),
                        event.step.name(),
                        event.step.message(),
                    ))?;
            }
            _ => {}
        }
        self.connection
            .prepare_cached(
                "INSERT INTO transfer (point, stage, attempts, failures, detail) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (point) DO UPDATE SET stage = ?2, attempts = ?3, failures = ?4, detail = ?5",
            )?
            .execute((
                id.0,
                after.stage().name(),
                after.attempts,
                after.failures,
                rows::detail(&after.state),
            ))?;
        Ok(after)
    }

    fn open_attempt(&self, id: PointId, attempt: &Attempt, job: Option<&JobId>) -> Done<()> {
        let token = attempt.token.as_ref();
        if let Some(token) = token {
            let mut others = self
                .connection
                .prepare_cached("SELECT 1 FROM attempt WHERE token = ?1")?;
            if others.exists([token.as_str()])? {
                return Err(Refusal::Asked(LedgerError::TokenTaken {
                    token: token.clone(),
                    recovery_point_arn: self.arn(id)?,
                }));
            }
        }
        self.connection
            .prepare_cached("INSERT INTO attempt (point, number, token, opened, job) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((
                id.0,
                attempt.number,
                token.map(Token::as_str),
                attempt.opened.millis(),
                job.map(JobId::as_str),
            ))?;
        Ok(())
    }

    /// None if there is none yet; a point that is not known is refused.
    fn transfer(&self, id: PointId) -> Done<Option<Transfer>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT t.stage, t.detail, t.attempts, t.failures, (SELECT a.token FROM attempt AS a WHERE a.point = t.point \
             AND a.token IS NOT NULL AND t.attempts > 0 ORDER BY a.number DESC LIMIT 1) FROM transfer AS t WHERE t.point = ?1",
        )?;
        let transfer = statement.query_row([id.0], |row| rows::transfer(row, 0)).optional()?;
        if transfer.is_none() {
            self.arn(id)?;
        }
        Ok(transfer)
    }

    fn arn(&self, id: PointId) -> Done<Box<str>> {
        let mut statement = self.connection.prepare_cached("SELECT arn FROM point WHERE id = ?1")?;
        let arn = statement.query_row([id.0], |row| row.get(0)).optional()?;
        arn.ok_or(Refusal::Asked(LedgerError::UnknownPoint { id: id.0 }))
    }

    pub(super) fn begin_plan(&mut self, listed_at: Moment, made_with: &str) -> Done<PlanId> {
        self.build_indexes()?;
        let mut any = self.connection.prepare_cached("SELECT 1 FROM point LIMIT 1")?;
        if !any.exists([])? {
            self.connection
                .execute_batch("DROP INDEX IF EXISTS point_by_arn; DROP INDEX IF EXISTS transfer_queue;")?;
            self.first_plan = Some(HashSet::new());
        }
        let sql = "INSERT INTO plan (listed_at, made_with) VALUES (?1, ?2) RETURNING id";
        let id = self
            .connection
            .query_row(sql, (listed_at.millis(), made_with), |row| row.get(0))?;
        Ok(PlanId(id))
    }

    fn build_indexes(&mut self) -> Done<()> {
        // Asked of the file and not of `first_plan`: what a rollback took back has to be built again.
        self.first_plan = None;
        self.connection.execute_batch(LATE_INDEXES)?;
        Ok(())
    }

    pub(super) fn plan(&mut self, plan: PlanId, points: &[PlannedPoint]) -> Done<Vec<PointId>> {
        points.iter().map(|planned| self.upsert(plan, planned)).collect()
    }

    fn upsert(&mut self, plan: PlanId, planned: &PlannedPoint) -> Done<PointId> {
        let Self {
            connection,
            words,
            first_plan,
            ..
        } = self;
        let hash = rows::arn_hash(&planned.point.arn);
        let is_new = first_plan.as_mut().is_some_and(|hashes| hashes.insert(hash));
        let known: Option<u32> = if is_new {
            None
        } else {
            connection
                .prepare_cached("SELECT id FROM point WHERE arn_hash = ?1 AND arn = ?2")?
                .query_row((hash, &*planned.point.arn), |row| row.get(0))
                .optional()?
        };
        let id = if let Some(id) = known {
            let mut statement = connection.prepare_cached(&UPDATE_POINT)?;
            rows::bind_planned(&mut statement, connection, words, planned)?;
            statement.raw_bind_parameter(PLANNED_COUNT + 1, plan.0)?;
            statement.raw_bind_parameter(PLANNED_COUNT + 2, id)?;
            statement.raw_execute()?;
            connection
                .prepare_cached("UPDATE point SET seen = ?1 WHERE id = ?2 AND seen <> ?1")?
                .execute((plan.0, id))?;
            id
        } else {
            let mut statement = connection.prepare_cached(&INSERT_POINT)?;
            rows::bind_planned(&mut statement, connection, words, planned)?;
            statement.raw_bind_parameter(PLANNED_COUNT + 1, hash)?;
            statement.raw_bind_parameter(PLANNED_COUNT + 2, plan.0)?;
            statement.raw_execute()?;
            u32::try_from(connection.last_insert_rowid()).map_err(|error| rows::unfit(0, error))?
        };
        self.settle(id, planned.ruling.verdict, planned.position)?;
        Ok(PointId(id))
    }

    /// What is to be copied has a transfer; one that never began goes when the ruling does.
    fn settle(&self, id: u32, verdict: Verdict, position: Option<u64>) -> Done<()> {
        if verdict == Verdict::Copy {
            self.connection
                .prepare_cached(
                    "INSERT INTO transfer (point, position, stage, attempts, failures) VALUES (?1, ?2, 'waiting', 0, 0) \
                     ON CONFLICT (point) DO UPDATE SET position = coalesce(?2, position)",
                )?
                .execute((id, position.map(place)))?;
        } else {
            self.connection
                .prepare_cached(
                    "DELETE FROM transfer WHERE point = ?1 AND NOT EXISTS (SELECT 1 FROM event WHERE event.point = ?1)",
                )?
                .execute([id])?;
        }
        Ok(())
    }

    pub(super) fn rule(&mut self, plan: PlanId, rulings: &[(PointId, Ruling)]) -> Done<()> {
        for (id, ruling) in rulings {
            self.arn(*id)?;
            let reason = self.words.optional(&self.connection, ruling.reason.as_deref())?;
            let fix = self.words.optional(&self.connection, ruling.fix.as_deref())?;
            self.connection
                .prepare_cached(
                    "UPDATE point SET verdict = ?2, reason = ?3, fix = ?4, changed = ?5 \
                     WHERE id = ?1 AND (verdict, reason, fix) IS NOT (?2, ?3, ?4)",
                )?
                .execute((id.0, ruling.verdict.name(), reason, fix, plan.0))?;
            self.settle(id.0, ruling.verdict, None)?;
        }
        Ok(())
    }

    pub(super) fn queue(&self, places: &[(PointId, u64)]) -> Done<()> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE transfer SET position = ?2 WHERE point = ?1")?;
        for (id, position) in places {
            if statement.execute((id.0, place(*position)))? == 0 {
                self.arn(*id)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish_plan(&mut self, plan: PlanId, at: Moment) -> Done<PlanChanges> {
        self.build_indexes()?;
        let before: Option<u32> = self.connection.query_row(
            "SELECT max(id) FROM plan WHERE finished_at IS NOT NULL AND id < ?1",
            [plan.0],
            |row| row.get(0),
        )?;
        let changes = self.connection.query_row(
            "SELECT coalesce(sum(seen >= ?1 AND first_seen = ?1), 0), coalesce(sum(seen < ?1 AND seen >= ?2), 0), \
             coalesce(sum(seen >= ?1 AND first_seen < ?1 AND changed = ?1), 0), \
             coalesce(sum(seen >= ?1 AND first_seen < ?1 AND changed < ?1), 0) FROM point",
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
        self.connection
            .execute("UPDATE plan SET finished_at = ?2 WHERE id = ?1", (plan.0, at.millis()))?;
        Ok(changes)
    }

    pub(super) fn open_window(&self, at: Moment) -> Done<WindowId> {
        let sql = "INSERT INTO window (started_at) VALUES (?1) RETURNING id";
        Ok(WindowId(
            self.connection.query_row(sql, [at.millis()], |row| row.get(0))?,
        ))
    }

    pub(super) fn close_window(&self, window: WindowId, end: WindowEnd) -> Done<()> {
        self.connection.execute(
            "UPDATE window SET ended_at = ?2, exit_code = ?3, completed = ?4, failed = ?5 WHERE id = ?1",
            (
                window.0,
                end.at.millis(),
                end.exit_code,
                end.completed.cast_signed(),
                end.failed.cast_signed(),
            ),
        )?;
        Ok(())
    }

    pub(super) fn learn(&self, learned: &[Learned]) -> Done<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO learned (what, scope, value, samples, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for one in learned {
            let Learned {
                what,
                scope,
                value,
                samples,
                at,
            } = one;
            statement.execute((&**what, &**scope, value, samples.cast_signed(), at.millis()))?;
        }
        Ok(())
    }
}

/// Places beyond what SQLite can count are all last.
fn place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
