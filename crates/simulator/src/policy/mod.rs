//! IAM's policy language: identity, resource and trust policies, boundaries. Policy variables are taken literally.

pub mod access;
mod condition;
mod context;
pub mod glob;
mod principal;
mod validate;

use std::collections::BTreeSet;

use serde_json::Value;

pub use context::Context;
pub use principal::{Asker, Named};
pub use validate::{Kind, Malformed, parse};

/// What is asked of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `backup:StartCopyJob`
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
    /// Statements with a `Principal` speak of nobody when this is absent.
    pub asker: Option<Asker<'a>>,
    pub context: &'a Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

/// The decision, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    pub decision: Decision,
    /// The statements that decided: the denying ones if there are any, else the allowing ones.
    pub matched: Vec<Matched>,
    /// Context keys that statements on this action and resource ask for, and the request did not bring.
    pub missing: BTreeSet<String>,
}

/// Positions of a document among those given, and of the statement in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    pub document: usize,
    pub statement: usize,
    pub named: Named,
}

impl Evaluation {
    pub fn allowed(&self) -> bool {
        self.decision == Decision::Allowed
    }

    /// A resource policy that lets the asker in by itself, without leaving it to the account's identity policies.
    pub fn allowed_directly(&self) -> bool {
        self.allowed() && self.matched.iter().any(|matched| matched.named != Named::Account)
    }
}

/// All statements of all documents together: a denial anywhere wins, then any permission.
pub fn evaluate<'d>(documents: impl IntoIterator<Item = &'d Value>, request: &Request) -> Evaluation {
    let (mut allows, mut denies) = (Vec::new(), Vec::new());
    let mut missing = BTreeSet::new();
    for (document, body) in documents.into_iter().enumerate() {
        for (statement, body) in statements(body).iter().enumerate() {
            if !covers_action(body, request.action) || !covers_resource(body, request.resource) {
                continue;
            }
            let Some(named) = principal::named_by(body, request.asker.as_ref()) else {
                continue;
            };
            if !condition::holds(body.get("Condition"), request.context, &mut missing) {
                continue;
            }
            let matched = Matched {
                document,
                statement,
                named,
            };
            match body.get("Effect").and_then(Value::as_str) {
                Some("Allow") => allows.push(matched),
                Some("Deny") => denies.push(matched),
                _ => {}
            }
        }
    }
    let (decision, matched) = if !denies.is_empty() {
        (Decision::ExplicitDeny, denies)
    } else if allows.is_empty() {
        (Decision::ImplicitDeny, Vec::new())
    } else {
        (Decision::Allowed, allows)
    };
    Evaluation {
        decision,
        matched,
        missing,
    }
}

/// `Statement` may be one object instead of a list of them.
pub fn statements(document: &Value) -> &[Value] {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => &[],
    }
}

fn covers_action(statement: &Value, action: &str) -> bool {
    if let Some(not) = statement.get("NotAction") {
        return !texts(Some(not)).any(|pattern| glob::matches_any_case(pattern, action));
    }
    texts(statement.get("Action")).any(|pattern| glob::matches_any_case(pattern, action))
}

fn covers_resource(statement: &Value, resource: &str) -> bool {
    if let Some(not) = statement.get("NotResource") {
        return !texts(Some(not)).any(|pattern| glob::matches_arn(pattern, resource));
    }
    // A trust policy has no resource: it stands on the one it means.
    statement
        .get("Resource")
        .is_none_or(|some| texts(Some(some)).any(|pattern| glob::matches_arn(pattern, resource)))
}

/// One text or a list of texts.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    values.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
