//! A ledger to which everything has happened that can happen to one.

use std::path::{Path, PathBuf};

use sav_application::ports::{Ledger, LedgerReader};
use sav_domain::ledger::{Entry, Learned, PlannedPoint, PointId, Ruling, Verdict, WindowEnd};
use sav_domain::transfer::{Cause, JobId, Part, Step};
use sav_infrastructure::ledger::SqliteLedger;

use crate::world::*;

pub(super) async fn eventful(folder: &Path) -> PathBuf {
    let ledger = open(folder);
    let plan = ledger
        .begin_plan(at(0), r#"{ "csv": "a b.csv" }"#.into())
        .await
        .unwrap();
    let mut points: Vec<PlannedPoint> = (0..40).map(planned).collect();
    points.extend((40..50).map(bare));
    for point in &mut points {
        point.planned_position_apart();
    }
    let ids = ledger.plan(plan, points).await.unwrap();
    ledger.finish_plan(plan, at(1)).await.unwrap();
    measure(&ledger).await;
    travel(&ledger, &ids).await;
    think_again(&ledger, &ids).await;
    ledger_path(folder)
}

async fn measure(ledger: &SqliteLedger) {
    let window = ledger.open_window(at(2)).await.unwrap();
    let end = WindowEnd {
        at: at(9),
        exit_code: 2,
        completed: 1,
        failed: u64::MAX,
    };
    ledger.close_window(window, end).await.unwrap();
    ledger.open_window(at(10)).await.unwrap();
    let learned = |scope: &str, value| Learned {
        what: "rate".into(),
        scope: scope.into(),
        value,
        samples: 3,
        at: at(4),
    };
    ledger
        .learn(vec![
            learned("EBS", 0.1 + 0.2),
            learned("RDS", 1e-300),
            learned("S3", 123_456_789.123_456_78),
        ])
        .await
        .unwrap();
    let entry = |kind: &str, detail: &str| Entry {
        at: at(5),
        kind: kind.into(),
        detail: detail.into(),
    };
    let journal = vec![
        entry("paused", r#"{"reason":"two\nlines, \"quoted\"","side":"source"}"#),
        entry("resumed", "{}"),
        entry("paused", r#"{ "n": 1.0 }"#),
    ];
    ledger.note(journal).await.unwrap();
}

fn cause() -> Cause {
    Cause {
        category: "KMS".into(),
        message: "two\nlines, \"quoted\"".into(),
        fix: Some("x".into()),
    }
}

async fn travel(ledger: &SqliteLedger, ids: &[PointId]) {
    let part = Part {
        resource_arn: None,
        job: JobId::new("child"),
        destination: None,
        cause: None,
    };
    let stories: Vec<(usize, Vec<Step>)> = vec![
        (0, vec![meant("a"), accepted("job-a"), landed()]),
        (
            4,
            vec![
                meant("b"),
                Step::AnswerLost,
                Step::Resent,
                accepted("job-b"),
                failed(),
                Step::Requeued {
                    not_before: Some(at(70)),
                },
                meant("c"),
            ],
        ),
        (8, vec![meant("d"), Step::Refused { cause: cause() }]),
        (
            12,
            vec![meant("e"), accepted("job-e"), Step::JobPartial { parts: vec![part] }],
        ),
        (16, vec![Step::Parked { cause: cause() }]),
        (
            20,
            vec![
                Step::Vanished,
                Step::Reappeared,
                Step::Adopted {
                    job: JobId::new("theirs").unwrap(),
                },
                Step::SightLost,
            ],
        ),
        (45, vec![Step::Vanished]),
        (46, vec![meant("f"), accepted("job-f"), landed(), Step::Lost]),
    ];
    // Out of the order of the points, and with a clock that once goes back.
    for (round, millis) in [(0, 20), (1, 30), (2, 25), (3, 40), (4, 41), (5, 42), (6, 43)] {
        for (index, steps) in stories.iter().rev() {
            if let Some(step) = steps.get(round) {
                ledger
                    .record(vec![change(ids[*index], millis, step.clone())])
                    .await
                    .unwrap();
            }
        }
    }
}

/// Parks a group, and begins a second plan that sees less, thinks otherwise of some, and is interrupted.
async fn think_again(ledger: &SqliteLedger, ids: &[PointId]) {
    let group = ledger.reader().unwrap().groups().unwrap()[1].id;
    ledger.park(group, cause()).await.unwrap();
    let again = ledger.begin_plan(at(50), made_with()).await.unwrap();
    let mut fewer: Vec<PlannedPoint> = (0..30).map(planned).collect();
    fewer[3].ruling = blocked();
    fewer[3].position = None;
    ledger.plan(again, fewer).await.unwrap();
    ledger
        .rule(
            again,
            vec![(
                ids[16],
                Ruling {
                    verdict: Verdict::Skip,
                    reason: Some("already_there".into()),
                    fix: None,
                },
            )],
        )
        .await
        .unwrap();
}

pub(super) trait Apart {
    fn planned_position_apart(&mut self);
}

impl Apart for PlannedPoint {
    /// Points that are not copied have no place.
    fn planned_position_apart(&mut self) {
        self.position = self.position.filter(|_| self.ruling.verdict == Verdict::Copy);
    }
}
