//! From a failed call to "not checked", with the reason; but trouble with our own credentials is nobody's permission.

use sav_domain::checks::{NotTold, Told};
use sav_domain::fault::FaultKind;
use sav_domain::policy::Policy;

use crate::ports::CallError;

pub(super) fn told<T>(answer: Result<T, CallError>) -> Result<Told<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) if is_about_credentials(error.kind) => Err(error),
        Err(error) => Ok(Err(why(&error))),
    }
}

pub(super) fn why(error: &CallError) -> NotTold {
    let action = error.operation.action();
    NotTold(match error.kind {
        FaultKind::AccessDenied => format!("{action} is not allowed to these credentials ({})", error.message),
        FaultKind::Unavailable => format!("{action} was not answered ({}: {})", error.code, error.message),
        _ => format!("{action} failed ({}: {})", error.code, error.message),
    })
}

pub(super) const fn is_about_credentials(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::CredentialsExpired
            | FaultKind::CredentialsInvalid
            | FaultKind::CredentialsAbsent
            | FaultKind::ClockSkewed
    )
}

/// A policy that cannot be read may say anything.
pub(super) fn policy(text: &str) -> Told<Policy> {
    serde_json::from_str(text).map_err(|error| {
        NotTold(format!(
            "the policy is written in a way that is not known here ({error})"
        ))
    })
}
