//! Adapters: the only place that knows the AWS SDK, SQL, files and signals. One folder per port.

pub mod aws;
pub mod disk;
pub mod evidence;
pub mod ledger;
pub mod metadata;
