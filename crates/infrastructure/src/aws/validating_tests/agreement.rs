//! The judge of policies and the simulator's own were written apart. Where ours is sure, the simulator's has to say the same.

use proptest::prelude::*;
use sav_domain::policy::{Answer, Asker, Fact, Facts, Policy, Question};
use sav_simulator::policy::{self as theirs, Context, Request};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111111111111:role/service-role/Copier";
const VAULT: &str = "arn:aws:backup:us-east-1:222222222222:backup-vault:daily";
const ORGANIZATION: &str = "o-abcdefghij";

fn one_of(all: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let one = prop::sample::select(all).prop_map(Value::from);
    let more = prop::collection::vec(prop::sample::select(all), 1..3).prop_map(Value::from);
    prop_oneof![one, more]
}

fn principals() -> impl Strategy<Value = (&'static str, Value)> {
    const NAMES: &[&str] = &[
        "*",
        "111111111111",
        "999999999999",
        "arn:aws:iam::111111111111:root",
        ROLE,
        "arn:aws:iam::111111111111:role/Other",
    ];
    prop_oneof![
        Just(("Principal", json!("*"))),
        one_of(NAMES).prop_map(|names| ("Principal", json!({ "AWS": names }))),
        one_of(&["backup.amazonaws.com", "ec2.amazonaws.com"])
            .prop_map(|names| ("Principal", json!({ "Service": names }))),
        one_of(NAMES).prop_map(|names| ("NotPrincipal", json!({ "AWS": names }))),
    ]
}

fn conditions() -> impl Strategy<Value = Option<Value>> {
    const TEXT: &[&str] = &[
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "StringEqualsIgnoreCase",
    ];
    const ARNS: &[&str] = &["ArnEquals", "ArnLike", "ArnNotLike", "ArnLikeIfExists"];
    let text = (
        prop::sample::select(TEXT),
        prop::sample::select(
            &[
                "aws:PrincipalOrgID",
                "aws:PrincipalAccount",
                "AWS:principalarn",
                "sts:ExternalId",
            ][..],
        ),
        one_of(&[
            ORGANIZATION,
            "o-zzzzzzzzzz",
            "o-*",
            "111111111111",
            "1111*",
            ROLE,
            "O-ABCDEFGHIJ",
        ]),
    )
        .prop_map(|(operator, key, values)| json!({ operator: { key: values } }));
    let arns = (
        prop::sample::select(ARNS),
        one_of(&[
            ROLE,
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::999999999999:role/*",
            "arn:aws:iam::111111111111:role/service-role/?opier",
        ]),
    )
        .prop_map(|(operator, values)| json!({ operator: { "aws:PrincipalArn": values } }));
    let null = (
        prop::sample::select(&["sts:ExternalId", "aws:PrincipalOrgID"][..]),
        any::<bool>(),
    )
        .prop_map(|(key, absent)| json!({ "Null": { key: absent.to_string() } }));
    prop_oneof![2 => Just(None), 3 => text.prop_map(Some), 2 => arns.prop_map(Some), 1 => null.prop_map(Some)]
}

fn statements() -> impl Strategy<Value = Value> {
    const ACTIONS: &[&str] = &[
        "backup:CopyIntoBackupVault",
        "backup:*",
        "backup:Copy*",
        "backup:Delete*",
        "*",
        "BACKUP:copyintobackupvaul?",
    ];
    const RESOURCES: &[&str] = &[
        "*",
        VAULT,
        "arn:aws:backup:*:*:backup-vault:*",
        "arn:aws:backup:us-east-1:222222222222:backup-vault:weekly",
    ];
    (
        prop::sample::select(&["Allow", "Allow", "Deny"][..]),
        principals(),
        any::<bool>().prop_flat_map(|not| {
            one_of(ACTIONS).prop_map(move |names| (if not { "NotAction" } else { "Action" }, names))
        }),
        one_of(RESOURCES),
        conditions(),
    )
        .prop_map(|(effect, (whom, principal), (which, actions), resources, condition)| {
            let mut statement = json!({ "Effect": effect, whom: principal, which: actions, "Resource": resources });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_our_judge_is_sure_the_other_agrees(statements in prop::collection::vec(statements(), 1..4)) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let facts = Facts::default()
            .is("aws:PrincipalArn", ROLE)
            .is("aws:PrincipalAccount", "111111111111")
            .is("aws:PrincipalOrgID", ORGANIZATION)
            .with("sts:ExternalId", Fact::Absent);
        let ours: Policy = serde_json::from_value(document.clone()).unwrap();
        let answer = ours.answer(&Question {
            asker: Asker::Role { arn: ROLE, account: "111111111111".parse().unwrap() },
            action: "backup:CopyIntoBackupVault",
            resource: VAULT,
            facts: &facts,
        });
        let context = Context::new()
            .with("aws:PrincipalArn", ROLE)
            .with("aws:PrincipalAccount", "111111111111")
            .with("aws:PrincipalOrgID", ORGANIZATION);
        let other = theirs::evaluate([&document], &Request {
            action: "backup:CopyIntoBackupVault",
            resource: VAULT,
            asker: Some(theirs::Asker::Aws { account: "111111111111", arns: &[ROLE] }),
            context: &context,
        });
        match answer {
            Answer::Allowed => prop_assert!(other.allowed(), "we allow, the other does not: {document:#}"),
            Answer::Denied(_) => prop_assert!(!other.allowed(), "we deny, the other allows: {document:#}"),
            Answer::Unknown(_) => {}
        }
    }
}
