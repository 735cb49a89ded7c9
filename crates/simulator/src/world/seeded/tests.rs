use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

mod shares;

use super::*;
use crate::world::index::fingerprint;
use crate::world::{
    DestinationPlan, KeyManager, KeyState, PointId, PointKind, PointStatus, ResourceId, ResourceType, Shares,
    StorageClass, VaultKind,
};

fn ids(world: &World) -> impl Iterator<Item = PointId> {
    (0..u32::try_from(world.points().len()).unwrap()).map(PointId)
}

fn resource_ids(world: &World) -> impl Iterator<Item = ResourceId> {
    (0..u32::try_from(world.resources.len()).unwrap()).map(ResourceId)
}

/// What a client could see of the vaults, points and resources, boiled down.
fn fingerprint_of(world: &World) -> u64 {
    let mut text = String::new();
    for id in ids(world) {
        let point = world.point(id);
        let key = point.key.map(|key| world.key_arn(key));
        let vault = world.vault_arn(point.vault);
        let parent = point.parent.map(|parent| world.point_arn(parent));
        let (status, storage, size) = (point.status.wire_name(), point.storage.wire_name(), point.size_bytes);
        let days = (
            point.lifecycle.move_to_cold_after_days,
            point.lifecycle.delete_after_days,
        );
        let dates = (point.created, point.initiated, point.completed);
        let rule = world.rule_of(id).map(|rule| &rule.rule_id);
        let arn = world.point_arn(id);
        let _ = writeln!(
            text,
            "{vault} {arn} {status} {storage} {size:?} {days:?} {dates:?} {rule:?} {key:?} {parent:?}"
        );
    }
    for id in resource_ids(world) {
        let resource = world.resource(id);
        let _ = writeln!(
            text,
            "{} {:?} {:?}",
            world.resource_arn(id),
            resource.name,
            resource.tags
        );
    }
    fingerprint(&text)
}

#[test]
fn the_same_plan_makes_the_same_world_for_ever() {
    let plan = WorldPlan {
        points: 2000,
        ..WorldPlan::default()
    };
    let world = World::seeded(&plan);
    assert_eq!(fingerprint_of(&world), fingerprint_of(&World::seeded(&plan)));
    assert_eq!(
        fingerprint_of(&world),
        9_704_259_519_932_178_553,
        "worlds of old seeds changed: say so in the changelog"
    );
    let other = World::seeded(&WorldPlan { seed: 2, ..plan });
    assert_ne!(fingerprint_of(&world), fingerprint_of(&other));
}

#[test]
fn a_world_has_as_many_points_and_vaults_as_planned() {
    for (points, vaults) in [(0, 1), (1, 1), (7, 3), (500, 1), (1234, 2), (10_000, 12), (5000, 300)] {
        let plan = WorldPlan {
            points,
            vaults,
            ..WorldPlan::default()
        };
        let world = World::seeded(&plan);
        assert_eq!(world.points().len(), points);
        assert_eq!(world.vaults_of(&plan.source_account).len(), vaults);
        assert_eq!(
            world.vaults_of(&plan.destination_account).len(),
            1,
            "only its vault Default"
        );
    }
}

#[test]
fn every_arn_is_unique_and_finds_what_it_names() {
    for (partition, region) in [
        ("aws", "us-east-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-cn", "cn-north-1"),
    ] {
        let plan = WorldPlan {
            partition: partition.into(),
            region: region.into(),
            points: 5000,
            ..WorldPlan::default()
        };
        let world = World::seeded(&plan);
        let mut seen = HashSet::new();
        for id in ids(&world) {
            let arn = world.point_arn(id);
            assert!(arn.starts_with(&format!("arn:{partition}:")), "{arn}");
            assert_eq!(world.point_with_arn(&arn), Some(id));
            assert!(seen.insert(arn));
        }
        for id in resource_ids(&world) {
            let arn = world.resource_arn(id);
            assert_eq!(world.resource_with_arn(&arn), Some(id), "{arn}");
            assert!(seen.insert(arn));
        }
        for vault in world.vaults_of(&plan.source_account) {
            assert_eq!(world.vault_with_arn(&world.vault_arn(vault)), Some(vault));
        }
        for at in 0..world.keys.len() {
            let key = crate::world::KeyId(u32::try_from(at).unwrap());
            assert_eq!(world.key_with_arn(&world.key_arn(key)), Some(key));
        }
    }
}

#[test]
fn every_type_and_every_odd_thing_is_there_by_default() {
    let world = World::seeded(&WorldPlan {
        points: 50_000,
        ..WorldPlan::default()
    });
    let types: BTreeSet<ResourceType> = world.points().iter().map(|point| point.resource_type).collect();
    assert_eq!(types, ResourceType::ALL.into_iter().collect());
    let statuses: BTreeSet<PointStatus> = world.points().iter().map(|point| point.status).collect();
    assert_eq!(statuses, PointStatus::ALL.into_iter().collect());
    let kinds: BTreeSet<PointKind> = world.points().iter().map(|point| point.kind).collect();
    assert_eq!(kinds.len(), 4);
    assert!(world.points().iter().any(|point| point.storage == StorageClass::Cold));
    assert!(world.points().iter().any(|point| point.size_bytes.is_none()));
    assert!(world.points().iter().any(|point| point.key.is_none()));
    assert!(world.points().iter().any(|point| point.delete_at().is_none()));
    assert!(world.resources.iter().any(|resource| resource.name.is_none()));
    assert!(
        world
            .resources
            .iter()
            .any(|resource| resource.name.as_ref().is_some_and(|name| !name.is_ascii()))
    );
    for manager in [KeyManager::Aws, KeyManager::Customer] {
        assert!(ids(&world).any(|id| world.key_of(id).is_some_and(|key| key.manager == manager)));
    }
    assert!(ids(&world).any(|id| world.key_of(id).is_some_and(|key| key.state == KeyState::Disabled)));
}

#[test]
fn dates_are_in_order_and_in_the_past_and_most_points_live_on() {
    let plan = WorldPlan {
        points: 20_000,
        ..WorldPlan::default()
    };
    let world = World::seeded(&plan);
    let oldest = plan.start.plus_days(-i64::from(plan.history_days));
    let mut due = 0;
    for point in world.points() {
        assert!(point.created < plan.start && point.created > oldest, "{point:?}");
        assert!(point.completed.is_none_or(|at| at >= point.created && at <= plan.start));
        if point.delete_at().is_some_and(|at| at <= plan.start) {
            assert_eq!(point.status, PointStatus::Expired, "{point:?}");
            due += 1;
        }
    }
    assert!(due * 50 < plan.points);
    for vault in world.vaults_of(&plan.source_account) {
        assert!(
            world
                .vault(vault)
                .points
                .is_sorted_by_key(|id| world.point(*id).created)
        );
    }
    for resource in resource_ids(&world) {
        let chain = world.points_of_resource(resource);
        assert!(!chain.is_empty());
        assert!(chain.is_sorted_by_key(|id| world.point(*id).created));
    }
}

#[test]
fn vaults_and_chains_have_long_tails() {
    let plan = WorldPlan {
        points: 100_000,
        ..WorldPlan::default()
    };
    let world = World::seeded(&plan);
    let mut sizes: Vec<usize> = world
        .vaults_of(&plan.source_account)
        .iter()
        .map(|id| world.vault(*id).points.len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes[0], 0, "one vault is empty");
    assert!(sizes[11] > 5 * sizes[3]);
    let mut chains: Vec<usize> = resource_ids(&world)
        .map(|id| world.points_of_resource(id).len())
        .collect();
    chains.sort_unstable();
    let middle = chains[chains.len() / 2];
    assert!((5..40).contains(&middle), "{middle}");
    assert!(*chains.last().unwrap() >= 2000);
}

#[test]
fn parts_of_composites_know_their_parent() {
    let world = World::seeded(&WorldPlan {
        points: 20_000,
        ..WorldPlan::default()
    });
    let mut parts: BTreeMap<PointId, Vec<PointKind>> = BTreeMap::new();
    for id in ids(&world) {
        let point = world.point(id);
        if let Some(parent) = point.parent {
            assert_eq!(world.point(parent).kind, PointKind::Composite);
            assert_eq!(
                (world.point(parent).vault, world.point(parent).created),
                (point.vault, point.created)
            );
            parts.entry(parent).or_default().push(point.kind);
        }
    }
    let composites = world
        .points()
        .iter()
        .filter(|point| point.kind == PointKind::Composite)
        .count();
    assert_eq!(parts.len(), composites);
    for kinds in parts.values() {
        assert_eq!(
            kinds.iter().filter(|kind| **kind == PointKind::CompositeState).count(),
            1
        );
        assert!(kinds.contains(&PointKind::Snapshot));
    }
}

#[test]
fn special_vaults_hold_what_they_may() {
    let mut plan = WorldPlan {
        points: 20_000,
        vaults: 14,
        ..WorldPlan::default()
    };
    plan.special_vaults.air_gapped = true;
    plan.special_vaults.lock_in_grace_time = true;
    let world = World::seeded(&plan);
    let vault = |name: &str| world.vault(world.vault_named(&plan.source_account, name).expect(name));
    assert!(vault("Default").is_default());
    assert!(vault("compliance-locked").lock.unwrap().lock_date.unwrap() < plan.start);
    assert!(vault("soon-to-be-locked").lock.unwrap().lock_date.unwrap() > plan.start);
    assert!(vault("governance-locked").lock.unwrap().lock_date.is_none());
    assert_eq!(vault("air-gapped").kind, VaultKind::LogicallyAirGapped);
    assert!(vault("not-used-yet").points.is_empty());
    let efs = vault("aws/efs/automatic-backup-vault");
    assert!(!efs.points.is_empty());
    assert!(
        efs.points
            .iter()
            .all(|id| world.point(*id).resource_type == ResourceType::Efs)
    );
    let range = vault("governance-locked").lock.unwrap();
    let days = |id: &PointId| world.point(*id).lifecycle.delete_after_days;
    let outside = vault("governance-locked")
        .points
        .iter()
        .filter(|id| days(id) > range.max_retention_days)
        .count();
    assert!(
        outside > 0 && outside * 3 < vault("governance-locked").points.len(),
        "{outside}"
    );
}

#[test]
fn copies_that_are_there_already_are_the_oldest_of_each_resource() {
    let destination = DestinationPlan {
        vaults: true,
        copies: 0.5,
        own_points: 20,
    };
    let plan = WorldPlan {
        points: 5000,
        destination,
        ..WorldPlan::plain()
    };
    let world = World::seeded(&plan);
    let copies: Vec<PointId> = ids(&world)
        .filter(|id| world.point(*id).copied_from.is_some())
        .collect();
    assert!((2300..2700).contains(&copies.len()), "{}", copies.len());
    let sources: HashSet<PointId> = copies.iter().filter_map(|id| world.point(*id).copied_from).collect();
    assert_eq!(sources.len(), copies.len());
    for id in copies {
        let (copy, source) = (world.point(id), world.point(world.point(id).copied_from.unwrap()));
        assert_eq!(world.vault(copy.vault).account, plan.destination_account);
        assert_eq!(world.vault(copy.vault).name, world.vault(source.vault).name);
        assert_eq!(
            (copy.created, copy.resource_type, copy.lifecycle),
            (source.created, source.resource_type, source.lifecycle)
        );
        let earlier = world
            .points_of_resource(source.resource)
            .iter()
            .take_while(|id| world.point(**id).created < source.created);
        assert!(
            earlier
                .filter(|id| world.point(**id).copied_from.is_none())
                .all(|id| sources.contains(id))
        );
    }
    assert_eq!(
        world
            .vault(world.vault_named(&plan.destination_account, "Default").unwrap())
            .points
            .len(),
        20
    );
    assert_eq!(world.points().len(), 5020 + sources.len());
}

#[test]
fn the_same_seed_makes_the_same_points_whenever_the_world_begins() {
    let plan = WorldPlan {
        points: 3000,
        ..WorldPlan::default()
    };
    let later = std::time::Duration::from_millis(98_765_432);
    let (world, moved) = (
        World::seeded(&plan),
        World::seeded(&WorldPlan {
            start: plan.start + later,
            ..plan
        }),
    );
    assert_eq!(world.points().len(), moved.points().len());
    for (one, other) in world.points().iter().zip(moved.points()) {
        assert_eq!((one.serial, one.created + later), (other.serial, other.created));
        assert_eq!(
            (one.resource, one.vault, one.status),
            (other.resource, other.vault, other.status)
        );
    }
}

#[test]
fn who_acts_is_there_in_both_accounts() {
    let plan = WorldPlan {
        points: 0,
        ..WorldPlan::default()
    };
    let world = World::seeded(&plan);
    for account in [&plan.source_account, &plan.destination_account] {
        let principals = &world.accounts[account].principals;
        let arn = |name: &str| world.principal_arn(account, &principals[name]);
        assert_eq!(arn(OPERATOR_USER), format!("arn:aws:iam::{account}:user/operator"));
        assert_eq!(
            arn(BACKUP_ROLE),
            format!("arn:aws:iam::{account}:role/service-role/AWSBackupDefaultServiceRole")
        );
        let linked =
            format!("arn:aws:iam::{account}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup");
        assert_eq!(arn(SERVICE_LINKED_ROLE), linked);
        let trust = principals[AUDIT_ROLE].trust.as_ref().unwrap().to_string();
        assert!(trust.contains(AUDIT_EXTERNAL_ID), "{trust}");
        assert!(
            principals[BACKUP_ROLE]
                .trust
                .as_ref()
                .unwrap()
                .to_string()
                .contains("backup.amazonaws.com")
        );
        assert!(
            principals[OPERATOR_ROLE]
                .trust
                .as_ref()
                .unwrap()
                .to_string()
                .contains(account.as_str())
        );
    }
}
