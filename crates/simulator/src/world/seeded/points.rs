//! Points: one row for each step of each chain and each part of a composite, in the order in which they were made.

use std::collections::HashMap;
use std::time::Duration;

use super::chains::{Chain, ChainKind, DAY, HOUR};
use super::resources::tells_whole_volumes;
use crate::clock::Moment;
use crate::world::dice::Dice;
use crate::world::{
    CopyFacts, Lifecycle, Point, PointId, PointKind, PointStatus, ResourceType, StorageClass, World, WorldPlan,
};

/// A point to be made. Small, because all of them are sorted before the first row is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Draft {
    vault: u32,
    created: Moment,
    chain: u32,
    step: u16,
    member: u8,
    being_made: bool,
}

pub(super) fn make(world: &mut World, plan: &WorldPlan, chains: &[Chain]) {
    let mut dice = Dice::new(plan.seed, "points");
    let mut drafts = draft(plan, chains, &mut dice);
    drafts.sort_unstable();
    world.expect_points(drafts.len());
    let mut writer = Writer {
        plan,
        dice,
        composites: HashMap::new(),
    };
    for draft in drafts {
        let chain = &chains[draft.chain as usize];
        let point = writer.row(world, chain, draft);
        let is_composite = point.kind == PointKind::Composite;
        let id = world.add_point(point);
        if is_composite {
            writer.composites.insert((draft.chain, draft.step), id);
        }
    }
}

fn draft(plan: &WorldPlan, chains: &[Chain], dice: &mut Dice) -> Vec<Draft> {
    let mut drafts = Vec::with_capacity(chains.iter().map(Chain::points).sum());
    for (number, chain) in (0..).zip(chains) {
        for step in 0..chain.length {
            let being_made = chain.being_made && step + 1 == chain.length;
            let late = dice.between(0, (chain.step_millis / 4).min(90 * 60_000));
            let mut created = chain.due(step) + Duration::from_millis(late.unsigned_abs());
            if being_made {
                created = Moment::from_millis(plan.start.millis() - 1 - late % (3 * HOUR));
            }
            for member in 0..chain.members.len() {
                drafts.push(Draft {
                    vault: chain.vault.0,
                    created,
                    chain: number,
                    step: u16::try_from(step).expect("a chain's length is bounded by the hours of its history"),
                    member: u8::try_from(member).expect("a composite has a handful of parts"),
                    being_made,
                });
            }
        }
    }
    drafts
}

struct Writer<'a> {
    plan: &'a WorldPlan,
    dice: Dice,
    /// By chain and step.
    composites: HashMap<(u32, u16), PointId>,
}

impl Writer<'_> {
    fn row(&mut self, world: &World, chain: &Chain, draft: Draft) -> Point {
        let made = chain.members[usize::from(draft.member)];
        let kind = match (chain.kind, draft.member) {
            (ChainKind::Snapshots, _) | (ChainKind::Composite, 2..) => PointKind::Snapshot,
            (ChainKind::Continuous, _) => PointKind::Continuous,
            (ChainKind::Composite, 0) => PointKind::Composite,
            (ChainKind::Composite, _) => PointKind::CompositeState,
        };
        let size = self.size(chain, kind, usize::from(draft.member), draft.step);
        let status = self.status(kind, draft.being_made);
        let age_days = u32::try_from((self.plan.start.millis() - draft.created.millis()) / DAY).unwrap_or(0);
        let (lifecycle, storage) = self.lifecycle(chain, kind, made.resource_type, status, age_days);
        let shares = &self.plan.shares;
        let (no_size, no_completion) = (
            self.dice.chance(shares.missing_size),
            self.dice.chance(shares.missing_completion),
        );
        let no_initiation = self.dice.chance(shares.missing_initiation);
        let done = draft.created + self.duration(size);
        let unfinished = status == PointStatus::Creating;
        Point {
            serial: self.dice.bits(),
            vault: chain.vault,
            resource: made.id,
            resource_type: made.resource_type,
            kind,
            status,
            storage,
            created: draft.created,
            initiated: (!no_initiation).then_some(draft.created),
            completed: (!unfinished && !no_completion).then_some(done.min(self.plan.start)),
            size_bytes: (!unfinished && !no_size).then_some(size),
            lifecycle,
            key: if made.resource_type.fully_managed() {
                world.vault(chain.vault).key
            } else {
                made.key
            },
            parent: if kind == PointKind::Composite {
                None
            } else {
                self.composites.get(&(draft.chain, draft.step)).copied()
            },
            copied_from: None,
            copy: CopyFacts::default(),
            plan: chain.rule,
            deleted: false,
        }
    }

    /// Whole volumes stay as they are; everything else grows by a thousandth with each backup, and a little at random.
    fn size(&mut self, chain: &Chain, kind: PointKind, member: usize, step: u16) -> u64 {
        let noise = self.dice.below(1 << 16);
        let grown = |member: usize| {
            let made = chain.members[member];
            if tells_whole_volumes(made.resource_type) {
                return made.size_bytes;
            }
            made.size_bytes + made.size_bytes / 1000 * u64::from(step) + (made.size_bytes >> 24) * noise + noise
        };
        match kind {
            PointKind::Composite => (1..chain.members.len()).map(grown).sum(),
            _ => grown(member),
        }
    }

    fn status(&mut self, kind: PointKind, being_made: bool) -> PointStatus {
        let shares = &self.plan.shares;
        let (which, stopped) = (self.dice.unit(), self.dice.chance(shares.stopped));
        if kind == PointKind::Continuous {
            return if stopped {
                PointStatus::Stopped
            } else {
                PointStatus::Available
            };
        }
        if being_made {
            return PointStatus::Creating;
        }
        let mut from = 0.0;
        for (share, status) in [
            (shares.partial, PointStatus::Partial),
            (shares.deleting, PointStatus::Deleting),
            (shares.expired, PointStatus::Expired),
        ] {
            from += share;
            if which < from {
                return status;
            }
        }
        PointStatus::Completed
    }

    fn lifecycle(
        &mut self,
        chain: &Chain,
        kind: PointKind,
        resource_type: ResourceType,
        status: PointStatus,
        age_days: u32,
    ) -> (Lifecycle, StorageClass) {
        let shares = &self.plan.shares;
        let (due_soon, cold, cold_soon) = (
            self.dice.chance(shares.about_to_expire),
            self.dice.chance(shares.cold),
            self.dice.chance(shares.about_to_go_cold),
        );
        let (days_more, cold_since) = (
            u32::try_from(self.dice.below(7)).expect("below 7"),
            self.dice.index(COLD_AFTER.len()),
        );
        let ordinary = Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: chain.retention_days,
        };
        let until = |delete_after_days| Lifecycle {
            delete_after_days: Some(delete_after_days),
            ..ordinary
        };
        if status == PointStatus::Expired && age_days > 0 {
            return (until(age_days), StorageClass::Warm);
        }
        if status != PointStatus::Completed || kind != PointKind::Snapshot {
            return (ordinary, StorageClass::Warm);
        }
        if due_soon && age_days + days_more >= chain.least_days {
            return (until(age_days + 1 + days_more), StorageClass::Warm);
        }
        if resource_type.cold_tier() {
            let then_cold = |after: u32| {
                let delete_after_days = chain.retention_days.map(|days| days.max(after + 90));
                let allowed =
                    delete_after_days.is_none_or(|days| days <= chain.most_days || Some(days) == chain.retention_days);
                allowed.then_some(Lifecycle {
                    move_to_cold_after_days: Some(after),
                    delete_after_days,
                })
            };
            if let Some(lifecycle) = (cold && age_days > COLD_AFTER[cold_since])
                .then(|| then_cold(COLD_AFTER[cold_since]))
                .flatten()
            {
                return (lifecycle, StorageClass::Cold);
            }
            if let Some(lifecycle) = cold_soon.then(|| then_cold(age_days + 1 + days_more % 5)).flatten() {
                return (lifecycle, StorageClass::Warm);
            }
        }
        (ordinary, StorageClass::Warm)
    }

    /// Two minutes, and a second for each 128 MiB, but no more than a night; then some milliseconds.
    fn duration(&mut self, size: u64) -> Duration {
        Duration::from_millis(120_000 + (size >> 27).min(28_800) * 1000 + self.dice.below(60_000))
    }
}

/// After how many days people move points to cold storage.
const COLD_AFTER: [u32; 4] = [1, 7, 30, 90];
