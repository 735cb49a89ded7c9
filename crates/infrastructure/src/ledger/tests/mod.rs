//! What can only be tried from inside: other schemas than today's, and a database that may grow to so many pages and no further.

mod full;
mod schema;

use std::path::{Path, PathBuf};

use sav_application::ports::{Change, Ledger, LedgerReader};
use sav_domain::ledger::{LedgerPoint, PlannedPoint, PointId, Ruling};
use sav_domain::transfer::{DestinationArn, Event, JobId, Step, Token, Transfer};
use sav_domain::{Moment, RecoveryPoint, Route, VaultName};

use super::{SqliteLedger, default_path};

fn route() -> Route {
    let (source, destination) = ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
    Route::between(source, destination, "eu-west-1".parse().unwrap()).unwrap()
}

fn ledger_path(folder: &Path) -> PathBuf {
    default_path(folder, &route())
}

fn open(folder: &Path) -> SqliteLedger {
    SqliteLedger::open(&ledger_path(folder), &route(), Moment::from_millis(0)).unwrap()
}

fn planned(n: u32) -> PlannedPoint {
    let mut point = RecoveryPoint::new(format!("arn:point-{n}"), VaultName::new("vault").unwrap());
    point.resource_arn = Some(format!("arn:resource-{}", n / 2).into());
    point.status_message = Some("as long as a message of AWS may be ".repeat(8).into());
    PlannedPoint {
        point,
        metadata: Some(format!("{{\"owner\":\"{n}\"}}").into()),
        ruling: Ruling::COPY,
        position: None,
    }
}

fn change(id: PointId, step: Step) -> Change {
    let event = Event::new(Moment::from_millis(5), step);
    Change { point: id, event }
}

/// From the first step of a journey to its last.
fn journey(id: PointId) -> [Change; 3] {
    let token = Token::new(format!("token-{}", id.0)).unwrap();
    let job = JobId::new(format!("job-{}", id.0)).unwrap();
    let destination = DestinationArn::new(format!("arn:copy-{}", id.0)).unwrap();
    [
        Step::Meant { token },
        Step::Accepted { job },
        Step::Landed { destination },
    ]
    .map(|step| change(id, step))
}

/// Twenty points in ten lanes, one of which has been copied.
async fn some_history(ledger: &SqliteLedger) {
    let now = Moment::from_millis(1);
    let plan = ledger.begin_plan(now, "{}".into()).await.unwrap();
    let ids = ledger.plan(plan, (0..20).map(planned).collect()).await.unwrap();
    ledger.queue(ids.iter().copied().zip(0..).collect()).await.unwrap();
    ledger.finish_plan(plan, now).await.unwrap();
    ledger.record(journey(ids[0]).into()).await.unwrap();
    ledger.open_window(now).await.unwrap();
}

/// Everything there is to know, in words.
fn all(reader: &impl LedgerReader) -> String {
    let mut points: Vec<LedgerPoint> = reader.points(None, usize::MAX).unwrap();
    let ids: Vec<PointId> = points.iter().map(|point| point.id).collect();
    let journeys: Vec<_> = ids
        .iter()
        .map(|id| (reader.events(*id).unwrap(), reader.attempts(*id).unwrap()))
        .collect();
    let mut groups = reader.groups().unwrap();
    let plans = reader.plans().unwrap();
    // Turns are settled when the plan is, and a first plan's transfers are written late.
    let is_settled = plans.iter().all(|plan| plan.finished_at.is_some());
    if !is_settled {
        let waiting = Some(Transfer::default());
        for point in points.iter_mut().filter(|point| point.transfer == waiting) {
            point.transfer = None;
        }
        for group in &mut groups {
            group.waiting = 0;
        }
    }
    let turns = is_settled.then(|| reader.heads_after(&ids).unwrap());
    let rest = (
        plans,
        reader.windows().unwrap(),
        reader.learned().unwrap(),
        reader.entries(None).unwrap(),
    );
    format!("{points:?}\n{journeys:?}\n{turns:?}\n{groups:?}\n{rest:?}")
}
