//! AWS Backup in a box: two accounts of one organization, their vaults and recovery points, the copy jobs between them,
//! and the few other services a migration talks to, behind AWS's own wire protocols on the loopback interface.
//!
//! It follows AWS's service model and documented behaviour and knows nothing of the tool that is tested against it.
//!
//! ```text
//!   HTTP ──> wire (SigV4, routing, model check) ──> services (one module per AWS service) ──> world + fleet
//!              ^ faults decide here what goes wrong            every call ──> journal
//! ```

pub mod clock;
mod control;
pub mod faults;
pub mod fleet;
pub mod identities;
pub mod journal;
pub mod model;
pub mod policy;
#[cfg(test)]
mod rig;
mod server;
pub mod services;
mod settings;
mod simulator;
pub mod state;
pub mod wire;
pub mod world;

pub use clock::{Clock, ManualClock, Moment, WallClock};
pub use server::Running;
pub use settings::Settings;
pub use simulator::{Outcome, Simulator};
