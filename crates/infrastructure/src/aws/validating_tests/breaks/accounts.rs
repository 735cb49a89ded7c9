//! Accounts, permissions, roles.

use sav_domain::checks::Topic;
use sav_simulator::world::seeded::{BACKUP_ROLE, OPERATOR_ROLE, SERVICE_LINKED_ROLE};
use serde_json::json;

use super::super::{DESTINATION, SOURCE};
use super::Repair::{By, Paste};
use super::{
    Broken, GIVE_ROLE, LIFT_FROM_DESTINATION, LIFT_FROM_ROLE, LIFT_FROM_SOURCE, add_to, broken, deny, map_first,
    member, policy, principal, rename, trust,
};

#[expect(clippy::too_many_lines, reason = "a table, one row after the other")]
pub(in super::super) fn accounts() -> Vec<Broken> {
    vec![
        broken(
            "the source left the organization",
            |s| member(s, SOURCE, false),
            Topic::Organization,
            SOURCE,
            "management account invite",
            By(|s| member(s, SOURCE, true)),
        ),
        broken(
            "the destination left the organization",
            |s| member(s, DESTINATION, false),
            Topic::Organization,
            DESTINATION,
            "management account invite",
            By(|s| member(s, DESTINATION, true)),
        ),
        broken(
            "cross-account backup is off",
            |s| s.change(|w| w.organization.cross_account_backup = false),
            Topic::CrossAccountBackup,
            "isCrossAccountBackupEnabled",
            "aws backup update-global-settings",
            By(|s| s.change(|w| w.organization.cross_account_backup = true)),
        ),
        broken(
            "credentials of another partition",
            |s| s.asked.source_caller.arn = s.asked.source_caller.arn.replace(":aws:", ":aws-us-gov:"),
            Topic::Region,
            "us-east-1",
            "--region",
            By(|s| s.asked.source_caller.arn = s.asked.source_caller.arn.replace("aws-us-gov", "aws")),
        ),
        broken(
            "copies may not be started",
            |s| s.change(|w| deny(w, SOURCE, OPERATOR_ROLE, "backup:StartCopyJob")),
            Topic::Permission,
            "backup:StartCopyJob",
            "statement that denies",
            LIFT_FROM_SOURCE,
        ),
        broken(
            "points may not be described",
            |s| s.change(|w| deny(w, SOURCE, OPERATOR_ROLE, "backup:DescribeRecoveryPoint")),
            Topic::Permission,
            "backup:DescribeRecoveryPoint",
            "statement that denies",
            LIFT_FROM_SOURCE,
        ),
        broken(
            "jobs may not be listed",
            |s| s.change(|w| deny(w, SOURCE, OPERATOR_ROLE, "backup:ListCopyJobs")),
            Topic::Permission,
            "backup:ListCopyJobs",
            "statement that denies",
            LIFT_FROM_SOURCE,
        ),
        broken(
            "the copy role may not be passed",
            |s| s.change(|w| deny(w, SOURCE, OPERATOR_ROLE, "iam:PassRole")),
            Topic::Permission,
            "iam:PassRole",
            "statement that denies",
            LIFT_FROM_SOURCE,
        ),
        broken(
            "a boundary leaves starting out",
            |s| {
                s.change(|w| {
                    principal(w, SOURCE, OPERATOR_ROLE).boundary = Some((
                        "arn:aws:iam::aws:policy/b".into(),
                        policy(&[json!({"Effect": "Allow", "NotAction": "backup:StartCopyJob", "Resource": "*"})]),
                    ));
                });
            },
            Topic::Permission,
            "backup:StartCopyJob",
            "permissions boundary",
            By(|s| s.change(|w| principal(w, SOURCE, OPERATOR_ROLE).boundary = None)),
        ),
        broken(
            "the destination's points may not be listed",
            |s| s.change(|w| deny(w, DESTINATION, OPERATOR_ROLE, "backup:ListRecoveryPointsByBackupVault")),
            Topic::Permission,
            "backup:ListRecoveryPointsByBackupVault",
            "statement that denies",
            LIFT_FROM_DESTINATION,
        ),
        broken(
            "vaults may not be created, and one is missing",
            |s| {
                map_first(s, "brand-new");
                s.change(|w| deny(w, DESTINATION, OPERATOR_ROLE, "backup:CreateBackupVault"));
            },
            Topic::Permission,
            "backup:CreateBackupVault",
            "statement that denies",
            LIFT_FROM_DESTINATION,
        ),
        broken(
            "the destination never used AWS Backup",
            |s| rename(s, DESTINATION, SERVICE_LINKED_ROLE, "Elsewhere"),
            Topic::ServiceLinkedRole,
            "AWSServiceRoleForBackup",
            "aws iam create-service-linked-role",
            By(|s| rename(s, DESTINATION, "Elsewhere", SERVICE_LINKED_ROLE)),
        ),
    ]
}

pub(in super::super) fn roles() -> Vec<Broken> {
    vec![
        broken(
            "there is no copy role",
            |s| rename(s, SOURCE, BACKUP_ROLE, "Elsewhere"),
            Topic::CopyRole,
            "AWSBackupDefaultServiceRole",
            "aws iam create-role",
            By(|s| rename(s, SOURCE, "Elsewhere", BACKUP_ROLE)),
        ),
        broken(
            "the copy role has another path",
            |s| s.terms().copy_role_arn = format!("arn:aws:iam::{SOURCE}:role/{BACKUP_ROLE}").into(),
            Topic::CopyRole,
            BACKUP_ROLE,
            "--copy-role-arn arn:aws:iam::111111111111:role/service-role/",
            By(|s| s.terms().copy_role_arn = format!("arn:aws:iam::{SOURCE}:role/service-role/{BACKUP_ROLE}").into()),
        ),
        broken(
            "the copy role trusts another service",
            |s| {
                trust(
                    s,
                    json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}),
                );
            },
            Topic::CopyRoleTrust,
            BACKUP_ROLE,
            "backup.amazonaws.com",
            Paste(|w, statements| add_to(principal(w, SOURCE, BACKUP_ROLE).trust.as_mut().unwrap(), statements)),
        ),
        broken(
            "the copy role trusts AWS Backup for another account",
            |s| {
                trust(
                    s,
                    json!({"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}),
                );
            },
            Topic::CopyRoleTrust,
            BACKUP_ROLE,
            "update-assume-role-policy",
            Paste(|w, statements| add_to(principal(w, SOURCE, BACKUP_ROLE).trust.as_mut().unwrap(), statements)),
        ),
        broken(
            "the copy role may not copy out",
            |s| s.change(|w| deny(w, SOURCE, BACKUP_ROLE, "backup:CopyFromBackupVault")),
            Topic::CopyRolePermission,
            "backup:CopyFromBackupVault",
            "statement that denies",
            LIFT_FROM_ROLE,
        ),
        broken(
            "the copy role may not copy in",
            |s| s.change(|w| deny(w, SOURCE, BACKUP_ROLE, "backup:CopyInto*")),
            Topic::CopyRolePermission,
            "backup:CopyIntoBackupVault",
            "statement that denies",
            LIFT_FROM_ROLE,
        ),
        broken(
            "the copy role may not tag",
            |s| s.change(|w| deny(w, SOURCE, BACKUP_ROLE, "backup:TagResource")),
            Topic::CopyRolePermission,
            "backup:TagResource",
            "statement that denies",
            LIFT_FROM_ROLE,
        ),
        broken(
            "the copy role may not copy snapshots",
            |s| s.change(|w| deny(w, SOURCE, BACKUP_ROLE, "ec2:CopySnapshot")),
            Topic::CopyRolePermission,
            "ec2:CopySnapshot",
            "statement that denies",
            LIFT_FROM_ROLE,
        ),
        broken(
            "the copy role lacks the policy for S3",
            |s| {
                s.change(|w| {
                    principal(w, SOURCE, BACKUP_ROLE)
                        .attached
                        .retain(|(arn, _)| !arn.contains("S3"));
                });
            },
            Topic::CopyRolePermission,
            "s3:GetObjectVersion",
            "\"Action\":[\"s3:GetObjectVersion\"]",
            GIVE_ROLE,
        ),
    ]
}
