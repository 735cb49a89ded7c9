//! The same mishap has another code in each service.

use super::plan::Because;
use crate::policy::access;
use crate::wire::Refusal;

pub(super) fn throttled(service: &str) -> Refusal {
    match service {
        "sts" | "iam" => Refusal::new("Throttling", "Rate exceeded"),
        "organizations" | "servicequotas" => Refusal::new(
            "TooManyRequestsException",
            "You have sent too many requests in too short a period of time.",
        ),
        _ => Refusal::new("ThrottlingException", "Rate exceeded"),
    }
}

pub(super) fn unavailable(service: &str) -> Refusal {
    const MESSAGE: &str = "The request has failed due to a temporary failure of the server.";
    match service {
        "backup" => Refusal::with_status(500, "ServiceUnavailableException", MESSAGE)
            .and("Type", "Server")
            .and("Context", ""),
        "kms" => Refusal::with_status(503, "DependencyTimeoutException", MESSAGE),
        _ => Refusal::with_status(503, "ServiceUnavailable", MESSAGE),
    }
}

pub(super) fn internal(service: &str) -> Refusal {
    const MESSAGE: &str = "The request processing has failed because of an unknown error, exception or failure.";
    let code = match service {
        "iam" => "ServiceFailure",
        "kms" => "KMSInternalException",
        "organizations" | "servicequotas" => "ServiceException",
        _ => "InternalFailure",
    };
    Refusal::with_status(500, code, MESSAGE)
}

pub(super) fn expired(service: &str) -> Refusal {
    const MESSAGE: &str = "The security token included in the request is expired";
    match service {
        "sts" | "iam" => Refusal::with_status(403, "ExpiredToken", MESSAGE),
        "backup" => Refusal::with_status(403, "ExpiredTokenException", MESSAGE),
        _ => Refusal::new("ExpiredTokenException", MESSAGE),
    }
}

pub(super) fn bad_token(service: &str) -> Refusal {
    match service {
        "iam" => Refusal::new("InvalidInput", "Invalid Marker."),
        "organizations" => Refusal::new("InvalidInputException", "You specified an invalid next token."),
        _ => Refusal::new("InvalidParameterValueException", "Provided next token is invalid")
            .and("Code", "ERROR_3002")
            .and("Type", "Client")
            .and("Context", ""),
    }
}

pub(super) fn denied(service: &str, operation: &str, caller_arn: &str, resource: &str, because: Because) -> Refusal {
    let because = match because {
        Because::NoIdentityPolicy => "because no identity-based policy allows the {action} action",
        Because::IdentityPolicyDenies => "with an explicit deny in an identity-based policy",
        Because::BoundaryDenies => "with an explicit deny in a permissions boundary",
        Because::ServiceControlPolicyDenies => "with an explicit deny in a service control policy",
        Because::NoSessionPolicy => "because no session policy allows the {action} action",
    };
    access::denied(&format!("{service}:{operation}"), caller_arn, resource, because)
}
