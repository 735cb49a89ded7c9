//! The client's side of a signature, for tests and benchmarks that have no SDK at hand.

use bytes::Bytes;
use http::{HeaderValue, Request};

use super::canonical::{Signable, signature, signing_key, string_to_sign};
use crate::clock::Moment;
use crate::identities::Credentials;
use crate::model::Service;
use crate::wire::time;

/// The request with a date, the session token and the signature over all of its headers. It needs a `host` header first.
pub fn sign(
    request: Request<Bytes>,
    credentials: &Credentials,
    service: Service,
    region: &str,
    at: Moment,
) -> Request<Bytes> {
    let (mut parts, body) = request.into_parts();
    let date = time::basic(at);
    let put = |headers: &mut http::HeaderMap, name: &'static str, text: &str| {
        headers.insert(
            name,
            HeaderValue::from_str(text).expect("dates, tokens and signatures are ASCII"),
        );
    };
    put(&mut parts.headers, "x-amz-date", &date);
    if let Some(token) = &credentials.session_token {
        put(&mut parts.headers, "x-amz-security-token", token);
    }
    let mut names: Vec<&str> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let signed_headers = names.join(";");
    let name = service.signing_name();
    let day = &date[..8];
    let scope = format!("{day}/{region}/{name}/aws4_request");
    let canonical = Signable {
        parts: &parts,
        body: &body,
        signed_headers: &signed_headers,
    }
    .canonical();
    let key = signing_key(&credentials.secret_access_key, day, region, name);
    let signature = signature(&key, &string_to_sign(&date, &scope, &canonical));
    let access_key = &credentials.access_key_id;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    put(&mut parts.headers, "authorization", &authorization);
    Request::from_parts(parts, body)
}
