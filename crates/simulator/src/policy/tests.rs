use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SOURCE: &str = "111111111111";
const ROLE: &str = "arn:aws:iam::111111111111:role/AwsBackupCopy";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/AwsBackupCopy/AWSBackup";
const VAULT: &str = "arn:aws:backup:eu-west-1:222222222222:backup-vault:archive";

fn decide(documents: &[Value], action: &str, resource: &str) -> Decision {
    let context = Context::new();
    evaluate(
        documents,
        &Request {
            action,
            resource,
            asker: None,
            context: &context,
        },
    )
    .decision
}

/// The copy role asks for the destination vault.
fn copy_into(policy: &Value, context: &Context) -> Evaluation {
    let arns = [ROLE, SESSION];
    let asker = Some(Asker::Aws {
        account: SOURCE,
        arns: &arns,
    });
    evaluate(
        [policy],
        &Request {
            action: "backup:CopyIntoBackupVault",
            resource: VAULT,
            asker,
            context,
        },
    )
}

fn vault_policy(principal: &Value, condition: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "backup:CopyIntoBackupVault", "Resource": "*",
        "Principal": principal, "Condition": condition,
    }]})
}

#[test]
fn identity_policies_allow_deny_and_stay_silent() {
    let admin = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let copying = json!({"Statement": [{
        "Effect": "Allow", "Action": ["BACKUP:startcopyjob", "backup:List*"], "Resource": "arn:aws:backup:*:*:*"}]});
    let no_deletion = json!({"Statement": [{
        "Effect": "Deny", "Action": "backup:Delete*", "NotResource": "arn:aws:backup:*:*:backup-vault:scratch"}]});
    let all_but_iam = json!({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]});
    let scratch = "arn:aws:backup:eu-west-1:222222222222:backup-vault:scratch";
    let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
    let table = [
        (vec![&admin], "backup:DeleteBackupVault", VAULT, Decision::Allowed),
        (
            vec![&admin, &no_deletion],
            "backup:DeleteBackupVault",
            VAULT,
            Decision::ExplicitDeny,
        ),
        (
            vec![&admin, &no_deletion],
            "backup:DeleteBackupVault",
            scratch,
            Decision::Allowed,
        ),
        (
            vec![&no_deletion, &admin],
            "backup:ListBackupVaults",
            "*",
            Decision::Allowed,
        ),
        (vec![&copying], "backup:StartCopyJob", VAULT, Decision::Allowed),
        (vec![&copying], "backup:StartCopyJob", snapshot, Decision::ImplicitDeny),
        (vec![&copying], "backup:StartBackupJob", VAULT, Decision::ImplicitDeny),
        (vec![&all_but_iam], "kms:CreateGrant", "*", Decision::Allowed),
        (vec![&all_but_iam], "iam:PassRole", ROLE, Decision::ImplicitDeny),
        (vec![], "backup:ListBackupVaults", "*", Decision::ImplicitDeny),
    ];
    for (documents, action, resource, expected) in table {
        let documents: Vec<Value> = documents.into_iter().cloned().collect();
        assert_eq!(
            decide(&documents, action, resource),
            expected,
            "{action} on {resource} by {documents:?}"
        );
    }
}

#[test]
fn a_vault_policy_admits_by_account_root_role_session_or_organization() {
    let context = Context::new()
        .with("aws:PrincipalOrgID", "o-abcdefghij")
        .with_many("aws:PrincipalOrgPaths", ["o-abcdefghij/r-ab12/ou-ab12-11111111/"])
        .with("aws:PrincipalArn", ROLE);
    let none = json!({});
    let table = [
        (json!({"AWS": SOURCE}), none.clone(), Some(Named::Account)),
        (
            json!({"AWS": format!("arn:aws:iam::{SOURCE}:root")}),
            none.clone(),
            Some(Named::Account),
        ),
        (
            json!({"AWS": [ROLE, "333333333333"]}),
            none.clone(),
            Some(Named::Itself),
        ),
        (json!({"AWS": SESSION}), none.clone(), Some(Named::Itself)),
        (
            json!({"AWS": ["333333333333", "arn:aws:iam::333333333333:root"]}),
            none.clone(),
            None,
        ),
        (json!({"AWS": "arn:aws:iam::111111111111:role/*"}), none.clone(), None),
        (json!({"Service": "backup.amazonaws.com"}), none.clone(), None),
        (
            json!("*"),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}),
            Some(Named::Everyone),
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-wrongwrong"}}),
            None,
        ),
        (
            json!("*"),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/r-ab12/*"},
                   "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/AwsBackup*"}}),
            Some(Named::Everyone),
        ),
    ];
    for (principal, condition, expected) in table {
        let evaluation = copy_into(&vault_policy(&principal, &condition), &context);
        let named = evaluation.matched.first().map(|matched| matched.named);
        assert_eq!(named, expected, "{principal} if {condition}");
        assert_eq!(evaluation.allowed(), expected.is_some());
        assert_eq!(
            evaluation.allowed_directly(),
            expected.is_some_and(|named| named != Named::Account)
        );
    }
}

#[test]
fn not_principal_denies_everyone_else() {
    let only = |principal: Value| {
        json!({"Statement": [
            {"Effect": "Allow", "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Principal": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": principal},
        ]})
    };
    let context = Context::new();
    assert!(copy_into(&only(json!({"AWS": SOURCE})), &context).allowed());
    let denied = copy_into(&only(json!({"AWS": "333333333333"})), &context);
    assert_eq!(denied.decision, Decision::ExplicitDeny);
    assert_eq!(
        denied.matched,
        [Matched {
            document: 0,
            statement: 1,
            named: Named::NotListed
        }]
    );
}

#[test]
fn a_trust_policy_names_the_service_or_asks_for_the_external_id() {
    let trust = json!({"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "backup.amazonaws.com"}},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "222222222222"},
         "Condition": {"StringEquals": {"sts:ExternalId": "s3cret"}}},
    ]});
    let arns = ["arn:aws:iam::222222222222:user/operator"];
    let operator = Asker::Aws {
        account: "222222222222",
        arns: &arns,
    };
    let ask = |asker, context: &Context| {
        let request = Request {
            action: "sts:AssumeRole",
            resource: ROLE,
            asker: Some(asker),
            context,
        };
        evaluate([&trust], &request)
    };
    assert!(ask(Asker::Service("backup.amazonaws.com"), &Context::new()).allowed());
    assert!(!ask(Asker::Service("ec2.amazonaws.com"), &Context::new()).allowed());
    assert!(ask(operator, &Context::new().with("sts:ExternalId", "s3cret")).allowed());
    let without = ask(operator, &Context::new());
    assert!(!without.allowed());
    assert!(without.missing.contains("sts:ExternalId"));
}

#[test]
fn only_keys_of_statements_that_would_apply_are_missing() {
    let policy = json!({"Statement": [
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}}},
        {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*",
         "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}},
    ]});
    let context = Context::new();
    let asked = Request {
        action: "iam:PassRole",
        resource: ROLE,
        asker: None,
        context: &context,
    };
    let evaluation = evaluate([&policy], &asked);
    assert_eq!(evaluation.decision, Decision::ImplicitDeny);
    assert_eq!(
        evaluation.missing.into_iter().collect::<Vec<_>>(),
        ["iam:PassedToService"]
    );
}

fn any_statement() -> impl Strategy<Value = Value> {
    let actions = prop::sample::select(vec!["*", "backup:*", "backup:Start*", "backup:StartCopyJob", "kms:*"]);
    let resources = prop::sample::select(vec!["*", "arn:aws:backup:*:*:backup-vault:*", VAULT, ROLE]);
    (any::<bool>(), any::<bool>(), actions, resources).prop_map(|(allows, negated, action, resource)| {
        let effect = if allows { "Allow" } else { "Deny" };
        let element = if negated { "NotAction" } else { "Action" };
        json!({"Effect": effect, element: action, "Resource": resource})
    })
}

proptest! {
    #[test]
    fn the_order_of_statements_and_documents_does_not_matter(
        statements in prop::collection::vec(any_statement(), 0..6),
        cut in 0_usize..6,
    ) {
        let mut turned = statements.clone();
        turned.reverse();
        let (left, right) = turned.split_at(cut.min(turned.len()));
        let together = decide(&[json!({"Statement": statements})], "backup:StartCopyJob", VAULT);
        let apart =
            decide(&[json!({"Statement": right}), json!({"Statement": left})], "backup:StartCopyJob", VAULT);
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn a_denial_cannot_be_outvoted_and_a_permission_never_takes_away(
        statements in prop::collection::vec(any_statement(), 0..6),
        more in any_statement(),
    ) {
        let before = decide(&[json!({"Statement": statements})], "backup:StartCopyJob", VAULT);
        let after = decide(&[json!({"Statement": statements}), json!({"Statement": more})], "backup:StartCopyJob", VAULT);
        if before == Decision::ExplicitDeny {
            prop_assert_eq!(after, Decision::ExplicitDeny);
        }
        if before == Decision::Allowed && more["Effect"] == "Allow" {
            prop_assert_eq!(after, Decision::Allowed);
        }
    }

    #[test]
    fn no_document_breaks_the_evaluation(text in "[\\[\\]{}\",:*a-z]{0,40}", pattern in "[a?*é:]{0,12}") {
        let broken = json!({"Statement": [{"Effect": "Allow", "Action": text, "Resource": [pattern, 7, null],
            "Condition": {"StringLike": {"aws:PrincipalArn": pattern}, "Null": text}}, text, null]});
        let _ = decide(&[broken, json!(text)], "backup:StartCopyJob", VAULT);
        let _ = parse(&text, Kind::Resource);
    }
}
