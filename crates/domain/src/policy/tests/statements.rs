//! Whom and what a statement is about.

use serde_json::json;

use super::Expected::{Allowed, NotAllowed, Refused, Unknown};
use super::{ROLE, VAULT, check, one, policy, statement, unless};

#[test]
fn principals() {
    check(vec![
        ("anybody", one(json!({})), Allowed),
        (
            "anybody in the long form",
            one(json!({"Principal": {"AWS": "*"}})),
            Allowed,
        ),
        (
            "an account by its number",
            one(json!({"Principal": {"AWS": "111111111111"}})),
            Allowed,
        ),
        (
            "an account by its root",
            one(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}})),
            Allowed,
        ),
        (
            "one of several",
            one(json!({"Principal": {"AWS": ["333333333333", "111111111111"]}})),
            Allowed,
        ),
        (
            "another account",
            one(json!({"Principal": {"AWS": "arn:aws:iam::333333333333:root"}})),
            NotAllowed,
        ),
        (
            "the root of another partition",
            one(json!({"Principal": {"AWS": "arn:aws-cn:iam::111111111111:root"}})),
            NotAllowed,
        ),
        ("the role", one(json!({"Principal": {"AWS": ROLE}})), Allowed),
        (
            "the role without its path",
            one(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/Copier"}})),
            NotAllowed,
        ),
        (
            "another role",
            one(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/Other"}})),
            NotAllowed,
        ),
        (
            "a session of the role",
            one(json!({"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/Copier/night"}})),
            Unknown,
        ),
        (
            "a session of another role",
            one(json!({"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/Other/night"}})),
            NotAllowed,
        ),
        (
            "part of a name",
            one(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}})),
            Unknown,
        ),
        (
            "the id of a role that is gone",
            one(json!({"Principal": {"AWS": "AROAEXAMPLEEXAMPLE"}})),
            NotAllowed,
        ),
        (
            "a service",
            one(json!({"Principal": {"Service": "backup.amazonaws.com"}})),
            NotAllowed,
        ),
        (
            "a federation",
            one(json!({"Principal": {"Federated": "cognito-identity.amazonaws.com"}})),
            NotAllowed,
        ),
        (
            "a service and the account",
            one(json!({"Principal": {"Service": "backup.amazonaws.com", "AWS": "111111111111"}})),
            Allowed,
        ),
    ]);
}

#[test]
fn a_deny_wins_and_leaves_others_alone() {
    check(vec![
        ("denied to all", unless(json!({})), Refused),
        (
            "denied to the account",
            unless(json!({"Principal": {"AWS": "111111111111"}})),
            Refused,
        ),
        (
            "denied to another account",
            unless(json!({"Principal": {"AWS": "333333333333"}})),
            Allowed,
        ),
        (
            "denied to another action",
            unless(json!({"Action": "backup:DeleteRecoveryPoint"})),
            Allowed,
        ),
        (
            "denied on another vault",
            unless(json!({"Resource": "arn:aws:backup:*:*:backup-vault:weekly"})),
            Allowed,
        ),
        (
            "denied to perhaps this session",
            unless(json!({"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/Copier/x"}})),
            Unknown,
        ),
        (
            "denied to all but the role and its account",
            unless(json!({"Principal": null, "NotPrincipal": {"AWS": [ROLE, "111111111111"]}})),
            Allowed,
        ),
        (
            "denied to all but the role, its account unnamed",
            unless(json!({"Principal": null, "NotPrincipal": {"AWS": ROLE}})),
            Unknown,
        ),
        (
            "denied to all but the account, the role unnamed",
            unless(json!({"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::111111111111:root"}})),
            Unknown,
        ),
        (
            "denied to all but another account",
            unless(json!({"Principal": null, "NotPrincipal": {"AWS": "333333333333"}})),
            Refused,
        ),
        (
            "denied to all but anybody",
            unless(json!({"Principal": null, "NotPrincipal": "*"})),
            Allowed,
        ),
        (
            "only denied, and not this",
            policy(statement(json!({"Effect": "Deny", "Action": "backup:Delete*"}))),
            NotAllowed,
        ),
        (
            "perhaps denied, never allowed",
            policy(statement(
                json!({"Effect": "Deny", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}),
            )),
            NotAllowed,
        ),
        ("no statement", policy(json!([])), NotAllowed),
        (
            "allowed to all but another account",
            one(json!({"Principal": null, "NotPrincipal": {"AWS": "333333333333"}})),
            Allowed,
        ),
    ]);
}

#[test]
fn actions_and_resources() {
    check(vec![
        (
            "the action without regard to case",
            one(json!({"Action": "BACKUP:copyintobackupvault"})),
            Allowed,
        ),
        ("a star", one(json!({"Action": "*"})), Allowed),
        ("a pattern", one(json!({"Action": "backup:Copy*Vault"})), Allowed),
        (
            "a question mark",
            one(json!({"Action": "backup:CopyInt?BackupVault"})),
            Allowed,
        ),
        (
            "a pattern that misses",
            one(json!({"Action": "backup:CopyFrom*"})),
            NotAllowed,
        ),
        ("another service", one(json!({"Action": "s3:*"})), NotAllowed),
        (
            "one of a list",
            one(json!({"Action": ["backup:Get*", "backup:CopyIntoBackupVault"]})),
            Allowed,
        ),
        (
            "all but another",
            one(json!({"Action": null, "NotAction": "backup:Delete*"})),
            Allowed,
        ),
        (
            "all but this",
            one(json!({"Action": null, "NotAction": ["backup:Copy*"]})),
            NotAllowed,
        ),
        ("the vault itself", one(json!({"Resource": VAULT})), Allowed),
        (
            "vaults by pattern",
            one(json!({"Resource": "arn:aws:backup:*:222222222222:backup-vault:*"})),
            Allowed,
        ),
        (
            "another vault",
            one(json!({"Resource": "arn:aws:backup:us-east-1:222222222222:backup-vault:weekly"})),
            NotAllowed,
        ),
        (
            "a vault in other letters",
            one(json!({"Resource": "arn:aws:backup:us-east-1:222222222222:backup-vault:Daily"})),
            NotAllowed,
        ),
        (
            "all but another vault",
            one(json!({"Resource": null, "NotResource": "*:weekly"})),
            Allowed,
        ),
        (
            "all but this vault",
            one(json!({"Resource": null, "NotResource": VAULT})),
            NotAllowed,
        ),
        (
            "a variable in the resource",
            one(json!({"Resource": "arn:aws:backup:*:${aws:PrincipalAccount}:*"})),
            Unknown,
        ),
        (
            "the same in the old language",
            json!({"Statement": statement(json!({"Resource": "arn:${x}"}))}),
            NotAllowed,
        ),
        ("no resource, as in a trust", one(json!({"Resource": null})), Allowed),
    ]);
}
