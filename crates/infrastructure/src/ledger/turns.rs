//! Questions about groups, turns and what a plan changed.

use std::collections::BTreeMap;

use sav_application::ports::LedgerError;
use sav_domain::ledger::{Difference, Group, GroupId, GroupStanding, LedgerPoint, PlanId, PointId, Standing, Verdict};
use sav_domain::transfer::Stage;
use sav_domain::{ResourceType, VaultName};

use super::planning::PLAN_BEFORE;
use super::reader::{SqliteReader, count, limit};
use super::rows::{POINT_SELECT, unfit};

impl SqliteReader {
    pub(super) fn standing_now(&self) -> Result<Standing, LedgerError> {
        // One statement, so that all of it is of the same moment.
        let sql = "SELECT stage, NULL, count(*) FROM transfer WHERE wanted OR stage <> 'waiting' GROUP BY stage UNION ALL \
                   SELECT NULL, verdict, count(*) FROM point WHERE verdict <> 'copy' AND NOT EXISTS \
                   (SELECT 1 FROM transfer AS t WHERE t.point = point.id AND t.stage <> 'waiting') GROUP BY verdict UNION ALL \
                   SELECT NULL, NULL, count(*) FROM transfer WHERE stage = 'waiting' AND wanted \
                   AND copy_group IN (SELECT id FROM copy_group WHERE parked IS NOT NULL)";
        let mut standing = Standing::default();
        self.rows(sql, [], |row| {
            let count = count(row, 2)?;
            if let Some(stage) = row.get_ref(0)?.as_str_or_null()? {
                let stage = Stage::named(stage).ok_or_else(|| unfit(0, "unknown stage"))?;
                standing.stages.insert(stage, count);
            } else if let Some(verdict) = row.get_ref(1)?.as_str_or_null()? {
                let verdict = Verdict::named(verdict).ok_or_else(|| unfit(1, "unknown verdict"))?;
                standing.ruled.insert(verdict, count);
            } else {
                standing.waiting_in_parked_groups = count;
            }
            Ok(())
        })?;
        Ok(standing)
    }

    pub(super) fn groups_now(&self) -> Result<Vec<GroupStanding>, LedgerError> {
        let sql = "SELECT g.id, vault.text, type.text, key.text, g.parked, coalesce(n.waiting, 0), coalesce(n.copied, 0) \
                   FROM copy_group AS g JOIN word AS vault ON vault.id = g.vault \
                   LEFT JOIN word AS type ON type.id = g.resource_type LEFT JOIN word AS key ON key.id = g.encryption_key \
                   LEFT JOIN (SELECT copy_group, sum(wanted AND stage = 'waiting') AS waiting, sum(copied) AS copied \
                   FROM transfer GROUP BY copy_group) AS n ON n.copy_group = g.id ORDER BY g.id";
        self.rows(sql, [], |row| {
            let vault = VaultName::new(row.get::<_, Box<str>>(1)?).ok_or_else(|| unfit(1, "no vault"))?;
            let parked = match row.get_ref(4)?.as_str_or_null()? {
                None => None,
                Some(json) => Some(serde_json::from_str(json).map_err(|error| unfit(4, error))?),
            };
            Ok(GroupStanding {
                id: GroupId(row.get(0)?),
                group: Group {
                    vault,
                    resource_type: row.get_ref(2)?.as_str_or_null()?.map(ResourceType::named),
                    encryption_key_arn: row.get(3)?,
                },
                parked,
                waiting: count(row, 5)?,
                copied: count(row, 6)?,
            })
        })
    }

    pub(super) fn heads_in_order(
        &self,
        group: GroupId,
        behind: Option<u64>,
        most: usize,
    ) -> Result<Vec<LedgerPoint>, LedgerError> {
        let behind = behind.map_or(-1, |behind| i64::try_from(behind).unwrap_or(i64::MAX));
        let sql = format!(
            "{POINT_SELECT} head AS h CROSS JOIN transfer AS t ON t.point = h.point CROSS JOIN point AS p ON p.id = h.point \
             WHERE h.copy_group = ?1 AND h.position > ?2 ORDER BY h.position LIMIT ?3"
        );
        self.rows(&sql, (group.0, behind, limit(most)), |row| self.whole(row))
    }

    pub(super) fn heads_by_size(&self, group: GroupId, most: usize) -> Result<Vec<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} head AS h CROSS JOIN transfer AS t ON t.point = h.point CROSS JOIN point AS p ON p.id = h.point \
             WHERE h.copy_group = ?1 ORDER BY h.size_bytes, h.position LIMIT ?2"
        );
        self.rows(&sql, (group.0, limit(most)), |row| self.whole(row))
    }

    pub(super) fn heads_of_lanes(&self, points: &[PointId]) -> Result<Vec<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} head AS h CROSS JOIN transfer AS t ON t.point = h.point CROSS JOIN point AS p ON p.id = h.point \
             WHERE h.lane = (SELECT coalesce(q.resource_arn, -q.id) FROM point AS q WHERE q.id = ?1)"
        );
        // Keyed by the place: two points of one lane bring the same head.
        let mut heads = BTreeMap::new();
        for point in points {
            if let Some(head) = self.first(&sql, [point.0], |row| self.whole(row))? {
                heads.insert((head.planned.position, head.id), head);
            }
        }
        Ok(heads.into_values().collect())
    }

    pub(super) fn not_listed(
        &self,
        plan: PlanId,
        after: Option<PointId>,
        most: usize,
    ) -> Result<Vec<LedgerPoint>, LedgerError> {
        let sql = format!(
            "{POINT_SELECT} sighting AS g CROSS JOIN point AS p ON p.id = g.point LEFT JOIN transfer AS t ON t.point = p.id \
             WHERE g.point > ?1 AND g.seen < ?2 ORDER BY g.point LIMIT ?3"
        );
        let after = after.map_or(0, |after| after.0);
        self.rows(&sql, (after, plan.0, limit(most)), |row| self.whole(row))
    }

    pub(super) fn differing(
        &self,
        plan: PlanId,
        difference: Difference,
        most: usize,
    ) -> Result<Vec<Box<str>>, LedgerError> {
        let before: Option<u32> = self.first(PLAN_BEFORE, [plan.0], |row| row.get(0))?.flatten();
        let differs = match difference {
            Difference::New => "g.seen >= ?1 AND g.first_seen = ?1",
            Difference::Gone => "g.seen < ?1 AND g.seen >= ?2",
            Difference::Changed => "g.seen >= ?1 AND g.first_seen < ?1 AND g.changed = ?1",
        };
        let sql = format!(
            "SELECT p.arn FROM sighting AS g CROSS JOIN point AS p ON p.id = g.point WHERE {differs} ORDER BY g.point LIMIT ?3"
        );
        self.rows(&sql, (plan.0, before.unwrap_or(u32::MAX), limit(most)), |row| {
            row.get(0)
        })
    }
}
