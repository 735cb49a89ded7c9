//! The sums that summaries are made of: per vault and type, why, and what failed.

use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_application::summary::{self, Failure, Summary};
use sav_domain::ResourceType;
use sav_domain::ledger::{PlannedPoint, PointId, Ruling, Verdict};
use sav_domain::status::Counts;
use sav_domain::transfer::{DestinationArn, Part, Step};

use crate::world::{accepted, at, bare, blocked, cause, change, failed, landed, made_with, meant, planned};

every_ledger_keeps!(
    portions_are_the_whole_in_parts,
    a_summary_tells_vaults_types_causes_and_failures,
);

fn ruled(n: u32, verdict: Verdict, reason: &str) -> PlannedPoint {
    let mut point = planned(n);
    point.position = None;
    point.ruling = Ruling {
        verdict,
        reason: Some(reason.into()),
        fix: None,
    };
    point
}

/// Eighteen points of three vaults, at least one in every place where a point can be.
async fn varied<L: Ledger>(ledger: &L) -> Vec<PointId> {
    // Seen by an earlier plan only: in the source no more, and so in no count.
    let old = ledger.begin_plan(at(0), made_with()).await.unwrap();
    ledger
        .plan(old, vec![ruled(99, Verdict::Blocked, "cold")])
        .await
        .unwrap();
    ledger.finish_plan(old, at(1)).await.unwrap();

    let plan = ledger.begin_plan(at(2), made_with()).await.unwrap();
    let mut points: Vec<PlannedPoint> = (0..12).map(planned).collect();
    points[4].point.resource_type = Some(ResourceType::Rds);
    points[7].point.resource_type = None;
    points.push(bare(12));
    points.push(ruled(13, Verdict::Blocked, "cold"));
    points.push(ruled(14, Verdict::Blocked, "cold"));
    points.push(ruled(15, Verdict::Skip, "already_there"));
    points.push(ruled(16, Verdict::Skip, "not_selected_apmid"));
    points.push(ruled(17, Verdict::Skip, "not_selected_vault"));
    let ids = ledger.plan(plan, points).await.unwrap();
    ledger.finish_plan(plan, at(3)).await.unwrap();

    let there = DestinationArn::new("arn:aws:ec2:eu-west-1::snapshot/snap-there").unwrap();
    let part = Part {
        resource_arn: Some("arn:aws:ec2:eu-west-1:111111111111:volume/part".into()),
        job: None,
        destination: None,
        cause: Some(cause("the part's own trouble")),
    };
    let journeys = [
        vec![meant("0"), accepted("job-0"), landed()],
        vec![Step::AlreadyThere { destination: there }],
        vec![meant("2"), accepted("job-2"), failed()],
        vec![meant("3"), accepted("job-3"), Step::JobPartial { parts: vec![part] }],
        vec![meant("4")],
        vec![meant("5"), Step::AnswerLost],
        vec![meant("6"), accepted("job-6")],
        vec![Step::Parked {
            cause: cause("held back"),
        }],
        vec![Step::Vanished],
    ];
    for (id, steps) in ids.iter().zip(journeys) {
        let changes = (10..)
            .zip(steps)
            .map(|(millis, step)| change(*id, millis, step))
            .collect();
        ledger.record(changes).await.unwrap();
    }
    // One of the groups: points 11 of vault-2 waits in it, 8 is gone, 2 failed, 5 is in doubt.
    let groups = ledger.reader().unwrap().groups().unwrap();
    let group = groups
        .iter()
        .find(|group| group.group.vault.as_str() == "vault-2")
        .unwrap();
    ledger.park(group.id, cause("a key withdrawn")).await.unwrap();
    ids
}

async fn portions_are_the_whole_in_parts<L: Ledger>(ledger: &L) {
    varied(ledger).await;
    let reader = ledger.reader().unwrap();
    let (standing, particulars) = (reader.standing().unwrap(), reader.particulars().unwrap());
    let whole = Counts::of(&standing, &particulars);
    let expected = Counts {
        total_items: 16,
        completed: 1,
        failed: 2,
        in_progress: 3,
        pending: 2,
        skipped: 3,
        blocked: 3,
        parked: 2,
    };
    assert_eq!(whole, expected);
    let portions = reader.portions().unwrap();
    let mut sum = Counts::default();
    for portion in &portions {
        sum.add(&Counts::of(&portion.standing, &portion.particulars));
    }
    assert_eq!(sum, whole, "{portions:#?}");
    let causes: u64 = portions
        .iter()
        .flat_map(|portion| portion.particulars.causes.values())
        .sum();
    assert_eq!(causes, particulars.causes.values().sum::<u64>());
}

async fn a_summary_tells_vaults_types_causes_and_failures<L: Ledger>(ledger: &L) {
    varied(ledger).await;
    let mut reader = ledger.reader().unwrap();
    let summary = Summary::of(&mut reader, at(20)).unwrap();
    assert_eq!(summary.counts.total_items, 16);
    let vaults: Vec<(&str, u64)> = summary
        .per_vault
        .iter()
        .map(|(name, counts)| (&**name, counts.total_items))
        .collect();
    assert_eq!(vaults, [("vault-0", 6), ("vault-1", 5), ("vault-2", 5)]);
    let types: Vec<(&str, u64)> = summary
        .per_resource_type
        .iter()
        .map(|(name, counts)| (&**name, counts.total_items))
        .collect();
    assert_eq!(types, [("", 2), ("EBS", 13), ("RDS", 1)]);
    // One failed, one is parked by itself, one waits in the parked group.
    let causes: Vec<(&str, u64)> = summary
        .causes
        .iter()
        .map(|cause| (&*cause.category, cause.count))
        .collect();
    assert_eq!(causes, [("KMS_KEY_ERROR", 3)]);
    assert!(!summary.causes[0].samples.is_empty() && summary.causes[0].message.is_some());
    let blocked_for = blocked().reason;
    assert_eq!(summary.blocked, [(Some("cold".into()), 2), (blocked_for, 1)]);
    assert_eq!(summary.parked_groups.len(), 1);
    assert!((summary.success_rate().unwrap() - 100.0 / 3.0).abs() < 1e-9);

    let mut told: Vec<Failure> = Vec::new();
    summary::failures(&reader, |failure| -> Result<(), LedgerError> {
        told.push(failure);
        Ok(())
    })
    .unwrap();
    let [job, partial] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&*job.message, job.at), ("AWS's own words", Some(at(12))));
    assert_eq!(job.category.as_deref(), Some("KMS_KEY_ERROR"));
    assert_eq!(
        partial.message,
        "AWS copied only some of its parts; missing: arn:aws:ec2:eu-west-1:111111111111:volume/part: the part's own trouble"
    );
}
