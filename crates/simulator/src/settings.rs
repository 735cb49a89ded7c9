//! What a simulator is made from.

use std::fmt;
use std::sync::Arc;

use crate::clock::{Clock, WallClock};
use crate::faults::FaultPlan;
use crate::fleet::FleetSettings;
use crate::services::backup::BackupSettings;
use crate::world::WorldPlan;

/// Defaults: a test environment, AWS as documented, time at its real speed from the moment the world begins, and nothing
/// goes wrong.
#[derive(Clone)]
pub struct Settings {
    /// Access keys and faults follow from it.
    pub seed: u64,
    pub world: WorldPlan,
    pub fleet: FleetSettings,
    pub faults: FaultPlan,
    pub backup: BackupSettings,
    /// The world's time: dates of points, copy jobs. It may run faster than the wire's, or stand still until it is moved.
    pub clock: Arc<dyn Clock>,
    /// The time of signatures and expiry dates. Real clients compare those with their own clocks, so this is the real one
    /// unless a test owns the client's too.
    pub wire_clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        let world = WorldPlan::default();
        Self {
            seed: 1,
            fleet: FleetSettings::default(),
            faults: FaultPlan::none(),
            backup: BackupSettings::default(),
            clock: Arc::new(WallClock::starting_at(world.start, 1.0)),
            world,
            wire_clock: Arc::new(WallClock::real()),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("seed", &self.seed)
            .field("world", &self.world)
            .field("fleet", &self.fleet)
            .field("faults", &self.faults)
            .field("backup", &self.backup)
            .finish_non_exhaustive()
    }
}
