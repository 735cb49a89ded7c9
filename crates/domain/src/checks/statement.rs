//! Statements and commands to paste.

use std::fmt::Write as _;

use crate::AccountId;
use crate::region::Partition;

pub(super) fn root(partition: &Partition, account: AccountId) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

fn quoted_list(items: &[&str]) -> String {
    let mut list = String::new();
    for item in items {
        let comma = if list.is_empty() { "" } else { "," };
        let _ = write!(list, "{comma}\"{item}\"");
    }
    list
}

/// For a policy of a role or user.
pub(super) fn allow(actions: &[&str], resources: &[&str]) -> String {
    format!(
        "{{\"Effect\":\"Allow\",\"Action\":[{}],\"Resource\":[{}]}}",
        quoted_list(actions),
        quoted_list(resources)
    )
}

/// For a vault's access policy: the narrow form, one account and one action.
pub(super) fn open_vault(partition: &Partition, source: AccountId) -> String {
    format!(
        "{{\"Sid\":\"AllowCopiesFrom{source}\",\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"{}\"}},\
         \"Action\":\"backup:CopyIntoBackupVault\",\"Resource\":\"*\"}}",
        root(partition, source)
    )
}

/// For a key's policy: what AWS Backup does with it on behalf of another account. Grants only for AWS's own resources.
pub(super) fn share_key(partition: &Partition, destination: AccountId) -> [String; 2] {
    let principal = root(partition, destination);
    [
        format!(
            "{{\"Sid\":\"UseForCopiesTo{destination}\",\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"{principal}\"}},\
             \"Action\":[\"kms:DescribeKey\",\"kms:Encrypt\",\"kms:Decrypt\",\"kms:ReEncrypt*\",\"kms:GenerateDataKey*\"],\
             \"Resource\":\"*\"}}"
        ),
        format!(
            "{{\"Sid\":\"GrantsForCopiesTo{destination}\",\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"{principal}\"}},\
             \"Action\":[\"kms:CreateGrant\",\"kms:ListGrants\",\"kms:RevokeGrant\"],\"Resource\":\"*\",\
             \"Condition\":{{\"Bool\":{{\"kms:GrantIsForAWSResource\":\"true\"}}}}}}"
        ),
    ]
}

/// For the trust of the copy role.
pub(super) fn trust_backup() -> &'static str {
    "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"backup.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}"
}
