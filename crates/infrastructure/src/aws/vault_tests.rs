//! The vault desk against the simulator over HTTP: what is written is what is read.

use sav_application::ports::{Gateway, LockAsked, VaultAsked, VaultDesk, VaultMade};
use sav_domain::VaultName;
use sav_domain::fault::FaultKind;
use sav_domain::twin::{Lock, Notifications, Tags, VaultKind};
use serde_json::{Value, json};

use super::desk_tests::Desk;

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect()
}

#[tokio::test]
async fn a_new_vault_has_what_it_was_given_and_nothing_else() {
    let desk = Desk::open();
    let gateway = &desk.gateway;
    let key = gateway.vaults(None).await.unwrap().items[0].encryption_key_arn.clone();
    let name = VaultName::new("archive").unwrap();
    let asked = VaultAsked {
        name: name.clone(),
        encryption_key_arn: key.map(String::into_boxed_str),
        tags: tags(&[("team", "backup")]),
    };
    assert_eq!(gateway.create_vault(&asked).await, Ok(VaultMade::Created));
    assert_eq!(gateway.create_vault(&asked).await, Ok(VaultMade::WasThere));
    let vault = gateway.vault(&name).await.unwrap();
    assert_eq!(
        (&vault.kind, &vault.encryption_key_arn, vault.lock),
        (&VaultKind::Plain, &asked.encryption_key_arn, None)
    );
    assert_eq!(gateway.access_policy(&name).await, Ok(None));
    assert_eq!(gateway.notifications(&name).await, Ok(None));
    let arn = vault.arn.unwrap();
    gateway.tag(&arn, &tags(&[("cost", "7")])).await.unwrap();
    let read = gateway.tags(&arn, None).await.unwrap();
    assert_eq!(
        read.items.into_iter().collect::<Tags>(),
        tags(&[("cost", "7"), ("team", "backup")])
    );
}

#[tokio::test]
async fn policy_notifications_and_lock_are_read_as_they_were_put() {
    let desk = Desk::open();
    let gateway = &desk.gateway;
    let name = VaultName::new("archive").unwrap();
    let asked = VaultAsked {
        name: name.clone(),
        encryption_key_arn: None,
        tags: Tags::new(),
    };
    gateway.create_vault(&asked).await.unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::222222222222:root" }, "Action": "backup:CopyIntoBackupVault" }] });
    gateway.put_access_policy(&name, &policy.to_string()).await.unwrap();
    let read = gateway.access_policy(&name).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), policy);

    let told = Notifications {
        topic_arn: "arn:aws:sns:us-east-1:111111111111:backups".into(),
        events: vec!["COPY_JOB_FAILED".into()],
    };
    gateway.put_notifications(&name, &told).await.unwrap();
    assert_eq!(gateway.notifications(&name).await, Ok(Some(told)));

    let governance = LockAsked {
        min_retention_days: Some(7),
        max_retention_days: None,
        changeable_for_days: None,
    };
    gateway.put_lock(&name, &governance).await.unwrap();
    let lock = Lock {
        min_retention_days: Some(7),
        max_retention_days: None,
        unchangeable_from: None,
    };
    assert_eq!(gateway.vault(&name).await.unwrap().lock, Some(lock));
    let compliance = LockAsked {
        changeable_for_days: Some(3),
        ..governance
    };
    gateway.put_lock(&name, &compliance).await.unwrap();
    let lock = gateway.vault(&name).await.unwrap().lock.unwrap();
    assert!(lock.unchangeable_from.is_some(), "{lock:?}");
}

#[tokio::test]
async fn a_vault_that_is_not_there_is_an_error_and_not_an_empty_one() {
    let desk = Desk::open();
    let name = VaultName::new("nowhere").unwrap();
    assert_eq!(desk.gateway.vault(&name).await.unwrap_err().kind, FaultKind::NotFound);
}
