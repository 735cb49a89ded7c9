use serde_json::json;

use super::*;

fn policy(action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": action,
            "Resource": "*",
        }],
    })
}

fn put(text: &str) -> Value {
    json!({"BackupVaultName": "daily", "Policy": text})
}

#[test]
fn a_policy_is_put_read_and_deleted() {
    let mut sim = small_box();
    let vault = json!({"BackupVaultName": "daily"});
    assert_eq!(
        sim.code("GetBackupVaultAccessPolicy", vault.clone()),
        "ResourceNotFoundException"
    );
    let wanted = policy("backup:CopyIntoBackupVault");
    sim.ask("PutBackupVaultAccessPolicy", put(&wanted.to_string())).unwrap();
    let read = sim.ask("GetBackupVaultAccessPolicy", vault.clone()).unwrap();
    assert_eq!(read["BackupVaultName"], "daily");
    assert_eq!(
        read["BackupVaultArn"],
        "arn:aws:backup:eu-central-1:111111111111:backup-vault:daily"
    );
    let text = read["Policy"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), wanted);
    sim.ask("DeleteBackupVaultAccessPolicy", vault.clone()).unwrap();
    assert_eq!(
        sim.code("GetBackupVaultAccessPolicy", vault),
        "ResourceNotFoundException"
    );
}

#[test]
fn what_is_no_policy_of_a_vault_is_refused() {
    let mut sim = small_box();
    sim.backup.policy_bytes = Some(2000);
    let mut nobody = policy("backup:CopyIntoBackupVault");
    nobody["Statement"][0].as_object_mut().unwrap().remove("Principal");
    let long = format!("{}{}", policy("backup:CopyIntoBackupVault"), " ".repeat(2000));
    let wrong = [
        "not json".to_owned(),
        "[]".to_owned(),
        nobody.to_string(),
        policy("backup:*").to_string(),
        policy("*").to_string(),
        policy("s3:GetObject").to_string(),
        long,
    ];
    for text in wrong {
        assert_eq!(
            sim.code("PutBackupVaultAccessPolicy", put(&text)),
            "InvalidParameterValueException",
            "{text}"
        );
    }
    let absent = json!({"BackupVaultName": "daily"});
    assert_eq!(
        sim.code("PutBackupVaultAccessPolicy", absent),
        "MissingParameterValueException"
    );
}
