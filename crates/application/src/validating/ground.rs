//! What everything depends on: accounts, organization, permissions, roles. A few dozen calls, and no list of points.

use std::collections::BTreeMap;

use sav_domain::checks::action::{self, Need, Needed};
use sav_domain::checks::organization::{self, Membership};
use sav_domain::checks::role::{self, RoleSeen};
use sav_domain::checks::{Check, NotTold, Told, Topic, account};
use sav_domain::fault::FaultKind;
use sav_domain::selection::VaultChoice;
use sav_domain::{AccountId, RecoveryPoint, arn};

use super::Asked;
use super::principals::{behind, simulate};
use super::told::{is_about_credentials, policy, told, why};
use crate::calls::Calls;
use crate::ports::{CallError, Caller, CopyDesk, Gateway, JobsAsked, Permissions, PointsAsked, VaultSeen};
use crate::reading::{self, VaultsError};

/// Resources that one simulation asks about. Beyond that, more of the same kind say nothing new.
const MOST_RESOURCES: usize = 25;

#[derive(Debug, Default)]
pub struct Ground {
    pub checks: Vec<Check>,
    /// The chosen vaults of the source.
    pub vaults: Vec<VaultSeen>,
    /// All vaults of the destination. None: nobody may look.
    pub twins: Option<Vec<VaultSeen>>,
    pub organization: Option<String>,
}

/// What a call just did, by its action; what it was refused, as an error.
type Tried = BTreeMap<&'static str, Result<(), CallError>>;

pub async fn ground<S, D>(
    source: &Calls<S>,
    destination: Option<&Calls<D>>,
    asked: &Asked,
    choice: VaultChoice<'_>,
) -> Result<Ground, VaultsError>
where
    S: CopyDesk + Permissions,
    D: Permissions,
{
    let route = &asked.terms.route;
    let mut ground = Ground::default();
    let checks = &mut ground.checks;
    checks.push(account::identity(route.source(), &asked.source_caller.arn));
    checks.push(account::region(route, route.source(), &asked.source_caller.arn));
    match &asked.destination_caller {
        Some(caller) => {
            checks.push(account::identity(route.destination(), &caller.arn));
            checks.push(account::region(route, route.destination(), &caller.arn));
        }
        None => checks.push(account::unseen(route.destination())),
    }

    let ours = told(source.organization().await)?;
    let theirs = match destination {
        Some(calls) => Some(told(calls.organization().await)?),
        None => None,
    };
    checks.extend(organization::same(route, &ours, theirs.as_ref()));
    let member = |told: &Told<Membership>| Some(told.as_ref().ok()?.organization()?.id.clone());
    ground.organization = member(&ours).or_else(|| theirs.as_ref().and_then(member));
    if !matches!(ours, Ok(Membership::None)) {
        let enabled = told(source.cross_account_backup().await)?;
        checks.push(organization::cross_account(route, &enabled));
    }

    let mut tried = Tried::new();
    ground.vaults = listed(reading::vaults(source, choice).await, &mut tried)?;
    let samples = samples(source, &ground.vaults, &mut tried).await?;
    let needs = source_needs(asked, &ground.vaults, &samples);
    let checked = permitted(source, &asked.source_caller, needs, tried, async |tried: &mut Tried| {
        harmless(source, &samples, tried).await
    })
    .await?;
    ground.checks.extend(checked);
    ground.checks.extend(copy_role(source, asked, &ground.vaults).await?);

    if let (Some(calls), Some(caller)) = (destination, &asked.destination_caller) {
        let mut tried = Tried::new();
        let twins = listed(calls.vaults().await.map_err(VaultsError::Call), &mut tried)?;
        let needs = destination_needs(asked, &ground.vaults, &twins);
        let checked = permitted(calls, caller, needs, tried, async |_: &mut Tried| Ok(())).await?;
        ground.checks.extend(checked);
        let linked = match calls.role("AWSServiceRoleForBackup").await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == FaultKind::NotFound => Ok(false),
            Err(error) => told::<bool>(Err(error))?,
        };
        ground.checks.push(role::service_linked(route.destination(), &linked));
        ground.twins = Some(twins);
    }
    Ok(ground)
}

/// A refusal is one of the findings; anything else keeps us from going on.
fn listed(answer: Result<Vec<VaultSeen>, VaultsError>, tried: &mut Tried) -> Result<Vec<VaultSeen>, VaultsError> {
    let (vaults, outcome) = match answer {
        Ok(vaults) => (vaults, Ok(())),
        Err(VaultsError::Call(error)) if error.kind == FaultKind::AccessDenied => (Vec::new(), Err(error)),
        Err(error) => return Err(error),
    };
    tried.insert("backup:ListBackupVaults", outcome);
    Ok(vaults)
}

/// One point of each type, from the first page of the largest vault.
async fn samples<S: Gateway>(
    calls: &Calls<S>,
    vaults: &[VaultSeen],
    tried: &mut Tried,
) -> Result<Vec<RecoveryPoint>, CallError> {
    let Some(largest) = vaults.iter().max_by_key(|vault| vault.recovery_points) else {
        return Ok(Vec::new());
    };
    let page = PointsAsked {
        vault: largest.name.clone(),
        resource_type: None,
        created_after: None,
        created_before: None,
    };
    let (mut samples, outcome): (Vec<RecoveryPoint>, _) = match calls.points(&page, None).await {
        Ok(page) => (page.items, Ok(())),
        Err(error) if error.kind == FaultKind::AccessDenied => (Vec::new(), Err(error)),
        Err(error) => return Err(error),
    };
    tried.insert("backup:ListRecoveryPointsByBackupVault", outcome);
    samples.sort_by(|a, b| a.resource_type.cmp(&b.resource_type));
    samples.dedup_by(|a, b| a.resource_type == b.resource_type);
    Ok(samples)
}

/// Reading calls that `copy` makes, tried where nothing can be simulated.
async fn harmless<S: CopyDesk>(
    calls: &Calls<S>,
    samples: &[RecoveryPoint],
    tried: &mut Tried,
) -> Result<(), CallError> {
    let jobs = JobsAsked {
        state: Some("RUNNING"),
        ..JobsAsked::default()
    };
    tried.insert("backup:ListCopyJobs", calls.copy_jobs(&jobs, None).await.map(|_| ()));
    if let Some(point) = samples.first() {
        let looked = calls.point(&point.vault, &point.arn).await.map(|_| ());
        tried.insert("backup:DescribeRecoveryPoint", looked);
    }
    Ok(())
}

/// What was done or refused just now is settled by that; the rest is simulated, or tried where it may not be.
async fn permitted<G: Permissions>(
    calls: &Calls<G>,
    caller: &Caller,
    needs: Vec<Needed>,
    mut tried: Tried,
    try_more: impl AsyncFnOnce(&mut Tried) -> Result<(), CallError>,
) -> Result<Vec<Check>, CallError> {
    let open: Vec<Needed> = needs
        .iter()
        .filter(|need| !tried.contains_key(need.action))
        .cloned()
        .collect();
    let results = match behind(calls, caller).await? {
        Ok(principal) => simulate(calls, &principal, &open).await?.0,
        Err(reason) => Err(reason),
    };
    let results = results.map_err(|NotTold(reason)| {
        NotTold(format!(
            "permissions were not simulated: {reason}; iam:SimulatePrincipalPolicy and iam:GetRole on the credentials' own role allow it"
        ))
    });
    if results.is_err() {
        try_more(&mut tried).await?;
    }
    let mut checks = Vec::with_capacity(needs.len());
    for need in &needs {
        checks.push(match tried.remove(need.action) {
            Some(Err(error)) if is_about_credentials(error.kind) => return Err(error),
            Some(outcome) => {
                let denied = matches!(&outcome, Err(error) if error.kind == FaultKind::AccessDenied);
                action::tried(need, &outcome.map_err(|error| why(&error)), denied)
            }
            None => need.judge(&results),
        });
    }
    Ok(checks)
}

fn source_needs(asked: &Asked, vaults: &[VaultSeen], samples: &[RecoveryPoint]) -> Vec<Needed> {
    const POLICY: &str = "without it `replicate` cannot carry the access policy over";
    const TOPICS: &str = "without it `replicate` cannot carry the notifications over";
    const TAGS: &str = "without it `replicate` cannot carry the tags over";
    let terms = &asked.terms;
    let who = |need, action, resources: &[String]| Needed {
        topic: Topic::Permission,
        account: terms.route.source(),
        principal: asked.source_caller.arn.clone(),
        action,
        resources: resources.to_vec(),
        need,
    };
    let all = ["*".to_owned()];
    let arns: Vec<String> = vaults
        .iter()
        .take(MOST_RESOURCES)
        .map(|vault| terms.source_vault_arn(&vault.name).into())
        .collect();
    let points: Vec<String> = samples.iter().map(|point| point.arn.to_string()).collect();
    let role = [terms.copy_role_arn.to_string()];
    let mut needs = vec![
        who(Need::Must, "backup:ListBackupVaults", &all),
        who(Need::Must, "backup:ListCopyJobs", &all),
        who(Need::Must, "backup:DescribeCopyJob", &all),
        who(Need::Must, "iam:PassRole", &role),
    ];
    if !points.is_empty() {
        needs.push(who(Need::Must, "backup:StartCopyJob", &points));
        needs.push(who(Need::Must, "backup:DescribeRecoveryPoint", &points));
    }
    if !arns.is_empty() {
        needs.push(who(Need::Must, "backup:ListRecoveryPointsByBackupVault", &arns));
        needs.push(who(Need::Part(POLICY), "backup:GetBackupVaultAccessPolicy", &arns));
        needs.push(who(Need::Part(TOPICS), "backup:GetBackupVaultNotifications", &arns));
        needs.push(who(Need::Part(TAGS), "backup:ListTags", &arns));
    }
    needs
}

fn destination_needs(asked: &Asked, vaults: &[VaultSeen], twins: &[VaultSeen]) -> Vec<Needed> {
    const LOCK: &str = "without it `replicate` cannot lock vaults";
    const OPEN: &str = "without it `replicate` cannot open vaults for the copies";
    const TOPICS: &str = "without it `replicate` cannot carry the notifications over";
    const TAGS: &str = "without it `replicate` cannot carry the tags over";
    const MAKE: &str = "without it `replicate` cannot create vaults";
    let terms = &asked.terms;
    let who = |need, action, resources: &[String]| Needed {
        topic: Topic::Permission,
        account: terms.route.destination(),
        principal: asked
            .destination_caller
            .as_ref()
            .map(|caller| caller.arn.clone())
            .unwrap_or_default(),
        action,
        resources: resources.to_vec(),
        need,
    };
    let target_arns = |wanted: &dyn Fn(&VaultSeen) -> bool| -> Vec<String> {
        let mut arns: Vec<String> = vaults
            .iter()
            .filter(|vault| wanted(vault))
            .map(|vault| terms.destination_vault_arn(&vault.name).into())
            .collect();
        arns.sort();
        arns.dedup();
        arns.truncate(MOST_RESOURCES);
        arns
    };
    let is_there = |vault: &VaultSeen| {
        twins
            .iter()
            .any(|twin| twin.name == *terms.destination_vault(&vault.name))
    };
    let all = ["*".to_owned()];
    let (arns, there) = (target_arns(&|_| true), target_arns(&is_there));
    let missing = target_arns(&|vault| !is_there(vault));
    let mut needs = vec![who(Need::Must, "backup:ListBackupVaults", &all)];
    if !there.is_empty() {
        needs.push(who(Need::Must, "backup:ListRecoveryPointsByBackupVault", &there));
    }
    if !missing.is_empty() {
        let need = if asked.makes_vaults {
            Need::Must
        } else {
            Need::Part(MAKE)
        };
        needs.push(who(need.clone(), "backup:CreateBackupVault", &missing));
        needs.push(who(need, "backup-storage:MountCapsule", &all));
    }
    if !arns.is_empty() {
        needs.push(who(Need::Part(OPEN), "backup:PutBackupVaultAccessPolicy", &arns));
        needs.push(who(Need::Part(LOCK), "backup:PutBackupVaultLockConfiguration", &arns));
        needs.push(who(Need::Part(TOPICS), "backup:PutBackupVaultNotifications", &arns));
        needs.push(who(Need::Part(TAGS), "backup:TagResource", &arns));
    }
    needs
}

/// The role that AWS Backup copies under, and what it has to be allowed whatever is copied.
async fn copy_role<S: Permissions>(
    source: &Calls<S>,
    asked: &Asked,
    vaults: &[VaultSeen],
) -> Result<Vec<Check>, CallError> {
    let terms = &asked.terms;
    let (route, role_arn) = (&terms.route, &*terms.copy_role_arn);
    let name = role::name_of(role_arn).unwrap_or(role_arn);
    let seen = match source.role(name).await {
        Ok(detail) => Ok(Some(RoleSeen {
            trust: detail.trust.as_deref().and_then(|text| policy(text).ok()),
            arn: detail.arn,
        })),
        Err(error) if error.kind == FaultKind::NotFound => Ok(None),
        Err(error) => told::<Option<RoleSeen>>(Err(error))?,
    };
    let mut checks = role::copy_role(route.source(), role_arn, &seen);
    let wrong = matches!(&seen, Ok(None)) || matches!(&seen, Ok(Some(role)) if role.arn != role_arn);
    if wrong || vaults.is_empty() {
        return Ok(checks);
    }
    let needed = |action, resources: Vec<String>| role_needed(route.source(), role_arn, action, resources, Need::Must);
    let vaults = || vaults.iter().take(MOST_RESOURCES);
    let from = vaults()
        .map(|vault| terms.source_vault_arn(&vault.name).into())
        .collect();
    let into = vaults()
        .map(|vault| terms.destination_vault_arn(&vault.name).into())
        .collect();
    let (partition, region) = (route.partition(), route.region());
    let copies = format!(
        "arn:{partition}:backup:{region}:{}:recovery-point:copy",
        route.destination()
    );
    let needs = [
        needed("backup:CopyFromBackupVault", from),
        needed("backup:CopyIntoBackupVault", into),
        needed("backup:TagResource", vec![copies]),
    ];
    let (results, _) = simulate(source, role_arn, &needs).await?;
    checks.extend(needs.iter().map(|need| need.judge(&results)));
    Ok(checks)
}

pub(super) fn role_needed(
    account: AccountId,
    role_arn: &str,
    action: &'static str,
    mut resources: Vec<String>,
    need: Need,
) -> Needed {
    resources.sort();
    resources.dedup();
    Needed {
        topic: Topic::CopyRolePermission,
        account,
        principal: arn::short(role_arn).to_owned(),
        action,
        resources,
        need,
    }
}
