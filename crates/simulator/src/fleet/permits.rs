//! Who has to let a copy through: the role and its policies, the destination vault's policy, the policies of keys.

use super::job::{Category, Failure, Route};
use crate::policy::{Asker, Context, Decision, Request, access, evaluate};
use crate::world::{Key, KeyId, Principal, PrincipalKind, VaultId, World};

/// The role that does the copying itself, in the destination account.
const SERVICE_LINKED_ROLE: &str = "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup";

/// What policies may ask about the role and what it wants to do.
pub(super) fn context(world: &World, route: &Route, destination: VaultId) -> Context {
    let mut context = Context::new()
        .with("backup:CopyTargets", world.vault_arn(destination))
        .with("aws:PrincipalArn", route.role_arn.as_str());
    let target = world.accounts.get(&world.vault(destination).account);
    if target.is_some_and(|account| account.in_organization) {
        context.set("backup:CopyTargetOrgPaths", vec![world.organization.path.clone()]);
    }
    access::fill_account_keys(world, &route.account, &mut context);
    context
}

/// Whether the copy role exists, trusts the service, and may copy out of and into these vaults.
pub(super) fn role_lets(
    world: &World,
    route: &Route,
    destination: VaultId,
    context: &Context,
    tagged: bool,
) -> Result<(), Failure> {
    let role = role(world, route).ok_or_else(|| cannot_assume(&route.role_arn))?;
    let trust = Request {
        action: "sts:AssumeRole",
        resource: &route.role_arn,
        asker: Some(Asker::Service("backup.amazonaws.com")),
        context: &Context::new(),
    };
    if !role
        .trust
        .as_ref()
        .is_some_and(|document| evaluate([document], &trust).allowed())
    {
        return Err(cannot_assume(&route.role_arn));
    }
    let may = |action: &str, resource: &str| {
        access::identity_verdict(role, action, resource, context).decision == Decision::Allowed
    };
    for (action, resource) in [
        ("backup:CopyFromBackupVault", world.vault_arn(route.source_vault)),
        ("backup:CopyIntoBackupVault", world.vault_arn(destination)),
    ] {
        if !may(action, &resource) {
            let message = format!(
                "Access denied: role {} does not have permission to perform {action} on {resource}.",
                route.role_arn
            );
            return Err(Failure::new(Category::AccessDenied, message));
        }
    }
    let any_copy = format!(
        "arn:{}:backup:{}:{}:recovery-point:copy",
        world.partition,
        world.region,
        world.vault(destination).account
    );
    if tagged && !may("backup:TagResource", &any_copy) {
        let message = format!(
            "Unable to tag the copy: role {} does not have permission to perform backup:TagResource.",
            route.role_arn
        );
        return Err(Failure::new(Category::TagCopyError, message));
    }
    Ok(())
}

fn cannot_assume(role: &str) -> Failure {
    Failure::new(
        Category::AccessDenied,
        format!("AWS Backup cannot assume role {role}: it is missing or does not trust it."),
    )
}

/// The copy role, if it is still there.
pub(super) fn role<'w>(world: &'w World, route: &Route) -> Option<&'w Principal> {
    let mut parts = route.role_arn.splitn(6, ':').skip(4);
    let account = parts.next()?;
    let name = parts.next()?.strip_prefix("role/")?.rsplit('/').next()?;
    let role = world.accounts.get(account)?.principals.get(name)?;
    (role.kind == PrincipalKind::Role && world.principal_arn(account, role) == route.role_arn).then_some(role)
}

/// Only this one action is honoured across accounts, and only if the vault's own policy allows it.
pub(super) fn vault_lets_in(world: &World, route: &Route, destination: VaultId, context: &Context) -> bool {
    let vault = world.vault(destination);
    if vault.account == route.account {
        return true;
    }
    let arns = [route.role_arn.as_str()];
    let request = Request {
        action: "backup:CopyIntoBackupVault",
        resource: &world.vault_arn(destination),
        asker: Some(Asker::Aws {
            account: &route.account,
            arns: &arns,
        }),
        context,
    };
    vault.policy.iter().any(|policy| evaluate([policy], &request).allowed())
}

/// Whether the key admits `account`: the account itself, or the role that AWS Backup works with there.
pub(super) fn key_admits(world: &World, id: KeyId, account: &str) -> bool {
    let key: &Key = &world.keys[id.0 as usize];
    if key.account == account {
        return true;
    }
    let copier = format!("arn:{}:iam::{account}:role/{SERVICE_LINKED_ROLE}", world.partition);
    let mut context = Context::new()
        .with("aws:PrincipalArn", copier.as_str())
        .with("kms:GrantIsForAWSResource", "true")
        .with("kms:CallerAccount", account)
        .with("kms:ViaService", format!("backup.{}.amazonaws.com", world.region));
    access::fill_account_keys(world, account, &mut context);
    let arns = [copier.as_str()];
    let (resource, asker) = (world.key_arn(id), Some(Asker::Aws { account, arns: &arns }));
    ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"]
        .iter()
        .all(|action| {
            evaluate(
                [&key.policy],
                &Request {
                    action,
                    resource: &resource,
                    asker,
                    context: &context,
                },
            )
            .allowed()
        })
}
