//! Failures whose cause is not the point's own, until it is clear how far the cause reaches.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sav_domain::category::Reach;
use sav_domain::ledger::{GroupId, PointId};
use sav_domain::transfer::Cause;
use sav_domain::{Moment, VaultName};

use super::head::Head;

/// So many different resources in a row: then it is what they have in common.
const STREAK: usize = 3;

/// What has failed for such causes, by what the points have in common.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    rows: HashMap<Common, Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Common {
    Group(GroupId),
    Key(Arc<str>),
    Vault(VaultName),
}

#[derive(Debug)]
struct Row {
    category: Box<str>,
    /// All that failed for it, and that nobody holds back yet.
    failed: Vec<Struck>,
    /// The resources it struck since a copy last arrived.
    streak: HashSet<Box<str>>,
    /// By AWS's clock: since when it is known to strike all.
    known_since: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Struck {
    pub(super) point: PointId,
    pub(super) group: GroupId,
}

impl Strikes {
    /// One more has failed for such a cause. Returns those that are to be held back for it, this one among them, as soon as the
    /// cause is known to strike all with whom they have that much in common.
    pub(super) fn strike(&mut self, head: &Head, reach: Reach, cause: &Cause, at: Moment) -> Vec<Struck> {
        let row = self
            .rows
            .entry(Common::of(head, reach))
            .or_insert_with(|| Row::of(cause));
        if *row.category != *cause.category {
            *row = Row::of(cause);
        }
        row.failed.push(Struck {
            point: head.id,
            group: head.group,
        });
        if row.known_since.is_none() {
            row.streak.insert(head.lane().into());
            if row.streak.len() < STREAK {
                return Vec::new();
            }
            row.known_since = Some(at);
        }
        std::mem::take(&mut row.failed)
    }

    /// A copy that was asked for at this moment has arrived. Copies that were under way already when others began to fail go
    /// on arriving for hours: they end a streak, and say nothing against what three resources in a row have shown.
    pub(super) fn arrived(&mut self, head: &Head, asked_at: Option<Moment>) {
        for common in Common::all_of(head) {
            let Some(row) = self.rows.get_mut(&common) else {
                continue;
            };
            row.streak.clear();
            if asked_at
                .zip(row.known_since)
                .is_some_and(|(asked, known)| asked > known)
            {
                self.rows.remove(&common);
            }
        }
    }

    /// It has not failed after all, so it is not to be held back for it.
    pub(super) fn forget(&mut self, head: &Head) {
        for common in Common::all_of(head) {
            if let Some(row) = self.rows.get_mut(&common) {
                row.failed.retain(|struck| struck.point != head.id);
                row.streak.remove(head.lane());
            }
        }
    }
}

impl Common {
    fn of(head: &Head, reach: Reach) -> Self {
        match (reach, &head.point.encryption_key_arn) {
            (Reach::Key, Some(key)) => Self::Key(key.clone()),
            (Reach::Vault, _) => Self::Vault(head.point.vault.clone()),
            (Reach::Group | Reach::Key, _) => Self::Group(head.group),
        }
    }

    fn all_of(head: &Head) -> [Self; 3] {
        [Reach::Group, Reach::Key, Reach::Vault].map(|reach| Self::of(head, reach))
    }
}

impl Row {
    fn of(cause: &Cause) -> Self {
        Self {
            category: cause.category.clone(),
            failed: Vec::new(),
            streak: HashSet::new(),
            known_since: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use sav_domain::RecoveryPoint;
    use sav_domain::duration::Extent;
    use sav_domain::transfer::Transfer;

    use super::*;

    const NOBODY: [u32; 0] = [];

    /// Of a resource of its own.
    fn head(number: u32, group: u32, key: &str) -> Head {
        let mut point = RecoveryPoint::new(format!("arn:point/{number}"), VaultName::new("daily").unwrap());
        point.resource_arn = Some(format!("arn:resource/{number}").into());
        point.encryption_key_arn = Some(key.into());
        Head {
            id: PointId(number),
            arn: Arc::from(&*point.arn),
            group: GroupId(group),
            position: u64::from(number),
            point: Arc::new(point),
            transfer: Transfer::default(),
            extent: Extent::First,
        }
    }

    fn at(second: i64) -> Moment {
        Moment::from_millis(second * 1_000)
    }

    /// At this second this one of a group under a key fails; who is held back?
    fn strike(strikes: &mut Strikes, second: i64, number: u32, group: u32, category: &str) -> Vec<u32> {
        let cause = Cause {
            category: category.into(),
            message: "no".into(),
            fix: None,
        };
        let reach = if category == "KEY" { Reach::Key } else { Reach::Group };
        let held_back = strikes.strike(&head(number, group, "key"), reach, &cause, at(second));
        held_back.into_iter().map(|struck| struck.point.0).collect()
    }

    #[test]
    fn three_resources_with_something_in_common_and_all_that_failed_for_it_before() {
        let strikes = &mut Strikes::default();
        assert_eq!(strike(strikes, 1, 1, 1, "KEY"), NOBODY);
        strikes.arrived(&head(9, 3, "key"), Some(at(0)));
        assert_eq!(strike(strikes, 2, 2, 1, "KEY"), NOBODY);
        assert_eq!(strike(strikes, 3, 2, 1, "KEY"), NOBODY, "the same resource once more");
        assert_eq!(strike(strikes, 4, 3, 2, "KEY"), NOBODY);
        strikes.arrived(&head(9, 3, "another key"), Some(at(5)));
        assert_eq!(strike(strikes, 5, 4, 3, "KEY"), [1, 2, 2, 3, 4]);
        assert_eq!(strike(strikes, 6, 5, 4, "KEY"), [5], "whatever its group");
    }

    #[test]
    fn another_group_is_not_concerned_by_what_is_the_groups() {
        let strikes = &mut Strikes::default();
        for (number, group) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
            assert_eq!(strike(strikes, 1, number, group, "GROUP"), NOBODY);
        }
        assert_eq!(strike(strikes, 1, 5, 1, "GROUP"), [1, 3, 5]);
        assert_eq!(strike(strikes, 1, 6, 1, "OTHER"), NOBODY);
    }

    #[test]
    fn what_is_known_is_refuted_only_by_a_copy_that_began_later() {
        let strikes = &mut Strikes::default();
        for number in 1..=3 {
            strike(strikes, 10, number, 1, "KEY");
        }
        strikes.arrived(&head(8, 2, "key"), Some(at(9)));
        strikes.arrived(&head(9, 2, "key"), None);
        assert_eq!(strike(strikes, 20, 4, 2, "KEY"), [4], "those had begun before");
        strikes.arrived(&head(10, 2, "key"), Some(at(21)));
        assert_eq!(strike(strikes, 30, 5, 3, "KEY"), NOBODY);
    }

    #[test]
    fn who_has_not_failed_after_all_is_not_held_back() {
        let strikes = &mut Strikes::default();
        strike(strikes, 1, 1, 1, "KEY");
        strike(strikes, 1, 2, 1, "KEY");
        strikes.forget(&head(1, 1, "key"));
        assert_eq!(strike(strikes, 1, 3, 1, "KEY"), NOBODY);
        assert_eq!(strike(strikes, 1, 4, 1, "KEY"), [2, 3, 4]);
    }
}
