//! Whose turn it is, kept up to date with every change, so that asking costs what the answer does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sav_domain::ledger::{GroupId, Lane, PointId};

/// What a transfer means to its lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) lane: Lane,
    pub(super) group: GroupId,
    pub(super) stance: Stance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    Waits { position: u64, size: u64 },
    Open,
    Bystander,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    turns: HashMap<Lane, Turn>,
    heads: HashMap<GroupId, Heads>,
}

/// A lane that has something open or something that waits.
#[derive(Clone, Debug, Default)]
struct Turn {
    waiting: BTreeMap<(u64, PointId), (GroupId, u64)>,
    open: BTreeSet<PointId>,
}

/// Those of one group who may start.
#[derive(Clone, Debug, Default)]
struct Heads {
    in_order: BTreeSet<(u64, PointId)>,
    by_size: BTreeSet<(u64, u64, PointId)>,
}

impl Turn {
    fn head(&self) -> Option<(GroupId, u64, u64, PointId)> {
        let (&(position, id), &(group, size)) = self.waiting.first_key_value()?;
        self.open.is_empty().then_some((group, size, position, id))
    }
}

impl Lanes {
    pub(super) fn moved(&mut self, id: PointId, before: Option<&Seat>, after: Option<&Seat>) {
        if before == after {
            return;
        }
        if let Some(seat) = before {
            self.within(seat, |turn| match seat.stance {
                Stance::Waits { position, .. } => drop(turn.waiting.remove(&(position, id))),
                Stance::Open => drop(turn.open.remove(&id)),
                Stance::Bystander => {}
            });
        }
        if let Some(seat) = after {
            self.within(seat, |turn| match seat.stance {
                Stance::Waits { position, size } => {
                    turn.waiting.insert((position, id), (seat.group, size));
                }
                Stance::Open => drop(turn.open.insert(id)),
                Stance::Bystander => {}
            });
        }
    }

    fn within(&mut self, seat: &Seat, change: impl FnOnce(&mut Turn)) {
        let turn = self.turns.entry(seat.lane.clone()).or_default();
        if let Some((group, size, position, id)) = turn.head() {
            let heads = self.heads.entry(group).or_default();
            heads.in_order.remove(&(position, id));
            heads.by_size.remove(&(size, position, id));
        }
        change(turn);
        if let Some((group, size, position, id)) = turn.head() {
            let heads = self.heads.entry(group).or_default();
            heads.in_order.insert((position, id));
            heads.by_size.insert((size, position, id));
        }
        if turn.waiting.is_empty() && turn.open.is_empty() {
            self.turns.remove(&seat.lane);
        }
    }

    pub(super) fn open_in(&self, lane: &Lane) -> BTreeSet<PointId> {
        self.turns.get(lane).map(|turn| turn.open.clone()).unwrap_or_default()
    }

    pub(super) fn head_of(&self, lane: &Lane) -> Option<(u64, PointId)> {
        let (_, _, position, id) = self.turns.get(lane)?.head()?;
        Some((position, id))
    }

    pub(super) fn in_order(&self, group: GroupId, from: u64) -> impl Iterator<Item = PointId> {
        let heads = self.heads.get(&group);
        let behind = heads
            .into_iter()
            .flat_map(move |heads| heads.in_order.range((from, PointId(0))..));
        behind.map(|&(_, id)| id)
    }

    pub(super) fn by_size(&self, group: GroupId) -> impl Iterator<Item = PointId> {
        let heads = self.heads.get(&group);
        heads.into_iter().flat_map(|heads| &heads.by_size).map(|&(_, _, id)| id)
    }
}
