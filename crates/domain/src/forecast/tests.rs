use std::time::Duration;

use super::calendar::plus_hours;
use super::*;
use crate::ledger::{Window, WindowEnd, WindowId};

const START: i64 = 1_700_000_400_000;

fn at(hours: f64) -> Moment {
    plus_hours(Moment::from_millis(START), hours)
}

fn window(id: u32, from: f64, until: f64, completed: u64) -> Window {
    Window {
        id: WindowId(id),
        started_at: at(from),
        ended: Some(WindowEnd {
            at: at(until),
            exit_code: 2,
            completed,
            failed: 0,
        }),
    }
}

fn open(id: u32, from: f64) -> Window {
    Window {
        ended: None,
        ..window(id, from, from, 0)
    }
}

fn running(windows: Vec<Window>) -> History {
    History {
        windows,
        running: true,
        planned: None,
    }
}

fn lane(number: u32, points: u64) -> LaneLeft {
    LaneLeft {
        lane: LaneId(i64::from(number)),
        resource_type: Some(ResourceType::Fsx),
        points,
        size_bytes: 0,
        sized: 0,
        sample: PointId(number),
        position: u64::from(number),
        begun: true,
    }
}

/// Copies of six minutes, ten an hour in each of five slots, up to that hour.
fn steady(until: u32) -> Lately {
    let landed = (0..until * 10).flat_map(|n| {
        (0..5_u32).map(move |slot| Landed {
            lane: LaneId(i64::from(slot + 1)),
            resource_type: Some(ResourceType::Fsx),
            size_bytes: None,
            opened: at(f64::from(n) / 10.0),
            ended: at(f64::from(n + 1) / 10.0),
        })
    });
    Lately {
        landed: landed.collect(),
        is_all: true,
        ..Lately::default()
    }
}

fn foretold(lanes: &[LaneLeft], lately: &Lately, history: &History, now: Moment) -> Option<Forecast> {
    let mut backlog = Backlog::judged_by(lately, history.looked_until(lately, now));
    for lane in lanes {
        backlog.add(lane);
    }
    Forecast::of(&backlog, lately, &Limits::default(), history, now)
}

#[track_caller]
fn near(found: Moment, hours: f64, within: f64) {
    let off = hours_of(found.millis_since(at(hours)));
    assert!(off.abs() <= within, "{found} is {off:.2} hours from {}", at(hours));
}

#[test]
fn nothing_left_is_nothing_foretold() {
    assert_eq!(foretold(&[], &Lately::default(), &History::default(), at(0.0)), None);
}

#[test]
fn before_anything_has_arrived_the_documents_are_believed() {
    let lanes: Vec<LaneLeft> = (1..=100).map(|n| lane(n, 1)).collect();
    let forecast = foretold(&lanes, &Lately::default(), &History::default(), at(0.0)).unwrap();
    // Half an hour each, five at once.
    near(forecast.finish_p50, 10.0, 2.0);
    assert!(forecast.finish_p90 > at(13.0), "{forecast:?}");
    assert_eq!((forecast.basis, forecast.windows_needed), (Basis::Assumed, 1));
}

#[test]
fn what_slots_do_is_shared_by_what_is_left() {
    let lanes: Vec<LaneLeft> = (1..=50).map(|n| lane(n, 10)).collect();
    let forecast = foretold(&lanes, &steady(4), &running(vec![open(1, 0.0)]), at(4.0)).unwrap();
    // Five hundred at fifty an hour.
    near(forecast.finish_p50, 14.0, 0.6);
    // However steady it was: limits and loads drift.
    near(forecast.finish_p90, 18.3, 0.7);
    let slots = Determinant::Slots {
        pool: Pool::Fsx,
        points: 500,
    };
    assert_eq!((forecast.determined_by, forecast.basis), (slots, Basis::Measured));
}

#[test]
fn one_long_lane_is_not_helped_by_free_slots() {
    let forecast = foretold(
        &[lane(1, 100), lane(2, 3)],
        &steady(4),
        &running(vec![open(1, 0.0)]),
        at(4.0),
    )
    .unwrap();
    near(forecast.finish_p50, 14.0, 0.6);
    let waits_for = Determinant::Resource {
        sample: PointId(1),
        resource_arn: None,
        points: 100,
    };
    assert_eq!(forecast.determined_by, waits_for);
}

#[test]
fn a_lane_that_is_slower_than_its_type_is_believed() {
    let mut lately = steady(4);
    for landed in lately.landed.iter_mut().filter(|landed| landed.lane == LaneId(1)) {
        landed.ended = landed.ended.plus_millis(2 * 360_000);
    }
    let usual = foretold(&[lane(2, 100)], &lately, &running(vec![open(1, 0.0)]), at(4.0)).unwrap();
    let slow = foretold(&[lane(1, 100)], &lately, &running(vec![open(1, 0.0)]), at(4.0)).unwrap();
    near(usual.finish_p50, 14.0, 1.0);
    near(slow.finish_p50, 34.0, 2.0);
}

#[test]
fn requests_for_copies_take_their_time_too() {
    let lanes: Vec<LaneLeft> = (1..=1000)
        .map(|n| LaneLeft {
            resource_type: Some(ResourceType::Efs),
            ..lane(n, 1000)
        })
        .collect();
    let mut lately = steady(1);
    for landed in &mut lately.landed {
        landed.resource_type = Some(ResourceType::Efs);
        landed.ended = landed.opened.plus_millis(1);
    }
    let forecast = foretold(&lanes, &lately, &running(vec![open(1, 0.0)]), at(1.0)).unwrap();
    assert!(forecast.finish_p50 >= at(1.0 + 55.5), "a million at five a second");
}

#[test]
fn windows_keep_coming_as_they_came() {
    let nights = [0.0, 24.0, 48.0];
    let history = History {
        windows: (1..)
            .zip(nights)
            .map(|(id, from)| window(id, from, from + 4.0, 200))
            .collect(),
        ..History::default()
    };
    let mut lately = Lately {
        is_all: true,
        ..Lately::default()
    };
    for night in nights {
        for landed in steady(4).landed {
            let later = |moment: Moment| plus_hours(moment, night);
            lately.landed.push(Landed {
                opened: later(landed.opened),
                ended: later(landed.ended),
                ..landed
            });
        }
    }
    // 450 are nine hours: two nights and an hour of the third.
    let lanes: Vec<LaneLeft> = (1..=90).map(|n| lane(n, 5)).collect();
    let forecast = foretold(&lanes, &lately, &history, at(55.0)).unwrap();
    near(forecast.finish_p50, 72.0 + 48.0 + 1.0, 0.7);
    assert_eq!(forecast.windows_needed, 3);
    let overdue = foretold(&lanes[..10], &lately, &history, at(100.0)).unwrap();
    near(overdue.finish_p50, 101.0, 0.3);
}

#[test]
fn an_open_window_ends_when_it_was_to_end() {
    let history = History {
        planned: Some(Duration::from_hours(4)),
        ..running(vec![open(1, 0.0)])
    };
    // Two hours are left tonight; three more are needed tomorrow.
    let lanes: Vec<LaneLeft> = (1..=50).map(|n| lane(n, 5)).collect();
    let forecast = foretold(&lanes, &steady(2), &history, at(2.0)).unwrap();
    near(forecast.finish_p50, 27.0, 0.6);
    assert_eq!(forecast.windows_needed, 2);
}

#[test]
fn nobody_knows_how_long_a_copy_took_while_nobody_looked() {
    let history = History {
        windows: vec![window(1, 0.0, 4.0, 200)],
        ..History::default()
    };
    let mut lately = steady(4);
    lately.under_way.push(UnderWay {
        lane: LaneId(1),
        resource_type: Some(ResourceType::Fsx),
        size_bytes: None,
        opened: at(3.9),
    });
    let month = 30.0 * 24.0;
    let forecast = foretold(&[lane(1, 1)], &lately, &history, at(month)).unwrap();
    near(forecast.finish_p50, month, 1.0);
}

#[test]
fn tries_that_brought_nothing_are_no_rhythm() {
    let mut history = History {
        windows: vec![window(1, 0.0, 4.0, 200)],
        ..History::default()
    };
    let lanes: Vec<LaneLeft> = (1..=80).map(|n| lane(n, 5)).collect();
    let windows = |history: &History| foretold(&lanes, &steady(4), history, at(20.0)).unwrap().windows_needed;
    let without = windows(&history);
    history.windows.push(window(2, 10.0, 10.0, 0));
    assert_eq!((windows(&history), without), (2, 2).max((without, without)));
}

#[test]
fn absurd_pasts_make_no_absurd_arithmetic() {
    let history = running(vec![window(1, 5.0, 1.0, u64::MAX), open(2, 9.0), open(3, 90.0)]);
    let mut lately = steady(1);
    lately.landed[3].ended = Moment::MIN;
    lately.landed[4].opened = Moment::MAX;
    lately.landed[5].ended = Moment::MAX;
    lately.landed[6].size_bytes = Some(u64::MAX);
    let mut lanes = vec![lane(1, 1_000_000_000), lane(2, 0)];
    lanes[0].size_bytes = u64::MAX;
    lanes[0].sized = 1;
    let forecast = foretold(&lanes, &lately, &history, at(91.0)).unwrap();
    assert!(
        at(91.0) <= forecast.finish_p50 && forecast.finish_p50 <= forecast.finish_p90,
        "{forecast:?}"
    );
    assert!(
        foretold(&lanes, &lately, &history, at(0.0)).is_some(),
        "a clock that went back"
    );
}

#[test]
fn the_same_ledger_has_the_same_forecast() {
    let lanes: Vec<LaneLeft> = (1..=50).map(|n| lane(n, u64::from(n % 7 + 1))).collect();
    let once = || foretold(&lanes, &steady(2), &running(vec![open(1, 0.0)]), at(2.0));
    assert_eq!(once(), once());
}
