//! A small world made by hand, and calls to it.

mod account;
mod copy_jobs;
mod listing;
mod locks;
mod notifications;
mod page_faults;
mod policies;
mod rendering;
mod tags;
mod vaults;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::settings::BackupSettings;
use crate::clock::{ManualClock, Moment};
use crate::faults::Listing;
use crate::fleet::{Fleet, FleetSettings};
use crate::identities::Identities;
use crate::model::{Model, Service};
use crate::services::backup;
use crate::state::State;
use crate::wire::{Call, Caller, Params, Refusal, Reply};
use crate::world::{
    Account, BackupRule, CopyFacts, Key, KeyId, KeyManager, KeyState, Lifecycle, ON_DEMAND, Organization, Point,
    PointId, PointKind, PointStatus, Principal, Resource, ResourceId, ResourceType, StorageClass, Tags, Vault, VaultId,
    VaultKind, World,
};

pub(super) const SOURCE: &str = "111111111111";
pub(super) const DESTINATION: &str = "222222222222";
pub(super) const NOW: Moment = Moment::from_millis(1_760_000_000_123);

pub(super) fn call(operation: &'static str, params: Value) -> Call {
    let Value::Object(params) = params else {
        panic!("parameters are an object")
    };
    Call {
        operation,
        caller: Caller {
            account: SOURCE.into(),
            arn: format!("arn:aws:sts::{SOURCE}:assumed-role/Operator/tests"),
            user_id: "AROAEXAMPLE:tests".into(),
            principal: "Operator".into(),
            session_policies: None,
        },
        params: Params(params),
        now: NOW,
        request_id: "00000000-0000-4000-8000-000000000000".into(),
        listing: Listing::default(),
    }
}

/// A world, and how it answers.
pub(super) struct Sim {
    pub(super) state: State,
    pub(super) page_fault: Listing,
    pub(super) now: Moment,
    pub(super) account: &'static str,
}

impl std::ops::Deref for Sim {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

impl std::ops::DerefMut for Sim {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Sim {
    pub(super) fn of(world: World, fleet: FleetSettings) -> Self {
        let state = State {
            fleet: Fleet::new(fleet),
            identities: Identities::seeded(&world, 1, Arc::new(ManualClock::at(NOW))),
            backup: BackupSettings::default(),
            world,
        };
        Self {
            state,
            page_fault: Listing::default(),
            now: NOW,
            account: SOURCE,
        }
    }

    pub(super) fn catch_up_now(&mut self) {
        self.state.catch_up(self.now);
    }

    pub(super) fn ask(&mut self, operation: &'static str, params: Value) -> Result<Value, Refusal> {
        let mut call = call(operation, params);
        call.now = self.now;
        call.caller.account = self.account.into();
        call.listing = self.page_fault;
        self.state.catch_up(call.now);
        let looked = backup::look(&self.state, &call);
        let reply = looked.unwrap_or_else(|| backup::act(&mut self.state, &call))?;
        let answer = match reply {
            Reply::Members(members) => members,
            Reply::Json(body) => serde_json::from_slice(&body).expect("JSON"),
        };
        Model::check_output(Service::Backup, operation, &answer).expect("an answer of AWS Backup");
        Ok(answer)
    }

    pub(super) fn code(&mut self, operation: &'static str, params: Value) -> String {
        self.ask(operation, params).expect_err("a refusal").code
    }

    /// Every page of a listing, one after the other, as one list.
    pub(super) fn pages(&mut self, operation: &'static str, list: &str, params: &Value) -> Vec<Value> {
        let mut all = Vec::new();
        let mut params = params.clone();
        for _ in 0..10_000 {
            let mut page = self.ask(operation, params.clone()).expect("a page");
            let Value::Array(rows) = page[list].take() else {
                panic!("no list {list}")
            };
            all.extend(rows);
            match page["NextToken"].take() {
                Value::Null => return all,
                token => params["NextToken"] = token,
            }
        }
        panic!("the listing has no end");
    }
}

/// A key each, two rules, and in the source the vaults `Default` and `daily`.
pub(super) fn small_box() -> Sim {
    let organization = Organization {
        id: "o-abcdefghij".into(),
        path: "o-abcdefghij/r-abcd/ou-abcd-12345678/".into(),
        management_account: "999999999999".into(),
        cross_account_backup: true,
    };
    let mut world = World::empty("aws", "eu-central-1", organization);
    for id in [SOURCE, DESTINATION] {
        world.accounts.insert(id.into(), account(id));
        world
            .keys
            .push(key(id, "0a0a0a0a-0000-4000-8000-000000000001", KeyManager::Customer));
        world
            .keys
            .push(key(id, "0a0a0a0a-0000-4000-8000-000000000002", KeyManager::Aws));
    }
    for number in 0..3 {
        world.rules.push(BackupRule {
            account: SOURCE.into(),
            plan_id: format!("plan-{}", number / 2),
            plan_name: "Daily \"production\"".into(),
            plan_version: "djE=".into(),
            rule_id: format!("rule-{number}"),
            rule_name: "every night".into(),
            cron: "cron(0 3 ? * * *)".into(),
            role: "AWSBackupDefaultServiceRole".into(),
        });
    }
    for (name, key) in [("Default", KeyId(1)), ("daily", KeyId(0))] {
        let mut vault = vault(SOURCE, name);
        vault.key = Some(key);
        vault.creator_request_id = Some(format!("made-{name}"));
        world.add_vault(vault);
    }
    Sim::of(world, FleetSettings::default())
}

pub(super) fn daily(world: &World) -> VaultId {
    world.vault_named(SOURCE, "daily").expect("the vault of the small box")
}

fn account(id: &str) -> Account {
    let role = |name: &str, path: &str| Principal::role(name, path, &format!("AROA{name}"), NOW.plus_days(-900));
    let roles = [
        role("AWSBackupDefaultServiceRole", "/service-role/"),
        role("AWSServiceRoleForBackup", "/aws-service-role/backup.amazonaws.com/"),
    ];
    Account {
        id: id.into(),
        name: format!("account {id}"),
        in_organization: true,
        principals: roles.map(|role| (role.name.clone(), role)).into(),
        opted_in: BTreeMap::from([("EBS".into(), true), ("FSx".into(), false)]),
        managed_by_backup: BTreeMap::from([("DynamoDB".into(), true)]),
        quotas: BTreeMap::new(),
        allowed_amis_exclude_source: false,
    }
}

fn key(account: &str, id: &str, manager: KeyManager) -> Key {
    Key {
        account: account.into(),
        id: id.into(),
        alias: (manager == KeyManager::Aws).then(|| "alias/aws/backup".into()),
        manager,
        state: KeyState::Enabled,
        policy: Value::Null,
        created: NOW.plus_days(-900),
    }
}

pub(super) fn vault(account: &str, name: &str) -> Vault {
    Vault {
        account: account.into(),
        name: name.into(),
        kind: VaultKind::Plain,
        key: None,
        created: NOW.plus_days(-800),
        creator_request_id: None,
        lock: None,
        policy: None,
        notifications: None,
        points: Vec::new(),
    }
}

pub(super) fn resource(world: &mut World, resource_type: ResourceType, local_id: &str) -> ResourceId {
    world.add_resource(Resource {
        account: SOURCE.into(),
        resource_type,
        local_id: local_id.into(),
        name: Some(format!("the \"{local_id}\" \\ Müller")),
        tags: Tags::from([("Application".into(), "ledger".into())]),
    })
}

/// An available point of `resource` in `vault`, as many hours old as its serial says.
pub(super) fn point(world: &World, vault: VaultId, resource: ResourceId, serial: u64) -> Point {
    let created = Moment::from_millis(NOW.millis() - i64::try_from(serial).expect("small") * 3_600_000);
    Point {
        serial,
        vault,
        resource,
        resource_type: world.resource(resource).resource_type,
        kind: PointKind::Snapshot,
        status: PointStatus::Completed,
        storage: StorageClass::Warm,
        created,
        initiated: None,
        completed: Some(created + std::time::Duration::from_millis(61_001)),
        size_bytes: Some(serial << 30),
        lifecycle: Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: Some(35),
        },
        key: Some(KeyId(0)),
        parent: None,
        copied_from: None,
        copy: CopyFacts::default(),
        plan: ON_DEMAND,
        deleted: false,
    }
}

pub(super) fn add(world: &mut World, vault: VaultId, resource: ResourceId, serial: u64) -> PointId {
    let point = point(world, vault, resource, serial);
    world.add_point(point)
}
