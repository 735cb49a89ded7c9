use serde_json::{Value, json};

use super::*;
use crate::model::Service;
use crate::services::testing::{DESTINATION, SOURCE, allow, answer, call, principal, user, world};
use crate::world::World;

const COPIER: &str = "arn:aws:iam::111111111111:role/ops/Operator";
const VAULT: &str = "arn:aws:backup:eu-west-1:111111111111:backup-vault:gold";
const OTHER: &str = "arn:aws:backup:eu-west-1:111111111111:backup-vault:iron";

fn simulate(world: &World, params: Value) -> Result<Reply, Refusal> {
    simulation::simulate(world, &call("SimulatePrincipalPolicy", user(SOURCE, "admin"), params))
}

fn results(world: &World, params: Value) -> Vec<Value> {
    let members = answer(Service::Iam, "SimulatePrincipalPolicy", simulate(world, params));
    members["EvaluationResults"].as_array().unwrap().clone()
}

fn decision(world: &World, action: &str, params: &Value) -> String {
    let mut all = json!({"PolicySourceArn": COPIER, "ActionNames": [action]});
    for (member, value) in params.as_object().unwrap() {
        all[member] = value.clone();
    }
    results(world, all)[0]["EvalDecision"].as_str().unwrap().to_owned()
}

#[test]
fn get_role_tells_the_true_arn_and_the_trust_policy_encoded() {
    let mut world = world();
    let boundary = (
        "arn:aws:iam::111111111111:policy/Bound".to_owned(),
        allow(&["*"], &["*"]),
    );
    principal(&mut world, SOURCE, "Operator").boundary = Some(boundary);
    let ask = |name: &str| {
        roles::get_role(
            &world,
            &call("GetRole", user(SOURCE, "admin"), json!({"RoleName": name})),
        )
    };
    let members = answer(Service::Iam, "GetRole", ask("operator"));
    let role = &members["Role"];
    assert_eq!((&role["Arn"], &role["Path"]), (&json!(COPIER), &json!("/ops/")));
    assert_eq!(role["MaxSessionDuration"], json!(3600));
    assert!(
        role["AssumeRolePolicyDocument"]
            .as_str()
            .unwrap()
            .starts_with("%7B%22Statement%22%3A%5B")
    );
    assert_eq!(
        role["PermissionsBoundary"]["PermissionsBoundaryArn"],
        json!("arn:aws:iam::111111111111:policy/Bound")
    );
    for name in ["Absent", "admin"] {
        let refusal = ask(name).unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.status), ("NoSuchEntity", 404));
        assert_eq!(refusal.message, format!("The role with name {name} cannot be found."));
    }
}

#[test]
fn attached_policies_come_in_pages_and_by_path() {
    let mut world = world();
    let arns = [
        "arn:aws:iam::aws:policy/service-role/A",
        "arn:aws:iam::aws:policy/B",
        "arn:aws:iam::111111111111:policy/C",
    ];
    principal(&mut world, SOURCE, "Operator").attached = arns
        .iter()
        .map(|arn| ((*arn).to_owned(), allow(&["*"], &["*"])))
        .collect();
    let list = |params: Value| {
        let reply = roles::attached_policies(&world, &call("ListAttachedRolePolicies", user(SOURCE, "admin"), params));
        answer(Service::Iam, "ListAttachedRolePolicies", reply)
    };
    let first = list(json!({"RoleName": "Operator", "MaxItems": 2}));
    assert_eq!(
        first["AttachedPolicies"][0],
        json!({"PolicyName": "A", "PolicyArn": arns[0]})
    );
    assert_eq!(first["IsTruncated"], json!(true));
    let rest = list(json!({"RoleName": "Operator", "Marker": first["Marker"]}));
    assert_eq!(
        (rest["AttachedPolicies"].as_array().unwrap().len(), &rest["IsTruncated"]),
        (1, &json!(false))
    );
    let by_path = list(json!({"RoleName": "Operator", "PathPrefix": "/service-role/"}));
    assert_eq!(by_path["AttachedPolicies"].as_array().unwrap().len(), 1);
    let foreign = json!({"RoleName": "Operator", "PathPrefix": "/", "Marker": first["Marker"]});
    let refused = roles::attached_policies(
        &world,
        &call("ListAttachedRolePolicies", user(SOURCE, "admin"), foreign),
    );
    assert_eq!(refused.unwrap_err().message, "Invalid Marker.");
}

#[test]
fn only_true_principals_of_ones_own_account_are_simulated() {
    let world = world();
    for (arn, code) in [
        ("arn:aws:sts::111111111111:assumed-role/Operator/night", "InvalidInput"),
        ("arn:aws:iam::111111111111:root", "InvalidInput"),
        ("arn:aws:iam::111111111111:role/Operator", "NoSuchEntity"),
        ("arn:aws:iam::111111111111:group/admins", "NoSuchEntity"),
        ("arn:aws:iam::222222222222:role/ops/Operator", "AccessDenied"),
    ] {
        let refusal = simulate(
            &world,
            json!({"PolicySourceArn": arn, "ActionNames": ["backup:StartCopyJob"]}),
        );
        assert_eq!(refusal.unwrap_err().code, code, "{arn}");
    }
    let refusal = simulate(&world, json!({"PolicySourceArn": COPIER, "ActionNames": ["backup:*"]})).unwrap_err();
    assert_eq!(refusal.code, "InvalidInput");
    let foreign = call(
        "SimulatePrincipalPolicy",
        user(DESTINATION, "admin"),
        json!({"PolicySourceArn": COPIER}),
    );
    assert_eq!(simulation::simulate(&world, &foreign).unwrap_err().code, "AccessDenied");
}

#[test]
fn attached_inline_and_boundary_decide_together() {
    let mut world = world();
    let role = principal(&mut world, SOURCE, "Operator");
    role.attached = vec![(
        "arn:aws:iam::aws:policy/Backup".to_owned(),
        allow(&["backup:*"], &["*"]),
    )];
    role.inline.insert(
        "no-locks".to_owned(),
        json!({"Statement": {"Effect": "Deny", "Action": "backup:Put*Lock*", "Resource": "*"}}),
    );
    assert_eq!(decision(&world, "backup:StartCopyJob", &json!({})), "allowed");
    assert_eq!(
        decision(&world, "backup:PutBackupVaultLockConfiguration", &json!({})),
        "explicitDeny"
    );
    assert_eq!(decision(&world, "kms:CreateGrant", &json!({})), "implicitDeny");

    let bound = (
        "arn:aws:iam::111111111111:policy/Bound".to_owned(),
        allow(&["backup:List*"], &["*"]),
    );
    principal(&mut world, SOURCE, "Operator").boundary = Some(bound);
    let one = |action: &str| results(&world, json!({"PolicySourceArn": COPIER, "ActionNames": [action]})).remove(0);
    let inside = one("backup:ListBackupVaults");
    assert_eq!(inside["EvalDecision"], json!("allowed"));
    let outside = one("backup:StartCopyJob");
    assert_eq!(outside["EvalDecision"], json!("implicitDeny"));
    assert_eq!(
        outside["PermissionsBoundaryDecisionDetail"],
        json!({"AllowedByPermissionsBoundary": false})
    );
    let other_bound = json!({"PermissionsBoundaryPolicyInputList": [allow(&["*"], &["*"]).to_string()]});
    assert_eq!(decision(&world, "backup:StartCopyJob", &other_bound), "allowed");
}

#[test]
fn several_resources_are_told_one_by_one_under_a_summary() {
    let mut world = world();
    principal(&mut world, SOURCE, "Operator")
        .inline
        .insert("gold".to_owned(), allow(&["backup:*"], &[VAULT]));
    let both = json!({"PolicySourceArn": COPIER, "ActionNames": ["backup:DescribeBackupVault", "kms:Decrypt"],
        "ResourceArns": [VAULT, OTHER]});
    let results = results(&world, both);
    assert_eq!(results.len(), 2);
    assert_eq!(
        results[0]["EvalResourceName"],
        json!("arn:aws:backup:${Region}:${Account}:${ResourceType}:${ResourceId}")
    );
    let specific = results[0]["ResourceSpecificResults"].as_array().unwrap();
    let told: Vec<(&str, &str)> = specific
        .iter()
        .map(|one| {
            (
                one["EvalResourceName"].as_str().unwrap(),
                one["EvalResourceDecision"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(VAULT, "allowed"), (OTHER, "implicitDeny")]);
    assert_eq!(results[1]["EvalDecision"], json!("implicitDeny"));
    assert_eq!(
        results[0]["OrganizationsDecisionDetail"],
        json!({"AllowedByOrganizations": true})
    );
}

#[test]
fn the_deciding_statement_is_named_with_its_place() {
    let mut world = world();
    principal(&mut world, SOURCE, "Operator")
        .inline
        .insert("gold".to_owned(), allow(&["backup:*"], &[VAULT]));
    let text = "{\"Statement\": [\n{\"Effect\": \"Deny\", \"Action\": \"backup:*\", \"Resource\": \"*\"}]}";
    let params =
        json!({"PolicySourceArn": COPIER, "ActionNames": ["backup:DescribeBackupVault"], "ResourceArns": [VAULT]});
    let own = results(&world, params.clone()).remove(0);
    assert_eq!(own["EvalResourceName"], json!(VAULT));
    assert_eq!(
        own["MatchedStatements"][0]["SourcePolicyId"],
        json!("role_Operator_gold")
    );
    let mut with_deny = params;
    with_deny["PolicyInputList"] = json!([text]);
    let denied = results(&world, with_deny).remove(0);
    let matched = &denied["MatchedStatements"][0];
    assert_eq!(matched["SourcePolicyId"], json!("PolicyInputList.1"));
    assert_eq!(matched["StartPosition"], json!({"Line": 2, "Column": 1}));
}

#[test]
fn context_keys_are_missing_until_given() {
    let mut world = world();
    let pass = json!({"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}}}});
    principal(&mut world, SOURCE, "Operator")
        .inline
        .insert("pass".to_owned(), pass);
    let without = json!({"PolicySourceArn": COPIER, "ActionNames": ["iam:PassRole"]});
    let result = results(&world, without).remove(0);
    assert_eq!(result["EvalDecision"], json!("implicitDeny"));
    assert_eq!(result["MissingContextValues"], json!(["iam:PassedToService"]));
    let given = json!({"ContextEntries": [{"ContextKeyName": "iam:PassedToService", "ContextKeyType": "string",
        "ContextKeyValues": ["backup.amazonaws.com"]}]});
    assert_eq!(decision(&world, "iam:PassRole", &given), "allowed");
}

#[test]
fn a_resource_policy_in_the_request_can_let_in_or_shut_out() {
    let world = world();
    let policy = |effect: &str| {
        json!({"Statement": {"Effect": effect, "Action": "backup:CopyIntoBackupVault", "Resource": "*",
            "Principal": {"AWS": COPIER}}})
        .to_string()
    };
    for (effect, expected) in [("Allow", "allowed"), ("Deny", "explicitDeny")] {
        let params = json!({"ResourcePolicy": policy(effect), "CallerArn": COPIER, "ResourceArns": [VAULT]});
        assert_eq!(decision(&world, "backup:CopyIntoBackupVault", &params), expected);
    }
    let no_caller = json!({"PolicySourceArn": COPIER, "ActionNames": ["backup:CopyIntoBackupVault"],
        "ResourcePolicy": policy("Allow")});
    assert_eq!(simulate(&world, no_caller).unwrap_err().code, "InvalidInput");
}

#[test]
fn exclusions_leave_policies_out() {
    let mut world = world();
    let role = principal(&mut world, SOURCE, "Operator");
    role.attached = vec![(
        "arn:aws:iam::aws:policy/Backup".to_owned(),
        allow(&["backup:*"], &["*"]),
    )];
    for exclusion in [
        json!({"PolicyType": "aws-managed"}),
        json!({"PolicyArn": "arn:aws:iam::aws:policy/Backup"}),
    ] {
        let without = decision(
            &world,
            "backup:StartCopyJob",
            &json!({"PolicyExclusionList": [exclusion]}),
        );
        assert_eq!(without, "implicitDeny");
    }
}

#[test]
fn many_actions_come_in_pages_of_a_hundred() {
    let world = world();
    let actions: Vec<String> = (0..150).map(|number| format!("backup:Action{number}")).collect();
    let params = json!({"PolicySourceArn": COPIER, "ActionNames": actions});
    let first = answer(
        Service::Iam,
        "SimulatePrincipalPolicy",
        simulate(&world, params.clone()),
    );
    assert_eq!(first["EvaluationResults"].as_array().unwrap().len(), 100);
    let mut rest = params;
    rest["Marker"] = first["Marker"].clone();
    let rest = answer(Service::Iam, "SimulatePrincipalPolicy", simulate(&world, rest));
    assert_eq!(rest["EvaluationResults"].as_array().unwrap().len(), 50);
    assert_eq!(
        rest["EvaluationResults"][49]["EvalActionName"],
        json!("backup:Action149")
    );
    assert!(rest.get("Marker").is_none());
}
