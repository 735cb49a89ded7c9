//! Lost answers, throttling, outages, failing points, withdrawn access: nobody's failure becomes a point's.

use std::time::Duration;

use sav_application::engine::{Ending, RunEvent, StopReason};
use sav_domain::transfer::{Stage, State};
use sav_simulator::faults::{Fault, FaultPlan, What};
use sav_simulator::fleet::{
    FailurePlan, FleetSettings, Latency, Listing, Spread, Surplus, TokenMismatch, TokenReplay, Tokens,
};
use sav_simulator::world::{KeyManager, KeyState, WorldPlan};
use tokio::sync::watch;

use crate::seeds;
use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(1);

fn failing(seed: u64) -> FleetSettings {
    FleetSettings {
        failures: FailurePlan {
            share: 0.03,
            ..FailurePlan::default()
        },
        ..fleet(seed, MEAN, Spread::LongTailed { sigma: 0.6 })
    }
}

fn rough() -> FaultPlan {
    FaultPlan::none()
        .and(Fault::new(What::Throttle).share(0.05))
        .and(Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.01))
        .and(Fault::new(What::ResetBefore).share(0.005))
        .and(Fault::new(What::Unavailable { after_effect: false }).share(0.005))
}

#[tokio::test(start_paused = true)]
async fn exactly_those_fail_that_the_world_wants_to_fail() {
    for seed in seeds(3) {
        let story = Story::new(plain(seed, 800), failing(seed), rough());
        story.plan().await;
        story.finishes().await;
        story.everything_is_as_promised();
        assert!(
            story.stages()[&Stage::Failed] > 0,
            "a world without failures shows nothing"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_the_same_in_worlds_with_other_habits() {
    for seed in seeds(2) {
        for over_limit in [Surplus::Queues, Surplus::Refused, Surplus::FailsLater] {
            for odd in [false, true] {
                let fleet = FleetSettings {
                    over_limit,
                    start: Latency::default(),
                    tokens: Tokens {
                        replay: if odd {
                            TokenReplay::UnknownJob
                        } else {
                            TokenReplay::SameJob
                        },
                        mismatch: TokenMismatch::Ignored,
                        ..Tokens::default()
                    },
                    listing: Listing {
                        lag: if odd { Duration::from_secs(5) } else { Duration::ZERO },
                        odd_states: if odd { 0.1 } else { 0.0 },
                        ..Listing::default()
                    },
                    ..failing(seed)
                };
                let mut story = Story::new(plain(seed, 300), fleet, rough());
                story.knows_points = !odd;
                story.source_only = seed % 2 == 0;
                story.settings.poll_interval = Duration::from_secs(10);
                story.plan().await;
                story.finishes().await;
                story.everything_is_as_promised();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_an_endpoint_is_waited_out() {
    let hour = 3_600_000;
    let story = Story::new(
        plain(5, 600),
        fleet(5, MEAN, Spread::Even { width: 0.5 }),
        Fault::outage(200_000, hour),
    );
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    assert!(
        story.passed() > Duration::from_millis(hour),
        "the outage was in the middle"
    );
    let told = story.told.lock().unwrap();
    assert!(told.iter().any(|event| matches!(event, RunEvent::Paused { .. })));
    let waited = told.iter().find_map(|event| match event {
        RunEvent::Resumed { after } => Some(*after),
        _ => None,
    });
    assert!(waited.unwrap() > Duration::from_mins(55), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_without_access_is_parked_and_a_later_run_finishes_it() {
    let story = Story::new(
        WorldPlan {
            points_per_resource: 2.0,
            ..plain(3, 500)
        },
        fleet(3, MEAN, Spread::Equal),
        FaultPlan::none(),
    );
    story.plan().await;
    // The customer key that protects most points is disabled.
    let key = story.simulator.with_state(|state| {
        let mut used = std::collections::BTreeMap::new();
        for point in state.world.points() {
            if let Some(key) = point.key
                && state.world.vault(point.vault).account == story.plan.source_account
                && state.world.key(key).manager == KeyManager::Customer
            {
                *used.entry(key).or_insert(0) += 1;
            }
        }
        let (key, _) = used.into_iter().max_by_key(|(_, count)| *count).unwrap();
        state.world.keys[key.0 as usize].state = KeyState::Disabled;
        key
    });
    let end = story.run().await;
    assert_eq!(end.how, Ending::Finished);
    assert!(end.counts.groups_parked > 0, "{:?}", end.counts);
    let told = story.told.lock().unwrap().clone();
    let cause = told.iter().find_map(|event| match event {
        RunEvent::GroupParked { cause, .. } => Some(cause.clone()),
        _ => None,
    });
    assert!(cause.unwrap().fix.unwrap().contains("key"), "the fix is said");
    let key_arn = story.simulator.with_state(|state| state.world.key_arn(key));
    for known in story.points() {
        let point = &known.planned.point;
        let state = &known.transfer.as_ref().unwrap().state;
        let affected = point.encryption_key_arn.as_deref() == Some(&*key_arn);
        let arrived = matches!(state, State::Arrived { .. });
        assert!(arrived != affected || !arrived, "{} {state:?}", point.arn);
        assert!(
            arrived || affected || matches!(state, State::Waiting { .. }),
            "{} {state:?}",
            point.arn
        );
    }
    story
        .simulator
        .with_state(|state| state.world.keys[key.0 as usize].state = KeyState::Enabled);
    // Whatever group a point is in, however few there are of it: none failed by itself, so nobody has to ask for it again.
    assert_eq!(end.counts.failed, 0, "{:?}", end.counts);
    assert!(!story.stages().contains_key(&Stage::Failed), "{:?}", story.stages());
    story.finishes().await;
    story.everything_is_as_promised();
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_quick_and_the_next_run_goes_on() {
    for seed in seeds(5) {
        let story = Story::new(plain(seed, 300), failing(seed), rough());
        story.plan().await;
        let mut stops = 0;
        loop {
            let (stop, stopped) = watch::channel(None);
            let run = story.run_until(stopped);
            tokio::pin!(run);
            let asked_after = Duration::from_millis(700 + seed * 7_919 + stops * 13_577);
            let end = tokio::select! {
                end = &mut run => end,
                () = tokio::time::sleep(asked_after) => {
                    let asked = tokio::time::Instant::now();
                    stop.send(Some(StopReason::Asked)).unwrap();
                    let end = run.await;
                    assert!(asked.elapsed() <= Duration::from_secs(5), "{:?}", asked.elapsed());
                    end
                }
            };
            match end.how {
                Ending::Finished => break,
                Ending::Stopped(StopReason::Asked) => stops += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(stops > 3, "{stops}");
        story.everything_is_as_promised();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_nothing_half_asked() {
    // At AWS's own rates most starters wait for their turn when the stop comes.
    let mut story = Story::new(
        WorldPlan {
            points_per_resource: 1.0,
            ..plain(2, 300)
        },
        fleet(2, MEAN, Spread::Equal),
        FaultPlan::none(),
    );
    story.rate = 50.0;
    story.plan().await;
    for seconds in 3..9 {
        let (stop, stopped) = watch::channel(None);
        let (end, asked) = tokio::join!(story.run_until(stopped), async {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            stop.send(Some(StopReason::Asked)).unwrap();
            tokio::time::Instant::now()
        });
        assert_eq!(end.how, Ending::Stopped(StopReason::Asked));
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        assert_eq!(story.stages().get(&Stage::Intended), None, "{:?}", story.stages());
    }
    story.finishes().await;
    story.everything_is_as_promised();
}

#[tokio::test(start_paused = true)]
async fn awss_own_rates_are_kept_and_hardly_ever_complained_about() {
    let mut story = Story::new(
        plain(6, 1_000),
        fleet(6, MEAN, Spread::Even { width: 0.5 }),
        FaultPlan::throttled(),
    );
    story.rate = 50.0;
    story.settings.poll_interval = Duration::from_secs(10);
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    let throttled: u64 = story
        .simulator
        .journal()
        .lines
        .iter()
        .filter(|line| line.result == "ThrottlingException")
        .map(|line| line.calls)
        .sum();
    eprintln!(
        "{throttled} {:?} {:?}",
        story.passed(),
        story.account().lower_bound.makespan
    );
    assert!(throttled < 20, "{throttled}");
}
