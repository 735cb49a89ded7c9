//! What `StartCopyJob` refuses at once, and which of it depends on the world.

use super::*;
use crate::fleet::{Doubtful, Treatment};
use ResourceType as T;

fn code(refused: Result<Accepted, Refusal>) -> String {
    refused.map_or_else(|refusal| refusal.code, |accepted| format!("accepted {accepted:?}"))
}

#[test]
fn a_point_that_is_gone_or_lies_elsewhere_is_not_found() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    let elsewhere = CopyOrder {
        source_vault: story.world.vaults_of(SOURCE)[1],
        ..story.order(point)
    };
    assert_eq!(code(story.place(elsewhere)), "ResourceNotFoundException");
    story.world.point_mut(point).deleted = true;
    assert_eq!(code(story.submit(point)), "ResourceNotFoundException");
}

#[test]
fn names_are_checked() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    for arn in [
        "vault",
        "arn:aws:backup:us-east-1:22:backup-vault:v",
        "arn:aws:backup:us-east-1:222222222222:vault:v",
    ] {
        let order = CopyOrder {
            destination_vault_arn: arn.to_owned(),
            ..story.order(point)
        };
        assert_eq!(code(story.place(order)), "InvalidParameterValueException", "{arn}");
    }
    for arn in [
        "role",
        "arn:aws:iam::111111111111:user/me",
        "arn:aws:iam::222222222222:role/theirs",
    ] {
        let order = CopyOrder {
            role_arn: arn.to_owned(),
            ..story.order(point)
        };
        assert_eq!(code(story.place(order)), "InvalidParameterValueException", "{arn}");
    }
    let order = CopyOrder {
        destination_vault_arn: story.world.vault_arn(story.vault),
        ..story.order(point)
    };
    assert_eq!(code(story.place(order)), "InvalidRequestException");
}

#[test]
fn ninety_days_have_to_lie_between_cold_and_deleted() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    let mut asked = |cold, delete| {
        let lifecycle = Lifecycle {
            move_to_cold_after_days: cold,
            delete_after_days: delete,
        };
        let order = CopyOrder {
            lifecycle: Some(lifecycle),
            ..story.order(point)
        };
        code(story.place(order))
    };
    assert_eq!(asked(Some(30), Some(119)), "InvalidParameterValueException");
    assert_eq!(asked(None, Some(0)), "InvalidParameterValueException");
    assert!(asked(Some(30), Some(120)).starts_with("accepted"));
    assert!(asked(None, Some(1)).starts_with("accepted"));
}

#[test]
fn only_complete_points_are_taken() {
    let mut story = Story::new();
    for status in PointStatus::ALL {
        let point = story.point(T::Efs);
        story.world.point_mut(point).status = status;
        let taken = matches!(status, PointStatus::Completed | PointStatus::Available);
        let expected = if taken { "accepted" } else { "InvalidRequestException" };
        let answer = code(story.submit(point));
        assert!(answer.starts_with(expected), "{status:?} {answer}");
    }
}

type Oddity = (fn(&mut Doubtful, Treatment), fn(&mut Story) -> PointId);

/// Points of which it is unknown what AWS does with them, and the switch of each.
const ODDITIES: [Oddity; 4] = [
    (
        |doubtful, treatment| doubtful.continuous = treatment,
        |story| {
            let point = story.point(T::S3);
            (story.world.point_mut(point).kind, story.world.point_mut(point).status) =
                (PointKind::Continuous, PointStatus::Available);
            point
        },
    ),
    (
        |doubtful, treatment| doubtful.expired = treatment,
        |story| {
            let point = story.point(T::Efs);
            story.world.point_mut(point).status = PointStatus::Expired;
            point
        },
    ),
    (
        |doubtful, treatment| doubtful.sap_hana = treatment,
        |story| story.point(T::SapHana),
    ),
    (
        |doubtful, treatment| doubtful.cloud_formation = treatment,
        |story| {
            let point = story.point(T::CloudFormation);
            story.world.point_mut(point).kind = PointKind::Composite;
            point
        },
    ),
];

#[test]
fn doubtful_points_are_refused_or_fail_or_are_copied() {
    for (index, (switch, make)) in ODDITIES.into_iter().enumerate() {
        for treatment in [Treatment::RefusedAtCall, Treatment::FailsLater, Treatment::Copied] {
            let mut settings = quick();
            switch(&mut settings.doubtful, treatment);
            let mut story = Story::with(settings);
            let point = make(&mut story);
            let submitted = story.submit(point);
            let outcome = match submitted {
                Err(refusal) => {
                    assert_eq!(refusal.code, "InvalidRequestException");
                    Treatment::RefusedAtCall
                }
                Ok(accepted) => {
                    story.finish();
                    match story.state(&accepted.job_id) {
                        JobState::Failed => Treatment::FailsLater,
                        JobState::Completed => Treatment::Copied,
                        other => panic!("{other:?}"),
                    }
                }
            };
            assert_eq!(outcome, treatment, "oddity {index}");
        }
    }
}

#[test]
fn a_copied_continuous_point_is_a_snapshot() {
    let mut settings = quick();
    settings.doubtful.continuous = Treatment::Copied;
    let mut story = Story::with(settings);
    let point = ODDITIES[0].1(&mut story);
    assert_eq!(story.copied(point).1.kind, PointKind::Snapshot);
}
