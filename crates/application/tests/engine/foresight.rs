//! A small sample of what `examples/forecast_truth.rs` measures, with room to spare: the measured shares are in the benchmarks.

use crate::foretold::{Tally, world};

const WORLDS: u64 = 8;

#[test]
fn the_end_is_foretold_better_than_by_a_straight_line() {
    let mut tally = Tally::default();
    let mut told = Vec::new();
    for seed in 1..=WORLDS {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build();
        let foretold = runtime.unwrap().block_on(world(seed));
        tally.add(foretold.truth, foretold.p50, foretold.p90, foretold.line);
        told.push(format!(
            "{seed}: {:.1} hours in {} windows, foretold {:.1} to {:.1}, by a line {:.1}; waits for {}",
            foretold.truth, foretold.windows, foretold.p50, foretold.p90, foretold.line, foretold.waits_for
        ));
    }
    assert!(
        tally.closer_than_line >= 5.0 && tally.under_p90 >= 4.0,
        "{tally}\n{}",
        told.join("\n")
    );
    assert!(
        tally.under_p50 <= 7.0 && tally.worlds > 7.0,
        "{tally}\n{}",
        told.join("\n")
    );
}
