//! Random plans, orders and events: both ledgers say the same, and the turns are those that a look at every point gives.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use proptest::prelude::*;
use sav_application::memory_ledger::MemoryLedger;
use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::VaultName;
use sav_domain::forecast::{Landed, LaneId, LaneLeft};
use sav_domain::ledger::{Group, GroupId, Lane, LedgerPoint, PlannedPoint, PointId, Ruling, Standing, Verdict};
use sav_domain::transfer::{DestinationArn, JobId, Stage, Step, Transfer};

use super::contract::numbers;
use super::world::*;

#[derive(Clone, Debug)]
enum Act {
    Plan {
        points: Vec<PlannedPoint>,
        rule: Vec<(u32, Ruling)>,
        order: Vec<u32>,
        meanwhile: Vec<(u32, u8)>,
    },
    Order(Vec<u32>),
    Happen(Vec<(u32, u8)>),
    Park(u32),
    Unpark(u32),
}

const POINTS: u32 = 12;

fn rulings() -> impl Strategy<Value = Ruling> {
    prop_oneof![4 => Just(Ruling::COPY), 1 => Just(blocked())]
}

fn points() -> impl Strategy<Value = PlannedPoint> {
    let sizes = prop::option::of(0..4_u64);
    (
        0..POINTS,
        prop::option::weighted(0.9, 0..4_u32),
        0..2_u32,
        sizes,
        rulings(),
    )
        .prop_map(|(n, lane, vault, size, ruling)| {
            let mut planned = in_lane(n, lane.unwrap_or_default());
            planned.point.resource_arn = planned.point.resource_arn.filter(|_| lane.is_some());
            planned.point.vault = VaultName::new(format!("vault-{vault}")).unwrap();
            planned.point.size_bytes = size;
            planned.ruling = ruling;
            planned.position = None;
            planned
        })
}

fn orders() -> impl Strategy<Value = Vec<u32>> {
    prop::sample::subsequence((0..POINTS).collect::<Vec<_>>(), 0..POINTS as usize).prop_shuffle()
}

fn acts() -> impl Strategy<Value = Act> {
    let events = || prop::collection::vec((0..POINTS, 0..17_u8), 1..5);
    let rulings = prop::collection::vec((0..POINTS, rulings()), 0..3);
    prop_oneof![
        2 => (prop::collection::vec(points(), 0..12), rulings, orders(), prop::collection::vec((0..POINTS, 0..17_u8), 0..2))
            .prop_map(|(points, rule, order, meanwhile)| Act::Plan { points, rule, order, meanwhile }),
        1 => orders().prop_map(Act::Order),
        12 => events().prop_map(Act::Happen),
        1 => (1..4_u32).prop_map(Act::Park),
        1 => (1..4_u32).prop_map(Act::Unpark),
    ]
}

/// Steps that carry a story on, each with words that nobody used before.
fn step(kind: u8, word: u32) -> Step {
    let job = JobId::new(format!("job-{word}")).unwrap();
    match kind {
        0..=3 => meant(&format!("token-{word}")),
        4 | 5 => Step::Accepted { job },
        6 => landed(),
        7 => failed(),
        8 => Step::TurnedAway { not_before: None },
        9 => Step::Requeued {
            not_before: Some(at(5)),
        },
        10 => Step::Adopted { job },
        11 => Step::AnswerLost,
        12 => Step::NothingFound,
        13 => Step::Vanished,
        14 => Step::Reappeared,
        15 => Step::Lost,
        _ => Step::AlreadyThere {
            destination: DestinationArn::new("arn:there").unwrap(),
        },
    }
}

/// One ledger and what it has answered so far, without the words that no two ledgers need to share.
struct Told<L: Ledger> {
    ledger: L,
    ids: BTreeMap<u32, PointId>,
    answers: Vec<String>,
    words: u32,
    place: u64,
}

impl<L: Ledger> Told<L> {
    fn about(ledger: L) -> Self {
        Self {
            ledger,
            ids: BTreeMap::new(),
            answers: Vec::new(),
            words: 0,
            place: 0,
        }
    }

    fn hears<T: std::fmt::Debug>(&mut self, answer: &Result<T, LedgerError>) {
        self.answers.push(match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(refusal) => format!("{:?}", discriminant(refusal)),
        });
    }

    async fn acts(&mut self, act: &Act) {
        match act {
            Act::Plan {
                points,
                rule,
                order,
                meanwhile,
            } => {
                let plan = self.ledger.begin_plan(at(0), made_with()).await.unwrap();
                let ids = self.ledger.plan(plan, points.clone()).await.unwrap();
                for (point, id) in points.iter().zip(ids) {
                    let n = (0..POINTS).find(|n| *arn(*n) == *point.point.arn).unwrap();
                    self.ids.insert(n, id);
                }
                self.happen(meanwhile).await;
                let ids = &self.ids;
                let rulings = rule
                    .iter()
                    .filter_map(|(n, ruling)| Some((*ids.get(n)?, ruling.clone())));
                self.ledger.rule(plan, rulings.collect()).await.unwrap();
                self.order(order).await;
                let changes = self.ledger.finish_plan(plan, at(1)).await;
                self.hears(&changes);
            }
            Act::Order(order) => self.order(order).await,
            Act::Happen(events) => self.happen(events).await,
            Act::Park(group) => {
                let answer = self.ledger.park(GroupId(*group), cause("no key")).await;
                self.hears(&answer);
            }
            Act::Unpark(group) => {
                let answer = self.ledger.unpark(vec![GroupId(*group)]).await;
                self.hears(&answer);
            }
        }
    }

    async fn order(&mut self, order: &[u32]) {
        let ids: Vec<PointId> = order.iter().filter_map(|n| self.ids.get(n).copied()).collect();
        // Never a place that was given before, and not always behind those that were.
        let places = ids.into_iter().map(|id| {
            self.place += 1;
            (id, self.place * 7919 % 100_003)
        });
        let places = places.collect();
        self.ledger.queue(places).await.unwrap();
    }

    async fn happen(&mut self, events: &[(u32, u8)]) {
        let mut changes = Vec::new();
        for (n, kind) in events {
            self.words += 1;
            if let Some(id) = self.ids.get(n) {
                changes.push(change(*id, 1, step(*kind, self.words)));
            }
        }
        let answer = self.ledger.record(changes.clone()).await;
        self.hears(&answer);
        for change in changes {
            // One by one, so that a story goes on although another's step was out of place.
            let answer = self.ledger.record(vec![change]).await;
            self.hears(&answer);
        }
    }

    /// What a forecast is made from. Each ledger numbers lanes as it likes.
    fn outlook(&self) -> (Vec<LaneLeft>, Vec<Landed>, usize) {
        let reader = self.ledger.reader().unwrap();
        let mut lanes = Vec::new();
        reader
            .lanes_left(&mut |left| {
                lanes.push(LaneLeft {
                    lane: LaneId(0),
                    ..left.clone()
                });
            })
            .unwrap();
        lanes.sort_by_key(|left| left.sample);
        let lately = reader.landed_lately(usize::MAX).unwrap();
        assert!(lately.is_all);
        let landed = lately.landed.into_iter();
        let mut landed: Vec<Landed> = landed.map(|one| Landed { lane: LaneId(0), ..one }).collect();
        landed.sort_by_key(|one| (one.ended, one.opened, one.size_bytes));
        (lanes, landed, lately.under_way.len())
    }

    fn turns(&self) -> (Vec<LedgerPoint>, Standing) {
        let reader = self.ledger.reader().unwrap();
        let points = reader.points(None, usize::MAX).unwrap();
        let heads = heads(&points);
        for standing in reader.groups().unwrap() {
            let mut own: Vec<&LedgerPoint> = heads
                .iter()
                .filter(|head| Group::of(&head.planned.point) == standing.group)
                .collect();
            let order = |points: &[&LedgerPoint]| points.iter().map(|point| point.id).collect::<Vec<_>>();
            assert_eq!(numbers(&reader.ready(standing.id, None, 99).unwrap()), order(&own));
            own.sort_by_key(|head| (head.planned.point.size_bytes.unwrap_or(u64::MAX), head.planned.position));
            assert_eq!(numbers(&reader.smallest_ready(standing.id, 99).unwrap()), order(&own));
            let of_group = |point: &&LedgerPoint| Group::of(&point.planned.point) == standing.group;
            let copied = |point: &&LedgerPoint| point.transfer.as_ref().is_some_and(Transfer::was_copied);
            assert_eq!(
                standing.waiting,
                points.iter().filter(of_group).filter(|point| waits(point)).count() as u64
            );
            assert_eq!(
                standing.copied,
                points.iter().filter(of_group).filter(copied).count() as u64
            );
        }
        let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
        assert_eq!(reader.heads_after(&ids).unwrap(), heads);
        (points, reader.standing().unwrap())
    }
}

fn waits(point: &LedgerPoint) -> bool {
    let waiting = point.transfer.as_ref().is_some_and(|t| t.stage() == Stage::Waiting);
    waiting && point.planned.ruling.verdict == Verdict::Copy
}

/// By looking at every point.
fn heads(points: &[LedgerPoint]) -> Vec<LedgerPoint> {
    let lane = |point: &LedgerPoint| Lane::of(point.id, &point.planned.point);
    let is_open = |point: &&LedgerPoint| point.transfer.as_ref().is_some_and(|t| t.stage().is_open());
    let mut taken: BTreeSet<Lane> = points.iter().filter(is_open).map(lane).collect();
    let mut queue: Vec<&LedgerPoint> = points.iter().filter(|point| waits(point)).collect();
    queue.retain(|point| point.planned.position.is_some());
    queue.sort_by_key(|point| point.planned.position);
    queue.retain(|point| taken.insert(lane(point)));
    queue.into_iter().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_turns_are_those_of_a_look_at_every_point(acts in prop::collection::vec(acts(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let mut on_disk = Told::about(open(folder.path()));
            let mut in_memory = Told::about(MemoryLedger::new(route("eu-west-1")));
            for act in &acts {
                on_disk.acts(act).await;
                in_memory.acts(act).await;
                assert_eq!(on_disk.answers, in_memory.answers);
                assert_eq!(on_disk.turns(), in_memory.turns());
                assert_eq!(on_disk.outlook(), in_memory.outlook());
            }
            let before = on_disk.turns();
            let Told { ledger, ids, answers, words, place } = on_disk;
            drop(ledger);
            let again = Told { ledger: open(folder.path()), ids, answers, words, place };
            assert_eq!(again.turns(), before);
        });
    }
}
