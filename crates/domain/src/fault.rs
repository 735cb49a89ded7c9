//! What can go wrong with a call to AWS, sorted by what to do next.
//!
//! The error code decides; HTTP statuses differ between editions of AWS's own documentation and prove nothing.

use serde::Serialize;

/// The kinds of failure that a caller treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Too many calls: slow down and ask again.
    Throttled,
    /// AWS, the network or a proxy is in trouble: ask again, for hours if need be.
    Unavailable,
    /// Temporary credentials ran out: read them anew and ask again.
    CredentialsExpired,
    /// AWS does not know the key, or the signature does not fit it.
    CredentialsInvalid,
    /// The signature's date is refused: this machine's clock is the likely cause.
    ClockSkewed,
    /// There are no credentials to sign with.
    CredentialsAbsent,
    /// A policy says no. Renewing credentials does not help.
    AccessDenied,
    /// The account has not switched the service on.
    NotOptedIn,
    /// What was asked for does not exist.
    NotFound,
    /// A quota is used up: not a matter of the call rate.
    LimitReached,
    /// AWS refuses these parameters; asking again changes nothing.
    Rejected,
    /// Nothing of the above.
    Unexpected,
}

impl FaultKind {
    /// Sorts an error by its code; the message matters only where AWS uses one code for two things.
    pub fn of(code: &str, message: &str) -> Self {
        let code = code.rsplit(['#', ':']).next().unwrap_or(code);
        match code {
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "PriorRequestNotComplete"
            | "SlowDown" => Self::Throttled,
            "ServiceUnavailableException"
            | "ServiceUnavailable"
            | "ServiceException"
            | "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "InternalServerException"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "KMSInternalException" => Self::Unavailable,
            "ExpiredTokenException" | "ExpiredToken" | "TokenRefreshRequired" => Self::CredentialsExpired,
            "InvalidSignatureException" | "SignatureDoesNotMatch" if speaks_of_the_clock(message) => Self::ClockSkewed,
            "RequestExpired" | "RequestInTheFuture" | "RequestTimeTooSkewed" => Self::ClockSkewed,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "InvalidToken"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "SignatureDoesNotMatch"
            | "AuthFailure" => Self::CredentialsInvalid,
            "AccessDeniedException"
            | "AccessDenied"
            | "NotAuthorized"
            | "UnauthorizedOperation"
            | "Forbidden"
            | "ForbiddenException" => Self::AccessDenied,
            "OptInRequired" | "SubscriptionRequiredException" => Self::NotOptedIn,
            "ResourceNotFoundException" | "NotFoundException" | "NoSuchEntity" | "NoSuchEntityException" => {
                Self::NotFound
            }
            "LimitExceededException" | "LimitExceeded" => Self::LimitReached,
            "InvalidParameterValueException"
            | "MissingParameterValueException"
            | "InvalidRequestException"
            | "InvalidInput"
            | "ValidationException"
            | "ValidationError"
            | "SerializationException"
            | "UnknownOperationException"
            | "InvalidAction" => Self::Rejected,
            _ => Self::Unexpected,
        }
    }

    /// Whether the same call may well succeed later, with nothing done about it.
    pub const fn passes_by_itself(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }
}

/// `Signature expired: … is now earlier than …` and `Signature not yet current: …`.
fn speaks_of_the_clock(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("signature expired")
        || message.contains("not yet current")
        || message.contains("is now earlier than")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_understood_with_namespace_and_suffix() {
        assert_eq!(
            FaultKind::of("com.amazonaws.backup#ThrottlingException", ""),
            FaultKind::Throttled
        );
        assert_eq!(
            FaultKind::of("ExpiredTokenException", ""),
            FaultKind::CredentialsExpired
        );
    }

    #[test]
    fn a_quota_is_not_throttling() {
        assert_eq!(
            FaultKind::of("LimitExceededException", "Rate exceeded"),
            FaultKind::LimitReached
        );
        assert!(!FaultKind::LimitReached.passes_by_itself());
    }

    #[test]
    fn one_code_two_meanings() {
        let late =
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)";
        assert_eq!(FaultKind::of("InvalidSignatureException", late), FaultKind::ClockSkewed);
        assert_eq!(FaultKind::of("SignatureDoesNotMatch", late), FaultKind::ClockSkewed);
        let wrong = "The request signature we calculated does not match the signature you provided.";
        assert_eq!(
            FaultKind::of("InvalidSignatureException", wrong),
            FaultKind::CredentialsInvalid
        );
    }

    #[test]
    fn a_policy_is_not_an_expiry() {
        assert_eq!(
            FaultKind::of("AccessDeniedException", "the security token is expired"),
            FaultKind::AccessDenied
        );
    }

    #[test]
    fn what_nobody_knows_is_unexpected() {
        assert_eq!(FaultKind::of("", ""), FaultKind::Unexpected);
        assert_eq!(
            FaultKind::of("TeapotException", "short and stout"),
            FaultKind::Unexpected
        );
    }
}
