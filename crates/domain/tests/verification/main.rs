//! Comparisons of worlds whose truth is known: every defect is found, and none is made up.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod cases;
mod unknowns;
mod world;
mod worlds;
