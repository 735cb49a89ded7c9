//! From the SDK's errors to ours: code, message, request id, and what to do next.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_backup::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::request_id::RequestId;
use sav_application::ports::{CallError, Side};
use sav_domain::AccountId;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;

/// What was being asked, for the error to tell.
pub(super) struct Asked<'a> {
    pub side: Side,
    pub account: AccountId,
    pub operation: Operation,
    pub subject: Option<&'a str>,
}

impl Asked<'_> {
    pub(super) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        if let Some(refused) = find::<AssumeRoleError>(error) {
            return self.role_refused(refused);
        }
        let (kind, code, message) = judge(error);
        CallError {
            kind,
            operation: self.operation,
            side: self.side,
            account: self.account,
            subject: self.subject.map(str::to_owned),
            code,
            message,
            request_id: error.request_id().map(str::to_owned),
        }
    }

    /// There was nothing to sign a call with.
    pub(super) fn not_obtained(&self, error: &CredentialsError) -> CallError {
        if let Some(refused) = find::<AssumeRoleError>(error) {
            return self.role_refused(refused);
        }
        let (kind, code) = judge_credentials(error);
        CallError {
            kind,
            operation: self.operation,
            side: self.side,
            account: self.account,
            subject: None,
            code: code.to_owned(),
            message: chain(error),
            request_id: None,
        }
    }

    /// The call was not even sent: the role that was to send it cannot be had.
    fn role_refused(&self, refused: &AssumeRoleError) -> CallError {
        let code = refused.code().unwrap_or("AssumeRoleFailed");
        let message = without_secrets(refused.message().unwrap_or_default());
        CallError {
            kind: FaultKind::of(code, &message),
            operation: Operation::AssumeRole,
            side: self.side,
            account: self.account,
            subject: None,
            code: code.to_owned(),
            message,
            request_id: refused.request_id().map(str::to_owned),
        }
    }
}

fn judge<E>(error: &SdkError<E, HttpResponse>) -> (FaultKind, String, String)
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(about_credentials) = find::<CredentialsError>(error) {
        let (kind, code) = judge_credentials(about_credentials);
        return (kind, code.to_owned(), chain(about_credentials));
    }
    match error {
        SdkError::ServiceError(refused) => {
            let status = refused.raw().status().as_u16();
            let message = without_secrets(refused.err().message().unwrap_or_default());
            match refused.err().code().filter(|code| !code.is_empty()) {
                Some(code) => {
                    let kind = FaultKind::of(code, &message);
                    let kind = if kind == FaultKind::Unexpected && status >= 500 {
                        FaultKind::Unavailable
                    } else {
                        kind
                    };
                    (kind, code.to_owned(), message)
                }
                None if (200..300).contains(&status) => not_understood(refused.raw(), &chain(refused.err())),
                None => without_code(status, refused.raw()),
            }
        }
        SdkError::ResponseError(broken) => {
            let status = broken.raw().status().as_u16();
            if (200..300).contains(&status) {
                let message = format!("the answer could not be read to its end: {}", chain(error));
                (FaultKind::Unavailable, "BrokenAnswer".to_owned(), message)
            } else {
                without_code(status, broken.raw())
            }
        }
        SdkError::TimeoutError(_) => (FaultKind::Unavailable, "NoAnswerInTime".to_owned(), chain(error)),
        SdkError::DispatchFailure(_) => not_reached(chain(error)),
        _ => (FaultKind::Unexpected, "NotSent".to_owned(), chain(error)),
    }
}

/// The SDK tells a wrong configuration and a dead network apart in words alone.
fn not_reached(chain: String) -> (FaultKind, String, String) {
    let told = |from: &str| chain.find(from).map(|at| &chain[at..]);
    if let Some(why) = told("Invalid Configuration") {
        (FaultKind::Unexpected, "NotConfigured".to_owned(), why.to_owned())
    } else if chain.contains("failed to apply endpoint") {
        let message =
            "the endpoint's URL cannot be used: correct AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_BACKUP or the profile";
        (FaultKind::Unexpected, "NotConfigured".to_owned(), message.to_owned())
    } else {
        (FaultKind::Unavailable, "NotReached".to_owned(), chain)
    }
}

/// A success that cannot be read: a page put in by a proxy, or a server that only looks like AWS.
fn not_understood(raw: &HttpResponse, why: &str) -> (FaultKind, String, String) {
    let what = raw
        .headers()
        .get("content-type")
        .unwrap_or("an unnamed type of content");
    let message = format!("an answer with {what} that is not AWS's: {why}; is there a proxy in between?");
    (FaultKind::Unexpected, "BrokenAnswer".to_owned(), message)
}

/// When a signature does not fit, AWS sends back what it thinks should have been signed, the session token included. All
/// that a person needs stands before it.
fn without_secrets(message: &str) -> String {
    let said = message.split_once("\n\n").map_or(message, |(said, _)| said);
    let harmless = |line: &&str| !line.to_ascii_lowercase().contains("security-token:");
    said.lines().filter(harmless).collect::<Vec<_>>().join(" ")
}

/// An answer that is not AWS's own, as from a proxy or a load balancer in between.
fn without_code(status: u16, raw: &HttpResponse) -> (FaultKind, String, String) {
    let what = raw
        .headers()
        .get("content-type")
        .unwrap_or("an unnamed type of content");
    let message = format!("HTTP status {status} with {what} instead of AWS's answer; is there a proxy in between?");
    let kind = match status {
        429 => FaultKind::Throttled,
        408 | 500.. => FaultKind::Unavailable,
        403 => FaultKind::AccessDenied,
        _ => FaultKind::Unexpected,
    };
    (kind, format!("HTTP {status}"), message)
}

fn judge_credentials(error: &CredentialsError) -> (FaultKind, &'static str) {
    if find::<ConnectorError>(error).is_some() {
        return (FaultKind::Unavailable, "CredentialsNotReached");
    }
    match error {
        CredentialsError::CredentialsNotLoaded(_) => (FaultKind::CredentialsAbsent, "NoCredentials"),
        CredentialsError::InvalidConfiguration(_) => (FaultKind::CredentialsAbsent, "InvalidCredentialsConfiguration"),
        CredentialsError::ProviderTimedOut(_) => (FaultKind::Unavailable, "CredentialsNotInTime"),
        _ => (FaultKind::CredentialsInvalid, "CredentialsNotObtained"),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The error and its causes on one line, each said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn what_aws_says_of_a_signature_is_told_without_the_token() {
        let message = "The request signature we calculated does not match.\n\nThe Canonical String for this request should \
                       have been\n'POST\n/\n\nx-amz-security-token:SECRET\n'";
        assert_eq!(
            without_secrets(message),
            "The request signature we calculated does not match."
        );
        assert_eq!(without_secrets("one\nX-Amz-Security-Token:SECRET\ntwo"), "one two");
        assert_eq!(
            without_secrets("The security token included in the request is expired"),
            "The security token included in the request is expired"
        );
    }
}
