//! Tables of policies and what they come to. What each shows stands in its name.
#![expect(
    clippy::needless_pass_by_value,
    reason = "rows of a table are written where they are used"
)]

mod conditions;
mod statements;

use serde_json::{Value, json};

use super::*;
use crate::AccountId;

const ROLE: &str = "arn:aws:iam::111111111111:role/service-role/Copier";
const VAULT: &str = "arn:aws:backup:us-east-1:222222222222:backup-vault:daily";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Allowed,
    /// By a statement.
    Refused,
    /// By silence.
    NotAllowed,
    Unknown,
}

use Expected::{Allowed, NotAllowed, Refused, Unknown};

fn facts() -> Facts {
    Facts::default()
        .is("aws:PrincipalArn", ROLE)
        .is("aws:PrincipalAccount", "111111111111")
        .is("aws:PrincipalOrgID", "o-abcdefghij")
        .with(
            "aws:PrincipalOrgPaths",
            Fact::ListOfOneBeginning("o-abcdefghij/".into()),
        )
        .is("kms:GrantIsForAWSResource", "true")
        .with(
            "kms:ViaService",
            Fact::OneOf(vec![
                "ec2.us-east-1.amazonaws.com".into(),
                "backup.us-east-1.amazonaws.com".into(),
            ]),
        )
        .with("sts:ExternalId", Fact::Absent)
        .is("aws:SourceAccount", "111111111111")
}

fn judge(policy: Value, asker: Asker<'_>) -> Expected {
    let policy: Policy = serde_json::from_value(policy).unwrap();
    let answer = policy.answer(&Question {
        asker,
        action: "backup:CopyIntoBackupVault",
        resource: VAULT,
        facts: &facts(),
    });
    match answer {
        Answer::Allowed => Allowed,
        Answer::Denied(Denial::Explicit { .. }) => Refused,
        Answer::Denied(Denial::Implicit) => NotAllowed,
        Answer::Unknown(why) => {
            assert!(!why.is_empty());
            Unknown
        }
    }
}

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

/// The statement allows the copy to everybody; what is given takes the place of a member, null takes it away.
fn statement(changed: Value) -> Value {
    let mut whole =
        json!({"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"});
    let Value::Object(changed) = changed else {
        panic!("members are changed")
    };
    for (member, value) in changed {
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(&member);
        } else {
            whole[member] = value;
        }
    }
    whole
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn one(changed: Value) -> Value {
    policy(statement(changed))
}

fn when(condition: Value) -> Value {
    one(json!({"Condition": condition}))
}

fn unless(changed: Value) -> Value {
    let mut deny = statement(changed);
    deny["Effect"] = "Deny".into();
    policy(json!([statement(json!({})), deny]))
}

fn denied_when(condition: Value) -> Value {
    unless(json!({"Condition": condition}))
}

#[track_caller]
fn check(table: Vec<(&str, Value, Expected)>) {
    for (name, policy, expected) in table {
        let asker = Asker::Role {
            arn: ROLE,
            account: account(),
        };
        assert_eq!(judge(policy.clone(), asker), expected, "{name}: {policy:#}");
    }
}

#[test]
fn a_service_is_trusted_by_its_name() {
    let trust = |changed: Value| {
        let mut whole = statement(json!({"Resource": null, "Action": "backup:CopyIntoBackupVault"}));
        for (member, value) in changed.as_object().unwrap() {
            whole[member] = value.clone();
        }
        policy(json!([whole]))
    };
    let service = json!({"Service": ["backup.amazonaws.com", "ec2.amazonaws.com"]});
    let but = {
        let mut deny = statement(
            json!({"Effect": "Deny", "Principal": null, "NotPrincipal": {"Service": "backup.amazonaws.com"}}),
        );
        deny.as_object_mut().unwrap().remove("Resource");
        policy(json!([statement(json!({"Principal": service})), deny]))
    };
    let only =
        |account: &str| json!({"Principal": service, "Condition": {"StringEquals": {"aws:SourceAccount": account}}});
    for (name, policy, expected) in [
        ("by name", trust(json!({"Principal": service})), Allowed),
        (
            "another",
            trust(json!({"Principal": {"Service": "ec2.amazonaws.com"}})),
            NotAllowed,
        ),
        (
            "an account",
            trust(json!({"Principal": {"AWS": "111111111111"}})),
            NotAllowed,
        ),
        ("anybody", trust(json!({})), Allowed),
        ("any account", trust(json!({"Principal": {"AWS": "*"}})), Unknown),
        ("for this account", trust(only("111111111111")), Allowed),
        ("for another account", trust(only("333333333333")), NotAllowed),
        ("denied to all other services", but, Allowed),
    ] {
        assert_eq!(
            judge(policy.clone(), Asker::Service("backup.amazonaws.com")),
            expected,
            "{name}: {policy:#}"
        );
    }
}

#[test]
fn what_aws_would_not_take_is_not_read() {
    for broken in [
        json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        json!({"Statement": [{"Effect": "Maybe", "Principal": "*", "Action": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": "111111111111", "Action": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "NotAction": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "NotPrincipal": "*", "Action": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Conditions": {}}]}),
        json!({"Version": "2012-10-17"}),
    ] {
        assert!(serde_json::from_value::<Policy>(broken.clone()).is_err(), "{broken}");
    }
}

#[test]
fn answers_say_which_statement_and_what_is_not_known() {
    let asker = Asker::Role {
        arn: ROLE,
        account: account(),
    };
    let ask = |written: Value| {
        let read: Policy = serde_json::from_value(written).unwrap();
        read.answer(&Question {
            asker,
            action: "backup:CopyIntoBackupVault",
            resource: VAULT,
            facts: &facts(),
        })
    };
    let mut refused = unless(json!({}));
    refused["Statement"][1]["Sid"] = "NoCopies".into();
    let Answer::Denied(denial) = ask(refused) else { panic!() };
    assert_eq!(denial.to_string(), "statement `NoCopies` of its policy denies it");
    let Answer::Denied(denial) = ask(unless(json!({}))) else {
        panic!()
    };
    assert_eq!(denial.to_string(), "statement 2 of its policy denies it");
    assert_eq!(
        ask(when(json!({"Bool": {"aws:SecureTransport": true}}))),
        Answer::Unknown("it depends on `aws:securetransport`, which is not known here".to_owned())
    );
}
