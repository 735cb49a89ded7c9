//! Whatever has happened to a ledger, it survives.

use proptest::prelude::*;
use sav_application::memory_ledger::MemoryLedger;
use sav_application::ports::{Change, Ledger, LedgerReader};
use sav_domain::Moment;
use sav_domain::ledger::{LedgerPoint, Particulars, PointId, Progress, Ruling, Standing};
use sav_domain::transfer::{Cause, Event, JobId, Stage, Step, Transfer};
use sav_infrastructure::ledger::{Forget, SqliteReader, forget};

use super::survives;
use crate::world::*;

fn any_step() -> impl Strategy<Value = Step> {
    let cause = || Cause {
        category: "C".into(),
        message: "m".into(),
        fix: None,
    };
    prop_oneof![
        3 => any::<u16>().prop_map(|n| meant(&format!("t{n}"))),
        3 => any::<u8>().prop_map(|n| accepted(&format!("j{n}"))),
        1 => Just(landed()),
        1 => Just(failed()),
        1 => Just(Step::Refused { cause: cause() }),
        1 => Just(Step::AnswerLost),
        1 => Just(Step::SightLost),
        1 => Just(Step::NothingFound),
        1 => (0..9_i64).prop_map(|n| Step::TurnedAway { not_before: Some(at(n)) }),
        2 => Just(Step::Requeued { not_before: None }),
        1 => Just(Step::JobPartial { parts: Vec::new() }),
        1 => Just(Step::Adopted { job: JobId::new("theirs").unwrap() }),
        1 => Just(Step::Parked { cause: cause() }),
        1 => Just(Step::Unparked),
        1 => Just(Step::Vanished),
        1 => Just(Step::Reappeared),
        1 => Just(Step::Lost),
    ]
}

/// One thing that is done to a ledger.
#[derive(Clone, Debug)]
enum Deed {
    Step(usize, i64, Step),
    Rule(usize, bool),
    Queue(usize, u64),
    Plan(u32, u32),
    Park(usize, bool),
    Window,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (0..12_usize, 0..1000_i64, any_step()).prop_map(|(point, at, step)| Deed::Step(point, at, step)),
        1 => (0..12_usize, any::<bool>()).prop_map(|(point, copy)| Deed::Rule(point, copy)),
        1 => (0..12_usize, 1000..2000_u64).prop_map(|(point, place)| Deed::Queue(point, place)),
        1 => (0..12_u32, 0..12_u32).prop_map(|(from, count)| Deed::Plan(from, count)),
        1 => (0..9_usize, any::<bool>()).prop_map(|(group, parked)| Deed::Park(group, parked)),
        1 => Just(Deed::Window),
    ]
}

async fn happen<L: Ledger>(ledger: &L, deeds: Vec<Deed>) {
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let ids = ledger.plan(plan, (0..12).map(planned).collect()).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
    for deed in deeds {
        match deed {
            Deed::Step(point, millis, step) => {
                // What a transfer cannot take is refused; then it takes the next step towards its end, if it can.
                let onwards = [accepted("j"), landed(), meant(&format!("u{point}-{millis}"))];
                for step in [step].into_iter().chain(onwards) {
                    let event = Event::new(at(millis), step);
                    let change = Change {
                        point: ids[point],
                        event,
                    };
                    if ledger.record(vec![change]).await.is_ok() {
                        break;
                    }
                }
            }
            Deed::Rule(point, copy) => {
                let ruling = if copy { Ruling::COPY } else { blocked() };
                ledger.rule(plan, vec![(ids[point], ruling)]).await.unwrap();
            }
            Deed::Queue(point, place) => ledger
                .queue(vec![(ids[point], place * 16 + point as u64)])
                .await
                .unwrap(),
            Deed::Plan(from, count) => {
                let again = ledger.begin_plan(at(2), made_with()).await.unwrap();
                let points = (from..(from + count).min(12)).map(planned).collect();
                ledger.plan(again, points).await.unwrap();
                ledger.finish_plan(again, at(3)).await.unwrap();
            }
            Deed::Park(group, parked) => {
                let groups = ledger.reader().unwrap().groups().unwrap();
                let id = groups[group % groups.len()].id;
                if parked {
                    let cause = Cause {
                        category: "C".into(),
                        message: "m".into(),
                        fix: None,
                    };
                    ledger.park(id, cause).await.unwrap();
                } else {
                    ledger.unpark(vec![id]).await.unwrap();
                }
            }
            Deed::Window => drop(ledger.open_window(at(4)).await.unwrap()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_to_a_ledger_survives(deeds in proptest::collection::vec(any_deed(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        runtime.block_on(happen(&ledger, deeds));
        drop(ledger);
        survives(&ledger_path(folder.path()));
    }

    #[test]
    fn in_memory_and_on_disk_everything_is_counted_alike(deeds in proptest::collection::vec(any_deed(), 0..60), hour in 0..9_i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        let memory = MemoryLedger::new(route("eu-west-1"));
        runtime.block_on(happen(&ledger, deeds.clone()));
        runtime.block_on(happen(&memory, deeds));
        let (disk, memory) = (counted(ledger.reader().unwrap(), hour), counted(memory, hour));
        prop_assert_eq!(disk, memory);
    }

    #[test]
    fn what_arrived_or_is_open_is_never_forgotten(deeds in proptest::collection::vec(any_deed(), 0..60), inventory in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = ledger_path(folder.path());
        let ledger = open(folder.path());
        runtime.block_on(happen(&ledger, deeds));
        let reader = ledger.reader().unwrap();
        drop(ledger);
        let what = if inventory { Forget::Inventory } else { Forget::Vault(planned(1).point.vault) };
        let kept = |reader: &SqliteReader| -> Vec<LedgerPoint> {
            let points = reader.points(None, usize::MAX).unwrap().into_iter();
            points.filter(|point| {
                let stage = point.transfer.as_ref().map(Transfer::stage);
                let stays = stage.is_some_and(|stage| stage == Stage::Arrived || stage.is_open());
                match &what {
                    Forget::Inventory => stays || !reader.events(point.id).unwrap().is_empty(),
                    Forget::Vault(vault) => stays || point.planned.point.vault != *vault,
                }
            })
            .collect()
        };
        let (before, expected) = (reader.points(None, usize::MAX).unwrap().len(), kept(&reader));
        let told = reader.would_forget(&what).unwrap();
        prop_assert_eq!(forget(&path, &route("eu-west-1"), &what, at(9)).unwrap(), told);
        prop_assert_eq!(told.points, (before - expected.len()) as u64);
        prop_assert_eq!(reader.points(None, usize::MAX).unwrap(), expected);
        // Nothing of what went is left anywhere, and whose turn it is was settled anew.
        survives(&path);
    }
}

type Counted = (
    (Standing, Particulars),
    (Progress, Progress),
    Vec<(Moment, u64)>,
    [Vec<(PointId, Stage)>; 2],
);

/// All that is counted.
fn counted<R: LedgerReader>(mut reader: R, hour: i64) -> Counted {
    reader.at_one_moment().unwrap();
    let middle = at(hour * 100);
    let stages = [Stage::Failed, Stage::Partial, Stage::Vanished];
    let first = reader.in_stages(&stages, None, 1).unwrap();
    let rest = reader.in_stages(&stages, first.first().map(|(id, _)| *id), 99).unwrap();
    (
        (reader.standing().unwrap(), reader.particulars().unwrap()),
        (
            reader.progress(Moment::MIN, middle).unwrap(),
            reader.progress(middle, Moment::MAX).unwrap(),
        ),
        reader.arrivals(middle).unwrap(),
        [first, rest],
    )
}
