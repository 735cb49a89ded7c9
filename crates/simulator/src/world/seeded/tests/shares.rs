//! Shares of odd things: none when they are 0, and as many as they say otherwise.

use proptest::prelude::*;

use super::*;
use crate::world::{Key, Vault};

#[test]
fn a_plain_world_has_nothing_odd() {
    let plan = WorldPlan {
        points: 20_000,
        ..WorldPlan::plain()
    };
    let world = World::seeded(&plan);
    for id in ids(&world) {
        let point = world.point(id);
        assert_eq!(
            (point.kind, point.status, point.storage),
            (PointKind::Snapshot, PointStatus::Completed, StorageClass::Warm)
        );
        assert!(point.resource_type.cross_account());
        assert!(point.size_bytes.is_some() && point.completed.is_some() && point.initiated.is_some());
        assert!(point.move_to_cold_at().is_none());
        assert!(
            point.delete_at().is_some_and(|due| due > plan.start.plus_days(29)),
            "{point:?}"
        );
        let key = world.key_of(id).expect("encrypted");
        assert_eq!((key.manager, key.state), (KeyManager::Customer, KeyState::Enabled));
        assert!(
            key.policy.to_string().contains(&plan.destination_account),
            "shared with the destination"
        );
    }
    assert!(world.resources.iter().all(|resource| resource.name.is_some()));
    for vault in world.vaults_of(&plan.source_account) {
        let vault = world.vault(vault);
        assert!(vault.lock.is_none() && !vault.is_default() && vault.kind == VaultKind::Plain);
        assert!(
            vault
                .name
                .bytes()
                .all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter)),
            "{}",
            vault.name
        );
    }
}

#[test]
fn each_share_of_points_is_as_large_as_it_says() {
    fn part(world: &World, of: impl Fn(PointId) -> bool, that: impl Fn(PointId) -> bool) -> f64 {
        let all: Vec<PointId> = ids(world).filter(|id| of(*id)).collect();
        share(all.iter().filter(|id| that(**id)).count(), all.len())
    }
    type Set = fn(&mut Shares);
    type Is = fn(&World, PointId) -> bool;
    let everything: Is = |_, _| true;
    let cold_tier: Is = |world, id| world.point(id).resource_type.cold_tier();
    let old_with_cold_tier: Is = |world, id| {
        world.point(id).resource_type.cold_tier() && world.point(id).created < WorldPlan::default().start.plus_days(-91)
    };
    let cases: [(&str, Set, Is, Is, f64); 9] = [
        (
            "partial",
            |s| s.partial = 0.3,
            everything,
            |w, id| w.point(id).status == PointStatus::Partial,
            0.3,
        ),
        (
            "deleting",
            |s| s.deleting = 0.2,
            everything,
            |w, id| w.point(id).status == PointStatus::Deleting,
            0.2,
        ),
        (
            "expired",
            |s| s.expired = 0.25,
            everything,
            |w, id| w.point(id).status == PointStatus::Expired,
            0.25,
        ),
        (
            "cold",
            |s| s.cold = 0.4,
            old_with_cold_tier,
            |w, id| w.point(id).storage == StorageClass::Cold,
            0.4,
        ),
        (
            "about to go cold",
            |s| s.about_to_go_cold = 0.3,
            cold_tier,
            |w, id| {
                let soon = WorldPlan::default().start.plus_days(6);
                w.point(id).storage == StorageClass::Warm && w.point(id).move_to_cold_at().is_some_and(|at| at < soon)
            },
            0.3,
        ),
        (
            "about to expire",
            |s| s.about_to_expire = 0.3,
            everything,
            |w, id| {
                let start = WorldPlan::default().start;
                w.point(id)
                    .delete_at()
                    .is_some_and(|at| at > start && at <= start.plus_days(7))
            },
            0.3,
        ),
        (
            "missing size",
            |s| s.missing_size = 0.5,
            everything,
            |w, id| w.point(id).size_bytes.is_none(),
            0.5,
        ),
        (
            "missing completion",
            |s| s.missing_completion = 0.5,
            everything,
            |w, id| w.point(id).completed.is_none(),
            0.5,
        ),
        (
            "missing initiation",
            |s| s.missing_initiation = 0.5,
            everything,
            |w, id| w.point(id).initiated.is_none(),
            0.5,
        ),
    ];
    for (what, set, of, that, wanted) in cases {
        let mut plan = WorldPlan {
            points: 8000,
            ..WorldPlan::plain()
        };
        set(&mut plan.shares);
        let world = World::seeded(&plan);
        let found = part(&world, |id| of(&world, id), |id| that(&world, id));
        assert!((found - wanted).abs() < 0.04, "{what}: {found} instead of {wanted}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn each_share_of_resources_is_as_large_as_it_says() {
    type Set = fn(&mut Shares);
    type Is = fn(&World, ResourceId) -> bool;
    fn alias(world: &World, resource: ResourceId, wanted: &str) -> bool {
        let point = world.points_of_resource(resource)[0];
        world
            .key_of(point)
            .is_some_and(|key| key.alias.as_ref().is_some_and(|alias| alias.contains(wanted)))
    }
    let everything: Is = |_, _| true;
    let own_key: Is = |w, id| !w.resource(id).resource_type.fully_managed();
    let may_be_open: Is = |w, id| {
        let resource_type = w.resource(id).resource_type;
        !resource_type.fully_managed() && !resource_type.wire_name().starts_with("FSx")
    };
    let can_be_continuous: Is = |w, id| w.resource(id).resource_type.continuous();
    let cases: [(&str, Set, Is, Is, f64); 12] = [
        (
            "managed key",
            |s| s.aws_managed_key = 0.3,
            own_key,
            |w, id| alias(w, id, "alias/aws/"),
            0.3,
        ),
        (
            "unencrypted",
            |s| s.unencrypted = 0.4,
            may_be_open,
            |w, id| w.key_of(w.points_of_resource(id)[0]).is_none(),
            0.4,
        ),
        (
            "unshared key",
            |s| s.unshared_key = 0.3,
            own_key,
            |w, id| alias(w, id, "payments-hsm"),
            0.3,
        ),
        (
            "disabled key",
            |s| s.disabled_key = 0.2,
            own_key,
            |w, id| alias(w, id, "decommissioned"),
            0.2,
        ),
        (
            "unnamed",
            |s| s.unnamed = 0.5,
            everything,
            |w, id| w.resource(id).name.is_none(),
            0.5,
        ),
        (
            "odd names",
            |s| s.odd_names = 0.5,
            everything,
            |w, id| {
                let name = w.resource(id).name.clone().unwrap();
                !name
                    .bytes()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
                    || name.len() > 250
            },
            0.45,
        ),
        (
            "tagged",
            |s| s.tagged = 0.2,
            everything,
            |w, id| !w.resource(id).tags.is_empty(),
            0.2,
        ),
        (
            "without expiry",
            |s| s.without_expiry = 0.3,
            everything,
            |w, id| w.point(w.points_of_resource(id)[0]).delete_at().is_none(),
            0.3,
        ),
        (
            "full chains",
            |s| s.full_chains = 0.4,
            everything,
            |w, id| {
                let due = w.point(w.points_of_resource(id)[0]).delete_at().unwrap();
                due <= WorldPlan::default().start.plus_days(7)
            },
            0.4,
        ),
        (
            "continuous",
            |s| s.continuous = 0.5,
            can_be_continuous,
            |w, id| {
                w.points_of_resource(id)
                    .iter()
                    .any(|point| w.point(*point).kind == PointKind::Continuous)
            },
            0.5,
        ),
        (
            "uncopyable",
            |s| s.uncopyable_types = 0.3,
            everything,
            |w, id| !w.resource(id).resource_type.cross_account(),
            0.3,
        ),
        (
            "unheard",
            |s| s.unheard_type = 0.2,
            everything,
            |w, id| w.resource(id).resource_type == ResourceType::Unheard,
            0.2,
        ),
    ];
    for (what, set, of, that, wanted) in cases {
        let mut plan = WorldPlan {
            points: 12_000,
            points_per_resource: 6.0,
            ..WorldPlan::plain()
        };
        set(&mut plan.shares);
        let world = World::seeded(&plan);
        let all: Vec<ResourceId> = resource_ids(&world).filter(|id| of(&world, *id)).collect();
        let found = share(all.iter().filter(|id| that(&world, **id)).count(), all.len());
        assert!((found - wanted).abs() < 0.08, "{what}: {found} instead of {wanted}");
    }
}

#[test]
fn each_share_of_vaults_is_as_large_as_it_says() {
    type Set = fn(&mut Shares);
    type Is = fn(&Vault, &Key) -> bool;
    let cases: [(&str, Set, Is); 5] = [
        (
            "managed key",
            |s| s.vaults_with_managed_key = 0.6,
            |_, key| key.manager == KeyManager::Aws,
        ),
        (
            "unshared key",
            |s| s.vaults_with_unshared_key = 0.6,
            |_, key| key.alias.as_deref() == Some("alias/backup-vaults-internal"),
        ),
        (
            "policies",
            |s| s.vault_policies = 0.6,
            |vault, _| vault.policy.is_some(),
        ),
        (
            "notifications",
            |s| s.vault_notifications = 0.6,
            |vault, _| vault.notifications.is_some(),
        ),
        ("tags", |s| s.vault_tags = 0.6, |vault, _| vault.name.is_empty()),
    ];
    for (what, set, that) in cases {
        let mut plan = WorldPlan {
            points: 0,
            vaults: 300,
            ..WorldPlan::plain()
        };
        set(&mut plan.shares);
        let world = World::seeded(&plan);
        let vaults = world.vaults_of(&plan.source_account);
        let hits = vaults.iter().filter(|id| {
            let vault = world.vault(**id);
            let tagged = what == "tags" && !world.tags_of(&world.vault_arn(**id)).is_empty();
            tagged || that(vault, world.key(vault.key.unwrap()))
        });
        let found = share(hits.count(), vaults.len());
        assert!((found - 0.6).abs() < 0.1, "{what}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_plan_makes_a_sound_world(
        (seed, points, vaults) in (any::<u64>(), 0..400_usize, 1..20_usize),
        (mean, tail, longest, history) in (0.5..80.0_f64, 1.05..3.0_f64, 0..500_usize, 0..900_u32),
        share in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0_f64],
        typed in any::<bool>(),
    ) {
        let mut plan = WorldPlan { seed, points, vaults, ..WorldPlan::default() };
        plan.points_per_resource = mean;
        plan.chain_tail = tail;
        plan.longest_chain = longest;
        plan.history_days = history;
        plan.special_vaults.air_gapped = typed;
        if typed {
            plan.weights.clear();
        }
        plan.shares = Shares { creating: share, second_chain: share, composites: share, continuous: share, cold: share,
            about_to_expire: share, full_chains: share, retired: share, outside_lock_range: share, ..plan.shares };
        plan.destination = DestinationPlan { vaults: typed, copies: share, own_points: 3 };
        let world = World::seeded(&plan);

        let in_source = |id: &PointId| world.vault(world.point(*id).vault).account == plan.source_account;
        prop_assert_eq!(ids(&world).filter(in_source).count(), points);
        let mut seen = HashSet::new();
        for id in ids(&world) {
            prop_assert!(seen.insert(world.point_arn(id)));
            prop_assert!(world.point(id).created < plan.start);
            prop_assert!(world.points_of_resource(world.point(id).resource).contains(&id));
        }
        for vault in world.vaults_of(&plan.source_account) {
            let listed = &world.vault(vault).points;
            prop_assert!(listed.iter().all(|id| world.point(*id).vault == vault));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand points")]
fn share(some: usize, all: usize) -> f64 {
    some as f64 / all as f64
}
