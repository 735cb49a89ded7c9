//! Small worlds, one idea each.

use sav_domain::recovery_point::PointStatus;
use sav_domain::verification::{Circumstances, Comparison, Expectation, Finding, Found, Standing, Verified};
use sav_domain::{Moment, RecoveryPoint, ResourceType};

use crate::world::{DESTINATION, NOW, SOURCE, point_arn, resource_arn, route, vault, vault_arn};

fn point(serial: u64) -> RecoveryPoint {
    let kind = ResourceType::DynamoDb;
    RecoveryPoint {
        resource_arn: Some(resource_arn(&kind, serial, SOURCE).into()),
        resource_type: Some(kind.clone()),
        created: Some(Moment::from_millis(
            NOW - 50 * 86_400_000 + i64::try_from(serial).unwrap(),
        )),
        size_bytes: Some(1 << 30),
        status: Some(PointStatus::Completed),
        ..RecoveryPoint::new(point_arn(&kind, serial, SOURCE), vault("daily"))
    }
}

fn copy(of: &RecoveryPoint, serial: u64) -> RecoveryPoint {
    RecoveryPoint {
        arn: point_arn(&ResourceType::DynamoDb, serial, DESTINATION).into(),
        source_vault_arn: Some(vault_arn(SOURCE, &of.vault).into()),
        ..of.clone()
    }
}

fn verify(source: &[(&RecoveryPoint, Standing)], destination: &[RecoveryPoint]) -> Verified {
    let mut comparison = Comparison::between(&route());
    for (number, (point, standing)) in (0..).zip(source) {
        comparison.expect(&Expectation {
            point,
            vault: &point.vault,
            source_vault_arn: &vault_arn(SOURCE, &point.vault),
            standing: *standing,
            lifecycle: Some(point.lifecycle),
            id: number,
        });
    }
    comparison.all_expected();
    for copy in destination {
        comparison.see(copy);
    }
    comparison.conclude(&Circumstances {
        now: Moment::from_millis(NOW),
        keys: Vec::new(),
    })
}

fn findings(verified: &Verified) -> Vec<Finding> {
    verified.findings().map(|found| found.finding).collect()
}

#[test]
fn what_is_on_its_way_is_in_progress_and_what_arrived_meanwhile_is_there() {
    let points = [point(1), point(2), point(3), point(4)];
    let standings = [
        Standing::UnderWay,
        Standing::Queued,
        Standing::UnderWay,
        Standing::Queued,
    ];
    let source: Vec<_> = points.iter().zip(standings).collect();
    let verified = verify(&source, &[copy(&points[2], 30), copy(&points[3], 40)]);
    let expected = [
        Finding::InProgress,
        Finding::InProgress,
        Finding::Verified,
        Finding::Verified,
    ];
    assert_eq!(findings(&verified), expected);
    assert_eq!(verified.summary().wrong(), 0);
}

#[test]
fn what_was_not_copied_is_told_apart_unless_it_is_there_all_the_same() {
    let points = [1, 2, 3, 4, 5, 6].map(point);
    let standings = [
        Standing::Failed,
        Standing::Parked,
        Standing::Partial,
        Standing::Vanished,
        Standing::Blocked,
        Standing::Failed,
    ];
    let source: Vec<_> = points.iter().zip(standings).collect();
    let verified = verify(&source, &[copy(&points[5], 60)]);
    let apart = verified.apart();
    assert_eq!(
        (apart.failed, apart.parked, apart.partial, apart.vanished, apart.blocked),
        (1, 1, 1, 1, 1)
    );
    assert_eq!((verified.summary().expected, verified.summary().verified), (1, 1));
}

#[test]
fn a_copy_of_a_point_that_nobody_chose_is_explained_and_not_expected() {
    let point = point(1);
    let verified = verify(&[(&point, Standing::NotChosen)], &[copy(&point, 10), copy(&point, 11)]);
    assert_eq!(findings(&verified), []);
}

#[test]
fn a_second_copy_on_its_way_out_is_none_and_the_better_one_is_the_copy() {
    let point = point(1);
    let mut going = copy(&point, 10);
    going.status = Some(PointStatus::Deleting);
    let verified = verify(&[(&point, Standing::Due)], &[going, copy(&point, 11)]);
    let found: Vec<Found> = verified.findings().collect();
    assert_eq!(found[0].finding, Finding::Verified, "{found:?}");
    assert_eq!(found.len(), 1);
}

#[test]
fn a_duplicate_names_both_copies() {
    let point = point(1);
    let copies = [copy(&point, 10), copy(&point, 11)];
    let verified = verify(&[(&point, Standing::Due)], &copies);
    let found: Vec<Found> = verified.exceptions().collect();
    let named: Vec<&str> = found[0]
        .destination_recovery_point_arn
        .iter()
        .chain(&found[0].further_copies)
        .map(String::as_str)
        .collect();
    assert_eq!(found[0].finding, Finding::Duplicate);
    assert!(copies.iter().all(|copy| named.contains(&&*copy.arn)), "{named:?}");
    assert!(found[0].detail.as_deref().unwrap().starts_with("also there as "));
}

/// A stack of two parts.
fn composite() -> [RecoveryPoint; 3] {
    let mut parent = point(1);
    parent.is_parent = true;
    let mut parts = [point(2), point(3)];
    for part in &mut parts {
        part.parent_arn = Some((*parent.arn).into());
    }
    let [one, other] = parts;
    [parent, one, other]
}

#[test]
fn a_composite_is_verified_with_its_parts_and_they_are_no_strangers() {
    let [parent, one, other] = composite();
    let whole = copy(&parent, 10);
    let mut parts = [copy(&one, 20), copy(&other, 30)];
    for part in &mut parts {
        part.parent_arn = Some((*whole.arn).into());
        // AWS may show parts otherwise than it did in the source.
        part.created = part.created.map(|created| created.plus_millis(900_000));
    }
    let source = [
        (&parent, Standing::Due),
        (&one, Standing::NotChosen),
        (&other, Standing::NotChosen),
    ];
    let [first, second] = parts;
    let verified = verify(&source, &[first, whole, second]);
    assert_eq!(findings(&verified), [Finding::Verified]);
}

#[test]
fn a_composite_without_one_of_its_parts_is_not_as_it_was() {
    let [parent, one, other] = composite();
    let source = [
        (&parent, Standing::Due),
        (&one, Standing::Part),
        (&other, Standing::Part),
    ];
    let verified = verify(&source, &[copy(&parent, 10), copy(&one, 20)]);
    let found: Vec<Found> = verified.findings().collect();
    assert_eq!(found[0].finding, Finding::Mismatched);
    assert!(found[0].detail.as_deref().unwrap().contains(&*other.arn), "{found:?}");
    assert_eq!(found.len(), 1);
    let verified = verify(&source, &[copy(&parent, 10), copy(&one, 20), copy(&other, 30)]);
    assert_eq!(findings(&verified), [Finding::Verified]);
}

#[test]
fn a_point_of_which_aws_says_nothing_is_not_held_against_it() {
    let mut bare = RecoveryPoint::new("arn:aws:backup:us-east-1:111111111111:recovery-point:a", vault("daily"));
    bare.size_bytes = None;
    let mut copy = RecoveryPoint::new("arn:aws:backup:us-east-1:222222222222:recovery-point:b", vault("daily"));
    copy.size_bytes = Some(5);
    let verified = verify(&[(&bare, Standing::Due)], &[copy]);
    assert_eq!(findings(&verified), [Finding::Verified]);
}

#[test]
fn an_empty_destination_misses_all() {
    let points: Vec<RecoveryPoint> = (0..10).map(point).collect();
    let source: Vec<_> = points.iter().map(|point| (point, Standing::Due)).collect();
    let verified = verify(&source, &[]);
    assert_eq!(verified.summary().missing, 10);
    assert_eq!(verified.missing().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}

#[test]
fn samples_are_spread_over_what_was_verified() {
    let points: Vec<RecoveryPoint> = (0..100).map(point).collect();
    let source: Vec<_> = points.iter().map(|point| (point, Standing::Due)).collect();
    let copies: Vec<RecoveryPoint> = (1000..)
        .zip(&points)
        .map(|(serial, point)| copy(point, serial))
        .collect();
    let verified = verify(&source, &copies);
    for most in [0, 1, 7, 100, 500] {
        let samples = verified.samples(most);
        assert!(
            samples.len() <= most && (samples.len() == most.min(100) || samples.len() > most / 2),
            "{most}"
        );
        assert!(samples.iter().all(|(vault, _)| vault == "daily"));
    }
}
