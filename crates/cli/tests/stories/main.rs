//! Whole-binary stories: the program as a user runs it, against a simulated AWS over HTTP.

#![expect(unreachable_pub, reason = "a test has no outside")]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod choosing;
mod completions;
mod config;
mod copy;
mod copy_kills;
mod copy_stops;
mod copy_world;
mod credentials;
mod demo;
mod docs;
mod documented;
mod documented_policies;
mod documented_unattended;
mod hardship;
mod json_log;
mod listing;
mod man;
mod near_misses;
mod network;
mod numbers;
mod planning;
mod refusals;
mod replicate;
mod report;
mod reset;
mod sandbox;
mod schema;
mod shelf;
mod state;
mod status;
mod story;
mod strange_files;
mod summary;
mod terminal;
mod terminal_world;
mod transcript;
mod validate;
mod verify;
mod version;
