//! Forecasts against what then happened, in worlds of all kinds: `forecast_truth [worlds] [first seed]`.
//!
//! The engine copies a seeded world to its end on paused time. When a quarter of the points has arrived the ledger is asked when
//! the end will be, and so is a straight line through what has arrived, which is even told when the coming windows are.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that prints what it measured"
)]

#[path = "../tests/engine/desk.rs"]
mod desk;
#[path = "../tests/engine/foretold.rs"]
mod foretold;
#[path = "../tests/engine/story.rs"]
#[expect(dead_code, reason = "the stories of the engine need more of it")]
mod story;

use foretold::{Foretold, Tally, world};

fn main() {
    let mut asked = std::env::args().skip(1).map(|number| number.parse().unwrap());
    let (worlds, first): (u64, u64) = (asked.next().unwrap_or(200), asked.next().unwrap_or(1));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let mut tally = Tally::default();
    println!("seed  windows  hours   p50/truth  p90/truth  line/truth  waits for");
    for seed in first..first + worlds {
        let Foretold {
            windows,
            truth,
            p50,
            p90,
            line,
            waits_for,
        } = runtime().block_on(world(seed));
        println!(
            "{seed:>4}  {windows:>7}  {truth:>6.1}  {:>9.2}  {:>9.2}  {:>10.2}  {waits_for}",
            p50 / truth,
            p90 / truth,
            line / truth
        );
        tally.add(truth, p50, p90, line);
    }
    println!("{tally}");
}
