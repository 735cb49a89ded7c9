//! AWS's wire protocols: what stands between an HTTP request and a service's own code.
//!
//! ```text
//!   request ──> address (which service) ──> input (which operation) ──> sigv4 (who) ──> check (what the model allows)
//!   answer  <── output (JSON, or XML, or an error in the protocol's shape)
//! ```

pub mod address;
mod call;
mod check;
mod form;
pub mod input;
pub mod output;
pub mod percent;
pub mod refusals;
pub mod sigv4;
#[cfg(test)]
mod tests;
pub mod time;
mod xml;

pub use call::{Call, Caller, Params, Refusal, Reply};
