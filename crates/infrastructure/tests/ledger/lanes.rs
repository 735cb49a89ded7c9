//! Whose turn it is, in every ledger.

use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::ledger::{Group, GroupId, PlannedPoint, PointId};
use sav_domain::transfer::{Stage, Step};

use super::contract::{all_ready, numbers};
use super::world::*;

every_ledger_keeps!(
    a_lane_deals_one_at_a_time_in_the_order_of_the_queue,
    a_lane_goes_on_past_what_has_ended,
    a_second_attempt_in_a_lane_is_refused_with_its_whole_batch,
    a_job_of_somebody_else_occupies_a_lane_and_is_taken_as_it_is,
    a_head_whose_time_has_not_come_keeps_its_lane_waiting,
    points_without_a_resource_wait_for_nobody,
    groups_are_dealt_apart_in_order_or_smallest_first,
    a_parked_group_keeps_its_transfers_as_they_are,
    a_new_order_moves_the_heads,
    a_point_that_changes_its_resource_changes_its_lane,
);

async fn planning<L: Ledger>(ledger: &L, points: Vec<PlannedPoint>) -> Vec<PointId> {
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let ids = ledger.plan(plan, points).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
    ids
}

/// Points by number, with their lanes.
async fn lanes<L: Ledger>(ledger: &L, lanes: &[u32]) -> Vec<PointId> {
    planning(ledger, (0..).zip(lanes).map(|(n, lane)| in_lane(n, *lane)).collect()).await
}

fn ready<L: Ledger>(ledger: &L) -> Vec<PointId> {
    numbers(&all_ready(&ledger.reader().unwrap()))
}

async fn takes<L: Ledger>(ledger: &L, id: PointId, step: Step) {
    ledger.record(vec![change(id, 1, step)]).await.unwrap();
}

async fn a_lane_deals_one_at_a_time_in_the_order_of_the_queue<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0, 1, 0]).await;
    assert_eq!(ready(ledger), [ids[0], ids[2]]);
    let reader = ledger.reader().unwrap();
    let group = reader.groups().unwrap()[0].id;
    assert_eq!(numbers(&reader.ready(group, Some(0), 9).unwrap()), [ids[2]]);
    assert_eq!(numbers(&reader.ready(group, None, 1).unwrap()), [ids[0]]);
    assert!(reader.ready(group, Some(u64::MAX), 9).unwrap().is_empty());

    takes(ledger, ids[0], meant("t1")).await;
    assert_eq!(ready(ledger), [ids[2]]);
    takes(ledger, ids[0], accepted("j1")).await;
    assert!(reader.heads_after(&[ids[0], ids[1], ids[3]]).unwrap().is_empty());
    takes(ledger, ids[0], landed()).await;
    assert_eq!(ready(ledger), [ids[1], ids[2]]);
    let heads = reader.heads_after(&[ids[3], ids[2], ids[0]]).unwrap();
    assert_eq!(numbers(&heads), [ids[1], ids[2]]);
    assert_eq!(reader.point(ids[1]).unwrap().as_ref(), Some(&heads[0]));
    assert!(reader.heads_after(&[PointId(99)]).unwrap().is_empty());
}

async fn a_lane_goes_on_past_what_has_ended<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0; 5]).await;
    takes(ledger, ids[0], Step::Vanished).await;
    assert_eq!(ready(ledger), [ids[1]]);
    takes(ledger, ids[1], Step::Parked { cause: cause("no") }).await;
    assert_eq!(ready(ledger), [ids[2]]);
    for step in [meant("t1"), accepted("j1"), failed()] {
        takes(ledger, ids[2], step).await;
    }
    assert_eq!(ready(ledger), [ids[3]]);
    for step in [meant("t2"), accepted("j2"), Step::JobPartial { parts: Vec::new() }] {
        takes(ledger, ids[3], step).await;
    }
    assert_eq!(ready(ledger), [ids[4]]);
    // Back in the queue it has its old place, before the others.
    takes(ledger, ids[2], Step::Requeued { not_before: None }).await;
    assert_eq!(ready(ledger), [ids[2]]);
    takes(ledger, ids[1], Step::Unparked).await;
    assert_eq!(ready(ledger), [ids[1]]);
}

async fn a_second_attempt_in_a_lane_is_refused_with_its_whole_batch<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0, 1]).await;
    let batch = vec![
        change(ids[2], 1, meant("t3")),
        change(ids[0], 1, meant("t1")),
        change(ids[1], 1, meant("t2")),
    ];
    let refused = ledger.record(batch).await.unwrap_err();
    let expected = LedgerError::LaneBusy {
        recovery_point_arn: arn(1).into(),
        open_arn: arn(0).into(),
    };
    assert_eq!(refused, expected);
    assert_eq!(ready(ledger), [ids[0], ids[2]]);
    assert!(ledger.reader().unwrap().events(ids[2]).unwrap().is_empty());

    takes(ledger, ids[1], meant("t2")).await;
    assert!(ledger.record(vec![change(ids[0], 1, meant("t1"))]).await.is_err());
    // One makes room for the other.
    let batch = vec![
        change(ids[1], 2, Step::TurnedAway { not_before: None }),
        change(ids[0], 2, meant("t1")),
    ];
    ledger.record(batch).await.unwrap();
    assert_eq!(ready(ledger), [ids[2]]);
}

async fn a_job_of_somebody_else_occupies_a_lane_and_is_taken_as_it_is<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0, 0]).await;
    takes(ledger, ids[0], meant("t1")).await;
    let adopted = |job| Step::Adopted { job };
    let job = |name| sav_domain::transfer::JobId::new(name).unwrap();
    takes(ledger, ids[1], adopted(job("foreign"))).await;
    takes(ledger, ids[0], Step::TurnedAway { not_before: None }).await;
    assert!(ready(ledger).is_empty(), "the other's job is still open");
    takes(ledger, ids[1], landed()).await;
    assert_eq!(ready(ledger), [ids[0]]);

    // A point that is not to be copied has a lane as well, once somebody copies it.
    let mut planned = in_lane(9, 0);
    planned.ruling = blocked();
    planned.position = None;
    let other = planning(ledger, vec![planned]).await[0];
    takes(ledger, other, adopted(job("foreign too"))).await;
    assert!(ready(ledger).is_empty());
    takes(ledger, other, failed()).await;
    assert_eq!(ready(ledger), [ids[0]]);
}

async fn a_head_whose_time_has_not_come_keeps_its_lane_waiting<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0]).await;
    takes(ledger, ids[0], meant("t1")).await;
    let not_before = Some(at(1_000_000));
    takes(ledger, ids[0], Step::TurnedAway { not_before }).await;
    assert_eq!(ready(ledger), [ids[0]]);
}

async fn points_without_a_resource_wait_for_nobody<L: Ledger>(ledger: &L) {
    let mut points: Vec<_> = (0..3).map(|n| in_lane(n, 0)).collect();
    points[0].point.resource_arn = None;
    points[1].point.resource_arn = None;
    points[2].position = None;
    let ids = planning(ledger, points).await;
    assert_eq!(ready(ledger), ids[..2], "and who is not queued is no head");
    takes(ledger, ids[0], meant("t1")).await;
    takes(ledger, ids[1], meant("t2")).await;
    assert!(ledger.reader().unwrap().heads_after(&ids).unwrap().is_empty());
}

async fn groups_are_dealt_apart_in_order_or_smallest_first<L: Ledger>(ledger: &L) {
    let sizes = [Some(30), None, Some(10), Some(20), Some(1)];
    let mut points: Vec<_> = (0..5).map(|n| in_lane(n, n)).collect();
    for (point, size) in points.iter_mut().zip(sizes) {
        point.point.size_bytes = size;
    }
    points[4].point.encryption_key_arn = None;
    let other = Group::of(&points[4].point);
    let ids = planning(ledger, points).await;
    let reader = ledger.reader().unwrap();
    let groups = reader.groups().unwrap();
    assert_eq!((groups.len(), &groups[1].group), (2, &other));
    assert_eq!((groups[0].id, groups[0].waiting, groups[1].waiting), (GroupId(1), 4, 1));
    assert_eq!(numbers(&reader.ready(groups[0].id, None, 9).unwrap()), ids[..4]);
    let smallest = reader.smallest_ready(groups[0].id, 9).unwrap();
    assert_eq!(numbers(&smallest), [ids[2], ids[3], ids[0], ids[1]]);
    assert_eq!(numbers(&reader.smallest_ready(groups[0].id, 1).unwrap()), [ids[2]]);
    assert_eq!(numbers(&reader.smallest_ready(groups[1].id, 9).unwrap()), [ids[4]]);

    for step in [meant("t1"), accepted("j1"), landed()] {
        takes(ledger, ids[2], step).await;
    }
    let destination = sav_domain::transfer::DestinationArn::new("arn:there").unwrap();
    takes(ledger, ids[3], Step::AlreadyThere { destination }).await;
    let group = &reader.groups().unwrap()[0];
    assert_eq!((group.waiting, group.copied), (2, 1), "what was there proves nothing");
}

async fn a_parked_group_keeps_its_transfers_as_they_are<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0, 1]).await;
    let reader = ledger.reader().unwrap();
    let group = reader.groups().unwrap()[0].id;
    ledger.park(group, cause("the key")).await.unwrap();
    ledger.park(group, cause("the other key")).await.unwrap();
    assert_eq!(reader.groups().unwrap()[0].parked, Some(cause("the other key")));
    let standing = reader.standing().unwrap();
    assert_eq!(
        (standing.waiting_in_parked_groups, &standing.stages),
        (3, &[(Stage::Waiting, 3)].into())
    );
    assert_eq!(ready(ledger), [ids[0], ids[2]], "whoever asks knows better");
    takes(ledger, ids[0], Step::Vanished).await;
    assert_eq!(reader.standing().unwrap().waiting_in_parked_groups, 2);

    let nobody = GroupId(9);
    assert_eq!(
        ledger.park(nobody, cause("?")).await,
        Err(LedgerError::UnknownGroup { id: 9 })
    );
    assert_eq!(
        ledger.unpark(vec![group, nobody]).await,
        Err(LedgerError::UnknownGroup { id: 9 })
    );
    assert!(reader.groups().unwrap()[0].parked.is_some());
    ledger.unpark(vec![group]).await.unwrap();
    assert_eq!(reader.groups().unwrap()[0].parked, None);
    assert_eq!(reader.standing().unwrap().waiting_in_parked_groups, 0);
}

async fn a_new_order_moves_the_heads<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0, 1, 1]).await;
    let places = ids.iter().copied().zip([40, 30, 20, 10]).collect();
    ledger.queue(places).await.unwrap();
    assert_eq!(ready(ledger), [ids[3], ids[1]]);
    let plan = ledger.begin_plan(at(2), made_with()).await.unwrap();
    ledger.queue(vec![(ids[0], 1)]).await.unwrap();
    ledger.rule(plan, vec![(ids[3], blocked())]).await.unwrap();
    ledger.finish_plan(plan, at(3)).await.unwrap();
    assert_eq!(ready(ledger), [ids[0], ids[2]]);
}

async fn a_point_that_changes_its_resource_changes_its_lane<L: Ledger>(ledger: &L) {
    let ids = lanes(ledger, &[0, 0]).await;
    takes(ledger, ids[0], meant("t1")).await;
    assert!(ready(ledger).is_empty());
    planning(ledger, vec![in_lane(0, 0), in_lane(1, 7)]).await;
    assert_eq!(ready(ledger), [ids[1]]);
    takes(ledger, ids[1], meant("t2")).await;
}
