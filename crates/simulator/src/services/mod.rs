//! One module per AWS service. The wire hands each a request that was authenticated, routed and checked; what it means is
//! decided there.

pub mod backup;
mod iam;
mod kms;
mod organizations;
mod permissions;
mod service_quotas;
mod sts;
#[cfg(test)]
mod testing;

pub use permissions::{permit, resource};

use crate::model::Service;
use crate::state::State;
use crate::wire::{Call, Refusal, Reply};

/// Read-only operations; `None` when the operation is not one of them.
type Look = fn(&State, &Call) -> Option<Result<Reply, Refusal>>;

/// The operations that change something.
type Act = fn(&mut State, &Call) -> Result<Reply, Refusal>;

/// Where a service's calls go.
fn desk(service: Service) -> (Look, Act) {
    match service {
        Service::Backup => (backup::look, backup::act),
        Service::Sts => (sts::look, sts::act),
        Service::Iam => (iam::look, nothing_to_change),
        Service::Kms => (kms::look, nothing_to_change),
        Service::Organizations => (organizations::look, nothing_to_change),
        Service::ServiceQuotas => (service_quotas::look, nothing_to_change),
    }
}

/// Answers under a shared lock, when the operation only reads, or the caller may not do what it asks.
pub fn look(service: Service, state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    if let Err(refusal) = permit(service, &state.world, call) {
        return Some(Err(refusal));
    }
    let (look, _) = desk(service);
    look(state, call)
}

/// Comes after `look`, which has asked for permission.
pub fn act(service: Service, state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    let (_, act) = desk(service);
    act(state, call)
}

/// For services whose operations here all read: what `look` did not know, there is not.
fn nothing_to_change(_: &mut State, call: &Call) -> Result<Reply, Refusal> {
    Err(Refusal::new(
        "UnknownOperationException",
        format!("{} is not answered here", call.operation),
    ))
}
