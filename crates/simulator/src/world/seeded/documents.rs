//! Policy documents: who may do what, in the shapes that AWS's own have.

use serde_json::{Value, json};

use crate::world::World;

const VERSION: &str = "2012-10-17";

fn document(statements: &[Value]) -> Value {
    json!({ "Version": VERSION, "Statement": statements })
}

pub(super) fn administrator() -> Value {
    document(&[json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })])
}

/// Everything of AWS Backup that changes nothing.
pub(super) fn reader() -> Value {
    document(&[json!({ "Effect": "Allow", "Resource": "*",
        "Action": ["backup:Describe*", "backup:Get*", "backup:List*"] })])
}

/// A role that a service may take on.
pub(super) fn trusted_by_service(service: &str) -> Value {
    document(&[json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" })])
}

/// A role that whoever the accounts allow may take on.
pub(super) fn trusted_by_accounts(partition: &str, accounts: &[&str]) -> Value {
    let roots: Vec<String> = accounts.iter().map(|account| root(partition, account)).collect();
    document(&[json!({ "Effect": "Allow", "Principal": { "AWS": roots }, "Action": "sts:AssumeRole" })])
}

/// The same, for those who bring the external id.
pub(super) fn trusted_by_accounts_with(partition: &str, accounts: &[&str], external_id: &str) -> Value {
    let mut trust = trusted_by_accounts(partition, accounts);
    trust["Statement"][0]["Condition"] = json!({ "StringEquals": { "sts:ExternalId": external_id } });
    trust
}

fn root(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

/// What `AWSBackupServiceRolePolicyForBackup` allows, as far as copies and the backups before them need it.
pub(super) fn backup_role(partition: &str) -> Value {
    let tagged = json!({ "Null": { "aws:ResourceTag/aws:backup:source-resource": "false" } });
    let database_snapshots = [
        format!("arn:{partition}:rds:*:*:snapshot:awsbackup:*"),
        format!("arn:{partition}:rds:*:*:cluster-snapshot:awsbackup:*"),
    ];
    document(&[
        json!({ "Sid": "DynamoDBPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:dynamodb:*:*:table/*"),
            "Action": ["dynamodb:DescribeTable", "dynamodb:CreateBackup", "dynamodb:StartAwsBackupJob", "dynamodb:ListTagsOfResource"] }),
        json!({ "Sid": "RDSPermissions", "Effect": "Allow", "Resource": "*",
            "Action": ["rds:AddTagsToResource", "rds:ListTagsForResource", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots",
                "rds:CreateDBSnapshot", "rds:CreateDBClusterSnapshot", "rds:CopyDBSnapshot", "rds:CopyDBClusterSnapshot",
                "rds:DescribeDBInstances", "rds:DescribeDBClusters"] }),
        json!({ "Sid": "RDSSnapshotSharing", "Effect": "Allow", "Resource": database_snapshots,
            "Action": ["rds:ModifyDBSnapshotAttribute", "rds:ModifyDBClusterSnapshotAttribute",
                "rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot"] }),
        json!({ "Sid": "EC2Permissions", "Effect": "Allow", "Resource": "*",
            "Action": ["ec2:CreateTags", "ec2:DescribeSnapshots", "ec2:DescribeImages", "ec2:DescribeVolumes", "ec2:DescribeInstances",
                "ec2:DescribeTags", "ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CreateImage", "ec2:CopySnapshot", "ec2:CopyImage",
                "ec2:RegisterImage", "ec2:DescribeSnapshotAttribute", "ec2:DescribeImageAttribute"] }),
        json!({ "Sid": "EC2ModifySharing", "Effect": "Allow", "Resource": "*", "Condition": tagged,
            "Action": ["ec2:ModifySnapshotAttribute", "ec2:ModifyImageAttribute", "ec2:DeleteSnapshot", "ec2:DeregisterImage"] }),
        json!({ "Sid": "StorageGatewayPermissions", "Effect": "Allow", "Resource": "*",
            "Action": ["storagegateway:CreateSnapshot", "storagegateway:ListTagsForResource", "storagegateway:DescribeCachediSCSIVolumes"] }),
        json!({ "Sid": "EFSPermissions", "Effect": "Allow", "Action": ["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"],
            "Resource": format!("arn:{partition}:elasticfilesystem:*:*:file-system/*") }),
        json!({ "Sid": "FSxPermissions", "Effect": "Allow", "Resource": "*",
            "Action": ["fsx:DescribeBackups", "fsx:CreateBackup", "fsx:CopyBackup", "fsx:DeleteBackup", "fsx:ListTagsForResource",
                "fsx:TagResource", "fsx:DescribeFileSystems", "fsx:DescribeVolumes"] }),
        json!({ "Sid": "BackupVaultPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:backup:*:*:backup-vault:*"),
            "Action": ["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"] }),
        json!({ "Sid": "BackupVaultCopyPermissions", "Effect": "Allow", "Resource": "*", "Action": ["backup:CopyFromBackupVault"] }),
        json!({ "Sid": "RecoveryPointTaggingPermissions", "Effect": "Allow", "Action": ["backup:TagResource"],
            "Resource": format!("arn:{partition}:backup:*:*:recovery-point:*") }),
        json!({ "Sid": "KMSPermissions", "Effect": "Allow", "Resource": "*", "Action": ["kms:DescribeKey"] }),
        json!({ "Sid": "KMSCreateGrantPermissions", "Effect": "Allow", "Resource": "*", "Action": ["kms:CreateGrant"],
            "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } } }),
        json!({ "Sid": "KMSDataKeyPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:kms:*:*:key/*"),
            "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo", "kms:ReEncryptFrom"] }),
        json!({ "Sid": "ResourceLists", "Effect": "Allow", "Resource": "*",
            "Action": ["tag:GetResources", "cloudformation:ListStacks", "cloudformation:GetTemplate", "cloudformation:DescribeStacks",
                "cloudformation:ListStackResources", "timestream:StartAwsBackupJob", "timestream:GetAwsBackupStatus",
                "backup-gateway:Backup", "ssm-sap:BackupDatabase", "redshift:CreateClusterSnapshot", "eks:DescribeCluster"] }),
    ])
}

/// What `AWSBackupServiceRolePolicyForS3Backup` adds.
pub(super) fn bucket_backup_role(partition: &str) -> Value {
    document(&[
        json!({ "Sid": "S3BucketBackupPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:s3:::*"),
            "Action": ["s3:GetInventoryConfiguration", "s3:PutInventoryConfiguration", "s3:ListBucketVersions", "s3:ListBucket",
                "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketNotification", "s3:PutBucketNotification",
                "s3:GetBucketLocation", "s3:GetBucketAcl", "s3:ListAllMyBuckets"] }),
        json!({ "Sid": "S3ObjectBackupPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:s3:::*/*"),
            "Action": ["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectVersion", "s3:GetObjectVersionAcl",
                "s3:GetObjectTagging", "s3:GetObjectVersionTagging"] }),
        json!({ "Sid": "KMSBackupPermissions", "Effect": "Allow", "Resource": "*", "Action": ["kms:Decrypt", "kms:DescribeKey"] }),
        json!({ "Sid": "EventsPermissions", "Effect": "Allow", "Resource": format!("arn:{partition}:events:*:*:rule/AwsBackupManagedRule*"),
            "Action": ["events:DescribeRule", "events:EnableRule", "events:PutRule", "events:PutTargets", "events:ListTargetsByRule"] }),
        json!({ "Sid": "RecoveryPointTagging", "Effect": "Allow", "Action": ["backup:TagResource"],
            "Resource": format!("arn:{partition}:backup:*:*:recovery-point:*") }),
    ])
}

/// What `AWSBackupServiceLinkedRolePolicyForBackup` allows the destination's own role to do for a copy.
pub(super) fn service_linked_role() -> Value {
    document(&[
        json!({ "Effect": "Allow", "Resource": "*",
            "Action": ["ec2:CopySnapshot", "ec2:CopyImage", "ec2:CreateTags", "ec2:DescribeSnapshots", "ec2:DescribeImages",
                "rds:CopyDBSnapshot", "rds:CopyDBClusterSnapshot", "rds:AddTagsToResource", "rds:DescribeDBSnapshots",
                "rds:DescribeDBClusterSnapshots", "fsx:CopyBackup", "fsx:TagResource", "fsx:DescribeBackups",
                "elasticfilesystem:DescribeTags", "dynamodb:ListTagsOfResource", "storagegateway:ListTagsForResource",
                "backup:TagResource", "organizations:DescribeOrganization"] }),
        json!({ "Effect": "Allow", "Resource": "*",
            "Action": ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:ListGrants", "kms:RevokeGrant"] }),
        json!({ "Effect": "Allow", "Resource": "*", "Action": ["kms:CreateGrant"],
            "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } } }),
    ])
}

/// The key's owner decides by its own policies who may use it.
pub(super) fn key_for_owner(world: &World, owner: &str) -> Value {
    document(&[owner_statement(world, owner)])
}

fn owner_statement(world: &World, owner: &str) -> Value {
    json!({ "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": { "AWS": root(&world.partition, owner) },
        "Action": "kms:*", "Resource": "*" })
}

/// Another account may use the key to copy what it protects.
pub(super) fn key_shared_with(world: &World, owner: &str, other: &str) -> Value {
    let principal = json!({ "AWS": root(&world.partition, other) });
    document(&[
        owner_statement(world, owner),
        json!({ "Sid": "Allow use of the key by the backup destination", "Effect": "Allow", "Principal": principal, "Resource": "*",
            "Action": ["kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"] }),
        json!({ "Sid": "Allow attachment of persistent resources", "Effect": "Allow", "Principal": principal, "Resource": "*",
            "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } } }),
    ])
}

/// A key that a service manages: for everybody of the account, through that service only.
pub(super) fn key_of_service(world: &World, owner: &str, service: &str) -> Value {
    let via = format!("{service}.{}.amazonaws.com", world.region);
    document(&[
        json!({ "Sid": format!("Allow access through {service} for all principals in the account that are authorized to use it"),
            "Effect": "Allow", "Principal": { "AWS": "*" }, "Resource": "*",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
            "Condition": { "StringEquals": { "kms:CallerAccount": owner, "kms:ViaService": via } } }),
        json!({ "Sid": "Allow direct access to key metadata to the account", "Effect": "Allow", "Resource": "*",
            "Principal": { "AWS": root(&world.partition, owner) },
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"] }),
    ])
}

/// The access policies that vaults have in practice.
pub(super) fn vault_policy(world: &World, owner: &str, kind: usize) -> Value {
    let everybody = json!({ "AWS": "*" });
    let organization = &world.organization.id;
    let operators = format!("arn:{}:iam::{owner}:role/{}", world.partition, super::OPERATOR_ROLE);
    match kind % 4 {
        0 => document(&[
            json!({ "Sid": "NobodyDeletes", "Effect": "Deny", "Principal": everybody, "Resource": "*",
            "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault"],
            "Condition": { "ArnNotLike": { "aws:PrincipalArn": operators } } }),
        ]),
        1 => document(&[
            json!({ "Sid": "CopiesFromTheOrganization", "Effect": "Allow", "Principal": everybody, "Resource": "*",
            "Action": "backup:CopyIntoBackupVault", "Condition": { "StringEquals": { "aws:PrincipalOrgID": organization } } }),
        ]),
        2 => document(&[
            json!({ "Sid": "OwnAccount", "Effect": "Allow", "Principal": { "AWS": root(&world.partition, owner) }, "Resource": "*",
                "Action": ["backup:DescribeBackupVault", "backup:ListRecoveryPointsByBackupVault", "backup:GetBackupVaultAccessPolicy",
                    "backup:StartBackupJob", "backup:CopyFromBackupVault"] }),
            json!({ "Sid": "NobodyChangesThePolicy", "Effect": "Deny", "Principal": everybody, "Resource": "*",
                "Action": ["backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"],
                "Condition": { "StringNotEquals": { "aws:PrincipalAccount": owner } } }),
        ]),
        _ => document(&[
            json!({ "Sid": "CopiesFromTheUnit", "Effect": "Allow", "Principal": everybody, "Resource": "*",
            "Action": "backup:CopyIntoBackupVault",
            "Condition": { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": format!("{}*", world.organization.path) } } }),
        ]),
    }
}

/// Open for copies from one other account.
pub(super) fn vault_open_for_copies_from(world: &World, account: &str) -> Value {
    document(&[json!({ "Sid": "AllowCopies", "Effect": "Allow", "Resource": "*",
        "Principal": { "AWS": root(&world.partition, account) }, "Action": "backup:CopyIntoBackupVault" })])
}
