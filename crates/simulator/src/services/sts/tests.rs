use super::*;
use crate::services::testing::{
    DESTINATION, SOURCE, STRANGER, allow, answer, call, principal, session, trust, user, world,
};

const TARGET: &str = "arn:aws:iam::222222222222:role/ops/Operator";

fn assume(world: &World, caller: Caller, params: &Value) -> Result<Granted, Refusal> {
    let mut all = json!({"RoleArn": TARGET, "RoleSessionName": "night"});
    for (member, value) in params.as_object().unwrap() {
        all[member] = value.clone();
    }
    assume_role(world, &call("AssumeRole", caller, all))
}

#[test]
fn one_may_always_ask_who_one_is() {
    let members = answer(
        Service::Sts,
        "GetCallerIdentity",
        Ok(caller_identity(&user(SOURCE, "nobody"))),
    );
    assert_eq!(members["Account"], json!(SOURCE));
    assert_eq!(members["Arn"], json!("arn:aws:iam::111111111111:user/nobody"));
}

#[test]
fn a_role_of_another_account_needs_its_trust_and_the_callers_own_permission() {
    let mut world = world();
    let granted = assume(&world, user(SOURCE, "admin"), &json!({})).unwrap();
    assert_eq!(
        (granted.account.as_str(), granted.role.as_str()),
        (DESTINATION, "Operator")
    );
    assert_eq!(granted.lifetime, Duration::from_hours(1));

    let untrusted = assume(&world, user(STRANGER, "admin"), &json!({})).unwrap_err();
    assert_eq!((untrusted.code.as_str(), untrusted.status), ("AccessDenied", 403));
    assert_eq!(
        untrusted.message,
        "User: arn:aws:iam::999999999999:user/admin is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::222222222222:role/ops/Operator"
    );

    assert!(assume(&world, user(SOURCE, "nobody"), &json!({})).is_err());
    principal(&mut world, SOURCE, "nobody")
        .inline
        .insert("hop".to_owned(), allow(&["sts:AssumeRole"], &[TARGET]));
    assert!(assume(&world, user(SOURCE, "nobody"), &json!({})).is_ok());
}

#[test]
fn in_one_account_a_trust_policy_that_names_the_caller_is_enough() {
    let mut world = world();
    let own = json!({"RoleArn": "arn:aws:iam::111111111111:role/ops/Operator"});
    assert!(
        assume(&world, user(SOURCE, "nobody"), &own).is_err(),
        "the account is trusted, the user may nothing"
    );
    principal(&mut world, SOURCE, "Operator").trust =
        Some(trust(&json!({"AWS": user(SOURCE, "nobody").arn}), &json!({})));
    assert!(assume(&world, user(SOURCE, "nobody"), &own).is_ok());
    let deny = json!({"Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}});
    principal(&mut world, SOURCE, "nobody")
        .inline
        .insert("deny".to_owned(), deny);
    assert!(assume(&world, user(SOURCE, "nobody"), &own).is_err());
}

#[test]
fn an_external_id_has_to_be_the_agreed_one() {
    let mut world = world();
    principal(&mut world, DESTINATION, "Operator").trust = Some(trust(
        &json!({"AWS": SOURCE}),
        &json!({"StringEquals": {"sts:ExternalId": "agreed"}}),
    ));
    for (params, fine) in [
        (json!({}), false),
        (json!({"ExternalId": "other"}), false),
        (json!({"ExternalId": "agreed"}), true),
    ] {
        assert_eq!(assume(&world, user(SOURCE, "admin"), &params).is_ok(), fine, "{params}");
    }
}

#[test]
fn sessions_last_as_long_as_the_role_allows_and_an_hour_in_a_chain() {
    let mut world = world();
    principal(&mut world, DESTINATION, "Operator").max_session_secs = 7200;
    let ask = |world: &World, caller, secs: i64| assume(world, caller, &json!({"DurationSeconds": secs}));
    assert_eq!(
        ask(&world, user(SOURCE, "admin"), 7200).unwrap().lifetime,
        Duration::from_hours(2)
    );
    let long = ask(&world, user(SOURCE, "admin"), 7201).unwrap_err();
    assert_eq!(long.code, "ValidationError");
    assert!(long.message.contains("MaxSessionDuration"), "{long}");

    principal(&mut world, SOURCE, "Operator")
        .inline
        .insert("all".to_owned(), allow(&["*"], &["*"]));
    assert!(ask(&world, session(SOURCE, "Operator"), 3600).is_ok());
    let chained = ask(&world, session(SOURCE, "Operator"), 3601).unwrap_err();
    assert!(chained.message.contains("role chaining"), "{chained}");
}

#[test]
fn a_wrong_path_a_missing_role_and_a_user_are_all_just_denied() {
    let world = world();
    for arn in [
        "arn:aws:iam::222222222222:role/Operator",
        "arn:aws:iam::222222222222:role/ops/Absent",
        "arn:aws:iam::222222222222:role/admin",
        "arn:aws:iam::555555555555:role/Anything",
    ] {
        let refusal = assume(&world, user(SOURCE, "admin"), &json!({"RoleArn": arn})).unwrap_err();
        assert_eq!(refusal.code, "AccessDenied", "{arn}");
    }
    for arn in [
        "arn:aws:iam::222222222222:user/admin",
        "arn:aws:sts::222222222222:assumed-role/a/b",
        "role/Operator is",
    ] {
        let refusal = assume(&world, user(SOURCE, "admin"), &json!({"RoleArn": arn})).unwrap_err();
        assert_eq!(refusal.code, "ValidationError", "{arn}");
    }
}

#[test]
fn session_policies_are_checked() {
    let world = world();
    let fine = json!({"Policy": allow(&["backup:List*"], &["*"]).to_string(), "SourceIdentity": "ops"});
    let granted = assume(&world, user(SOURCE, "admin"), &fine).unwrap();
    assert_eq!(granted.session_policies.len(), 1);
    let malformed = assume(&world, user(SOURCE, "admin"), &json!({"Policy": "{}"})).unwrap_err();
    assert_eq!(malformed.code, "MalformedPolicyDocument");
    let huge = json!({"Policy": " ".repeat(3000)});
    assert_eq!(
        assume(&world, user(SOURCE, "admin"), &huge).unwrap_err().code,
        "PackedPolicyTooLarge"
    );
    let unknown = json!({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/Nothing"}]});
    assert_eq!(
        assume(&world, user(SOURCE, "admin"), &unknown).unwrap_err().code,
        "ValidationError"
    );
}
