//! Idempotency tokens: how long they are remembered, what they stand for, both ways of each unknown.

use super::*;
use crate::fleet::{FailurePlan, TokenMismatch, TokenReplay, Tokens};
use ResourceType as T;

fn tokens(change: impl FnOnce(&mut Tokens)) -> FleetSettings {
    let mut settings = quick();
    change(&mut settings.tokens);
    settings
}

fn with_token(story: &mut Story, point: PointId, token: &str) -> Result<Accepted, Refusal> {
    let order = CopyOrder {
        token: Some(token.to_owned()),
        ..story.order(point)
    };
    story.place(order)
}

#[test]
fn the_same_token_is_the_same_job_until_it_is_forgotten() {
    let mut story = Story::with(tokens(|tokens| tokens.memory = MINUTE * 10));
    let point = story.point(T::Efs);
    let first = with_token(&mut story, point, "once").unwrap();
    story.wait(MINUTE * 9);
    assert_eq!(with_token(&mut story, point, "once").unwrap(), first);
    assert_eq!(story.fleet.jobs_of_point(point).count(), 1);
    story.wait(MINUTE * 2);
    let later = with_token(&mut story, point, "once").unwrap();
    assert_ne!(later.job_id, first.job_id);
    assert_eq!(story.fleet.jobs_of_point(point).count(), 2);
}

#[test]
fn other_tokens_none_and_other_accounts_make_other_jobs() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    with_token(&mut story, point, "a").unwrap();
    with_token(&mut story, point, "b").unwrap();
    story.submit(point).unwrap();
    story.submit(point).unwrap();
    let order = CopyOrder {
        account: DESTINATION.to_owned(),
        role_arn: ROLE.replace(SOURCE, DESTINATION),
        token: Some("a".to_owned()),
        ..story.order(point)
    };
    story.place(order).unwrap();
    assert_eq!(story.fleet.jobs_of_point(point).count(), 5);
}

#[test]
fn a_token_with_other_parameters_is_refused_or_stands_for_the_first_job() {
    for mismatch in [TokenMismatch::Refused, TokenMismatch::Ignored] {
        let mut story = Story::with(tokens(|tokens| tokens.mismatch = mismatch));
        let (point, other) = (story.point(T::Efs), story.point(T::Efs));
        let first = with_token(&mut story, point, "t").unwrap();
        let lifecycle = Some(Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: Some(9),
        });
        let changed = CopyOrder {
            token: Some("t".to_owned()),
            lifecycle,
            ..story.order(point)
        };
        for answer in [with_token(&mut story, other, "t"), story.place(changed)] {
            match mismatch {
                TokenMismatch::Refused => assert_eq!(answer.unwrap_err().code, "InvalidParameterValueException"),
                TokenMismatch::Ignored => assert_eq!(answer.unwrap(), first),
            }
        }
        assert_eq!(story.fleet.jobs_of_point(other).count(), 0);
    }
}

#[test]
fn a_replay_may_name_a_job_that_does_not_exist() {
    let mut story = Story::with(tokens(|tokens| tokens.replay = TokenReplay::UnknownJob));
    let point = story.point(T::Efs);
    let first = with_token(&mut story, point, "t").unwrap();
    let again = with_token(&mut story, point, "t").unwrap();
    assert_ne!(again.job_id, first.job_id);
    assert!(story.fleet.job(&again.job_id).is_none());
    assert_eq!(story.fleet.jobs_of_point(point).count(), 1);
}

#[test]
fn a_failed_job_keeps_its_token_or_sets_it_free() {
    for (failed_jobs_keep_theirs, jobs) in [(true, 1), (false, 2)] {
        let failures = FailurePlan {
            share: 1.0,
            ..FailurePlan::default()
        };
        let settings = tokens(|tokens| tokens.failed_jobs_keep_theirs = failed_jobs_keep_theirs);
        let mut story = Story::with(FleetSettings { failures, ..settings });
        let point = story.point(T::Efs);
        with_token(&mut story, point, "t").unwrap();
        assert_eq!(story.fleet.jobs_of_point(point).count(), 1);
        with_token(&mut story, point, "t").unwrap();
        assert_eq!(
            story.fleet.jobs_of_point(point).count(),
            1,
            "an open job keeps its token in any case"
        );
        story.finish();
        with_token(&mut story, point, "t").unwrap();
        assert_eq!(story.fleet.jobs_of_point(point).count(), jobs);
    }
}

#[test]
fn a_refused_call_leaves_no_token_behind() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    story.world.point_mut(point).status = PointStatus::Creating;
    assert!(with_token(&mut story, point, "t").is_err());
    story.world.point_mut(point).status = PointStatus::Completed;
    assert!(with_token(&mut story, point, "t").is_ok());
}

#[test]
fn a_token_set_free_and_used_again_is_remembered_from_then_on() {
    let settings = tokens(|tokens| (tokens.memory, tokens.failed_jobs_keep_theirs) = (MINUTE * 10, false));
    let failures = FailurePlan {
        share: 1.0,
        retryable_share: 1.0,
        ..FailurePlan::default()
    };
    let mut story = Story::with(FleetSettings { failures, ..settings });
    let point = story.point(T::Efs);
    with_token(&mut story, point, "t").unwrap();
    story.wait(MINUTE * 5);
    let second = with_token(&mut story, point, "t").unwrap();
    story.wait(MINUTE * 7);
    assert_eq!(with_token(&mut story, point, "t").unwrap(), second);
}
