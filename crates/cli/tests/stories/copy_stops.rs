//! `copy` when it is stopped, when its window ends, when it is not alone, and when nobody reads what it says.

use std::fs::File;
use std::process::Stdio;

use serde_json::Value;

use tokio::time::Instant;

use crate::copy_world::{CopyStory, jobs_of, plain};

/// So long that no job ends before the test does.
const FOR_EVER: u64 = 3_600_000;

#[test]
fn a_signal_stops_it_within_seconds_and_it_goes_on_from_there() {
    for signal in ["INT", "TERM", "HUP"] {
        let story = CopyStory::of(plain(120), jobs_of(60));
        let started = story.start("--summary-output {folder}/summary.json");
        story.wait_for_jobs(10);
        let asked = Instant::now();
        started.send(signal);
        let (status, said) = started.wait();
        let took = asked.elapsed();
        assert_eq!(status.code(), Some(2), "{signal}: {said}");
        assert!(took.as_secs() < 5, "{signal}: {took:?}");
        assert!(said.contains("Interrupted after "), "{said}");
        let summary = story.summary();
        assert_eq!(summary["exit_code"], 2);
        assert!(summary["pending"].as_u64().unwrap() > 0, "{summary}");
        let told = story.copy("");
        assert_eq!(told.code, 0, "{}", told.stderr);
        story.everything_arrived_once();
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let story = CopyStory::of(plain(60), jobs_of(FOR_EVER));
    let started = story.start("");
    story.wait_for_jobs(3);
    started.send("INT");
    started.send("INT");
    let (status, said) = started.wait();
    assert_eq!(status.code(), Some(2), "{said}");
}

#[test]
fn a_window_ends_by_itself() {
    let story = CopyStory::of(plain(60), jobs_of(FOR_EVER));
    let told = story.copy("--max-runtime-minutes 0.02 --summary-output {folder}/summary.json");
    assert_eq!(told.code, 2, "{}", told.stderr);
    let summary = story.summary();
    assert_eq!(summary["ended"], "ended with the window");
    assert_eq!(summary["completed"], 0);
    assert_eq!(summary["total_items"], 60);
    let story_goes_on = story.copy("--max-runtime-minutes 0.02");
    assert_eq!(story_goes_on.code, 2, "{}", story_goes_on.stderr);
    story.nothing_went_twice();
}

#[test]
fn a_second_process_is_refused_with_the_firsts_pid() {
    let story = CopyStory::of(plain(40), jobs_of(FOR_EVER));
    let first = story.start("");
    story.wait_for_jobs(0);
    let second = story.copy("");
    assert_eq!(second.code, 1);
    let pid = format!("in use by process {} on ", first.child.id());
    assert!(second.stderr.contains(&pid), "{}", second.stderr);
    let reset = story.copy("--reset");
    assert!(reset.stderr.contains(&pid), "{}", reset.stderr);
    first.send("TERM");
    assert_eq!(first.wait().0.code(), Some(2));
}

#[test]
fn two_ledgers_of_one_migration_make_no_duplicates() {
    let story = CopyStory::of(plain(150), jobs_of(60));
    let run = |name: &str| {
        let line = format!(
            "copy --source-account 111111111111 --source-profile source --dest-account 222222222222 --dest-profile dest \
             --state-file {{folder}}/{name}.db --poll-interval 0.05 --api-rate 20000"
        );
        story
            .story
            .command(&line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let (mut one, mut two) = (run("one"), run("two"));
    assert_eq!(one.wait().unwrap().code(), Some(0));
    assert_eq!(two.wait().unwrap().code(), Some(0));
    let truth = story.truth();
    assert_eq!((truth.points_copied, truth.duplicate_copies), (150, 0), "{truth:#?}");
}

#[test]
fn nobody_has_to_read_what_it_says() {
    let story = CopyStory::with_points(60);
    for (options, stdout, stderr) in [
        ("-vv", "/dev/full", "/dev/full"),
        ("-v --log-format json --reset", "/dev/null", "/dev/full"),
    ] {
        let open = |path: &str| File::options().write(true).open(path).unwrap();
        let status = story
            .command(options)
            .stdout(open(stdout))
            .stderr(open(stderr))
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{options}");
    }
    story.everything_arrived_once();

    let story = CopyStory::with_points(60);
    let mut child = story
        .command("-vv")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    story.everything_arrived_once();
}

#[test]
fn events_reach_the_command_and_a_broken_one_stops_nothing() {
    let story = CopyStory::with_points(30);
    story.story.write("hook.sh", "cat >> events.jsonl\n");
    let mut command = story.command("");
    let status = command
        .args(["--on-event", "/bin/sh hook.sh"])
        .env("PATH", "/usr/bin:/bin")
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let text = std::fs::read_to_string(story.story.file("events.jsonl")).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["started", "finished"]);
    assert_eq!(events[0]["counts"]["pending"], 30);
    assert_eq!(events[1]["exit_code"], 0);
    assert_eq!(events[1]["counts"]["completed"], 30);

    let story = CopyStory::with_points(30);
    let told = story
        .command("")
        .args(["--on-event", "echo no luck >&2; exit 3"])
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0));
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(
        said.contains("the --on-event command failed for `started`: exit status: 3: no luck"),
        "{said}"
    );
}

#[test]
fn progress_is_told_at_every_percent_and_each_transfer_with_v() {
    let story = CopyStory::with_points(50);
    let told = story.copy("-v");
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(told.stderr.matches("\ncopied: arn:aws:").count(), 50, "{}", told.stderr);
    assert!(
        told.stderr.contains("100.0%: 50 of 50 points copied, 0 failed"),
        "{}",
        told.stderr
    );

    let story = CopyStory::with_points(50);
    let told = story.copy("--log-format json");
    let lines: Vec<Value> = told
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let progress: Vec<&Value> = lines.iter().filter(|line| line["message"] == "progress").collect();
    assert_eq!(progress.last().unwrap()["completed"], 50, "{}", told.stderr);
    assert_eq!(lines.iter().filter(|line| line["message"] == "summary").count(), 1);
    assert_eq!(story.copy("-q").stderr, "");
}
