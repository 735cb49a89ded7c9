//! Slips of the finger: each is answered with what was probably meant.

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::story::{Story, refused};

#[test]
fn commands_options_and_words() {
    for (line, meant) in [
        ("cpoy", "'copy'"),
        ("validat", "'validate'"),
        ("state exprot x", "'export'"),
        ("list --sorce-account 111111111111", "'--source-account'"),
        ("copy --max-runtime-minute 5", "'--max-runtime-minutes'"),
        ("list --source-account 111111111111 --output jsn", "'json'"),
        ("replicate --lock-mode goverance", "'governance'"),
    ] {
        let said = refused(line);
        assert!(said.contains(meant), "{line}: {said}");
    }
}

#[test]
fn keys_of_the_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sav.toml");
    for (text, meant) in [
        ("source_acount = '111111111111'", "`source-account`"),
        ("pol-interval = 5", "`poll-interval`"),
        ("resource-typ = 'EBS'", "`resource-type`"),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = refused(&format!("list --config {}", file.display()));
        assert!(said.contains(&format!("did you mean {meant}?")), "{text}: {said}");
    }
}

#[test]
fn states_and_types_that_are_new_are_taken_with_a_warning() {
    let story = Story::with_points(100);
    let told = story
        .list("--status COMPLETD --resource-type EBSS --vault staging --output json")
        .went_well();
    assert_eq!(told.json(), serde_json::json!([]));
    insta::assert_snapshot!(told.stderr, @r"
    warning: --resource-type: `EBSS` is a resource type unknown to this version; did you mean `EBS`?
    warning: --status: `COMPLETD` is a state unknown to this version; did you mean `COMPLETED`?
    ");
}

#[test]
fn a_cause_that_is_new_is_taken_with_a_warning() {
    let world = CopyStory::of(plain(20), jobs_of(0));
    let line = "copy --source-account 111111111111 --source-profile source --dest-account 222222222222 \
                --dest-profile dest --api-rate 20000 --poll-interval 0.05 --retry-failed --cause ACCES_DENIED";
    let told = world.story.run(line).went_well();
    let warning = "`ACCES_DENIED` is a cause unknown to this version; did you mean `ACCESS_DENIED`?";
    assert!(told.stderr.contains(warning), "{}", told.stderr);
}
