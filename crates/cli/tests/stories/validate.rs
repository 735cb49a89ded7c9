//! `validate`, and what `copy` checks before it begins, through the whole binary.

use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{KeyState, World};
use serde_json::{Value, json};

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::story::{DESTINATION, SOURCE, Told};

const GUIDE: &str = include_str!("../../../../docs/user-guide.md");

fn validate(story: &CopyStory, options: &str) -> Told {
    story.story.run(&format!(
        "validate --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
         --state-file {{folder}}/ledger.db --api-rate 20000 {options}"
    ))
}

fn document(told: &Told) -> Value {
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}\n{}\n{}", told.stdout, told.stderr))
}

fn failed(told: &Told) -> Vec<String> {
    let checks = document(told)["checks"].as_array().unwrap().clone();
    let failed = checks.iter().filter(|check| check["result"] == "failed");
    failed
        .map(|check| check["check"].as_str().unwrap().to_owned())
        .collect()
}

fn change(story: &CopyStory, with: impl FnOnce(&mut World)) {
    story.story.simulator.with_state(|state| with(&mut state.world));
}

/// The key of the first snapshot that has one.
fn a_key(world: &World) -> usize {
    let mut points = world
        .points()
        .iter()
        .filter(|point| !point.resource_type.fully_managed());
    points.find_map(|point| point.key).unwrap().0 as usize
}

/// The JSON block behind this line of the guide.
fn policy_of_the_guide(behind: &str) -> Value {
    let start = GUIDE
        .find(behind)
        .unwrap_or_else(|| panic!("the guide has no `{behind}`"));
    let block = GUIDE[start..]
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    serde_json::from_str(block).unwrap()
}

#[test]
fn a_world_in_order_passes_and_a_broken_one_is_told_of() {
    let story = CopyStory::of(plain(150), jobs_of(0));
    let well = validate(&story, "--output json");
    assert_eq!((well.code, failed(&well)), (0, Vec::new()), "{}", well.stderr);
    assert_eq!(document(&well)["passed"], true);

    change(&story, |world| {
        let key = a_key(world);
        world.keys[key].state = KeyState::Disabled;
        world.organization.cross_account_backup = false;
    });
    let broken = validate(&story, "--output json");
    assert_eq!(broken.code, 1, "{}", broken.stderr);
    assert_eq!(
        failed(&broken),
        ["cross_account_backup", "key"],
        "all of them, not only the first"
    );

    let for_people = validate(&story, "");
    assert_eq!(for_people.code, 1);
    for word in [
        "failed:",
        "fix: ",
        "aws kms enable-key",
        "aws backup update-global-settings",
        "2 failed",
    ] {
        assert!(
            for_people.stdout.contains(word),
            "`{word}` is not in\n{}",
            for_people.stdout
        );
    }
    let csv = validate(&story, "--output csv");
    assert!(
        csv.stdout.starts_with("check,account,subject,result,detail,fix\n"),
        "{}",
        csv.stdout
    );
    assert!(
        !story.story.file("ledger.db").exists(),
        "nothing is written where there is no ledger"
    );
}

#[test]
fn copy_begins_only_where_copies_would_be_allowed() {
    let story = CopyStory::of(plain(60), jobs_of(0));
    change(&story, |world| world.organization.cross_account_backup = false);
    let refused = story.copy("");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the copies would not be allowed") && refused.stderr.contains("cross_account_backup"),
        "{}",
        refused.stderr
    );
    assert!(!story.story.file("ledger.db").exists());
    assert_eq!(story.accepted(), 0);

    let only = story.copy("--validate-permissions --output json");
    assert_eq!((only.code, failed(&only)), (1, vec!["cross_account_backup".to_owned()]));

    change(&story, |world| world.organization.cross_account_backup = true);
    let only = story.copy("--validate-permissions --output json");
    assert_eq!((only.code, story.accepted()), (0, 0), "{}", only.stderr);
    let copied = story.copy("");
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    story.everything_arrived_once();
    let again = validate(&story, "--output json");
    assert_eq!(again.code, 0, "{}", again.stderr);
    let history = story.story.run("state history --state-file {folder}/ledger.db");
    assert!(history.stdout.contains("validated"), "{}", history.stdout);
}

#[test]
fn one_key_that_is_not_shared_holds_back_its_points_and_no_others() {
    let story = CopyStory::of(plain(150), jobs_of(0));
    let under_it = story.story.simulator.with_state(|state| {
        let key = a_key(&state.world);
        let owner = state.world.keys[key].policy["Statement"][0].clone();
        state.world.keys[key].policy = json!({"Version": "2012-10-17", "Statement": [owner]});
        let points = state.world.points().iter();
        points
            .filter(|point| point.key.is_some_and(|id| id.0 as usize == key))
            .count()
    });
    let told = story.copy("--summary-output {folder}/summary.json");
    assert_eq!(told.code, 1, "{}", told.stderr);
    assert!(told.stderr.contains("key_policy in 111111111111"), "{}", told.stderr);
    let summary = story.summary();
    assert_eq!(
        summary["completed"],
        story.source_points().len() - under_it,
        "{summary:#}"
    );
}

#[test]
fn the_policies_of_the_guide_are_all_that_is_needed() {
    let story = CopyStory::of(plain(60), jobs_of(0));
    for (account, heading) in [
        (SOURCE, "In the source account"),
        (DESTINATION, "In the destination account"),
    ] {
        let policy = policy_of_the_guide(heading);
        change(&story, |world| {
            let account = world.accounts.get_mut(account).unwrap();
            let operator = account.principals.get_mut(OPERATOR_ROLE).unwrap();
            operator.attached.clear();
            operator.inline.insert("from-the-guide".to_owned(), policy);
        });
    }
    let told = validate(&story, "--output json");
    assert_eq!(
        (told.code, failed(&told)),
        (0, Vec::new()),
        "{}{}",
        told.stdout,
        told.stderr
    );
    let checks = document(&told)["checks"].as_array().unwrap().clone();
    let open = checks
        .iter()
        .filter(|check| check["result"] == "not_checked" && check["check"] != "resource_type");
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&Value>::new());
    let copied = story.copy("");
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    story.everything_arrived_once();
}

#[test]
fn where_simulation_is_denied_nothing_fails() {
    let story = CopyStory::of(plain(60), jobs_of(0));
    change(&story, |world| {
        for account in [SOURCE, DESTINATION] {
            let account = world.accounts.get_mut(account).unwrap();
            let operator = account.principals.get_mut(OPERATOR_ROLE).unwrap();
            let deny = json!({"Statement": {"Effect": "Deny", "Action": "iam:Simulate*", "Resource": "*"}});
            operator.inline.insert("deny".to_owned(), deny);
        }
    });
    let told = validate(&story, "");
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
    assert!(
        told.stdout.contains("not checked:") && told.stdout.contains(" 0 failed"),
        "{}",
        told.stdout
    );
}
