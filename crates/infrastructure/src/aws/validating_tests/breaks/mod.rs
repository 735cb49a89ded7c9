//! One way each to break a world, what `validate` has to say, and the repair that it names.

mod accounts;
mod points;

use sav_domain::checks::Topic;
use sav_domain::vault_map::VaultMap;
use sav_simulator::world::seeded::{BACKUP_ROLE, OPERATOR_ROLE};
use sav_simulator::world::{KeyState, Principal, VaultId, World};
use serde_json::{Value, json};

use super::{DESTINATION, SOURCE, Stage};

pub(super) struct Broken {
    pub(super) name: &'static str,
    pub(super) by: fn(&mut Stage),
    pub(super) topic: Topic,
    pub(super) subject: &'static str,
    pub(super) fix: &'static str,
    pub(super) repair: Repair,
}

pub(super) enum Repair {
    By(fn(&mut Stage)),
    /// The statements that the fix says are put where it says.
    Paste(fn(&mut World, Vec<Value>)),
}

pub(super) use accounts::{accounts, roles};
pub(super) use points::{keys, limits, vaults};

use Repair::{By, Paste};

pub(super) fn principal<'w>(world: &'w mut World, account: &str, name: &str) -> &'w mut Principal {
    let account = world.accounts.get_mut(account).unwrap();
    account.principals.get_mut(name).unwrap()
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

pub(super) fn deny(world: &mut World, account: &str, name: &str, action: &str) {
    let statement = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
    let who = principal(world, account, name);
    who.inline.insert("deny".to_owned(), policy(&[statement]));
}

fn lift(world: &mut World, account: &str, name: &str) {
    principal(world, account, name).inline.remove("deny");
}

fn add_to(policy: &mut Value, statements: Vec<Value>) {
    policy["Statement"].as_array_mut().unwrap().extend(statements);
}

/// The first destination vault that something comes into.
fn target(world: &World) -> VaultId {
    world
        .vaults_of(DESTINATION)
        .into_iter()
        .find(|id| !world.vault(*id).is_default())
        .unwrap()
}

/// The key of points whose type brings its own, and the one of a source vault.
pub(super) fn key_of(world: &World, fully_managed: bool) -> usize {
    let keys = world
        .vaults_of(SOURCE)
        .into_iter()
        .flat_map(|vault| world.vault(vault).points.clone());
    let mut keys = keys.filter(|point| world.point(*point).resource_type.fully_managed() == fully_managed);
    keys.find_map(|point| world.point(point).key).unwrap().0 as usize
}

fn owner_only(world: &mut World) {
    let key = key_of(world, false);
    let owner = world.keys[key].policy["Statement"][0].clone();
    world.keys[key].policy = policy(&[owner]);
}

fn map_first(stage: &mut Stage, to: &str) {
    let from = stage.change(|world| world.vault(target(world)).name.clone());
    stage.terms().vault_map = VaultMap::of([format!("{from}={to}").parse().unwrap()]).unwrap();
}

fn rename(stage: &mut Stage, account: &str, from: &str, to: &str) {
    stage.change(|world| {
        let principals = &mut world.accounts.get_mut(account).unwrap().principals;
        let role = principals.remove(from).unwrap();
        principals.insert(
            to.to_owned(),
            Principal {
                name: to.to_owned(),
                ..role
            },
        );
    });
}

fn trust(stage: &mut Stage, statement: Value) {
    stage.change(|world| principal(world, SOURCE, BACKUP_ROLE).trust = Some(policy(&[statement])));
}

fn quota(stage: &mut Stage, service: &str, code: &str, value: f64) {
    stage.change(|world| {
        let account = world.accounts.get_mut(DESTINATION).unwrap();
        account.quotas.insert((service.to_owned(), code.to_owned()), value);
    });
}

fn opt(stage: &mut Stage, account: &str, kind: &str, on: bool) {
    stage.change(|world| {
        let account = world.accounts.get_mut(account).unwrap();
        account.opted_in.insert(kind.to_owned(), on);
    });
}

fn member(stage: &mut Stage, account: &str, yes: bool) {
    stage.change(|world| world.accounts.get_mut(account).unwrap().in_organization = yes);
}

fn vault_policy(stage: &mut Stage, with: Option<Value>) {
    stage.change(|world| {
        let id = target(world);
        world.vault_mut(id).policy = with;
    });
}

const fn broken(
    name: &'static str,
    by: fn(&mut Stage),
    topic: Topic,
    subject: &'static str,
    fix: &'static str,
    repair: Repair,
) -> Broken {
    Broken {
        name,
        by,
        topic,
        subject,
        fix,
        repair,
    }
}

const OPEN_VAULT: Repair = Paste(|world, statements| {
    let id = target(world);
    let vault = world.vault_mut(id);
    add_to(vault.policy.get_or_insert_with(|| policy(&[])), statements);
});

const SHARE_KEY: Repair = Paste(|world, statements| {
    let key = key_of(world, false);
    add_to(&mut world.keys[key].policy, statements);
});

const GIVE_ROLE: Repair = Paste(|world, statements| {
    let role = principal(world, SOURCE, BACKUP_ROLE);
    role.inline.insert("pasted".to_owned(), policy(&statements));
});

const LIFT_FROM_ROLE: Repair = By(|stage| stage.change(|world| lift(world, SOURCE, BACKUP_ROLE)));
const LIFT_FROM_SOURCE: Repair = By(|stage| stage.change(|world| lift(world, SOURCE, OPERATOR_ROLE)));
const LIFT_FROM_DESTINATION: Repair = By(|stage| stage.change(|world| lift(world, DESTINATION, OPERATOR_ROLE)));
const ENABLE_SOURCE_KEY: Repair = By(|stage| {
    stage.change(|world| {
        let key = key_of(world, false);
        world.keys[key].state = KeyState::Enabled;
    });
});
