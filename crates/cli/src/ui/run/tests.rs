//! Everything an operator sees of a run, in every state and at every width.

use std::fmt::Write as _;
use std::time::Duration;

use sav_application::engine::{self, PauseReason, RunEvent, Subject};
use sav_application::ports::Side;
use sav_domain::Moment;
use sav_domain::ledger::PointId;
use sav_domain::status::Counts;
use sav_domain::transfer::{Arrival, Cause};
use unicode_width::UnicodeWidthStr;

use super::block::block;
use super::view::{Outlook, RunView};
use super::voices::{document, line};

const WIDTHS: [usize; 4] = [60, 80, 120, 200];
const NOW: Duration = Duration::from_secs(3725);

fn subject() -> Subject {
    Subject {
        point: PointId(1),
        recovery_point_arn: "arn:aws:ec2:us-east-1::snapshot/snap-1".into(),
    }
}

/// An hour into a window of four.
fn running() -> RunView {
    let counts = Counts {
        completed: 250_000,
        failed: 3,
        in_progress: 20,
        pending: 727_000,
        parked: 1_200,
        ..Counts::default()
    };
    let mut view = RunView::new(&counts, Some(Duration::from_hours(4)));
    let waiting = 727_000;
    view.hear(&RunEvent::Started { waiting, open: 20 }, Duration::ZERO);
    for second in 1..=3600 {
        let how = Arrival::Copied;
        view.hear(&RunEvent::Arrived { what: subject(), how }, Duration::from_secs(second));
    }
    for (scope, limit) in [("EBS", 20), ("EFS", 61), ("RDS", 20), ("S3", 39)] {
        let scope = scope.into();
        view.hear(&RunEvent::Learned { scope, limit }, NOW);
    }
    let counts = engine::Counts {
        open: 168,
        starting: 7,
        ..engine::Counts::default()
    };
    view.hear(&RunEvent::Counted { counts }, NOW);
    view.outlook = Some(Outlook {
        p50: Duration::from_hours(31),
        p90: Duration::from_hours(44),
    });
    view
}

fn throttled() -> RunView {
    let mut view = running();
    view.throttled(0, NOW.saturating_sub(Duration::from_secs(50)));
    view.throttled(42, NOW.saturating_sub(Duration::from_secs(5)));
    view
}

fn paused() -> RunView {
    let mut view = running();
    let message =
        "no answer from backup.us-east-1.amazonaws.com within 10 seconds, which is tried again now and then".to_owned();
    let reason = PauseReason::Unreachable { message };
    let since = Moment::from_millis(0);
    view.hear(
        &RunEvent::Paused { reason, since },
        NOW.saturating_sub(Duration::from_secs(125)),
    );
    view
}

fn paused_for_credentials() -> RunView {
    let mut view = running();
    let reason = PauseReason::Credentials {
        side: Side::Source,
        message: "the source account's credentials have expired (ExpiredTokenException)".to_owned(),
        watched: vec![
            "/home/me/.aws/credentials".to_owned(),
            "/home/me/.aws/config".to_owned(),
        ],
    };
    let since = Moment::from_millis(1_700_000_000_000);
    let at = NOW.saturating_sub(Duration::from_hours(1));
    view.hear(&RunEvent::Paused { reason, since }, at);
    view
}

fn ending() -> RunView {
    let mut view = running();
    view.window = Some(Duration::from_mins(70));
    let left = Duration::from_mins(8);
    view.hear(&RunEvent::WindowEnding { left }, NOW);
    view
}

fn finished_with_failures() -> RunView {
    let counts = Counts {
        in_progress: 0,
        pending: 4,
        ..Counts::default()
    };
    let mut view = RunView::new(&counts, None);
    view.hear(&RunEvent::Started { waiting: 4, open: 0 }, Duration::ZERO);
    for second in 1..=3 {
        let how = Arrival::Copied;
        view.hear(&RunEvent::Arrived { what: subject(), how }, Duration::from_secs(second));
    }
    let cause = Cause {
        category: "ACCESS_DENIED".into(),
        message: "no".into(),
        fix: None,
    };
    let failed = RunEvent::Failed {
        what: subject(),
        cause,
        request_id: None,
    };
    view.hear(&failed, Duration::from_secs(4));
    let counts = engine::Counts::default();
    view.hear(&RunEvent::Counted { counts }, Duration::from_secs(4));
    view
}

fn nothing_yet() -> RunView {
    let counts = Counts {
        pending: 5,
        ..Counts::default()
    };
    RunView::new(&counts, None)
}

type Scene = (&'static str, RunView, Duration);

fn scenes() -> [Scene; 7] {
    [
        ("running", running(), NOW),
        ("throttled", throttled(), NOW),
        ("paused", paused(), NOW),
        ("paused for credentials", paused_for_credentials(), NOW),
        ("window ending", ending(), NOW),
        (
            "finished with failures",
            finished_with_failures(),
            Duration::from_secs(5),
        ),
        ("nothing yet", nothing_yet(), Duration::from_secs(1)),
    ]
}

#[test]
fn the_block_in_every_state_at_every_width() {
    let mut shown = String::new();
    for (name, view, now) in scenes() {
        for width in WIDTHS {
            let lines = block(&view, now, width).join("\n");
            let _ = writeln!(shown, "--- {name}, {width} columns\n{lines}");
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn every_plain_line() {
    let lines =
        scenes().map(|(name, view, now)| format!("--- {name}\n{}\n{}\n", line(&view, now), document(&view, now)));
    insta::assert_snapshot!(lines.concat());
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (name, view, now) in scenes() {
        for width in 20..220 {
            let wide = block(&view, now, width).into_iter().find(|line| line.width() > width);
            assert_eq!(wide, None, "{name} at {width}");
        }
    }
}

#[test]
fn throttling_is_told_for_a_minute() {
    let mut view = throttled();
    assert_eq!(view.throttled_lately, 42);
    view.throttled(42, NOW + Duration::from_mins(2));
    assert_eq!(view.throttled_lately, 0);
}
