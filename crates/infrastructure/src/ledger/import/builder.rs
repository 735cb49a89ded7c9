//! The ledger to be. Until the last moment its file does not say that it is one.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params};
use sav_application::ports::LedgerError;
use sav_domain::journey::Journey;
use sav_domain::ledger::{AttemptRecord, Entry, Group, Learned, PlanRecord, PlannedPoint, PointId, Verdict, Window};
use sav_domain::transfer::{Cause, Event, JobId, Token};
use sav_domain::{Moment, ResourceType, Route};

use super::Wrong;
use crate::ledger::document::SeenBy;
use crate::ledger::lock::private;
use crate::ledger::planning::{ARNS_INDEX, TURNS_INDEX};
use crate::ledger::rows::{self, Keys};
use crate::ledger::store::{Refusal, Store};
use crate::ledger::{fault, file};

pub(super) struct Builder {
    store: Store,
    /// Of the ARNs so far, in place of the index, which is built at the end.
    hashes: HashSet<i64>,
    points: u64,
    events: u64,
}

impl Builder {
    /// `path` is where the ledger will be.
    pub(super) fn create(unfinished: &Path, path: &Path) -> Result<Self, LedgerError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        options
            .open(unfinished)
            .map_err(|error| fault::of_io(path, "created", &error))?;
        let create = || {
            let connection = Connection::open(unfinished)?;
            file::settle_down(&connection)?;
            // Nobody else looks at this file, and if it is lost the document is still there: it is made lasting once, at the end.
            connection.execute_batch(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
                 PRAGMA cache_size = -49152; BEGIN;",
            )?;
            for step in file::SCHEMA_STEPS {
                connection.execute_batch(step)?;
            }
            connection.execute_batch("DROP INDEX sighting_by_arn; DROP INDEX transfer_turns;")?;
            connection.set_prepared_statement_cache_capacity(64);
            Ok(connection)
        };
        let connection = create().map_err(|error| fault::of_sqlite(path, "created", &error))?;
        Ok(Self {
            store: Store::over(connection, path),
            hashes: HashSet::new(),
            points: 0,
            events: 0,
        })
    }

    pub(super) fn migration(&self, route: &Route, created_at: Moment) -> Result<(), Wrong> {
        let (source, destination) = (route.source().to_string(), route.destination().to_string());
        let values = (source, destination, route.region().as_str(), created_at.millis());
        let sql = "INSERT INTO migration VALUES (1, ?1, ?2, ?3, ?4)";
        self.put(sql, values, || "there are two migrations".into())
    }

    pub(super) fn plan(&self, plan: &PlanRecord) -> Result<(), Wrong> {
        let values = (
            plan.id.0,
            plan.listed_at.millis(),
            plan.finished_at.map(Moment::millis),
            &*plan.made_with,
        );
        let sql = "INSERT INTO plan (id, listed_at, finished_at, made_with) VALUES (?1, ?2, ?3, ?4)";
        self.put(sql, values, || {
            format!("plan: there are two with the number {}", plan.id.0)
        })
    }

    pub(super) fn window(&self, window: &Window) -> Result<(), Wrong> {
        let end = window.ended.as_ref();
        let values = (
            window.id.0,
            window.started_at.millis(),
            end.map(|end| end.at.millis()),
            end.map(|end| end.exit_code),
            end.map(|end| end.completed.cast_signed()),
            end.map(|end| end.failed.cast_signed()),
        );
        let sql = "INSERT INTO window (id, started_at, ended_at, exit_code, completed, failed) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.put(sql, values, || {
            format!("window: there are two with the number {}", window.id.0)
        })
    }

    pub(super) fn learned(&self, learned: &Learned) -> Result<(), Wrong> {
        let Learned {
            what,
            scope,
            value,
            samples,
            at,
        } = learned;
        let values = (&**what, &**scope, value, samples.cast_signed(), at.millis());
        let sql = "INSERT INTO learned (what, scope, value, samples, at) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.put(sql, values, || {
            format!("what, scope: `{what}` of `{scope}` stands there twice")
        })
    }

    pub(super) fn note(&self, entry: &Entry) -> Result<(), Wrong> {
        let values = (entry.at.millis(), &*entry.kind, &*entry.detail);
        let sql = "INSERT INTO journal (at, kind, detail) VALUES (?1, ?2, ?3)";
        self.put(sql, values, || "journal: there is no room for it".into())
    }

    /// Its points may still be to come.
    pub(super) fn park(&mut self, group: &Group, cause: &Cause) -> Result<(), Wrong> {
        let parked = (|| {
            let Store {
                connection,
                words,
                groups,
                ..
            } = &mut self.store;
            let keys = Keys {
                vault: words.number(connection, group.vault.as_str())?,
                resource: None,
                resource_type: words.optional(connection, group.resource_type.as_ref().map(ResourceType::name))?,
                encryption_key: words.optional(connection, group.encryption_key_arn.as_deref())?,
            };
            let number = groups.number(connection, keys)?;
            let sql = "UPDATE copy_group SET parked = ?2 WHERE id = ?1 AND parked IS NULL";
            connection.prepare_cached(sql)?.execute((number, rows::json(cause)))
        })();
        match parked.map_err(|error| self.store.explain(&error))? {
            0 => Err(Wrong::Document("the group stands there twice".into())),
            _ => Ok(()),
        }
    }

    pub(super) fn point(&mut self, planned: &PlannedPoint, seen: SeenBy, events: &[Event]) -> Result<(), Wrong> {
        let journey = Journey::of(events).map_err(|(index, step)| format!("event number {}: {step}", index + 1))?;
        if planned.position.is_some() && planned.ruling.verdict != Verdict::Copy {
            return Err(Wrong::Document(
                "position: a point that is not to be copied has no place in the queue".into(),
            ));
        }
        let hash = rows::arn_hash(&planned.point.arn);
        if !self.hashes.insert(hash) && self.knows(&planned.point.arn)? {
            return Err(Wrong::Document("it stands there twice".into()));
        }
        let inserted = self.store.plan_new(seen.first, planned, hash);
        let id = inserted.map_err(|refusal| self.refused(refusal))?;
        let sql = "UPDATE sighting SET seen = ?2, changed = ?3 WHERE point = ?1";
        self.put(sql, (id, seen.last.0, seen.changed.0), String::new)?;
        if !events.is_empty() {
            self.journey(id, planned.ruling.verdict, &journey)?;
        }
        for event in events {
            let values = (id, event.at.millis(), rows::json(&event.step));
            self.put(
                "INSERT INTO event (point, at, step) VALUES (?1, ?2, ?3)",
                values,
                String::new,
            )?;
        }
        self.points += 1;
        self.events += events.len() as u64;
        Ok(())
    }

    fn knows(&self, arn: &str) -> Result<bool, LedgerError> {
        let known = || {
            let mut statement = self
                .store
                .connection
                .prepare_cached("SELECT 1 FROM point WHERE arn = ?1")?;
            statement.exists([arn])
        };
        known().map_err(|error| self.store.explain(&error))
    }

    /// Where the events lead, in place of the waiting transfer that the point has by its verdict.
    fn journey(&mut self, id: u32, verdict: Verdict, journey: &Journey) -> Result<(), Wrong> {
        if verdict != Verdict::Copy {
            let begun = self.store.begin_transfer(PointId(id));
            begun.map_err(|refusal| self.refused(refusal))?;
        }
        let stored = self.store.put_transfer(PointId(id), &journey.transfer);
        stored.map_err(|refusal| self.refused(refusal))?;
        journey
            .attempts
            .iter()
            .try_for_each(|attempt| self.attempt(id, attempt))
    }

    fn attempt(&self, id: u32, record: &AttemptRecord) -> Result<(), Wrong> {
        let token = record.attempt.token.as_ref().map(Token::as_str);
        let end = record.ended.as_ref();
        let values = (
            id,
            record.attempt.number,
            token,
            record.attempt.opened.millis(),
            record.job.as_ref().map(JobId::as_str),
            end.map(|end| end.at.millis()),
            end.map(|end| &*end.outcome),
            end.and_then(|end| end.message.as_deref()),
        );
        let sql = "INSERT INTO attempt (point, number, token, opened, job, ended, outcome, message) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        self.put(sql, values, || {
            let token = token.unwrap_or_default();
            format!("token: {token} was used by an earlier attempt, and every attempt needs one of its own")
        })
    }

    /// The only thing that a row of ours can break is that something is there once.
    fn put(&self, sql: &str, values: impl Params, twice: impl FnOnce() -> String) -> Result<(), Wrong> {
        let put = || self.store.connection.prepare_cached(sql)?.execute(values);
        match put() {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(Wrong::Document(twice()))
            }
            Err(error) => Err(self.store.explain(&error).into()),
        }
    }

    fn refused(&self, refusal: Refusal) -> LedgerError {
        match refusal {
            Refusal::Asked(error) => error,
            Refusal::File(error) => self.store.explain(&error),
        }
    }

    /// What can be said only when everything has come; then the file is a ledger. Answers how many points and events it has.
    pub(super) fn finish(self) -> Result<(u64, u64), Wrong> {
        self.check_plans()?;
        let finish = || -> Result<(), Refusal> {
            let connection = &self.store.connection;
            put_events_in_order(connection)?;
            connection.execute_batch(ARNS_INDEX)?;
            connection.execute_batch(TURNS_INDEX)?;
            self.store.settle_all_lanes()?;
            connection.execute_batch("COMMIT")?;
            file::declare(connection)?;
            Ok(())
        };
        finish().map_err(|refusal| self.refused(refusal))?;
        Ok((self.points, self.events))
    }

    fn check_plans(&self) -> Result<(), Wrong> {
        for (member, column) in [
            ("first_seen_by_plan", "first_seen"),
            ("last_seen_by_plan", "seen"),
            ("changed_by_plan", "changed"),
        ] {
            let sql = format!(
                "SELECT arn, {column} FROM sighting JOIN point ON point.id = sighting.point \
                 WHERE {column} NOT IN (SELECT id FROM plan) LIMIT 1"
            );
            let connection = &self.store.connection;
            let found: Option<(String, i64)> = connection
                .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
                .map_err(|error| self.store.explain(&error))?;
            if let Some((arn, plan)) = found {
                return Err(Wrong::Document(format!(
                    "the point {arn}: {member}: there is no plan {plan}"
                )));
            }
        }
        Ok(())
    }
}

/// Events came point by point; the ledger has them in the order in which they happened. A point's own never change places,
/// whatever the clock did: an event counts as late as the latest before it.
fn put_events_in_order(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TEMP TABLE told AS SELECT point, at, step FROM (SELECT point, at, step, number, \
         max(at) OVER (PARTITION BY point ORDER BY number) AS latest FROM event) ORDER BY latest, number; \
         DELETE FROM event; \
         INSERT INTO event (point, at, step) SELECT point, at, step FROM told ORDER BY rowid; \
         DROP TABLE told;",
    )
}
