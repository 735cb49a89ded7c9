//! What stands at the bottom of the terminal while a run goes on: lines no wider than it, whatever its width.

use std::time::Duration;

use sav_domain::span;

use super::view::{Pause, RunView};
use crate::ui::table::cut;
use unicode_width::UnicodeWidthStr;

/// Of the bar itself, between its brackets.
const LONGEST_BAR: usize = 50;
/// Narrower than this nothing can be read anyway.
const NARROWEST: usize = 20;
/// Of the reason of a pause.
const PAUSE_LINES: usize = 3;
const BETWEEN: &str = " · ";

/// The most important first: a low terminal shows the first lines.
pub(super) fn block(view: &RunView, now: Duration, columns: usize) -> Vec<String> {
    let columns = columns.max(NARROWEST);
    let mut lines = vec![headline(view, columns)];
    if let Some(pause) = &view.paused {
        let what = format!("paused since {}: {}", began(pause, now), pause.why);
        lines.extend(folded(&what, columns));
        lines.push(cut(&format!("  {}", goes_on(pause)), columns));
    }
    lines.extend(laid(&counts(view, now), columns));
    lines.extend(laid(&times(view, now), columns));
    lines.extend(laid(&limits(view), columns));
    lines
}

/// Since when, by the clock and by the watch.
pub(super) fn began(pause: &Pause, now: Duration) -> String {
    let clock: String = pause.began.to_string().chars().take(19).collect();
    let since = span::human(now.saturating_sub(pause.since));
    format!("{}Z ({since})", clock.replace('T', " "))
}

/// What ends a pause.
pub(super) fn goes_on(pause: &Pause) -> String {
    match (pause.side, &pause.watched[..]) {
        (None, _) => "it goes on by itself".to_owned(),
        (Some(side), []) => format!("nothing to watch: start again with new credentials for the {side} account"),
        (Some(_), watched) => format!("watched: {}", watched.join(", ")),
    }
}

fn headline(view: &RunView, columns: usize) -> String {
    let counted = format!("{} of {} points ({})", view.done(), view.to_copy, percent(view));
    let room = columns.saturating_sub(counted.width() + 3).min(LONGEST_BAR);
    if room < 8 {
        return cut(&counted, columns);
    }
    let filled = usize::try_from(view.permille()).unwrap_or(1000) * room / 1000;
    let bar: String = (0..room).map(|at| if at < filled { '#' } else { '-' }).collect();
    format!("[{bar}] {counted}")
}

fn counts(view: &RunView, now: Duration) -> Vec<String> {
    let flight = if view.starting > 0 {
        format!("{} in flight ({} being asked for)", view.in_flight, view.starting)
    } else {
        format!("{} in flight", view.in_flight)
    };
    let mut counts = vec![
        format!("{} failed", view.failed()),
        format!("{} parked", view.parked),
        flight,
        format!("{} left", view.left()),
        rate(view, now),
    ];
    if view.throttled_lately > 0 {
        counts.push(format!(
            "AWS throttles ({} calls in the last minute)",
            view.throttled_lately
        ));
    }
    counts
}

fn times(view: &RunView, now: Duration) -> Vec<String> {
    let mut times = vec![format!("{} elapsed", span::human(now)), eta(view, now)];
    if let Some(left) = view.left_in_window(now) {
        let ending = if view.is_window_ending {
            ", what does not fit is not started"
        } else {
            ""
        };
        times.push(format!("{} left in the window{ending}", span::human(left)));
    }
    times
}

/// What AWS was found to run at once, by type.
fn limits(view: &RunView) -> Vec<String> {
    let known = view.limits.iter().map(|(kind, limit)| format!("{kind} {limit}"));
    let mut known: Vec<String> = known.collect();
    if let Some(first) = known.first_mut() {
        *first = format!("at once: {first}");
    }
    known
}

pub(super) fn percent(view: &RunView) -> String {
    format!("{}.{}%", view.permille() / 10, view.permille() % 10)
}

pub(super) fn rate(view: &RunView, now: Duration) -> String {
    view.per_hour(now)
        .map_or_else(|| "nothing arrived yet".to_owned(), |rate| format!("{rate:.0}/h"))
}

/// The forecast where there is one; until then what a straight line says.
pub(super) fn eta(view: &RunView, now: Duration) -> String {
    if let Some(outlook) = &view.outlook {
        let left = |end: Duration| span::human(end.saturating_sub(now));
        return format!("ETA {} (9 of 10: {})", left(outlook.p50), left(outlook.p90));
    }
    view.eta(now)
        .map_or_else(|| "no ETA yet".to_owned(), |eta| format!("ETA {}", span::human(eta)))
}

/// As many of them on a line as there is room for.
fn laid(parts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.width() + BETWEEN.width() + part.width() <= columns => {
                line.push_str(BETWEEN);
                line.push_str(part);
            }
            _ => lines.push(format!("  {part}")),
        }
    }
    lines.iter().map(|line| cut(line, columns)).collect()
}

/// By its words; a few lines are enough to know what is the matter.
fn folded(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() == PAUSE_LINES;
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if full => {
                *line = cut(&format!("{line} {word}"), columns);
                break;
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines.iter().map(|line| cut(line, columns)).collect()
}
