//! Every call passes here before its service sees it: the caller's own policies have to allow what the operation does.

use std::borrow::Cow;

use crate::model::Service;
use crate::policy::{Context, access};
use crate::wire::{Call, Refusal};
use crate::world::World;

/// Lets the call through, or refuses it in AWS's words. Keys and roles to assume have a say of their own, which their
/// services hear themselves; who one is may be asked by anybody.
pub fn permit(service: Service, world: &World, call: &Call) -> Result<(), Refusal> {
    if matches!(service, Service::Sts | Service::Kms) || access::is_administrator(world, &call.caller) {
        return Ok(());
    }
    let action = format!("{}:{}", service.signing_name(), call.operation);
    let resource = resource(service, world, call);
    access::authorize(world, &call.caller, &action, &resource, &context_of(call))?;
    for (action, resource, context) in further_needs(service, world, call) {
        if let Err(refusal) = access::authorize(world, &call.caller, action, &resource, &context) {
            return Err(Refusal::with_status(403, "AccessDeniedException", refusal.message));
        }
    }
    Ok(())
}

/// The ARN that a policy has to name to speak of this call; `*` for what is not about one resource.
pub fn resource<'c>(service: Service, world: &World, call: &'c Call) -> Cow<'c, str> {
    let given = |member: &str| call.params.text(member).map(Cow::Borrowed);
    let found = match (service, call.operation) {
        (Service::Backup, "DescribeRecoveryPoint" | "StartCopyJob") => given("RecoveryPointArn"),
        (Service::Backup, "ListTags" | "TagResource" | "UntagResource") => given("ResourceArn"),
        (Service::Backup, _) => call
            .params
            .text("BackupVaultName")
            .map(|name| Cow::Owned(vault_arn(world, call, name))),
        (Service::Iam, "SimulatePrincipalPolicy") => given("PolicySourceArn"),
        (Service::Iam, _) => call
            .params
            .text("RoleName")
            .map(|name| Cow::Owned(role_arn(world, call, name))),
        (Service::Kms, _) => given("KeyId"),
        (Service::Sts, _) => given("RoleArn"),
        (Service::Organizations | Service::ServiceQuotas, _) => None,
    };
    found.unwrap_or(Cow::Borrowed("*"))
}

/// What one needs besides the operation's own permission.
fn further_needs<'c>(service: Service, world: &World, call: &'c Call) -> Vec<(&'static str, Cow<'c, str>, Context)> {
    match (service, call.operation) {
        (Service::Backup, "StartCopyJob") => {
            let context = Context::new().with("iam:PassedToService", "backup.amazonaws.com");
            vec![(
                "iam:PassRole",
                Cow::Borrowed(call.params.required("IamRoleArn")),
                context,
            )]
        }
        (Service::Backup, "CreateBackupVault") => {
            let mut needs = vec![("backup-storage:MountCapsule", Cow::Borrowed("*"), Context::new())];
            if let Some(key) = call.params.text("EncryptionKeyArn") {
                let via = format!("backup.{}.amazonaws.com", world.region);
                let context = Context::new()
                    .with("kms:ViaService", via)
                    .with("kms:GrantIsForAWSResource", "true");
                for action in [
                    "kms:CreateGrant",
                    "kms:DescribeKey",
                    "kms:RetireGrant",
                    "kms:Decrypt",
                    "kms:GenerateDataKey",
                ] {
                    needs.push((action, Cow::Borrowed(key), context.clone()));
                }
            }
            needs
        }
        _ => Vec::new(),
    }
}

/// The condition keys that AWS Backup fills from a request's members.
fn context_of(call: &Call) -> Context {
    let mut context = Context::new();
    for member in ["ChangeableForDays", "MinRetentionDays", "MaxRetentionDays"] {
        if let Some(days) = call.params.integer(member) {
            context.set(&format!("backup:{member}"), vec![days.to_string()]);
        }
    }
    if let Some(target) = call.params.text("DestinationBackupVaultArn") {
        context.set("backup:CopyTargets", vec![target.to_owned()]);
    }
    context
}

fn vault_arn(world: &World, call: &Call, name: &str) -> String {
    let account = call.params.text("BackupVaultAccountId").unwrap_or(&call.caller.account);
    format!(
        "arn:{}:backup:{}:{account}:backup-vault:{name}",
        world.partition, world.region
    )
}

/// With its path, if there is such a role.
fn role_arn(world: &World, call: &Call, name: &str) -> String {
    let account = &call.caller.account;
    let known = world
        .accounts
        .get(account)
        .and_then(|account| account.principals.get(name));
    known.map_or_else(
        || format!("arn:{}:iam::{account}:role/{name}", world.partition),
        |role| world.principal_arn(account, role),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::services::testing::{SOURCE, allow, call, principal, user, world};

    const POINT: &str = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
    const ROLE: &str = "arn:aws:iam::111111111111:role/ops/Operator";

    fn backup(world: &World, operation: &'static str, params: Value) -> Result<(), String> {
        let call = call(operation, user(SOURCE, "nobody"), params);
        permit(Service::Backup, world, &call).map_err(|refusal| format!("{} {}", refusal.status, refusal.message))
    }

    #[test]
    fn a_call_needs_its_action_on_its_resource() {
        let mut world = world();
        let describe = |world: &World, name| backup(world, "DescribeBackupVault", json!({"BackupVaultName": name}));
        assert_eq!(
            describe(&world, "gold").unwrap_err(),
            "403 User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: backup:DescribeBackupVault \
             on resource: arn:aws:backup:eu-west-1:111111111111:backup-vault:gold because no identity-based policy \
             allows the backup:DescribeBackupVault action"
        );
        let gold = "arn:aws:backup:*:*:backup-vault:gold";
        principal(&mut world, SOURCE, "nobody")
            .inline
            .insert("gold".to_owned(), allow(&["backup:Describe*"], &[gold]));
        assert_eq!(describe(&world, "gold"), Ok(()));
        assert!(describe(&world, "iron").is_err());
        let listing = backup(&world, "ListBackupVaults", json!({})).unwrap_err();
        assert!(
            listing.contains("perform: backup:ListBackupVaults because no identity-based"),
            "{listing}"
        );
    }

    #[test]
    fn starting_a_copy_needs_the_role_to_be_passed() {
        let mut world = world();
        let start = |world: &World| {
            backup(
                world,
                "StartCopyJob",
                json!({"RecoveryPointArn": POINT, "IamRoleArn": ROLE}),
            )
        };
        principal(&mut world, SOURCE, "nobody").inline.insert(
            "copy".to_owned(),
            allow(&["backup:StartCopyJob"], &["arn:aws:ec2:*::snapshot/*"]),
        );
        let refused = start(&world).unwrap_err();
        assert!(
            refused.contains("iam:PassRole on resource: arn:aws:iam::111111111111:role/ops/Operator"),
            "{refused}"
        );
        let pass = json!({"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE,
            "Condition": {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}}}});
        principal(&mut world, SOURCE, "nobody")
            .inline
            .insert("pass".to_owned(), pass);
        assert_eq!(start(&world), Ok(()));
    }

    #[test]
    fn a_boundary_and_a_condition_on_locks_bite() {
        let mut world = world();
        let lock = |world: &World, days: u32| {
            let params = json!({"BackupVaultName": "gold", "ChangeableForDays": days});
            backup(world, "PutBackupVaultLockConfiguration", params)
        };
        let short = json!({"Statement": {"Effect": "Allow", "Action": "backup:*", "Resource": "*",
            "Condition": {"NumericLessThanEquals": {"backup:ChangeableForDays": 30}}}});
        principal(&mut world, SOURCE, "nobody")
            .inline
            .insert("locks".to_owned(), short);
        assert_eq!(lock(&world, 30), Ok(()));
        assert!(lock(&world, 31).is_err());
        principal(&mut world, SOURCE, "nobody").boundary = Some(("arn:b".to_owned(), allow(&["backup:List*"], &["*"])));
        let refused = lock(&world, 30).unwrap_err();
        assert!(refused.contains("because no permissions boundary allows"), "{refused}");
    }

    #[test]
    fn a_session_does_no_more_than_its_policies_say() {
        let world = world();
        let mut listing = call("ListBackupVaults", user(SOURCE, "admin"), json!({}));
        let mut try_with = |policy: Value| {
            listing.caller.session_policies = Some([policy].into());
            permit(Service::Backup, &world, &listing).map_err(|refusal| refusal.message)
        };
        assert_eq!(try_with(allow(&["backup:List*"], &["*"])), Ok(()));
        let refused = try_with(allow(&["backup:Describe*"], &["*"])).unwrap_err();
        assert!(
            refused.ends_with("because no session policy allows the backup:ListBackupVaults action"),
            "{refused}"
        );
        let deny = json!({"Statement": {"Effect": "Deny", "Action": "backup:*", "Resource": "*"}});
        let refused = try_with(deny).unwrap_err();
        assert!(
            refused.ends_with("with an explicit deny in a session policy"),
            "{refused}"
        );
    }

    #[test]
    fn administrators_and_the_question_who_one_is_pass_at_once() {
        let world = world();
        let start = call("StartCopyJob", user(SOURCE, "admin"), json!({}));
        assert_eq!(permit(Service::Backup, &world, &start), Ok(()));
        let who = call("GetCallerIdentity", user(SOURCE, "nobody"), json!({}));
        assert_eq!(permit(Service::Sts, &world, &who), Ok(()));
    }
}
