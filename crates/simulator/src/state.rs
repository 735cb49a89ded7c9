//! Everything that requests read and change, behind one lock.

use crate::clock::Moment;
use crate::fleet::Fleet;
use crate::identities::Identities;
use crate::services::backup::BackupSettings;
use crate::world::World;

#[derive(Debug)]
pub struct State {
    pub world: World,
    pub fleet: Fleet,
    pub identities: Identities,
    /// How AWS Backup answers where nobody knows for certain.
    pub backup: BackupSettings,
}

impl State {
    /// Whether the copy jobs have something to do before the world is as it should be at `now`.
    pub fn is_behind(&self, now: Moment) -> bool {
        self.fleet.next_event().is_some_and(|due| due <= now)
    }

    pub fn catch_up(&mut self, now: Moment) {
        if self.is_behind(now) {
            self.fleet.advance(&mut self.world, now);
        }
    }
}
