//! The engine against AWS Backup in a box, in process and on paused time: hours pass in seconds, and the box knows what really
//! happened.
//!
//! Seeds are few by default. `SAV_ENGINE_SEEDS=200 cargo test --release -p sav-application --test engine` tries more, and
//! `SAV_EXPIRY_SEEDS=100` with the filter `expiry` those whose credentials end.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod causes;
mod company;
mod crashes;
mod desk;
mod exactly_once;
mod expiry;
mod foresight;
mod foretold;
mod hardship;
mod makespan;
mod story;
mod windows;

/// As many seeds as the environment asks for, or else these.
pub(crate) fn seeds(usual: u64) -> std::ops::Range<u64> {
    seeds_of("SAV_ENGINE_SEEDS", usual)
}

fn seeds_of(variable: &str, usual: u64) -> std::ops::Range<u64> {
    let asked = std::env::var(variable).ok().and_then(|count| count.parse().ok());
    1..asked.unwrap_or(usual) + 1
}
