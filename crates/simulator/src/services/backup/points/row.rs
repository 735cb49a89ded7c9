//! A point as JSON, in its three forms: listed in a vault, listed by resource, described.
//!
//! What many points of a page have in common (vault, key, backup rule) is written once and then copied.

use super::super::json::{Json, member};
use super::super::settings::BackupSettings;
use super::super::{find, vaults};
use crate::world::{KeyId, ON_DEMAND, Point, PointId, PointKind, PointStatus, ResourceType, VaultId, World};

/// More than a listed point takes, so that the page's memory is asked for once.
const BYTES_PER_POINT: usize = 1900;

pub(super) struct Rows<'a> {
    world: &'a World,
    settings: &'a BackupSettings,
    json: Json,
    vaults: Written,
    origins: Written,
    keys: Written,
    makers: Written,
}

/// Members already written, by the number of what they tell of.
#[derive(Default)]
struct Written(Vec<Option<String>>);

impl Written {
    fn of(&mut self, number: usize, write: impl FnOnce() -> String) -> &str {
        if self.0.len() <= number {
            self.0.resize(number + 1, None);
        }
        self.0[number].get_or_insert_with(write)
    }
}

impl<'a> Rows<'a> {
    pub(super) fn open(world: &'a World, settings: &'a BackupSettings, expected: usize) -> Self {
        let mut rows = Self::new(world, settings, 64 + expected * BYTES_PER_POINT);
        rows.json.open('{').key("RecoveryPoints").open('[');
        rows
    }

    fn new(world: &'a World, settings: &'a BackupSettings, bytes: usize) -> Self {
        Self {
            world,
            settings,
            json: Json::with_capacity(bytes, settings.odd_floats),
            vaults: Written::default(),
            origins: Written::default(),
            keys: Written::default(),
            makers: Written::default(),
        }
    }

    pub(super) fn close(mut self, token: Option<&str>) -> Vec<u8> {
        self.json.close(']').key("NextToken").maybe_text(token).close('}');
        self.json.into_bytes()
    }

    pub(super) fn described(world: &'a World, settings: &'a BackupSettings, id: PointId) -> Vec<u8> {
        let mut rows = Self::new(world, settings, BYTES_PER_POINT);
        rows.json.open('{');
        rows.full(id);
        rows.json.key("StorageClass").text(world.point(id).storage.wire_name());
        rows.json.key("ScanResults").null().close('}');
        rows.json.into_bytes()
    }

    pub(super) fn listed_in_vault(&mut self, id: PointId) {
        self.json.open('{');
        self.full(id);
        member!(self.json, "AggregatedScanResult").null().close('}');
    }

    pub(super) fn listed_by_resource(&mut self, id: PointId) {
        let (world, json) = (self.world, &mut self.json);
        let point = world.point(id);
        let vault = world.vault(point.vault);
        json.open('{');
        json.key("RecoveryPointArn")
            .written(|out| world.write_point_arn(id, out));
        member!(json, "CreationDate").moment(point.created);
        member!(json, "Status").text(point.status.wire_name());
        member!(json, "StatusMessage").maybe_text(status_message(point.status));
        member!(json, "EncryptionKeyArn").maybe_text(point.key.map(|key| world.key_arn(key)).as_deref());
        member!(json, "BackupSizeBytes").maybe_number(point.size_bytes);
        member!(json, "BackupVaultName").text(&vault.name);
        member!(json, "IsParent").boolean(point.kind == PointKind::Composite);
        parent(json, world, point);
        member!(json, "ResourceName").maybe_text(world.resource(point.resource).name.as_deref());
        if !self.settings.vault_type_absent {
            member!(json, "VaultType").text(find::vault_type(vault.kind));
        }
        json.raw(",\"IndexStatus\":null,\"IndexStatusMessage\":null");
        member!(json, "EncryptionKeyType").maybe_text(vaults::encryption_key_type(world, vault.kind, point.key));
        member!(json, "AggregatedScanResult").null().close('}');
    }

    /// The members that a point in its vault's list and a described point share.
    fn full(&mut self, id: PointId) {
        let (world, settings, json) = (self.world, self.settings, &mut self.json);
        let point = world.point(id);
        let resource = world.resource(point.resource);

        json.key("RecoveryPointArn")
            .written(|out| world.write_point_arn(id, out));
        let vault = self
            .vaults
            .of(point.vault.0 as usize, || vault_members(world, settings, point.vault));
        json.raw(vault);
        let shown = point.copied_from.filter(|_| !point.copy.source_vault_hidden);
        let origin = shown.map(|source| world.point(source).vault);
        let origin = origin.map(|vault| self.origins.of(vault.0 as usize, || world.vault_arn(vault)));
        member!(json, "SourceBackupVaultArn").maybe_text(origin);
        member!(json, "ResourceArn").written(|out| world.write_resource_arn(point.resource, out));
        member!(json, "ResourceType").text(point.resource_type.wire_name());
        json.raw(self.makers.of(maker_number(world, point), || maker_members(world, id)));
        member!(json, "Status").text(point.status.wire_name());
        member!(json, "StatusMessage").maybe_text(status_message(point.status));
        member!(json, "CreationDate").moment(point.created);
        member!(json, "InitiationDate").maybe_moment(point.initiated);
        member!(json, "CompletionDate").maybe_moment(point.completed);
        member!(json, "BackupSizeInBytes").maybe_number(point.size_bytes);
        lifecycle(json, point);
        let key_number = point.key.map_or(0, |key| key.0 as usize + 1);
        json.raw(self.keys.of(key_number, || key_members(world, point.vault, point.key)));
        member!(json, "LastRestoreTime").null();
        parent(json, world, point);
        member!(json, "CompositeMemberIdentifier").maybe_text(point.parent.map(|_| resource.local_id.as_str()));
        member!(json, "IsParent").boolean(point.kind == PointKind::Composite);
        member!(json, "ResourceName").maybe_text(resource.name.as_deref());
        json.raw(",\"IndexStatus\":null,\"IndexStatusMessage\":null");
    }
}

fn vault_members(world: &World, settings: &BackupSettings, id: VaultId) -> String {
    let vault = world.vault(id);
    let mut json = Json::continued(settings.odd_floats);
    json.key("BackupVaultName")
        .text(&vault.name)
        .key("BackupVaultArn")
        .text(&world.vault_arn(id));
    if !settings.vault_type_absent {
        member!(json, "VaultType").text(find::vault_type(vault.kind));
    }
    json.into_text()
}

fn key_members(world: &World, vault: VaultId, key: Option<KeyId>) -> String {
    let mut json = Json::continued(false);
    json.key("EncryptionKeyArn")
        .maybe_text(key.map(|key| world.key_arn(key)).as_deref());
    member!(json, "IsEncrypted").boolean(key.is_some());
    member!(json, "EncryptionKeyType").maybe_text(vaults::encryption_key_type(world, world.vault(vault).kind, key));
    json.into_text()
}

fn maker_number(world: &World, point: &Point) -> usize {
    if point.copied_from.is_some() {
        0
    } else if point.plan == ON_DEMAND || world.rules.is_empty() {
        1
    } else {
        2 + usize::from(point.plan) % world.rules.len()
    }
}

/// Who made the point: a rule of a backup plan, somebody on demand, or AWS Backup itself as a copy.
fn maker_members(world: &World, id: PointId) -> String {
    let point = world.point(id);
    let account = &world.vault(point.vault).account;
    let rule = world.rule_of(id).filter(|_| point.copied_from.is_none());
    let mut json = Json::continued(false);
    json.key("CreatedBy");
    if let Some(rule) = rule {
        json.open('{').key("BackupPlanId").text(&rule.plan_id);
        json.key("BackupPlanArn").text(&world.backup_plan_arn(rule));
        member!(json, "BackupPlanName").text(&rule.plan_name);
        member!(json, "BackupPlanVersion").text(&rule.plan_version);
        member!(json, "BackupRuleId").text(&rule.rule_id);
        member!(json, "BackupRuleName").text(&rule.rule_name);
        member!(json, "BackupRuleCron").text(&rule.cron);
        member!(json, "BackupRuleTimezone").text("Etc/UTC").close('}');
    } else {
        json.null();
    }
    let acted_as = match rule {
        Some(rule) => rule.role.as_str(),
        None if point.copied_from.is_some() => "AWSServiceRoleForBackup",
        None => "AWSBackupDefaultServiceRole",
    };
    let owner = rule.map_or(account, |rule| &rule.account);
    let principal = world
        .accounts
        .get(owner)
        .and_then(|account| account.principals.get(acted_as));
    let arn = principal.map(|principal| world.principal_arn(owner, principal));
    member!(json, "IamRoleArn").maybe_text(arn.as_deref());
    json.into_text()
}

fn lifecycle(json: &mut Json, point: &Point) {
    let lifecycle = point.lifecycle;
    member!(json, "CalculatedLifecycle").open('{');
    json.key("MoveToColdStorageAt").maybe_moment(point.move_to_cold_at());
    member!(json, "DeleteAt").maybe_moment(point.delete_at()).close('}');
    member!(json, "Lifecycle").open('{');
    json.key("MoveToColdStorageAfterDays")
        .maybe_number(lifecycle.move_to_cold_after_days.map(u64::from));
    member!(json, "DeleteAfterDays").maybe_number(lifecycle.delete_after_days.map(u64::from));
    // Snapshots of EBS have an archive instead of a cold tier, which is opted in to by lifecycle.
    let archive = point.resource_type == ResourceType::Ebs && lifecycle.move_to_cold_after_days.is_some();
    member!(json, "OptInToArchiveForSupportedResources").raw(if archive { "true" } else { "null" });
    member!(json, "DeleteAfterEvent").null().close('}');
}

fn parent(json: &mut Json, world: &World, point: &Point) {
    member!(json, "ParentRecoveryPointArn").maybe(point.parent, |json, parent| {
        json.written(|out| world.write_point_arn(parent, out));
    });
}

const fn status_message(status: PointStatus) -> Option<&'static str> {
    match status {
        PointStatus::Partial => Some("Some of the recovery points in this composite recovery point were not created"),
        PointStatus::Expired => Some("The recovery point is past its retention and could not be deleted"),
        _ => None,
    }
}
