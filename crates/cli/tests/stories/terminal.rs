//! What an operator at a terminal sees of a run, in every state and at every width.

use std::fmt::Write as _;
use std::time::Duration;

use sav_simulator::faults::{Fault, What};
use sav_simulator::fleet::{Durations, FailurePlan, FleetSettings, Latency, Spread};
use sav_simulator::world::seeded::OPERATOR_ROLE;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::story::{DESTINATION, SOURCE, Story};
use crate::terminal_world::OnTerminal;

const WIDTHS: [usize; 4] = [200, 120, 80, 60];
const AT_ONCE: usize = 20;
const HOUR: Duration = Duration::from_hours(1);

/// Copies that take an hour, some a little more, some a little less.
fn hours() -> FleetSettings {
    FleetSettings {
        start: Latency::NONE,
        durations: Durations {
            spread: Spread::Even { width: 0.0001 },
            ..Durations::fixed(HOUR)
        },
        ..FleetSettings::default()
    }
}

/// Where files are called by what the reader of a snapshot can know.
const AT_HOME: [(&str, &str); 2] = [
    ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ("AWS_CONFIG_FILE", "config"),
];

fn started<'a>(story: &'a CopyStory, options: &str) -> OnTerminal<'a> {
    let options = format!("--max-in-flight {AT_ONCE} {options}");
    OnTerminal::start(&story.story, &story.command(&options), WIDTHS[0], &AT_HOME)
}

/// Waits until as many copies as may be open at once have been asked for so many times over.
fn wave(story: &CopyStory, number: usize) {
    story.wait_for_jobs(number * AT_ONCE - 1);
}

/// The block at every width, on one terminal that is made narrower and narrower.
#[track_caller]
fn at_every_width(terminal: &mut OnTerminal<'_>) -> String {
    let mut shown = String::new();
    for columns in WIDTHS {
        terminal.resize(columns);
        // The first may have been on its way already when the terminal became another.
        terminal.redrawn(2);
        let _ = writeln!(shown, "--- {columns} columns\n{}", masked(&terminal.block()));
    }
    shown
}

#[track_caller]
fn interrupted(mut terminal: OnTerminal<'_>) {
    terminal.types("\u{3}");
    let (status, terminal) = terminal.end();
    assert_eq!(status.code(), Some(2), "{}", terminal.lines().join("\n"));
    let lines = terminal.lines().join("\n");
    assert!(!lines.contains(" points ("), "the block is gone: {lines}");
    assert!(lines.contains("Interrupted"), "{lines}");
}

#[test]
fn running_throttled_and_paused() {
    let (story, clock) = CopyStory::at_a_standstill(300, hours());
    let mut terminal = started(&story, "--max-runtime-minutes 240");
    for number in 1..=4 {
        wave(&story, number);
        clock.advance(HOUR + HOUR / 100);
    }
    terminal.until_it_says("80 of 300 points");
    wave(&story, 5);
    terminal.until_it_says("20 in flight ·");
    // The forecast comes after a while, and takes more room than the estimate before it.
    terminal.until_it_says("9 of 10");
    let running = at_every_width(&mut terminal);

    story.story.suffers([Fault::new(What::Throttle).on(["ListCopyJobs"])]);
    terminal.resize(WIDTHS[0]);
    terminal.until_it_says("AWS throttles");
    let throttled = at_every_width(&mut terminal);
    terminal.resize(120);
    terminal.redrawn(2);
    the_guide_shows(&terminal.block());

    story.story.suffers([]);
    let keys = story.story.simulator.credentials(SOURCE, OPERATOR_ROLE).unwrap();
    story
        .story
        .simulator
        .with_state(|state| state.identities.expire_now(&keys.access_key_id));
    terminal.until_it_says("paused since ");
    terminal.until_it_says("Press any key to retry");
    let paused = at_every_width(&mut terminal);
    insta::assert_snapshot!(format!("running\n{running}\nthrottled\n{throttled}\npaused\n{paused}"));
    // Ctrl-C is heard also while a key is waited for.
    interrupted(terminal);
}

/// What the guide shows is what was on the screen, but for times.
#[track_caller]
fn the_guide_shows(block: &[String]) {
    const GUIDE: &str = include_str!("../../../../docs/user-guide.md");
    let section = GUIDE.split("### While it runs").nth(1).unwrap();
    let recorded = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let recorded: Vec<String> = recorded.lines().map(str::to_owned).collect();
    assert_eq!(masked(&recorded), masked(block), "what was seen:\n{}", block.join("\n"));
}

#[test]
fn the_window_is_ending() {
    let (story, clock) = CopyStory::at_a_standstill(100, hours());
    let mut terminal = started(&story, "--max-runtime-minutes 60.25");
    wave(&story, 1);
    // Less is left than a copy takes, and a little before nobody knew how long that is.
    terminal.until(|screen| {
        let shown = screen.join("\n");
        (0..=8).any(|second| shown.contains(&format!(" 59m 5{second}s left in the window")))
    });
    clock.advance(HOUR);
    terminal.until_it_says("what does not fit is not started");
    terminal.until_it_says("9 of 10");
    // How many of the copies have ended follows from their luck.
    insta::assert_snapshot!(uncounted(&at_every_width(&mut terminal)));
    interrupted(terminal);
}

#[test]
fn finished_with_failures() {
    let mut seen: Vec<String> = Vec::new();
    for columns in WIDTHS {
        let fleet = FleetSettings {
            failures: FailurePlan {
                share: 0.3,
                ..FailurePlan::default()
            },
            ..jobs_of(5)
        };
        let story = CopyStory::of(plain(24), fleet).story;
        let copy = story.command(&format!(
            "copy --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
             --state-file ledger.db --poll-interval 0.05 --api-rate 20000"
        ));
        let (status, terminal) = OnTerminal::start(&story, &copy, columns, &AT_HOME).end();
        let lines: Vec<String> = terminal.lines().into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(status.code(), Some(1), "{}", lines.join("\n"));
        assert!(!lines.join("\n").contains(" points ("), "the block is gone");
        seen.push(masked(&lines));
    }
    // A line that is too long is the terminal's to fold: a command stays one that can be copied.
    seen.dedup();
    insta::assert_snapshot!(seen.join("\nor\n"));
}

#[test]
fn what_is_said_stays_above_the_block() {
    let (story, clock) = CopyStory::at_a_standstill(60, hours());
    let mut terminal = started(&story, "-vv");
    terminal.until_it_says("20 in flight ·");
    terminal.resize(80);
    clock.advance(HOUR + HOUR / 100);
    terminal.until_it_says("20 of 60 points");
    terminal.redrawn(2);
    terminal.block();
    let lines = terminal.lines();
    let told = lines.iter().filter(|line| line.starts_with("copied: arn:aws:")).count();
    let all = lines.iter().filter(|line| line.contains("arn:aws:")).count();
    let whole = |line: &&String| {
        ["copied: arn:", "being copied: arn:"]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    assert!(told > 0, "{}", lines.join("\n"));
    assert_eq!(all, lines.iter().filter(whole).count(), "torn: {}", lines.join("\n"));
    interrupted(terminal);
}

#[test]
fn a_dumb_terminal_gets_lines_and_one_without_colours_gets_none() {
    let story = CopyStory::with_points(30);
    let command = story.command("");
    let (status, terminal) = OnTerminal::start(&story.story, &command, 80, &[("TERM", "dumb")]).end();
    assert_eq!(status.code(), Some(0), "{}", terminal.written());
    assert!(!terminal.written().contains('\u{1b}'), "{}", terminal.written());
    assert!(
        terminal.written().contains("100.0%: 30 of 30 points copied"),
        "{}",
        terminal.written()
    );

    let story = Story::with_points(10);
    let wrong = story.command("list --source-account 111111111111 --source-profile source --vault nope");
    for (environment, colored) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let (status, terminal) = OnTerminal::start(&story, &wrong, 80, environment).end();
        assert_eq!(status.code(), Some(1), "{}", terminal.written());
        assert_eq!(
            terminal.written().contains("\u{1b}[1;31merror:"),
            colored,
            "{}",
            terminal.written()
        );
    }
}

#[test]
fn a_listing_counts_below_its_data_and_leaves_nothing_behind() {
    let story = Story::with_points(4_000);
    story.suffers([Fault::new(What::Slow {
        delay_ms: 400,
        spread_ms: 0,
    })
    .on(["ListRecoveryPointsByBackupVault"])]);
    let listing = story.command(&format!(
        "list --source-account {SOURCE} --source-profile source --api-rate 5000 --output jsonl"
    ));
    let mut terminal = OnTerminal::start(&story, &listing, 100, &[]);
    terminal.until(|screen| {
        screen
            .last()
            .is_some_and(|row| row.contains(" listing (") && row.contains(" points, "))
    });
    let (status, terminal) = terminal.end();
    assert_eq!(status.code(), Some(0), "{}", terminal.screen().join("\n"));
    let lines = terminal.lines();
    let points: Vec<&String> = lines.iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(points.len(), 4_000);
    for point in points {
        serde_json::from_str::<serde_json::Value>(point).unwrap_or_else(|error| panic!("{error} in {point}"));
    }
}

/// Times, and what follows from them, are others every time.
fn masked(rows: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut pausing = false;
    for row in rows {
        // How a reason is folded follows from how long it has been: here it is one line, and its beginning is enough.
        if pausing && !row.starts_with("  watched") {
            let reason = lines.last_mut().expect("it has begun");
            reason.push_str(&row[1..]);
            continue;
        }
        pausing = row.starts_with("  paused since");
        if row.starts_with("  at once: ") {
            // What AWS was found to run, if anything, follows from when it was looked at. It stands last.
            break;
        }
        lines.push(row.clone());
    }
    let lines = lines.iter().map(|line| {
        let masked = masked_line(line);
        if masked.starts_with("  paused since") {
            masked.chars().take(90).collect()
        } else {
            masked
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Without how far it is.
fn uncounted(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("] ") {
        Some((bar, counted)) if bar.starts_with('[') => format!("[bar] {}", without_numbers(counted)),
        _ if line.contains(" in flight") => without_numbers(line),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn without_numbers(text: &str) -> String {
    text.chars().fold(String::new(), |mut masked, c| {
        if !c.is_ascii_digit() {
            masked.push(c);
        } else if !masked.ends_with("[n]") {
            masked.push_str("[n]");
        }
        masked
    })
}

fn masked_line(line: &str) -> String {
    const AROUND: [char; 5] = ['(', ')', ',', ':', ';'];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut words: Vec<String> = Vec::new();
    let mut after = line.split(' ').skip(1).chain([""]);
    for word in line.split(' ') {
        let next = after.next().unwrap_or_default();
        let bare = word.trim_matches(AROUND);
        let time = bare.strip_suffix(['s', 'm', 'h', 'd']).is_some_and(digits);
        let clock = bare.contains(':') && bare.trim_end_matches('Z').split(':').all(digits);
        let mask = match bare {
            _ if time => "[time]",
            _ if clock => "[clock]",
            date if date.len() == 10 && date.split('-').all(digits) => "[date]",
            rate if rate.strip_suffix("/h").is_some_and(digits) => "[n]/h",
            number if digits(number) && next == "calls" => "[n]",
            other => other,
        };
        let masked = if bare.is_empty() {
            word.to_owned()
        } else {
            word.replacen(bare, mask, 1)
        };
        match words.last_mut() {
            // `1m 05s` is one time.
            Some(before) if before.ends_with("[time]") && masked.starts_with("[time]") => {
                let rest = masked.trim_start_matches("[time]");
                before.push_str(rest);
            }
            _ => words.push(masked),
        }
    }
    words.join(" ")
}
