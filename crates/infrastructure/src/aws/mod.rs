//! The gateway port on the official SDK.

mod connect;
mod fault;
mod gateway;
mod http;
mod keys;
mod pages;
mod project;

pub use connect::{ConnectError, Reach, resolve_region};
pub use gateway::AwsGateway;
pub use http::HttpError;
