//! The gateway port on the official SDK.

mod connect;
mod copies;
mod credentials;
#[cfg(test)]
mod desk_tests;
mod fault;
mod gateway;
mod http;
mod iam;
mod keys;
mod origin;
mod pages;
mod permissions;
mod project;
#[cfg(test)]
mod replicating_tests;
#[cfg(test)]
mod validating_tests;
#[cfg(test)]
mod vault_tests;
mod vaults;
mod words;

pub use connect::{ConnectError, Reach, resolve_region};
pub use gateway::AwsGateway;
pub use http::HttpError;
