//! The same view in two voices: a block for a terminal, a line for everything else.

use std::time::Duration;

use sav_domain::span;
use serde_json::{Value, json};

use super::block::{began, eta, goes_on, percent, rate};
use super::view::RunView;

pub(super) fn line(view: &RunView, now: Duration) -> String {
    let paused = view.paused.as_ref().map_or_else(String::new, |pause| {
        format!(
            ", paused since {}: {}; {}",
            began(pause, now),
            pause.why,
            goes_on(pause)
        )
    });
    format!(
        "{}: {} of {} points copied, {} failed, {} parked, {} in flight, {}, {} elapsed, {}{}{paused}",
        percent(view),
        view.done(),
        view.to_copy,
        view.failed(),
        view.parked,
        view.in_flight,
        rate(view, now),
        span::human(now),
        eta(view, now),
        window(view, now, ", ")
    )
}

pub(super) fn document(view: &RunView, now: Duration) -> Value {
    json!({
        "level": "info", "event": "progress", "message": "progress",
        "completed": view.done(), "total": view.to_copy, "failed": view.failed(), "in_flight": view.in_flight,
        "throughput_per_hour": view.per_hour(now).map(f64::round), "elapsed_seconds": now.as_secs(),
        "eta_seconds": view.outlook.map(|outlook| outlook.p50.saturating_sub(now)).or(view.eta(now)).map(|eta| eta.as_secs()),
        "eta_seconds_p90": view.outlook.map(|outlook| outlook.p90.saturating_sub(now).as_secs()),
        "parked": view.parked, "throttled_lately": view.throttled_lately, "limits": view.limits,
        "window_seconds_left": view.left_in_window(now).map(|left| left.as_secs()),
        "paused": view.paused.as_ref().map(|pause| pause.why.as_str()),
        "paused_since": view.paused.as_ref().map(|pause| pause.began),
        "paused_side": view.paused.as_ref().and_then(|pause| pause.side).map(|side| side.to_string()),
        "watched": view.paused.as_ref().map(|pause| &pause.watched),
    })
}

fn window(view: &RunView, now: Duration, separator: &str) -> String {
    view.left_in_window(now).map_or_else(String::new, |left| {
        format!("{separator}{} left in the window", span::human(left))
    })
}
