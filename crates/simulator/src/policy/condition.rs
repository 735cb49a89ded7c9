//! The `Condition` element: every operator must hold for every one of its keys.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::context::Context;
use super::glob;

/// `ForAnyValue:StringLikeIfExists`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    quantifier: Option<Quantifier>,
    test: Test,
    /// `StringNotEquals` is `StringEquals` turned round.
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    Any,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Text,
    TextAnyCase,
    Like,
    Arn,
    Bool,
    Null,
    Number(Relation),
    Date(Relation),
    Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Whether all conditions hold. Keys that were asked for and absent are added to `missing`.
pub(super) fn holds(conditions: Option<&Value>, context: &Context, missing: &mut BTreeSet<String>) -> bool {
    let Some(operators) = conditions.and_then(Value::as_object) else {
        return true;
    };
    let mut all = true;
    for (name, keys) in operators {
        let operator = parse(name);
        for (key, wanted) in keys.as_object().into_iter().flatten() {
            let given = context.values(key);
            if given.is_none() {
                missing.insert(key.clone());
            }
            // An operator nobody knows holds for nothing.
            all &= operator.is_some_and(|operator| operator.holds(given, &scalars(wanted)));
        }
    }
    all
}

pub(super) fn is_operator(name: &str) -> bool {
    parse(name).is_some()
}

fn parse(name: &str) -> Option<Operator> {
    let (quantifier, name) = match name.split_once(':') {
        Some(("ForAnyValue", rest)) => (Some(Quantifier::Any), rest),
        Some(("ForAllValues", rest)) => (Some(Quantifier::All), rest),
        Some(_) => return None,
        None => (None, name),
    };
    let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
    let (test, negated) = match name {
        "StringEquals" | "BinaryEquals" => (Test::Text, false),
        "StringNotEquals" => (Test::Text, true),
        "StringEqualsIgnoreCase" => (Test::TextAnyCase, false),
        "StringNotEqualsIgnoreCase" => (Test::TextAnyCase, true),
        "StringLike" => (Test::Like, false),
        "StringNotLike" => (Test::Like, true),
        "ArnEquals" | "ArnLike" => (Test::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
        "Bool" => (Test::Bool, false),
        "Null" if !if_exists => (Test::Null, false),
        "IpAddress" => (Test::Address, false),
        "NotIpAddress" => (Test::Address, true),
        _ => {
            let (relation, negated) = relation(name.strip_prefix("Numeric").or_else(|| name.strip_prefix("Date"))?)?;
            let test = if name.starts_with('N') {
                Test::Number(relation)
            } else {
                Test::Date(relation)
            };
            (test, negated)
        }
    };
    Some(Operator {
        quantifier,
        test,
        negated,
        if_exists,
    })
}

fn relation(name: &str) -> Option<(Relation, bool)> {
    Some(match name {
        "Equals" => (Relation::Equal, false),
        "NotEquals" => (Relation::Equal, true),
        "LessThan" => (Relation::Less, false),
        "LessThanEquals" => (Relation::LessOrEqual, false),
        "GreaterThan" => (Relation::Greater, false),
        "GreaterThanEquals" => (Relation::GreaterOrEqual, false),
        _ => return None,
    })
}

impl Operator {
    fn holds(self, given: Option<&[String]>, wanted: &[String]) -> bool {
        if self.test == Test::Null {
            return wanted.iter().any(|value| (value == "true") == given.is_none());
        }
        let Some(given) = given else {
            // Absence fails a test, and therefore passes its negation.
            return match self.quantifier {
                Some(Quantifier::All) => true,
                Some(Quantifier::Any) => self.if_exists,
                None => self.if_exists || self.negated,
            };
        };
        let one = |value: &String| wanted.iter().any(|wanted| self.test.passes(value, wanted)) != self.negated;
        match (self.quantifier, self.negated) {
            (Some(Quantifier::All), _) | (None, true) => given.iter().all(one),
            (Some(Quantifier::Any), _) | (None, false) => given.iter().any(one),
        }
    }
}

impl Test {
    fn passes(self, given: &str, wanted: &str) -> bool {
        match self {
            Self::Text => given == wanted,
            Self::TextAnyCase => given.eq_ignore_ascii_case(wanted) || given.to_lowercase() == wanted.to_lowercase(),
            Self::Like => glob::matches(wanted, given),
            Self::Arn => glob::matches_arn(wanted, given),
            Self::Bool => given.eq_ignore_ascii_case(wanted),
            Self::Null => false,
            Self::Number(relation) => compare(relation, given.parse::<f64>().ok(), wanted.parse::<f64>().ok()),
            Self::Date(relation) => compare(relation, seconds(given), seconds(wanted)),
            Self::Address => in_network(given, wanted),
        }
    }
}

#[expect(clippy::float_cmp, reason = "NumericEquals means exactly equal")]
fn compare(relation: Relation, given: Option<f64>, wanted: Option<f64>) -> bool {
    let (Some(given), Some(wanted)) = (given, wanted) else {
        return false;
    };
    match relation {
        Relation::Equal => given == wanted,
        Relation::Less => given < wanted,
        Relation::LessOrEqual => given <= wanted,
        Relation::Greater => given > wanted,
        Relation::GreaterOrEqual => given >= wanted,
    }
}

/// Seconds since the epoch, from a number or from `2026-01-31T10:00:00Z` and its shorter forms.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        return Some(number);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let mut date = date.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (
        date.next()??,
        date.next().unwrap_or(Some(1))?,
        date.next().unwrap_or(Some(1))?,
    );
    let mut time = time.split(':').map(|part| part.parse::<f64>().ok());
    let (hour, minute, second) = (
        time.next()??,
        time.next().unwrap_or(Some(0.0))?,
        time.next().unwrap_or(Some(0.0))?,
    );
    Some(f64::from(days_from_epoch(year, month, day)) * 86_400.0 + hour * 3600.0 + minute * 60.0 + second)
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March so that the leap day comes last.
fn days_from_epoch(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn in_network(given: &str, network: &str) -> bool {
    let (base, length) = network
        .split_once('/')
        .map_or((network, None), |(base, length)| (base, Some(length)));
    match (given.parse::<IpAddr>(), base.parse::<IpAddr>()) {
        (Ok(IpAddr::V4(given)), Ok(IpAddr::V4(base))) => {
            let length = length.map_or(Some(32), |length| length.parse().ok());
            let bits = |address: Ipv4Addr| u128::from(u32::from(address)) << 96;
            same_prefix(bits(given), bits(base), length)
        }
        (Ok(IpAddr::V6(given)), Ok(IpAddr::V6(base))) => {
            let length = length.map_or(Some(128), |length| length.parse().ok());
            let bits = |address: Ipv6Addr| u128::from(address);
            same_prefix(bits(given), bits(base), length)
        }
        _ => false,
    }
}

fn same_prefix(a: u128, b: u128, length: Option<u32>) -> bool {
    length.is_some_and(|length| length == 0 || (length <= 128 && (a ^ b) >> (128 - length) == 0))
}

/// The values of a condition key as texts: policies write numbers and booleans with or without quotes.
fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(scalars).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Object(_) => Vec::new(),
        scalar => vec![scalar.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context() -> Context {
        Context::new()
            .with("aws:PrincipalOrgID", "o-abcdefghij")
            .with_many("aws:PrincipalOrgPaths", ["o-abcdefghij/r-ab12/ou-ab12-11111111/"])
            .with("aws:PrincipalArn", "arn:aws:iam::111111111111:role/copy/Worker")
            .with("kms:GrantIsForAWSResource", "true")
            .with("backup:MinRetentionDays", "30")
            .with("aws:SourceIp", "10.1.2.3")
            .with("aws:CurrentTime", "2026-03-01T00:00:00Z")
            .with_many("aws:TagKeys", ["a", "b"])
    }

    #[test]
    fn operators_decide_as_the_iam_guide_says() {
        let table = [
            (json!({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), true),
            (
                json!({"StringEquals": {"AWS:principalorgid": ["o-x", "o-abcdefghij"]}}),
                true,
            ),
            (json!({"StringEquals": {"aws:PrincipalOrgID": "O-ABCDEFGHIJ"}}), false),
            (
                json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-ABCDEFGHIJ"}}),
                true,
            ),
            (
                json!({"StringNotEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-ABCDEFGHIJ"}}),
                false,
            ),
            (
                json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-x", "o-abcdefghij"]}}),
                false,
            ),
            (json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-x", "o-y"]}}), true),
            (json!({"StringLike": {"aws:PrincipalOrgID": "o-abc*"}}), true),
            (json!({"StringNotLike": {"aws:PrincipalOrgID": "o-abc*"}}), false),
            (
                json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/*/ou-ab12-1*"}}),
                true,
            ),
            (
                json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-other/*"}}),
                false,
            ),
            (
                json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/copy/*"}}),
                true,
            ),
            (
                json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/copy/Worker"}}),
                true,
            ),
            (
                json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/copy/*"}}),
                false,
            ),
            (json!({"Bool": {"kms:GrantIsForAWSResource": true}}), true),
            (json!({"Bool": {"kms:GrantIsForAWSResource": "false"}}), false),
            (json!({"NumericLessThan": {"backup:MinRetentionDays": 31}}), true),
            (
                json!({"NumericLessThanEquals": {"backup:MinRetentionDays": "30"}}),
                true,
            ),
            (json!({"NumericGreaterThan": {"backup:MinRetentionDays": 30}}), false),
            (json!({"NumericNotEquals": {"backup:MinRetentionDays": 30}}), false),
            (json!({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}), true),
            (
                json!({"NotIpAddress": {"aws:SourceIp": ["10.1.0.0/16", "192.168.0.0/24"]}}),
                false,
            ),
            (
                json!({"DateLessThan": {"aws:CurrentTime": "2026-03-01T00:00:01Z"}}),
                true,
            ),
            (json!({"DateGreaterThan": {"aws:CurrentTime": "2026-02-28"}}), true),
            (json!({"DateGreaterThan": {"aws:CurrentTime": "2026-03-02"}}), false),
            (
                json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b", "c"]}}),
                true,
            ),
            (json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}), false),
            (json!({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}), true),
            (json!({"Null": {"aws:PrincipalOrgID": "false"}}), true),
            (json!({"Null": {"aws:PrincipalOrgID": true}}), false),
            (json!({"StringMatches": {"aws:PrincipalOrgID": "o-abcdefghij"}}), false),
            (
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}, "Bool": {"kms:GrantIsForAWSResource": "false"}}),
                false,
            ),
        ];
        for (condition, expected) in table {
            let mut missing = BTreeSet::new();
            assert_eq!(
                holds(Some(&condition), &context(), &mut missing),
                expected,
                "{condition}"
            );
            assert_eq!(missing.len(), 0, "{condition}");
        }
    }

    #[test]
    fn an_absent_key_fails_tests_and_passes_negations_and_is_reported() {
        let table = [
            (json!({"StringEquals": {"k:absent": "x"}}), false),
            (json!({"StringEqualsIfExists": {"k:absent": "x"}}), true),
            (json!({"StringNotEquals": {"k:absent": "x"}}), true),
            (json!({"ForAllValues:StringEquals": {"k:absent": "x"}}), true),
            (json!({"ForAnyValue:StringEquals": {"k:absent": "x"}}), false),
            (json!({"ForAnyValue:StringNotEquals": {"k:absent": "x"}}), false),
            (json!({"Bool": {"k:absent": "false"}}), false),
            (json!({"Null": {"k:absent": "true"}}), true),
        ];
        for (condition, expected) in table {
            let mut missing = BTreeSet::new();
            assert_eq!(
                holds(Some(&condition), &context(), &mut missing),
                expected,
                "{condition}"
            );
            assert_eq!(missing.into_iter().collect::<Vec<_>>(), ["k:absent"], "{condition}");
        }
    }

    #[test]
    fn dates_are_counted_from_the_epoch() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2000-03-01", 951_868_800.0),
            ("2024-02-29T12:30:00Z", 1_709_209_800.0),
            ("1700000017.5", 1_700_000_017.5),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!(seconds("yesterday"), None);
    }
}
