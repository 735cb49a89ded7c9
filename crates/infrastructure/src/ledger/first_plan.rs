//! The very first plan of a ledger, which does without what only later ones need.
//!
//! Every point is new, so nobody has to look for it; and a transfer is written once, when its turn is known, instead of twice.

use std::collections::HashSet;

use rusqlite::{Connection, Statement};

use super::fold::Folding;
use super::planning::NO_PLACE;
use super::store::Done;

/// What is late is written by the end of the plan. If the process does not live to see it, or something is undone, no list of
/// what was late can be trusted any more, and the tables themselves say what is missing.
const MISSING: &str = "INSERT INTO transfer (point, position, stage, wanted, copied, attempts, failures, lane, copy_group) \
     SELECT p.id, ?1, 'waiting', 1, 0, 0, 0, coalesce(p.resource_arn, -p.id), g.id FROM point AS p \
     CROSS JOIN copy_group AS g ON g.vault = p.vault AND g.resource_type IS p.resource_type AND g.encryption_key IS p.encryption_key \
     WHERE p.verdict = 'copy' AND NOT EXISTS (SELECT 1 FROM transfer AS t WHERE t.point = p.id)";

pub(super) const INSERT_TRANSFER: &str = "INSERT INTO transfer (point, position, stage, wanted, copied, attempts, failures, lane, copy_group) \
     VALUES (?1, ?2, 'waiting', 1, 0, 0, 0, ?3, ?4)";

/// In the place of a group, which are counted from one: the row is written.
const WRITTEN: u32 = 0;

#[derive(Debug, Default)]
pub(super) struct FirstPlan {
    /// Hashes of the ARNs so far, instead of an index: kept up to date one point at a time it would have most of its pages
    /// rewritten with every commit.
    hashes: HashSet<i64, Folding>,
    /// In the order of the points' numbers.
    late: Vec<Late>,
}

/// A transfer that has no row yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    pub(super) point: u32,
    pub(super) group: u32,
    pub(super) lane: i64,
}

impl Late {
    /// By `INSERT_TRANSFER`.
    pub(super) fn write(self, insert: &mut Statement<'_>, position: i64) -> Done<()> {
        insert.execute((self.point, position, self.lane, self.group))?;
        Ok(())
    }
}

impl FirstPlan {
    pub(super) fn is_new(&mut self, hash: i64) -> bool {
        self.hashes.insert(hash)
    }

    pub(super) fn put_off(&mut self, late: Late) {
        self.late.push(late);
    }

    /// For whoever writes its row.
    pub(super) fn take(&mut self, point: u32) -> Option<Late> {
        let found = self.late.binary_search_by_key(&point, |late| late.point).ok()?;
        let late = self.late[found];
        self.late[found].group = WRITTEN;
        (late.group != WRITTEN).then_some(late)
    }

    /// All that is late still, without a place in the queue.
    pub(super) fn write_all(&mut self, connection: &Connection) -> Done<()> {
        let mut insert = connection.prepare_cached(INSERT_TRANSFER)?;
        std::mem::take(&mut self.late)
            .into_iter()
            .filter(|late| late.group != WRITTEN)
            .try_for_each(|late| late.write(&mut insert, NO_PLACE))
    }

    /// After something was undone. The hashes may stay: one too many costs a look into the tables.
    pub(super) fn forget(&mut self) {
        self.late = Vec::new();
    }
}

pub(super) fn write_missing(connection: &Connection) -> Done<()> {
    connection.execute(MISSING, [NO_PLACE])?;
    Ok(())
}
