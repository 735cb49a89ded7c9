//! What a run tells to programs: `--log-format json`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use sav_simulator::faults::{Fault, What};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use serde_json::Value;

use crate::copy_world::{CopyStory, Started, glance};
use crate::story::SOURCE;

/// Every line is an object, says when it was said, and by which run.
#[track_caller]
fn lines(said: &str) -> Vec<Value> {
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect();
    for line in &lines {
        for name in ["ts", "level", "event", "run_id", "message"] {
            assert!(line[name].is_string(), "no {name} in {line}");
        }
        assert_eq!(line["run_id"], lines[0]["run_id"]);
    }
    lines
}

#[track_caller]
fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"))
}

#[test]
fn every_line_about_a_transfer_names_it_its_job_and_the_request() {
    let story = CopyStory::with_points(40);
    let mut no = Fault::new(What::Refuse {
        code: "InvalidRequestException".to_owned(),
        message: "this point is not for copying".to_owned(),
        status: 400,
    })
    .on(["StartCopyJob"]);
    no.aim.at_most = Some(1);
    story.story.suffers([no]);
    let told = story.copy("-vv --log-format json");
    assert_eq!(told.code, 1, "{}", told.stderr);
    let lines = lines(&told.stderr);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();

    let accepted: BTreeMap<&str, (&str, &str)> = of("accepted")
        .into_iter()
        .map(|line| {
            let asked = (text(line, "job_id"), text(line, "request_id"));
            (text(line, "recovery_point_arn"), asked)
        })
        .collect();
    assert_eq!(accepted.len(), 39);
    let requests: BTreeSet<&str> = accepted.values().map(|(_, request)| *request).collect();
    assert_eq!(requests.len(), 39, "a request each");
    let arrived = of("arrived");
    assert_eq!(arrived.len(), 39);
    for line in arrived {
        let asked = (text(line, "job_id"), text(line, "request_id"));
        assert_eq!(accepted[text(line, "recovery_point_arn")], asked);
    }
    let failed = of("failed");
    let [failed] = failed[..] else { panic!("{failed:?}") };
    assert_eq!(failed["level"], "error");
    assert!(failed["job_id"].is_null(), "there never was one: {failed}");
    // The call that was refused, by the same id, in the log.
    let refused = of("log").into_iter().filter(|line| line["message"] == "refused");
    let refused: Vec<&Value> = refused.filter(|line| line["operation"] == "StartCopyJob").collect();
    let [refused] = refused[..] else { panic!("{refused:?}") };
    assert_eq!(text(refused, "request_id"), text(failed, "request_id"));
    assert_eq!(text(refused, "subject"), text(failed, "recovery_point_arn"));
    assert_eq!(refused["level"], "debug");
}

#[test]
fn a_pause_is_told_with_whose_it_is_since_when_and_what_is_watched() {
    let story = CopyStory::with_points(200);
    let mut command = story.command("--log-format json");
    command.args(["--on-event", "cat >> events"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let run = Started { child };
    story.wait_for_jobs(10);
    let keys = story.story.simulator.credentials(SOURCE, OPERATOR_ROLE).unwrap();
    story
        .story
        .simulator
        .with_state(|state| state.identities.expire_now(&keys.access_key_id));
    let events = story.story.file("events");
    while !std::fs::read_to_string(&events).is_ok_and(|told| told.contains("\"paused\"")) {
        glance();
    }
    run.send("TERM");
    let (status, said) = run.wait();
    assert_eq!(status.code(), Some(2), "{said}");
    let lines = lines(&said);
    let paused = lines.iter().find(|line| line["event"] == "paused").unwrap();
    assert_eq!(
        (&paused["level"], &paused["reason"]),
        (&"warning".into(), &"credentials".into())
    );
    assert_eq!(paused["side"], "source");
    assert!(text(paused, "since").ends_with('Z'));
    let credentials = story.story.file("credentials");
    let watched = paused["watched"].as_array().unwrap();
    assert!(
        watched.iter().any(|file| file == credentials.to_str().unwrap()),
        "{paused}"
    );
}
