//! Holds input against the service model: types first, then everything the model constrains.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::refusals::{self, Problem};
use super::{Params, Refusal};
use crate::model::{Kind, Operation, Service, ServiceModel, ShapeId};

/// The input, if the model has nothing against it. Values arrive with the model's types (see [`typed`]).
pub(super) fn checked(
    service: Service,
    operation: &Operation,
    input: Map<String, Value>,
    mut problems: Vec<Problem>,
) -> Result<Params, Refusal> {
    let model = service.model();
    let input = Value::Object(input);
    if let Some(shape) = operation.input {
        let mut checker = Checker {
            model,
            operation,
            problems: &mut problems,
        };
        checker.check(shape, &input, &mut String::new());
    }
    let Value::Object(input) = input else {
        return Ok(Params::default());
    };
    if problems.is_empty() {
        Ok(Params(input))
    } else {
        Err(refusals::invalid(service, &problems))
    }
}

struct Checker<'a> {
    model: &'static ServiceModel,
    operation: &'a Operation,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    /// `at` is the path of `value` and is left as it was found.
    fn check(&mut self, id: ShapeId, value: &Value, at: &mut String) {
        let length = at.len();
        match (&self.model.shape(id).kind, value) {
            (Kind::Structure(members), Value::Object(object)) => {
                for member in members {
                    push_member(at, member.name);
                    match object.get(member.name) {
                        None if member.required => self.problems.push(Problem::missing(at)),
                        None => {}
                        Some(inner) => self.check(member.shape, inner, at),
                    }
                    at.truncate(length);
                }
            }
            (Kind::List(item), Value::Array(items)) => {
                self.check_size(id, items.len(), value, at);
                for (index, inner) in items.iter().enumerate() {
                    let _ = write!(at, ".{}.member", index + 1);
                    self.check(*item, inner, at);
                    at.truncate(length);
                }
            }
            (Kind::Map(key, item), Value::Object(entries)) => {
                self.check_size(id, entries.len(), value, at);
                for (name, inner) in entries {
                    self.check(*key, &Value::from(name.as_str()), at);
                    let _ = write!(at, ".{name}.member");
                    self.check(*item, inner, at);
                    at.truncate(length);
                }
            }
            (Kind::String, Value::String(text)) => self.check_text(id, text, value, at),
            (Kind::Integer | Kind::Double, Value::Number(number)) => {
                let shape = self.model.shape(id);
                let number = number.as_f64().unwrap_or_default();
                if let Some(min) = shape.min.filter(|min| number < *min) {
                    self.refuse(at, value, &format!("have value greater than or equal to {min}"));
                }
                if let Some(max) = shape.max.filter(|max| number > *max) {
                    self.refuse(at, value, &format!("have value less than or equal to {max}"));
                }
            }
            _ => {}
        }
    }

    fn check_text(&mut self, id: ShapeId, text: &str, value: &Value, at: &str) {
        let shape = self.model.shape(id);
        if !shape.values.is_empty() && !shape.values.contains(&text) {
            let set = shape.values.join(", ");
            self.refuse(at, value, &format!("satisfy enum value set: [{set}]"));
        }
        self.check_size(id, text.chars().count(), value, at);
        if let Some(pattern) = &shape.pattern
            && self.pattern_binds(shape.name, text)
            && !pattern.matches(text)
        {
            self.refuse(
                at,
                value,
                &format!("satisfy regular expression pattern: {}", pattern.as_str()),
            );
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are bounded by the size of a request")]
    fn check_size(&mut self, id: ShapeId, size: usize, value: &Value, at: &str) {
        let shape = self.model.shape(id);
        if let Some(min) = shape.min.filter(|min| (size as f64) < *min) {
            self.refuse(at, value, &format!("have length greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| size as f64 > *max) {
            self.refuse(at, value, &format!("have length less than or equal to {max}"));
        }
    }

    /// AWS Backup lists vaults and resource types that break its own patterns: the vault of EFS's automatic backups has
    /// slashes in its name, `Storage Gateway` a space. So it holds a vault's name to the pattern only when one is made.
    fn pattern_binds(&self, shape: &str, text: &str) -> bool {
        match shape {
            "BackupVaultName" => self.operation.name == "CreateBackupVault",
            "ResourceType" => false,
            // All accounts of the organization.
            "AccountId" => self.operation.name != "ListCopyJobs" || text != "*",
            _ => true,
        }
    }

    fn refuse(&mut self, at: &str, value: &Value, constraint: &str) {
        self.problems.push(Problem::constraint(at, value, constraint));
    }
}

/// `lifecycle.deleteAfterDays`: AWS's messages write members with a small first letter.
fn push_member(at: &mut String, name: &str) {
    if !at.is_empty() {
        at.push('.');
    }
    let mut letters = name.chars();
    at.extend(letters.next().map(|first| first.to_ascii_lowercase()));
    at.push_str(letters.as_str());
}

/// A JSON value as the model types it: members under their names, nulls left out, unknown members noted.
pub(super) fn typed(
    service: Service,
    id: ShapeId,
    value: Value,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Result<Value, Refusal> {
    let model = service.model();
    let wrong = |found: &Value, expected: &str| Err(refusals::unreadable(service, &mismatch(found, expected, at)));
    match (&model.shape(id).kind, value) {
        (Kind::Structure(members), Value::Object(object)) => {
            let mut known = Map::new();
            for (name, inner) in object.into_iter().filter(|(_, inner)| !inner.is_null()) {
                let mut path = at.to_owned();
                push_member(&mut path, &name);
                match members.iter().find(|member| member.wire_name == name) {
                    Some(member) => {
                        let inner = typed(service, member.shape, inner, &path, problems)?;
                        known.insert(member.name.to_owned(), inner);
                    }
                    None => problems.push(Problem::unknown(&path)),
                }
            }
            Ok(Value::Object(known))
        }
        (Kind::List(item), Value::Array(items)) => {
            let item_at = format!("{at}.member");
            let items: Result<Vec<Value>, Refusal> = items
                .into_iter()
                .map(|inner| typed(service, *item, inner, &item_at, problems))
                .collect();
            items.map(Value::Array)
        }
        (Kind::Map(_, item), Value::Object(entries)) => {
            let mut kept = Map::new();
            for (key, inner) in entries.into_iter().filter(|(_, inner)| !inner.is_null()) {
                let inner = typed(service, *item, inner, &format!("{at}.{key}"), problems)?;
                kept.insert(key, inner);
            }
            Ok(Value::Object(kept))
        }
        (Kind::String | Kind::Blob, value @ Value::String(_))
        | (Kind::Boolean, value @ Value::Bool(_))
        | (Kind::Double | Kind::Timestamp, value @ Value::Number(_)) => Ok(value),
        (Kind::Integer, value) if value.as_i64().is_some() => Ok(value),
        (Kind::Structure(_), other) => wrong(&other, "a structure"),
        (Kind::List(_), other) => wrong(&other, "a list"),
        (Kind::Map(..), other) => wrong(&other, "a map"),
        (Kind::String | Kind::Blob, other) => wrong(&other, "a String"),
        (Kind::Boolean, other) => wrong(&other, "a Boolean"),
        (Kind::Integer, other) => wrong(&other, "an Integer"),
        (Kind::Double | Kind::Timestamp, other) => wrong(&other, "a number"),
    }
}

fn mismatch(found: &Value, expected: &str, at: &str) -> String {
    let kind = match found {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    if at.is_empty() {
        format!("{kind} can not be read as {expected}")
    } else {
        format!("{kind} at '{at}' can not be converted to {expected}")
    }
}

/// A value that arrived as text, in a path, a query or a form.
pub(super) fn from_text(service: Service, id: ShapeId, text: &str, at: &str) -> Result<Value, Refusal> {
    let read = match service.model().shape(id).kind {
        Kind::String | Kind::Blob => Some(Value::from(text)),
        Kind::Integer => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::from),
        Kind::Boolean => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Timestamp => super::time::parse_seconds(text).map(Value::from),
        Kind::Structure(_) | Kind::List(_) | Kind::Map(..) => None,
    };
    read.ok_or_else(|| refusals::unreadable(service, &format!("'{text}' at '{at}' cannot be converted to its type")))
}
