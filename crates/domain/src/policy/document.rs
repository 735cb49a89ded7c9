//! A policy as it is written: what may stand alone or in a list, in one shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::condition::{Condition, Operator};
use super::principal::Principals;

/// A policy of a resource, read from its JSON. An element that AWS's grammar does not have makes it unreadable: what it
/// means is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) statements: Vec<Statement>,
    /// Only the newer language has `${…}`.
    variables: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    pub(super) actions: Words,
    pub(super) resources: Words,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Nothing is said, as about the resource in a role's trust.
    Everything,
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Policy {
    pub(super) const fn has_variables(&self) -> bool {
        self.variables
    }
}

impl Statement {
    /// For people: by its own name, else by its place.
    pub(super) fn name(&self, at: usize) -> String {
        match &self.sid {
            Some(sid) if !sid.is_empty() => format!("statement `{sid}`"),
            _ => format!("statement {}", at + 1),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenPolicy {
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMore<WrittenStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenStatement {
    sid: Option<String>,
    effect: Effect,
    principal: Option<WrittenPrincipal>,
    not_principal: Option<WrittenPrincipal>,
    action: Option<OneOrMore<String>>,
    not_action: Option<OneOrMore<String>>,
    resource: Option<OneOrMore<String>>,
    not_resource: Option<OneOrMore<String>>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMore<Scalar>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenPrincipal {
    Anybody(String),
    ByKind(BTreeMap<String, OneOrMore<String>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn all(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// Values of conditions are compared as text, however they are written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Flag(bool),
    Whole(i64),
    Real(f64),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
        }
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = WrittenPolicy::deserialize(deserializer)?;
        let statements = written.statement.all().into_iter().map(WrittenStatement::read);
        Ok(Self {
            statements: statements.collect::<Result<_, _>>().map_err(serde::de::Error::custom)?,
            variables: written.version.as_deref() == Some("2012-10-17"),
        })
    }
}

impl WrittenStatement {
    fn read(self) -> Result<Statement, &'static str> {
        let words = |these: Option<OneOrMore<String>>, but: Option<OneOrMore<String>>, what| match (these, but) {
            (None, None) => Ok(Words::Everything),
            (Some(these), None) => Ok(Words::These(these.all())),
            (None, Some(but)) => Ok(Words::AllBut(but.all())),
            (Some(_), Some(_)) => Err(what),
        };
        let principals = match (self.principal, self.not_principal) {
            (Some(these), None) => Principals::These(these.read()?),
            (None, Some(but)) => Principals::AllBut(but.read()?),
            _ => return Err("a statement of a resource's policy names whom it is about, once"),
        };
        if self.action.is_none() && self.not_action.is_none() {
            return Err("a statement names its actions");
        }
        let mut conditions = Vec::new();
        for (operator, keys) in self.condition {
            for (key, values) in keys {
                conditions.push(Condition {
                    operator: Operator::named(&operator),
                    key: key.to_ascii_lowercase(),
                    values: values.all().into_iter().map(Scalar::text).collect(),
                });
            }
        }
        Ok(Statement {
            sid: self.sid,
            effect: self.effect,
            principals,
            actions: words(self.action, self.not_action, "a statement names its actions once")?,
            resources: words(self.resource, self.not_resource, "a statement names its resources once")?,
            conditions,
        })
    }
}

impl WrittenPrincipal {
    fn read(self) -> Result<Vec<super::principal::Named>, &'static str> {
        use super::principal::Named;
        match self {
            Self::Anybody(star) if star == "*" => Ok(vec![Named::Anybody]),
            Self::Anybody(_) => Err("a principal that stands alone is `*`"),
            Self::ByKind(kinds) => Ok(kinds
                .into_iter()
                .flat_map(|(kind, names)| names.all().into_iter().map(move |name| Named::of_kind(&kind, name)))
                .collect()),
        }
    }
}
