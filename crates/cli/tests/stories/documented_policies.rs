//! The guide's policies are what the program calls: all of it, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use sav_simulator::faults::{Fault, What};
use sav_simulator::fleet::{FleetSettings, Listing, TokenReplay, Tokens};
use sav_simulator::world::WorldPlan;
use sav_simulator::world::seeded::OPERATOR_ROLE;
use serde_json::Value;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::replicate::key;
use crate::story::{DESTINATION, SOURCE, Story};

const GUIDE: &str = include_str!("../../../../docs/user-guide.md");

/// What AWS asks for in the course of a call, and nobody calls.
const ASKED_IN_PASSING: [&str; 6] = [
    "iam:PassRole",
    "backup-storage:MountCapsule",
    "kms:CreateGrant",
    "kms:RetireGrant",
    "kms:Decrypt",
    "kms:GenerateDataKey",
];

/// The policy behind these words.
fn policy(behind: &str) -> Value {
    let rest = GUIDE.split(behind).nth(1).unwrap();
    let block = rest.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    serde_json::from_str(block).unwrap()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let mut actions = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        match &statement["Action"] {
            Value::String(one) => assert!(actions.insert(one.clone()), "{one} is there twice"),
            many => many.as_array().unwrap().iter().for_each(|action| {
                assert!(
                    actions.insert(action.as_str().unwrap().to_owned()),
                    "{action} is there twice"
                );
            }),
        }
    }
    actions
}

/// From now on the operator of this account may do this and nothing else.
fn allow_only(story: &Story, account: &str, policy: Value) {
    story.simulator.with_state(|state| {
        let account = state.world.accounts.get_mut(account).unwrap();
        let operator = account.principals.get_mut(OPERATOR_ROLE).unwrap();
        operator.attached.clear();
        operator.inline.insert("from-the-guide".to_owned(), policy);
    });
}

/// What was called with an account's credentials, as policies name it.
fn called(story: &Story, account: &str) -> BTreeSet<String> {
    let lines = story.simulator.journal().lines;
    lines
        .iter()
        .filter(|line| line.account == account)
        .map(|line| {
            assert!(!line.result.contains("AccessDenied"), "{line:?}");
            format!("{}:{}", line.service, line.operation)
        })
        // Needs no permission.
        .filter(|action| action != "sts:GetCallerIdentity")
        .collect()
}

/// A world in which both operators may do what the guide says, and nothing else.
fn governed(world: WorldPlan, fleet: FleetSettings, policies: &[(&str, Value)]) -> CopyStory {
    let story = CopyStory::of(world, fleet);
    for (account, policy) in policies {
        allow_only(&story.story, account, policy.clone());
    }
    story
}

#[test]
fn the_policies_hold_what_is_called_and_nothing_else() {
    let policies = [
        (SOURCE, policy("In the source account")),
        (DESTINATION, policy("In the destination account")),
    ];
    let all_kinds = WorldPlan {
        points: 300,
        seed: 11,
        ..WorldPlan::default()
    };
    let whole = governed(all_kinds, jobs_of(0), &policies);
    let world = &whole.story;
    let both = format!(
        "--source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest --api-rate 20000"
    );
    let names = "Default=legacy,aws/efs/automatic-backup-vault=efs-automatic";
    let run = |line: &str| world.run(&format!("{line} {both} --state-file {{folder}}/ledger.db"));
    run(&format!("plan --vault-map {names}")).went_well();
    let key = key(world);
    run(&format!(
        "replicate --kms-key-arn {key} --sns-topic same --vault-map {names}"
    ));
    run("validate");
    run("copy --poll-interval 0.05 --metadata-csv metadata.csv --tag-copies APMID");
    run("verify --deep 20");

    // Where jobs show late, and a repeated request is answered with an id of nobody's, that id has to be asked about.
    let late = FleetSettings {
        tokens: Tokens {
            replay: TokenReplay::UnknownJob,
            ..Tokens::default()
        },
        listing: Listing {
            lag: Duration::from_secs(2),
            ..Listing::default()
        },
        ..jobs_of(0)
    };
    let unsure = governed(plain(20), late, &policies);
    unsure
        .story
        .suffers([Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.2)]);
    unsure.copy("").went_well();

    for (account, policy) in &policies {
        let allowed = actions(policy);
        let called: BTreeSet<String> = [world, &unsure.story]
            .into_iter()
            .flat_map(|story| called(story, account))
            .collect();
        let needless = allowed.difference(&called);
        let needless: Vec<&String> = needless
            .filter(|action| !ASKED_IN_PASSING.contains(&action.as_str()))
            .collect();
        let missing: Vec<&String> = called.difference(&allowed).collect();
        assert!(
            needless.is_empty() && missing.is_empty(),
            "{account}: never called {needless:?}, not in the policy {missing:?}"
        );
    }
}

#[test]
fn the_policy_of_list_and_filter_is_enough_for_them() {
    let story = Story::with_points(200);
    let policy = policy("For `list` and `filter` alone");
    allow_only(&story, SOURCE, policy.clone());
    story.list("").went_well();
    story.list("--summary").went_well();
    story.filter("--resource-type EBS").went_well();
    assert_eq!(called(&story, SOURCE), actions(&policy));
}
