//! The run's decisions, plainly: events in, orders out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::ledger::{Group, GroupId, GroupStanding, LedgerPoint, PlanId, PlannedPoint, PointId, Ruling};
use sav_domain::operation::Operation;
use sav_domain::retention::Retention;
use sav_domain::transfer::{DestinationArn, Event as Taken, JobId, Step, Token, Transfer};
use sav_domain::vault_map::VaultMap;
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};

use super::now::Now;
use super::order::{Event, Look, Order, Seen, StartEnd};
use super::run::Run;
use super::{Ending, PauseReason, RunEvent, RunSettings};
use crate::ports::{CallError, CopyStarted, Side};
use crate::terms::CopyTerms;

const GROUP: GroupId = GroupId(1);

/// A run over one group of points, each of a resource of its own, that answers its orders by hand.
struct Table {
    run: Run,
    now: Now,
    /// What the ledger would say.
    transfers: BTreeMap<PointId, Transfer>,
    recorded: Vec<(PointId, Step)>,
    told: Vec<RunEvent>,
}

fn point(number: u32) -> RecoveryPoint {
    let mut point = RecoveryPoint::new(format!("arn:point/{number}"), VaultName::new("daily").unwrap());
    point.resource_arn = Some(format!("arn:resource/{number}").into());
    point.resource_type = Some(ResourceType::Efs);
    point.size_bytes = Some(u64::from(1_000 - number));
    point
}

fn known(number: u32, transfer: Transfer) -> LedgerPoint {
    LedgerPoint {
        id: PointId(number),
        planned: PlannedPoint {
            point: point(number),
            metadata: None,
            ruling: Ruling::COPY,
            position: Some(u64::from(number)),
        },
        seen: PlanId(1),
        transfer: Some(transfer),
    }
}

fn error(kind: FaultKind) -> CallError {
    CallError {
        kind,
        operation: Operation::StartCopyJob,
        side: Side::Source,
        account: "111111111111".parse().unwrap(),
        subject: None,
        code: format!("{kind:?}"),
        message: String::new(),
        request_id: None,
    }
}

impl Table {
    fn set(copied: u64) -> Self {
        let route = Route::between(
            "111111111111".parse().unwrap(),
            "222222222222".parse().unwrap(),
            "us-east-1".parse().unwrap(),
        )
        .unwrap();
        let terms = CopyTerms {
            route,
            vault_map: VaultMap::default(),
            retention: Retention::AsSource,
            copy_role_arn: "arn:role".into(),
        };
        let now = Now {
            at: Moment::from_millis(1_000_000),
            since: Duration::ZERO,
        };
        let mut run = Run::new(RunSettings::default(), Arc::new(terms), Vec::new(), now);
        run.take_in_group(GroupStanding {
            id: GROUP,
            group: Group::of(&point(1)),
            parked: None,
            waiting: 100,
            copied,
        });
        Self {
            run,
            now,
            transfers: BTreeMap::new(),
            recorded: Vec::new(),
            told: Vec::new(),
        }
    }

    /// With the open jobs looked at once.
    fn laid(copied: u64) -> Self {
        let mut table = Self::set(copied);
        assert!(
            table
                .decide()
                .iter()
                .any(|order| matches!(order, Order::Heads { .. } | Order::Canaries { .. }))
        );
        let heads = (1..=20).map(|number| known(number, Transfer::default())).collect();
        table.run.handle(
            Event::Heads {
                group: GROUP,
                heads,
                is_last: true,
            },
            table.now,
        );
        let orders = table.decide();
        assert!(
            matches!(&orders[..], [Order::Poll(asked)] if asked.look == Look::Open),
            "{orders:?}"
        );
        table.run.handle(
            Event::Looked(Seen {
                waiting: Vec::new(),
                running: Some(Vec::new()),
            }),
            table.now,
        );
        table.run.handle(Event::Polled(Ok(true)), table.now);
        table
    }

    fn decide(&mut self) -> Vec<Order> {
        self.run.decide(self.now);
        self.told.append(&mut self.run.tell);
        std::mem::take(&mut self.run.orders)
    }

    /// Whom it starts. What is to be recorded, is.
    fn started(&mut self) -> Vec<u32> {
        let mut started = Vec::new();
        let mut orders = self.decide();
        while let Some(order) = orders.pop() {
            match order {
                Order::Start { head, .. } => started.push(head.id.0),
                Order::Record(record) => {
                    let transfers = record.changes.into_iter().map(|change| {
                        self.recorded.push((change.point, change.event.step.clone()));
                        (change.point, self.step(change.point, change.event.step))
                    });
                    // The last step of each transfer counts.
                    let transfers: BTreeMap<_, _> = transfers.collect();
                    let transfers = transfers.into_iter().collect();
                    self.run.handle(
                        Event::Recorded {
                            transfers,
                            tell: record.tell,
                        },
                        self.now,
                    );
                    orders.extend(self.decide());
                }
                Order::Turns(_) => {
                    self.run.handle(Event::Turns(Vec::new()), self.now);
                    orders.extend(self.decide());
                }
                Order::Park { .. } => self.run.handle(Event::Parked, self.now),
                Order::Poll(_) | Order::Rest | Order::Heads { .. } | Order::Canaries { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        started.sort_unstable();
        started
    }

    fn step(&mut self, id: PointId, step: Step) -> Transfer {
        let before = self.transfers.remove(&id).unwrap_or_default();
        let after = before.apply(&Taken::new(self.now.at, step)).unwrap();
        self.transfers.insert(id, after.clone());
        after
    }

    fn accept(&mut self, number: u32) {
        let (id, job) = (PointId(number), JobId::new(format!("job-{number}")).unwrap());
        self.step(
            id,
            Step::Meant {
                token: Token::new(format!("token-{number}")).unwrap(),
            },
        );
        let transfer = self.step(id, Step::Accepted { job: job.clone() });
        let started = CopyStarted {
            job,
            created: Some(self.now.at),
            is_parent: false,
            request_id: None,
        };
        let end = StartEnd::Accepted { started, transfer };
        self.run.handle(Event::Started(id, end), self.now);
    }

    fn end(&mut self, number: u32, state: JobState, category: Option<&str>) {
        let job = CopyJob {
            created: Some(self.now.at),
            completed: Some(self.now.at.plus_millis(5_000)),
            source_point_arn: Some(point(number).arn),
            destination_point_arn: DestinationArn::new(format!("arn:copy/{number}")).filter(|_| category.is_none()),
            category: category.map(Into::into),
            ..CopyJob::new(JobId::new(format!("job-{number}")).unwrap(), state)
        };
        self.run.handle(Event::Ended(vec![job]), self.now);
    }
}

#[test]
fn nothing_starts_before_the_open_jobs_have_been_looked_at() {
    let mut table = Table::set(1);
    table.decide();
    let heads = vec![known(1, Transfer::default())];
    table.run.handle(
        Event::Heads {
            group: GROUP,
            heads,
            is_last: true,
        },
        table.now,
    );
    assert!(table.decide().iter().all(|order| !matches!(order, Order::Start { .. })));
}

#[test]
fn a_proven_group_goes_by_the_queue_and_a_new_one_by_size_a_few_at_first() {
    assert_eq!(Table::laid(1).started(), [1, 2, 3, 4]);
    assert_eq!(Table::laid(0).started(), [18, 19, 20], "the smallest three");
}

#[test]
fn what_was_refused_for_want_of_room_keeps_its_place_and_its_token() {
    let mut table = Table::laid(1);
    assert_eq!(table.started(), [1, 2, 3, 4]);
    for number in [1, 2, 3] {
        table.accept(number);
    }
    let transfer = table.step(
        PointId(4),
        Step::Meant {
            token: Token::new("four").unwrap(),
        },
    );
    table
        .run
        .handle(Event::Started(PointId(4), StartEnd::NoRoom(transfer)), table.now);
    assert_eq!(table.started(), [0_u32; 0], "three are all that AWS takes");
    table.end(2, JobState::Completed, None);
    assert_eq!(table.started(), [4]);
    assert!(
        matches!(&table.recorded[..], [(PointId(2), Step::Landed { .. })]),
        "{:?}",
        table.recorded
    );
}

#[test]
fn the_third_resource_in_a_row_makes_it_the_groups_failure() {
    let mut table = Table::laid(1);
    table.started();
    for number in 1..=4 {
        table.accept(number);
    }
    table.end(1, JobState::Failed, Some("KMS_KEY_ERROR"));
    table.end(2, JobState::Failed, Some("KmsKeyError"));
    assert_eq!(table.started(), [5, 6], "two may be chance");
    table.end(3, JobState::Failed, Some("KMS_KEY_ERROR"));
    assert_eq!(table.started(), [0_u32; 0]);
    let parked: Vec<u32> = table
        .recorded
        .iter()
        .filter(|(_, step)| matches!(step, Step::Parked { .. }))
        .map(|(id, _)| id.0)
        .collect();
    assert_eq!(parked, [1, 2, 3]);
    assert_eq!((table.run.counts().failed, table.run.counts().groups_parked), (0, 1));
    table.end(4, JobState::Failed, Some("KMS_KEY_ERROR"));
    table.started();
    assert!(matches!(table.recorded.last(), Some((PointId(4), Step::Parked { .. }))));
}

#[test]
fn an_arrival_in_between_shows_that_it_is_not_the_group() {
    let mut table = Table::laid(1);
    table.started();
    for number in 1..=4 {
        table.accept(number);
    }
    table.end(1, JobState::Failed, Some("KMS_KEY_ERROR"));
    table.end(2, JobState::Failed, Some("KMS_KEY_ERROR"));
    table.started();
    table.end(3, JobState::Completed, None);
    table.started();
    table.end(4, JobState::Failed, Some("KMS_KEY_ERROR"));
    table.started();
    assert!(
        table
            .told
            .iter()
            .all(|event| !matches!(event, RunEvent::GroupParked { .. }))
    );
    assert_eq!(table.run.counts().failed, 3);
}

#[test]
fn one_lost_answer_is_looked_into_and_three_pause_the_run() {
    let mut table = Table::laid(1);
    assert_eq!(table.started(), [1, 2, 3, 4]);
    for number in 1..=3 {
        let id = PointId(number);
        table.step(
            id,
            Step::Meant {
                token: Token::new(format!("token-{number}")).unwrap(),
            },
        );
        let transfer = table.step(id, Step::AnswerLost);
        let end = StartEnd::Lost {
            transfer,
            error: error(FaultKind::Unavailable),
        };
        table.run.handle(Event::Started(id, end), table.now);
        let orders = table.decide();
        assert!(
            orders
                .iter()
                .any(|order| matches!(order, Order::Settle { job: None, .. })),
            "{orders:?}"
        );
        assert_eq!(table.run.pause.is_on(), number == 3);
    }
    assert!(matches!(
        table.told.last(),
        Some(RunEvent::Paused {
            reason: PauseReason::Unreachable { .. },
            ..
        })
    ));
    table.run.handle(Event::Health(Ok(())), table.now);
    table.decide();
    assert!(matches!(table.told.last(), Some(RunEvent::Resumed { .. })));
}

#[test]
fn a_run_ends_when_the_ledger_says_twice_that_nothing_is_left() {
    let mut table = Table::laid(1);
    table.started();
    for number in 1..=20 {
        if number > 4 {
            table.run.handle(Event::Looked(Seen::default()), table.now);
        }
        if table.run.lives.contains(PointId(number)) {
            table.accept(number);
            table.end(number, JobState::Completed, None);
        }
        table.started();
    }
    assert_eq!(table.run.counts().arrived, 20);
    assert!(
        table.run.ending.is_none(),
        "the ledger has been asked, and has not answered yet"
    );
    table.run.handle(Event::Rest(Vec::new()), table.now);
    table.decide();
    assert_eq!(table.run.ending, Some(Ending::Finished));
}

/// A job may be listed as ended before the answer that tells its id, and the ledger is asked whose it is.
#[test]
fn a_job_of_our_own_that_ended_before_its_answer_came_is_nobody_elses() {
    let mut table = Table::laid(1);
    let first = *table.started().first().unwrap();
    table.end(first, JobState::Completed, None);
    let orders = table.decide();
    let [Order::Recognise(jobs)] = &orders[..] else {
        panic!("{orders:?}")
    };
    table.accept(first);
    let asked_meanwhile = jobs
        .iter()
        .map(|job| (job.clone(), Some(known(first, Transfer::default()))));
    table.started();
    table
        .run
        .handle(Event::Recognised(asked_meanwhile.collect()), table.now);
    assert!(!table.run.watch.others_at_work());
}
