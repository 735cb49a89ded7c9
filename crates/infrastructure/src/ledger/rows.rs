//! Rows of the tables into values, and back.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Row};
use sav_domain::ledger::{LedgerPoint, PlanId, PlannedPoint, PointId, Ruling, Verdict};
use sav_domain::recovery_point::{Lifecycle, PointStatus, RecoveryPoint};
use sav_domain::transfer::{Stage, State, Token, Transfer};
use sav_domain::{Moment, ResourceType, VaultName};

use super::words::{WordNumbers, WordTexts};

/// The words that decide in whose lane and group a point is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) vault: i64,
    pub(super) resource: Option<i64>,
    pub(super) resource_type: Option<i64>,
    pub(super) encryption_key: Option<i64>,
}

/// 64-bit FNV-1a, which will be the same in every version: it stands in the file.
pub(super) fn arn_hash(arn: &str) -> i64 {
    let hash = arn.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.cast_signed()
}

/// The columns of `point` that planning fills, in the order in which `bind_planned` binds them, from 1 on.
pub(super) const PLANNED_COLUMNS: &str = "verdict, reason, fix, arn, vault, resource_arn, resource_name, resource_type, status, \
     status_message, created, initiated, completed, size_bytes, encryption_key, expires_at, moves_to_cold_at, cold_after_days, \
     delete_after_days, is_parent, parent_arn, composite_member, source_vault, vault_type, metadata";
pub(super) const PLANNED_MARKS: &str =
    "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25";
/// The first parameter after those.
pub(super) const PLANNED_COUNT: usize = 25;

pub(super) fn bind_planned(
    statement: &mut CachedStatement<'_>,
    connection: &Connection,
    words: &mut WordNumbers,
    planned: &PlannedPoint,
) -> rusqlite::Result<Keys> {
    let PlannedPoint {
        point,
        metadata,
        ruling,
        position: _,
    } = planned;
    let keys = Keys {
        vault: words.number(connection, point.vault.as_str())?,
        resource: words.optional(connection, point.resource_arn.as_deref())?,
        resource_type: words.optional(connection, point.resource_type.as_ref().map(ResourceType::name))?,
        encryption_key: words.optional(connection, point.encryption_key_arn.as_deref())?,
    };
    let mut word = |text: Option<&str>| words.optional(connection, text);
    let millis = |moment: Option<Moment>| moment.map(Moment::millis);
    statement.raw_bind_parameter(1, ruling.verdict.name())?;
    statement.raw_bind_parameter(2, word(ruling.reason.as_deref())?)?;
    statement.raw_bind_parameter(3, word(ruling.fix.as_deref())?)?;
    statement.raw_bind_parameter(4, &*point.arn)?;
    statement.raw_bind_parameter(5, keys.vault)?;
    statement.raw_bind_parameter(6, keys.resource)?;
    statement.raw_bind_parameter(7, word(point.resource_name.as_deref())?)?;
    statement.raw_bind_parameter(8, keys.resource_type)?;
    statement.raw_bind_parameter(9, word(point.status.as_ref().map(PointStatus::name))?)?;
    statement.raw_bind_parameter(10, point.status_message.as_deref())?;
    statement.raw_bind_parameter(11, millis(point.created))?;
    statement.raw_bind_parameter(12, millis(point.initiated))?;
    statement.raw_bind_parameter(13, millis(point.completed))?;
    statement.raw_bind_parameter(14, point.size_bytes.map(u64::cast_signed))?;
    statement.raw_bind_parameter(15, keys.encryption_key)?;
    statement.raw_bind_parameter(16, millis(point.expires_at))?;
    statement.raw_bind_parameter(17, millis(point.moves_to_cold_at))?;
    statement.raw_bind_parameter(18, point.lifecycle.move_to_cold_after_days)?;
    statement.raw_bind_parameter(19, point.lifecycle.delete_after_days)?;
    statement.raw_bind_parameter(20, point.is_parent)?;
    statement.raw_bind_parameter(21, word(point.parent_arn.as_deref())?)?;
    statement.raw_bind_parameter(22, point.composite_member.as_deref())?;
    statement.raw_bind_parameter(23, word(point.source_vault_arn.as_deref())?)?;
    statement.raw_bind_parameter(24, word(point.vault_type.as_deref())?)?;
    statement.raw_bind_parameter(PLANNED_COUNT, word(metadata.as_deref())?)?;
    Ok(keys)
}

/// A whole point: `p` is `point`, `t` its `transfer`, joined from the left.
pub(super) const POINT_SELECT: &str = "SELECT p.verdict, p.reason, p.fix, p.arn, p.vault, p.resource_arn, p.resource_name, \
     p.resource_type, p.status, p.status_message, p.created, p.initiated, p.completed, p.size_bytes, p.encryption_key, \
     p.expires_at, p.moves_to_cold_at, p.cold_after_days, p.delete_after_days, p.is_parent, p.parent_arn, \
     p.composite_member, p.source_vault, p.vault_type, p.metadata, p.id, \
     (SELECT s.seen FROM sighting AS s WHERE s.point = p.id), t.position, t.stage, t.detail, t.attempts, \
     t.failures, (SELECT a.token FROM attempt AS a WHERE a.point = t.point AND a.token IS NOT NULL AND t.attempts > 0 \
     ORDER BY a.number DESC LIMIT 1) FROM";

pub(super) fn ledger_point(connection: &Connection, words: &WordTexts, row: &Row<'_>) -> rusqlite::Result<LedgerPoint> {
    let word = |column: usize| -> rusqlite::Result<Option<Arc<str>>> {
        let number: Option<i64> = row.get(column)?;
        number.map(|number| words.text(connection, number)).transpose()
    };
    let moment = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Moment::from_millis));
    let vault = word(4)?.and_then(VaultName::new).ok_or_else(|| unfit(4, "no vault"))?;
    let mut point = RecoveryPoint::new(row.get::<_, Box<str>>(3)?, vault);
    point.resource_arn = word(5)?;
    point.resource_name = word(6)?;
    point.resource_type = word(7)?.map(|name| ResourceType::named(&name));
    point.status = word(8)?.map(|name| PointStatus::named(&name));
    point.status_message = row.get(9)?;
    point.created = moment(10)?;
    point.initiated = moment(11)?;
    point.completed = moment(12)?;
    point.size_bytes = row.get::<_, Option<i64>>(13)?.map(i64::cast_unsigned);
    point.encryption_key_arn = word(14)?;
    point.expires_at = moment(15)?;
    point.moves_to_cold_at = moment(16)?;
    point.lifecycle = Lifecycle {
        move_to_cold_after_days: row.get(17)?,
        delete_after_days: row.get(18)?,
    };
    point.is_parent = row.get(19)?;
    point.parent_arn = word(20)?;
    point.composite_member = row.get(21)?;
    point.source_vault_arn = word(22)?;
    point.vault_type = word(23)?;
    let verdict = Verdict::named(row.get_ref(0)?.as_str()?).ok_or_else(|| unfit(0, "unknown verdict"))?;
    let transfer = match row.get_ref(28)?.as_str_or_null()? {
        Some(_) => Some(transfer(row, 28)?),
        None => None,
    };
    Ok(LedgerPoint {
        id: PointId(row.get(25)?),
        planned: PlannedPoint {
            point,
            metadata: word(24)?,
            ruling: Ruling {
                verdict,
                reason: word(1)?,
                fix: word(2)?,
            },
            position: row.get::<_, Option<i64>>(27)?.and_then(|place| place.try_into().ok()),
        },
        seen: PlanId(row.get(26)?),
        transfer,
    })
}

/// Five columns from `first` on: stage, detail, attempts, failures, the latest token.
pub(super) fn transfer(row: &Row<'_>, first: usize) -> rusqlite::Result<Transfer> {
    let named = Stage::named(row.get_ref(first)?.as_str()?).ok_or_else(|| unfit(first, "unknown stage"))?;
    let state = match row.get_ref(first + 1)?.as_str_or_null()? {
        None => State::Waiting { not_before: None },
        Some(json) => serde_json::from_str(json).map_err(|error| unfit(first + 1, error))?,
    };
    if state.stage() != named {
        return Err(unfit(first, "the stage and its detail disagree"));
    }
    let token: Option<Box<str>> = row.get(first + 4)?;
    Ok(Transfer {
        state,
        attempts: row.get(first + 2)?,
        failures: row.get(first + 3)?,
        spent: token.and_then(Token::new),
    })
}

/// A plain `waiting` needs no words.
pub(super) fn detail(state: &State) -> Option<String> {
    (*state != State::Waiting { not_before: None }).then(|| json(state))
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("states and steps are plain data with text for keys")
}

pub(super) fn unfit(column: usize, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
