//! `plan`, against worlds of which the truth about every point is known.

use std::collections::BTreeMap;
use std::time::Duration;

use sav_simulator::fleet::{CopyOrder, Durations, FleetSettings};
use sav_simulator::world::{
    DestinationPlan, KeyManager, KeyState, Lifecycle, PointId, PointKind, PointStatus, ResourceType, Shares,
    StorageClass, World, WorldPlan,
};
use serde_json::Value;

use crate::story::{DESTINATION, SOURCE, Story, Told};

impl Story {
    /// `plan` with both profiles.
    pub fn plan(&self, options: &str) -> Told {
        self.run(&format!(
            "plan --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
             --api-rate 5000 {options}"
        ))
    }
}

/// Everything odd, and what is rare oftener than in life.
fn odd_world(seed: u64) -> WorldPlan {
    WorldPlan {
        points: 3_000,
        seed,
        shares: Shares {
            disabled_key: 0.03,
            unheard_type: 0.02,
            composites: 0.03,
            ..Shares::default()
        },
        weights: [(ResourceType::SapHana, 5.0)]
            .into_iter()
            .chain(WorldPlan::default().weights)
            .collect(),
        destination: DestinationPlan {
            vaults: true,
            copies: 0.2,
            own_points: 5,
        },
        ..WorldPlan::default()
    }
}

fn order(world: &World, id: PointId, lifecycle: Option<Lifecycle>) -> CopyOrder {
    let vault = world.point(id).vault;
    let name = &world.vault(vault).name;
    CopyOrder {
        account: SOURCE.to_owned(),
        source_vault: vault,
        point: id,
        destination_vault_arn: format!("arn:aws:backup:us-east-1:{DESTINATION}:backup-vault:{name}"),
        role_arn: format!("arn:aws:iam::{SOURCE}:role/service-role/AWSBackupDefaultServiceRole"),
        token: None,
        lifecycle,
    }
}

fn source_points(world: &World) -> Vec<PointId> {
    let ids = (0..).map(PointId).take(world.points().len());
    ids.filter(|id| !world.point(*id).deleted && world.vault(world.point(*id).vault).account == SOURCE)
        .collect()
}

/// Every hundredth point is being copied already, by somebody.
fn begin_some_copies(story: &Story) {
    let now = story.simulator.now();
    story.simulator.with_state(|state| {
        for id in source_points(&state.world) {
            if id.0 % 100 == 7 && state.world.point(id).kind == PointKind::Snapshot {
                let order = order(&state.world, id, None);
                // What AWS refuses at once is simply not being copied.
                let _ = state.fleet.submit(&mut state.world, order, now);
            }
        }
    });
}

/// What the world knows of a point, in the words a plan ought to use.
fn truth(world: &World, id: PointId, arrived: bool, open: bool, kept: Option<u32>, now_ms: i64) -> String {
    let point = world.point(id);
    let vault = world.vault(point.vault);
    let status = match point.status {
        PointStatus::Partial => Some("status_partial"),
        PointStatus::Creating => Some("status_creating"),
        PointStatus::Deleting => Some("status_deleting"),
        PointStatus::Stopped => Some("status_stopped"),
        PointStatus::Completed | PointStatus::Available | PointStatus::Expired => None,
    };
    let key = world.key_of(id);
    let days = kept.or(point.lifecycle.delete_after_days);
    let due = days.map(|days| point.created.millis() + i64::from(days) * 86_400_000);
    let twin = world.vault_named(DESTINATION, &vault.name).map(|id| world.vault(id));
    let lock = twin.and_then(|twin| twin.lock.as_ref());
    let class = if arrived {
        "already_there"
    } else if open {
        "already_being_copied"
    } else if point.parent.is_some() {
        "part_of_composite"
    } else if let Some(status) = status {
        status
    } else if !point.resource_type.cross_account() && point.resource_type != ResourceType::Unheard {
        "type_not_copyable"
    } else if point.kind == PointKind::Continuous {
        "continuous"
    } else if point.storage == StorageClass::Cold {
        "cold"
    } else if key.is_some_and(|key| key.manager == KeyManager::Aws) && !point.resource_type.fully_managed() {
        "aws_managed_key"
    } else if key.is_some_and(|key| key.state != KeyState::Enabled) {
        "key_unusable"
    } else if vault.is_default() {
        "default_vault"
    } else if vault.name.contains('/') {
        "vault_name"
    } else if due.is_some_and(|due| due <= now_ms) && (point.status != PointStatus::Expired || kept.is_some()) {
        "due_at_once"
    } else if lock.is_some_and(|lock| {
        days.zip(lock.min_retention_days)
            .is_some_and(|(days, least)| days < least)
            || lock
                .max_retention_days
                .is_some_and(|most| days.is_none_or(|days| days > most))
    }) {
        "outside_lock_range"
    } else if point.status == PointStatus::Expired {
        "doubtful_expired"
    } else if point.resource_type == ResourceType::CloudFormation {
        "doubtful_cloudformation"
    } else if point.resource_type == ResourceType::SapHana {
        "doubtful_sap_hana"
    } else if point.resource_type == ResourceType::Unheard {
        "doubtful_type"
    } else {
        "copy"
    };
    class.to_owned()
}

/// The plan's word for a point; a warning is no class of its own.
fn said(point: &Value) -> String {
    match point["reason"].as_str() {
        None | Some("expires_before_turn" | "goes_cold_before_turn") => {
            assert_eq!(point["verdict"], "copy", "{point}");
            "copy".to_owned()
        }
        Some(reason) => reason.to_owned(),
    }
}

fn truths(story: &Story, kept: Option<u32>) -> BTreeMap<String, String> {
    let now_ms = story.simulator.now().millis();
    story.simulator.with_state(|state| {
        let world = &state.world;
        let there: Vec<PointId> = world.points().iter().filter_map(|point| point.copied_from).collect();
        let of_source = source_points(world).into_iter();
        of_source
            .map(|id| {
                let open = state.fleet.jobs_of_point(id).any(|(_, job)| job.is_open());
                let truth = truth(world, id, there.contains(&id), open, kept, now_ms);
                (world.point_arn(id), truth)
            })
            .collect()
    })
}

/// Every class of the documentation but those that no list of AWS shows: a state or a kind of storage of tomorrow, a key that
/// KMS does not speak of.
const CLASSES: [&str; 21] = [
    "already_being_copied",
    "already_there",
    "aws_managed_key",
    "cold",
    "continuous",
    "copy",
    "default_vault",
    "doubtful_cloudformation",
    "doubtful_expired",
    "doubtful_sap_hana",
    "doubtful_type",
    "due_at_once",
    "key_unusable",
    "outside_lock_range",
    "part_of_composite",
    "status_creating",
    "status_deleting",
    "status_partial",
    "status_stopped",
    "type_not_copyable",
    "vault_name",
];

#[test]
fn the_confusion_matrix_is_diagonal() {
    let mut matrix: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (seed, kept) in [(1, None), (2, None), (3, Some(120)), (4, None)] {
        let story = Story::of(odd_world(seed));
        begin_some_copies(&story);
        lock_a_destination_vault(&story);
        let lifecycle = kept.map_or_else(|| "source".to_owned(), |days: u32| days.to_string());
        let plan = story
            .plan(&format!("--output json --lifecycle {lifecycle}"))
            .went_well()
            .json();
        let truths = truths(&story, kept);
        let points = plan["points"].as_array().unwrap();
        assert_eq!(points.len(), truths.len());
        assert_eq!(plan["summary"]["total_count"], truths.len());
        for point in points {
            let truth = &truths[point["recovery_point_arn"].as_str().unwrap()];
            *matrix.entry((truth.clone(), said(point))).or_default() += 1;
        }
    }
    let confused: Vec<_> = matrix.iter().filter(|((truth, said), _)| truth != said).collect();
    assert!(confused.is_empty(), "truth, said: {confused:#?}");
    let classes: Vec<&str> = matrix.keys().map(|(truth, _)| truth.as_str()).collect();
    assert_eq!(classes, CLASSES);
}

/// The other way round: whatever the world would let be copied is planned, and nothing else, whichever words are used for it.
#[test]
fn aws_copies_what_is_planned_and_refuses_what_is_blocked() {
    let world = WorldPlan {
        shares: Shares {
            // Keys that are not shared are found by `validate`, and by the first copy of a group.
            unshared_key: 0.0,
            vaults_with_unshared_key: 0.0,
            ..odd_world(11).shares
        },
        destination: DestinationPlan {
            copies: 0.0,
            ..odd_world(11).destination
        },
        ..odd_world(11)
    };
    let fleet = FleetSettings {
        durations: Durations::fixed(Duration::from_secs(1)),
        capacity_binds: false,
        ..FleetSettings::default()
    };
    let story = Story::with_fleet(world, fleet);
    lock_a_destination_vault(&story);
    let plan = story.plan("--output json").went_well().json();
    let copied = copied_by_aws(&story);
    let mut told = (0, 0);
    for point in plan["points"].as_array().unwrap() {
        let arn = point["recovery_point_arn"].as_str().unwrap();
        let was_copied = copied[arn];
        match point["verdict"].as_str().unwrap() {
            "copy" if !said(point).starts_with("doubtful") => {
                assert!(was_copied, "planned, and AWS does not copy it: {point}");
                told.0 += 1;
            }
            // That one AWS takes, and deletes it at once.
            "blocked" if said(point) != "due_at_once" => {
                assert!(!was_copied, "blocked, and AWS copies it: {point}");
                told.1 += 1;
            }
            _ => {}
        }
    }
    assert!(told.0 > 1_000 && told.1 > 300, "{told:?}");
}

/// Asks for a copy of every single point, and waits for all of them.
fn copied_by_aws(story: &Story) -> BTreeMap<String, bool> {
    let now = story.simulator.now();
    let ids = story.simulator.with_state(|state| {
        let ids = source_points(&state.world);
        for id in &ids {
            let lifecycle = state.world.point(*id).lifecycle;
            let kept = lifecycle.delete_after_days.map(|_| lifecycle);
            let order = order(&state.world, *id, kept);
            let _ = state.fleet.submit(&mut state.world, order, now);
        }
        ids
    });
    story.simulator.advance(Duration::from_hours(2));
    let now = story.simulator.now();
    story.simulator.with_state(|state| {
        state.fleet.advance(&mut state.world, now);
        assert_eq!(
            state.fleet.open_jobs().count(),
            0,
            "two hours are enough for seconds each"
        );
        ids.iter()
            .map(|id| {
                let copied = state
                    .fleet
                    .jobs_of_point(*id)
                    .any(|(_, job)| job.destination_point.is_some());
                (state.world.point_arn(*id), copied)
            })
            .collect()
    })
}

/// Shorter than most retentions: many copies would be refused.
fn lock_a_destination_vault(story: &Story) {
    story.simulator.with_state(|state| {
        let source = state.world.vaults_of(SOURCE);
        let busiest = source
            .into_iter()
            .filter(|id| {
                state
                    .world
                    .vault_named(DESTINATION, &state.world.vault(*id).name)
                    .is_some()
            })
            .filter(|id| !state.world.vault(*id).is_default())
            .max_by_key(|id| state.world.vault(*id).points.len())
            .unwrap();
        let name = state.world.vault(busiest).name.clone();
        let twin = state.world.vault_named(DESTINATION, &name).unwrap();
        state.world.vault_mut(twin).lock = Some(sav_simulator::world::Lock {
            min_retention_days: Some(30),
            max_retention_days: Some(180),
            lock_date: None,
        });
    });
}

/// The points of a plan, whose order says nothing.
fn by_arn(plan: &Value) -> BTreeMap<&str, &Value> {
    let points = plan["points"].as_array().unwrap().iter();
    points
        .map(|point| (point["recovery_point_arn"].as_str().unwrap(), point))
        .collect()
}

#[test]
fn a_second_plan_tells_what_is_different() {
    let story = Story::of(odd_world(5));
    let first = story.plan("--output json").went_well().json();
    let again = story.plan("--output json").went_well().json();
    assert_eq!(first["summary"]["changes"]["new"], first["summary"]["total_count"]);
    assert_eq!(
        again["summary"]["changes"],
        serde_json::json!({ "new": 0, "gone": 0, "changed": 0, "unchanged": first["summary"]["total_count"] })
    );
    assert!(by_arn(&first) == by_arn(&again), "the same world makes the same plan");

    // One expires, one fails to be deleted.
    story.simulator.with_state(|state| {
        let ids = source_points(&state.world);
        let mut plain = ids.into_iter().filter(|id| {
            let point = state.world.point(*id);
            point.status == PointStatus::Completed && point.kind == PointKind::Snapshot && point.parent.is_none()
        });
        let (one, other) = (plain.next().unwrap(), plain.next().unwrap());
        state.world.point_mut(one).deleted = true;
        state.world.point_mut(other).status = PointStatus::Deleting;
    });
    let third = story.plan("--output json").went_well().json();
    assert_eq!(third["summary"]["changes"]["gone"], 1);
    assert_eq!(third["summary"]["changes"]["changed"], 1);
    let shown = story.plan("").went_well().stdout;
    assert!(shown.contains("since the plan of"), "{shown}");
}

#[test]
fn a_narrower_choice_leaves_nothing_of_a_wider_one_in_the_queue() {
    let story = Story::of(odd_world(6));
    let all = story.plan("--output json").went_well().json();
    let vault = all["points"][0]["vault_name"].as_str().unwrap();
    let narrow = story.plan(&format!("--vault {vault} --output json")).went_well().json();
    let queued = story.run(&format!(
        "status --source-account {SOURCE} --dest-account {DESTINATION} --output json"
    ));
    let queued = queued.went_well().json();
    assert_eq!(queued["pending"], narrow["summary"]["copy"]);
    assert!(narrow["summary"]["copy"].as_u64() < all["summary"]["copy"].as_u64());
}

#[test]
fn a_dry_run_plans_and_writes_nothing() {
    let story = Story::of(odd_world(7));
    let dry = story.plan("--dry-run --output json").went_well().json();
    assert!(!story.file(".shuffle-aws-vaults").exists());
    let real = story.plan("--output json").went_well().json();
    assert!(by_arn(&dry) == by_arn(&real), "a dry run plans what a real one does");
    let ledger = story.file(&format!(
        ".shuffle-aws-vaults/state_{SOURCE}_{DESTINATION}_us-east-1.db"
    ));
    let before = std::fs::read(&ledger).unwrap();
    let dry = story.plan("--dry-run --output json").went_well().json();
    assert_eq!(
        dry["summary"]["changes"]["new"], 0,
        "it knows the ledger: {}",
        dry["summary"]
    );
    assert_eq!(std::fs::read(&ledger).unwrap(), before);
}

#[test]
fn blocked_points_fail_a_plan_only_when_asked_to() {
    let story = Story::of(odd_world(8));
    assert_eq!(story.plan("").code, 0);
    assert_eq!(story.plan("--fail-on-blocked").code, 1);
}

#[test]
fn the_wrong_account_is_refused_before_anything_is_read() {
    let story = Story::with_points(50);
    let swapped = story.run(&format!(
        "plan --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile source"
    ));
    let refusal = swapped.refusal();
    assert!(refusal.contains("belong to 111111111111"), "{refusal}");
    let same = story.run(&format!("plan --source-account {SOURCE} --dest-account {SOURCE}"));
    assert!(same.refusal().contains("same account"), "{same:?}");
}

#[test]
fn the_plans_screen() {
    let story = Story::of(odd_world(9));
    let shown = story.plan("").went_well();
    // The end is a date of today's.
    let (ends, lasting): (Vec<&str>, Vec<&str>) = shown.stdout.lines().partition(|line| line.starts_with("the end: "));
    assert!(
        ends.len() == 1 && ends[0].contains("nothing has been measured yet"),
        "{ends:?}"
    );
    insta::assert_snapshot!("plan_screen", lasting.join("\n"));
}
