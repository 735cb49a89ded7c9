//! A simulated AWS at work, and the folder that tells clients how to reach it: for `sandbox` and `demo`.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{World, WorldPlan};
use sav_simulator::{Clock, Running, Settings, Simulator, WallClock};
use tempfile::TempDir;

use crate::problem::Problem;

/// Profiles of the two accounts, as the folder's files call them.
pub const SOURCE_PROFILE: &str = "source";
pub const DEST_PROFILE: &str = "dest";

pub struct Simulated {
    pub simulator: Simulator,
    pub running: Running,
    pub plan: WorldPlan,
    folder: Folder,
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
        let simulated = Self {
            simulator,
            running,
            plan,
            folder,
        };
        simulated
            .write_profiles()
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

    pub async fn stop(self) {
        self.running.stop().await;
    }

    fn write_profiles(&self) -> io::Result<()> {
        let mut credentials = String::new();
        let mut config = String::new();
        for (profile, account) in [
            (SOURCE_PROFILE, &self.plan.source_account),
            (DEST_PROFILE, &self.plan.destination_account),
        ] {
            let keys = self.simulator.credentials(account, OPERATOR_ROLE).ok_or_else(|| {
                io::Error::other(format!("the world has no role {OPERATOR_ROLE} in account {account}"))
            })?;
            let _ = write!(
                credentials,
                "[{profile}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                keys.access_key_id, keys.secret_access_key
            );
            if let Some(token) = keys.session_token {
                let _ = writeln!(credentials, "aws_session_token = {token}");
            }
            credentials.push('\n');
            let _ = write!(
                config,
                "[profile {profile}]\nregion = {}\nendpoint_url = {}\n\n",
                self.plan.region, self.running.endpoint
            );
        }
        write_private(&self.file("credentials"), &credentials)?;
        write_private(&self.file("config"), &config)
    }
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
        .help("name a folder that can be written with --folder")
}

fn write_metadata(world: &World, plan: &WorldPlan, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    world.metadata_csv(plan, &mut file)?;
    file.flush()
}

/// Readable by its owner alone, like any file with keys.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
