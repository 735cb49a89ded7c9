//! The two accounts, who acts in them, and what they are allowed to have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::documents;
use crate::clock::Moment;
use crate::world::dice::Dice;
use crate::world::{Account, Principal, PrincipalKind, ResourceType, Tags, World, WorldPlan};

/// In each account: a role and a user that may do everything.
pub const OPERATOR_ROLE: &str = "BackupMigrationOperator";
pub const OPERATOR_USER: &str = "operator";
/// In each account: the role that AWS Backup's console makes, under `/service-role/`.
pub const BACKUP_ROLE: &str = "AWSBackupDefaultServiceRole";
/// In each account: the role that does the copying on the destination's side.
pub const SERVICE_LINKED_ROLE: &str = "AWSServiceRoleForBackup";
/// In each account: a role that may look at backups and change nothing, for whoever knows the external id.
pub const AUDIT_ROLE: &str = "BackupAudit";
pub const AUDIT_EXTERNAL_ID: &str = "audit-2f6c91";

pub(super) fn open(world: &mut World, plan: &WorldPlan) {
    for (id, name) in [
        (&plan.source_account, "backups-legacy"),
        (&plan.destination_account, "backups-central"),
    ] {
        let account = account(plan, id, name);
        world.accounts.insert(id.clone(), account);
    }
}

fn account(plan: &WorldPlan, id: &str, name: &str) -> Account {
    let mut dice = Dice::new(plan.seed, "principals");
    let both = [plan.source_account.as_str(), plan.destination_account.as_str()];
    let partition = plan.partition.as_str();
    let managed = |name: &str, document: Value| (format!("arn:{partition}:iam::aws:policy/{name}"), document);
    let administrator = vec![managed("AdministratorAccess", documents::administrator())];
    let mut principals = BTreeMap::new();
    let mut hire = |name: &str, path: &str, attached: Vec<(String, Value)>, trust: Option<Value>| {
        let kind = if trust.is_some() {
            PrincipalKind::Role
        } else {
            PrincipalKind::User
        };
        let prefix = if kind == PrincipalKind::Role { "AROA" } else { "AIDA" };
        let principal = Principal {
            name: name.to_owned(),
            path: path.to_owned(),
            kind,
            attached,
            inline: BTreeMap::new(),
            boundary: None,
            trust,
            unique_id: format!(
                "{prefix}{}",
                dice.hex(17).to_uppercase().replace(['0', '1', '8', '9'], "X")
            ),
            created: long_before(plan),
            description: None,
            tags: Tags::new(),
            max_session_secs: 3600,
        };
        principals.insert(name.to_owned(), principal);
    };
    hire(OPERATOR_USER, "/", administrator.clone(), None);
    hire(
        OPERATOR_ROLE,
        "/",
        administrator,
        Some(documents::trusted_by_accounts(partition, &both)),
    );
    let backup = vec![
        managed(
            "service-role/AWSBackupServiceRolePolicyForBackup",
            documents::backup_role(partition),
        ),
        managed(
            "AWSBackupServiceRolePolicyForS3Backup",
            documents::bucket_backup_role(partition),
        ),
    ];
    hire(
        BACKUP_ROLE,
        "/service-role/",
        backup,
        Some(documents::trusted_by_service("backup.amazonaws.com")),
    );
    let linked = vec![managed(
        "aws-service-role/AWSBackupServiceLinkedRolePolicyForBackup",
        documents::service_linked_role(),
    )];
    hire(
        SERVICE_LINKED_ROLE,
        "/aws-service-role/backup.amazonaws.com/",
        linked,
        Some(documents::trusted_by_service("backup.amazonaws.com")),
    );
    hire(
        AUDIT_ROLE,
        "/partners/",
        vec![(
            format!("arn:{partition}:iam::{id}:policy/BackupAudit"),
            documents::reader(),
        )],
        Some(documents::trusted_by_accounts_with(partition, &both, AUDIT_EXTERNAL_ID)),
    );
    Account {
        id: id.to_owned(),
        name: name.to_owned(),
        in_organization: true,
        principals,
        opted_in: opted_in(),
        managed_by_backup: BTreeMap::from([("DynamoDB".to_owned(), true), ("EFS".to_owned(), true)]),
        quotas: quotas(),
        allowed_amis_exclude_source: false,
    }
}

pub(super) fn long_before(plan: &WorldPlan) -> Moment {
    plan.start.plus_days(-i64::from(plan.history_days) - 400)
}

/// Every type that AWS knows today is switched on.
fn opted_in() -> BTreeMap<String, bool> {
    ResourceType::ALL
        .into_iter()
        .filter(|resource_type| *resource_type != ResourceType::Unheard)
        .map(|resource_type| (resource_type.wire_name().to_owned(), true))
        .collect()
}

/// AWS's defaults of those quotas that a migration can run into.
fn quotas() -> BTreeMap<(String, String), f64> {
    [
        ("backup", "L-514878B6", 1_000_000.0), // recovery points per vault
        ("ebs", "L-309BACF6", 100_000.0),      // snapshots per Region
        ("ec2", "L-B665C33B", 50_000.0),       // AMIs per Region
    ]
    .into_iter()
    .map(|(service, quota, value)| ((service.to_owned(), quota.to_owned()), value))
    .collect()
}
