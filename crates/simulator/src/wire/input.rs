//! From a request to an operation and its input, by the rules of each protocol.

use http::request::Parts;
use serde_json::{Map, Value};

use super::refusals::{self, Problem};
use super::{Params, Refusal, check, form, percent};
use crate::model::{Kind, Location, Operation, Protocol, Segment, Service, ShapeId};

/// Which operation a request is for, with what was learned on the way there.
#[derive(Debug)]
pub struct Route {
    pub service: Service,
    pub operation: &'static Operation,
    /// REST: values of the path's labels.
    labels: Vec<(&'static str, String)>,
    /// Query: the form, or the query string, that named the action.
    form: Vec<(String, String)>,
}

impl Route {
    pub fn find(service: Service, parts: &Parts, body: &[u8]) -> Result<Self, Refusal> {
        match service.model().protocol {
            Protocol::RestJson => by_path(service, parts),
            Protocol::Json11 => by_target(service, parts),
            Protocol::Query => by_action(service, parts, body),
        }
    }

    /// The input, typed and checked against the model.
    pub fn params(self, parts: &Parts, body: &[u8]) -> Result<Params, Refusal> {
        let mut problems = Vec::new();
        let input = match self.service.model().protocol {
            Protocol::RestJson => self.rest_input(parts, body, &mut problems)?,
            Protocol::Json11 => json_body(self.service, self.operation.input, body, &mut problems)?,
            Protocol::Query => form::input(self.service, self.operation, &self.form, &mut problems)?,
        };
        check::checked(self.service, self.operation, input, problems)
    }

    fn rest_input(
        &self,
        parts: &Parts,
        body: &[u8],
        problems: &mut Vec<Problem>,
    ) -> Result<Map<String, Value>, Refusal> {
        let service = self.service;
        let members = self
            .operation
            .input
            .map_or(&[][..], |shape| service.model().members(shape));
        let mut input = json_body(service, self.operation.input, body, problems)?;
        for member in members.iter().filter(|member| member.location != Location::Body) {
            if input.remove(member.name).is_some() {
                problems.push(Problem::unknown(member.name));
            }
        }
        for (label, text) in &self.labels {
            if let Some(member) = members
                .iter()
                .find(|m| m.location == Location::Path && m.wire_name == *label)
            {
                input.insert(
                    member.name.to_owned(),
                    check::from_text(service, member.shape, text, label)?,
                );
            }
        }
        for (name, text) in percent::decode_pairs(parts.uri.query().unwrap_or_default()) {
            let found = members
                .iter()
                .find(|m| m.location == Location::QueryString && m.wire_name == name);
            let Some(member) = found else {
                problems.push(Problem::unknown(&name));
                continue;
            };
            if let Kind::List(item) = service.model().shape(member.shape).kind {
                let value = check::from_text(service, item, &text, &name)?;
                let list = input.entry(member.name).or_insert_with(|| Value::Array(Vec::new()));
                if let Some(list) = list.as_array_mut() {
                    list.push(value);
                }
            } else {
                input.insert(
                    member.name.to_owned(),
                    check::from_text(service, member.shape, &text, &name)?,
                );
            }
        }
        Ok(input)
    }
}

fn by_path(service: Service, parts: &Parts) -> Result<Route, Refusal> {
    let path = parts.uri.path().trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    let given: Vec<&str> = path.split('/').collect();
    let found = service.model().operations().iter().find_map(|operation| {
        let labels = (operation.method == parts.method.as_str()).then(|| match_path(&operation.path, &given))??;
        Some(Route {
            service,
            operation,
            labels,
            form: Vec::new(),
        })
    });
    found.ok_or_else(|| {
        let detail = format!(
            "{} {} is no operation that is answered here",
            parts.method,
            parts.uri.path()
        );
        refusals::unknown_operation(service, &detail)
    })
}

fn match_path(template: &[Segment], given: &[&str]) -> Option<Vec<(&'static str, String)>> {
    if template.len() != given.len() {
        return None;
    }
    let mut labels = Vec::new();
    for (segment, part) in template.iter().zip(given) {
        match segment {
            Segment::Literal(literal) if literal == part => {}
            Segment::Label(name) if !part.is_empty() => {
                labels.push((
                    *name,
                    String::from_utf8_lossy(&percent::decode(part, false)).into_owned(),
                ));
            }
            Segment::Literal(_) | Segment::Label(_) => return None,
        }
    }
    Some(labels)
}

fn by_target(service: Service, parts: &Parts) -> Result<Route, Refusal> {
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let named = target
        .split_once('.')
        .filter(|(prefix, _)| *prefix == service.model().target_prefix);
    match named.and_then(|(_, name)| service.model().operation(name)) {
        Some(operation) => Ok(Route {
            service,
            operation,
            labels: Vec::new(),
            form: Vec::new(),
        }),
        None => Err(refusals::unknown_operation(
            service,
            &format!("'{target}' is no operation that is answered here"),
        )),
    }
}

fn by_action(service: Service, parts: &Parts, body: &[u8]) -> Result<Route, Refusal> {
    let mut form = percent::decode_pairs(parts.uri.query().unwrap_or_default());
    form.extend(percent::decode_pairs(&String::from_utf8_lossy(body)));
    let value = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let (action, version) = (value("Action"), value("Version"));
    if action.is_empty() {
        return Err(Refusal::new(
            "MissingAction",
            "The request is missing an action or a required parameter",
        ));
    }
    let model = service.model();
    let Some(operation) = model.operation(action).filter(|_| version == model.version) else {
        let detail = format!("Could not find operation {action} for version {version}");
        return Err(refusals::unknown_operation(service, &detail));
    };
    Ok(Route {
        service,
        operation,
        labels: Vec::new(),
        form,
    })
}

fn json_body(
    service: Service,
    shape: Option<ShapeId>,
    body: &[u8],
    problems: &mut Vec<Problem>,
) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|error| refusals::unreadable(service, &format!("the body is not JSON: {error}")))?;
    let Some(shape) = shape else {
        let members = parsed.as_object().into_iter().flat_map(Map::keys);
        problems.extend(members.map(|member| Problem::unknown(member)));
        return Ok(Map::new());
    };
    match check::typed(service, shape, parsed, "", problems)? {
        Value::Object(input) => Ok(input),
        _ => Err(refusals::unreadable(service, "the body is no JSON object")),
    }
}
