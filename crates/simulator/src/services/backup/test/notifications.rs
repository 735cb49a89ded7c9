use serde_json::json;

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-central-1:111111111111:backups";

fn with(topic: &str, events: &[&str]) -> Value {
    json!({"BackupVaultName": "daily", "SNSTopicArn": topic, "BackupVaultEvents": events})
}

#[test]
fn notifications_are_put_read_and_deleted() {
    let mut sim = small_box();
    let vault = json!({"BackupVaultName": "daily"});
    assert_eq!(
        sim.code("GetBackupVaultNotifications", vault.clone()),
        "ResourceNotFoundException"
    );
    let events = ["COPY_JOB_FAILED", "BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"];
    sim.ask("PutBackupVaultNotifications", with(TOPIC, &events)).unwrap();
    assert_eq!(
        sim.ask("GetBackupVaultNotifications", vault.clone()).unwrap(),
        json!({
            "BackupVaultName": "daily",
            "BackupVaultArn": "arn:aws:backup:eu-central-1:111111111111:backup-vault:daily",
            "SNSTopicArn": TOPIC,
            "BackupVaultEvents": ["COPY_JOB_FAILED", "BACKUP_JOB_COMPLETED"],
        })
    );
    sim.ask("DeleteBackupVaultNotifications", vault.clone()).unwrap();
    assert_eq!(
        sim.code("GetBackupVaultNotifications", vault),
        "ResourceNotFoundException"
    );
}

#[test]
fn only_known_events_to_a_standard_topic_of_the_same_account_and_region() {
    let mut sim = small_box();
    let event = &["COPY_JOB_FAILED"][..];
    for wrong in [
        with("arn:aws:sns:eu-central-1:222222222222:backups", event),
        with("arn:aws:sns:eu-west-1:111111111111:backups", event),
        with("arn:aws-cn:sns:eu-central-1:111111111111:backups", event),
        with("arn:aws:sqs:eu-central-1:111111111111:backups", event),
        with("arn:aws:sns:eu-central-1:111111111111:backups.fifo", event),
        with("backups", event),
        with(TOPIC, &["COPY_JOB_DONE"]),
        with(TOPIC, &[]),
    ] {
        assert_eq!(
            sim.code("PutBackupVaultNotifications", wrong.clone()),
            "InvalidParameterValueException",
            "{wrong}"
        );
    }
}
