//! Which service a request is for.

use http::request::Parts;

use super::sigv4::Authorization;
use crate::model::{Protocol, Service};

/// The signature's scope tells. Without one the form of the request does, so that the refusal it gets is in a form its
/// client can read.
pub fn service_of(parts: &Parts, authorization: Option<&Authorization<'_>>) -> Service {
    let signed_for = authorization.and_then(|authorization| Service::from_signing_name(authorization.service));
    signed_for.unwrap_or_else(|| by_form(parts))
}

fn by_form(parts: &Parts) -> Service {
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let target = text("x-amz-target").split('.').next().unwrap_or_default();
    if !target.is_empty() {
        let named = |service: &Service| service.model().target_prefix == target;
        return Service::ALL.into_iter().find(named).unwrap_or(Service::Kms);
    }
    if text("content-type").starts_with("application/x-www-form-urlencoded") {
        let in_host = |service: &Service| {
            service.model().protocol == Protocol::Query && text("host").starts_with(service.signing_name())
        };
        return Service::ALL.into_iter().find(in_host).unwrap_or(Service::Sts);
    }
    Service::Backup
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &str)]) -> Service {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        service_of(&parts, authorization.and_then(Authorization::parse).as_ref())
    }

    #[test]
    fn the_scope_decides() {
        for service in Service::ALL {
            let name = service.signing_name();
            let header = format!("AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/{name}/aws4_request");
            assert_eq!(of(&[("authorization", &header)]), service);
        }
    }

    #[test]
    fn without_a_scope_the_form_decides() {
        assert_eq!(of(&[("x-amz-target", "TrentService.DescribeKey")]), Service::Kms);
        assert_eq!(
            of(&[("x-amz-target", "ServiceQuotasV20190624.GetServiceQuota")]),
            Service::ServiceQuotas
        );
        assert_eq!(
            of(&[
                ("content-type", "application/x-www-form-urlencoded"),
                ("host", "iam.amazonaws.com")
            ]),
            Service::Iam
        );
        assert_eq!(
            of(&[("content-type", "application/x-www-form-urlencoded")]),
            Service::Sts
        );
        assert_eq!(of(&[]), Service::Backup);
    }
}
