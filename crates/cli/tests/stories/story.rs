//! A small world, a folder with profiles that reach it, and the binary in an environment of its own.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use sav_simulator::faults::{Fault, FaultPlan};
use sav_simulator::fleet::FleetSettings;
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{World, WorldPlan};
use sav_simulator::{Clock, Moment, Running, Settings, Simulator, WallClock};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const SOURCE: &str = "111111111111";
pub const DESTINATION: &str = "222222222222";

pub struct Story {
    pub simulator: Simulator,
    pub plan: WorldPlan,
    folder: TempDir,
    running: Running,
    /// Serves the simulator while the binary runs.
    _runtime: Runtime,
}

/// What the binary said, and how it ended. Words that differ from run to run are masked.
#[derive(Debug)]
pub struct Told {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Story {
    /// The representative world, odd things included.
    pub fn with_points(points: usize) -> Self {
        Self::of(WorldPlan {
            points,
            seed: 7,
            ..WorldPlan::default()
        })
    }

    pub fn of(plan: WorldPlan) -> Self {
        Self::with_fleet(plan, FleetSettings::default())
    }

    pub fn with_fleet(plan: WorldPlan, fleet: FleetSettings) -> Self {
        let start = WallClock::real().now();
        Self::with_clock(plan, fleet, start, Arc::new(WallClock::starting_at(start, 1.0)))
    }

    /// A world whose time is the clock's.
    pub fn with_clock(plan: WorldPlan, fleet: FleetSettings, start: Moment, clock: Arc<dyn Clock>) -> Self {
        let plan = WorldPlan { start, ..plan };
        let settings = Settings {
            seed: plan.seed,
            fleet,
            clock,
            ..Settings::default()
        };
        let world = World::seeded(&plan);
        let folder = tempfile::tempdir().unwrap();
        let mut table = Vec::new();
        world.metadata_csv(&plan, &mut table).unwrap();
        std::fs::write(folder.path().join("metadata.csv"), table).unwrap();
        let simulator = Simulator::over(world, settings);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let running = {
            let _inside = runtime.enter();
            simulator.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
        };
        let story = Self {
            simulator,
            plan,
            folder,
            running,
            _runtime: runtime,
        };
        story.write_credentials(|_| {});
        story
    }

    /// Writes the profiles; `change` may spoil them first.
    pub fn write_credentials(&self, change: impl Fn(&mut String)) {
        let mut text = String::new();
        for (profile, account) in [("source", SOURCE), ("dest", DESTINATION)] {
            let keys = self.simulator.credentials(account, OPERATOR_ROLE).unwrap();
            let _ = write!(
                text,
                "[{profile}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                keys.access_key_id, keys.secret_access_key
            );
            if let Some(token) = keys.session_token {
                let _ = writeln!(text, "aws_session_token = {token}");
            }
        }
        change(&mut text);
        std::fs::write(self.file("credentials"), text).unwrap();
        std::fs::write(self.file("config"), "[profile source]\n[profile dest]\n").unwrap();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Where the simulated AWS listens.
    pub fn address(&self) -> SocketAddr {
        self.running.endpoint.strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub fn suffers(&self, faults: impl IntoIterator<Item = Fault>) {
        self.simulator.set_faults(FaultPlan {
            faults: faults.into_iter().collect(),
            ..FaultPlan::none()
        });
    }

    /// The binary with this line of words; `{folder}` stands for the story's folder. Reads the source unless told otherwise.
    pub fn run(&self, line: &str) -> Told {
        self.told(self.command(line).output().unwrap())
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = binary();
        command
            .args(
                line.split_whitespace()
                    .map(|word| word.replace("{folder}", self.folder_text())),
            )
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("AWS_ENDPOINT_URL", &self.running.endpoint)
            .env("AWS_SHARED_CREDENTIALS_FILE", self.file("credentials"))
            .env("AWS_CONFIG_FILE", self.file("config"))
            .env("AWS_REGION", &self.plan.region)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// `list` of the source account with its profile.
    pub fn list(&self, options: &str) -> Told {
        self.run(&format!(
            "list --source-account {SOURCE} --source-profile source --api-rate 5000 {options}"
        ))
    }

    pub fn filter(&self, options: &str) -> Told {
        self.run(&format!(
            "filter --source-account {SOURCE} --source-profile source --api-rate 5000 {options}"
        ))
    }

    fn folder_text(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    pub fn told(&self, output: Output) -> Told {
        let masked = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            let text = text
                .replace(&self.running.endpoint, "[endpoint]")
                .replace(self.folder_text(), "[folder]");
            mask_requests(&text)
        };
        Told {
            code: output.status.code().unwrap(),
            stdout: masked(output.stdout),
            stderr: masked(output.stderr),
        }
    }
}

/// The binary with nothing of this machine's environment.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shuffle-aws-vaults"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// What the binary says of a line that is wrong by itself, before it asks anybody.
#[track_caller]
pub fn refused(line: &str) -> String {
    let output = binary().args(line.split(' ')).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(output.stdout.is_empty(), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }

    pub fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// stderr of a run that ended with an error and wrote no data.
    #[track_caller]
    pub fn refusal(&self) -> &str {
        assert_eq!(self.code, 1, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        &self.stderr
    }

    #[track_caller]
    pub fn went_well(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// Request ids are new every time.
fn mask_requests(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("(request ") {
        let end = after.find(')').unwrap_or(after.len());
        masked.push_str(before);
        masked.push_str("(request [id]");
        rest = &after[end..];
    }
    masked + rest
}

/// The arns of all points of the source account, as the simulated world knows them.
pub fn arns(story: &Story) -> Vec<String> {
    story.simulator.with_state(|state| {
        let world = &state.world;
        let mut arns: Vec<String> = world
            .vaults_of(SOURCE)
            .into_iter()
            .flat_map(|vault| world.vault(vault).points.clone())
            .map(|point| world.point_arn(point))
            .collect();
        arns.sort();
        arns
    })
}

pub fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}
