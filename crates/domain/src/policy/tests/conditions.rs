//! When a statement counts.

use serde_json::json;

use super::Expected::{Allowed, NotAllowed, Refused, Unknown};
use super::{ROLE, check, denied_when, when};

#[test]
fn conditions_on_text() {
    check(vec![
        (
            "the organization",
            when(json!({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}})),
            Allowed,
        ),
        (
            "the key in other letters",
            when(json!({"StringEquals": {"AWS:principalorgid": "o-abcdefghij"}})),
            Allowed,
        ),
        (
            "another organization",
            when(json!({"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}})),
            NotAllowed,
        ),
        (
            "one of two organizations",
            when(json!({"StringEquals": {"aws:PrincipalOrgID": ["o-zzzzzzzzzz", "o-abcdefghij"]}})),
            Allowed,
        ),
        (
            "not another organization",
            denied_when(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}})),
            Allowed,
        ),
        (
            "outside this organization",
            denied_when(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}})),
            Refused,
        ),
        (
            "two conditions, one fails",
            when(
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij", "aws:PrincipalAccount": "333333333333"}}),
            ),
            NotAllowed,
        ),
        (
            "two operators, both hold",
            when(
                json!({"StringLike": {"aws:PrincipalOrgID": "o-abc*"}, "StringEquals": {"aws:PrincipalAccount": "111111111111"}}),
            ),
            Allowed,
        ),
        (
            "letters that do not count",
            when(json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-ABCDEFGHIJ"}})),
            Allowed,
        ),
        (
            "letters that count",
            when(json!({"StringEquals": {"aws:PrincipalOrgID": "O-ABCDEFGHIJ"}})),
            NotAllowed,
        ),
        (
            "a star that is none",
            when(json!({"StringEquals": {"aws:PrincipalOrgID": "o-*"}})),
            NotAllowed,
        ),
        (
            "not like",
            when(json!({"StringNotLike": {"aws:PrincipalOrgID": "o-abc*"}})),
            NotAllowed,
        ),
        (
            "a number for an account",
            when(json!({"StringEquals": {"aws:PrincipalAccount": 111_111_111_111_u64}})),
            Allowed,
        ),
        (
            "a key that nobody knows",
            when(json!({"StringEquals": {"aws:PrincipalTag/team": "backup"}})),
            Unknown,
        ),
        (
            "a key that nobody knows, denied",
            denied_when(json!({"StringEquals": {"aws:PrincipalTag/team": "backup"}})),
            Unknown,
        ),
        (
            "unknown, and false besides",
            when(json!({"StringEquals": {"aws:PrincipalTag/team": "backup", "aws:PrincipalAccount": "333333333333"}})),
            NotAllowed,
        ),
        (
            "an operator that nobody judges",
            when(json!({"NumericLessThan": {"aws:PrincipalAccount": "5"}})),
            Unknown,
        ),
        (
            "a variable",
            when(json!({"StringEquals": {"aws:PrincipalAccount": "${aws:SourceAccount}"}})),
            Unknown,
        ),
    ]);
}

#[test]
fn conditions_on_lists_and_paths() {
    let path = |operator: &str, value: &str| when(json!({operator: {"aws:PrincipalOrgPaths": value}}));
    check(vec![
        (
            "any path of the organization",
            path("ForAnyValue:StringLike", "o-abcdefghij/*"),
            Allowed,
        ),
        (
            "any path of another",
            path("ForAnyValue:StringLike", "o-zzzzzzzzzz/*"),
            NotAllowed,
        ),
        (
            "some unit",
            path("ForAnyValue:StringLike", "o-abcdefghij/r-ab12/ou-ab12-1/*"),
            Unknown,
        ),
        (
            "some unit, exactly",
            path("ForAnyValue:StringEquals", "o-abcdefghij/r-ab12/ou-ab12-1/"),
            Unknown,
        ),
        (
            "the organization alone, exactly",
            path("ForAnyValue:StringEquals", "o-abcdefghij/"),
            NotAllowed,
        ),
        (
            "all paths of the organization",
            path("ForAllValues:StringLike", "o-abc*"),
            Allowed,
        ),
        (
            "none of another",
            path("ForAllValues:StringNotLike", "o-zzzzzzzzzz/*"),
            Allowed,
        ),
        ("a list without its word", path("StringLike", "o-abcdefghij/*"), Unknown),
        (
            "all values of what is not there",
            when(json!({"ForAllValues:StringEquals": {"sts:ExternalId": "x"}})),
            Allowed,
        ),
        (
            "any value of what is not there",
            when(json!({"ForAnyValue:StringEquals": {"sts:ExternalId": "x"}})),
            NotAllowed,
        ),
        (
            "not any value of what is not there",
            when(json!({"ForAnyValue:StringNotEquals": {"sts:ExternalId": "x"}})),
            NotAllowed,
        ),
    ]);
}

#[test]
fn conditions_on_what_is_absent_and_on_flags() {
    check(vec![
        (
            "absent",
            when(json!({"StringEquals": {"sts:ExternalId": "x"}})),
            NotAllowed,
        ),
        (
            "absent and negated",
            when(json!({"StringNotEquals": {"sts:ExternalId": "x"}})),
            Allowed,
        ),
        (
            "absent, if it exists",
            when(json!({"StringEqualsIfExists": {"sts:ExternalId": "x"}})),
            Allowed,
        ),
        (
            "present, if it exists",
            when(json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}})),
            NotAllowed,
        ),
        (
            "unknown, if it exists",
            when(json!({"StringEqualsIfExists": {"aws:RequestTag/x": "x"}})),
            Unknown,
        ),
        (
            "must be absent and is",
            when(json!({"Null": {"sts:ExternalId": "true"}})),
            Allowed,
        ),
        (
            "must be there and is not",
            when(json!({"Null": {"sts:ExternalId": false}})),
            NotAllowed,
        ),
        (
            "must be there and is",
            when(json!({"Null": {"aws:PrincipalOrgID": "false"}})),
            Allowed,
        ),
        (
            "a flag as text",
            when(json!({"Bool": {"kms:GrantIsForAWSResource": "true"}})),
            Allowed,
        ),
        (
            "a flag as a flag",
            when(json!({"Bool": {"kms:GrantIsForAWSResource": true}})),
            Allowed,
        ),
        (
            "a flag that is not so",
            when(json!({"Bool": {"kms:GrantIsForAWSResource": "false"}})),
            NotAllowed,
        ),
        (
            "both services that may come",
            when(json!({"StringLike": {"kms:ViaService": "*.us-east-1.amazonaws.com"}})),
            Allowed,
        ),
        (
            "one of the services that may come",
            when(json!({"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}})),
            Unknown,
        ),
        (
            "both, each named",
            when(
                json!({"StringEquals": {"kms:ViaService": ["backup.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"]}}),
            ),
            Allowed,
        ),
        (
            "neither",
            when(json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})),
            NotAllowed,
        ),
        (
            "neither, denied to all others",
            denied_when(json!({"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})),
            Refused,
        ),
    ]);
}

#[test]
fn conditions_on_arns() {
    let arn = |operator: &str, pattern: &str| when(json!({operator: {"aws:PrincipalArn": pattern}}));
    check(vec![
        ("the role", arn("ArnEquals", ROLE), Allowed),
        (
            "roles by pattern",
            arn("ArnLike", "arn:aws:iam::*:role/service-role/*"),
            Allowed,
        ),
        (
            "equality knows wildcards, too",
            arn("ArnEquals", "arn:aws:iam::111111111111:role/*"),
            Allowed,
        ),
        (
            "another account",
            arn("ArnLike", "arn:aws:iam::333333333333:role/*"),
            NotAllowed,
        ),
        (
            "a star does not reach across colons",
            arn("ArnLike", "arn:aws:iam:*role/service-role/Copier"),
            Unknown,
        ),
        (
            "a star for the account alone",
            arn("ArnLike", "arn:aws:iam::*:user/*"),
            NotAllowed,
        ),
        (
            "not like another",
            arn("ArnNotLike", "arn:aws:iam::333333333333:role/*"),
            Allowed,
        ),
        ("not like this", arn("ArnNotEquals", ROLE), NotAllowed),
        (
            "as text, a star reaches everywhere",
            arn("StringLike", "arn:aws:*Copier"),
            Allowed,
        ),
        (
            "denied to all but the role",
            denied_when(json!({"ArnNotLike": {"aws:PrincipalArn": ROLE}})),
            Allowed,
        ),
        (
            "denied to all but another role",
            denied_when(json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/Other"}})),
            Refused,
        ),
    ]);
}
