//! Which build this is.

/// `0.1.0 (abcdef012345 2026-01-31)`, or without what is in parentheses if it was built outside the repository.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("SAV_COMMIT"));
/// The day of that commit, or nothing.
pub const DATE: &str = env!("SAV_COMMIT_DATE");
