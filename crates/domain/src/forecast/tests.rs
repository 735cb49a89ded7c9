use super::*;
use crate::ledger::{WindowEnd, WindowId};

const START: i64 = 1_700_000_400_000 - 1_700_000_400_000 % HOUR;

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

fn steady(hours: impl Iterator<Item = u32>, per_hour: u64) -> Vec<(Moment, u64)> {
    hours.map(|hour| (at(f64::from(hour)), per_hour)).collect()
}

#[test]
fn nothing_measured_is_nothing_foretold() {
    let mut history = History::default();
    assert_eq!(Forecast::of(10, &history, at(1.0)), None);
    history.windows = vec![open(1, 0.0)];
    history.running = true;
    assert_eq!(Forecast::of(10, &history, at(1.0)), None, "nothing has arrived");
    history.arrivals = vec![(at(0.0), 5)];
    assert_eq!(Forecast::of(10, &history, at(0.001)), None, "measured for seconds");
    assert!(Forecast::of(10, &history, at(1.0)).is_some());
    assert_eq!(Forecast::of(0, &history, at(1.0)), None, "nothing is left");
    history.running = false;
    assert_eq!(
        Forecast::of(10, &history, at(1.0)),
        None,
        "how long the dead process worked is not known"
    );
}

#[test]
fn a_first_window_goes_on_as_it_began() {
    let history = History {
        windows: vec![open(1, 0.0)],
        arrivals: steady(0..4, 100),
        running: true,
    };
    let forecast = Forecast::of(1000, &history, at(4.0)).unwrap();
    assert_eq!((forecast.finish_p50, forecast.windows_needed), (at(14.0), 1));
    assert_eq!(forecast.finish_p90, at(14.0), "every hour was like the other");
}

#[test]
fn unsteady_hours_make_the_cautious_answer_later() {
    let history = History {
        windows: vec![open(1, 0.0)],
        arrivals: (0..10_u32)
            .map(|h| (at(f64::from(h)), if h % 2 == 0 { 50 } else { 150 }))
            .collect(),
        running: true,
    };
    let forecast = Forecast::of(1000, &history, at(10.0)).unwrap();
    assert_eq!(forecast.finish_p50, at(20.0));
    // 100 - 1.2816 * 50 * sqrt(1/10 + 1/10) = 71.3 per hour.
    let late = hours_of(forecast.finish_p90.millis_since(at(10.0)));
    assert!((late - 14.02).abs() < 0.01, "{late}");
}

#[test]
fn windows_keep_coming_as_they_came() {
    // Four hours every night, 100 an hour; the last ended at hour 52.
    let nights = [0_u32, 24, 48];
    let history = History {
        windows: (1..)
            .zip(nights)
            .map(|(id, from)| window(id, f64::from(from), f64::from(from) + 4.0, 400))
            .collect(),
        arrivals: steady(nights.into_iter().flat_map(|night| night..night + 4), 100),
        running: false,
    };
    // 900 are nine hours: two nights and an hour of the third.
    let forecast = Forecast::of(900, &history, at(55.0)).unwrap();
    assert_eq!(
        (forecast.finish_p50, forecast.windows_needed),
        (at(72.0 + 48.0 + 1.0), 3)
    );
    let exactly = Forecast::of(400, &history, at(55.0)).unwrap();
    assert_eq!((exactly.finish_p50, exactly.windows_needed), (at(76.0), 1));
    let overdue = Forecast::of(100, &history, at(100.0)).unwrap();
    assert_eq!(
        overdue.finish_p50,
        at(101.0),
        "a window that is late may open any moment"
    );
}

#[test]
fn the_rest_of_an_open_window_is_used_first() {
    let history = History {
        windows: vec![window(1, 0.0, 4.0, 400), window(2, 24.0, 28.0, 400), open(3, 48.0)],
        arrivals: steady((0..4).chain(24..28).chain(48..50), 100),
        running: true,
    };
    let soon = Forecast::of(150, &history, at(50.0)).unwrap();
    assert_eq!((soon.finish_p50, soon.windows_needed), (at(51.5), 1));
    let later = Forecast::of(300, &history, at(50.0)).unwrap();
    assert_eq!((later.finish_p50, later.windows_needed), (at(73.0), 2));
}

#[test]
fn what_aws_went_on_with_alone_counts_for_the_window_before() {
    let history = History {
        windows: vec![window(1, 0.0, 1.0, 50)],
        arrivals: vec![(at(0.0), 50), (at(3.0), 50)],
        running: false,
    };
    let forecast = Forecast::of(100, &history, at(5.0)).unwrap();
    assert_eq!(forecast.finish_p50, at(6.0));
}

#[test]
fn tries_that_brought_nothing_are_no_rhythm() {
    let mut history = History {
        windows: vec![window(1, 0.0, 4.0, 400)],
        arrivals: steady(0..4, 100),
        running: false,
    };
    let without = Forecast::of(800, &history, at(20.0));
    history.windows.push(window(2, 10.0, 10.0, 0));
    assert_eq!(Forecast::of(800, &history, at(20.0)), without);
    assert_eq!(without.unwrap().windows_needed, 2);
}

#[test]
fn absurd_pasts_make_no_absurd_arithmetic() {
    let history = History {
        windows: vec![window(1, 5.0, 1.0, u64::MAX), open(2, 9.0), open(3, 90.0)],
        arrivals: vec![(Moment::MIN, u64::MAX), (at(90.0), 1), (Moment::MAX, 7)],
        running: true,
    };
    let forecast = Forecast::of(u64::MAX, &history, at(91.0)).unwrap();
    assert!(forecast.finish_p50 <= forecast.finish_p90);
    assert_eq!(Forecast::of(1, &history, at(0.0)), None, "a clock that went back");
}
