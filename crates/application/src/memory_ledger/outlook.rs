//! What a forecast is made from.

use std::collections::BTreeMap;

use sav_domain::forecast::{Landed, LaneId, LaneLeft, Lately, UnderWay};
use sav_domain::ledger::{Lane, PointId};
use sav_domain::transfer::{Stage, Transfer};

use super::book::{Book, Entry};

/// A lane goes by the number of its first point.
fn numbers(book: &Book) -> BTreeMap<Lane, LaneId> {
    let mut numbers = BTreeMap::new();
    for entry in &book.points {
        let number = LaneId(i64::from(entry.known.id.0));
        numbers.entry(entry.lane()).or_insert(number);
    }
    numbers
}

pub(super) fn lanes_left(book: &Book) -> Vec<LaneLeft> {
    let mut lanes: BTreeMap<Lane, LaneLeft> = BTreeMap::new();
    let numbers = numbers(book);
    for entry in &book.points {
        let Some(transfer) = &entry.known.transfer else {
            continue;
        };
        let point = &entry.known.planned.point;
        let lane = entry.lane();
        let number = numbers[&lane];
        let left = lanes.entry(lane).or_insert_with(|| LaneLeft {
            lane: number,
            resource_type: point.resource_type.clone(),
            points: 0,
            size_bytes: 0,
            sized: 0,
            sample: PointId(u32::MAX),
            position: u64::MAX,
            begun: false,
        });
        left.begun |= transfer.stage() == Stage::Arrived;
        if (entry.waits() && !book.is_parked(entry)) || transfer.stage().is_open() {
            left.points += 1;
            left.size_bytes = left.size_bytes.saturating_add(point.size_bytes.unwrap_or(0));
            left.sized += u64::from(point.size_bytes.is_some());
            left.position = left.position.min(entry.known.planned.position.unwrap_or(u64::MAX));
            left.sample = left.sample.min(entry.known.id);
        }
    }
    lanes.into_values().filter(|left| left.points > 0).collect()
}

pub(super) fn landed_lately(book: &Book, limit: usize) -> Lately {
    let numbers = numbers(book);
    let was_copied = |entry: &&Entry| entry.known.transfer.as_ref().is_some_and(Transfer::was_copied);
    let mut landed: Vec<Landed> = Vec::new();
    for entry in book.points.iter().filter(was_copied) {
        let last = entry
            .attempts
            .last()
            .and_then(|last| Some((last, last.ended.as_ref()?)));
        if let Some((attempt, end)) = last.filter(|(_, end)| &*end.outcome == "landed") {
            landed.push(Landed {
                lane: numbers[&entry.lane()],
                resource_type: entry.known.planned.point.resource_type.clone(),
                size_bytes: entry.known.planned.point.size_bytes,
                opened: attempt.attempt.opened,
                ended: end.at,
            });
        }
    }
    landed.sort_by_key(|landed| (landed.ended, landed.opened));
    let surplus = landed.len().saturating_sub(limit);
    landed.drain(..surplus);
    let open = book
        .points
        .iter()
        .filter(|entry| entry.stage().is_some_and(Stage::is_open));
    let under_way = open.filter_map(|entry| {
        Some(UnderWay {
            lane: numbers[&entry.lane()],
            resource_type: entry.known.planned.point.resource_type.clone(),
            size_bytes: entry.known.planned.point.size_bytes,
            opened: entry.attempts.last()?.attempt.opened,
        })
    });
    Lately {
        landed,
        under_way: under_way.collect(),
        is_all: surplus == 0,
    }
}
