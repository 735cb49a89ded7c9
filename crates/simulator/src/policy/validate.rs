//! What AWS refuses to store as a policy.

use serde_json::Value;

use super::{condition, statements, texts};

/// Where a policy is going to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Identity,
    Resource,
    Trust,
}

/// Why a text is no policy, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A policy from its text, checked for the grammar of its kind.
pub fn parse(text: &str, kind: Kind) -> Result<Value, Malformed> {
    let document: Value = serde_json::from_str(text).map_err(|_| Malformed("Syntax errors in policy.".to_owned()))?;
    check(&document, kind)?;
    Ok(document)
}

fn check(document: &Value, kind: Kind) -> Result<(), Malformed> {
    let refuse = |why: &str| Err(Malformed(why.to_owned()));
    let Some(members) = document.as_object() else {
        return refuse("Syntax errors in policy.");
    };
    if let Some(unknown) = members
        .keys()
        .find(|name| !["Version", "Id", "Statement"].contains(&name.as_str()))
    {
        return Err(Malformed(format!("Syntax error: unknown element {unknown}.")));
    }
    match members.get("Version").map(Value::as_str) {
        None | Some(Some("2012-10-17" | "2008-10-17")) => {}
        Some(_) => return refuse("The policy must contain a valid version string"),
    }
    let statements = statements(document);
    if statements.is_empty() {
        return refuse("Missing required field Statement");
    }
    statements
        .iter()
        .try_for_each(|statement| check_statement(statement, kind))
}

const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];

fn check_statement(statement: &Value, kind: Kind) -> Result<(), Malformed> {
    let refuse = |why: &str| Err(Malformed(why.to_owned()));
    let Some(members) = statement.as_object() else {
        return refuse("Syntax errors in policy.");
    };
    if let Some(unknown) = members.keys().find(|name| !ELEMENTS.contains(&name.as_str())) {
        return Err(Malformed(format!("Syntax error: unknown element {unknown}.")));
    }
    let has = |name: &str| members.contains_key(name);
    if !matches!(members.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return refuse("Missing required field Effect");
    }
    if has("Action") == has("NotAction") {
        return refuse("Policy statement must contain actions.");
    }
    if has("Action") && texts(members.get("Action")).next().is_none() {
        return refuse("Policy statement must contain actions.");
    }
    if texts(members.get("Action")).any(|action| action != "*" && !action.contains(':')) {
        return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    match kind {
        Kind::Identity if has("Principal") || has("NotPrincipal") => {
            return refuse("Policy document should not specify a principal.");
        }
        Kind::Resource | Kind::Trust if has("Principal") == has("NotPrincipal") => {
            return refuse("Missing required field Principal");
        }
        _ => {}
    }
    if !["Principal", "NotPrincipal"]
        .into_iter()
        .filter_map(|name| members.get(name))
        .all(is_principal)
    {
        return refuse("Invalid principal in policy");
    }
    match kind {
        Kind::Identity | Kind::Resource if has("Resource") == has("NotResource") => {
            return refuse("Policy statement must contain resources.");
        }
        Kind::Trust if has("Resource") || has("NotResource") => return refuse("Has prohibited field Resource"),
        _ => {}
    }
    match members.get("Condition") {
        None => Ok(()),
        Some(Value::Object(operators)) => match operators.iter().find(|(name, _)| !condition::is_operator(name)) {
            Some((name, _)) => Err(Malformed(format!("Invalid Condition type : {name}."))),
            None if operators.values().all(Value::is_object) => Ok(()),
            None => refuse("Syntax errors in policy."),
        },
        Some(_) => refuse("Syntax errors in policy."),
    }
}

/// `"*"`, or names by their kinds.
fn is_principal(element: &Value) -> bool {
    const KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
    element.as_object().map_or(element == "*", |kinds| {
        let named = |(kind, names)| KINDS.contains(&String::as_str(kind)) && texts(Some(names)).next().is_some();
        !kinds.is_empty() && kinds.iter().all(named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_policy_is_refused_with_the_reason() {
        let table = [
            (Kind::Identity, "{", "Syntax errors"),
            (Kind::Identity, "[]", "Syntax errors"),
            (Kind::Identity, r#"{"Version":"2020-01-01","Statement":[]}"#, "version"),
            (Kind::Identity, r#"{"Version":"2012-10-17"}"#, "Statement"),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
                "resources",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Yes","Action":"*","Resource":"*"}}"#,
                "Effect",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Action":"start","Resource":"*"}}"#,
                "vendor",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
                "actions",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
                "principal",
            ),
            (
                Kind::Resource,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
                "Principal",
            ),
            (
                Kind::Resource,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":null}}"#,
                "Invalid principal",
            ),
            (
                Kind::Resource,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"Aws":"111111111111"}}}"#,
                "Invalid principal",
            ),
            (
                Kind::Trust,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
                "Resource",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{}}}}"#,
                "StringIs",
            ),
            (
                Kind::Identity,
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Actions":"*"}}"#,
                "Actions",
            ),
        ];
        for (kind, text, fragment) in table {
            let refused = parse(text, kind).expect_err(text);
            assert!(refused.0.contains(fragment), "{text}: {refused}");
        }
        let fine = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"backup:*","Resource":"*"}}"#;
        assert_eq!(
            parse(fine, Kind::Identity).map(|document| statements(&document).len()),
            Ok(1)
        );
    }
}
