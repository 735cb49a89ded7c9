//! A small world for the tests of services: two accounts of one organization and a stranger.

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::faults::Listing;
use crate::model::{Model, Service};
use crate::wire::{Call, Caller, Params, Refusal, Reply};
use crate::world::{Account, Key, KeyManager, KeyState, Organization, Principal, World};

pub(super) const SOURCE: &str = "111111111111";
pub(super) const DESTINATION: &str = "222222222222";
pub(super) const STRANGER: &str = "999999999999";
pub(super) const NOW: Moment = Moment::from_secs(1_780_000_000);
pub(super) const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

pub(super) fn allow(actions: &[&str], resources: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]})
}

pub(super) fn trust(principal: &Value, condition: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}]})
}

pub(super) fn world() -> World {
    let organization = Organization {
        id: "o-abcdefghij".to_owned(),
        path: "o-abcdefghij/r-ab12/ou-ab12-11111111/".to_owned(),
        management_account: "333333333333".to_owned(),
        cross_account_backup: true,
    };
    let mut world = World::empty("aws", "eu-west-1", organization);
    for (id, in_organization) in [(SOURCE, true), (DESTINATION, true), (STRANGER, false)] {
        let mut account = Account {
            id: id.to_owned(),
            name: id.to_owned(),
            in_organization,
            principals: std::collections::BTreeMap::new(),
            opted_in: std::collections::BTreeMap::new(),
            managed_by_backup: std::collections::BTreeMap::new(),
            quotas: std::collections::BTreeMap::new(),
            allowed_amis_exclude_source: false,
        };
        let mut admin = Principal::user("admin", "/", &format!("AIDA{id}"), NOW);
        admin.attached = vec![(
            "arn:aws:iam::aws:policy/AdministratorAccess".to_owned(),
            allow(&["*"], &["*"]),
        )];
        account.principals.insert("admin".to_owned(), admin);
        let nobody = Principal::user("nobody", "/", &format!("AIDB{id}"), NOW);
        account.principals.insert("nobody".to_owned(), nobody);
        let mut operator = Principal::role("Operator", "/ops/", &format!("AROA{id}"), NOW);
        operator.trust = Some(trust(
            &json!({"AWS": format!("arn:aws:iam::{SOURCE}:root")}),
            &json!({}),
        ));
        account.principals.insert("Operator".to_owned(), operator);
        world.accounts.insert(id.to_owned(), account);
    }
    world.keys.push(Key {
        account: SOURCE.to_owned(),
        id: KEY.to_owned(),
        alias: Some("alias/backups".to_owned()),
        manager: KeyManager::Customer,
        state: KeyState::Enabled,
        policy: json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": format!("arn:aws:iam::{SOURCE}:root")}}]}),
        created: Moment::from_millis(1_700_000_000_250),
    });
    world
}

pub(super) fn principal<'w>(world: &'w mut World, account: &str, name: &str) -> &'w mut Principal {
    world
        .accounts
        .get_mut(account)
        .unwrap()
        .principals
        .get_mut(name)
        .unwrap()
}

pub(super) fn user(account: &str, name: &str) -> Caller {
    Caller {
        account: account.to_owned(),
        arn: format!("arn:aws:iam::{account}:user/{name}"),
        user_id: "AIDAEXAMPLE".to_owned(),
        principal: name.to_owned(),
        session_policies: None,
    }
}

pub(super) fn session(account: &str, role: &str) -> Caller {
    Caller {
        account: account.to_owned(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{role}/night"),
        user_id: "AROAEXAMPLE:night".to_owned(),
        principal: role.to_owned(),
        session_policies: None,
    }
}

pub(super) fn call(operation: &'static str, caller: Caller, params: Value) -> Call {
    let Value::Object(params) = params else {
        panic!("parameters are members")
    };
    Call {
        operation,
        caller,
        params: Params(params),
        now: NOW,
        request_id: "test".to_owned(),
        listing: Listing::default(),
    }
}

/// The members of an answer that the service model agrees with.
pub(super) fn answer(service: Service, operation: &str, reply: Result<Reply, Refusal>) -> Value {
    let Reply::Members(members) = reply.unwrap() else {
        panic!("a text")
    };
    Model::check_output(service, operation, &members).unwrap();
    members
}
