use serde_json::json;

use super::*;
use crate::world::Lock;

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["BackupVaultName"].as_str().unwrap())
        .collect()
}

#[test]
fn vaults_are_listed_by_name_page_by_page_and_by_type() {
    let mut sim = small_box();
    for name in ["zeta", "alpha", "mid"] {
        sim.world.add_vault(vault(SOURCE, name));
    }
    sim.world.add_vault(Vault {
        kind: VaultKind::LogicallyAirGapped,
        ..vault(SOURCE, "gapped")
    });
    sim.world.add_vault(vault(DESTINATION, "foreign"));
    for size in 1..8 {
        let rows = sim.pages("ListBackupVaults", "BackupVaultList", &json!({"MaxResults": size}));
        assert_eq!(names(&rows), ["Default", "alpha", "daily", "gapped", "mid", "zeta"]);
    }
    let gapped = sim.pages(
        "ListBackupVaults",
        "BackupVaultList",
        &json!({"ByVaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"}),
    );
    assert_eq!(names(&gapped), ["gapped"]);
    assert!(
        sim.pages("ListBackupVaults", "BackupVaultList", &json!({"ByShared": true}))
            .is_empty()
    );
}

#[test]
fn a_listing_of_vaults_goes_on_when_its_last_vault_is_gone() {
    let mut sim = small_box();
    let page = sim.ask("ListBackupVaults", json!({"MaxResults": 1})).unwrap();
    let first = sim.world.vault_named(SOURCE, "Default").unwrap();
    sim.world.remove_vault(first);
    let rest = sim
        .ask("ListBackupVaults", json!({"NextToken": page["NextToken"]}))
        .unwrap();
    assert_eq!(names(rest["BackupVaultList"].as_array().unwrap()), ["daily"]);
}

#[test]
fn a_vault_is_described_with_everything_it_has() {
    let mut sim = small_box();
    let id = daily(&sim.world);
    let volume = resource(&mut sim.world, ResourceType::Ebs, "vol-1");
    add(&mut sim.world, id, volume, 1);
    let gone = add(&mut sim.world, id, volume, 2);
    sim.world.point_mut(gone).deleted = true;
    let lock_date = Moment::from_millis(1_770_000_000_500);
    let lock = Lock {
        min_retention_days: Some(7),
        max_retention_days: None,
        lock_date: Some(lock_date),
    };
    sim.world.vault_mut(id).lock = Some(lock);
    assert_eq!(
        sim.ask("DescribeBackupVault", json!({"BackupVaultName": "daily"}))
            .unwrap(),
        json!({
            "BackupVaultName": "daily",
            "BackupVaultArn": "arn:aws:backup:eu-central-1:111111111111:backup-vault:daily",
            "VaultType": "BACKUP_VAULT",
            "VaultState": "AVAILABLE",
            "EncryptionKeyArn":
                "arn:aws:kms:eu-central-1:111111111111:key/0a0a0a0a-0000-4000-8000-000000000001",
            "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY",
            "CreationDate": 1_690_880_000.123,
            "CreatorRequestId": "made-daily",
            "NumberOfRecoveryPoints": 1,
            "Locked": true,
            "MinRetentionDays": 7,
            "MaxRetentionDays": null,
            "LockDate": 1_770_000_000.5,
            "SourceBackupVaultArn": null,
            "MpaApprovalTeamArn": null,
            "MpaSessionArn": null,
            "LatestMpaApprovalTeamUpdate": null,
        })
    );
    sim.backup.vault_type_absent = true;
    let vault = sim
        .ask("DescribeBackupVault", json!({"BackupVaultName": "daily"}))
        .unwrap();
    assert!(vault.get("VaultType").is_none());
}

#[test]
fn missing_vaults_and_those_of_others_are_refused() {
    let mut sim = small_box();
    let missing = json!({"BackupVaultName": "nowhere"});
    assert_eq!(
        sim.code("DescribeBackupVault", missing.clone()),
        "ResourceNotFoundException"
    );
    sim.backup.missing_vault_denied = true;
    assert_eq!(sim.code("DescribeBackupVault", missing), "AccessDeniedException");
    sim.account = DESTINATION;
    let foreign = json!({"BackupVaultName": "daily", "BackupVaultAccountId": SOURCE});
    assert_eq!(
        sim.code("DescribeBackupVault", foreign.clone()),
        "AccessDeniedException"
    );
    assert_eq!(
        sim.code("ListRecoveryPointsByBackupVault", foreign),
        "AccessDeniedException"
    );
}

#[test]
fn a_vault_is_created_once_per_request_id() {
    let mut sim = small_box();
    let key = sim.world.key_arn(KeyId(0));
    let wanted = json!({
        "BackupVaultName": "weekly", "CreatorRequestId": "first", "EncryptionKeyArn": key,
        "BackupVaultTags": {"team": "storage"},
    });
    let created = sim.ask("CreateBackupVault", wanted.clone()).unwrap();
    let arn = "arn:aws:backup:eu-central-1:111111111111:backup-vault:weekly";
    assert_eq!(
        created,
        json!({"BackupVaultName": "weekly", "BackupVaultArn": arn, "CreationDate": 1_760_000_000.123})
    );
    assert_eq!(
        sim.ask("ListTags", json!({"ResourceArn": arn})).unwrap()["Tags"],
        json!({"team": "storage"})
    );

    sim.now = sim.now.plus_days(1);
    assert_eq!(sim.ask("CreateBackupVault", wanted).unwrap(), created);
    let refused = sim
        .ask(
            "CreateBackupVault",
            json!({"BackupVaultName": "weekly", "CreatorRequestId": "second"}),
        )
        .unwrap_err();
    assert_eq!(refused.code, "AlreadyExistsException");
    assert_eq!(refused.members["Arn"], arn);
    assert_eq!(refused.members["CreatorRequestId"], "first");
}

#[test]
fn a_vault_without_a_key_of_its_own_gets_the_accounts() {
    let mut sim = small_box();
    sim.ask("CreateBackupVault", json!({"BackupVaultName": "plain"}))
        .unwrap();
    let described = sim
        .ask("DescribeBackupVault", json!({"BackupVaultName": "plain"}))
        .unwrap();
    assert_eq!(described["EncryptionKeyArn"], sim.world.key_arn(KeyId(1)));
    assert_eq!(described["EncryptionKeyType"], Value::Null);
}

#[test]
fn what_cannot_be_a_vault_is_refused() {
    let mut sim = small_box();
    sim.world.keys[2].state = KeyState::Disabled;
    let disabled = sim.world.key_arn(KeyId(2));
    let own = "arn:aws:kms:eu-central-1:111111111111";
    for wrong in [
        json!({"BackupVaultName": "x"}),
        json!({"BackupVaultName": "aws/efs/automatic-backup-vault"}),
        json!({"BackupVaultName": "a".repeat(51)}),
        json!({"BackupVaultName": "weekly", "CreatorRequestId": "no spaces"}),
        json!({"BackupVaultName": "weekly", "CreatorRequestId": ""}),
        json!({"BackupVaultName": "weekly", "EncryptionKeyArn": "alias/aws/backup"}),
        json!({"BackupVaultName": "weekly", "EncryptionKeyArn": format!("{own}:alias/aws/backup")}),
        json!({"BackupVaultName": "weekly", "EncryptionKeyArn": format!("{own}:key/unknown")}),
        json!({"BackupVaultName": "weekly", "EncryptionKeyArn": "arn:aws:kms:us-east-1:111111111111:key/1"}),
        json!({"BackupVaultName": "weekly", "EncryptionKeyArn": disabled}),
        json!({"BackupVaultName": "weekly", "BackupVaultTags": {"aws:owner": "me"}}),
    ] {
        assert_eq!(
            sim.code("CreateBackupVault", wrong.clone()),
            "InvalidParameterValueException",
            "{wrong}"
        );
    }
    assert_eq!(sim.world.vaults_of(SOURCE).len(), 2);
    sim.backup.vaults = 2;
    assert_eq!(
        sim.code("CreateBackupVault", json!({"BackupVaultName": "third"})),
        "LimitExceededException"
    );
}

#[test]
fn only_empty_vaults_of_ones_own_are_deleted() {
    let mut sim = small_box();
    let id = daily(&sim.world);
    let volume = resource(&mut sim.world, ResourceType::Ebs, "vol-1");
    let held = add(&mut sim.world, id, volume, 1);
    assert_eq!(
        sim.code("DeleteBackupVault", json!({"BackupVaultName": "daily"})),
        "InvalidRequestException"
    );
    assert_eq!(
        sim.code("DeleteBackupVault", json!({"BackupVaultName": "Default"})),
        "InvalidRequestException"
    );
    let arn = sim.world.vault_arn(id);
    sim.ask("TagResource", json!({"ResourceArn": arn, "Tags": {"a": "b"}}))
        .unwrap();
    sim.world.point_mut(held).deleted = true;
    sim.ask("DeleteBackupVault", json!({"BackupVaultName": "daily"}))
        .unwrap();
    assert_eq!(
        sim.code("DeleteBackupVault", json!({"BackupVaultName": "daily"})),
        "ResourceNotFoundException"
    );

    sim.ask("CreateBackupVault", json!({"BackupVaultName": "daily"}))
        .unwrap();
    assert_eq!(
        sim.ask("ListTags", json!({"ResourceArn": arn})).unwrap()["Tags"],
        json!({})
    );
}
