//! What is written by hand for speed is what a plain rendering of the same point gives.

use serde_json::json;

use super::*;

fn plain_moment(moment: Option<Moment>) -> Value {
    moment.map_or(Value::Null, |moment| moment.to_string().parse::<f64>().unwrap().into())
}

fn plain(world: &World, id: PointId) -> Value {
    let point = world.point(id);
    let vault = world.vault(point.vault);
    let resource = world.resource(point.resource);
    let rule = world.rule_of(id).filter(|_| point.copied_from.is_none());
    let acted_as = match (rule, point.copied_from) {
        (None, Some(_)) => "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
        _ => "service-role/AWSBackupDefaultServiceRole",
    };
    let archive = point.resource_type == ResourceType::Ebs && point.lifecycle.move_to_cold_after_days.is_some();
    let key_type = point.key.and_then(|key| match world.key(key).manager {
        KeyManager::Customer => Some("CUSTOMER_MANAGED_KMS_KEY"),
        KeyManager::Aws => None,
    });
    json!({
        "RecoveryPointArn": world.point_arn(id),
        "BackupVaultName": vault.name,
        "BackupVaultArn": world.vault_arn(point.vault),
        "VaultType": "BACKUP_VAULT",
        "SourceBackupVaultArn": point.copied_from.map(|source| world.vault_arn(world.point(source).vault)),
        "ResourceArn": world.resource_arn(point.resource),
        "ResourceType": point.resource_type.wire_name(),
        "CreatedBy": rule.map(|rule| json!({
            "BackupPlanId": rule.plan_id,
            "BackupPlanArn": world.backup_plan_arn(rule),
            "BackupPlanName": rule.plan_name,
            "BackupPlanVersion": rule.plan_version,
            "BackupRuleId": rule.rule_id,
            "BackupRuleName": rule.rule_name,
            "BackupRuleCron": rule.cron,
            "BackupRuleTimezone": "Etc/UTC",
        })),
        "IamRoleArn": format!("arn:aws:iam::{}:role/{acted_as}", vault.account),
        "Status": point.status.wire_name(),
        "StatusMessage": match point.status {
            PointStatus::Expired => "The recovery point is past its retention and could not be deleted".into(),
            _ => Value::Null,
        },
        "CreationDate": plain_moment(Some(point.created)),
        "InitiationDate": plain_moment(point.initiated),
        "CompletionDate": plain_moment(point.completed),
        "BackupSizeInBytes": point.size_bytes,
        "CalculatedLifecycle": {
            "MoveToColdStorageAt": plain_moment(point.move_to_cold_at()),
            "DeleteAt": plain_moment(point.delete_at()),
        },
        "Lifecycle": {
            "MoveToColdStorageAfterDays": point.lifecycle.move_to_cold_after_days,
            "DeleteAfterDays": point.lifecycle.delete_after_days,
            "OptInToArchiveForSupportedResources": archive.then_some(true),
            "DeleteAfterEvent": null,
        },
        "EncryptionKeyArn": point.key.map(|key| world.key_arn(key)),
        "IsEncrypted": point.key.is_some(),
        "EncryptionKeyType": key_type,
        "LastRestoreTime": null,
        "ParentRecoveryPointArn": point.parent.map(|parent| world.point_arn(parent)),
        "CompositeMemberIdentifier": point.parent.map(|_| resource.local_id.as_str()),
        "IsParent": point.kind == PointKind::Composite,
        "ResourceName": resource.name,
        "IndexStatus": null,
        "IndexStatusMessage": null,
    })
}

/// One point of each type, between them with every oddity a row can have.
fn oddities() -> Sim {
    let mut sim = small_box();
    let place = daily(&sim.world);
    let copies = sim.world.add_vault(vault(DESTINATION, "copies"));
    let mut stack = None;
    for (serial, resource_type) in (1..).zip(ResourceType::ALL) {
        let of = resource(&mut sim.world, resource_type, &format!("thing-{serial}"));
        let mut row = point(&sim.world, place, of, serial);
        row.plan = u16::try_from(serial).unwrap();
        match serial % 6 {
            0 => row.key = None,
            1 => {
                row.lifecycle = Lifecycle {
                    move_to_cold_after_days: Some(30),
                    delete_after_days: Some(3000),
                };
                row.storage = StorageClass::Cold;
            }
            2 => row.lifecycle = Lifecycle::default(),
            3 => {
                row.size_bytes = None;
                row.completed = None;
                row.plan = ON_DEMAND;
            }
            4 => {
                row.status = PointStatus::Expired;
                row.initiated = Some(row.created + std::time::Duration::from_millis(7));
                row.key = Some(KeyId(1));
            }
            _ => row.parent = stack,
        }
        if resource_type == ResourceType::Aurora {
            row.kind = PointKind::Composite;
        }
        let original = sim.world.add_point(row.clone());
        stack = stack.or(Some(original));
        if serial % 2 == 0 {
            let copy = Point {
                vault: copies,
                serial: serial + 1000,
                copied_from: Some(original),
                parent: None,
                ..row
            };
            sim.world.add_point(copy);
        }
    }
    sim.world.resources[3].name = None;
    sim
}

#[test]
fn pages_are_what_a_plain_rendering_gives() {
    let mut sim = oddities();
    for (account, name, count) in [(SOURCE, "daily", 24), (DESTINATION, "copies", 12)] {
        sim.account = account;
        let id = sim.world.vault_named(account, name).unwrap();
        let expected: Vec<Value> = sim
            .world
            .vault(id)
            .points
            .iter()
            .map(|id| plain(&sim.world, *id))
            .collect();
        assert_eq!(expected.len(), count);
        let page = sim
            .ask("ListRecoveryPointsByBackupVault", json!({"BackupVaultName": name}))
            .unwrap();
        for (mut wanted, written) in expected.into_iter().zip(page["RecoveryPoints"].as_array().unwrap()) {
            wanted["AggregatedScanResult"] = Value::Null;
            assert_eq!(*written, wanted);
        }
    }
}

#[test]
fn a_described_point_adds_its_storage_class() {
    let mut sim = oddities();
    for id in sim.world.vault(daily(&sim.world)).points.clone() {
        let mut wanted = plain(&sim.world, id);
        wanted["StorageClass"] = sim.world.point(id).storage.wire_name().into();
        wanted["ScanResults"] = Value::Null;
        let params = json!({"BackupVaultName": "daily", "RecoveryPointArn": sim.world.point_arn(id)});
        assert_eq!(sim.ask("DescribeRecoveryPoint", params).unwrap(), wanted);
    }
}

#[test]
fn a_resources_points_have_their_smaller_form() {
    let mut sim = oddities();
    let id = sim.world.vault(daily(&sim.world)).points[4];
    let full = plain(&sim.world, id);
    let params = json!({"ResourceArn": full["ResourceArn"]});
    let page = sim.ask("ListRecoveryPointsByResource", params).unwrap();
    let same = [
        "RecoveryPointArn",
        "CreationDate",
        "Status",
        "StatusMessage",
        "EncryptionKeyArn",
        "BackupVaultName",
        "IsParent",
        "ParentRecoveryPointArn",
        "ResourceName",
        "VaultType",
        "IndexStatus",
        "IndexStatusMessage",
        "EncryptionKeyType",
    ];
    let mut wanted: serde_json::Map<String, Value> = same
        .into_iter()
        .map(|member| (member.to_owned(), full[member].clone()))
        .collect();
    wanted.insert("BackupSizeBytes".into(), full["BackupSizeInBytes"].clone());
    wanted.insert("AggregatedScanResult".into(), Value::Null);
    assert_eq!(page["RecoveryPoints"], json!([wanted]));
}

#[test]
fn a_region_without_air_gapped_vaults_has_no_vault_types() {
    let mut sim = oddities();
    sim.backup.vault_type_absent = true;
    let page = sim
        .ask("ListRecoveryPointsByBackupVault", json!({"BackupVaultName": "daily"}))
        .unwrap();
    let row = &page["RecoveryPoints"][0];
    assert!(row.get("VaultType").is_none() && row["BackupVaultName"] == "daily");
}
