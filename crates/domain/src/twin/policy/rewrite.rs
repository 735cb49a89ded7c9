//! A statement of the source's policy in the words of the destination. The own account gets its other number; who is admitted is
//! never more than the same people over there.

use serde_json::{Map, Value};

use super::Pair;
use crate::arn::Arn;

pub(super) enum Rewritten {
    Carried { statement: Value, changes: Vec<String> },
    LeftOut { why: String },
}

pub(super) struct Rewriting<'a> {
    pair: &'a Pair<'a>,
    own: String,
    other: String,
}

impl<'a> Rewriting<'a> {
    pub(super) fn of(pair: &'a Pair<'a>) -> Self {
        Self {
            pair,
            own: pair.route.source().to_string(),
            other: pair.route.destination().to_string(),
        }
    }

    pub(super) fn rewrite(&self, statement: &Value) -> Rewritten {
        let Some(members) = statement.as_object() else {
            return left_out("it is not understood");
        };
        let allows = members.get("Effect").is_some_and(|effect| effect == "Allow");
        if allows && members.contains_key("NotPrincipal") {
            return left_out(
                "it admits everybody but those whom it names; in another account these would be other people",
            );
        }
        if members
            .get("Principal")
            .is_some_and(|principal| self.is_only_about_the_twins_account(principal))
        {
            return left_out("it is only about the destination account, which over there is the vault's own");
        }
        let mut changes = Vec::new();
        let mut rewritten = Map::new();
        for (name, value) in members {
            let value = match name.as_str() {
                "Principal" | "NotPrincipal" => {
                    let living = without_the_dead(value, &mut changes);
                    if names_nobody(&living) {
                        return left_out("those whom it names do not exist any more");
                    }
                    self.renamed(&living, name, &mut changes)
                }
                "Resource" | "NotResource" => self.renamed(value, name, &mut changes),
                "Condition" => {
                    let conditions = self.conditions(value, &mut changes);
                    if allows && excepts_the_own_account(value, &conditions) {
                        return left_out(
                            "it admits all but its own account; over there that would be the source and all others",
                        );
                    }
                    conditions
                }
                _ => value.clone(),
            };
            rewritten.insert(name.clone(), value);
        }
        changes.dedup();
        Rewritten::Carried {
            statement: Value::Object(rewritten),
            changes,
        }
    }

    fn conditions(&self, value: &Value, changes: &mut Vec<String>) -> Value {
        let Some(operators) = value.as_object() else {
            return value.clone();
        };
        let operators = operators.iter().map(|(operator, keys)| {
            let keys = keys.as_object().map(|keys| {
                let keys = keys
                    .iter()
                    .map(|(key, values)| (key.clone(), self.renamed(values, key, changes)));
                Value::Object(keys.collect())
            });
            (operator.clone(), keys.unwrap_or_default())
        });
        Value::Object(operators.collect())
    }

    /// Every text below, renamed.
    fn renamed(&self, value: &Value, place: &str, changes: &mut Vec<String>) -> Value {
        match value {
            Value::Array(all) => {
                let mut renamed: Vec<Value> = Vec::new();
                for one in all {
                    let one = self.renamed(one, place, changes);
                    // Two accounts of a list may have become one.
                    if !renamed.contains(&one) {
                        renamed.push(one);
                    }
                }
                Value::Array(renamed)
            }
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), self.renamed(value, place, changes)))
                    .collect(),
            ),
            Value::String(_) | Value::Number(_) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match self.rename(&text) {
                    Some(other) => {
                        let has_to_exist = Arn::parse(&other).filter(|arn| {
                            arn.service == "iam" && arn.resource != "root" && place.ends_with("Principal")
                        });
                        let note = has_to_exist.map_or("", |_| ", which has to exist there");
                        changes.push(format!(
                            "`{text}` in {place} becomes `{other}`{note}: the vault's own account is another one"
                        ));
                        Value::String(other)
                    }
                    None => value.clone(),
                }
            }
            _ => value.clone(),
        }
    }

    /// None: nothing in it is the source's own.
    fn rename(&self, text: &str) -> Option<String> {
        let mut renamed = replaced(text, &self.own, &self.other)?;
        let own_vault = format!("backup-vault:{}", self.pair.source);
        if let Some(arn) = Arn::parse(&renamed).filter(|arn| arn.service == "backup" && arn.resource == own_vault) {
            let resource = format!("backup-vault:{}", self.pair.target);
            renamed = Arn {
                resource: &resource,
                ..arn
            }
            .to_string();
        }
        Some(renamed)
    }

    fn is_only_about_the_twins_account(&self, principal: &Value) -> bool {
        let Some(kinds) = principal.as_object() else {
            return false;
        };
        let other = |name: &str| name == self.other || Arn::parse(name).is_some_and(|arn| arn.account == self.other);
        let mut names = kinds
            .iter()
            .flat_map(|(kind, names)| texts(names).map(move |name| (kind, name)));
        names.all(|(kind, name)| kind == "AWS" && other(name))
    }
}

fn left_out(why: &str) -> Rewritten {
    Rewritten::LeftOut { why: why.to_owned() }
}

/// The number where it stands by itself: longer words that hold its digits mean something else.
fn replaced(text: &str, own: &str, other: &str) -> Option<String> {
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(own) {
        let (before, after) = (&rest[..at], &rest[at + own.len()..]);
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let stands_alone = !joined(before.chars().next_back().or_else(|| renamed.chars().next_back()))
            && !joined(after.chars().next());
        renamed.push_str(before);
        renamed.push_str(if stands_alone { other } else { own });
        found |= stands_alone;
        rest = after;
    }
    renamed.push_str(rest);
    found.then_some(renamed)
}

/// AWS puts an id in the place of a principal that was deleted, and takes no such id back.
fn without_the_dead(principal: &Value, changes: &mut Vec<String>) -> Value {
    let Some(kinds) = principal.as_object() else {
        return principal.clone();
    };
    let kinds = kinds.iter().map(|(kind, names)| {
        let (dead, living): (Vec<&str>, Vec<&str>) = texts(names).partition(|name| is_id(name));
        changes.extend(
            dead.iter()
                .map(|id| format!("`{id}` is left out: it names somebody who was deleted")),
        );
        let names = if dead.is_empty() { names.clone() } else { living.into() };
        (kind.clone(), names)
    });
    Value::Object(kinds.collect())
}

fn is_id(name: &str) -> bool {
    let id = name.starts_with("AROA") || name.starts_with("AIDA");
    id && name.len() >= 16 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn names_nobody(principal: &Value) -> bool {
    principal
        .as_object()
        .is_some_and(|kinds| kinds.values().all(|names| texts(names).next().is_none()))
}

/// Whether one of the conditions that except somebody changed its words.
fn excepts_the_own_account(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return false;
    };
    before
        .iter()
        .any(|(operator, keys)| operator.contains("Not") && after.get(operator) != Some(keys))
}

/// One text or a list of them.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().into_iter().flatten();
    value.as_str().into_iter().chain(several.filter_map(Value::as_str))
}
