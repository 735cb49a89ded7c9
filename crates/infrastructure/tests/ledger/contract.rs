//! What every ledger promises.

use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::ledger::{Difference, Entry, Learned, LedgerPoint, PlanChanges, PointId, Ruling, Verdict, WindowEnd};
use sav_domain::transfer::{JobId, Stage, Step, Transfer};

use super::world::*;

every_ledger_keeps!(
    a_point_comes_back_as_it_went_in,
    a_journey_is_remembered_with_its_attempts,
    a_refused_event_leaves_no_trace_of_its_whole_batch,
    a_token_serves_one_attempt_only,
    an_unknown_point_is_refused,
    a_second_plan_tells_new_from_gone_and_changed,
    a_ruling_may_change_until_the_transfer_has_begun,
    a_begun_transfer_that_is_ruled_out_loses_its_place,
    a_lost_copy_goes_back_into_the_queue,
    windows_plans_and_lessons_are_kept,
    many_writers_at_once_each_get_their_own_answer,
);

pub(crate) async fn with_points<L: Ledger>(ledger: &L, points: u32) -> Vec<PointId> {
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let ids = ledger.plan(plan, (0..points).map(planned).collect()).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
    ids
}

pub(crate) fn all_ready(reader: &impl LedgerReader) -> Vec<LedgerPoint> {
    let groups = reader.groups().unwrap();
    groups
        .iter()
        .flat_map(|group| reader.ready(group.id, None, usize::MAX).unwrap())
        .collect()
}

pub(crate) fn numbers(points: &[LedgerPoint]) -> Vec<PointId> {
    points.iter().map(|point| point.id).collect()
}

async fn a_point_comes_back_as_it_went_in<L: Ledger>(ledger: &L) {
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let told = vec![planned(0), bare(1), planned(2)];
    let ids = ledger.plan(plan, told.clone()).await.unwrap();
    let reader = ledger.reader().unwrap();
    let kept = reader.points(None, 10).unwrap();
    assert_eq!(numbers(&kept), ids);
    for (known, told) in kept.iter().zip(&told) {
        assert_eq!(&known.planned, told);
        assert_eq!(reader.find(&told.point.arn).unwrap().as_ref(), Some(known));
        assert_eq!(reader.point(known.id).unwrap().as_ref(), Some(known));
        let transfer = (told.ruling.verdict == Verdict::Copy).then(Transfer::default);
        assert_eq!((known.seen, &known.transfer), (plan, &transfer));
    }
    assert_eq!(numbers(&reader.points(Some(ids[0]), 1).unwrap()), ids[1..2]);
    assert_eq!(reader.find("arn:nobody").unwrap(), None);
    assert_eq!(reader.route(), &route("eu-west-1"));
}

async fn a_journey_is_remembered_with_its_attempts<L: Ledger>(ledger: &L) {
    let id = with_points(ledger, 1).await[0];
    let changes = vec![
        change(id, 1, meant("t1")),
        change(id, 2, accepted("j1")),
        change(id, 3, failed()),
        change(
            id,
            4,
            Step::Requeued {
                not_before: Some(at(99)),
            },
        ),
        change(id, 5, meant("t2")),
        change(id, 6, Step::AnswerLost),
        change(id, 7, accepted("j2")),
    ];
    let answered = ledger.record(changes.clone()).await.unwrap();
    let reader = ledger.reader().unwrap();
    let events = reader.events(id).unwrap();
    assert_eq!(
        events,
        changes.into_iter().map(|change| change.event).collect::<Vec<_>>()
    );
    let replayed = Transfer::replay(&events).unwrap();
    assert_eq!(answered.last(), Some(&replayed));
    assert_eq!(reader.point(id).unwrap().unwrap().transfer.as_ref(), Some(&replayed));
    assert_eq!(reader.open_transfers().unwrap(), [(id, replayed)]);
    let attempts = reader.attempts(id).unwrap();
    let first_end = attempts[0].ended.as_ref().unwrap();
    assert_eq!((&*first_end.outcome, first_end.at), ("job_failed", at(3)));
    assert_eq!(first_end.message.as_deref(), Some("AWS's own words"));
    assert_eq!((attempts.len(), &attempts[1].ended), (2, &None));
    assert_eq!(attempts[1].attempt.token, Some(token("t2")));
    for job in ["j1", "j2"] {
        assert_eq!(reader.point_of_job(&JobId::new(job).unwrap()).unwrap(), Some(id));
    }

    ledger.record(vec![change(id, 8, landed())]).await.unwrap();
    assert!(reader.open_transfers().unwrap().is_empty());
    assert_eq!(reader.standing().unwrap().stages, [(Stage::Arrived, 1)].into());
}

async fn a_refused_event_leaves_no_trace_of_its_whole_batch<L: Ledger>(ledger: &L) {
    let ids = with_points(ledger, 2).await;
    let batch = vec![change(ids[0], 1, meant("t1")), change(ids[1], 1, landed())];
    let refused = ledger.record(batch).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::Illegal { recovery_point_arn, .. } if **recovery_point_arn == *arn(1)));
    let reader = ledger.reader().unwrap();
    assert!(reader.events(ids[0]).unwrap().is_empty());
    assert!(reader.attempts(ids[0]).unwrap().is_empty());
    assert_eq!(reader.standing().unwrap().stages, [(Stage::Waiting, 2)].into());
    ledger.record(vec![change(ids[0], 1, meant("t1"))]).await.unwrap();
}

async fn a_token_serves_one_attempt_only<L: Ledger>(ledger: &L) {
    let ids = with_points(ledger, 2).await;
    ledger.record(vec![change(ids[0], 1, meant("t1"))]).await.unwrap();
    let taken = ledger.record(vec![change(ids[1], 2, meant("t1"))]).await;
    assert!(matches!(taken, Err(LedgerError::TokenTaken { .. })), "{taken:?}");
    let turned = vec![
        change(ids[0], 3, Step::TurnedAway { not_before: None }),
        change(ids[0], 4, meant("t2")),
        change(ids[0], 5, Step::TurnedAway { not_before: None }),
    ];
    ledger.record(turned).await.unwrap();
    for used in ["t1", "t2"] {
        assert!(
            ledger.record(vec![change(ids[0], 6, meant(used))]).await.is_err(),
            "{used}"
        );
    }
}

async fn an_unknown_point_is_refused<L: Ledger>(ledger: &L) {
    let nobody = PointId(7);
    let unknown = Err(LedgerError::UnknownPoint { id: 7 });
    assert_eq!(ledger.record(vec![change(nobody, 1, meant("t"))]).await, unknown);
    assert_eq!(
        ledger.queue(vec![(nobody, 1)]).await,
        Err(LedgerError::UnknownPoint { id: 7 })
    );
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let ruled = ledger.rule(plan, vec![(nobody, blocked())]).await;
    assert_eq!(ruled, Err(LedgerError::UnknownPoint { id: 7 }));
}

async fn a_second_plan_tells_new_from_gone_and_changed<L: Ledger>(ledger: &L) {
    let first = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let ids = ledger.plan(first, (0..4).map(planned).collect()).await.unwrap();
    let changes = ledger.finish_plan(first, at(1)).await.unwrap();
    assert_eq!(
        changes,
        PlanChanges {
            new: 4,
            ..PlanChanges::default()
        }
    );

    let second = ledger.begin_plan(at(2), made_with()).await.unwrap();
    let mut colder = planned(1);
    colder.point.moves_to_cold_at = None;
    let again = ledger
        .plan(second, vec![planned(0), colder.clone(), planned(9)])
        .await
        .unwrap();
    assert_eq!(again[..2], ids[..2], "a point keeps its id");
    ledger.rule(second, vec![(ids[0], planned(0).ruling)]).await.unwrap();
    let changes = ledger.finish_plan(second, at(3)).await.unwrap();
    let expected = PlanChanges {
        new: 1,
        gone: 2,
        changed: 1,
        unchanged: 1,
    };
    assert_eq!(changes, expected);
    let reader = ledger.reader().unwrap();
    assert_eq!(reader.find(&arn(1)).unwrap().unwrap().planned, colder);
    assert_eq!(reader.find(&arn(3)).unwrap().unwrap().seen, first);

    let samples = |difference, most| reader.changes(second, difference, most).unwrap().join(" ");
    assert_eq!(samples(Difference::New, 9), arn(9));
    assert_eq!(samples(Difference::Gone, 9), [arn(2), arn(3)].join(" "));
    assert_eq!(samples(Difference::Gone, 1), arn(2));
    assert_eq!(samples(Difference::Changed, 9), arn(1));
    assert_eq!(numbers(&reader.gone(second, None, 9).unwrap()), ids[2..]);
    assert_eq!(numbers(&reader.gone(second, Some(ids[2]), 9).unwrap()), ids[3..]);

    // What was gone before is still not listed, but that is nothing new.
    let third = ledger.begin_plan(at(4), made_with()).await.unwrap();
    ledger.plan(third, vec![planned(0), colder, planned(2)]).await.unwrap();
    let changes = ledger.finish_plan(third, at(5)).await.unwrap();
    assert_eq!((changes.new, changes.gone, changes.unchanged), (0, 1, 3));
    assert_eq!(reader.changes(third, Difference::Gone, 9).unwrap().join(" "), arn(9));
    assert_eq!(reader.gone(third, None, 9).unwrap().len(), 2);
}

async fn a_ruling_may_change_until_the_transfer_has_begun<L: Ledger>(ledger: &L) {
    let ids = with_points(ledger, 2).await;
    ledger.record(vec![change(ids[0], 1, meant("t1"))]).await.unwrap();
    let plan = ledger.begin_plan(at(2), made_with()).await.unwrap();
    let rulings = ids.iter().map(|id| (*id, blocked())).collect();
    ledger.rule(plan, rulings).await.unwrap();
    let reader = ledger.reader().unwrap();
    let begun = reader.point(ids[0]).unwrap().unwrap();
    assert_eq!(begun.transfer.unwrap().stage(), Stage::Intended);
    let other = reader.point(ids[1]).unwrap().unwrap();
    assert_eq!(
        (other.transfer, other.planned.position, other.planned.ruling),
        (None, None, blocked())
    );
    let standing = reader.standing().unwrap();
    assert_eq!(standing.ruled, [(Verdict::Blocked, 1)].into());
    assert_eq!(standing.stages, [(Stage::Intended, 1)].into());
    assert!(all_ready(&reader).is_empty());
}

async fn a_begun_transfer_that_is_ruled_out_loses_its_place<L: Ledger>(ledger: &L) {
    let id = with_points(ledger, 1).await[0];
    let turned_away = vec![
        change(id, 1, meant("t1")),
        change(id, 2, Step::TurnedAway { not_before: None }),
    ];
    ledger.record(turned_away).await.unwrap();
    let reader = ledger.reader().unwrap();
    assert_eq!(numbers(&all_ready(&reader)), [id]);

    let plan = ledger.begin_plan(at(3), made_with()).await.unwrap();
    ledger.rule(plan, vec![(id, blocked())]).await.unwrap();
    ledger.queue(vec![(id, 1)]).await.unwrap();
    ledger.finish_plan(plan, at(4)).await.unwrap();
    let point = reader.point(id).unwrap().unwrap();
    assert_eq!((point.planned.position, point.transfer.unwrap().attempts), (None, 1));
    assert!(all_ready(&reader).is_empty());
    let standing = reader.standing().unwrap();
    assert_eq!(
        (standing.ruled, standing.stages),
        ([(Verdict::Blocked, 1)].into(), [].into())
    );
    assert_eq!(reader.groups().unwrap()[0].waiting, 0);

    ledger.rule(plan, vec![(id, Ruling::COPY)]).await.unwrap();
    ledger.queue(vec![(id, 1)]).await.unwrap();
    assert_eq!(numbers(&all_ready(&reader)), [id]);
    assert_eq!(reader.groups().unwrap()[0].waiting, 1);
}

async fn a_lost_copy_goes_back_into_the_queue<L: Ledger>(ledger: &L) {
    let ids = with_points(ledger, 2).await;
    let landed = [meant("t1"), accepted("job"), landed()];
    let journey = (1..).zip(landed).map(|(millis, step)| change(ids[0], millis, step));
    ledger.record(journey.collect()).await.unwrap();
    // A plan that saw the copy has no place for it.
    let plan = ledger.begin_plan(at(5), made_with()).await.unwrap();
    let there = Ruling {
        verdict: Verdict::Skip,
        reason: Some("already_there".into()),
        fix: None,
    };
    ledger
        .rule(plan, ids.iter().map(|id| (*id, there.clone())).collect())
        .await
        .unwrap();
    ledger.finish_plan(plan, at(6)).await.unwrap();
    let reader = ledger.reader().unwrap();
    assert!(all_ready(&reader).is_empty());

    let waiting = ledger.record(vec![change(ids[0], 7, Step::Lost)]).await.unwrap();
    assert_eq!((waiting[0].stage(), waiting[0].attempts), (Stage::Waiting, 1));
    assert_eq!(ledger.reader().unwrap().groups().unwrap()[0].copied, 0);
    ledger
        .rule(plan, ids.iter().map(|id| (*id, Ruling::COPY)).collect())
        .await
        .unwrap();
    ledger.queue(vec![(ids[0], 1), (ids[1], 2)]).await.unwrap();
    assert_eq!(numbers(&all_ready(&reader)), ids);
    let again = ledger.record(vec![change(ids[0], 8, meant("t1"))]).await;
    assert!(matches!(again, Err(LedgerError::Illegal { .. })), "{again:?}");
    let again = ledger.record(vec![change(ids[0], 9, meant("t2"))]).await.unwrap();
    assert_eq!(again[0].attempts, 2);
    let attempts = reader.attempts(ids[0]).unwrap();
    assert_eq!(attempts[0].ended.as_ref().map(|end| &*end.outcome), Some("landed"));
}

async fn windows_plans_and_lessons_are_kept<L: Ledger>(ledger: &L) {
    with_points(ledger, 1).await;
    let first = ledger.open_window(at(1)).await.unwrap();
    let second = ledger.open_window(at(2)).await.unwrap();
    let end = WindowEnd {
        at: at(3),
        exit_code: 2,
        completed: 10,
        failed: 1,
    };
    ledger.close_window(second, end).await.unwrap();
    let lesson = |value| Learned {
        what: "duration".into(),
        scope: "EBS".into(),
        value,
        samples: 3,
        at: at(4),
    };
    ledger.learn(vec![lesson(1.5)]).await.unwrap();
    ledger.learn(vec![lesson(2.5)]).await.unwrap();
    let reader = ledger.reader().unwrap();
    let windows = reader.windows().unwrap();
    assert_eq!((windows[0].id, windows[0].ended), (first, None));
    assert_eq!((windows[1].started_at, windows[1].ended), (at(2), Some(end)));
    assert_eq!(reader.learned().unwrap(), [lesson(2.5)]);
    let entry = |kind: &str, detail: &str| Entry {
        at: at(5),
        kind: kind.into(),
        detail: detail.into(),
    };
    let (pause, resume) = (entry("paused", r#"{"side":"source"}"#), entry("resumed", "{}"));
    let written = [pause.clone(), resume.clone(), pause.clone()];
    ledger.note(written[..2].to_vec()).await.unwrap();
    ledger.note(written[2..].to_vec()).await.unwrap();
    assert_eq!(reader.entries(None).unwrap(), written);
    assert_eq!(reader.entries(Some("paused")).unwrap(), [pause.clone(), pause]);
    assert_eq!(reader.entries(Some("resume")).unwrap(), []);
    let plans = reader.plans().unwrap();
    assert_eq!((plans[0].listed_at, plans[0].finished_at), (at(0), Some(at(1))));
}

async fn many_writers_at_once_each_get_their_own_answer<L: Ledger>(ledger: &L) {
    let ids = with_points(ledger, 60).await;
    // Every third asks for something illegal, in the midst of the others.
    let asked = ids.iter().enumerate().map(|(n, id)| {
        let step = if n % 3 == 0 { landed() } else { meant(&format!("t{n}")) };
        ledger.record(vec![change(*id, 1, step)])
    });
    let answers = futures::future::join_all(asked).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), n % 3 == 0, "{n}: {answer:?}");
    }
    let standing = ledger.reader().unwrap().standing().unwrap();
    assert_eq!(standing.stages, [(Stage::Waiting, 20), (Stage::Intended, 40)].into());
}
