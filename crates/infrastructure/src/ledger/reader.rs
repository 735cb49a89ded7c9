//! The reading side: a connection of its own that sees what has been committed.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Params, Row};
use sav_application::ports::{LedgerError, LedgerReader};
use sav_domain::ledger::{
    AttemptEnd, AttemptRecord, Learned, LedgerPoint, PlanId, PlanRecord, PointId, Standing, Verdict, Window, WindowEnd,
    WindowId,
};
use sav_domain::transfer::{Attempt, Event, JobId, Stage, Token, Transfer};
use sav_domain::{Moment, Route};

use super::rows::{self, POINT_SELECT, WordTexts, unfit};
use super::{fault, file};

#[derive(Debug)]
pub struct SqliteReader {
    connection: Connection,
    path: PathBuf,
    route: Route,
    words: WordTexts,
}

impl SqliteReader {
    /// Opens a ledger to look at it, whether or not another process writes it. None: whichever migration it is.
    pub fn open(path: &Path, route: Option<&Route>) -> Result<Self, LedgerError> {
        let (connection, route) = file::open_to_read(path, route)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection,
            path: path.into(),
            route,
            words: WordTexts::default(),
        })
    }

    /// SQLite's own thorough look at the whole file. It takes a while.
    pub fn check(&self) -> Result<(), LedgerError> {
        let found: Vec<String> = self.rows("PRAGMA integrity_check(5)", [], |row| row.get(0))?;
        if found == ["ok"] {
            return Ok(());
        }
        Err(LedgerError::Damaged {
            path: self.path.clone(),
            why: found.join("; "),
        })
    }

    /// When the ledger was made.
    pub fn created_at(&self) -> Result<Moment, LedgerError> {
        let found = self.rows("SELECT created_at FROM migration", [], |row| {
            row.get(0).map(Moment::from_millis)
        })?;
        found.first().copied().ok_or_else(|| LedgerError::Damaged {
            path: self.path.clone(),
            why: String::from("it does not say when it was made"),
        })
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let all =
            || -> rusqlite::Result<Vec<T>> { self.connection.prepare_cached(sql)?.query_map(params, read)?.collect() };
        all().map_err(|error| fault::of_sqlite(&self.path, "read", &error))
    }

    fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let first = || self.connection.prepare_cached(sql)?.query_row(params, read).optional();
        first().map_err(|error| fault::of_sqlite(&self.path, "read", &error))
    }

    fn whole(&self, row: &Row<'_>) -> rusqlite::Result<LedgerPoint> {
        rows::ledger_point(&self.connection, &self.words, row)
    }
}

fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    row.get(column).map(Moment::from_millis)
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

impl LedgerReader for SqliteReader {
    fn route(&self) -> &Route {
        &self.route
    }

    fn standing(&self) -> Result<Standing, LedgerError> {
        // One statement, so that both halves are of the same moment.
        let sql = "SELECT stage, NULL, count(*) FROM transfer GROUP BY stage UNION ALL \
                   SELECT NULL, verdict, count(*) FROM point WHERE verdict <> 'copy' \
                   AND NOT EXISTS (SELECT 1 FROM transfer WHERE transfer.point = point.id) GROUP BY verdict";
        let mut standing = Standing::default();
        self.rows(sql, [], |row| {
            let count = count(row, 2)?;
            if let Some(stage) = row.get_ref(0)?.as_str_or_null()? {
                let stage = Stage::named(stage).ok_or_else(|| unfit(0, "unknown stage"))?;
                standing.stages.insert(stage, count);
            } else {
                let verdict = Verdict::named(row.get_ref(1)?.as_str()?).ok_or_else(|| unfit(1, "unknown verdict"))?;
                standing.ruled.insert(verdict, count);
            }
            Ok(())
        })?;
        Ok(standing)
    }

    fn next(&self, behind: Option<u64>, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let behind = behind.map_or(-1, |behind| i64::try_from(behind).unwrap_or(i64::MAX));
        let sql = format!(
            "{POINT_SELECT} transfer AS t JOIN point AS p ON p.id = t.point \
             WHERE t.stage = 'waiting' AND t.position IS NOT NULL AND t.position > ?1 ORDER BY t.position LIMIT ?2"
        );
        self.rows(&sql, (behind, limit(most)), |row| self.whole(row))
    }

    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let sql = "SELECT t.stage, t.detail, t.attempts, t.failures, (SELECT a.token FROM attempt AS a \
                   WHERE a.point = t.point AND a.token IS NOT NULL ORDER BY a.number DESC LIMIT 1), t.point \
                   FROM transfer AS t WHERE t.stage IN ('intended', 'unsure', 'copying') ORDER BY t.point";
        self.rows(sql, [], |row| Ok((PointId(row.get(5)?), rows::transfer(row, 0)?)))
    }

    fn find(&self, recovery_point_arn: &str) -> Result<Option<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} point AS p LEFT JOIN transfer AS t ON t.point = p.id WHERE p.arn_hash = ?1 AND p.arn = ?2"
        );
        let hash = rows::arn_hash(recovery_point_arn);
        self.first(&sql, (hash, recovery_point_arn), |row| self.whole(row))
    }

    fn point(&self, id: PointId) -> Result<Option<LedgerPoint>, LedgerError> {
        let sql = format!("{POINT_SELECT} point AS p LEFT JOIN transfer AS t ON t.point = p.id WHERE p.id = ?1");
        self.first(&sql, [id.0], |row| self.whole(row))
    }

    fn point_of_job(&self, job: &JobId) -> Result<Option<PointId>, LedgerError> {
        let sql = "SELECT point FROM attempt WHERE job = ?1 ORDER BY point LIMIT 1";
        self.first(sql, [job.as_str()], |row| row.get(0).map(PointId))
    }

    fn points(&self, after: Option<PointId>, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} point AS p LEFT JOIN transfer AS t ON t.point = p.id WHERE p.id > ?1 ORDER BY p.id LIMIT ?2"
        );
        let after = after.map_or(0, |after| after.0);
        self.rows(&sql, (after, limit(most)), |row| self.whole(row))
    }

    fn events(&self, id: PointId) -> Result<Vec<Event>, LedgerError> {
        let sql = "SELECT at, step FROM event WHERE point = ?1 ORDER BY number";
        self.rows(sql, [id.0], |row| {
            let step = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|error| unfit(1, error))?;
            Ok(Event::new(moment(row, 0)?, step))
        })
    }

    fn attempts(&self, id: PointId) -> Result<Vec<AttemptRecord>, LedgerError> {
        let sql =
            "SELECT number, token, opened, job, ended, outcome, message FROM attempt WHERE point = ?1 ORDER BY number";
        self.rows(sql, [id.0], |row| {
            let ended = match row.get::<_, Option<i64>>(4)? {
                None => None,
                Some(at) => Some(AttemptEnd {
                    at: Moment::from_millis(at),
                    outcome: row.get(5)?,
                    message: row.get(6)?,
                }),
            };
            Ok(AttemptRecord {
                attempt: Attempt {
                    number: row.get(0)?,
                    token: row.get::<_, Option<Box<str>>>(1)?.and_then(Token::new),
                    opened: moment(row, 2)?,
                },
                job: row.get::<_, Option<Box<str>>>(3)?.and_then(JobId::new),
                ended,
            })
        })
    }

    fn plans(&self) -> Result<Vec<PlanRecord>, LedgerError> {
        let sql = "SELECT id, listed_at, finished_at, made_with FROM plan ORDER BY id";
        self.rows(sql, [], |row| {
            Ok(PlanRecord {
                id: PlanId(row.get(0)?),
                listed_at: moment(row, 1)?,
                finished_at: row.get::<_, Option<i64>>(2)?.map(Moment::from_millis),
                made_with: row.get(3)?,
            })
        })
    }

    fn windows(&self) -> Result<Vec<Window>, LedgerError> {
        let sql = "SELECT id, started_at, ended_at, exit_code, completed, failed FROM window ORDER BY id";
        self.rows(sql, [], |row| {
            let ended = match row.get::<_, Option<i64>>(2)? {
                None => None,
                Some(at) => Some(WindowEnd {
                    at: Moment::from_millis(at),
                    exit_code: row.get(3)?,
                    completed: count(row, 4)?,
                    failed: count(row, 5)?,
                }),
            };
            Ok(Window {
                id: WindowId(row.get(0)?),
                started_at: moment(row, 1)?,
                ended,
            })
        })
    }

    fn learned(&self) -> Result<Vec<Learned>, LedgerError> {
        let sql = "SELECT what, scope, value, samples, at FROM learned ORDER BY what, scope";
        self.rows(sql, [], |row| {
            Ok(Learned {
                what: row.get(0)?,
                scope: row.get(1)?,
                value: row.get(2)?,
                samples: count(row, 3)?,
                at: moment(row, 4)?,
            })
        })
    }
}
