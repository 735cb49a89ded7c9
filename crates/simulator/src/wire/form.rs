//! Input of the query protocol: `Tags.member.2.Key=…` flattened into a form.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::refusals::Problem;
use super::{Refusal, check};
use crate::model::{Kind, Operation, Service, ShapeId};

pub(super) fn input(
    service: Service,
    operation: &Operation,
    form: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Result<Map<String, Value>, Refusal> {
    let mut reader = Reader {
        service,
        form,
        used: BTreeSet::from(["Action", "Version"]),
    };
    let read = operation
        .input
        .map(|shape| reader.read(shape, ""))
        .transpose()?
        .flatten();
    let unknown = form.iter().filter(|(key, _)| !reader.used.contains(key.as_str()));
    problems.extend(unknown.map(|(key, _)| Problem::unknown(key)));
    Ok(match read {
        Some(Value::Object(input)) => input,
        _ => Map::new(),
    })
}

struct Reader<'a> {
    service: Service,
    form: &'a [(String, String)],
    used: BTreeSet<&'a str>,
}

impl<'a> Reader<'a> {
    /// The value below `prefix`, if the form says anything about it.
    fn read(&mut self, id: ShapeId, prefix: &str) -> Result<Option<Value>, Refusal> {
        let model = self.service.model();
        match &model.shape(id).kind {
            Kind::Structure(members) => {
                if !prefix.is_empty() && !self.mentions(prefix) {
                    return Ok(None);
                }
                let mut object = Map::new();
                for member in members {
                    if let Some(value) = self.read(member.shape, &join(prefix, member.wire_name))? {
                        object.insert(member.name.to_owned(), value);
                    }
                }
                Ok(Some(Value::Object(object)))
            }
            Kind::List(item) => {
                let mut items = Vec::new();
                for index in self.indices(&join(prefix, "member")) {
                    items.extend(self.read(*item, &format!("{prefix}.member.{index}"))?);
                }
                // `Names=` is how clients write an empty list.
                let empty = self.take(prefix).is_some();
                Ok((empty || !items.is_empty()).then_some(Value::Array(items)))
            }
            Kind::Map(_, item) => {
                let mut entries = Map::new();
                for index in self.indices(&join(prefix, "entry")) {
                    let entry = format!("{prefix}.entry.{index}");
                    let key = self.take(&join(&entry, "key")).unwrap_or_default().to_owned();
                    if let Some(value) = self.read(*item, &join(&entry, "value"))? {
                        entries.insert(key, value);
                    }
                }
                Ok((!entries.is_empty()).then_some(Value::Object(entries)))
            }
            _ => match self.take(prefix) {
                Some(text) => check::from_text(self.service, id, text, prefix).map(Some),
                None => Ok(None),
            },
        }
    }

    fn take(&mut self, key: &str) -> Option<&'a str> {
        let (key, value) = self.form.iter().find(|(name, _)| name == key)?;
        self.used.insert(key);
        Some(value)
    }

    fn mentions(&self, prefix: &str) -> bool {
        self.form
            .iter()
            .any(|(key, _)| key.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The numbers that follow `prefix.` in the form, in order; clients may leave gaps.
    fn indices(&self, prefix: &str) -> BTreeSet<u32> {
        let after = |key: &'a str| {
            key.strip_prefix(prefix)?
                .strip_prefix('.')?
                .split('.')
                .next()?
                .parse()
                .ok()
        };
        self.form
            .iter()
            .filter_map(|(key, _)| after(key))
            .filter(|index| *index > 0)
            .collect()
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}
