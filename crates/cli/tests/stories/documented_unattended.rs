//! The guide's ways of running unattended: its scripts are run by a shell, its units are read by systemd.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::copy_world::{CopyStory, glance, jobs_of, plain};

const GUIDE: &str = include_str!("../../../../docs/user-guide.md");
const HOUR: Duration = Duration::from_hours(1);

/// The blocks of this language in the guide's section about it.
fn blocks(language: &str) -> Vec<&'static str> {
    let section = GUIDE.split("\n## Running unattended\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let fence = format!("```{language}\n");
    section
        .split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The guide's options, in a world where copies take this long, with nothing that would hold a test up.
fn with_options_of_the_guide(job: Duration, window_minutes: &str) -> CopyStory {
    let story = CopyStory::of(plain(60), jobs_of(u64::try_from(job.as_millis()).unwrap()));
    let options = blocks("toml")[0].replace("= 240", &format!("= {window_minutes}"));
    story.story.write(
        "copy.toml",
        format!("{options}poll-interval = 0.05\napi-rate = 20000\n"),
    );
    story
}

/// This line in a shell that finds the program by its name.
fn shell(story: &CopyStory, line: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_shuffle-aws-vaults"));
    let usual = story.story.command("");
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", line])
        .env_clear()
        .current_dir(usual.get_current_dir().unwrap());
    for (name, value) in usual.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell.env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()));
    shell
}

#[test]
fn the_script_runs_windows_until_nothing_is_left() {
    let story = with_options_of_the_guide(HOUR, "0.04");
    let script = blocks("sh")
        .into_iter()
        .find(|block| block.starts_with("#!/bin/sh\n"))
        .unwrap();
    story.story.write("migrate", script);
    let mut running = shell(&story, "sh ./migrate 2> said.txt").spawn().unwrap();
    // In the first window nothing can end. Then hours pass at every glance, and later windows find what has ended meanwhile.
    let first = story.story.file("summary.json");
    while !first.exists() {
        glance();
    }
    assert_eq!(
        (
            story.summary()["exit_code"].as_u64(),
            story.summary()["completed"].as_u64()
        ),
        (Some(2), Some(0))
    );
    let ended = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        story.story.simulator.advance(HOUR);
        glance();
    };
    assert_eq!(
        (ended.code(), story.summary()["exit_code"].as_u64()),
        (Some(0), Some(0))
    );
    story.everything_arrived_once();
}

#[test]
fn the_script_ends_with_an_error() {
    let story = with_options_of_the_guide(Duration::ZERO, "240");
    std::fs::remove_file(story.story.file("credentials")).unwrap();
    let script = blocks("sh")[0];
    let status = shell(&story, script).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn lines_for_a_shell_do_what_they_say() {
    let mut run = 0;
    for block in blocks("sh").into_iter().chain(blocks("text")) {
        let story = with_options_of_the_guide(Duration::ZERO, "240");
        // What cron puts before the command, and a terminal that a test has not got.
        let line = block.trim_start_matches("0 20 * * 1-5").replace("/srv/migration", ".");
        story.story.write("line", &line);
        assert!(shell(&story, "sh -n line").status().unwrap().success(), "{line}");
        if line.contains("tmux") {
            continue;
        }
        let told = story.story.told(shell(&story, &line).output().unwrap());
        assert_eq!(told.code, 0, "{line}\n{}", told.stderr);
        story.everything_arrived_once();
        if line.contains("events.jsonl") {
            let events = std::fs::read_to_string(story.story.file("events.jsonl")).unwrap();
            assert!(
                events.contains("\"started\"") && events.contains("\"finished\""),
                "{events}"
            );
        }
        run += 1;
    }
    assert!(run >= 3, "{run}");
}

#[test]
fn the_units_are_understood_and_the_service_runs_a_window() {
    let units: Vec<&str> = blocks("ini");
    assert_eq!(units.len(), 2);
    let story = with_options_of_the_guide(Duration::ZERO, "240");
    let program = env!("CARGO_BIN_EXE_shuffle-aws-vaults");
    let mut names = Vec::new();
    for unit in &units {
        let first = unit.lines().next().unwrap();
        let name = first.rsplit('/').next().unwrap();
        story
            .story
            .write(name, unit.replace("/usr/local/bin/shuffle-aws-vaults", program));
        names.push(name);
    }
    // Where there is a systemd, it says what it does not understand, without failing for it.
    let verify = Command::new("systemd-analyze")
        .arg("verify")
        .args(names.iter().map(|name| story.story.file(name)))
        .env("SYSTEMD_LOG_LEVEL", "warning")
        .output();
    if let Ok(verify) = verify {
        let said = String::from_utf8(verify.stderr).unwrap();
        let complaints: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("shuffle-aws-vaults."))
            .collect();
        assert_eq!(complaints, Vec::<&str>::new());
        assert!(verify.status.success(), "{said}");
    }
    let setting = |key: &str| units[0].lines().find_map(|line| line.strip_prefix(key)).unwrap();
    assert_eq!(setting("SuccessExitStatus="), "2");
    let line = setting("ExecStart=").replace("/usr/local/bin/", "");
    let told = story.story.told(shell(&story, &line).output().unwrap());
    assert_eq!(told.code, 0, "{}", told.stderr);
    story.everything_arrived_once();
}
