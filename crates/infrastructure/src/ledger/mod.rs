//! The ledger as an SQLite database.
//!
//! ```text
//!   tasks ── record, plan, … ──> one channel ──> the writing thread, which owns the connection and holds the lock
//!     ^                                             │  one transaction for all that has come in
//!     └────────────── answers, after the fsync <────┘
//!   status, state show ──> a read-only connection of their own (WAL), lock or no lock
//! ```

mod counting;
mod digest;
mod document;
mod export;
mod fault;
mod file;
mod first_plan;
mod fold;
mod import;
mod lanes;
mod lock;
mod outlook;
mod path;
mod planning;
mod portions;
mod reader;
mod reset;
mod rows;
mod store;
#[cfg(test)]
mod tests;
mod turns;
mod whole;
mod words;
mod writer;

pub use counting::Happened;
pub(crate) use export::Unfinished;
pub use export::{ExportError, export, export_to_file};
pub use import::{ImportError, Imported, Whose, import};
pub use lock::holder;
pub use path::default_path;
pub use reader::SqliteReader;
pub use reset::{Forget, Forgotten, forget, set_aside};
pub use writer::SqliteLedger;
