//! A folder with a ledger in it, and the binary working on that. AWS has no part in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sav_application::ports::{Change, Ledger};
use sav_domain::ledger::{Learned, PlannedPoint, PointId, Ruling, Verdict, WindowEnd};
use sav_domain::transfer::{Cause, DestinationArn, Event, JobId, Part, Step, Token};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};
use sav_infrastructure::ledger::SqliteLedger;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::story::{DESTINATION, SOURCE, Told, binary};

pub const PAIR: &str = "--source-account 111111111111 --dest-account 222222222222 --region eu-west-1";

pub struct Shelf {
    folder: TempDir,
    runtime: Runtime,
}

pub fn route() -> Route {
    Route::between(
        SOURCE.parse().unwrap(),
        DESTINATION.parse().unwrap(),
        "eu-west-1".parse().unwrap(),
    )
    .unwrap()
}

/// Minutes from a fixed moment in the past on.
pub fn at(minutes: i64) -> Moment {
    Moment::parse("2026-01-05T20:00:00Z")
        .unwrap()
        .plus_millis(minutes * 60_000)
}

pub fn arn(n: u32) -> String {
    format!("arn:aws:backup:eu-west-1:{SOURCE}:recovery-point:{n:08x}-0000-4000-8000-000000000000")
}

pub fn cause() -> Cause {
    Cause {
        category: "KMS_KEY_ERROR".into(),
        message: "The key's policy does not allow it".into(),
        fix: Some("allow the destination account to use the key".into()),
    }
}

pub fn meant(token: &str) -> Step {
    Step::Meant {
        token: Token::new(token).unwrap(),
    }
}

pub fn accepted(job: &str) -> Step {
    Step::Accepted {
        job: JobId::new(job).unwrap(),
    }
}

pub fn landed() -> Step {
    Step::Landed {
        destination: DestinationArn::new("arn:aws:ec2:eu-west-1::snapshot/snap-1").unwrap(),
    }
}

fn planned(n: u32, verdict: Verdict, reason: Option<&str>) -> PlannedPoint {
    let vault = if n.is_multiple_of(2) { "prod" } else { "staging" };
    let mut point = RecoveryPoint::new(arn(n), VaultName::new(vault).unwrap());
    point.resource_arn = Some(format!("arn:aws:ec2:eu-west-1:{SOURCE}:volume/vol-{n}").into());
    point.resource_type = Some(ResourceType::Ebs);
    point.created = Some(at(-1000));
    point.size_bytes = Some(1 << 30);
    PlannedPoint {
        point,
        metadata: Some(r#"{"APMID":"APM1"}"#.into()),
        ruling: Ruling {
            verdict,
            reason: reason.map(Into::into),
            fix: None,
        },
        position: (verdict == Verdict::Copy).then_some(u64::from(n)),
    }
}

/// The same migration as a shelf's, for a Region, in any place.
pub fn a_ledger(path: &Path, region: &str) {
    let route = Route::between(
        SOURCE.parse().unwrap(),
        DESTINATION.parse().unwrap(),
        region.parse().unwrap(),
    );
    let ledger = SqliteLedger::open(path, &route.unwrap(), at(0)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(fill(&ledger));
}

async fn fill(ledger: &SqliteLedger) {
    let points = (0..20).map(|n| match n {
        14 | 15 => planned(n, Verdict::Blocked, Some("aws_managed_key")),
        16 | 17 => planned(n, Verdict::Skip, Some("already_there")),
        18 | 19 => planned(n, Verdict::Skip, Some("not_selected_vault_not_selected")),
        _ => planned(n, Verdict::Copy, None),
    });
    let part = |destination: Option<&str>| Part {
        resource_arn: None,
        job: None,
        destination: destination.and_then(DestinationArn::new),
        cause: None,
    };
    let failed = Step::JobFailed { cause: cause() };
    let partial = Step::JobPartial {
        parts: vec![part(Some("arn:part")), part(None)],
    };
    let there = Step::AlreadyThere {
        destination: DestinationArn::new("arn:there").unwrap(),
    };
    let stories: [(u32, Vec<Step>); 9] = [
        (0, vec![meant("t0"), accepted("j0"), landed()]),
        (1, vec![meant("t1"), accepted("j1"), landed()]),
        (2, vec![meant("t2"), accepted("j2"), landed()]),
        (3, vec![meant("t3"), accepted("j3"), landed()]),
        (4, vec![meant("t4"), accepted("j4"), failed]),
        (5, vec![meant("t5"), accepted("j5"), partial]),
        (6, vec![meant("t6"), accepted("j6")]),
        (7, vec![there]),
        (8, vec![meant("t8"), Step::TurnedAway { not_before: None }]),
    ];
    let plan = ledger.begin_plan(at(0), r#"{"selection":{}}"#.into()).await.unwrap();
    ledger.plan(plan, points.collect()).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
    let window = ledger.open_window(at(2)).await.unwrap();
    for (n, steps) in stories {
        for (minute, step) in (10..).step_by(10).zip(steps) {
            ledger
                .record(vec![Change {
                    point: PointId(n + 1),
                    event: Event::new(at(minute), step),
                }])
                .await
                .unwrap();
        }
    }
    let end = WindowEnd {
        at: at(62),
        exit_code: 1,
        completed: 4,
        failed: 2,
    };
    ledger.close_window(window, end).await.unwrap();
}

impl Shelf {
    pub fn empty() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            runtime,
        }
    }

    /// Twenty points: 0 to 13 are to be copied, of which some have arrived, one failed, and so on; 14 and 15 are blocked, 16 and 17
    /// there already, 18 and 19 not selected. One window is over, in which four arrived within the hour.
    pub fn with_ledger() -> Self {
        let shelf = Self::empty();
        shelf.runtime.block_on(fill(&shelf.open()));
        shelf
    }

    /// The ledger, held by this process.
    pub fn open(&self) -> SqliteLedger {
        SqliteLedger::open(&self.path(), &route(), at(0)).unwrap()
    }

    pub fn do_with<T>(&self, work: impl AsyncFnOnce() -> T) -> T {
        self.runtime.block_on(work())
    }

    /// What a running copy writes when it has to wait.
    pub fn pauses(&self, ledger: &SqliteLedger, reason: &str) {
        let learned = Learned {
            what: sav_domain::status::PAUSED.into(),
            scope: reason.into(),
            value: 1.0,
            samples: 1,
            at: at(63),
        };
        self.runtime.block_on(ledger.learn(vec![learned])).unwrap();
    }

    pub fn path(&self) -> PathBuf {
        sav_infrastructure::ledger::default_path(self.folder.path(), &route())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names of all files beside the ledger.
    pub fn beside_ledger(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.path().parent().unwrap()).unwrap();
        let mut names: Vec<String> = names
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The binary with this line of words; `{folder}` and `{ledger}` stand for the folder and the ledger in it.
    pub fn command(&self, line: &str) -> Command {
        let mut command = binary();
        let words = line.split_whitespace().map(|word| {
            let word = word.replace("{folder}", self.folder.path().to_str().unwrap());
            word.replace("{ledger}", self.path().to_str().unwrap())
        });
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path());
        command
    }

    pub fn run(&self, line: &str) -> Told {
        self.told(self.command(line).output().unwrap())
    }

    pub fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} --output json")).went_well().json()
    }

    pub fn told(&self, output: Output) -> Told {
        let masked = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(self.folder.path().to_str().unwrap(), "[folder]")
        };
        Told {
            code: output.status.code().unwrap(),
            stdout: masked(output.stdout),
            stderr: masked(output.stderr),
        }
    }

    /// The same with something on stdin.
    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Told {
        use std::io::Write;
        let mut child = self
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who refuses early does not read to the end.
        let _ = child.stdin.take().unwrap().write_all(input);
        self.told(child.wait_with_output().unwrap())
    }

    /// Refused with 1 and nothing on stdout, while the file stays as it is, byte by byte.
    #[track_caller]
    pub fn refuses(&self, file: &Path, line: &str) -> String {
        let before = std::fs::read(file).ok();
        let told = self.run(line);
        let refusal = told.refusal().to_owned();
        assert_eq!(std::fs::read(file).ok(), before, "{refusal}");
        refusal
    }
}
