//! Twins of vaults: shown, made, left alone when they are there, and locked for ever only on purpose.

use sav_simulator::faults::{Because, Fault, What};
use sav_simulator::world::{KeyId, WorldPlan};
use serde_json::Value;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::story::{DESTINATION, SOURCE, Story, Told, exists};

const WRITING: [&str; 5] = [
    "CreateBackupVault",
    "PutBackupVaultAccessPolicy",
    "PutBackupVaultLockConfiguration",
    "PutBackupVaultNotifications",
    "TagResource",
];

/// The key that the destination's owner made for vaults.
pub fn key(story: &Story) -> String {
    story.simulator.with_state(|state| {
        let mut keys = (0..).map(KeyId).zip(&state.world.keys);
        let (id, _) = keys
            .find(|(_, key)| key.account == DESTINATION && key.alias.as_deref() == Some("alias/backup-vaults"))
            .unwrap();
        state.world.key_arn(id)
    })
}

fn world() -> Story {
    Story::of(WorldPlan {
        points: 150,
        vaults: 6,
        ..WorldPlan::default()
    })
}

fn replicate(story: &Story, options: &str) -> Told {
    story.run(&format!(
        "replicate --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
         --state-file {{folder}}/ledger.db --api-rate 5000 {options}"
    ))
}

fn wrote(story: &Story) -> u64 {
    let journal = story.simulator.journal();
    WRITING.iter().map(|operation| journal.of(operation)).sum()
}

fn results(told: &Told, what: &str) -> Vec<(String, String)> {
    let document = told.json();
    let mut results = Vec::new();
    for vault in document["vaults"].as_array().unwrap() {
        for action in vault["actions"].as_array().unwrap() {
            assert!(!action["detail"].as_str().unwrap().is_empty(), "{vault}");
            if action["what"] == what {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                results.push((text(&vault["name"]), text(&action["result"])));
            }
        }
    }
    results
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let story = world();
    let told = replicate(&story, "--dry-run --output json").went_well();
    let vaults = results(&told, "vault");
    assert_eq!(vaults.len(), 6);
    let of = |name: &str| vaults.iter().find(|(vault, _)| vault == name).unwrap().1.clone();
    assert_eq!(
        (of("compliance-locked"), of("Default")),
        ("to_do".to_owned(), "not_carried".to_owned())
    );
    assert_eq!(wrote(&story), 0);
    assert!(!exists(&story.file("ledger.db")));
    let told = replicate(&story, "--dry-run").went_well();
    assert!(
        told.stdout.contains("a dry run: nothing was changed"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("AllowCopiesFrom111111111111"), "{}", told.stdout);
}

#[test]
fn twins_are_made_once_and_their_names_remembered() {
    let story = world();
    let options = format!(
        "--kms-key-arn {} --sns-topic same --vault-map Default=legacy,aws/efs/automatic-backup-vault=efs",
        key(&story)
    );
    let told = replicate(&story, &format!("{options} --output json")).went_well();
    assert!(
        results(&told, "vault").iter().all(|(_, result)| result == "done"),
        "{}",
        told.stdout
    );
    let wrote_first = wrote(&story);
    // Without the map: the ledger has it.
    let again = replicate(&story, &options.replace("--vault-map", "--output json --vault-map")).went_well();
    let told = replicate(
        &story,
        &format!("--kms-key-arn {} --sns-topic same --output json", key(&story)),
    )
    .went_well();
    assert_eq!(again.json(), told.json());
    for what in ["vault", "key", "access_policy", "notifications", "lock"] {
        let other = results(&told, what)
            .into_iter()
            .find(|(_, result)| result != "already_so");
        assert_eq!(other, None, "{what}: {}", told.stdout);
    }
    assert_eq!(wrote(&story), wrote_first);

    let plan = |options: &str| {
        story.run(&format!(
            "plan --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
             --state-file {{folder}}/ledger.db --api-rate 5000 --output json {options}"
        ))
    };
    let planned = plan("").went_well();
    let reasons = &planned.json()["summary"]["by_reason"];
    assert!(reasons["default_vault"].is_null(), "{reasons}");
    let moved = plan("--vault-map Default=other").went_well();
    assert!(
        moved.stderr.contains("copies of Default go into other from now on"),
        "{}",
        moved.stderr
    );
}

#[test]
fn a_lock_for_ever_has_to_be_meant() {
    let story = world();
    let compliance = "--vault compliance-locked --lock-mode compliance";
    for (options, says) in [
        (compliance.to_owned(), "--changeable-for-days"),
        (format!("{compliance} --changeable-for-days 3"), "--confirm-lock"),
        ("--changeable-for-days 3".to_owned(), "compliance only"),
        ("--confirm-lock compliance-locked".to_owned(), "compliance only"),
        (
            format!("{compliance} --changeable-for-days 3 --confirm-lock complience-locked"),
            "locks nothing",
        ),
    ] {
        let told = replicate(&story, &options);
        assert!(told.refusal().contains(says), "{options}: {}", told.stderr);
    }
    assert_eq!(wrote(&story), 0);

    replicate(
        &story,
        &format!("--vault compliance-locked --kms-key-arn {}", key(&story)),
    )
    .went_well();
    let lock = || {
        story.simulator.with_state(|state| {
            let id = state.world.vault_named(DESTINATION, "compliance-locked").unwrap();
            state.world.vault(id).lock.unwrap()
        })
    };
    assert_eq!(lock().lock_date, None, "a lock that can be removed");
    let for_ever = format!("{compliance} --changeable-for-days 3 --confirm-lock compliance-locked");
    let told = replicate(&story, &for_ever).went_well();
    assert!(told.stderr.contains("and never after"), "{}", told.stderr);
    let locked = lock();
    assert!(locked.lock_date.is_some());
    let puts = story.simulator.journal().of("PutBackupVaultLockConfiguration");
    replicate(&story, &for_ever).went_well();
    assert_eq!(story.simulator.journal().of("PutBackupVaultLockConfiguration"), puts);
    assert_eq!(lock(), locked);
}

#[test]
fn what_is_not_permitted_is_told_and_the_rest_is_done() {
    let story = world();
    let denied = Fault::new(What::AccessDenied {
        because: Because::default(),
    });
    story.suffers([denied.on(["ListTags", "PutBackupVaultNotifications"])]);
    let told = replicate(
        &story,
        &format!("--kms-key-arn {} --sns-topic same --output json", key(&story)),
    )
    .went_well();
    assert!(
        results(&told, "tags").iter().all(|(_, result)| result == "not_carried"),
        "{}",
        told.stdout
    );
    assert!(
        results(&told, "access_policy")
            .iter()
            .all(|(_, result)| result == "done")
    );

    let story = world();
    let denied = Fault::new(What::AccessDenied {
        because: Because::default(),
    });
    story.suffers([denied.on(["CreateBackupVault"])]);
    let told = replicate(&story, "--output json");
    assert_eq!(told.code, 1);
    assert!(results(&told, "vault").iter().any(|(_, result)| result == "failed"));
}

fn bare(points: usize) -> CopyStory {
    let mut plan = plain(points);
    plan.destination.vaults = false;
    CopyStory::of(plan, jobs_of(20))
}

#[test]
fn copy_makes_the_vaults_it_needs() {
    let story = bare(60);
    let told = story.copy(&format!("--kms-key-arn {}", key(&story.story)));
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stderr.contains("created "), "{}", told.stderr);
    story.everything_arrived_once();

    let refused = story.copy("--lock-mode compliance");
    assert!(refused.refusal().contains("no compliance lock"), "{}", refused.stderr);
}

#[test]
fn copies_are_tagged_once_with_what_the_table_says() {
    let story = CopyStory::with_points(80);
    let unknown = story.copy("--metadata-csv {folder}/metadata.csv --tag-copies APMID,Nobody");
    assert!(unknown.refusal().contains("no column `Nobody`"), "{}", unknown.stderr);
    assert!(story.copy("--tag-copies APMID").refusal().contains("--metadata-csv"));

    // Some are refused at first; the next run goes on with these.
    story.story.suffers([Fault::new(What::Refuse {
        code: "InvalidRequestException".to_owned(),
        message: "not now".to_owned(),
        status: 400,
    })
    .on(["TagResource"])
    .share(0.5)]);
    let tagging = "--no-replicate --metadata-csv {folder}/metadata.csv --tag-copies APMID,Owner";
    let told = story.copy(tagging);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stderr.contains("copies were tagged") && told.stderr.contains("not now"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("keep their tags in their own service"),
        "{}",
        told.stderr
    );
    let well = || story.story.simulator.journal().ended("TagResource", "ok");
    let first = well();
    story.story.suffers([]);
    story.copy(tagging).went_well();
    let (second, expected) = (well(), tagged_copies(&story));
    assert!(0 < first && first < second, "{first} {second}");
    assert_eq!(second, expected, "each once");
    let told = story.copy(tagging).went_well();
    assert_eq!(well(), second, "{}", told.stderr);
}

/// Copies that AWS Backup keeps itself; every one has to have an application of the table.
fn tagged_copies(story: &CopyStory) -> u64 {
    story.story.simulator.with_state(|state| {
        let world = &state.world;
        let mut count = 0;
        for vault in world.vaults_of(DESTINATION) {
            for point in &world.vault(vault).points {
                let arn = world.point_arn(*point);
                if arn.split(':').nth(2) == Some("backup") {
                    let tags = world.tags_of(&arn);
                    assert!(
                        tags.contains_key("APMID") && tags.contains_key("Owner"),
                        "{arn}: {tags:?}"
                    );
                    count += 1;
                }
            }
        }
        count
    })
}
