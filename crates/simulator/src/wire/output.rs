//! Answers and errors in each protocol's form.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::{Refusal, Reply, time, xml};
use crate::clock::Moment;
use crate::model::{Kind, Operation, Protocol, Service};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const HTML: &str = "text/html; charset=utf-8";

/// What every answer carries.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub service: Service,
    pub request_id: &'a str,
    /// The wire's time.
    pub now: Moment,
}

/// A successful answer.
pub fn answer(envelope: Envelope<'_>, operation: &Operation, reply: Reply) -> Response<Bytes> {
    #[cfg(test)]
    hold_against_model(envelope.service, operation, &reply);
    let body = match (envelope.service.model().protocol, reply) {
        (Protocol::Query, reply) => {
            let members = match reply {
                Reply::Members(members) => members,
                Reply::Json(text) => serde_json::from_slice(&text).unwrap_or_default(),
            };
            Bytes::from(xml::answer(envelope.service, operation, &members, envelope.request_id))
        }
        (_, Reply::Json(text)) => Bytes::from(text),
        // Operations of AWS Backup that answer nothing answer with no body at all.
        (Protocol::RestJson, Reply::Members(_)) if operation.output.is_none() => Bytes::new(),
        (_, Reply::Members(Value::Null)) => Bytes::from_static(b"{}"),
        (_, Reply::Members(members)) => Bytes::from(members.to_string()),
    };
    written(envelope, StatusCode::OK, body)
}

/// In tests every answer that leaves has to be one that the service model knows.
#[cfg(test)]
fn hold_against_model(service: Service, operation: &Operation, reply: &Reply) {
    let members = match reply {
        Reply::Members(members) => members.clone(),
        Reply::Json(text) => serde_json::from_slice(text).expect("answers are JSON"),
    };
    crate::model::Model::check_output(service, operation.name, &members).expect("answers follow the service model");
}

/// An error. A modelled one has the status, and is written with the members, that the model gives it.
pub fn error(envelope: Envelope<'_>, refusal: &Refusal) -> Response<Bytes> {
    let model = envelope.service.model();
    let modelled = model.error(&refusal.code);
    let status = match modelled {
        Some((_, facts)) if refusal.status == 400 => facts.status,
        _ => refusal.status,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if model.protocol == Protocol::Query {
        let code = modelled
            .and_then(|(_, facts)| facts.code.as_deref())
            .unwrap_or(&refusal.code);
        let body = xml::error(
            envelope.service,
            code,
            refusal,
            status.is_server_error(),
            envelope.request_id,
        );
        return written(envelope, status, Bytes::from(body));
    }

    let name = modelled.map_or(refusal.code.as_str(), |(shape, _)| shape.name);
    let members: Vec<&str> = match modelled.map(|(shape, _)| &shape.kind) {
        Some(Kind::Structure(members)) => members.iter().map(|member| member.name).collect(),
        _ => Vec::new(),
    };
    let mut body = Map::new();
    if model.protocol == Protocol::Json11 {
        body.insert("__type".to_owned(), Value::from(name));
    }
    for member in &members {
        let value = match *member {
            "Code" => Value::from(name),
            "Type" if status.is_server_error() => Value::from("Server"),
            "Type" => Value::from("Client"),
            _ => Value::Null,
        };
        body.insert((*member).to_owned(), value);
    }
    let message = members
        .iter()
        .find(|member| member.eq_ignore_ascii_case("message"))
        .unwrap_or(&"message");
    body.insert((*message).to_owned(), Value::from(refusal.message.as_str()));
    body.extend(refusal.members.clone());

    let mut response = written(envelope, status, Bytes::from(Value::Object(body).to_string()));
    if let Ok(name) = HeaderValue::from_str(name) {
        response.headers_mut().insert(ERROR_TYPE, name);
    }
    response
}

fn written(envelope: Envelope<'_>, status: StatusCode, body: Bytes) -> Response<Bytes> {
    let content_type = match envelope.service.model().protocol {
        Protocol::RestJson => "application/json",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
    };
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    for (name, text) in [
        (REQUEST_ID, envelope.request_id),
        (DATE, &time::http_date(envelope.now)),
    ] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    response
}

/// What stands in the way of many a client: a proxy's own page.
pub fn proxy_page(status: u16) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let page = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{code} {reason}</title></head>\n<body>\n<h1>{reason}</h1>\n\
         <p>The proxy could not handle the request.</p>\n</body>\n</html>\n"
    );
    let length = page.len();
    let mut response = Response::new(Bytes::from(page));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

pub fn is_proxy_page(response: &Response<Bytes>) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|value| value == HTML)
}
