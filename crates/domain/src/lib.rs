//! Nouns and rules of the migration: plain values and functions. Nothing here waits, reads a file or asks for the time.

pub mod account;
pub mod arn;
pub mod census;
pub mod copy_job;
pub mod fault;
pub mod ledger;
pub mod metadata;
pub mod operation;
pub mod pace;
pub mod pool;
pub mod recovery_point;
pub mod region;
pub mod resource_type;
pub mod retention;
pub mod route;
pub mod selection;
pub mod size;
pub mod slice;
pub mod tally;
pub mod text;
pub mod time;
pub mod transfer;
pub mod turns;
pub mod vault;
pub mod vault_map;
pub mod verdict;

pub use account::AccountId;
pub use recovery_point::RecoveryPoint;
pub use region::{Partition, Region};
pub use resource_type::ResourceType;
pub use route::Route;
pub use selection::{Judgement, Reason, Selection, SelectionSpec};
pub use tally::Tally;
pub use time::Moment;
pub use vault::VaultName;
