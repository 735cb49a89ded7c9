//! What concerns some points and not others: destination vaults, keys, types, quotas.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use sav_domain::checks::action::Need;
use sav_domain::checks::key::{KeyStanding, SourceKey};
use sav_domain::checks::quota::{self, Quota};
use sav_domain::checks::vault::{Target, VaultSeen as TargetSeen};
use sav_domain::checks::{Bearing, Bundle, Check, Load, Told};
use sav_domain::retention::LockRange;
use sav_domain::{ResourceType, VaultName};

use super::Asked;
use super::ground::{Ground, role_needed};
use super::principals::simulate;
use super::told::{policy, told};
use crate::calls::Calls;
use crate::ports::{CallError, Permissions, VaultDesk, VaultSeen};

/// What the groups are held against.
#[derive(Clone, Copy, Debug)]
pub struct Standpoint<'a> {
    pub asked: &'a Asked,
    pub ground: &'a Ground,
    pub load: &'a Load,
}

pub async fn groups<S, D>(
    source: &Calls<S>,
    destination: Option<&Calls<D>>,
    standpoint: Standpoint<'_>,
) -> Result<Vec<Check>, CallError>
where
    S: Permissions,
    D: Permissions + VaultDesk,
{
    let Standpoint { asked, ground, load } = standpoint;
    let route = &asked.terms.route;
    let mut checks = Vec::new();
    if let (Some(calls), Some(twins)) = (destination, &ground.twins) {
        checks.extend(vaults(calls, standpoint, twins).await?);
    }
    checks.extend(keys(source, standpoint).await?);
    checks.extend(role_by_types(source, asked, load).await?);
    checks.extend(quota::supported(route.source(), load));
    let ours = told(source.types_opted_in().await)?;
    let theirs = match destination {
        Some(calls) => Some(told(calls.types_opted_in().await)?),
        None => None,
    };
    for kind in load.types().keys() {
        checks.push(quota::opted_in(route.source(), kind, &ours));
        checks.extend(
            theirs
                .iter()
                .map(|told| quota::opted_in(route.destination(), kind, told)),
        );
    }
    if let (Some(calls), Some(twins)) = (destination, &ground.twins) {
        checks.extend(quotas(calls, asked, load, twins).await?);
    }
    Ok(checks)
}

/// Every destination vault once, with what is to come into it.
async fn vaults<D: Permissions + VaultDesk>(
    calls: &Calls<D>,
    standpoint: Standpoint<'_>,
    twins: &[VaultSeen],
) -> Result<Vec<Check>, CallError> {
    let Standpoint { asked, ground, load } = standpoint;
    let terms = &asked.terms;
    let mut into: BTreeMap<&VaultName, (&VaultName, Vec<&Bundle>)> = BTreeMap::new();
    for bundle in load.copyable() {
        let source = &bundle.group.vault;
        let coming = into.entry(terms.destination_vault(source));
        coming.or_insert_with(|| (source, Vec::new())).1.push(bundle);
    }
    let mut keys: BTreeMap<String, Told<KeyStanding>> = BTreeMap::new();
    let mut checks = Vec::new();
    for (name, (source, coming)) in into {
        let target = Target {
            route: &terms.route,
            name,
            source,
        };
        let arn = terms.destination_vault_arn(source);
        let twin = twins.iter().find(|twin| twin.name == *name).map(seen);
        let exists = target.exists(twin.as_ref(), asked.makes_vaults);
        let hopeless = exists.is_failed();
        checks.push(exists);
        let Some(twin) = twin.filter(|_| !hopeless) else {
            continue;
        };
        let text = told(calls.access_policy(name).await)?;
        let read = text.and_then(|text| text.as_deref().map(policy).transpose());
        let organization = ground.organization.as_deref();
        checks.push(target.admits(&read, &arn, &terms.copy_role_arn, organization));
        if let Some(key) = &twin.key_arn
            && !keys.contains_key(key)
        {
            keys.insert(key.clone(), told(calls.key_standing(key).await)?);
        }
        let standing = twin.key_arn.as_ref().and_then(|key| keys.get(key));
        let unknown = Ok(KeyStanding::Other);
        checks.push(target.key(twin.key_arn.as_deref(), standing.unwrap_or(&unknown), &coming));
        checks.extend(target.lock(twin.lock, &coming));
    }
    Ok(checks)
}

fn seen(twin: &VaultSeen) -> TargetSeen {
    TargetSeen {
        key_arn: twin.encryption_key_arn.clone(),
        lock: (twin.locked == Some(true)).then_some(LockRange {
            min_days: twin.min_retention_days,
            max_days: twin.max_retention_days,
        }),
    }
}

/// Every key that protects something once.
async fn keys<S: Permissions>(calls: &Calls<S>, standpoint: Standpoint<'_>) -> Result<Vec<Check>, CallError> {
    let Standpoint { asked, ground, load } = standpoint;
    let mut under: BTreeMap<&Arc<str>, Vec<&Bundle>> = BTreeMap::new();
    for bundle in load.copyable() {
        if let Some(key) = &bundle.group.encryption_key_arn {
            under.entry(key).or_default().push(bundle);
        }
    }
    let mut checks = Vec::new();
    for (arn, protects) in under {
        let key = SourceKey {
            route: &asked.terms.route,
            arn,
            protects: &protects,
        };
        let standing = told(calls.key_standing(arn).await)?;
        let state = key.state(&standing);
        let settled = state.is_failed() || matches!(standing, Ok(KeyStanding::AwsManaged));
        checks.push(state);
        // Of a key that cannot be used it does not matter who might.
        if !settled {
            let text = told(calls.key_policy(arn).await)?;
            let read = text.and_then(|text| policy(&text));
            checks.push(key.shared(&read, ground.organization.as_deref()));
        }
    }
    Ok(checks)
}

/// What the copy role has to be allowed for these types.
async fn role_by_types<S: Permissions>(calls: &Calls<S>, asked: &Asked, load: &Load) -> Result<Vec<Check>, CallError> {
    let terms = &asked.terms;
    let mut actions: BTreeMap<&'static str, (Vec<String>, Bearing)> = BTreeMap::new();
    for (kind, (_, sample)) in load.types() {
        for (action, resource) in of_type(kind, sample, &terms.route.partition().to_string()) {
            let several = actions.contains_key(action);
            let entry = actions
                .entry(action)
                .or_insert_with(|| (Vec::new(), Bearing::OfType(kind.clone())));
            entry.0.push(resource);
            if several {
                entry.1 = Bearing::Something;
            }
        }
    }
    if actions.is_empty() {
        return Ok(Vec::new());
    }
    let needs: Vec<_> = actions
        .into_iter()
        .map(|(action, (resources, bearing))| {
            role_needed(
                terms.route.source(),
                &terms.copy_role_arn,
                action,
                resources,
                Need::For(bearing),
            )
        })
        .collect();
    let (results, _) = simulate(calls, &terms.copy_role_arn, &needs).await?;
    // Without the role everything else has been said.
    let judged = needs.iter().map(|need| need.judge(&results));
    Ok(judged.collect())
}

/// After AWS's managed policies for backups, which carry what copies need.
fn of_type(kind: &ResourceType, sample: &str, partition: &str) -> Vec<(&'static str, String)> {
    use ResourceType as T;
    let all = || "*".to_owned();
    match kind {
        T::Ebs => vec![("ec2:CopySnapshot", all()), ("ec2:ModifySnapshotAttribute", all())],
        T::Ec2 => vec![("ec2:CopyImage", all()), ("ec2:ModifyImageAttribute", all())],
        T::Rds => vec![
            ("rds:CopyDBSnapshot", sample.to_owned()),
            ("rds:ModifyDBSnapshotAttribute", sample.to_owned()),
        ],
        T::Aurora | T::DocumentDb | T::Neptune => vec![
            ("rds:CopyDBClusterSnapshot", sample.to_owned()),
            ("rds:ModifyDBClusterSnapshotAttribute", sample.to_owned()),
        ],
        T::Fsx => vec![("fsx:CopyBackup", all())],
        T::S3 => vec![(
            "s3:GetObjectVersion",
            format!("arn:{partition}:s3:::a-bucket/an-object"),
        )],
        _ => Vec::new(),
    }
}

async fn quotas<D: Permissions>(
    calls: &Calls<D>,
    asked: &Asked,
    load: &Load,
    twins: &[VaultSeen],
) -> Result<Vec<Check>, CallError> {
    let there: BTreeMap<VaultName, u64> = twins
        .iter()
        .map(|twin| (twin.name.clone(), twin.recovery_points.unwrap_or(0)))
        .collect();
    let demands = quota::demands(load, |source| asked.terms.destination_vault(source).clone(), &there);
    let mut limits: BTreeMap<Quota, Told<f64>> = BTreeMap::new();
    let mut checks = Vec::new();
    for demand in demands {
        let limit = match limits.entry(demand.quota) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(told(calls.quota(demand.quota).await)?),
        };
        checks.push(quota::fits(asked.terms.route.destination(), &demand, limit));
    }
    Ok(checks)
}
