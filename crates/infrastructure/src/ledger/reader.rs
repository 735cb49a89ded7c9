//! The reading side: a connection of its own that sees what has been committed.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Params, Row};
use sav_application::ports::{LedgerError, LedgerReader};
use sav_domain::forecast::{LaneLeft, Lately};
use sav_domain::ledger::{
    AttemptEnd, AttemptRecord, Difference, Entry, GroupId, GroupStanding, Learned, LedgerPoint, Particulars, PlanId,
    PlanRecord, PointId, Portion, Progress, Standing, Window, WindowEnd, WindowId,
};
use sav_domain::transfer::{Attempt, Event, JobId, Stage, Token, Transfer};
use sav_domain::{Moment, Route};

use super::fault;
use super::file::{self, SCHEMA_STEPS};
use super::rows::{self, POINT_SELECT, unfit};
use super::words::WordTexts;

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
        Self::open_with(path, route, SCHEMA_STEPS.len())
    }

    pub(super) fn open_with(path: &Path, route: Option<&Route>, schema: usize) -> Result<Self, LedgerError> {
        let (connection, route) = file::open_to_read(path, route, schema)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection,
            path: path.into(),
            route,
            words: WordTexts::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How far the file's tables have come.
    pub fn schema_version(&self) -> Result<u64, LedgerError> {
        let found = self.rows("PRAGMA user_version", [], |row| count(row, 0))?;
        Ok(found.first().copied().unwrap_or_default())
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

    /// The whole ledger as it stands now, in another file.
    pub fn copy_into(&self, path: &Path) -> Result<(), LedgerError> {
        let name = path.to_string_lossy();
        let copied = self.connection.execute("VACUUM INTO ?1", [&*name]);
        copied
            .map(drop)
            .map_err(|error| fault::of_sqlite(path, "written", &error))
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

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let all =
            || -> rusqlite::Result<Vec<T>> { self.connection.prepare_cached(sql)?.query_map(params, read)?.collect() };
        all().map_err(|error| fault::of_sqlite(&self.path, "read", &error))
    }

    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let first = || self.connection.prepare_cached(sql)?.query_row(params, read).optional();
        first().map_err(|error| fault::of_sqlite(&self.path, "read", &error))
    }

    pub(super) fn whole(&self, row: &Row<'_>) -> rusqlite::Result<LedgerPoint> {
        rows::ledger_point(&self.connection, &self.words, row)
    }
}

pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    row.get(column).map(Moment::from_millis)
}

pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

impl LedgerReader for SqliteReader {
    fn route(&self) -> &Route {
        &self.route
    }

    fn standing(&self) -> Result<Standing, LedgerError> {
        self.standing_now()
    }

    fn groups(&self) -> Result<Vec<GroupStanding>, LedgerError> {
        self.groups_now()
    }

    fn ready(&self, group: GroupId, behind: Option<u64>, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        self.heads_in_order(group, behind, most)
    }

    fn smallest_ready(&self, group: GroupId, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        self.heads_by_size(group, most)
    }

    fn heads_after(&self, points: &[PointId]) -> Result<Vec<LedgerPoint>, LedgerError> {
        self.heads_of_lanes(points)
    }

    fn open_transfers(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let sql = "SELECT t.stage, t.detail, t.attempts, t.failures, (SELECT a.token FROM attempt AS a \
                   WHERE a.point = t.point AND a.token IS NOT NULL ORDER BY a.number DESC LIMIT 1), t.point \
                   FROM transfer AS t INDEXED BY transfer_open \
                   WHERE t.stage = 'intended' OR t.stage = 'unsure' OR t.stage = 'copying'";
        let mut open = self.rows(sql, [], |row| Ok((PointId(row.get(5)?), rows::transfer(row, 0)?)))?;
        open.sort_by_key(|(point, _)| *point);
        Ok(open)
    }

    fn begun(&self) -> Result<Vec<(PointId, Transfer)>, LedgerError> {
        let sql = "SELECT t.stage, t.detail, t.attempts, t.failures, (SELECT a.token FROM attempt AS a \
                   WHERE a.point = t.point AND a.token IS NOT NULL ORDER BY a.number DESC LIMIT 1), t.point \
                   FROM transfer AS t WHERE t.stage <> 'arrived' AND (t.stage <> 'waiting' OR t.attempts > 0) ORDER BY t.point";
        self.rows(sql, [], |row| Ok((PointId(row.get(5)?), rows::transfer(row, 0)?)))
    }

    fn find(&self, recovery_point_arn: &str) -> Result<Option<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} sighting AS g JOIN point AS p ON p.id = g.point LEFT JOIN transfer AS t ON t.point = p.id \
             WHERE g.arn_hash = ?1 AND p.arn = ?2"
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

    fn gone(&self, plan: PlanId, after: Option<PointId>, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        self.not_listed(plan, after, most)
    }

    fn changes(&self, plan: PlanId, difference: Difference, most: usize) -> Result<Vec<Box<str>>, LedgerError> {
        self.differing(plan, difference, most)
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

    fn entries(&self, kind: Option<&str>) -> Result<Vec<Entry>, LedgerError> {
        let sql = "SELECT at, kind, detail FROM journal WHERE kind = ?1 OR ?1 IS NULL ORDER BY number";
        self.rows(sql, [kind], |row| {
            Ok(Entry {
                at: moment(row, 0)?,
                kind: row.get(1)?,
                detail: row.get(2)?,
            })
        })
    }

    fn at_one_moment(&mut self) -> Result<(), LedgerError> {
        let begin = || {
            if self.connection.is_autocommit() {
                self.connection.execute_batch("BEGIN")?;
            }
            // The moment is that of the first look.
            self.connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        };
        begin().map_err(|error| fault::of_sqlite(&self.path, "read", &error))
    }

    fn particulars(&self) -> Result<Particulars, LedgerError> {
        self.sum_particulars()
    }

    fn portions(&self) -> Result<Vec<Portion>, LedgerError> {
        self.portions_now()
    }

    fn progress(&self, from: Moment, until: Moment) -> Result<Progress, LedgerError> {
        self.count_progress(from, until)
    }

    fn arrivals(&self, since: Moment) -> Result<Vec<(Moment, u64)>, LedgerError> {
        self.count_arrivals(since)
    }

    fn in_stages(
        &self,
        stages: &[Stage],
        after: Option<PointId>,
        most: usize,
    ) -> Result<Vec<(PointId, Stage)>, LedgerError> {
        self.standing_in(stages, after, most)
    }

    fn lanes_left(&self, tell: &mut dyn FnMut(&LaneLeft)) -> Result<(), LedgerError> {
        self.tell_lanes(tell)
    }

    fn landed_lately(&self, most: usize) -> Result<Lately, LedgerError> {
        self.look_lately(most)
    }
}
