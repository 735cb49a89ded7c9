//! The words under which a run leaves behind what it has learned about a resource type, for the next run and the next plan.

use crate::duration::Extent;
use crate::resource_type::ResourceType;

/// Copies that AWS runs at once.
pub const RUNNING: &str = "slots.running";
/// Jobs kept waiting behind them.
pub const SURPLUS: &str = "slots.surplus";
/// More than this AWS has refused.
pub const CEILING: &str = "slots.ceiling";
/// How long a copy takes, from acceptance to the end.
pub const SECONDS: &str = "copy.seconds";

/// The scope of what is learned about a type as a whole.
pub fn of_type(resource_type: Option<&ResourceType>) -> &str {
    resource_type.map_or("unknown", ResourceType::name)
}

/// The scope of what differs between first copies and later ones.
pub fn of_extent(type_scope: &str, extent: Extent) -> String {
    format!("{type_scope}/{}", extent.name())
}
