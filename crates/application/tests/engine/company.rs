//! Others at work on the same points, and what they left behind.

use std::time::Duration;

use sav_application::engine::{Ending, StopReason};
use sav_application::ports::LedgerReader;
use sav_domain::transfer::{Arrival, Stage, State};
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{FailurePlan, FleetSettings, Spread, Surplus};
use sav_simulator::world::{Shares, WorldPlan};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::seeds;
use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn two_machines_with_two_ledgers_copy_nothing_twice() {
    for seed in seeds(6) {
        for over_limit in [Surplus::Queues, Surplus::Refused] {
            let fleet = FleetSettings {
                over_limit,
                failures: FailurePlan {
                    share: 0.03,
                    ..FailurePlan::default()
                },
                ..fleet(seed, MEAN, Spread::LongTailed { sigma: 0.6 })
            };
            let mut one = Story::new(plain(seed, 300), fleet, FaultPlan::none());
            one.settings.poll_interval = Duration::from_secs(15);
            let other = one.on_another_machine();
            one.plan().await;
            other.plan().await;
            let (first, second) = tokio::join!(one.run(), async {
                sleep(Duration::from_secs(seed * 11 % 60)).await;
                other.run().await
            });
            assert_eq!((first.how, second.how), (Ending::Finished, Ending::Finished));
            let account = one.account();
            assert_eq!(
                account.duplicate_copies, 0,
                "seed {seed} {over_limit:?}: {:?}",
                account.duplicates
            );
            assert_eq!(one.stages(), other.stages(), "both know the same");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_ledger_finds_what_an_old_one_brought() {
    let fleet = FleetSettings {
        failures: FailurePlan {
            share: 0.1,
            retryable_share: 0.0,
            ..FailurePlan::default()
        },
        ..fleet(4, MEAN, Spread::Equal)
    };
    let lost = Story::new(plain(4, 200), fleet, FaultPlan::none());
    lost.plan().await;
    lost.finishes().await;
    let before = lost.account().jobs_accepted;
    // The ledger is gone, the same day. Tokens of its attempts answer with its jobs; those that failed are not counted again.
    let anew = lost.on_another_machine();
    anew.plan().await;
    anew.finishes().await;
    let account = anew.account();
    assert_eq!(account.duplicate_copies, 0, "{:?}", account.duplicates);
    assert_eq!(anew.stages(), lost.stages());
    let failed = anew.stages()[&Stage::Failed];
    assert_eq!(
        account.jobs_accepted,
        before + failed,
        "only what failed was tried again, once"
    );
    let arrived = |known: &sav_domain::ledger::LedgerPoint| match &known.transfer.as_ref().unwrap().state {
        State::Arrived { how, .. } => Some(*how),
        _ => None,
    };
    assert!(
        anew.points()
            .iter()
            .filter_map(arrived)
            .any(|how| how == Arrival::Copied)
    );
}

#[tokio::test(start_paused = true)]
async fn weeks_later_when_aws_has_forgotten_the_jobs_the_destination_tells() {
    for source_only in [false, true] {
        let kept = Shares {
            without_expiry: 1.0,
            ..Shares::NONE
        };
        let mut story = Story::new(
            WorldPlan {
                shares: kept,
                ..plain(7, 200)
            },
            fleet(7, MEAN, Spread::Even { width: 0.5 }),
            FaultPlan::none(),
        );
        story.plan().await;
        let (stop, stopped) = watch::channel(None);
        let (end, ()) = tokio::join!(story.run_until(stopped), async {
            sleep(MEAN * 2).await;
            stop.send(Some(StopReason::Asked)).unwrap();
        });
        assert_eq!(end.how, Ending::Stopped(StopReason::Asked));
        let open = story.stages()[&Stage::Copying];
        assert!(open > 10, "{open}");
        sleep(Duration::from_hours(31 * 24)).await;
        story.source_only = source_only;
        let began = story.passed();
        let end = story.run().await;
        assert_eq!(end.how, Ending::Finished);
        assert!(
            story.passed().saturating_sub(began) < Duration::from_hours(1),
            "nothing was waited for in vain"
        );
        if source_only {
            // Nobody may look: what is in doubt stays so, rather than being copied again.
            assert_eq!((end.counts.in_doubt, story.stages()[&Stage::Unsure]), (open, open));
            assert_eq!(story.account().duplicate_copies, 0);
        } else {
            assert_eq!(end.counts.in_doubt, 0);
            story.everything_is_as_promised();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn open_jobs_of_others_are_followed_to_their_end() {
    let first = Story::new(
        WorldPlan {
            points_per_resource: 1.0,
            ..plain(3, 12)
        },
        fleet(3, MEAN * 60, Spread::Equal),
        FaultPlan::none(),
    );
    first.plan().await;
    let (stop, stopped) = watch::channel(None);
    let other = first.on_another_machine();
    other.plan().await;
    let (_, end) = tokio::join!(
        async {
            let run = first.run_until(stopped);
            tokio::pin!(run);
            // It has asked for everything that its groups let it ask for, and goes home.
            tokio::select! {
                end = &mut run => panic!("{end:?}"),
                () = sleep(MEAN) => {}
            }
            stop.send(Some(StopReason::Asked)).unwrap();
            run.await
        },
        async {
            sleep(MEAN * 5).await;
            other.run().await
        }
    );
    assert_eq!(end.how, Ending::Finished);
    other.everything_is_as_promised();
    let adopted = |known: &sav_domain::ledger::LedgerPoint| {
        let attempts = other.ledger.attempts(known.id).unwrap();
        attempts.iter().any(|past| past.attempt.token.is_none())
    };
    assert!(
        other.points().iter().any(adopted),
        "what was open was taken over, not asked for"
    );
    let took = other.passed();
    assert!(took < MEAN * 60 * 4, "{took:?}");
}
