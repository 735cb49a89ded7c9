//! Verbs: the use cases, and the ports through which they reach the world. Knows tokio, but no SDK, no SQL, no terminal.

pub mod calls;
pub mod copying;
pub mod credentials;
pub mod engine;
pub mod forecasting;
pub mod governor;
pub mod identity;
pub mod memory_ledger;
pub mod planning;
pub mod ports;
pub mod reading;
mod remembered;
pub mod replicating;
pub mod report;
pub mod state;
pub mod status;
pub mod summary;
pub mod sweep;
pub mod tagging;
pub mod terms;
pub mod validating;
pub mod verifying;
