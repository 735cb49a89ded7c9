//! `demo`: a whole migration, on a simulated AWS of its own.
//!
//! Every step is the very command that a user would type, run by this same binary with an environment that reaches
//! nothing but the simulator.
//!
//! ```text
//!   tale ──> teller   what is said between the commands, and when
//!     ├────> stage    one command of this binary at a time
//!     └────> hardship what befalls the first window of copies
//! ```

mod hardship;
mod owners;
mod stage;
mod tale;
mod teller;

use std::fs;
use std::path::Path;

use sav_simulator::Settings;
use sav_simulator::world::{SpecialVaults, WorldPlan};
use tokio::sync::watch;

use super::world::{Order, Simulated};
use crate::args::{Demo, Global};
use crate::exit::Exit;
use crate::interrupt::Signals;
use crate::problem::Problem;
use tale::Tale;
use teller::{Cut, Teller};

/// Where the copies' events are written, in the demo's folder.
const EVENTS: &str = "events.jsonl";

/// Enough that tables have something in them, and little enough to be copied while somebody watches.
const POINTS: u32 = 5_000;
const POINTS_IF_FAST: u32 = 1_500;
/// Copies that take hours take a moment, longer where somebody watches them being made.
const TIME_FACTOR: f64 = 4_000.0;
const TIME_FACTOR_WATCHED: f64 = 1_500.0;

pub async fn run(demo: &Demo, global: &Global) -> Result<Exit, Problem> {
    // Whoever ends the demo as soon as it has begun must be heard.
    let mut signals = Signals::new()?;
    let (asked, ended) = watch::channel(false);
    tokio::spawn(async move {
        signals.next().await;
        asked.send_replace(true);
        // Held open: who waits for it would otherwise wait in vain.
        std::future::pending::<()>().await;
    });
    let teller = Teller::new(demo.fast, global, ended);
    match perform(demo, &teller).await {
        // Who reads no more has read enough.
        Ok(()) | Err(Cut::NobodyReads) => Ok(Exit::Done),
        Err(Cut::Interrupted) => {
            crate::ui::say("The demo was ended before its end. Nothing is left of it.");
            Ok(Exit::Incomplete)
        }
        Err(Cut::Failed(problem)) => Err(problem),
    }
}

async fn perform(demo: &Demo, teller: &Teller) -> Result<(), Cut> {
    if let Some(folder) = &demo.keep {
        refuse_what_is_in_use(folder)?;
    }
    let points = demo.points.unwrap_or(if demo.fast { POINTS_IF_FAST } else { POINTS });
    teller.introduce(points, demo.keep.as_deref()).await?;
    let time_factor = if teller.is_watched() {
        TIME_FACTOR_WATCHED
    } else {
        TIME_FACTOR
    };
    let mut settings = Settings::default();
    // The largest file systems would take longer than anybody watches.
    settings.fleet.durations.bytes_per_second = 10e9;
    let simulated = Simulated::start(Order {
        plan: world(points, demo.seed),
        time_factor,
        settings,
        port: 0,
        folder: demo.keep.clone(),
    })?;
    // What `validate` is going to find, and what is then mended.
    simulated
        .simulator
        .with_state(|state| state.world.organization.cross_account_backup = false);
    let tale = Tale {
        simulated: &simulated,
        teller,
        time_factor,
        kept: demo.keep.as_deref(),
    };
    let told = tale.tell().await;
    simulated.stop().await;
    told
}

/// An ordinary account with its oddities, but without those that only a person outside could see to.
fn world(points: u32, seed: u64) -> WorldPlan {
    let mut plan = WorldPlan {
        seed,
        points: points as usize,
        vaults: 6,
        // Many resources with a few points each: those of one resource are copied one after the other, however fast time runs.
        points_per_resource: 8.0,
        longest_chain: 20,
        special_vaults: SpecialVaults {
            compliance_locked: true,
            efs_automatic: true,
            ..SpecialVaults::NONE
        },
        ..WorldPlan::default()
    };
    let shares = &mut plan.shares;
    for impossible in [
        &mut shares.aws_managed_key,
        &mut shares.vaults_with_managed_key,
        &mut shares.unshared_key,
        &mut shares.vaults_with_unshared_key,
        &mut shares.disabled_key,
        &mut shares.uncopyable_types,
        &mut shares.unheard_type,
        &mut shares.outside_lock_range,
        // Topics are of one account; without any, vault and twin can be alike.
        &mut shares.vault_notifications,
    ] {
        *impossible = 0.0;
    }
    // Nor is anybody to be told of points that go while half a day goes by in a moment.
    for urgent in [
        &mut shares.expired,
        &mut shares.about_to_expire,
        &mut shares.about_to_go_cold,
        &mut shares.full_chains,
    ] {
        *urgent = 0.0;
    }
    // Of these a plan has to say what keeps them from being copied.
    shares.cold = 0.1;
    shares.partial = 0.02;
    shares.deleting = 0.02;
    // Every command would warn of it.
    plan.metadata.duplicates = 0.0;
    plan
}

/// What lies there already might be taken for the demo's.
fn refuse_what_is_in_use(folder: &Path) -> Result<(), Problem> {
    // One that is not there yet is made; one that cannot be used is told of when it is.
    let holds_something = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if !holds_something {
        return Ok(());
    }
    Err(Problem::new(format!("the folder `{}` is not empty", folder.display()))
        .because("the demo would mix its files with what is there")
        .help("name a folder with --keep that does not exist yet"))
}
