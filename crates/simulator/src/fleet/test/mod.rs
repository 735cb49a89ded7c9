//! Small worlds in which one thing is different, and what copy jobs make of it.

mod ageing;
mod causes;
mod composites;
mod copies;
mod happened;
mod laws;
mod queueing;
mod refusals;
mod shown;
mod tokens;

use std::time::Duration;

use super::{Accepted, CopyOrder, Durations, Fleet, FleetSettings, Job, JobState, Latency, permits};
use crate::clock::Moment;
use crate::wire::Refusal;
use crate::world::{
    CopyFacts, DestinationPlan, KeyId, KeyManager, Lifecycle, ON_DEMAND, Point, PointId, PointKind, PointStatus,
    Resource, ResourceId, ResourceType, StorageClass, Tags, VaultId, World, WorldPlan,
};

pub(super) const SOURCE: &str = "111111111111";
pub(super) const DESTINATION: &str = "222222222222";
pub(super) const ROLE: &str = "arn:aws:iam::111111111111:role/service-role/AWSBackupDefaultServiceRole";
pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// A world in which every copy goes well, and its fleet.
pub(super) struct Story {
    pub(super) world: World,
    pub(super) fleet: Fleet,
    pub(super) now: Moment,
    pub(super) start: Moment,
    pub(super) vault: VaultId,
    pub(super) destination: VaultId,
    /// The source's, shared with the destination.
    pub(super) key: KeyId,
}

/// Jobs start at once and take a minute each.
pub(super) fn quick() -> FleetSettings {
    FleetSettings {
        start: Latency::NONE,
        durations: Durations::fixed(MINUTE),
        ..FleetSettings::default()
    }
}

impl Story {
    pub(super) fn new() -> Self {
        Self::with(quick())
    }

    pub(super) fn with(settings: FleetSettings) -> Self {
        let destination = DestinationPlan {
            vaults: true,
            copies: 0.0,
            own_points: 0,
        };
        let plan = WorldPlan {
            points: 4,
            vaults: 2,
            destination,
            ..WorldPlan::plain()
        };
        let world = World::seeded(&plan);
        let vault = world.vaults_of(SOURCE)[0];
        let destination = world.vault_named(DESTINATION, &world.vault(vault).name).unwrap();
        let key = keys(&world).find(|id| is_shared(&world, *id)).unwrap();
        Self {
            world,
            fleet: Fleet::new(settings),
            now: plan.start,
            start: plan.start,
            vault,
            destination,
            key,
        }
    }

    pub(super) fn resource(&mut self, resource_type: ResourceType) -> ResourceId {
        let count = self.world.resources.len();
        self.world.add_resource(Resource {
            account: SOURCE.to_owned(),
            resource_type,
            local_id: format!("thing-{count}"),
            name: None,
            tags: Tags::from([("team".to_owned(), "blue".to_owned())]),
        })
    }

    /// A point that was made so many days before the start, kept for a year.
    pub(super) fn point_of(&mut self, resource: ResourceId, days_ago: i64) -> PointId {
        let resource_type = self.world.resource(resource).resource_type;
        let created = self.start.plus_days(-days_ago) + Duration::from_millis(257);
        let vault_key = self.world.vault(self.vault).key;
        self.world.add_point(Point {
            serial: 77 + u64::try_from(self.world.points().len()).unwrap(),
            vault: self.vault,
            resource,
            resource_type,
            kind: PointKind::Snapshot,
            status: PointStatus::Completed,
            storage: StorageClass::Warm,
            created,
            initiated: Some(created),
            completed: Some(created + MINUTE),
            size_bytes: Some(10 << 30),
            lifecycle: Lifecycle {
                move_to_cold_after_days: None,
                delete_after_days: Some(365),
            },
            key: if resource_type.fully_managed() {
                vault_key
            } else {
                Some(self.key)
            },
            parent: None,
            copied_from: None,
            copy: CopyFacts::default(),
            plan: ON_DEMAND,
            deleted: false,
        })
    }

    /// A ten days old point of a resource of its own.
    pub(super) fn point(&mut self, resource_type: ResourceType) -> PointId {
        let resource = self.resource(resource_type);
        self.point_of(resource, 10)
    }

    pub(super) fn order(&self, point: PointId) -> CopyOrder {
        CopyOrder {
            account: SOURCE.to_owned(),
            source_vault: self.vault,
            point,
            destination_vault_arn: self.world.vault_arn(self.destination),
            role_arn: ROLE.to_owned(),
            token: None,
            lifecycle: None,
        }
    }

    pub(super) fn place(&mut self, order: CopyOrder) -> Result<Accepted, Refusal> {
        self.fleet.submit(&mut self.world, order, self.now)
    }

    pub(super) fn submit(&mut self, point: PointId) -> Result<Accepted, Refusal> {
        let order = self.order(point);
        self.place(order)
    }

    pub(super) fn start(&mut self, point: PointId) -> String {
        self.submit(point).unwrap().job_id
    }

    pub(super) fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
        self.fleet.advance(&mut self.world, self.now);
    }

    pub(super) fn job(&self, id: &str) -> &Job {
        self.fleet.job(id).unwrap()
    }

    pub(super) fn state(&self, id: &str) -> JobState {
        self.job(id).state
    }

    /// Lets time pass until no job is open.
    pub(super) fn finish(&mut self) {
        for _ in 0..100_000 {
            if self.fleet.open_jobs().next().is_none() {
                return;
            }
            let next = self.fleet.next_event().unwrap();
            self.now = self.now.max(next);
            self.fleet.advance(&mut self.world, self.now);
        }
        panic!(
            "jobs stay open for ever: {:?}",
            self.fleet.open_jobs().map(|(_, job)| job).collect::<Vec<_>>()
        );
    }

    /// Copies a point and answers its job, ended.
    pub(super) fn copy(&mut self, point: PointId) -> Job {
        let id = self.start(point);
        self.finish();
        self.job(&id).clone()
    }

    /// Copies a point and answers the new one.
    pub(super) fn copied(&mut self, point: PointId) -> (PointId, Point) {
        let job = self.copy(point);
        let id = job.destination_point.unwrap_or_else(|| panic!("{job:?}"));
        (id, self.world.point(id).clone())
    }
}

pub(super) fn keys(world: &World) -> impl Iterator<Item = KeyId> {
    (0..).map(KeyId).take(world.keys.len())
}

fn is_shared(world: &World, id: KeyId) -> bool {
    let key = world.key(id);
    key.account == SOURCE && key.manager == KeyManager::Customer && permits::key_admits(world, id, DESTINATION)
}
