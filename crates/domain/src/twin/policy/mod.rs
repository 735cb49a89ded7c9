//! The access policy of a twin: what the destination has stays, what the source has comes along as far as it makes sense in the
//! other account, and copies from the source are admitted.

mod rewrite;
mod same;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::policy::{Answer, Asker, Denial, Fact, Facts, Policy, Question};
use crate::route::Route;
use crate::vault::VaultName;
use rewrite::{Rewriting, Rewritten};
use same::same;

const COPY_INTO: &str = "backup:CopyIntoBackupVault";
const NEWEST: &str = "2012-10-17";

/// A vault, its twin, and who is going to copy.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    pub route: &'a Route,
    pub source: &'a VaultName,
    pub target: &'a VaultName,
    pub copy_role_arn: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTwin {
    /// What is to be put. None: what is there is right, or must not be touched.
    pub document: Option<Value>,
    pub statements: Vec<StatementTold>,
}

/// A statement and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTold {
    /// As its policy calls it, or by its place there.
    pub name: String,
    pub fate: Fate,
    /// What was changed, or why it is not carried.
    pub why: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Carried,
    There,
    Differs,
    LeftOut,
}

/// The statement that lets the source account copy in, as narrow as AWS takes it.
pub fn admission(route: &Route) -> Value {
    let account = route.source();
    json!({
        "Sid": format!("AllowCopiesFrom{account}"),
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:{}:iam::{account}:root", route.partition()) },
        "Action": COPY_INTO,
        "Resource": "*",
    })
}

/// Both policies as their JSON texts; None where a vault has none.
pub fn policy_twin(pair: &Pair<'_>, source: Option<&str>, destination: Option<&str>) -> PolicyTwin {
    let mut told = Vec::new();
    let Some(mut twin) = Document::read(destination) else {
        let by_hand = format!(
            "the destination's policy is not understood, so it is not touched; add by hand: {}",
            admission(pair.route)
        );
        told.push(StatementTold::new("the whole policy", Fate::Differs, vec![by_hand]));
        return PolicyTwin {
            document: None,
            statements: told,
        };
    };
    let there_before = twin.statements.len();
    match Document::read(source) {
        Some(original) => carry(pair, &original, destination.is_some(), &mut twin, &mut told),
        None => told.push(StatementTold::new(
            "the whole policy",
            Fate::LeftOut,
            vec!["the source's policy is not understood".to_owned()],
        )),
    }
    admit(pair, &mut twin, &mut told);
    PolicyTwin {
        document: (twin.statements.len() > there_before).then(|| twin.written()),
        statements: told,
    }
}

fn carry(pair: &Pair<'_>, original: &Document, has_policy: bool, twin: &mut Document, told: &mut Vec<StatementTold>) {
    if !has_policy && let Some(version) = &original.version {
        twin.version = Some(version.clone());
    }
    let rewriting = Rewriting::of(pair);
    for (place, statement) in original.statements.iter().enumerate() {
        let name = name(statement, place);
        let (carried, mut why) = match rewriting.rewrite(statement) {
            Rewritten::Carried { statement, changes } => (statement, changes),
            Rewritten::LeftOut { why } => {
                told.push(StatementTold::new(name, Fate::LeftOut, vec![why]));
                continue;
            }
        };
        if twin.has(&carried) {
            told.push(StatementTold::new(name, Fate::There, why));
        } else if let Some(reason) = forbids_copies(pair, &carried, original.version.as_deref(), &mut why) {
            told.push(StatementTold::new(name, Fate::LeftOut, vec![reason]));
        } else if original.version != twin.version && carried.to_string().contains("${") {
            let reason = "it has variables, and the destination's policy is of another version of the language";
            told.push(StatementTold::new(name, Fate::LeftOut, vec![reason.to_owned()]));
        } else if twin.has_sid(&carried) {
            let reason = "the destination has another statement under this name, which is kept; compare them";
            told.push(StatementTold::new(name, Fate::Differs, vec![reason.to_owned()]));
        } else {
            twin.statements.push(carried);
            told.push(StatementTold::new(name, Fate::Carried, why));
        }
    }
}

/// A rule that kept strangers from copying into the source would keep the source from copying into its twin.
fn forbids_copies(pair: &Pair<'_>, statement: &Value, version: Option<&str>, why: &mut Vec<String>) -> Option<String> {
    if statement["Effect"] != "Deny" {
        return None;
    }
    let alone = Document {
        version: version.map(str::to_owned),
        id: None,
        // Only what is allowed besides can be told from what is merely not allowed.
        statements: vec![admission(pair.route), statement.clone()],
    };
    match alone.admits(pair) {
        Some(Answer::Denied(_)) => Some(format!(
            "over there it would forbid the copies from account {}",
            pair.route.source()
        )),
        Some(Answer::Unknown(doubt)) => {
            why.push(format!("it may forbid the copies: {doubt}"));
            None
        }
        _ => None,
    }
}

fn admit(pair: &Pair<'_>, twin: &mut Document, told: &mut Vec<StatementTold>) {
    let account = pair.route.source();
    let allowing = Document {
        statements: twin
            .statements
            .iter()
            .filter(|it| it["Effect"] == "Allow")
            .cloned()
            .collect(),
        ..twin.clone()
    };
    let mut wanted = admission(pair.route);
    if allowing.admits(pair) == Some(Answer::Allowed) {
        let why = format!("its statements admit copies from account {account}");
        told.push(StatementTold::new(sid(&wanted), Fate::There, vec![why]));
    } else {
        let narrow = sid(&wanted).to_owned();
        let mut number = 2;
        while twin.has_sid(&wanted) {
            wanted["Sid"] = Value::from(format!("{narrow}{number}"));
            number += 1;
        }
        let why = format!("copies from account {account} are admitted, and nothing else");
        told.push(StatementTold::new(sid(&wanted), Fate::Carried, vec![why]));
        twin.statements.push(wanted);
    }
    match twin.admits(pair) {
        Some(Answer::Denied(Denial::Explicit { statement })) => {
            let why = format!("it forbids the copies from account {account}; change it, nothing here takes it away");
            told.push(StatementTold::new(statement, Fate::Differs, vec![why]));
        }
        Some(Answer::Unknown(doubt)) => {
            let why = format!("whether they forbid the copies cannot be told: {doubt}");
            told.push(StatementTold::new("denying statements", Fate::There, vec![why]));
        }
        _ => {}
    }
}

/// A policy as it is written, its statements in a list.
#[derive(Clone, Debug)]
struct Document {
    version: Option<String>,
    id: Option<Value>,
    statements: Vec<Value>,
}

impl Document {
    /// None for what the grammar of policies does not have. No policy at all is an empty one.
    fn read(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else {
            return Some(Self {
                version: Some(NEWEST.to_owned()),
                id: None,
                statements: Vec::new(),
            });
        };
        let mut document: Map<String, Value> = serde_json::from_str(text).ok()?;
        serde_json::from_value::<Policy>(Value::Object(document.clone())).ok()?;
        let statements = match document.remove("Statement")? {
            Value::Array(statements) => statements,
            one => vec![one],
        };
        Some(Self {
            version: document.get("Version").and_then(Value::as_str).map(str::to_owned),
            id: document.remove("Id"),
            statements,
        })
    }

    fn written(self) -> Value {
        let mut document = Map::new();
        document.extend(self.version.map(|version| ("Version".to_owned(), version.into())));
        document.extend(self.id.map(|id| ("Id".to_owned(), id)));
        document.insert("Statement".to_owned(), self.statements.into());
        Value::Object(document)
    }

    fn has(&self, statement: &Value) -> bool {
        self.statements.iter().any(|there| same(there, statement))
    }

    fn has_sid(&self, statement: &Value) -> bool {
        let wanted = sid(statement);
        !wanted.is_empty() && self.statements.iter().any(|there| sid(there) == wanted)
    }

    /// Whether the source's copies may come in by this policy.
    fn admits(&self, pair: &Pair<'_>) -> Option<Answer> {
        let policy: Policy = serde_json::from_value(self.clone().written()).ok()?;
        let route = pair.route;
        let facts = Facts::default()
            .is("aws:PrincipalAccount", route.source().as_str())
            .is("aws:PrincipalArn", pair.copy_role_arn)
            .is("aws:PrincipalType", "AssumedRole")
            .is("aws:PrincipalIsAWSService", "false")
            .is("aws:SecureTransport", "true")
            .with("aws:SourceAccount", Fact::Absent)
            .with("aws:SourceArn", Fact::Absent);
        let vault = crate::arn::of_vault(&route.partition(), route.region(), route.destination(), pair.target);
        Some(policy.answer(&Question {
            asker: Asker::Role {
                arn: pair.copy_role_arn,
                account: route.source(),
            },
            action: COPY_INTO,
            resource: &vault,
            facts: &facts,
        }))
    }
}

impl StatementTold {
    fn new(name: impl Into<String>, fate: Fate, why: Vec<String>) -> Self {
        Self {
            name: name.into(),
            fate,
            why,
        }
    }
}

fn sid(statement: &Value) -> &str {
    statement["Sid"].as_str().unwrap_or_default()
}

fn name(statement: &Value, place: usize) -> String {
    match sid(statement) {
        "" => format!("statement {}", place + 1),
        sid => sid.to_owned(),
    }
}
