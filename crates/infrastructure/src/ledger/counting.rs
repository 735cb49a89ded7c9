//! Sums over the whole file, and the last things that happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Row;
use sav_application::ports::LedgerError;
use sav_domain::Moment;
use sav_domain::ledger::{Particulars, PointId, Progress, RulingCount, Verdict};
use sav_domain::transfer::{Event, Stage};

use super::reader::{SqliteReader, count};
use super::rows::unfit;

/// An event and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub recovery_point_arn: Box<str>,
    pub event: Event,
}

impl SqliteReader {
    /// The last events, latest first.
    pub fn last_events(&self, most: usize) -> Result<Vec<Happened>, LedgerError> {
        let sql = "SELECT e.at, e.step, p.arn FROM event AS e JOIN point AS p ON p.id = e.point \
                   ORDER BY e.number DESC LIMIT ?1";
        self.rows(sql, [i64::try_from(most).unwrap_or(i64::MAX)], |row| {
            Ok(Happened {
                recovery_point_arn: row.get(2)?,
                event: event(row)?,
            })
        })
    }

    pub(super) fn sum_particulars(&self) -> Result<Particulars, LedgerError> {
        let rulings = "SELECT p.verdict, reason.text, count(*) FROM point AS p \
                       LEFT JOIN transfer AS t ON t.point = p.id LEFT JOIN word AS reason ON reason.id = p.reason \
                       WHERE p.verdict <> 'copy' AND (t.point IS NULL OR t.stage = 'waiting') \
                       AND (SELECT seen FROM sighting WHERE point = p.id) \
                       >= coalesce((SELECT max(id) FROM plan WHERE finished_at IS NOT NULL), 0) \
                       GROUP BY p.verdict, p.reason";
        let mut rulings = self.rows(rulings, [], |row| {
            Ok(RulingCount {
                verdict: Verdict::named(row.get_ref(0)?.as_str()?).ok_or_else(|| unfit(0, "unknown verdict"))?,
                reason: row.get::<_, Option<Arc<str>>>(1)?,
                points: count(row, 2)?,
            })
        })?;
        rulings.sort_by(|one, other| (one.verdict, &one.reason).cmp(&(other.verdict, &other.reason)));
        let causes = "SELECT detail ->> '$.cause.category', count(*) FROM transfer \
                      WHERE stage IN ('failed', 'parked') GROUP BY 1";
        let causes = self.rows(causes, [], |row| Ok((row.get::<_, Box<str>>(0)?, count(row, 1)?)))?;
        let already_there = "SELECT count(*) FROM transfer WHERE stage = 'arrived' AND NOT copied";
        let already_there = self.rows(already_there, [], |row| count(row, 0))?;
        Ok(Particulars {
            rulings,
            already_there: already_there.first().copied().unwrap_or_default(),
            causes: causes.into_iter().collect::<BTreeMap<_, _>>(),
        })
    }

    pub(super) fn count_progress(&self, from: Moment, until: Moment) -> Result<Progress, LedgerError> {
        let sql = "SELECT (SELECT count(*) FROM attempt WHERE outcome = 'landed' AND ended >= ?1 AND ended < ?2), \
                   (SELECT count(*) FROM transfer AS t WHERE stage IN ('failed', 'partial') AND EXISTS (SELECT 1 FROM attempt \
                   WHERE attempt.point = t.point AND ended >= ?1 AND ended < ?2))";
        let progress = self.rows(sql, [from.millis(), until.millis()], |row| {
            Ok(Progress {
                completed: count(row, 0)?,
                failed: count(row, 1)?,
            })
        })?;
        Ok(progress.first().copied().unwrap_or_default())
    }

    pub(super) fn count_arrivals(&self, since: Moment) -> Result<Vec<(Moment, u64)>, LedgerError> {
        let sql = "SELECT ended / 3600000 AS hour, count(*) FROM attempt WHERE outcome = 'landed' AND ended >= ?1 \
                   GROUP BY hour ORDER BY hour";
        self.rows(sql, [since.millis()], |row| {
            let hour: i64 = row.get(0)?;
            Ok((Moment::from_millis(hour * 3_600_000), count(row, 1)?))
        })
    }

    pub(super) fn standing_in(
        &self,
        stages: &[Stage],
        after: Option<PointId>,
        most: usize,
    ) -> Result<Vec<(PointId, Stage)>, LedgerError> {
        // Names of ours, without anything that would have to be escaped.
        let names: Vec<String> = stages.iter().map(|stage| format!("'{}'", stage.name())).collect();
        let sql = format!(
            "SELECT point, stage FROM transfer WHERE point > ?1 AND stage IN ({}) ORDER BY point LIMIT ?2",
            names.join(", ")
        );
        let after = after.map_or(0, |after| after.0);
        self.rows(&sql, (after, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
            let stage = Stage::named(row.get_ref(1)?.as_str()?).ok_or_else(|| unfit(1, "unknown stage"))?;
            Ok((PointId(row.get(0)?), stage))
        })
    }
}

/// Two columns: when, and the step as JSON.
pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let step = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|error| unfit(1, error))?;
    Ok(Event::new(row.get(0).map(Moment::from_millis)?, step))
}
