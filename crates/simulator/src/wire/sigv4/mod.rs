//! AWS Signature Version 4, verified for real: a client with a wrong secret, a wrong clock, a wrong Region or a token that
//! ran out sees what AWS would tell it.

mod canonical;
mod header;
mod sign;
#[cfg(test)]
mod tests;

use http::request::Parts;

use super::{Caller, Refusal, time};
use crate::clock::Moment;
use crate::identities::{Identities, Identity, KeyFault};
use crate::model::{Protocol, Service};

pub use canonical::{Signable, signature, signing_key, string_to_sign};
pub use header::Authorization;
pub use sign::sign;

/// How far a request's date may be from ours.
const SKEW_MINUTES: i64 = 15;

/// Where and when a request arrives.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub service: Service,
    pub region: &'a str,
    pub partition: &'a str,
    /// The wire's time.
    pub now: Moment,
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq)]
enum Fault {
    Missing,
    Incomplete(String),
    /// Wrong scope, or a date too far off.
    NotOurs(String),
    UnknownKey,
    Expired,
    Mismatch(String),
}

/// Who signed the request.
pub fn verify(
    arrival: Arrival<'_>,
    parts: &Parts,
    body: &[u8],
    authorization: Option<&Authorization<'_>>,
    identities: &Identities,
) -> Result<Caller, Refusal> {
    check(arrival, parts, body, authorization, identities)
        .map(|identity| identity.caller.clone())
        .map_err(|fault| refusal(arrival.service, fault))
}

fn check<'i>(
    arrival: Arrival<'_>,
    parts: &Parts,
    body: &[u8],
    authorization: Option<&Authorization<'_>>,
    identities: &'i Identities,
) -> Result<&'i Identity, Fault> {
    let authorization = authorization.ok_or(Fault::Missing)?;
    if let Some(missing) = &authorization.incomplete {
        return Err(Fault::Incomplete(missing.clone()));
    }
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let date = text("x-amz-date").ok_or_else(|| {
        Fault::Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into())
    })?;
    check_scope(arrival, authorization)?;
    check_date(arrival.now, date, authorization)?;
    if !authorization.signed_headers().any(|name| name == "host") {
        let told = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Fault::NotOurs(told.to_owned()));
    }

    let identity = identities.find(authorization.access_key).ok_or(Fault::UnknownKey)?;
    if text("x-amz-security-token") != identity.credentials.session_token.as_deref() {
        return Err(Fault::UnknownKey);
    }
    let key = identity.signing_key(authorization.scope, |secret| {
        signing_key(secret, authorization.date, authorization.region, authorization.service)
    });
    let request = Signable {
        parts,
        body,
        signed_headers: authorization.signed_headers,
    };
    let canonical = request.canonical();
    let to_sign = string_to_sign(date, authorization.scope, &canonical);
    if signature(&key, &to_sign) != authorization.signature {
        return Err(Fault::Mismatch(format!(
            "\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n\
             The String-to-Sign should have been\n'{to_sign}'\n"
        )));
    }
    identity.admit(arrival.now).map_err(|fault| match fault {
        KeyFault::Revoked => Fault::UnknownKey,
        KeyFault::Expired => Fault::Expired,
    })?;
    Ok(identity)
}

fn check_scope(arrival: Arrival<'_>, authorization: &Authorization<'_>) -> Result<(), Fault> {
    let ours = arrival.service.signing_name();
    if authorization.service != ours {
        return Err(Fault::NotOurs(format!(
            "Credential should be scoped to correct service: '{ours}'. "
        )));
    }
    // Clients that are given an endpoint sign for their own Region also where AWS would have them sign for the
    // partition's first one.
    let global = arrival.service.is_global() && authorization.region == home_region(arrival.partition);
    if authorization.region != arrival.region && !global {
        return Err(Fault::NotOurs(
            "Credential should be scoped to a valid region. ".to_owned(),
        ));
    }
    Ok(())
}

/// Where a partition keeps its global services.
fn home_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

fn check_date(now: Moment, date: &str, authorization: &Authorization<'_>) -> Result<(), Fault> {
    let signed = time::parse_basic(date).ok_or_else(|| {
        let form = "Date must be in ISO-8601 'basic format'";
        Fault::Incomplete(format!(
            "{form}. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })?;
    if !date.starts_with(authorization.date) {
        let told = format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{date}'.",
            authorization.date,
            &date[..8]
        );
        return Err(Fault::NotOurs(told));
    }
    let allowed = std::time::Duration::from_secs(SKEW_MINUTES.unsigned_abs() * 60);
    let (oldest, newest) = (now - allowed, now + allowed);
    let (now, oldest_text, newest_text) = (time::basic(now), time::basic(oldest), time::basic(newest));
    if signed < oldest {
        let told = format!("Signature expired: {date} is now earlier than {oldest_text} ({now} - {SKEW_MINUTES} min.)");
        return Err(Fault::NotOurs(told));
    }
    if signed > newest {
        let told = format!(
            "Signature not yet current: {date} is still later than {newest_text} ({now} + {SKEW_MINUTES} min.)"
        );
        return Err(Fault::NotOurs(told));
    }
    Ok(())
}

/// The fault in the words and with the status of the service's protocol.
fn refusal(service: Service, fault: Fault) -> Refusal {
    let protocol = service.model().protocol;
    let (in_json, in_query, message) = match fault {
        Fault::Missing if protocol == Protocol::Query => (
            "",
            "MissingAuthenticationToken",
            "Request is missing Authentication Token".to_owned(),
        ),
        Fault::Missing => (
            "MissingAuthenticationTokenException",
            "",
            "Missing Authentication Token".to_owned(),
        ),
        Fault::Incomplete(detail) => ("IncompleteSignatureException", "IncompleteSignature", detail),
        Fault::NotOurs(detail) => ("InvalidSignatureException", "SignatureDoesNotMatch", detail),
        Fault::UnknownKey => (
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "The security token included in the request is invalid.".to_owned(),
        ),
        Fault::Expired => (
            "ExpiredTokenException",
            "ExpiredToken",
            "The security token included in the request is expired".to_owned(),
        ),
        Fault::Mismatch(detail) => (
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details."
                .to_owned()
                + &detail,
        ),
    };
    match protocol {
        Protocol::RestJson => Refusal::with_status(403, in_json, message),
        Protocol::Json11 => Refusal::with_status(400, in_json, message),
        Protocol::Query => Refusal::with_status(403, in_query, message),
    }
}
