//! Identity and Access Management: roles as they are, and what a principal's policies would say.

mod markers;
mod roles;
mod simulation;
mod spans;

use crate::state::State;
use crate::wire::{Call, Refusal, Reply};

pub(super) fn look(state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    let world = &state.world;
    match call.operation {
        "GetRole" => Some(roles::get_role(world, call)),
        "ListAttachedRolePolicies" => Some(roles::attached_policies(world, call)),
        "SimulatePrincipalPolicy" => Some(simulation::simulate(world, call)),
        _ => None,
    }
}

fn no_such(kind: &str, name: &str) -> Refusal {
    Refusal::with_status(
        404,
        "NoSuchEntity",
        format!("The {kind} with name {name} cannot be found."),
    )
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidInput", message)
}

#[cfg(test)]
mod tests;
