//! Whether two statements say the same, however they are written.

use serde_json::{Map, Value};

/// AWS gives back an account that was named by its number as the ARN of its root, and a list of one as that one. Names of
/// statements say nothing.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    plain(one) == plain(other)
}

fn plain(statement: &Value) -> Value {
    let Some(members) = statement.as_object() else {
        return statement.clone();
    };
    let members = members.iter().filter(|(name, _)| *name != "Sid");
    let members = members.map(|(name, value)| {
        let value = match name.as_str() {
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => by_name(value, |keys| by_name(keys, |values| set(values, condition_value))),
            _ => set(value, Clone::clone),
        };
        (name.clone(), value)
    });
    Value::Object(members.collect())
}

fn principal(value: &Value) -> Value {
    if value == "*" {
        return serde_json::json!({ "AWS": ["*"] });
    }
    by_name(value, |names| set(names, account))
}

fn account(name: &Value) -> Value {
    let root = name.as_str().and_then(|name| {
        let arn = crate::arn::Arn::parse(name)?;
        (arn.service == "iam" && arn.resource == "root").then_some(arn.account)
    });
    root.map_or_else(|| name.clone(), Value::from)
}

/// Values of conditions are compared as text.
fn condition_value(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        value => value.clone(),
    }
}

fn by_name(value: &Value, each: impl Fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), each(value)))
                .collect::<Map<_, _>>(),
        ),
        value => value.clone(),
    }
}

/// One text or a list of them, in order and once each.
fn set(value: &Value, each: impl Fn(&Value) -> Value) -> Value {
    let mut all: Vec<Value> = match value {
        Value::Array(all) => all.iter().map(each).collect(),
        one => vec![each(one)],
    };
    all.sort_by_key(Value::to_string);
    all.dedup();
    Value::Array(all)
}
