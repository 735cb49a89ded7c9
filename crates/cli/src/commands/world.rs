//! A simulated AWS at work, and the folder that tells clients how to reach it: for `sandbox` and `demo`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sav_application::ports::Side;
use sav_simulator::identities::{Credentials, SessionOrder};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{World, WorldPlan};
use sav_simulator::{Clock, Running, Settings, Simulator, WallClock};
use tempfile::{NamedTempFile, TempDir};

use crate::problem::Problem;

/// Profiles of the two accounts, as the folder's files call them.
pub const SOURCE_PROFILE: &str = "source";
pub const DEST_PROFILE: &str = "dest";

pub struct Simulated {
    pub simulator: Simulator,
    pub running: Running,
    pub plan: WorldPlan,
    folder: Folder,
    /// What the profiles are signed with at present.
    sessions: Mutex<Sessions>,
}

struct Sessions {
    source: Credentials,
    destination: Credentials,
}

impl Sessions {
    const fn of_mut(&mut self, side: Side) -> &mut Credentials {
        match side {
            Side::Source => &mut self.source,
            Side::Destination => &mut self.destination,
        }
    }
}

/// The user's folder stays; our own goes with us.
enum Folder {
    Given(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// What the world is made from.
pub struct Order {
    pub plan: WorldPlan,
    pub time_factor: f64,
    pub settings: Settings,
    pub port: u16,
    pub folder: Option<PathBuf>,
}

impl Simulated {
    pub fn start(order: Order) -> Result<Self, Problem> {
        let Order {
            mut plan,
            time_factor,
            mut settings,
            port,
            folder,
        } = order;
        let now = WallClock::real().now();
        plan.start = now;
        settings.clock = Arc::new(WallClock::starting_at(now, time_factor));
        settings.seed = plan.seed;
        settings.fleet.seed = plan.seed;
        let world = World::seeded(&plan);
        let folder = folder_for(folder)?;
        write_metadata(&world, &plan, &folder.path().join("metadata.csv"))
            .map_err(|error| unwritable(folder.path(), &error))?;
        let simulator = Simulator::over(world, settings);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let running = simulator.serve(address).map_err(|error| {
            Problem::new(format!("the sandbox cannot listen on {address}"))
                .because(error.to_string())
                .help("name another port with --port, or leave the option out to take any that is free")
        })?;
        let standing = |account: &str| {
            let known = simulator.credentials(account, OPERATOR_ROLE);
            known.ok_or_else(|| unwritable(folder.path(), &no_operator(account)))
        };
        let sessions = Sessions {
            source: standing(&plan.source_account)?,
            destination: standing(&plan.destination_account)?,
        };
        let simulated = Self {
            simulator,
            running,
            plan,
            folder,
            sessions: Mutex::new(sessions),
        };
        simulated
            .write_config()
            .and_then(|()| simulated.write_credentials())
            .map_err(|error| unwritable(simulated.folder(), &error))?;
        Ok(simulated)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Variables that point any AWS client at this world.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        let path = |name: &str| self.file(name).display().to_string();
        [
            ("AWS_ENDPOINT_URL", self.running.endpoint.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", path("credentials")),
            ("AWS_CONFIG_FILE", path("config")),
            ("AWS_REGION", self.plan.region.clone()),
        ]
    }

    /// The role whose sessions the profiles hold; users and roles of both accounts may assume it.
    pub fn role_arn(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:role/{OPERATOR_ROLE}", self.plan.partition)
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// From this moment on AWS calls one side's session token expired.
    pub fn expire(&self, side: Side) {
        let key = self.sessions().of_mut(side).access_key_id.clone();
        self.simulator.with_state(|state| state.identities.expire_now(&key));
    }

    /// Writes a new session of one side's role into the credentials file, as tools outside do that sign people in.
    pub fn renew(&self, side: Side, lifetime: Duration) -> Result<(), Problem> {
        let account = match side {
            Side::Source => &self.plan.source_account,
            Side::Destination => &self.plan.destination_account,
        };
        let order = SessionOrder {
            account,
            role: OPERATOR_ROLE,
            session_name: "sandbox",
            lifetime,
            policies: &[],
        };
        let issued = self
            .simulator
            .with_state(|state| state.identities.issue_session(&state.world, &order));
        let (keys, _) = issued.ok_or_else(|| unwritable(self.folder(), &no_operator(account)))?;
        *self.sessions().of_mut(side) = keys;
        self.write_credentials()
            .map_err(|error| unwritable(self.folder(), &error))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readable by its owner alone, like any file with keys, and put in place whole: a client never reads half of it.
    fn write_credentials(&self) -> io::Result<()> {
        let mut text = String::new();
        let sessions = self.sessions();
        for (name, keys) in [
            (SOURCE_PROFILE, &sessions.source),
            (DEST_PROFILE, &sessions.destination),
        ] {
            let _ = write!(
                text,
                "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                keys.access_key_id, keys.secret_access_key
            );
            if let Some(token) = &keys.session_token {
                let _ = writeln!(text, "aws_session_token = {token}");
            }
            text.push('\n');
        }
        let mut beside = NamedTempFile::new_in(self.folder())?;
        beside.write_all(text.as_bytes())?;
        beside.persist(self.file("credentials")).map_err(|error| error.error)?;
        Ok(())
    }

    fn write_config(&self) -> io::Result<()> {
        let mut text = String::new();
        for name in [SOURCE_PROFILE, DEST_PROFILE] {
            let _ = write!(
                text,
                "[profile {name}]\nregion = {}\nendpoint_url = {}\n\n",
                self.plan.region, self.running.endpoint
            );
        }
        fs::write(self.file("config"), text)
    }
}

fn no_operator(account: &str) -> io::Error {
    io::Error::other(format!("the world has no role {OPERATOR_ROLE} in account {account}"))
}

fn folder_for(given: Option<PathBuf>) -> Result<Folder, Problem> {
    match given {
        Some(path) => {
            fs::create_dir_all(&path).map_err(|error| unwritable(&path, &error))?;
            let absolute = fs::canonicalize(&path).map_err(|error| unwritable(&path, &error))?;
            Ok(Folder::Given(absolute))
        }
        None => tempfile::Builder::new()
            .prefix("shuffle-aws-vaults-")
            .tempdir()
            .map(Folder::Temporary)
            .map_err(|error| unwritable(&std::env::temp_dir(), &error)),
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> Problem {
    Problem::new(format!("the sandbox cannot write its files to `{}`", folder.display()))
        .because(error.to_string())
        .help("name a folder that can be written, with `sandbox --folder` or `demo --keep`, or by TMPDIR")
}

fn write_metadata(world: &World, plan: &WorldPlan, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    world.metadata_csv(plan, &mut file)?;
    file.flush()
}
