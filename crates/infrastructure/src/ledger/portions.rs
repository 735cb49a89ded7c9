//! Where the points of each vault and type stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use sav_application::ports::LedgerError;
use sav_domain::ledger::{Portion, RulingCount, Verdict};
use sav_domain::transfer::Stage;
use sav_domain::{ResourceType, VaultName};

use super::reader::{SqliteReader, count};
use super::rows::unfit;

/// The numbers of the words that name a vault and a type.
type Key = (i64, Option<i64>);

/// Transfers that count by their stage, as in `standing`; `?` is taken by what else is told of them.
const STAGES: &str = "SELECT g.vault, g.resource_type, t.stage, t.stage = 'arrived' AND NOT t.copied, \
     t.stage = 'waiting' AND g.parked IS NOT NULL, count(*) FROM transfer AS t JOIN copy_group AS g ON g.id = t.copy_group \
     WHERE t.wanted OR t.stage <> 'waiting' GROUP BY 1, 2, 3, 4, 5";

/// The others, as in `particulars`: of the last finished plan.
const RULINGS: &str = "SELECT p.vault, p.resource_type, p.verdict, reason.text, count(*) FROM point AS p \
     LEFT JOIN transfer AS t ON t.point = p.id LEFT JOIN word AS reason ON reason.id = p.reason \
     WHERE p.verdict <> 'copy' AND (t.point IS NULL OR t.stage = 'waiting') \
     AND (SELECT seen FROM sighting WHERE point = p.id) \
     >= coalesce((SELECT max(id) FROM plan WHERE finished_at IS NOT NULL), 0) GROUP BY 1, 2, 3, 4";

const CAUSES: &str = "SELECT g.vault, g.resource_type, t.detail ->> '$.cause.category', count(*) FROM transfer AS t \
     JOIN copy_group AS g ON g.id = t.copy_group WHERE t.stage IN ('failed', 'parked') GROUP BY 1, 2, 3";

impl SqliteReader {
    pub(super) fn portions_now(&self) -> Result<Vec<Portion>, LedgerError> {
        let mut counted: BTreeMap<Key, Portion> = BTreeMap::new();
        for (key, vault, resource_type) in self.named_keys()? {
            let portion = Portion::of(vault, resource_type);
            counted.insert(key, portion);
        }
        let key = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Key> { Ok((row.get(0)?, row.get(1)?)) };
        let nameless = || unfit(0, "a vault without a name");
        self.rows(STAGES, [], |row| {
            let portion = counted.get_mut(&key(row)?).ok_or_else(nameless)?;
            let stage = Stage::named(row.get_ref(2)?.as_str()?).ok_or_else(|| unfit(2, "unknown stage"))?;
            let transfers = count(row, 5)?;
            *portion.standing.stages.entry(stage).or_default() += transfers;
            if row.get(3)? {
                portion.particulars.already_there += transfers;
            }
            if row.get(4)? {
                portion.standing.waiting_in_parked_groups += transfers;
            }
            Ok(())
        })?;
        self.rows(RULINGS, [], |row| {
            let portion = counted.get_mut(&key(row)?).ok_or_else(nameless)?;
            let verdict = Verdict::named(row.get_ref(2)?.as_str()?).ok_or_else(|| unfit(2, "unknown verdict"))?;
            let points = count(row, 4)?;
            *portion.standing.ruled.entry(verdict).or_default() += points;
            let reason = row.get::<_, Option<Arc<str>>>(3)?;
            portion.particulars.rulings.push(RulingCount {
                verdict,
                reason,
                points,
            });
            Ok(())
        })?;
        self.rows(CAUSES, [], |row| {
            let portion = counted.get_mut(&key(row)?).ok_or_else(nameless)?;
            portion.particulars.causes.insert(row.get(2)?, count(row, 3)?);
            Ok(())
        })?;
        Ok(counted.into_values().collect())
    }

    fn named_keys(&self) -> Result<Vec<(Key, VaultName, Option<ResourceType>)>, LedgerError> {
        let sql = "SELECT k.vault, k.resource_type, vault.text, type.text FROM (SELECT vault, resource_type FROM copy_group \
                   UNION SELECT vault, resource_type FROM point WHERE verdict <> 'copy') AS k \
                   JOIN word AS vault ON vault.id = k.vault LEFT JOIN word AS type ON type.id = k.resource_type";
        self.rows(sql, [], |row| {
            let vault = VaultName::new(row.get::<_, Box<str>>(2)?).ok_or_else(|| unfit(2, "a vault without a name"))?;
            let resource_type = row.get_ref(3)?.as_str_or_null()?.map(ResourceType::named);
            Ok(((row.get(0)?, row.get(1)?), vault, resource_type))
        })
    }
}
