//! A vault and its twin: the vault of the other account that is to hold its copies and to be like it.
//!
//! What they differ in is a value, made of what was read and of what was asked for. It can be shown, and its steps can be taken one by
//! one; when all are taken, the next difference asks for nothing. Nothing that the twin has is ever taken from it.

mod difference;
mod policy;
#[cfg(test)]
mod tests;
mod vault;
mod wishes;

pub use difference::{Deed, Difference, Standing, Step, What};
pub use policy::{Fate, Pair, PolicyTwin, StatementTold, admission, policy_twin};
pub use vault::{Lock, Notifications, Read, Tag, Tags, VaultAsRead, VaultKind};
pub use wishes::{KeyMap, KeyMapError, LockWish, TopicWish, Wishes};
