//! What is written, in SQL. Everything here runs inside a transaction that somebody else begins and ends.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use sav_application::ports::{Change, LedgerError};
use sav_domain::Moment;
use sav_domain::ledger::{Entry, Learned, PointId, WindowEnd, WindowId};
use sav_domain::transfer::{Attempt, Event, JobId, Stage, Step, Token, Transfer};

use super::first_plan::FirstPlan;
use super::planning::{ARNS_INDEX, NO_PLACE};
use super::rows::{self, Keys};
use super::words::{GroupNumbers, WordNumbers};
use super::{fault, lanes};

#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) words: WordNumbers,
    pub(super) groups: GroupNumbers,
    /// While a plan is being made lanes are left as they were; its end settles all of them.
    pub(super) planning: bool,
    /// While the very first plan is written.
    pub(super) first_plan: Option<FirstPlan>,
    /// Points to be copied may have no row in `transfer`, of which `first_plan` knows nothing.
    pub(super) is_owing: bool,
}

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

pub(super) type Done<T> = Result<T, Refusal>;

impl Store {
    pub(super) fn over(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.into(),
            words: WordNumbers::default(),
            groups: GroupNumbers::default(),
            planning: false,
            first_plan: None,
            is_owing: false,
        }
    }

    pub(super) fn explain(&self, error: &rusqlite::Error) -> LedgerError {
        fault::of_sqlite(&self.path, "written", error)
    }

    /// After a rollback: what was given a number in it has none, and what was written late is not there.
    pub(super) fn forget_numbers(&mut self) {
        self.words.forget();
        self.groups.forget();
        if let Some(first_plan) = &mut self.first_plan {
            first_plan.forget();
        }
        self.is_owing |= self.planning;
    }

    /// After a rollback of everything under way: what was begun in it was not, and what was finished in it neither.
    pub(super) fn forget(&mut self) {
        self.forget_numbers();
        self.is_owing = true;
        self.planning = false;
        self.first_plan = None;
    }

    pub(super) fn record(&mut self, changes: &[Change]) -> Done<Vec<Transfer>> {
        if self.first_plan.is_some() || self.is_owing {
            self.end_first_plan()?;
        }
        changes
            .iter()
            .map(|change| self.take(change.point, &change.event))
            .collect()
    }

    /// The event and the row that it leads to, together.
    fn take(&mut self, id: PointId, event: &Event) -> Done<Transfer> {
        let (before, lane) = self.transfer(id)?;
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
        if matches!(event.step, Step::Meant { .. }) {
            self.check_lane(id, lane)?;
        }
        self.connection
            .prepare_cached("INSERT INTO event (point, at, step) VALUES (?1, ?2, ?3)")?
            .execute((id.0, event.at.millis(), rows::json(&event.step)))?;
        self.follow_attempt(id, before.as_ref(), &after, event)?;
        if before.is_none() {
            self.begin_transfer(id)?;
        }
        self.put_transfer(id, &after)?;
        let stage = before.map(|before| before.stage());
        if after.stage().is_open() {
            if !stage.is_some_and(Stage::is_open) {
                lanes::no_head(&self.connection, lane)?;
            }
        } else if stage != Some(after.stage()) {
            self.settle_lane(lane)?;
        }
        Ok(after)
    }

    fn check_lane(&self, id: PointId, lane: i64) -> Done<()> {
        let open_arn: Option<Box<str>> = self
            .connection
            .prepare_cached(
                "SELECT p.arn FROM transfer AS t JOIN point AS p ON p.id = t.point WHERE t.lane = ?1 AND t.point <> ?2 \
                 AND (t.stage = 'intended' OR t.stage = 'unsure' OR t.stage = 'copying') LIMIT 1",
            )?
            .query_row((lane, id.0), |row| row.get(0))
            .optional()?;
        match open_arn {
            None => Ok(()),
            Some(open_arn) => Err(Refusal::Asked(LedgerError::LaneBusy {
                recovery_point_arn: self.arn(id)?,
                open_arn,
            })),
        }
    }

    fn follow_attempt(&self, id: PointId, before: Option<&Transfer>, after: &Transfer, event: &Event) -> Done<()> {
        match (before.and_then(Transfer::open_attempt), after.open_attempt()) {
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
        Ok(())
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

    /// With its lane. None if there is none yet; a point that is not known is refused.
    fn transfer(&self, id: PointId) -> Done<(Option<Transfer>, i64)> {
        let mut statement = self.connection.prepare_cached(
            "SELECT t.stage, t.detail, t.attempts, t.failures, (SELECT a.token FROM attempt AS a WHERE a.point = t.point \
             AND a.token IS NOT NULL AND t.attempts > 0 ORDER BY a.number DESC LIMIT 1), t.lane \
             FROM transfer AS t WHERE t.point = ?1",
        )?;
        let found = statement
            .query_row([id.0], |row| Ok((Some(rows::transfer(row, 0)?), row.get(5)?)))
            .optional()?;
        match found {
            Some(found) => Ok(found),
            None => Ok((None, lanes::lane(self.keys(id)?.resource, id.0))),
        }
    }

    /// Over the row that there is.
    pub(super) fn put_transfer(&self, id: PointId, transfer: &Transfer) -> Done<()> {
        self.connection
            .prepare_cached(
                "UPDATE transfer SET stage = ?2, attempts = ?3, failures = ?4, detail = ?5, copied = ?6 WHERE point = ?1",
            )?
            .execute((
                id.0,
                transfer.stage().name(),
                transfer.attempts,
                transfer.failures,
                rows::detail(&transfer.state),
                transfer.was_copied(),
            ))?;
        Ok(())
    }

    /// For a point that was not to be copied, and of which something happened all the same.
    pub(super) fn begin_transfer(&mut self, id: PointId) -> Done<()> {
        let keys = self.keys(id)?;
        let group = self.groups.number(&self.connection, keys)?;
        self.connection
            .prepare_cached(
                "INSERT INTO transfer (point, position, stage, wanted, copied, attempts, failures, lane, copy_group) \
                 SELECT id, ?4, 'waiting', verdict = 'copy', 0, 0, 0, ?2, ?3 FROM point WHERE id = ?1",
            )?
            .execute((id.0, lanes::lane(keys.resource, id.0), group, NO_PLACE))?;
        Ok(())
    }

    pub(super) fn keys(&self, id: PointId) -> Done<Keys> {
        let sql = "SELECT vault, resource_arn, resource_type, encryption_key FROM point WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let keys = statement
            .query_row([id.0], |row| {
                Ok(Keys {
                    vault: row.get(0)?,
                    resource: row.get(1)?,
                    resource_type: row.get(2)?,
                    encryption_key: row.get(3)?,
                })
            })
            .optional()?;
        keys.ok_or(Refusal::Asked(LedgerError::UnknownPoint { id: id.0 }))
    }

    fn arn(&self, id: PointId) -> Done<Box<str>> {
        arn_of(&self.connection, id)
    }

    pub(super) fn open_window(&mut self, at: Moment) -> Done<WindowId> {
        // What planning needed, copying does not: it touches few pages and hardly a word, and runs for weeks.
        self.words = WordNumbers::default();
        self.connection
            .execute_batch(&format!("{ARNS_INDEX} PRAGMA cache_size = -8192; PRAGMA shrink_memory"))?;
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

    pub(super) fn note(&self, entries: &[Entry]) -> Done<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO journal (at, kind, detail) VALUES (?1, ?2, ?3)")?;
        for Entry { at, kind, detail } in entries {
            statement.execute((at.millis(), &**kind, &**detail))?;
        }
        Ok(())
    }
}

pub(super) fn arn_of(connection: &Connection, id: PointId) -> Done<Box<str>> {
    let mut statement = connection.prepare_cached("SELECT arn FROM point WHERE id = ?1")?;
    let arn = statement.query_row([id.0], |row| row.get(0)).optional()?;
    arn.ok_or(Refusal::Asked(LedgerError::UnknownPoint { id: id.0 }))
}
