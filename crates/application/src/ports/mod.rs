//! What the use cases need of the world, as traits; `infrastructure` has an adapter for each.

mod clock;
mod gateway;
mod ledger;
mod metadata;
mod permissions;
mod renewal;
mod vaults;

pub use clock::Clock;
pub use gateway::{
    CallError, Caller, CopyAsked, CopyDesk, CopyStarted, Gateway, JobsAsked, KeyRing, Page, PointDetail, PointsAsked,
    Side, VaultSeen,
};
pub use ledger::{Change, Holder, Ledger, LedgerError, LedgerReader};
pub use metadata::MetadataTable;
pub use permissions::{Permissions, RoleDetail, SimulationAsked};
pub use renewal::{Origin, Renewal, Renewed, Stamp};
pub use vaults::{LockAsked, VaultAsked, VaultDesk, VaultDetail, VaultMade};
