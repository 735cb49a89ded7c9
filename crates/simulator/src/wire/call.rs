//! What a service sees of a request, and what it answers.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::clock::Moment;
use crate::faults::Listing;
use crate::world::AccountId;

/// A request that was authenticated, routed, parsed and checked against the service model.
#[derive(Debug)]
pub struct Call {
    pub operation: &'static str,
    pub caller: Caller,
    pub params: Params,
    /// The world's time, which a time factor may make run ahead of the wire's.
    pub now: Moment,
    pub request_id: String,
    /// What a fault makes of the page, when this is a listing.
    pub listing: Listing,
}

/// Whose credentials signed the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub account: AccountId,
    /// `arn:aws:sts::1…:assumed-role/Name/session` or `arn:aws:iam::1…:user/name`, as `GetCallerIdentity` tells it.
    pub arn: String,
    /// `AROA…:session` or `AIDA…`.
    pub user_id: String,
    /// The role or user behind the session, by its name in the account.
    pub principal: String,
    /// Policies that came with the session and narrow what its role may do.
    pub session_policies: Option<Arc<[Value]>>,
}

/// Input members under their names in the service model. Members arrive with the types of the model: timestamps as
/// numbers of seconds, whatever the protocol wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(pub Map<String, Value>);

impl Params {
    pub fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    /// A member that the service model requires, so that the check before us has refused its absence.
    pub fn required(&self, member: &str) -> &str {
        self.text(member).unwrap_or_default()
    }

    pub fn integer(&self, member: &str) -> Option<i64> {
        self.0.get(member)?.as_i64()
    }

    pub fn boolean(&self, member: &str) -> Option<bool> {
        self.0.get(member)?.as_bool()
    }

    #[expect(clippy::cast_possible_truncation, reason = "a year far beyond ours fits")]
    pub fn moment(&self, member: &str) -> Option<Moment> {
        let seconds = self.0.get(member)?.as_f64()?;
        Some(Moment::from_millis((seconds * 1000.0).round() as i64))
    }

    pub fn structure(&self, member: &str) -> Option<&Map<String, Value>> {
        self.0.get(member)?.as_object()
    }

    pub fn list(&self, member: &str) -> Option<&[Value]> {
        self.0.get(member)?.as_array().map(Vec::as_slice)
    }
}

/// A service's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Output members under their names in the service model, timestamps as numbers of seconds; the wire writes them in
    /// the protocol's form.
    Members(Value),
    /// A body already written as JSON, for answers too large to go through `Value`. Only for JSON protocols.
    Json(Vec<u8>),
}

/// An error as AWS would answer it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The modelled shape's name or a common error's code: `InvalidParameterValueException`, `AccessDenied`, …
    pub code: String,
    pub message: String,
    pub status: u16,
    /// Further members of the error shape (`Context`, `Arn`, `CreatorRequestId`, …).
    pub members: Map<String, Value>,
}

impl Refusal {
    /// HTTP 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    pub fn with_status(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            members: Map::new(),
        }
    }

    #[must_use]
    pub fn and(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}
