//! A change window: what does not fit into it is not started, and it ends on time.

use std::time::Duration;

use sav_application::engine::{Ending, RunEvent};
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{FleetSettings, Limits, Spread};

use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(10);

fn slow() -> FleetSettings {
    FleetSettings {
        limits: Limits::all(5),
        ..fleet(1, MEAN, Spread::Equal)
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_that_would_not_end_in_the_window() {
    let mut story = Story::new(plain(1, 200), slow(), FaultPlan::none());
    story.settings.max_runtime = Some(Duration::from_mins(45));
    story.plan().await;
    let mut windows = 0;
    loop {
        let began = story.passed();
        let end = story.run().await;
        let took = story.passed().saturating_sub(began);
        assert!(took <= Duration::from_mins(45) + Duration::from_secs(5), "{took:?}");
        windows += 1;
        match end.how {
            Ending::Finished => break,
            // In the first window nobody knows yet how long a copy takes.
            Ending::WindowOver => assert!(windows == 1 || story.account().jobs_open == 0, "window {windows}"),
            other => panic!("{other:?}"),
        }
        // The next change window is tonight.
        tokio::time::sleep(Duration::from_hours(20)).await;
    }
    assert!(windows > 2, "{windows}");
    story.everything_is_as_promised();
    assert!(
        story
            .told
            .lock()
            .unwrap()
            .iter()
            .any(|event| matches!(event, RunEvent::WindowEnding { .. }))
    );
}

#[tokio::test(start_paused = true)]
async fn what_fits_into_no_window_is_started_all_the_same() {
    let mut story = Story::new(plain(1, 40), slow(), FaultPlan::none());
    story.settings.max_runtime = Some(Duration::from_mins(6));
    story.plan().await;
    for _ in 0..40 {
        if story.run().await.how == Ending::Finished {
            story.everything_is_as_promised();
            return;
        }
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
    panic!("forty windows were not enough: {:?}", story.stages());
}
