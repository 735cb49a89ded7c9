//! A copy job as JSON.

use std::sync::Arc;

use super::super::find;
use super::super::json::{Json, member};
use super::super::settings::BackupSettings;
use crate::clock::Moment;
use crate::fleet::{Fleet, Job, JobState, Route};
use crate::world::{VaultId, World};

/// More than a listed job takes, so that the page's memory is asked for once.
const BYTES_PER_JOB: usize = 1500;

pub(super) struct Rows<'a> {
    world: &'a World,
    fleet: &'a Fleet,
    settings: &'a BackupSettings,
    now: Moment,
    json: Json,
    /// Members of the route of the job before, which is most often this one's too.
    route: Option<(Arc<Route>, String)>,
    vault: Option<(Option<VaultId>, String)>,
}

impl<'a> Rows<'a> {
    pub(super) fn open(
        world: &'a World,
        fleet: &'a Fleet,
        settings: &'a BackupSettings,
        now: Moment,
        expected: usize,
    ) -> Self {
        let mut rows = Self::new(world, fleet, settings, now);
        rows.json = Json::with_capacity(64 + expected * BYTES_PER_JOB, settings.odd_floats);
        rows.json.open('{').key("CopyJobs").open('[');
        rows
    }

    fn new(world: &'a World, fleet: &'a Fleet, settings: &'a BackupSettings, now: Moment) -> Self {
        let json = Json::with_capacity(BYTES_PER_JOB, settings.odd_floats);
        Self {
            world,
            fleet,
            settings,
            now,
            json,
            route: None,
            vault: None,
        }
    }

    pub(super) fn described(
        world: &'a World,
        fleet: &'a Fleet,
        settings: &'a BackupSettings,
        job: &Job,
        now: Moment,
    ) -> Vec<u8> {
        let mut rows = Self::new(world, fleet, settings, now);
        rows.json.open('{').key("CopyJob");
        rows.add(job);
        rows.json.close('}');
        rows.json.into_bytes()
    }

    pub(super) fn close(mut self, token: Option<&str>) -> Vec<u8> {
        self.json.close(']').key("NextToken").maybe_text(token).close('}');
        self.json.into_bytes()
    }

    pub(super) fn add(&mut self, job: &Job) {
        let (world, fleet) = (self.world, self.fleet);
        let resource = world.resource(job.resource);
        self.json.open('{');
        self.json.key("CopyJobId").text(&job.id());
        self.route(job);
        let json = &mut self.json;
        member!(json, "SourceRecoveryPointArn").written(|out| world.write_point_arn(job.source_point, out));
        member!(json, "DestinationRecoveryPointArn").maybe(job.destination_point, |json, point| {
            json.written(|out| world.write_point_arn(point, out));
        });
        self.destination(job);
        let json = &mut self.json;
        member!(json, "DestinationRecoveryPointLifecycle").open('{');
        json.key("MoveToColdStorageAfterDays")
            .maybe_number(job.lifecycle.move_to_cold_after_days.map(u64::from));
        member!(json, "DeleteAfterDays").maybe_number(job.lifecycle.delete_after_days.map(u64::from));
        member!(json, "OptInToArchiveForSupportedResources")
            .null()
            .key("DeleteAfterEvent")
            .null()
            .close('}');
        member!(json, "ResourceArn").written(|out| world.write_resource_arn(job.resource, out));
        member!(json, "CreationDate").moment(job.created);
        member!(json, "CompletionDate").maybe_moment(job.completed);
        member!(json, "State").text(fleet.shown_state(job, self.now));
        member!(json, "StatusMessage").maybe_text(job.message.as_deref());
        member!(json, "BackupSizeInBytes").maybe_number(job.size_bytes);
        json.raw(",\"CreatedBy\":null,\"CreatedByBackupJobId\":null");
        member!(json, "ResourceType").text(job.resource_type.wire_name());
        let parent = fleet.parent(job);
        member!(json, "ParentJobId").maybe(parent, |json, parent| {
            json.text(&parent.id());
        });
        member!(json, "IsParent").boolean(job.is_parent);
        member!(json, "CompositeMemberIdentifier").maybe_text(parent.map(|_| resource.local_id.as_str()));
        children(json, fleet, job);
        member!(json, "ResourceName").maybe_text(resource.name.as_deref());
        member!(json, "MessageCategory")
            .maybe_text(fleet.shown_category(job))
            .close('}');
    }

    fn route(&mut self, job: &Job) {
        let known = self.route.take().filter(|(route, _)| Arc::ptr_eq(route, &job.route));
        let (_, written) = self
            .route
            .insert(known.unwrap_or_else(|| (job.route.clone(), route_members(self.world, &job.route))));
        self.json.raw(written);
    }

    fn destination(&mut self, job: &Job) {
        let vault = job.destination_vault;
        let known = self.vault.take().filter(|(known, _)| *known == vault);
        let (_, written) = self
            .vault
            .insert(known.unwrap_or_else(|| (vault, vault_members(self.world, self.settings, vault))));
        self.json.raw(written);
    }
}

fn route_members(world: &World, route: &Route) -> String {
    let mut json = Json::continued(false);
    json.key("AccountId").text(&route.account);
    json.key("SourceBackupVaultArn")
        .text(&world.vault_arn(route.source_vault));
    member!(json, "DestinationBackupVaultArn").text(&route.destination_vault_arn);
    member!(json, "IamRoleArn").text(&route.role_arn);
    json.into_text()
}

/// What is known of the destination vault once it has been found.
fn vault_members(world: &World, settings: &BackupSettings, vault: Option<VaultId>) -> String {
    let vault = vault.map(|id| world.vault(id));
    let mut json = Json::continued(false);
    if !settings.vault_type_absent {
        json.key("DestinationVaultType")
            .maybe_text(vault.map(|vault| find::vault_type(vault.kind)));
    }
    let lock_state = vault.map(|vault| if vault.lock.is_some() { "LOCKED" } else { "UNLOCKED" });
    member!(json, "DestinationVaultLockState").maybe_text(lock_state);
    let key = vault.and_then(|vault| vault.key);
    member!(json, "DestinationEncryptionKeyArn").maybe_text(key.map(|key| world.key_arn(key)).as_deref());
    json.into_text()
}

fn children(json: &mut Json, fleet: &Fleet, job: &Job) {
    if !job.is_parent {
        json.raw(",\"NumberOfChildJobs\":null,\"ChildJobsInState\":null");
        return;
    }
    member!(json, "NumberOfChildJobs").number(u64::from(job.child_count()));
    member!(json, "ChildJobsInState").open('{');
    for state in JobState::ALL {
        let count = fleet.children(job).filter(|child| child.state == state).count();
        if count > 0 {
            json.key(state.wire_name()).number(count as u64);
        }
    }
    json.close('}');
}
