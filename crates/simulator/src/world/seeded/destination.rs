//! The destination account: its own vault `Default`, and, if the plan says so, vaults named like the source's with some of
//! the source's points in them already.

use std::collections::HashMap;
use std::time::Duration;

use super::keys::Keys;
use super::vaults::{PlannedVault, Role};
use super::{accounts, documents};
use crate::world::dice::Dice;
use crate::world::{
    CopiedResource, CopyFacts, KeyId, Lifecycle, ON_DEMAND, Point, PointId, PointKind, PointStatus, Resource,
    ResourceId, ResourceType, StorageClass, Tags, Vault, VaultId, VaultKind, World, WorldPlan,
};

pub(super) fn furnish(world: &mut World, plan: &WorldPlan, keys: &Keys, vaults: &[PlannedVault]) {
    let mut dice = Dice::new(plan.seed, "destination");
    let default = world.add_vault(vault(plan, "Default", keys.destination_managed_vault, None));
    for _ in 0..plan.destination.own_points {
        add_own_point(world, plan, keys, default, &mut dice);
    }
    if !plan.destination.vaults {
        return;
    }
    let mut twins = HashMap::new();
    for source in vaults
        .iter()
        .filter(|vault| !matches!(vault.role, Role::Default | Role::EfsAutomatic))
    {
        let open = documents::vault_open_for_copies_from(world, &plan.source_account);
        let name = world.vault(source.id).name.clone();
        let twin = world.add_vault(vault(plan, &name, keys.destination, Some(open)));
        twins.insert(source.id, twin);
    }
    for number in 0..world.resources.len() {
        let resource = ResourceId(u32::try_from(number).expect("fewer than 2^32 resources"));
        copy_oldest(world, plan, keys, &twins, resource, &mut dice);
    }
}

fn vault(plan: &WorldPlan, name: &str, key: KeyId, policy: Option<serde_json::Value>) -> Vault {
    Vault {
        account: plan.destination_account.clone(),
        name: name.to_owned(),
        kind: VaultKind::Plain,
        key: Some(key),
        created: accounts::long_before(plan),
        creator_request_id: None,
        lock: None,
        policy,
        notifications: None,
        points: Vec::new(),
    }
}

/// A snapshot of one of the destination's own volumes.
fn add_own_point(world: &mut World, plan: &WorldPlan, keys: &Keys, vault: VaultId, dice: &mut Dice) {
    let resource = world.add_resource(Resource {
        account: plan.destination_account.clone(),
        resource_type: ResourceType::Ebs,
        local_id: format!("vol-0{}", dice.hex(16)),
        name: None,
        tags: Tags::new(),
    });
    let created = plan.start - Duration::from_millis(86_400_000 + dice.below(90 * 86_400_000));
    world.add_point(Point {
        serial: dice.bits(),
        vault,
        resource,
        resource_type: ResourceType::Ebs,
        kind: PointKind::Snapshot,
        status: PointStatus::Completed,
        storage: StorageClass::Warm,
        created,
        initiated: Some(created),
        completed: Some(created + Duration::from_millis(300_000 + dice.below(60_000))),
        size_bytes: Some((8 + dice.below(500)) << 30),
        lifecycle: Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: Some(365),
        },
        key: Some(keys.destination_managed_vault),
        parent: None,
        copied_from: None,
        copy: CopyFacts::default(),
        plan: ON_DEMAND,
        deleted: false,
    });
}

/// Somebody began to copy by hand: the oldest points of each resource are there.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a chain's length is a chain's length"
)]
fn copy_oldest(
    world: &mut World,
    plan: &WorldPlan,
    keys: &Keys,
    twins: &HashMap<VaultId, VaultId>,
    resource: ResourceId,
    dice: &mut Dice,
) {
    let copyable: Vec<PointId> = world
        .points_of_resource(resource)
        .iter()
        .copied()
        .filter(|id| {
            let point = world.point(*id);
            twins.contains_key(&point.vault)
                && point.parent.is_none()
                && point.kind == PointKind::Snapshot
                && point.status == PointStatus::Completed
                && point.storage == StorageClass::Warm
                && point.resource_type.cross_account()
        })
        .collect();
    let wanted = copyable.len() as f64 * plan.destination.copies + dice.unit();
    for source in copyable.into_iter().take(wanted as usize) {
        let stays_open = matches!(
            world.point(source).resource_type,
            ResourceType::Aurora | ResourceType::DocumentDb | ResourceType::Neptune
        ) && world.point(source).key.is_none();
        let began = plan.start - Duration::from_millis(3_600_000 + dice.below(10 * 86_400_000));
        let began = began.max(world.point(source).created);
        let resource = world.resource_of_copy(source, &plan.destination_account, CopiedResource::default());
        let copy = Point {
            serial: dice.bits(),
            vault: twins[&world.point(source).vault],
            resource,
            initiated: Some(began),
            completed: Some((began + Duration::from_mins(10)).min(plan.start)),
            key: (!stays_open).then_some(keys.destination),
            copied_from: Some(source),
            plan: ON_DEMAND,
            ..world.point(source).clone()
        };
        world.add_point(copy);
    }
}
