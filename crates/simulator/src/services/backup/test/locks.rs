use serde_json::json;

use super::*;
use crate::services::backup::LockAgain;
use crate::world::Lock;

fn put(sim: &mut Sim, lock: Value) -> Result<Value, Refusal> {
    let mut params = lock;
    params["BackupVaultName"] = "daily".into();
    sim.ask("PutBackupVaultLockConfiguration", params)
}

fn lock(sim: &Sim) -> Option<Lock> {
    sim.world.vault(daily(&sim.world)).lock
}

fn lift(sim: &mut Sim) -> Result<Value, Refusal> {
    sim.ask(
        "DeleteBackupVaultLockConfiguration",
        json!({"BackupVaultName": "daily"}),
    )
}

#[test]
fn ranges_are_those_of_aws() {
    let mut sim = small_box();
    for refused in [
        json!({"MinRetentionDays": 0}),
        json!({"MaxRetentionDays": 36_501}),
        json!({"MinRetentionDays": 8, "MaxRetentionDays": 7}),
        json!({"MinRetentionDays": 1, "ChangeableForDays": 2}),
        json!({"MinRetentionDays": 1, "ChangeableForDays": 36_501}),
        json!({"MinRetentionDays": -1}),
    ] {
        let code = put(&mut sim, refused.clone()).unwrap_err().code;
        assert_eq!(code, "InvalidParameterValueException", "{refused}");
        assert_eq!(lock(&sim), None);
    }
    put(
        &mut sim,
        json!({"MinRetentionDays": 1, "MaxRetentionDays": 36_500, "ChangeableForDays": 3}),
    )
    .unwrap();
    put(
        &mut sim,
        json!({"MinRetentionDays": 7, "MaxRetentionDays": 7, "ChangeableForDays": 36_500}),
    )
    .unwrap();
}

#[test]
fn a_governance_lock_can_be_changed_and_removed_at_any_time() {
    let mut sim = small_box();
    put(&mut sim, json!({"MinRetentionDays": 7})).unwrap();
    let governance = Lock {
        min_retention_days: Some(7),
        max_retention_days: None,
        lock_date: None,
    };
    assert_eq!(lock(&sim), Some(governance));
    sim.now = sim.now.plus_days(4000);
    put(&mut sim, json!({"MaxRetentionDays": 90})).unwrap();
    assert_eq!(lock(&sim).unwrap().max_retention_days, Some(90));
    lift(&mut sim).unwrap();
    assert_eq!(lock(&sim), None);
}

#[test]
fn a_compliance_lock_is_nobodys_to_change_from_its_date_on() {
    let mut sim = small_box();
    put(&mut sim, json!({"MinRetentionDays": 7, "ChangeableForDays": 3})).unwrap();
    let date = NOW.plus_days(3);
    assert_eq!(lock(&sim).unwrap().lock_date, Some(date));
    sim.now = Moment::from_millis(date.millis() - 1);
    lift(&mut sim).unwrap();
    sim.now = NOW;
    put(&mut sim, json!({"MinRetentionDays": 7, "ChangeableForDays": 3})).unwrap();
    sim.now = date;
    assert_eq!(lift(&mut sim).unwrap_err().code, "InvalidRequestException");
    let again = put(&mut sim, json!({"MinRetentionDays": 7, "ChangeableForDays": 3}));
    assert_eq!(again.unwrap_err().code, "InvalidRequestException");
    assert_eq!(lock(&sim).unwrap().lock_date, Some(date));
}

#[test]
fn putting_a_lock_again_counts_anew_or_keeps_the_date_or_is_refused() {
    let second = NOW.plus_days(1);
    let expected = [
        (LockAgain::Restarts, Some(second.plus_days(5))),
        (LockAgain::KeepsDate, Some(NOW.plus_days(5))),
        (LockAgain::Refused, None),
    ];
    for (switch, lock_date) in expected {
        let mut sim = small_box();
        sim.backup.lock_again = switch;
        put(&mut sim, json!({"MinRetentionDays": 7, "ChangeableForDays": 5})).unwrap();
        sim.now = second;
        let again = put(&mut sim, json!({"MinRetentionDays": 7, "ChangeableForDays": 5}));
        match lock_date {
            Some(date) => assert_eq!(lock(&sim).unwrap().lock_date, Some(date)),
            None => assert_eq!(again.unwrap_err().code, "InvalidRequestException"),
        }
    }
}

#[test]
fn an_air_gapped_vault_keeps_the_lock_it_was_born_with() {
    let mut sim = small_box();
    let id = daily(&sim.world);
    sim.world.vault_mut(id).kind = VaultKind::LogicallyAirGapped;
    assert_eq!(lift(&mut sim).unwrap_err().code, "InvalidRequestException");
    assert_eq!(
        put(&mut sim, json!({"MinRetentionDays": 7})).unwrap_err().code,
        "InvalidRequestException"
    );
}
