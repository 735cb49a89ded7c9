//! The ledger as an SQLite database.
//!
//! ```text
//!   tasks ── record, plan, … ──> one channel ──> the writing thread, which owns the connection and holds the lock
//!     ^                                             │  one transaction for all that has come in
//!     └────────────── answers, after the fsync <────┘
//!   status, state show ──> a read-only connection of their own (WAL), lock or no lock
//! ```

mod fault;
mod file;
mod lock;
mod path;
mod reader;
mod rows;
mod store;
mod writer;

pub use path::default_path;
pub use reader::SqliteReader;
pub use writer::SqliteLedger;
