//! What happened when: arrivals, windows and the pauses in them.

use std::collections::BTreeMap;
use std::time::Duration;

use sav_application::report::{Pause, Report};
use sav_application::status::WindowStatus;
use sav_domain::{Moment, span};
use serde_json::Value;

use super::chart::{self, Span, float};
use super::element::{said, section, short, table};

pub(super) fn arrivals(report: &Report) -> String {
    let arrivals = &report.arrivals;
    let (Some((first, _)), Some((last, _))) = (arrivals.first(), arrivals.last()) else {
        return section("Progress over time", "<p>Nothing has arrived yet.</p>");
    };
    let hours = last.millis_since(*first) / 3_600_000 + 1;
    let step = (hours + chart::MOST_COLUMNS - 1) / chart::MOST_COLUMNS;
    let mut columns = vec![0.0; usize::try_from((hours + step - 1) / step).unwrap_or(1)];
    let mut points = vec![(-1.0, 0.0)];
    let mut sum = 0;
    let of_hours = |at: Moment| float(u64::try_from(at.millis_since(*first) / 3_600_000).unwrap_or(0));
    for (at, count) in arrivals {
        let place = usize::try_from(at.millis_since(*first) / 3_600_000 / step).unwrap_or(0);
        if let Some(column) = columns.get_mut(place) {
            *column += float(*count);
        }
        sum += count;
        points.push((of_hours(*at), float(sum)));
    }
    let all = float(u64::try_from(hours).unwrap_or(1));
    let thin = points.len().div_ceil(1_000).max(1);
    let points: Vec<(f64, f64)> = points
        .iter()
        .enumerate()
        .filter(|(index, _)| index % thin == 0 || index + 1 == points.len())
        .map(|(_, (at, sum))| ((at + 1.0) / all, *sum))
        .collect();
    let total = float(report.status.counts.completed + report.status.counts.remaining());
    let (from, until) = (said(*first), said(*last));
    let each = if step == 1 {
        "hour".to_owned()
    } else {
        format!("{step} hours")
    };
    let rows = days(arrivals);
    let body = format!(
        "<h3>Copies that have arrived</h3>{}<h3>Throughput: copies by the {each}</h3>{}{}",
        chart::rising(
            "Copies that have arrived, over time",
            &points,
            total.max(float(sum)),
            &from,
            &until
        ),
        chart::columns(&format!("Copies that arrived in each {each}"), &columns, &from, &until),
        table("Copies that arrived, by the day", &["day (UTC)", "copies"], &rows)
    );
    section("Progress over time", &body)
}

fn days(arrivals: &[(Moment, u64)]) -> Vec<Vec<String>> {
    let mut days: BTreeMap<String, u64> = BTreeMap::new();
    for (at, count) in arrivals {
        *days.entry(at.to_string().chars().take(10).collect()).or_default() += count;
    }
    days.into_iter()
        .map(|(day, count)| vec![day, count.to_string()])
        .collect()
}

pub(super) fn windows(report: &Report) -> String {
    let rows = report.status.windows.iter().rev().map(|window| {
        let lasted = window.ended_at.map(|ended| between(window.started_at, ended));
        let hours = lasted.map(|lasted| lasted.as_secs_f64() / 3_600.0);
        let rate = hours
            .filter(|hours| *hours > 0.0)
            .map(|hours| float(window.completed) / hours);
        vec![
            said(window.started_at),
            window
                .ended_at
                .map_or_else(|| "running, or its process died".to_owned(), said),
            lasted.map(span::human).unwrap_or_default(),
            window.exit_code.map(|code| code.to_string()).unwrap_or_default(),
            window.completed.to_string(),
            window.failed.to_string(),
            rate.map(|rate| format!("{rate:.0}")).unwrap_or_default(),
        ]
    });
    let heads = [
        "began",
        "ended",
        "lasted",
        "exit code",
        "completed",
        "failed",
        "copies per hour",
    ];
    section(
        "Windows",
        &table("Windows, the latest first", &heads, &rows.collect::<Vec<_>>()),
    )
}

pub(super) fn pauses(report: &Report) -> String {
    let rows = report.pauses.iter().rev().map(|pause| {
        let detail: Value = serde_json::from_str(&pause.detail).unwrap_or(Value::Null);
        let word = |name: &str| short(detail[name].as_str().unwrap_or_default());
        let lasted = pause.until.map(|until| between(pause.from, until));
        vec![
            said(pause.from),
            pause.until.map_or_else(|| "not written down".to_owned(), said),
            lasted.map(span::human).unwrap_or_default(),
            word("reason"),
            word("side"),
            word("message"),
        ]
    });
    let heads = ["from", "until", "lasted", "reason", "side", "what was said"];
    let rows = table(
        "Times in which nothing was asked for, the latest first",
        &heads,
        &rows.collect::<Vec<_>>(),
    );
    section("Pauses", &(time_line(report) + &rows))
}

/// The windows, and in them the pauses.
fn time_line(report: &Report) -> String {
    let windows = &report.status.windows;
    let (Some(first), false) = (windows.first(), report.pauses.is_empty()) else {
        return String::new();
    };
    let last = windows.iter().map(|window| until(window, report)).max();
    let (from, to) = (first.started_at, last.unwrap_or(report.at));
    let all = between(from, to).as_secs_f64().max(1.0);
    let place = |at: Moment| between(from, at).as_secs_f64() / all;
    let spans = |ends: &mut dyn Iterator<Item = (Moment, Moment)>| -> Vec<Span> {
        ends.map(|(from, until)| Span {
            from: place(from),
            until: place(until),
        })
        .collect()
    };
    let windows = spans(&mut windows.iter().map(|window| (window.started_at, until(window, report))));
    let pauses = spans(
        &mut report
            .pauses
            .iter()
            .map(|pause| (pause.from, pause.until.unwrap_or_else(|| end_of(pause, report)))),
    );
    chart::time_line(
        "Windows, and the pauses in them, over time",
        &[("windows", "done", &windows), ("pauses", "failed", &pauses)],
        &said(from),
        &said(to),
    )
}

/// Nobody wrote down that it went on: it ended with its window at the latest.
fn end_of(pause: &Pause, report: &Report) -> Moment {
    let windows = report.status.windows.iter();
    let held = windows
        .filter(|window| window.started_at <= pause.from)
        .max_by_key(|window| window.started_at);
    held.map_or(pause.from, |window| until(window, report).max(pause.from))
}

/// The end of a window that has one; a window that nobody ended is as long as it was heard of.
fn until(window: &WindowStatus, report: &Report) -> Moment {
    let end = if report.status.running {
        report.at
    } else {
        window.started_at
    };
    window.ended_at.unwrap_or(end)
}

fn between(from: Moment, until: Moment) -> Duration {
    Duration::from_millis(u64::try_from(until.millis_since(from)).unwrap_or(0))
}
