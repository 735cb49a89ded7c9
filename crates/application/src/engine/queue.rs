//! Who may start, as far as the run has read the ledger: a few heads of every group, never the whole queue.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sav_domain::Moment;
use sav_domain::ledger::{Group, GroupId, GroupStanding, PointId};

use super::head::Head;
use super::order::Order;

/// Until a first copy of a group has arrived, no more of it than these are open: if copies of this kind are not allowed, few
/// have to fail to show it.
pub(super) const CANARIES: usize = 3;
/// A group whose heads are fewer than these is read on.
const FEWEST_HEADS: usize = 16;
const MOST_HEADS: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Queue {
    groups: BTreeMap<GroupId, Line>,
    by_group: HashMap<Group, GroupId>,
    /// Those whose time has not come, and their ids.
    later: BTreeMap<(Moment, PointId), Arc<Head>>,
    later_ids: HashSet<PointId>,
    /// Questions to the ledger that are not answered yet.
    asked: usize,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) group: Group,
    pub(super) kind: usize,
    trust: Trust,
    /// Transfers of the group that are not settled: starting, open, or being recorded.
    pub(super) live: usize,
    /// By place in the queue; while the group is not proven by size.
    heads: BTreeMap<u64, Arc<Head>>,
    /// How far the queue has been read.
    read_to: Option<u64>,
    reading: Progress,
}

/// Heads of a group, as the ledger told them, without those that somebody is at work on.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) heads: Vec<Arc<Head>>,
    /// The last place that was read, be it in here or not.
    pub(super) read_to: Option<u64>,
    pub(super) is_last: bool,
}

/// Whether copies of a group are allowed, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Unproven,
    Proven,
    Parked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    More,
    Asked,
    /// More has come up since.
    AskedTooEarly,
    All,
}

impl Queue {
    pub(super) fn take_in(&mut self, standing: GroupStanding, kind: usize) {
        self.by_group.insert(standing.group.clone(), standing.id);
        let line = Line {
            group: standing.group,
            kind,
            trust: match (standing.parked, standing.copied) {
                (Some(_), _) => Trust::Parked,
                (None, 0) => Trust::Unproven,
                _ => Trust::Proven,
            },
            live: 0,
            heads: BTreeMap::new(),
            read_to: None,
            reading: if standing.waiting == 0 {
                Progress::All
            } else {
                Progress::More
            },
        };
        self.groups.entry(standing.id).or_insert(line);
    }

    pub(super) fn id_of(&self, group: &Group) -> Option<GroupId> {
        self.by_group.get(group).copied()
    }

    pub(super) fn line(&self, group: GroupId) -> Option<&Line> {
        self.groups.get(&group)
    }

    pub(super) fn line_mut(&mut self, group: GroupId) -> Option<&mut Line> {
        self.groups.get_mut(&group)
    }

    /// A head that is nobody's yet, into its place.
    pub(super) fn insert(&mut self, head: Arc<Head>, now: Moment) {
        if let Some(due) = head.not_before().filter(|due| *due > now) {
            if self.later_ids.insert(head.id) {
                self.later.insert((due, head.id), head);
            }
            return;
        }
        let Some(line) = self.groups.get_mut(&head.group) else {
            return;
        };
        if line.is_parked() || self.later_ids.contains(&head.id) {
            return;
        }
        line.heads.insert(line.place(&head), head);
        while line.heads.len() > MOST_HEADS {
            // It is read again when its turn comes.
            line.heads.pop_last();
            line.unread();
            let last = line.heads.last_key_value().map(|(place, _)| *place);
            line.read_to = line.read_to.min(last);
        }
    }

    /// The turn of a lane has come. One that is still to be read is read in its place.
    pub(super) fn turn_up(&mut self, head: Arc<Head>, now: Moment) {
        let is_ahead = self.groups.get(&head.group).is_some_and(|line| {
            line.reading == Progress::More && line.read_to.is_none_or(|read_to| head.position > read_to)
        });
        if !is_ahead {
            self.insert(head, now);
        }
    }

    /// A page of a group's heads has come.
    pub(super) fn read(&mut self, group: GroupId, page: Page, now: Moment) {
        let Page {
            heads,
            read_to,
            is_last,
        } = page;
        self.asked -= 1;
        if let Some(line) = self.groups.get_mut(&group) {
            if line.is_proven() {
                line.read_to = line.read_to.max(read_to);
            }
            line.reading = match line.reading {
                Progress::Asked if is_last => Progress::All,
                _ => Progress::More,
            };
        }
        for head in heads {
            self.insert(head, now);
        }
    }

    /// Waiting for this one, though it may not be a head at all: it started, or has arrived some other way.
    pub(super) fn forget(&mut self, group: GroupId, id: PointId) {
        if self.later_ids.remove(&id) {
            self.later.retain(|(_, other), _| *other != id);
        }
        if let Some(line) = self.groups.get_mut(&group) {
            line.heads.retain(|_, head| head.id != id);
        }
    }

    /// Those whose time has come take their places.
    pub(super) fn wake(&mut self, now: Moment) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let head = entry.remove();
            self.later_ids.remove(&head.id);
            self.insert(head, now);
        }
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }

    /// The first in the queue that `may` start. Nothing is taken for which it says no.
    pub(super) fn pick(&mut self, mut may: impl FnMut(&Line, &Head) -> bool) -> Option<Arc<Head>> {
        let (_, id, place) = self
            .groups
            .iter()
            .filter(|(_, line)| !line.is_parked() && (line.is_proven() || line.live < CANARIES))
            .filter_map(|(id, line)| {
                // Beyond the first few a group has nothing that fits where these do not.
                let mut first = line.heads.iter().take(4);
                let (place, head) = first.find(|(_, head)| may(line, head))?;
                // A group that nothing is known of sends its first ahead: what is behind it may be the most urgent of all.
                let is_pioneer = !line.is_proven() && line.live == 0;
                Some((if is_pioneer { 0 } else { head.position }, *id, *place))
            })
            .min()?;
        let line = self.groups.get_mut(&id)?;
        line.live += 1;
        line.heads.remove(&place)
    }

    /// A first copy of the group has arrived: from now on the queue's order counts.
    pub(super) fn prove(&mut self, group: GroupId) {
        if let Some(line) = self.groups.get_mut(&group)
            && line.trust == Trust::Unproven
        {
            line.trust = Trust::Proven;
            line.heads.clear();
            line.read_to = None;
            line.unread();
        }
    }

    pub(super) fn park(&mut self, group: GroupId) {
        if let Some(line) = self.groups.get_mut(&group) {
            line.trust = Trust::Parked;
            line.heads.clear();
        }
        self.later.retain(|_, head| head.group != group);
        self.later_ids = self.later.keys().map(|(_, id)| *id).collect();
    }

    /// What to read so that whoever has room finds somebody.
    pub(super) fn hungry(&mut self, room_of_kind: impl Fn(usize) -> usize) -> Vec<Order> {
        let mut orders = Vec::new();
        let later = self.later.len();
        for (id, line) in &mut self.groups {
            if line.is_parked() || line.reading != Progress::More {
                continue;
            }
            // Asking for more than is kept would go on for ever.
            let room = room_of_kind(line.kind).min(MOST_HEADS / 2);
            if line.is_proven() && line.heads.len() < FEWEST_HEADS.max(room) {
                line.reading = Progress::Asked;
                orders.push(Order::Heads {
                    group: *id,
                    behind: line.read_to,
                    limit: (room * 2).clamp(FEWEST_HEADS * 2, MOST_HEADS / 2),
                });
            } else if !line.is_proven() && line.heads.is_empty() && line.live < CANARIES {
                line.reading = Progress::Asked;
                orders.push(Order::Canaries {
                    group: *id,
                    // The smallest may be those that wait for their time or are open.
                    limit: CANARIES * 2 + later.min(MOST_HEADS),
                });
            }
        }
        self.asked += orders.len();
        orders
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asked > 0
    }

    /// Whether there is anybody whose turn may come in this run.
    pub(super) fn is_empty(&self) -> bool {
        self.later.is_empty()
            && self
                .groups
                .values()
                .all(|line| line.is_parked() || line.heads.is_empty() && line.reading == Progress::All)
    }

    /// How many heads are held in memory.
    pub(super) fn held(&self) -> usize {
        self.later.len() + self.groups.values().map(|line| line.heads.len()).sum::<usize>()
    }

    /// Reads groups from the start that the ledger says still have waiting transfers.
    pub(super) fn read_again(&mut self, standing: &GroupStanding) {
        if let Some(line) = self.groups.get_mut(&standing.id)
            && !line.is_parked()
            && standing.waiting > 0
        {
            line.read_to = None;
            line.unread();
        }
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (GroupId, &Line)> {
        self.groups.iter().map(|(id, line)| (*id, line))
    }
}

impl Line {
    fn place(&self, head: &Head) -> u64 {
        if self.is_proven() {
            return head.position;
        }
        // Of equal size, any: the low bits keep them apart.
        let size = head.point.size_bytes.unwrap_or(u64::MAX >> 24).min(u64::MAX >> 24);
        size << 24 | u64::from(head.id.0) & 0xFF_FFFF
    }

    pub(super) fn is_proven(&self) -> bool {
        self.trust == Trust::Proven
    }

    pub(super) fn is_parked(&self) -> bool {
        self.trust == Trust::Parked
    }

    /// There is more to read than was thought.
    pub(super) fn unread(&mut self) {
        self.reading = match self.reading {
            Progress::More | Progress::All => Progress::More,
            Progress::Asked | Progress::AskedTooEarly => Progress::AskedTooEarly,
        };
    }

    pub(super) fn heads(&self) -> usize {
        self.heads.len()
    }
}
