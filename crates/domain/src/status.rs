//! Where a migration stands, in the numbers that every command shows.

use serde::Serialize;

use crate::ledger::{Particulars, Standing, Verdict};
use crate::transfer::Stage;
use crate::verdict::NOT_SELECTED;

/// What `copy` learns under this word, the reason as its scope: 1 while it pauses, 0 when it went on.
pub const PAUSED: &str = "paused";

/// Every chosen point stands in exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub total_items: u64,
    pub completed: u64,
    /// Composites of which only some parts were copied are among them.
    pub failed: u64,
    pub in_progress: u64,
    pub pending: u64,
    /// Nothing to copy, there already, or gone from the source before its turn came.
    pub skipped: u64,
    pub blocked: u64,
    pub parked: u64,
}

impl Counts {
    pub fn of(standing: &Standing, particulars: &Particulars) -> Self {
        let stage = |stage: Stage| standing.stages.get(&stage).copied().unwrap_or_default();
        let ruled = |verdict: Verdict| -> u64 {
            let chosen = particulars.rulings.iter().filter(|ruled| {
                let reason = ruled.reason.as_deref().unwrap_or_default();
                ruled.verdict == verdict && !(verdict == Verdict::Skip && reason.starts_with(NOT_SELECTED))
            });
            chosen.map(|ruled| ruled.points).sum()
        };
        let held_back = standing.waiting_in_parked_groups.min(stage(Stage::Waiting));
        let mut counts = Self {
            total_items: 0,
            completed: stage(Stage::Arrived).saturating_sub(particulars.already_there),
            failed: stage(Stage::Failed) + stage(Stage::Partial),
            in_progress: stage(Stage::Intended) + stage(Stage::Unsure) + stage(Stage::Copying),
            pending: stage(Stage::Waiting) - held_back,
            skipped: ruled(Verdict::Skip) + particulars.already_there + stage(Stage::Vanished),
            blocked: ruled(Verdict::Blocked),
            parked: stage(Stage::Parked) + held_back,
        };
        counts.total_items = counts.completed
            + counts.failed
            + counts.in_progress
            + counts.pending
            + counts.skipped
            + counts.blocked
            + counts.parked;
        counts
    }

    pub fn add(&mut self, other: &Self) {
        self.total_items += other.total_items;
        self.completed += other.completed;
        self.failed += other.failed;
        self.in_progress += other.in_progress;
        self.pending += other.pending;
        self.skipped += other.skipped;
        self.blocked += other.blocked;
        self.parked += other.parked;
    }

    /// What copying will still be asked to do, if nothing else changes.
    pub const fn remaining(&self) -> u64 {
        self.pending + self.in_progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RulingCount;

    fn ruled(verdict: Verdict, reason: &str, points: u64) -> RulingCount {
        RulingCount {
            verdict,
            reason: Some(reason.into()),
            points,
        }
    }

    #[test]
    fn every_chosen_point_is_counted_once() {
        // Powers of two: whatever is counted twice, or not at all, shows in the sums.
        let standing = Standing {
            stages: (0..)
                .map(|n| 1 << n)
                .zip(Stage::ALL)
                .map(|(n, stage)| (stage, n))
                .collect(),
            waiting_in_parked_groups: 1,
            ..Standing::default()
        };
        let particulars = Particulars {
            rulings: vec![
                ruled(Verdict::Skip, "already_there", 512),
                ruled(Verdict::Blocked, "not_selected_by_mistake", 1024),
                ruled(Verdict::Skip, "not_selected_vault", 2048),
                ruled(Verdict::Skip, "not_selected", 4096),
            ],
            already_there: 3,
            ..Particulars::default()
        };
        let counts = Counts::of(&standing, &particulars);
        let expected = Counts {
            total_items: 511 + 512 + 1024,
            completed: 16 - 3,
            failed: 32 + 64,
            in_progress: 2 + 4 + 8,
            pending: 0,
            skipped: 512 + 3 + 256,
            blocked: 1024,
            parked: 128 + 1,
        };
        assert_eq!(counts, expected);
        assert_eq!(counts.remaining(), 14);
    }

    #[test]
    fn an_empty_ledger_counts_nothing() {
        assert_eq!(
            Counts::of(&Standing::default(), &Particulars::default()),
            Counts::default()
        );
    }
}
