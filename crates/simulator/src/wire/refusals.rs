//! What the wire itself refuses, in each protocol's own words.

use serde_json::Value;

use super::Refusal;
use crate::model::{Protocol, Service};

/// An operation that the service does not have, or that is not answered here.
pub fn unknown_operation(service: Service, detail: &str) -> Refusal {
    match service.model().protocol {
        Protocol::RestJson => Refusal::with_status(404, "UnknownOperationException", detail),
        Protocol::Json11 => Refusal::new("UnknownOperationException", detail),
        Protocol::Query => Refusal::new("InvalidAction", detail),
    }
}

/// A body, or a value in it, that cannot be read as what the model says.
pub fn unreadable(service: Service, detail: &str) -> Refusal {
    match service.model().protocol {
        Protocol::RestJson | Protocol::Json11 => Refusal::new("SerializationException", detail),
        Protocol::Query => Refusal::new("MalformedInput", detail),
    }
}

/// Something about the input that the service model forbids.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub is_absence: bool,
    text: String,
}

impl Problem {
    pub fn missing(at: &str) -> Self {
        let text = format!("Value null at '{at}' failed to satisfy constraint: Member must not be null");
        Self { is_absence: true, text }
    }

    pub fn unknown(at: &str) -> Self {
        let text = format!("Value at '{at}' failed to satisfy constraint: Member is not known to this operation");
        Self {
            is_absence: false,
            text,
        }
    }

    pub fn constraint(at: &str, value: &Value, constraint: &str) -> Self {
        let shown = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let text = format!("Value '{shown}' at '{at}' failed to satisfy constraint: Member must {constraint}");
        Self {
            is_absence: false,
            text,
        }
    }
}

/// All problems in one refusal, as AWS tells them.
pub fn invalid(service: Service, problems: &[Problem]) -> Refusal {
    let all: Vec<&str> = problems.iter().map(|problem| problem.text.as_str()).collect();
    let noun = if all.len() == 1 { "error" } else { "errors" };
    let message = format!("{} validation {noun} detected: {}", all.len(), all.join("; "));
    let only_absent = problems.iter().all(|problem| problem.is_absence);
    let code = match service {
        Service::Backup if only_absent => "MissingParameterValueException",
        Service::Backup => "InvalidParameterValueException",
        Service::Kms => "ValidationException",
        Service::Organizations => "InvalidInputException",
        Service::ServiceQuotas => "IllegalArgumentException",
        Service::Sts | Service::Iam => "ValidationError",
    };
    Refusal::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_word_for_the_same_thing() {
        let missing = [Problem::missing("roleName")];
        assert_eq!(invalid(Service::Iam, &missing).code, "ValidationError");
        assert_eq!(
            invalid(Service::Backup, &missing).code,
            "MissingParameterValueException"
        );
        assert_eq!(invalid(Service::Kms, &missing).code, "ValidationException");
        assert_eq!(unknown_operation(Service::Backup, "").status, 404);
        assert_eq!(unknown_operation(Service::Kms, "").status, 400);
        assert_eq!(unknown_operation(Service::Sts, "").code, "InvalidAction");
    }

    #[test]
    fn several_problems_are_told_together() {
        let problems = [
            Problem::missing("a"),
            Problem::constraint("b", &Value::from(0), "have value greater than or equal to 1"),
        ];
        let refusal = invalid(Service::Backup, &problems);
        assert_eq!(refusal.code, "InvalidParameterValueException");
        assert_eq!(
            refusal.message,
            "2 validation errors detected: Value null at 'a' failed to satisfy constraint: Member must not be null; \
             Value '0' at 'b' failed to satisfy constraint: Member must have value greater than or equal to 1"
        );
    }
}
