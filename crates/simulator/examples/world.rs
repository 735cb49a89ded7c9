//! Makes a world and says what it cost: `cargo run --release -p sav-simulator --example world -- 1000000 7`.
//! A third argument is where to write the `metadata.csv` of that world.

use std::io::{BufWriter, Write as _};

use sav_simulator::world::{ResourceId, World, WorldPlan};
use sav_simulator::{Clock as _, WallClock};

#[expect(clippy::print_stdout, reason = "telling is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let points = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed = args.next().map_or(Ok(7), |text| text.parse())?;
    let plan = WorldPlan {
        points,
        seed,
        ..WorldPlan::default()
    };

    let clock = WallClock::real();
    let began = clock.now();
    let world = World::seeded(&plan);
    println!("made {points} points in {:?}, {}", clock.now().since(began), memory());

    for vault in world.vaults_of(&plan.source_account) {
        println!("{:>9} {}", world.vault(vault).points.len(), world.vault(vault).name);
    }
    let resources = 0..u32::try_from(world.resources.len())?;
    let longest = resources.map(|id| world.points_of_resource(ResourceId(id)).len()).max();
    println!(
        "{} resources, the longest chain has {} points",
        world.resources.len(),
        longest.unwrap_or(0)
    );

    let began = clock.now();
    let (mut arn, mut letters) = (String::new(), 0);
    for vault in world.vaults_of(&plan.source_account) {
        for id in &world.vault(vault).points {
            arn.clear();
            world.write_point_arn(*id, &mut arn);
            world.write_resource_arn(world.point(*id).resource, &mut arn);
            letters += arn.len();
        }
    }
    println!(
        "wrote the ARNs of all points and their resources, {letters} letters, in {:?}",
        clock.now().since(began)
    );

    if let Some(path) = args.next() {
        let began = clock.now();
        let mut file = BufWriter::new(std::fs::File::create(&path)?);
        let counts = world.metadata_csv(&plan, &mut file)?;
        file.flush()?;
        println!("wrote {path} in {:?}: {counts:?}", clock.now().since(began));
    }
    Ok(())
}

/// The most memory this process ever had, as Linux tells it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    format!("peak memory {}", peak.map_or("unknown", str::trim))
}
