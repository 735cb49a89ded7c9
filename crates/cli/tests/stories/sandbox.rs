//! A local AWS Backup to try things out on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::story::{binary, exists};

struct Sandbox {
    child: Child,
    about: Value,
}

impl Sandbox {
    fn start(options: &[&str]) -> Self {
        let mut child = binary()
            .args(["sandbox", "--output", "json", "--points", "500"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let about = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        Self { child, about }
    }

    fn client(&self) -> Command {
        let mut command = binary();
        for (name, value) in self.about["environment"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command
    }

    /// Every point of the source, one a line.
    fn list(&self) -> Output {
        self.client()
            .args([
                "list",
                "--source-account",
                "111111111111",
                "--source-profile",
                "source",
                "--output",
                "jsonl",
            ])
            .output()
            .unwrap()
    }

    /// What the sandbox itself has counted.
    fn account(&self) -> Value {
        let endpoint = self.about["endpoint"].as_str().unwrap();
        let mut stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).unwrap();
        stream
            .write_all(b"GET /_sandbox/account HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn end_with(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

#[test]
fn it_tells_how_to_reach_it_and_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let sandbox = Sandbox::start(&["--seed", "7"]);
        let folder = std::path::PathBuf::from(sandbox.about["folder"].as_str().unwrap());
        for file in ["credentials", "config", "metadata.csv"] {
            assert!(exists(&folder.join(file)), "{file}");
        }
        let listed = sandbox.list();
        assert_eq!(
            String::from_utf8_lossy(&listed.stdout).lines().count(),
            500,
            "{listed:?}"
        );
        let (code, said) = sandbox.end_with(signal);
        assert_eq!(code, Some(0));
        assert_eq!(
            said,
            "The sandbox is running. Ctrl-C ends it.\nThe sandbox has ended.\n"
        );
        assert!(!exists(&folder), "the temporary folder is still there");
    }
}

#[test]
fn its_role_can_be_assumed() {
    let sandbox = Sandbox::start(&[]);
    let role = sandbox.about["source"]["role_arn"].as_str().unwrap();
    let listed = sandbox
        .client()
        .args(["list", "--source-account", "111111111111", "--source-profile", "source"])
        .args(["--source-role-arn", role, "--output", "jsonl"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&listed.stdout).lines().count(),
        500,
        "{listed:?}"
    );
    sandbox.end_with("-INT");
}

#[test]
fn a_folder_of_the_users_own_stays_and_its_keys_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("it's mine");
    let sandbox = Sandbox::start(&["--folder", folder.to_str().unwrap()]);
    sandbox.end_with("-INT");
    let mode = std::fs::metadata(folder.join("credentials"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let arns = |seed: &str| {
        let sandbox = Sandbox::start(&["--seed", seed]);
        let listed = sandbox.list();
        let mut arns: Vec<String> = String::from_utf8(listed.stdout)
            .unwrap()
            .lines()
            .map(|line| {
                let point: Value = serde_json::from_str(line).unwrap();
                // The S3 forms carry the creation date, which follows the moment the world was made.
                format!("{} {}", point["resource_arn"], point["size_bytes"])
            })
            .collect();
        sandbox.end_with("-INT");
        arns.sort();
        arns
    };
    assert_eq!(arns("5"), arns("5"));
    assert_ne!(arns("5"), arns("6"));
}

#[test]
fn what_it_cannot_do_it_says() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let told = binary()
        .args(["sandbox", "--points", "10", "--port", &port])
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    let said = String::from_utf8(told.stderr).unwrap().replace(&port, "[port]");
    insta::assert_snapshot!(said, @r"
    error: the sandbox cannot listen on 127.0.0.1:[port]
      cause: Address already in use (os error 98)
       help: name another port with --port, or leave the option out to take any that is free
    ");
    let told = binary()
        .args(["sandbox", "--folder", "/proc/nowhere"])
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    let faults = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(faults.path(), r#"{"falts": []}"#).unwrap();
    let told = binary()
        .arg("sandbox")
        .arg("--faults")
        .arg(faults.path())
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&told.stderr).contains("unknown field `falts`"),
        "{told:?}"
    );
}

#[test]
fn what_is_to_go_wrong_is_said_in_options() {
    let sandbox = Sandbox::start(&[
        "--published-rates",
        "--throttle",
        "0.2",
        "--lost-answers",
        "0.2",
        "--resets",
        "0.2",
    ]);
    let listed = sandbox.list();
    assert_eq!(
        String::from_utf8_lossy(&listed.stdout).lines().count(),
        500,
        "{listed:?}"
    );
    let counted = &sandbox.account()["faults"];
    for fault in ["throttle", "reset-after", "reset-before"] {
        assert!(counted[fault]["fired"].as_u64() > Some(0), "{fault}: {counted}");
    }
    sandbox.end_with("-INT");
    let told = binary().args(["sandbox", "--throttle", "20"]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&told.stderr).contains("expected a number from 0 to 1"),
        "{told:?}"
    );
}

#[test]
fn tokens_expire_and_new_ones_are_written() {
    let mut sandbox = Sandbox::start(&["--token-lifetime", "0.01"]);
    let credentials = std::path::PathBuf::from(sandbox.about["folder"].as_str().unwrap()).join("credentials");
    let keys = || std::fs::read_to_string(&credentials).unwrap();
    let first = keys();
    let mut said = BufReader::new(sandbox.child.stderr.as_mut().unwrap()).lines();
    let expired = said.find(|line| line.as_ref().unwrap().starts_with("The profiles' tokens have expired"));
    let renewed = said.find(|line| line.as_ref().unwrap().starts_with("New tokens"));
    assert!(expired.is_some() && renewed.is_some());
    assert_ne!(keys(), first);
    assert_eq!(keys().matches("aws_session_token = ").count(), 2);
    drop(said);
    sandbox.end_with("-INT");
}
