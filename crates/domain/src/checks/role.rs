//! The role that AWS Backup copies under, and the one that receives the copies.

use super::{Bearing, Check, Told, Topic, statement};
use crate::AccountId;
use crate::arn::Arn;
use crate::policy::{Answer, Asker, Fact, Facts, Policy, Question};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    pub arn: String,
    /// None: there is none that can be read.
    pub trust: Option<Policy>,
}

/// The role's name without its path, from its ARN.
pub fn name_of(role_arn: &str) -> Option<&str> {
    let arn = Arn::parse(role_arn)?;
    arn.resource.strip_prefix("role/")?.rsplit('/').next()
}

/// Whether the role is there, under exactly this ARN, and lets AWS Backup act as it.
pub fn copy_role(source: AccountId, role_arn: &str, told: &Told<Option<RoleSeen>>) -> Vec<Check> {
    let check = Check::new(Topic::CopyRole, source, role_arn);
    let role = match told {
        Err(why) => return vec![check.not_checked(why.0.clone())],
        Ok(None) => {
            let name = name_of(role_arn).unwrap_or(role_arn);
            return vec![check.failed(
                format!("account {source} has no role {name}"),
                format!(
                    "name an existing role with --copy-role-arn, or make this one: aws iam create-role --path /service-role/ \
                     --role-name {name} --assume-role-policy-document '{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}', then \
                     attach service-role/AWSBackupServiceRolePolicyForBackup (and AWSBackupServiceRolePolicyForS3Backup for S3)",
                    statement::trust_backup()
                ),
            )];
        }
        Ok(Some(role)) => role,
    };
    if role.arn != role_arn {
        return vec![check.failed(
            format!("the role of this name is {}", role.arn),
            format!("--copy-role-arn {}", role.arn),
        )];
    }
    vec![check.passed("the role is there"), trust(source, role)]
}

fn trust(source: AccountId, role: &RoleSeen) -> Check {
    let check = Check::new(Topic::CopyRoleTrust, source, &role.arn);
    let Some(trust) = &role.trust else {
        return check.not_checked("the role's trust policy cannot be read");
    };
    let facts = Facts::default()
        .is("aws:SourceAccount", source.as_str())
        .with("sts:ExternalId", Fact::Absent);
    let answer = trust.answer(&Question {
        asker: Asker::Service("backup.amazonaws.com"),
        action: "sts:AssumeRole",
        resource: &role.arn,
        facts: &facts,
    });
    match answer {
        Answer::Allowed => check.passed("it trusts backup.amazonaws.com"),
        Answer::Unknown(why) => check.not_checked(format!("its trust cannot be judged: {why}")),
        Answer::Denied(denial) => check.failed(
            format!("AWS Backup cannot act as the role: {denial}"),
            format!(
                "add to its trust policy: {} (aws iam update-assume-role-policy)",
                statement::trust_backup()
            ),
        ),
    }
}

/// The destination's own role of AWS Backup does the copying there. It is made with the first use of the service.
pub fn service_linked(destination: AccountId, told: &Told<bool>) -> Check {
    let check = Check::new(Topic::ServiceLinkedRole, destination, "AWSServiceRoleForBackup");
    match told {
        Err(why) => check.bearing_on(Bearing::Something).not_checked(why.0.clone()),
        Ok(true) => check.passed("AWS Backup has its role there"),
        Ok(false) => check.failed(
            format!("account {destination} has never used AWS Backup: its role AWSServiceRoleForBackup is missing"),
            "with the destination's credentials: aws iam create-service-linked-role --aws-service-name backup.amazonaws.com",
        ),
    }
}
