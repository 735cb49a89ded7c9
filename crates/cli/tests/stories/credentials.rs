//! Credentials that end while the binary is at work.

use std::fmt::Write as _;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sav_simulator::faults::{Fault, What};
use sav_simulator::identities::{Credentials, SessionOrder};
use sav_simulator::world::seeded::{BACKUP_ROLE, OPERATOR_ROLE};

use crate::copy_world::{CopyStory, Started, glance};
use crate::story::{DESTINATION, SOURCE, Story};

/// Within which a change to a file is noticed, by the contract.
const NOTICED: Duration = Duration::from_secs(5);
/// A test that waits for longer would wait for ever.
const PATIENCE: Duration = Duration::from_mins(2);

fn operator(story: &Story, account: &str) -> Credentials {
    story.simulator.credentials(account, OPERATOR_ROLE).unwrap()
}

fn expire(story: &Story, account: &str) {
    let key = operator(story, account).access_key_id;
    story.simulator.with_state(|state| state.identities.expire_now(&key));
}

fn session(story: &Story, account: &str, role: &str) -> Credentials {
    let order = SessionOrder {
        account,
        role,
        session_name: "again",
        lifetime: Duration::from_hours(1),
        policies: &[],
    };
    let issued = story
        .simulator
        .with_state(|state| state.identities.issue_session(&state.world, &order));
    issued.unwrap().0
}

fn profile(name: &str, keys: &Credentials) -> String {
    let mut text = format!(
        "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.access_key_id, keys.secret_access_key
    );
    if let Some(token) = &keys.session_token {
        let _ = writeln!(text, "aws_session_token = {token}");
    }
    text
}

/// The file with these keys for the source; the destination's stay.
fn write(story: &Story, source: &Credentials) {
    let text = profile("source", source) + &profile("dest", &operator(story, DESTINATION));
    story.write("credentials.new", text);
    std::fs::rename(story.file("credentials.new"), story.file("credentials")).unwrap();
}

/// How long it took until the file held these words.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the contract promises this in real seconds")]
fn until(story: &Story, file: &str, words: &str) -> Duration {
    let began = Instant::now();
    loop {
        let text = std::fs::read(story.file(file)).unwrap_or_default();
        if String::from_utf8_lossy(&text).contains(words) {
            return began.elapsed();
        }
        assert!(
            began.elapsed() < PATIENCE,
            "no `{words}` in {}",
            String::from_utf8_lossy(&text)
        );
        glance();
    }
}

/// A copy whose stderr goes to a file, with its events in another.
fn start(story: &CopyStory, options: &str) -> Started {
    let said = std::fs::File::create(story.story.file("said")).unwrap();
    let mut command = story.command(options);
    command.args(["--on-event", "cat >> events"]);
    let child = command.stdout(Stdio::null()).stderr(said).spawn().unwrap();
    Started { child }
}

fn said(story: &CopyStory) -> String {
    std::fs::read_to_string(story.story.file("said")).unwrap()
}

#[test]
fn unattended_it_goes_on_when_the_file_changes_and_a_stranger_s_does_not_count() {
    let story = CopyStory::with_points(200);
    let running = start(&story, "");
    story.wait_for_jobs(20);
    expire(&story.story, SOURCE);
    until(&story.story, "events", "\"paused\"");
    until(&story.story, "said", "have expired");

    // Another account's, and another role of ours.
    write(&story.story, &operator(&story.story, DESTINATION));
    until(
        &story.story,
        "said",
        "are another's now: arn:aws:sts::222222222222:assumed-role/",
    );
    write(&story.story, &session(&story.story, SOURCE, BACKUP_ROLE));
    until(
        &story.story,
        "said",
        &format!("are another's now: arn:aws:sts::{SOURCE}:assumed-role/{BACKUP_ROLE}"),
    );
    let accepted = story.accepted();

    write(&story.story, &session(&story.story, SOURCE, OPERATOR_ROLE));
    let noticed = until(&story.story, "events", "\"resumed\"");
    assert!(noticed <= NOTICED, "{noticed:?}");
    assert!(story.accepted() >= accepted);
    let (status, _) = running.wait();
    let said = said(&story);
    assert_eq!(status.code(), Some(0), "{said}");
    story.everything_arrived_once();
    let credentials = story.story.file("credentials");
    for words in [
        format!("profile `source` in `{}`", credentials.display()),
        "it goes on by itself when they change".to_owned(),
        "the source account's credentials are good again after".to_owned(),
    ] {
        assert!(said.contains(&words), "no `{words}` in {said}");
    }
    assert!(!said.contains("Press any key"), "nobody is there: {said}");
    let history = story.story.run(&format!(
        "state history --source-account {SOURCE} --dest-account {DESTINATION} --state-file {{folder}}/ledger.db"
    ));
    for kind in ["identity", "paused", "resumed"] {
        assert!(history.stdout.contains(kind), "{history:?}");
    }
    let by_strangers = story
        .story
        .simulator
        .journal()
        .lines
        .into_iter()
        .filter(|line| line.account == DESTINATION && line.operation == "StartCopyJob");
    assert_eq!(by_strangers.count(), 0);
}

#[test]
fn a_listing_waits_for_new_credentials_too() {
    let story = Story::with_points(3_000);
    let key = operator(&story, SOURCE).access_key_id;
    story
        .simulator
        .with_state(|state| state.identities.expire_after_calls(&key, 5));
    let said = std::fs::File::create(story.file("said")).unwrap();
    let listing = story
        .command(&format!(
            "list --source-account {SOURCE} --source-profile source --summary --output json"
        ))
        .stdout(Stdio::piped())
        .stderr(said)
        .spawn()
        .unwrap();
    until(&story, "said", "paused: the source account's credentials have expired");
    // Half a file, then none, then the right one.
    let right = profile("source", &session(&story, SOURCE, OPERATOR_ROLE));
    story.write("credentials", &right[..right.len() / 2]);
    until(&story, "said", "paused: the source account's credentials");
    std::fs::remove_file(story.file("credentials")).unwrap();
    until(&story, "said", "are not there");
    story.write("credentials", right);
    let noticed = until(&story, "said", "are good again");
    assert!(noticed <= NOTICED, "{noticed:?}");
    let told = story.told(listing.wait_with_output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(told.json()["total_count"], crate::story::arns(&story).len());
}

#[test]
fn without_an_sts_and_with_a_wrong_clock_it_neither_falls_nor_spins() {
    let story = CopyStory::with_points(150);
    let running = start(&story, "");
    story.wait_for_jobs(10);
    // As AWS words it when a signature's date is ten minutes off.
    let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)";
    let refuse = |code: &str, services: [&str; 1]| {
        Fault::new(What::Refuse {
            code: code.to_owned(),
            message: late.to_owned(),
            status: 403,
        })
        .in_services(services)
        .in_accounts([SOURCE])
    };
    story.story.suffers([
        refuse("InvalidSignatureException", ["backup"]),
        refuse("SignatureDoesNotMatch", ["sts"]),
    ]);
    until(&story.story, "said", "this machine's clock is the likely cause");
    story.story.suffers([
        Fault::new(What::ResetBefore).in_services(["sts"]),
        refuse("RequestExpired", ["backup"]),
    ]);
    // Somebody touches the file: that is reason enough to ask STS, which does not answer.
    write(&story.story, &session(&story.story, SOURCE, OPERATOR_ROLE));
    until(&story.story, "said", "cannot be checked, AWS gives no answer");
    let asked = |operation: &str| -> u64 {
        let lines = story.story.simulator.journal().lines;
        lines
            .iter()
            .filter(|line| line.operation == operation)
            .map(|line| line.calls)
            .sum()
    };
    assert!(asked("GetCallerIdentity") < 15, "{}", asked("GetCallerIdentity"));
    story.story.suffers([]);
    write(&story.story, &session(&story.story, SOURCE, OPERATOR_ROLE));
    let (status, _) = running.wait();
    assert_eq!(status.code(), Some(0), "{}", said(&story));
    story.everything_arrived_once();
}

/// `script` gives the program a terminal of its own, and types what it is given.
#[test]
fn on_a_terminal_a_key_goes_on() {
    let story = CopyStory::with_points(150);
    let command = story.command("");
    let line: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut terminal = std::process::Command::new("script");
    terminal
        .args(["--quiet", "--return", "--flush", "--command", &line.join(" ")])
        .arg(story.story.file("said"))
        .current_dir(story.story.file("."))
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    let mut running = terminal
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    story.wait_for_jobs(10);
    expire(&story.story, SOURCE);
    until(&story.story, "said", "Press any key to retry\u{7}");
    let key = operator(&story.story, SOURCE).access_key_id;
    let mut keyboard = running.stdin.take().unwrap();
    keyboard.write_all(b"x").unwrap();
    until(&story.story, "said", "still paused");
    // AWS takes them again, and no file says so.
    story.story.simulator.with_state(|state| state.identities.restore(&key));
    keyboard.write_all(b"x").unwrap();
    let noticed = until(&story.story, "said", "are good again");
    assert!(noticed <= NOTICED, "{noticed:?}");
    let status = running.wait().unwrap();
    let said = String::from_utf8_lossy(&std::fs::read(story.story.file("said")).unwrap()).into_owned();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(
        said.matches("Press any key to retry").count(),
        said.matches('\u{7}').count(),
        "{said}"
    );
    story.everything_arrived_once();
}

#[test]
fn no_secret_is_ever_written() {
    let story = CopyStory::with_points(120);
    let mut known = vec![operator(&story.story, SOURCE), operator(&story.story, DESTINATION)];
    let running = start(&story, "-vvvv --log-file log --summary-output summary.json");
    story.wait_for_jobs(10);
    expire(&story.story, SOURCE);
    until(&story.story, "events", "\"paused\"");
    // A secret that does not fit its key: AWS answers with what it would have signed, token and all.
    let mut spoilt = session(&story.story, SOURCE, OPERATOR_ROLE);
    spoilt.secret_access_key = spoilt.secret_access_key.chars().rev().collect();
    write(&story.story, &spoilt);
    until(&story.story, "said", "SignatureDoesNotMatch");
    let right = session(&story.story, SOURCE, OPERATOR_ROLE);
    write(&story.story, &right);
    known.extend([spoilt, right]);
    let (status, _) = running.wait();
    assert_eq!(status.code(), Some(0), "{}", said(&story));
    let route = format!("--source-account {SOURCE} --dest-account {DESTINATION} --state-file {{folder}}/ledger.db");
    let exported = story.story.run(&format!("state export - {route}")).went_well();
    story.story.write("export.json", exported.stdout);
    let mut looked_at = 0;
    for entry in std::fs::read_dir(story.story.file(".")).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_file() || entry.file_name() == "credentials" {
            continue;
        }
        looked_at += 1;
        let bytes = std::fs::read(entry.path()).unwrap();
        for keys in &known {
            for secret in [Some(&keys.secret_access_key), keys.session_token.as_ref()]
                .into_iter()
                .flatten()
            {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "a secret is in {:?}", entry.file_name());
            }
        }
    }
    assert!(looked_at >= 6, "{looked_at}");
    let log = std::fs::read_to_string(story.story.file("log")).unwrap();
    assert!(log.contains("credentials are renewed, calls go on"), "{log}");
}
