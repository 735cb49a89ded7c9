//! Whole-binary stories: the program as a user runs it, against a simulated AWS over HTTP.

#![expect(unreachable_pub, reason = "a test has no outside")]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod choosing;
mod demo;
mod docs;
mod hardship;
mod listing;
mod refusals;
mod sandbox;
mod story;
