//! The gateway port on the official SDK.

mod connect;
mod copies;
#[cfg(test)]
mod desk_tests;
mod fault;
mod gateway;
mod http;
mod keys;
mod pages;
mod project;
mod words;

pub use connect::{ConnectError, Reach, resolve_region};
pub use gateway::AwsGateway;
pub use http::HttpError;
