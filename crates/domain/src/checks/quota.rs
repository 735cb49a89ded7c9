//! Types and quotas: what AWS takes at all, and how much of it.

use std::collections::BTreeMap;

use super::load::Load;
use super::{Bearing, Check, Remedy, Told, Topic};
use crate::AccountId;
use crate::resource_type::ResourceType;
use crate::vault::VaultName;

/// A quota that a migration runs into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    PointsPerVault,
    Snapshots,
    Images,
}

impl Quota {
    pub const ALL: [Self; 3] = [Self::PointsPerVault, Self::Snapshots, Self::Images];

    pub const fn service(self) -> &'static str {
        match self {
            Self::PointsPerVault => "backup",
            Self::Snapshots => "ebs",
            Self::Images => "ec2",
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::PointsPerVault => "L-514878B6",
            Self::Snapshots => "L-309BACF6",
            Self::Images => "L-B665C33B",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::PointsPerVault => "recovery points per vault",
            Self::Snapshots => "EBS snapshots per Region",
            Self::Images => "AMIs per Region",
        }
    }
}

/// What a quota would have to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub quota: Quota,
    /// The vault, for quotas of vaults.
    pub vault: Option<VaultName>,
    pub there: u64,
    pub coming: u64,
}

/// From the load, and from how many points the destination vaults have already.
pub fn demands(load: &Load, target: impl Fn(&VaultName) -> VaultName, there: &BTreeMap<VaultName, u64>) -> Vec<Demand> {
    let mut vaults: BTreeMap<VaultName, u64> = BTreeMap::new();
    let (mut snapshots, mut images) = (0, 0);
    for bundle in load.copyable() {
        *vaults.entry(target(&bundle.group.vault)).or_default() += bundle.points;
        match bundle.group.resource_type {
            Some(ResourceType::Ebs) => snapshots += bundle.points,
            // An image has a snapshot for each of its volumes, and at least one.
            Some(ResourceType::Ec2) => {
                images += bundle.points;
                snapshots += bundle.points;
            }
            _ => {}
        }
    }
    let of_vaults = vaults.into_iter().map(|(vault, coming)| Demand {
        quota: Quota::PointsPerVault,
        there: there.get(&vault).copied().unwrap_or(0),
        vault: Some(vault),
        coming,
    });
    let of_account = [(Quota::Snapshots, snapshots), (Quota::Images, images)];
    let of_account = of_account.into_iter().filter(|(_, coming)| *coming > 0);
    of_vaults
        .chain(of_account.map(|(quota, coming)| Demand {
            quota,
            vault: None,
            there: 0,
            coming,
        }))
        .collect()
}

pub fn fits(destination: AccountId, demand: &Demand, told: &Told<f64>) -> Check {
    let Demand {
        quota,
        vault,
        there,
        coming,
    } = demand;
    let subject = match vault {
        Some(vault) => format!("{} ({vault})", quota.words()),
        None => quota.words().to_owned(),
    };
    // Up to the quota copies are made; it is the last ones that fail.
    let check = Check::new(Topic::Quota, destination, subject).bearing_on(Bearing::Something);
    let limit = match told {
        Err(why) => return check.not_checked(why.0.clone()),
        Ok(limit) => *limit,
    };
    #[expect(clippy::cast_precision_loss, reason = "numbers of points are far below 2^52")]
    let needed = (there + coming) as f64;
    let besides = match vault {
        Some(_) => format!("{there} are there"),
        None => "besides those that the account has already".to_owned(),
    };
    if needed > limit {
        check.failed(
            format!("{coming} are to come, {besides}, and the quota is {limit}"),
            format!(
                "{}: aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {needed}",
                Remedy::RaiseQuota.words(),
                quota.service(),
                quota.code()
            ),
        )
    } else {
        check.passed(format!("{coming} are to come, {besides}, and the quota is {limit}"))
    }
}

/// Whether AWS copies this type at all, and how many points it does not.
pub fn supported(source: AccountId, load: &Load) -> Vec<Check> {
    let mut types: BTreeMap<&ResourceType, (u64, u64)> = BTreeMap::new();
    for bundle in load.bundles() {
        if let Some(kind) = &bundle.group.resource_type {
            let counted = types.entry(kind).or_default();
            counted.0 += bundle.points;
            counted.1 += if bundle.uncopyable { bundle.points } else { 0 };
        }
    }
    let judged = types.into_iter().map(|(kind, (points, never))| {
        let check = Check::new(Topic::ResourceType, source, kind.name());
        if never > 0 {
            let bearing = if never == points {
                Bearing::OfType(kind.clone())
            } else {
                Bearing::Something
            };
            check.bearing_on(bearing).failed(
                format!("AWS Backup copies {never} of {points} points to no other account"),
                format!(
                    "{}: choose without them, `plan` names each and what can be done",
                    Remedy::ChooseOtherType.words()
                ),
            )
        } else if matches!(
            kind,
            ResourceType::Other(_) | ResourceType::CloudFormation | ResourceType::SapHana
        ) {
            check.bearing_on(Bearing::OfType(kind.clone())).not_checked(format!(
                "AWS's documents leave open whether its {points} points can be copied"
            ))
        } else {
            check.passed(format!("AWS Backup copies it to other accounts; {points} points"))
        }
    });
    judged.collect()
}

/// Whether an account uses AWS Backup for this type.
pub fn opted_in(account: AccountId, kind: &ResourceType, told: &Told<BTreeMap<String, bool>>) -> Check {
    let check = Check::new(Topic::OptIn, account, kind.name()).bearing_on(Bearing::OfType(kind.clone()));
    match told.as_ref().map(|types| types.get(kind.name())) {
        Err(why) => check.not_checked(why.0.clone()),
        Ok(Some(true)) => check.passed(format!("account {account} uses AWS Backup for it")),
        Ok(Some(false)) => check.failed(
            format!("account {account} does not use AWS Backup for it"),
            format!(
                "aws backup update-region-settings --resource-type-opt-in-preference '{{\"{}\":true}}'",
                kind.name()
            ),
        ),
        Ok(None) => check.not_checked("AWS does not say whether the account uses AWS Backup for it"),
    }
}
