//! `copy` when it dies at any instant. `SAV_COPY_KILLS=200` kills as often as that, in a world of 10,000 points with failures,
//! throttling and lost answers; without it a handful of times in a small one.

use sav_simulator::faults::{Fault, What};
use sav_simulator::fleet::{FailurePlan, FleetSettings};
use sav_simulator::world::WorldPlan;

use tokio::time::Instant;

use crate::copy_world::{CopyStory, Started, glance, jobs_of, plain};

/// How often to kill, and the world to do it in.
fn ordeal() -> (usize, CopyStory) {
    match std::env::var("SAV_COPY_KILLS")
        .ok()
        .and_then(|times| times.parse().ok())
    {
        Some(times) => {
            let world = WorldPlan {
                longest_chain: 40,
                ..plain(10_000)
            };
            let fleet = FleetSettings {
                failures: FailurePlan {
                    share: 0.03,
                    retryable_share: 1.0,
                    ..FailurePlan::default()
                },
                ..jobs_of(200)
            };
            (times, CopyStory::of(world, fleet))
        }
        None => (5, CopyStory::of(plain(250), jobs_of(40))),
    }
}

fn faults(story: &CopyStory) {
    story.story.suffers([
        Fault::new(What::Throttle).share(0.05),
        Fault::new(What::ResetAfter).share(0.01),
        Fault::new(What::ResetBefore).share(0.005),
    ]);
}

/// A number below `end`, from a number: the instants differ from each other and are the same in each run of the test.
fn scattered(number: usize, end: usize) -> usize {
    let number = (number as u64 + 1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (number >> 3) as usize % end.max(1)
}

/// Until AWS has accepted so many jobs, or for so many looks. False: the run has ended by itself.
fn wait(story: &CopyStory, run: &mut Started, jobs: usize, looks: usize) -> bool {
    for _ in 0..looks {
        if run.child.try_wait().unwrap().is_some() {
            return false;
        }
        if story.accepted() >= jobs && jobs > 0 {
            break;
        }
        glance();
    }
    true
}

#[test]
fn killed_at_any_instant_it_copies_everything_once() {
    let (times, story) = ordeal();
    faults(&story);
    let total = story.source_points().len();
    let mut ended_early = 0;
    for number in 0..times {
        let mut run = story.start("--retry-failed");
        // A share of the kills hit planning, the others somewhere on the way to the end.
        let until = story.accepted() + scattered(number, 2 * total / times.max(1));
        let patience = 20 + scattered(number ^ 0xABCD, 700);
        let alive = wait(&story, &mut run, until, patience);
        run.child.kill().unwrap();
        run.child.wait().unwrap();
        ended_early += usize::from(!alive);
        story.nothing_went_twice();
    }
    let told = story.copy("--retry-failed");
    assert_eq!(told.code, 0, "{}", told.stderr);
    story.everything_arrived_once();
    eprintln!("{times} kills, {ended_early} of them after the run had ended by itself");
}

#[test]
fn asked_to_end_at_any_instant_it_does_within_seconds() {
    let (times, story) = ordeal();
    faults(&story);
    let total = story.source_points().len();
    let mut took = Vec::new();
    for number in 0..times {
        let mut run = story.start("--retry-failed");
        let until = story.accepted() + scattered(number, 2 * total / times.max(1));
        if !wait(&story, &mut run, until, 200 + scattered(number ^ 0xABCD, 700)) {
            continue;
        }
        let asked = Instant::now();
        run.send("TERM");
        let (status, said) = run.wait();
        took.push(asked.elapsed());
        // It may just have come to its end by itself, or have been hit before it could listen, when nothing had begun.
        let unborn = status.code().is_none() && said.is_empty();
        assert!(unborn || matches!(status.code(), Some(0 | 2)), "{status}: {said}");
    }
    took.sort();
    let (median, longest) = (took.get(took.len() / 2), took.last());
    eprintln!("{} stops: median {median:?}, longest {longest:?}", took.len());
    assert!(longest.is_none_or(|longest| longest.as_secs() < 5), "{took:?}");
    let told = story.copy("--retry-failed");
    assert_eq!(told.code, 0, "{}", told.stderr);
    story.everything_arrived_once();
}
