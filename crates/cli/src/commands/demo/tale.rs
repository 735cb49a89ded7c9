//! The story: its steps in their order.

use std::fs;
use std::future::pending;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitStatus;

use super::EVENTS;
use super::hardship::Hardship;
use super::owners;
use super::stage::Stage;
use super::teller::{Cut, Teller};
use crate::commands::world::{DEST_PROFILE, SOURCE_PROFILE, Simulated};
use crate::exit::Exit;
use crate::problem::Problem;

const PROGRAM: &str = "shuffle-aws-vaults";
const TABLE: &str = "metadata.csv";
const CONFIGURATION: &str = "migration.toml";
const LEDGER: &str = "ledger.db";
const PAGE: &str = "report.html";
/// Enough of the table to see what it is.
const ROWS_SHOWN: usize = 4;

pub struct Tale<'a> {
    pub simulated: &'a Simulated,
    pub teller: &'a Teller,
    pub time_factor: f64,
    pub kept: Option<&'a Path>,
}

impl Tale<'_> {
    pub async fn tell(&self) -> Result<(), Cut> {
        let applications = owners::busiest(&self.simulated.file(TABLE))?;
        self.look_around(&applications).await?;
        self.plan(&applications).await?;
        self.prepare().await?;
        self.copy().await?;
        self.prove().await?;
        self.farewell().await
    }

    async fn look_around(&self, applications: &[String]) -> Result<(), Cut> {
        let (teller, account) = (self.teller, &self.simulated.plan.source_account);
        let source = format!("--source-account {account} --source-profile {SOURCE_PROFILE}");
        teller.head(1, "What is in the source account?").await?;
        self.run(&format!("list {source} --summary"), &[Exit::Done]).await?;
        teller.rest(5.0).await?;

        teller.head(2, "Which application owns what?").await?;
        teller.say("A table from the CMDB says so.").await?;
        teller.command(&format!("head -{ROWS_SHOWN} {TABLE}")).await?;
        teller
            .put(first_rows(&self.simulated.file(TABLE))?.into_bytes())
            .await?;
        teller.rest(2.0).await?;
        teller
            .say("Two applications are to move. What do they own, and why is the rest out?")
            .await?;
        let allowed = applications.join(",");
        self.run(
            &format!("filter {source} --metadata-csv {TABLE} --allowed-apmids {allowed}"),
            &[Exit::Done],
        )
        .await?;
        teller.rest(5.0).await
    }

    async fn plan(&self, applications: &[String]) -> Result<(), Cut> {
        let teller = self.teller;
        teller
            .head(
                3,
                "What would be copied, what not, and how long would it take at least?",
            )
            .await?;
        teller
            .say("What stays the same from here on stands in a file; every option can.")
            .await?;
        let configuration = self.configuration(applications);
        let path = self.simulated.file(CONFIGURATION);
        fs::write(&path, &configuration).map_err(|error| {
            Problem::new(format!("the demo cannot write `{}`", path.display())).because(error.to_string())
        })?;
        teller.command(&format!("cat {CONFIGURATION}")).await?;
        teller.put(configuration.into_bytes()).await?;
        teller.rest(3.0).await?;
        self.run(&format!("plan --config {CONFIGURATION}"), &[Exit::Done])
            .await?;
        teller.rest(5.0).await
    }

    async fn prepare(&self) -> Result<(), Cut> {
        let teller = self.teller;
        teller
            .head(4, "Make the destination's vaults like the source's.")
            .await?;
        self.run(&format!("replicate --config {CONFIGURATION}"), &[Exit::Done])
            .await?;
        teller.rest(4.0).await?;

        teller.head(5, "Would the copies be allowed?").await?;
        let validate = format!("validate --config {CONFIGURATION}");
        self.run(&validate, &[Exit::Done, Exit::Failed]).await?;
        teller.rest(4.0).await?;
        teller
            .say("The fix is named. Somebody with the organization's management account types it:")
            .await?;
        teller
            .suggest("aws backup update-global-settings --global-settings isCrossAccountBackupEnabled=true")
            .await?;
        self.simulated
            .simulator
            .with_state(|state| state.world.organization.cross_account_backup = true);
        teller.rest(2.0).await?;
        teller.say("(The demo has done so in its sandbox.) Once more:").await?;
        self.run(&validate, &[Exit::Done, Exit::Failed]).await?;
        teller.rest(3.0).await
    }

    async fn copy(&self) -> Result<(), Cut> {
        let teller = self.teller;
        teller
            .head(6, "Copy, in a first window. What can go wrong does.")
            .await?;
        teller
            .say(&format!(
                "AWS is going to throttle for some seconds. Then the source's session token expires, and after a while an outside \
                 tool writes a new one into the credentials file. At last somebody presses Ctrl-C. Time runs {} times as fast \
                 here.",
                self.time_factor
            ))
            .await?;
        let copy = format!("copy --config {CONFIGURATION}");
        teller.command(&format!("{PROGRAM} {copy}")).await?;
        let stage = self.stage();
        let hardship = Hardship::of(self.simulated, teller.is_watched());
        let status = stage.begin(&copy)?.end(hardship.befall()).await?;
        // Where there is little to copy, all of it may be copied before anything befalls it.
        ended_as_told(&copy, status, &[Exit::Incomplete, Exit::Done, Exit::Failed])?;
        hardship.leave_nothing_behind()?;
        teller.rest(4.0).await?;

        teller
            .head(
                7,
                "The next window: the same command again goes on where the first one stopped.",
            )
            .await?;
        self.run(&copy, &[Exit::Done, Exit::Failed]).await?;
        teller.rest(4.0).await
    }

    async fn prove(&self) -> Result<(), Cut> {
        let teller = self.teller;
        teller.head(8, "Did everything arrive, once, as it was?").await?;
        self.run(&format!("verify --config {CONFIGURATION}"), &[Exit::Done, Exit::Failed])
            .await?;
        teller.rest(5.0).await?;

        teller
            .head(9, "Where does the migration stand, and what is there to show?")
            .await?;
        self.run(&format!("status --config {CONFIGURATION}"), &[Exit::Done])
            .await?;
        self.run(&format!("report --config {CONFIGURATION} --html {PAGE}"), &[Exit::Done])
            .await
    }

    async fn farewell(&self) -> Result<(), Cut> {
        let (teller, plan) = (self.teller, &self.simulated.plan);
        teller.say("The page:").await?;
        teller.point_to(&self.simulated.file(PAGE)).await?;
        let (staying, next) = match self.kept {
            None => (
                "It goes when the demo ends. To look at it, and at the ledger, let a demo keep them:",
                "demo --fast --keep demo-migration".to_owned(),
            ),
            Some(folder) => (
                "The ledger and the rest are beside it. `status`, `state` and `report` need nothing else:",
                format!("status --state-file {}", folder.join(LEDGER).display()),
            ),
        };
        teller.say(staying).await?;
        teller.suggest(&format!("{PROGRAM} {next}")).await?;
        teller
            .say("This world ends with the demo. To have one to yourself:")
            .await?;
        teller
            .suggest(&format!(
                "{PROGRAM} sandbox --points {} --seed {}",
                plan.points, plan.seed
            ))
            .await
    }

    /// Shows a command and lets it do its work. Points that cannot be copied, for one, are part of a story: an exit that may
    /// come of them is no failure of the demo.
    async fn run(&self, line: &str, expected: &[Exit]) -> Result<(), Cut> {
        self.teller.command(&format!("{PROGRAM} {line}")).await?;
        let status = self.stage().begin(line)?.end(pending()).await?;
        Ok(ended_as_told(line, status, expected)?)
    }

    fn stage(&self) -> Stage<'_> {
        Stage {
            simulated: self.simulated,
            teller: self.teller,
        }
    }

    fn configuration(&self, applications: &[String]) -> String {
        let plan = &self.simulated.plan;
        let key = self.simulated.simulator.with_state(|state| {
            let world = &state.world;
            let key = world.key_called(&plan.destination_account, "alias/backup-vaults");
            key.map(|key| world.key_arn(key)).unwrap_or_default()
        });
        let quoted: Vec<String> = applications.iter().map(|apmid| format!("\"{apmid}\"")).collect();
        format!(
            "source-account = \"{}\"\n\
             source-profile = \"{SOURCE_PROFILE}\"\n\
             dest-account = \"{}\"\n\
             dest-profile = \"{DEST_PROFILE}\"\n\
             state-file = \"{LEDGER}\"\n\
             metadata-csv = \"{TABLE}\"\n\
             allowed-apmids = [{}]\n\
             # a key of the destination's own, for the vaults that are created\n\
             kms-key-arn = \"{key}\"\n\
             # a name that no created vault can have\n\
             vault-map = [\"aws/efs/automatic-backup-vault=efs-automatic\"]\n\
             # what happens is told to other programs: here it is only written down\n\
             on-event = \"cat >> {EVENTS}\"\n\
             # time runs faster in a sandbox; the defaults suit AWS\n\
             poll-interval = 0.1\n\
             api-rate = 1000\n",
            plan.source_account,
            plan.destination_account,
            quoted.join(", "),
        )
    }
}

fn ended_as_told(line: &str, status: ExitStatus, expected: &[Exit]) -> Result<(), Problem> {
    if expected.iter().any(|exit| status.code() == Some(exit.code())) {
        return Ok(());
    }
    Err(Problem::new(format!("this step of the demo failed: `{line}`"))
        .because(format!("it ended with {status}"))
        .help("the lines above say why"))
}

fn first_rows(table: &Path) -> Result<String, Problem> {
    let unreadable =
        |error: std::io::Error| Problem::new("the demo cannot read its own metadata").because(error.to_string());
    let lines = BufReader::new(fs::File::open(table).map_err(unreadable)?).lines();
    lines
        .take(ROWS_SHOWN)
        .map(|line| line.map(|line| line + "\n").map_err(unreadable))
        .collect()
}
