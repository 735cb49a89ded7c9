//! What it costs to tell how a run goes: `cargo test --workspace --bin shuffle-aws-vaults -- --ignored --nocapture cost 2>/dev/null`.

use std::time::Duration;

use sav_application::engine::{self, RunEvent, Subject};
use sav_domain::ledger::PointId;
use sav_domain::status::Counts;
use sav_domain::transfer::{Arrival, JobId};

use super::RunConsole;
use crate::ui::Screen;

const SECONDS: u32 = 600;
const PER_SECOND: u32 = 1_000;
/// Looks at AWS's jobs in a second; what one of them shows is told together.
const LOOKS: u32 = 2;

#[test]
#[ignore = "a measurement"]
fn progress_at_a_thousand_transfers_a_second() {
    println!("{SECONDS} seconds of {PER_SECOND} transfers each:");
    for (name, screen) in [
        ("the block on a terminal", Screen::imagined(true, false, 0)),
        (
            "the block, with a line per transfer above it",
            Screen::imagined(true, false, 1),
        ),
        ("plain lines", Screen::imagined(false, false, 0)),
        (
            "plain lines, one per transfer among them",
            Screen::imagined(false, false, 1),
        ),
        ("JSON, a line per transfer", Screen::imagined(false, true, 1)),
    ] {
        let before = cpu_seconds();
        follow(&screen);
        let share = (cpu_seconds() - before) / f64::from(SECONDS) * 100.0;
        println!("{name}: {share:.3} % of one CPU");
    }
}

/// As a run is followed, without anything to follow.
fn follow(screen: &Screen) {
    let counts = Counts {
        pending: u64::from(SECONDS * PER_SECOND),
        ..Counts::default()
    };
    let mut console = RunConsole::new(screen, &counts, Some(Duration::from_hours(4)));
    let mut number = 0;
    for look in 0..SECONDS * LOOKS {
        let at = Duration::from_secs(1) * look / LOOKS;
        for _ in 0..PER_SECOND / LOOKS {
            number += 1;
            for event in &transfer(number) {
                console.hear(event, at);
            }
        }
        let counts = engine::Counts {
            open: 200,
            ..engine::Counts::default()
        };
        console.hear(&RunEvent::Counted { counts }, at);
        console.throttled(u64::from(look), at);
        console.tick(at);
    }
}

fn transfer(number: u32) -> [RunEvent; 3] {
    let what = Subject {
        point: PointId(number),
        recovery_point_arn: format!("arn:aws:ec2:eu-west-1::snapshot/snap-{number:017x}").into(),
    };
    let job = JobId::new(format!("{number:08X}-1234-4ABC-8DEF-0123456789AB")).expect("an id that is not empty");
    let request_id = Some(format!("{number:08x}-1234-4abc-8def-0123456789ab").into());
    [
        RunEvent::Meant { what: what.clone() },
        RunEvent::Accepted {
            what: what.clone(),
            job,
            request_id,
        },
        RunEvent::Arrived {
            what,
            how: Arrival::Copied,
        },
    ]
}

/// User and system time of all threads, in the kernel's hundredths of a second; 0 where there is no /proc.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = behind_name.split(' ').skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
