//! The same view in two voices: a block for a terminal, a line for everything else.

use std::time::Duration;

use sav_domain::span;
use serde_json::{Value, json};

use super::view::RunView;

/// Of the bar itself, between its brackets.
const BAR: usize = 30;

/// What stands at the bottom of the terminal, a line each.
pub(super) fn block(view: &RunView, now: Duration) -> Vec<String> {
    let filled = usize::try_from(view.permille()).unwrap_or(1000) * BAR / 1000;
    let bar: String = (0..BAR).map(|at| if at < filled { '#' } else { '-' }).collect();
    let mut lines = vec![
        format!(
            "copying [{bar}] {} of {} points ({})",
            view.done(),
            view.to_copy,
            percent(view)
        ),
        format!(
            "        {} failed · {} in flight · {} left · {}",
            view.failed(),
            view.in_flight,
            view.left(),
            rate(view, now)
        ),
        format!(
            "        {} elapsed · {}{}",
            span::human(now),
            eta(view, now),
            window(view, now, " · ")
        ),
    ];
    if let Some(pause) = &view.paused {
        let since = span::human(now.saturating_sub(pause.since));
        lines.push(format!("        paused for {since}: {}", pause.why));
    }
    lines
}

pub(super) fn line(view: &RunView, now: Duration) -> String {
    let paused = view.paused.as_ref().map_or_else(String::new, |pause| {
        format!(
            ", paused for {}: {}",
            span::human(now.saturating_sub(pause.since)),
            pause.why
        )
    });
    format!(
        "{}: {} of {} points copied, {} failed, {} in flight, {}, {} elapsed, {}{}{paused}",
        percent(view),
        view.done(),
        view.to_copy,
        view.failed(),
        view.in_flight,
        rate(view, now),
        span::human(now),
        eta(view, now),
        window(view, now, ", ")
    )
}

pub(super) fn document(view: &RunView, now: Duration) -> Value {
    json!({
        "level": "info", "message": "progress",
        "completed": view.done(), "total": view.to_copy, "failed": view.failed(), "in_flight": view.in_flight,
        "throughput_per_hour": view.per_hour(now).map(f64::round), "elapsed_seconds": now.as_secs(),
        "eta_seconds": view.eta(now).map(|eta| eta.as_secs()),
        "window_seconds_left": view.left_in_window(now).map(|left| left.as_secs()),
        "paused": view.paused.as_ref().map(|pause| pause.why.as_str()),
    })
}

fn percent(view: &RunView) -> String {
    format!("{}.{}%", view.permille() / 10, view.permille() % 10)
}

fn rate(view: &RunView, now: Duration) -> String {
    view.per_hour(now)
        .map_or_else(|| "nothing arrived yet".to_owned(), |rate| format!("{rate:.0}/h"))
}

fn eta(view: &RunView, now: Duration) -> String {
    view.eta(now)
        .map_or_else(|| "no ETA yet".to_owned(), |eta| format!("ETA {}", span::human(eta)))
}

fn window(view: &RunView, now: Duration, separator: &str) -> String {
    view.left_in_window(now).map_or_else(String::new, |left| {
        format!("{separator}{} left in the window", span::human(left))
    })
}

#[cfg(test)]
mod tests {
    use sav_application::engine::{PauseReason, RunEvent, Subject};
    use sav_domain::Moment;
    use sav_domain::ledger::PointId;
    use sav_domain::status::Counts;
    use sav_domain::transfer::Arrival;

    use super::*;

    fn view() -> RunView {
        let counts = Counts {
            completed: 250,
            failed: 3,
            in_progress: 20,
            pending: 727,
            ..Counts::default()
        };
        let mut view = RunView::new(&counts, Some(Duration::from_hours(4)));
        view.hear(&RunEvent::Started { waiting: 727, open: 20 }, Duration::ZERO);
        for second in 1..=100 {
            let what = Subject {
                point: PointId(second),
                recovery_point_arn: "arn".into(),
            };
            let how = Arrival::Copied;
            view.hear(&RunEvent::Arrived { what, how }, Duration::from_secs(u64::from(second)));
        }
        view.in_flight = 20;
        view
    }

    #[test]
    fn everything_an_operator_asks_stands_in_the_block() {
        let mut view = view();
        let since = Moment::from_millis(0);
        let message = "NotReached".to_owned();
        let reason = PauseReason::Unreachable { message };
        view.hear(&RunEvent::Paused { reason, since }, Duration::from_secs(100));
        insta::assert_snapshot!(block(&view, Duration::from_secs(225)).join("\n"), @r"
        copying [##########--------------------] 350 of 1000 points (35.0%)
                3 failed · 20 in flight · 647 left · 1600/h
                3m 45s elapsed · ETA 24m 15s · 3h 56m left in the window
                paused for 2m 05s: AWS cannot be reached: NotReached
        ");
    }

    #[test]
    fn and_on_the_line() {
        insta::assert_snapshot!(line(&view(), Duration::from_secs(100)), @"35.0%: 350 of 1000 points copied, 3 failed, 20 in flight, 3600/h, 1m 40s elapsed, ETA 10m 47s, 3h 58m left in the window");
        let nothing = RunView::new(
            &Counts {
                pending: 5,
                ..Counts::default()
            },
            None,
        );
        insta::assert_snapshot!(line(&nothing, Duration::from_secs(1)), @"0.0%: 0 of 5 points copied, 0 failed, 0 in flight, nothing arrived yet, 1s elapsed, no ETA yet");
        insta::assert_snapshot!(document(&view(), Duration::from_secs(100)), @r#"{"completed":350,"elapsed_seconds":100,"eta_seconds":647,"failed":3,"in_flight":20,"level":"info","message":"progress","paused":null,"throughput_per_hour":3600.0,"total":1000,"window_seconds_left":14300}"#);
    }
}
