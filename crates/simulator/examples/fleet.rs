//! How fast copy jobs are accepted, run and looked up, without a wire in between: `fleet [points]`.

use std::time::{Duration, Instant};

use sav_simulator::fleet::{CopyOrder, Fleet, FleetSettings, Limits};
use sav_simulator::world::{DestinationPlan, World, WorldPlan};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement that prints what it measured"
)]
fn main() {
    let points = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let destination = DestinationPlan {
        vaults: true,
        copies: 0.0,
        own_points: 0,
    };
    let plan = WorldPlan {
        points,
        destination,
        ..WorldPlan::plain()
    };
    let mut world = World::seeded(&plan);
    let settings = FleetSettings {
        limits: Limits::all(100_000),
        capacity_binds: false,
        ..FleetSettings::default()
    };
    let mut fleet = Fleet::new(settings);
    let (source, target) = (plan.source_account.as_str(), plan.destination_account.as_str());
    let role_arn = format!("arn:aws:iam::{source}:role/service-role/AWSBackupDefaultServiceRole");
    let ids = world
        .vaults_of(source)
        .into_iter()
        .flat_map(|vault| world.vault(vault).points.clone())
        .collect::<Vec<_>>();
    let targets: Vec<String> = ids
        .iter()
        .map(|id| world.vault_arn(world.point(*id).vault).replace(source, target))
        .collect();

    let mut clock = Instant::now();
    let mut lap = |what: &str, count: usize| {
        let span = std::mem::replace(&mut clock, Instant::now()).elapsed();
        let each = span.as_secs_f64() * 1e6 / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        println!("{what:<40} {:>8.3} s  {each:>8.3} µs each", span.as_secs_f64());
    };
    fleet.advance(&mut world, plan.start);
    lap("the first look at the world", ids.len());
    let mut now = plan.start;
    let mut refused = 0;
    for (index, (point, vault_arn)) in ids.iter().zip(&targets).enumerate() {
        now = now + Duration::from_millis(u64::from(index % 5 == 0));
        let order = CopyOrder {
            account: source.to_owned(),
            source_vault: world.point(*point).vault,
            point: *point,
            destination_vault_arn: vault_arn.clone(),
            role_arn: role_arn.clone(),
            token: Some(format!("0f8fad5b-d9cb-469f-a165-{index:012}")),
            lifecycle: None,
        };
        refused += usize::from(fleet.submit(&mut world, order, now).is_err());
    }
    lap("accepting", ids.len());
    while let Some(next) = fleet.next_event().filter(|_| fleet.open_jobs().next().is_some()) {
        now = now.max(next) + Duration::from_secs(10);
        fleet.advance(&mut world, now);
    }
    lap("running to the end", ids.len());
    let account = fleet.account(&world);
    lap("the account of what happened", 1);
    println!("{refused} refused, {:?}", account.jobs_by_state);
    let ids: Vec<String> = fleet.jobs_from(0).map(|(_, job)| job.id()).collect();
    lap("listing all ids", ids.len());
    assert!(ids.iter().all(|id| fleet.job(id).is_some()));
    lap("looking each up by id", ids.len());
}
