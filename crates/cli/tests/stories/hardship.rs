//! Bad places to run in: streams that cannot be written, signals, environments that mean something else, answers that are
//! not AWS's.

use std::fmt::Write as _;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use sav_simulator::faults::{Fault, What};

use crate::story::{SOURCE, Story, binary};

fn listing(story: &Story, options: &str) -> Command {
    story.command(&format!(
        "list --source-account {SOURCE} --source-profile source --api-rate 5000 {options}"
    ))
}

#[test]
fn a_stderr_that_cannot_be_written_changes_nothing_but_what_is_read_there() {
    let story = Story::with_points(100);
    for (options, code) in [
        ("--metadata-csv metadata.csv --summary", 0),
        ("-vvv --summary", 0),
        ("--vault nope", 1),
        ("--config nope.toml", 1),
        ("--bogus", 1),
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let status = listing(&story, options).stdout(Stdio::null()).stderr(full).status();
        assert_eq!(status.unwrap().code(), Some(code), "{options}");
    }
}

#[test]
fn a_stdout_that_cannot_be_written_is_an_error() {
    let story = Story::with_points(100);
    for mut command in [
        listing(&story, ""),
        listing(&story, "--summary"),
        listing(&story, "--help"),
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("No space left on device"), "{said}");
    }
}

#[test]
fn a_temporary_folder_that_cannot_be_written_is_named() {
    let story = Story::with_points(20_000);
    let told = story
        .command(&format!(
            "filter --source-account {SOURCE} --source-profile source --api-rate 5000 --output json"
        ))
        .env("TMPDIR", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(
        said.contains("a temporary file in `/nowhere` cannot be written"),
        "{said}"
    );
}

/// A whole document up to where it was interrupted, and an exit code of the contract.
#[test]
fn an_interrupted_listing_ends_its_document() {
    let story = Story::with_points(5000);
    for signal in ["INT", "TERM", "HUP"] {
        story.suffers([Fault::new(What::Slow {
            delay_ms: 60_000,
            spread_ms: 0,
        })
        .on(["ListRecoveryPointsByBackupVault"])
        .after(4)]);
        let mut child = listing(&story, "--output json --vault prod-daily")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut read = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        // It is listing once something arrives; a pipe is filled by 64 KiB.
        while read.len() < 3 {
            assert!(stdout.read_line(&mut read).unwrap() > 0, "{signal}: it ended by itself");
        }
        let sent = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        stdout.read_to_string(&mut read).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{signal}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(
            said.contains("interrupted: what was written is not everything"),
            "{said}"
        );
        serde_json::from_str::<serde_json::Value>(&read).unwrap();
    }
}

/// Nobody reads the output, so the program is stuck in writing; it has to hear all the same.
#[test]
fn an_interrupted_program_that_is_stuck_ends_too() {
    let story = Story::with_points(5000);
    let mut child = listing(&story, "--output jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 1]).unwrap();
    let sent = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

/// With two accounts, keys in the environment would otherwise stand for both.
#[test]
fn a_profile_that_was_asked_for_goes_before_keys_in_the_environment() {
    let story = Story::with_points(100);
    let told = listing(&story, "--summary")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn empty_variables_are_as_good_as_none() {
    let story = Story::with_points(100);
    let told = listing(&story, "--summary")
        .env("AWS_CA_BUNDLE", "")
        .env("AWS_PROFILE", "")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn wrong_ways_to_aws_are_told_at_once() {
    let story = Story::with_points(100);
    story.write(
        "ca.pem",
        "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n",
    );
    let mut all = String::new();
    for options in [
        "--endpoint-url nonsense",
        "--ca-bundle {folder}/ca.pem",
        "--source-role-arn arn:aws:iam::111111111111:role/Nobody",
        "--source-role-arn nonsense",
    ] {
        let _ = writeln!(all, "$ list {options}\n{}", story.list(options).refusal());
    }
    insta::assert_snapshot!(all);
    for (name, value, said) in [
        (
            "AWS_USE_FIPS_ENDPOINT",
            "true",
            "NotConfigured: Invalid Configuration: FIPS",
        ),
        (
            "AWS_ENDPOINT_URL",
            "nonsense",
            "NotConfigured: the endpoint's URL cannot be used",
        ),
    ] {
        let told = listing(&story, "").env(name, value).output().unwrap();
        let stderr = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
}

#[test]
fn the_demo_reaches_nothing_but_its_own_world() {
    let story = Story::with_points(10);
    let told = story
        .command("demo --points 300")
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .env("AWS_USE_FIPS_ENDPOINT", "true")
        .env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
}

/// Answers every request alike; what it does not know how to say is not asked.
fn server(vaults: &'static str, points: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let identity = "<GetCallerIdentityResponse xmlns=\"urn:another\"><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/me</Arn>\
                    <Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut body) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        body = length.trim().parse().unwrap();
                    }
                    head.push_str(&line);
                }
                reader.read_exact(&mut vec![0; body]).unwrap();
                let (kind, text) = match head.as_str() {
                    head if head.starts_with("POST") => ("text/xml", identity),
                    head if head.contains("/recovery-points") => ("application/json", points),
                    _ => ("application/json", vaults),
                };
                let mut stream = stream;
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
                    text.len()
                );
            });
        }
    });
    url
}

fn asked(url: &str, options: &str) -> std::process::Output {
    binary()
        .args(["list", "--source-account", "111111111111", "--endpoint-url", url])
        .args(options.split_whitespace())
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
        .output()
        .unwrap()
}

#[test]
fn another_implementation_may_leave_out_and_add_what_it_likes() {
    let url = server(
        r#"{"BackupVaultList": [
            {"BackupVaultName": "huge", "NumberOfRecoveryPoints": 9223372036854775807, "VaultType": "FUTURE", "New": [{}]},
            {"BackupVaultName": "vast", "NumberOfRecoveryPoints": 9223372036854775807},
            {"BackupVaultName": "wide", "NumberOfRecoveryPoints": 9223372036854775807},
            {"BackupVaultArn": "arn:aws:backup:us-east-1:111111111111:backup-vault:by-arn", "BackupVaultName": null}
        ], "NextToken": ""}"#,
        r#"{"RecoveryPoints": [
            {"CreationDate": 1.7000000002569999E9, "BackupSizeInBytes": 1.5E9, "Status": "HIBERNATING"},
            {"CreationDate": 1700000001, "BackupSizeInBytes": -1, "ResourceType": "Quantum Thing"},
            {"CreationDate": -6E10, "New": {"a": [null]}},
            {}
        ], "NextToken": null}"#,
    );
    let output = asked(&url, "--output json");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let points: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(points.len(), 16, "four vaults with four points each");
    let of_vault: Vec<_> = points.iter().filter(|point| point["vault_name"] == "by-arn").collect();
    assert_eq!(of_vault.len(), 4);
    assert_eq!(of_vault[0]["creation_date"], "2023-11-14T22:13:20.257Z");
    assert_eq!(of_vault[0]["size_bytes"], 1_500_000_000);
    assert_eq!(of_vault[0]["status"], "HIBERNATING");
    assert!(of_vault[1]["size_bytes"].is_null());
    assert_eq!(of_vault[1]["resource_type"], "Quantum Thing");
    assert!(of_vault[3].as_object().unwrap()["recovery_point_arn"].is_null());
    let summary: serde_json::Value = serde_json::from_slice(&asked(&url, "--output json --summary").stdout).unwrap();
    assert_eq!(summary["total_count"], 16);
    assert!(summary["resource_types"][0]["name"].is_null(), "{summary}");
}

#[test]
fn a_success_that_is_not_awss_is_told_as_such() {
    let url = server(
        r#"{"BackupVaultList": [{"CreationDate": "2024-05-31T00:00:00Z"}]}"#,
        "{}",
    );
    let output = asked(&url, "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("BrokenAnswer: an answer with application/json that is not AWS's: "),
        "{said}"
    );
}
