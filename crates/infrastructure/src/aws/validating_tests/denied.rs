//! What may not be asked is not checked, and fails nothing.

use sav_domain::checks::{Topic, Verdict};
use sav_simulator::world::seeded::OPERATOR_ROLE;

use super::breaks::deny;
use super::{DESTINATION, SOURCE, Stage, told};

#[tokio::test]
async fn without_simulation_harmless_calls_tell_what_they_can() {
    let stage = Stage::set();
    stage.change(|world| {
        deny(world, SOURCE, OPERATOR_ROLE, "iam:*");
        deny(world, DESTINATION, OPERATOR_ROLE, "iam:*");
    });
    let report = stage.validate().await;
    assert!(report.has_passed(), "{}", told(&report.checks, Verdict::Failed));
    let of = |action: &str| {
        let found = report
            .checks
            .iter()
            .find(|check| check.topic == Topic::Permission && check.subject == action);
        found.unwrap_or_else(|| panic!("{action} is not told of"))
    };
    for tried in [
        "backup:ListCopyJobs",
        "backup:DescribeRecoveryPoint",
        "backup:ListBackupVaults",
    ] {
        assert_eq!(of(tried).verdict, Verdict::Passed, "{tried}");
    }
    for untried in ["backup:StartCopyJob", "iam:PassRole"] {
        assert_eq!(of(untried).verdict, Verdict::NotChecked, "{untried}");
        assert!(
            of(untried).detail.contains("iam:SimulatePrincipalPolicy"),
            "{}",
            of(untried).detail
        );
    }
    for topic in [Topic::CopyRole, Topic::ServiceLinkedRole] {
        let check = report.checks.iter().find(|check| check.topic == topic).unwrap();
        assert_eq!(check.verdict, Verdict::NotChecked, "{}", check.detail);
    }
}

#[tokio::test]
async fn without_simulation_a_refused_call_still_fails() {
    let stage = Stage::set();
    let denied = serde_json::json!({"Statement": {"Effect": "Deny", "Action": ["iam:*", "backup:ListCopyJobs"], "Resource": "*"}});
    stage.change(|world| {
        let operator = super::breaks::principal(world, SOURCE, OPERATOR_ROLE);
        operator.inline.insert("deny".to_owned(), denied);
    });
    let report = stage.validate().await;
    let failed: Vec<_> = report.failed().map(|check| check.subject.as_str()).collect();
    assert_eq!(failed, ["backup:ListCopyJobs"]);
}

#[tokio::test]
async fn what_else_may_not_be_read_is_not_checked_either() {
    for (account, action, topic) in [
        (SOURCE, "organizations:*", Topic::Organization),
        (SOURCE, "backup:DescribeGlobalSettings", Topic::CrossAccountBackup),
        (SOURCE, "backup:DescribeRegionSettings", Topic::OptIn),
        (DESTINATION, "servicequotas:*", Topic::Quota),
        (DESTINATION, "backup:GetBackupVaultAccessPolicy", Topic::VaultPolicy),
        (SOURCE, "kms:*", Topic::Key),
        (SOURCE, "kms:GetKeyPolicy", Topic::KeyPolicy),
        (DESTINATION, "kms:*", Topic::VaultKey),
        (SOURCE, "iam:GetRole", Topic::CopyRole),
    ] {
        let stage = Stage::set();
        stage.change(|world| deny(world, account, OPERATOR_ROLE, action));
        let report = stage.validate().await;
        assert!(
            report.has_passed(),
            "{action}: {}",
            told(&report.checks, Verdict::Failed)
        );
        let check = report
            .checks
            .iter()
            .find(|check| check.topic == topic && check.verdict == Verdict::NotChecked);
        let check = check.unwrap_or_else(|| panic!("{action}: {topic:?} was checked all the same"));
        assert!(
            check.detail.contains("is not allowed to these credentials"),
            "{}",
            check.detail
        );
    }
}

#[tokio::test]
async fn optional_permissions_are_told_and_fail_nothing() {
    let stage = Stage::set();
    stage.change(|world| {
        deny(
            world,
            DESTINATION,
            OPERATOR_ROLE,
            "backup:PutBackupVaultLockConfiguration",
        );
    });
    let report = stage.validate().await;
    assert!(report.has_passed(), "{}", told(&report.checks, Verdict::Failed));
    let lock = report
        .checks
        .iter()
        .find(|check| check.subject == "backup:PutBackupVaultLockConfiguration")
        .unwrap();
    assert_eq!(lock.verdict, Verdict::NotChecked);
    assert!(
        lock.detail.contains("cannot lock vaults") && lock.fix.is_some(),
        "{lock:?}"
    );
}

#[tokio::test]
async fn without_the_destinations_credentials_its_side_is_left_out() {
    let mut stage = Stage::set();
    stage.asked.destination_caller = None;
    let report = stage.validate().await;
    assert!(report.has_passed(), "{}", told(&report.checks, Verdict::Failed));
    let of_destination: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.account.as_str() == DESTINATION)
        .collect();
    assert_eq!(of_destination.len(), 1, "{of_destination:#?}");
    assert_eq!(of_destination[0].subject, "--source-only");
}
