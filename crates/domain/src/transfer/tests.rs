use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn token(n: u32) -> Token {
    Token::new(format!("token-{n}")).unwrap()
}

fn job(n: u32) -> JobId {
    JobId::new(format!("job-{n}")).unwrap()
}

fn copy(n: u32) -> DestinationArn {
    DestinationArn::new(format!("arn:aws:backup:eu-west-1:222222222222:recovery-point:{n}")).unwrap()
}

fn cause(category: &str) -> Cause {
    Cause {
        category: category.into(),
        message: "AWS said so".into(),
        fix: None,
    }
}

fn partly() -> Step {
    Step::JobPartial {
        parts: vec![
            Part {
                resource_arn: Some("arn:aws:ec2:eu-west-1:111111111111:volume/vol-1".into()),
                job: Some(job(11)),
                destination: Some(copy(11)),
                cause: None,
            },
            Part {
                resource_arn: None,
                job: None,
                destination: None,
                cause: Some(cause("KMS_KEY_ERROR")),
            },
        ],
    }
}

/// One of each, told apart by a small number, so that random sequences meet the same token and job again.
fn steps(n: u32) -> [Step; 19] {
    [
        Step::Meant { token: token(n) },
        Step::Accepted { job: job(n) },
        Step::Refused { cause: cause("X") },
        Step::TurnedAway { not_before: None },
        Step::AnswerLost,
        Step::Resent,
        Step::Adopted { job: job(n) },
        Step::NothingFound,
        Step::SightLost,
        Step::Landed { destination: copy(n) },
        Step::AlreadyThere { destination: copy(n) },
        Step::JobFailed { cause: cause("Y") },
        partly(),
        Step::Parked { cause: cause("Z") },
        Step::Unparked,
        Step::Requeued {
            not_before: Some(Moment::from_millis(5)),
        },
        Step::Vanished,
        Step::Reappeared,
        Step::Lost,
    ]
}

fn journey(steps: &[Step]) -> Result<Transfer, IllegalStep> {
    let events: Vec<Event> = (0..)
        .zip(steps)
        .map(|(at, step)| Event::new(Moment::from_millis(at), step.clone()))
        .collect();
    Transfer::replay(&events)
}

#[test]
fn the_straight_way_ends_in_the_destination() {
    let arrived = journey(&[
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        Step::Landed { destination: copy(1) },
    ])
    .unwrap();
    let State::Arrived { destination, how } = &arrived.state else {
        panic!("{arrived:?}");
    };
    assert_eq!((destination, *how), (&copy(1), Arrival::Copied));
    assert_eq!((arrived.attempts, arrived.failures), (1, 0));
    assert_eq!(arrived.open_attempt(), None);
}

#[test]
fn a_lost_answer_is_asked_again_with_the_same_token_or_looked_up() {
    let lost = [Step::Meant { token: token(1) }, Step::AnswerLost];
    let resent = journey(&[&lost[..], &[Step::Resent]].concat()).unwrap();
    assert_eq!(resent.open_attempt().unwrap().0.token, Some(token(1)));
    assert_eq!(resent.attempts, 1);

    let found = journey(&[&lost[..], &[Step::Adopted { job: job(7) }]].concat()).unwrap();
    assert_eq!(found.open_attempt().unwrap().1, Some(&job(7)));
    assert_eq!(found.attempts, 1, "what was found is what came of the attempt in doubt");

    let nothing = journey(&[&lost[..], &[Step::NothingFound]].concat()).unwrap();
    assert_eq!(nothing.stage(), Stage::Waiting);

    assert!(journey(&[&lost[..], &[Step::Meant { token: token(2) }]].concat()).is_err());
}

#[test]
fn a_failed_point_is_tried_again_with_a_new_token_only() {
    let failed = [
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        Step::JobFailed { cause: cause("X") },
        Step::Requeued { not_before: None },
    ];
    let again = |n| journey(&[&failed[..], &[Step::Meant { token: token(n) }]].concat());
    assert_eq!(again(1), Err(IllegalStep::SpentToken { token: token(1) }));
    let second = again(2).unwrap();
    assert_eq!((second.attempts, second.failures), (2, 1));
}

#[test]
fn being_turned_away_is_no_failure() {
    let waiting = journey(&[Step::Meant { token: token(1) }, Step::TurnedAway { not_before: None }]).unwrap();
    assert_eq!((waiting.stage(), waiting.failures), (Stage::Waiting, 0));
    let for_want_of_room = journey(&[
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        Step::TurnedAway { not_before: None },
    ])
    .unwrap();
    assert_eq!(
        (for_want_of_room.stage(), for_want_of_room.failures),
        (Stage::Waiting, 0)
    );
}

#[test]
fn a_job_out_of_sight_is_never_simply_asked_for_again() {
    let lost = [
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        Step::SightLost,
    ];
    assert_eq!(journey(&lost).unwrap().stage(), Stage::Unsure);
    assert!(journey(&[&lost[..], &[Step::Resent]].concat()).is_err());
    let found = [&lost[..], &[Step::AlreadyThere { destination: copy(1) }]].concat();
    assert_eq!(journey(&found).unwrap().stage(), Stage::Arrived);
}

#[test]
fn a_partial_copy_keeps_its_parts_and_waits_to_be_asked() {
    let partial = [
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        partly(),
    ];
    let State::Partial { parts } = journey(&partial).unwrap().state else {
        panic!("not partial");
    };
    assert_eq!(parts.len(), 2);
    assert!(journey(&[&partial[..], &[Step::Meant { token: token(2) }]].concat()).is_err());
}

#[test]
fn a_copy_that_was_lost_is_asked_for_again_with_a_new_token_only() {
    let lost = [
        Step::Meant { token: token(1) },
        Step::Accepted { job: job(1) },
        Step::Landed { destination: copy(1) },
        Step::Lost,
    ];
    assert_eq!(journey(&lost).unwrap().stage(), Stage::Waiting);
    let again = |n| journey(&[&lost[..], &[Step::Meant { token: token(n) }]].concat());
    assert_eq!(again(1), Err(IllegalStep::SpentToken { token: token(1) }));
    assert_eq!(again(2).unwrap().attempts, 2);
    assert!(
        journey(&lost[..3])
            .unwrap()
            .apply(&Event::new(Moment::from_millis(9), Step::Meant { token: token(2) }))
            .is_err()
    );
    assert!(journey(&[Step::Lost]).is_err());
}

#[test]
fn an_illegal_step_is_named() {
    let error = journey(&[Step::Accepted { job: job(1) }]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a transfer that is waiting cannot take the step `accepted`"
    );
}

#[test]
fn every_step_and_every_stage_is_legal_somewhere() {
    let mut stages = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut edge = vec![(Transfer::default(), 0)];
    while let Some((here, depth)) = edge.pop() {
        stages.insert(here.stage());
        for step in steps(depth) {
            let event = Event::new(Moment::from_millis(0), step);
            if let Ok(next) = here.clone().apply(&event) {
                taken.insert(event.step.name());
                if depth < 5 {
                    edge.push((next, depth + 1));
                }
            }
        }
    }
    assert_eq!(stages.len(), Stage::ALL.len());
    assert_eq!(taken.len(), steps(0).len());
}

#[test]
fn names_are_read_back() {
    for stage in Stage::ALL {
        assert_eq!(Stage::named(stage.name()), Some(stage));
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.name());
    }
    for step in steps(1) {
        let event = Event::new(Moment::from_millis(1_700_000_000_123), step);
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["step"]["step"], event.step.name());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
    assert!(serde_json::from_str::<Token>("\"\"").is_err());
}

/// What an onlooker who knows nothing of states would count: attempts begun and not yet ended, and arrivals.
#[derive(Default)]
struct Onlooker {
    open: i32,
    arrivals: u32,
    tokens: Vec<Token>,
}

impl Onlooker {
    fn sees(&mut self, step: &Step) {
        match step {
            Step::Meant { token } => {
                self.open += 1;
                self.tokens.push(token.clone());
            }
            Step::Adopted { .. } => self.open = self.open.max(1),
            Step::Refused { .. }
            | Step::TurnedAway { .. }
            | Step::NothingFound
            | Step::JobFailed { .. }
            | Step::JobPartial { .. } => self.open -= 1,
            Step::Landed { .. } => {
                self.open -= 1;
                self.arrivals += 1;
            }
            Step::AlreadyThere { .. } => {
                self.open = 0;
                self.arrivals += 1;
            }
            Step::Accepted { .. }
            | Step::AnswerLost
            | Step::Resent
            | Step::SightLost
            | Step::Parked { .. }
            | Step::Unparked
            | Step::Requeued { .. }
            | Step::Vanished
            | Step::Reappeared => {}
            Step::Lost => self.arrivals -= 1,
        }
    }
}

proptest! {
    #[test]
    fn no_journey_arrives_twice_or_has_two_attempts_open(tries in prop::collection::vec((0..19_usize, 0..4_u32), 0..400)) {
        let mut transfer = Transfer::default();
        let mut onlooker = Onlooker::default();
        let mut told = Vec::new();
        for (at, (which, n)) in (0..).zip(tries) {
            let event = Event::new(Moment::from_millis(at), steps(n)[which].clone());
            match transfer.clone().apply(&event) {
                Ok(next) => {
                    onlooker.sees(&event.step);
                    prop_assert!((0..=1).contains(&onlooker.open), "{:?}", told);
                    prop_assert_eq!(onlooker.open == 1, next.open_attempt().is_some());
                    prop_assert_eq!(next.stage().is_open(), next.open_attempt().is_some());
                    prop_assert!(onlooker.arrivals <= 1);
                    transfer = next;
                    told.push(event);
                }
                Err(IllegalStep::NotFromHere { from, .. }) => prop_assert_eq!(from, transfer.stage()),
                Err(IllegalStep::SpentToken { token }) => prop_assert_eq!(onlooker.tokens.last(), Some(&token)),
            }
        }
        prop_assert!(onlooker.tokens.windows(2).all(|pair| pair[0] != pair[1]));
        prop_assert_eq!(Transfer::replay(&told), Ok(transfer));
    }
}
