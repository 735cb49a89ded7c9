//! The source's vaults: how large, with which key, and what hangs on them.

use super::keys::Keys;
use super::{accounts, documents};
use crate::world::dice::{Dice, power};
use crate::world::{
    KeyId, Lock, Notifications, ResourceType, Tags, Vault, VaultId, VaultKind, World, WorldPlan, names,
};

/// What is special about a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    ComplianceLocked,
    GovernanceLocked,
    LockInGraceTime,
    AirGapped,
    EfsAutomatic,
    Default,
    Empty,
}

#[derive(Debug)]
pub(super) struct PlannedVault {
    pub(super) id: VaultId,
    pub(super) role: Role,
    pub(super) points: usize,
    pub(super) lock: Option<Lock>,
}

impl PlannedVault {
    /// What can be in there at all.
    pub(super) fn takes(&self, resource_type: ResourceType) -> bool {
        match self.role {
            Role::EfsAutomatic => resource_type == ResourceType::Efs,
            Role::AirGapped => {
                matches!(
                    resource_type,
                    ResourceType::Efs | ResourceType::S3 | ResourceType::DynamoDb | ResourceType::Ebs
                )
            }
            _ => true,
        }
    }
}

pub(super) fn build(world: &mut World, plan: &WorldPlan, keys: &Keys) -> Vec<PlannedVault> {
    let mut dice = Dice::new(plan.seed, "vaults");
    let roles = roles(plan);
    let sizes = sizes(plan, &roles);
    let mut named = 0;
    let mut planned = Vec::with_capacity(roles.len());
    for (role, points) in roles.into_iter().zip(sizes) {
        let name = match role {
            Role::Plain => {
                named += 1;
                names::vault(named - 1)
            }
            Role::ComplianceLocked => "compliance-locked".to_owned(),
            Role::GovernanceLocked => "governance-locked".to_owned(),
            Role::LockInGraceTime => "soon-to-be-locked".to_owned(),
            Role::AirGapped => "air-gapped".to_owned(),
            Role::EfsAutomatic => "aws/efs/automatic-backup-vault".to_owned(),
            Role::Default => "Default".to_owned(),
            Role::Empty => "not-used-yet".to_owned(),
        };
        let key = key(plan, keys, role, &mut dice);
        let lock = lock(plan, role);
        let vault = Vault {
            account: plan.source_account.clone(),
            kind: if role == Role::AirGapped {
                VaultKind::LogicallyAirGapped
            } else {
                VaultKind::Plain
            },
            key: Some(key),
            created: accounts::long_before(plan) + std::time::Duration::from_millis(dice.below(86_400_000)),
            creator_request_id: dice.chance(0.5).then(|| dice.uuid()),
            lock,
            policy: policy(world, plan, role, &mut dice),
            notifications: notifications(plan, &mut dice),
            points: Vec::with_capacity(points),
            name,
        };
        let tags = tags(plan, &mut dice);
        let id = world.add_vault(vault);
        if !tags.is_empty() {
            let arn = world.vault_arn(id);
            world.set_tags(&arn, tags);
        }
        planned.push(PlannedVault { id, role, points, lock });
    }
    planned
}

/// The largest first. The special ones lie among the plain ones, but the first stays plain.
fn roles(plan: &WorldPlan) -> Vec<Role> {
    let special = plan.special_vaults;
    let wanted = [
        (special.compliance_locked, Role::ComplianceLocked),
        (special.governance_locked, Role::GovernanceLocked),
        (special.default, Role::Default),
        (special.efs_automatic, Role::EfsAutomatic),
        (special.empty, Role::Empty),
        (special.air_gapped, Role::AirGapped),
        (special.lock_in_grace_time, Role::LockInGraceTime),
    ];
    let room = plan.vaults.saturating_sub(1);
    let chosen: Vec<Role> = wanted
        .into_iter()
        .filter(|(yes, _)| *yes)
        .map(|(_, role)| role)
        .take(room)
        .collect();
    let mut roles = vec![Role::Plain; plan.vaults.max(1) - chosen.len()];
    for role in chosen {
        let at = match role {
            Role::ComplianceLocked => 1,
            Role::GovernanceLocked => 3,
            Role::AirGapped | Role::LockInGraceTime => 5,
            _ => roles.len(),
        };
        roles.insert(at.min(roles.len()), role);
    }
    roles
}

/// By the share of each rank, rounded so that the sum is exact.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of points and vaults are far below 2^52 and not negative"
)]
fn sizes(plan: &WorldPlan, roles: &[Role]) -> Vec<usize> {
    let weight = |at: usize| {
        if roles[at] == Role::Empty {
            0.0
        } else {
            power((at + 1) as f64, -plan.vault_skew)
        }
    };
    let total: f64 = (0..roles.len()).map(weight).sum();
    let mut sizes: Vec<usize> = (0..roles.len())
        .map(|at| (plan.points as f64 * weight(at) / total).floor() as usize)
        .collect();
    sizes[0] += plan.points - sizes.iter().sum::<usize>();
    sizes
}

fn key(plan: &WorldPlan, keys: &Keys, role: Role, dice: &mut Dice) -> KeyId {
    let (managed, unshared) = (
        plan.shares.vaults_with_managed_key,
        plan.shares.vaults_with_unshared_key,
    );
    let (managed, unshared) = (dice.chance(managed), dice.chance(unshared));
    match role {
        Role::Default | Role::EfsAutomatic | Role::AirGapped => keys.managed_vault,
        Role::Plain if managed => keys.managed_vault,
        Role::Plain if unshared => keys.vault_unshared,
        _ => keys.vault,
    }
}

fn lock(plan: &WorldPlan, role: Role) -> Option<Lock> {
    let range = |min, max, lock_date| {
        Some(Lock {
            min_retention_days: Some(min),
            max_retention_days: Some(max),
            lock_date,
        })
    };
    match role {
        Role::ComplianceLocked => range(30, 2555, Some(plan.start.plus_days(-90))),
        Role::GovernanceLocked => range(7, 1095, None),
        Role::LockInGraceTime => range(7, 2555, Some(plan.start.plus_days(3))),
        Role::AirGapped => range(7, 2555, Some(accounts::long_before(plan))),
        _ => None,
    }
}

fn policy(world: &World, plan: &WorldPlan, role: Role, dice: &mut Dice) -> Option<serde_json::Value> {
    let (some, kind) = (dice.chance(plan.shares.vault_policies), dice.index(4));
    // The vault that EFS keeps for itself has a policy of its own; nobody puts one on an unused vault.
    (some && role != Role::Empty).then(|| documents::vault_policy(world, &plan.source_account, kind))
}

fn notifications(plan: &WorldPlan, dice: &mut Dice) -> Option<Notifications> {
    const EVENTS: [&str; 8] = [
        "BACKUP_JOB_STARTED",
        "BACKUP_JOB_COMPLETED",
        "BACKUP_JOB_FAILED",
        "COPY_JOB_STARTED",
        "COPY_JOB_SUCCESSFUL",
        "COPY_JOB_FAILED",
        "RECOVERY_POINT_MODIFIED",
        "S3_BACKUP_OBJECT_FAILED",
    ];
    let (some, first) = (
        dice.chance(plan.shares.vault_notifications),
        dice.index(EVENTS.len() - 2),
    );
    some.then(|| Notifications {
        topic_arn: format!(
            "arn:{}:sns:{}:{}:backup-alerts",
            plan.partition, plan.region, plan.source_account
        ),
        events: EVENTS[first..first + 3]
            .iter()
            .map(|event| (*event).to_owned())
            .collect(),
    })
}

fn tags(plan: &WorldPlan, dice: &mut Dice) -> Tags {
    let (some, number) = (dice.chance(plan.shares.vault_tags), dice.below(1 << 20));
    if !some {
        return Tags::new();
    }
    let application = names::application_of(plan.seed, u32::try_from(number).expect("twenty bits"));
    Tags::from([
        ("Owner".to_owned(), application.owner),
        ("CostCenter".to_owned(), application.cost_center),
        ("Environment".to_owned(), application.environment.to_owned()),
    ])
}
