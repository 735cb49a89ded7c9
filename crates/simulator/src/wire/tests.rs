//! From bytes to members and back, protocol by protocol.

use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::input::Route;
use super::{Params, Refusal};
use crate::model::Service;
use crate::rig::{Ask, Rig};

fn parsed(ask: &Ask) -> Result<(&'static str, Params), Refusal> {
    let (parts, body) = ask.request().into_parts();
    let route = Route::find(ask.service, &parts, &body)?;
    let operation = route.operation.name;
    Ok((operation, route.params(&parts, &body)?))
}

fn members(ask: &Ask) -> Value {
    Value::Object(parsed(ask).unwrap().1.0)
}

fn refused(ask: &Ask) -> (String, String) {
    let refusal = parsed(ask).unwrap_err();
    (refusal.code, refusal.message)
}

#[test]
fn rest_paths_name_operations_and_labels() {
    let vault = "aws%2Fefs%2Fautomatic-backup-vault";
    for (method, uri, operation, input) in [
        ("GET", "/backup-vaults", "ListBackupVaults", json!({})),
        ("GET", "/backup-vaults/", "ListBackupVaults", json!({})),
        (
            "GET",
            "/backup-vaults/gold",
            "DescribeBackupVault",
            json!({"BackupVaultName": "gold"}),
        ),
        (
            "PUT",
            "/backup-vaults/gold",
            "CreateBackupVault",
            json!({"BackupVaultName": "gold"}),
        ),
        (
            "DELETE",
            "/backup-vaults/gold/",
            "DeleteBackupVault",
            json!({"BackupVaultName": "gold"}),
        ),
        (
            "GET",
            &format!("/backup-vaults/{vault}/recovery-points"),
            "ListRecoveryPointsByBackupVault",
            json!({"BackupVaultName": "aws/efs/automatic-backup-vault"}),
        ),
        (
            "GET",
            "/backup-vaults/g/recovery-points/arn%3Aaws%3Aec2%3A%3A%3Asnapshot%2Fsnap-1",
            "DescribeRecoveryPoint",
            json!({"BackupVaultName": "g", "RecoveryPointArn": "arn:aws:ec2:::snapshot/snap-1"}),
        ),
        ("GET", "/tags/arn%3Ax", "ListTags", json!({"ResourceArn": "arn:x"})),
        (
            "GET",
            "/copy-jobs?accountId=%2A",
            "ListCopyJobs",
            json!({"ByAccountId": "*"}),
        ),
        ("GET", "/copy-jobs/A-1", "DescribeCopyJob", json!({"CopyJobId": "A-1"})),
    ] {
        let ask = Ask::backup(method, uri, "");
        let (found, params) = parsed(&ask).unwrap();
        assert_eq!((found, Value::Object(params.0)), (operation, input), "{method} {uri}");
    }
}

#[test]
fn rest_members_come_from_path_query_and_body() {
    let ask = Ask::backup(
        "GET",
        "/copy-jobs?maxResults=7&state=RUNNING&createdAfter=2024-02-29T12%3A34%3A56.25Z&createdBefore=1709210100&resourceArn=arn%3Aa%2Bb",
        "",
    );
    let expected = json!({"MaxResults": 7, "ByState": "RUNNING", "ByCreatedAfter": 1_709_210_096.25,
        "ByCreatedBefore": 1_709_210_100.0, "ByResourceArn": "arn:a+b"});
    assert_eq!(members(&ask), expected);

    let body = r#"{"BackupVaultTags": {"a": "b", "gone": null}, "EncryptionKeyArn": null, "CreatorRequestId": "x"}"#;
    let expected = json!({"BackupVaultName": "gold", "BackupVaultTags": {"a": "b"}, "CreatorRequestId": "x"});
    assert_eq!(members(&Ask::backup("PUT", "/backup-vaults/gold", body)), expected);
}

const COPY: &str = r#"{"RecoveryPointArn":"arn:r","SourceBackupVaultName":"s","DestinationBackupVaultArn":"arn:d",
    "IamRoleArn":"arn:i","Lifecycle":{"DeleteAfterDays":35}"#;

#[test]
fn what_the_model_forbids_is_refused_in_backups_words() {
    for (ask, code, part) in [
        (
            Ask::backup("PUT", "/copy-jobs", "{}"),
            "MissingParameterValueException",
            "4 validation errors detected: Value null at 'recoveryPointArn'",
        ),
        (
            Ask::backup("PUT", "/copy-jobs", &format!("{COPY}, \"Speed\": 1}}")),
            "InvalidParameterValueException",
            "'speed'",
        ),
        (
            Ask::backup("GET", "/copy-jobs?maxResults=0", ""),
            "InvalidParameterValueException",
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            Ask::backup("GET", "/copy-jobs?maxResults=1001", ""),
            "InvalidParameterValueException",
            "less than or equal to 1000",
        ),
        (
            Ask::backup("GET", "/copy-jobs?state=DONE", ""),
            "InvalidParameterValueException",
            "enum value set: [CREATED,",
        ),
        (
            Ask::backup("GET", "/copy-jobs?accountId=12", ""),
            "InvalidParameterValueException",
            "pattern: ^[0-9]{12}$",
        ),
        (
            Ask::backup("GET", "/copy-jobs?colour=red", ""),
            "InvalidParameterValueException",
            "'colour'",
        ),
        (
            Ask::backup("PUT", "/backup-vaults/two%20words", "{}"),
            "InvalidParameterValueException",
            "'two words'",
        ),
        (
            Ask::backup("GET", "/copy-jobs?maxResults=many", ""),
            "SerializationException",
            "'many'",
        ),
        (
            Ask::backup("GET", "/copy-jobs?createdAfter=yesterday", ""),
            "SerializationException",
            "'yesterday'",
        ),
        (
            Ask::backup("PUT", "/copy-jobs", "{"),
            "SerializationException",
            "not JSON",
        ),
        (
            Ask::backup("PUT", "/copy-jobs", "[]"),
            "SerializationException",
            "START_ARRAY",
        ),
        (
            Ask::backup("PUT", "/copy-jobs", r#"{"IamRoleArn": 7}"#),
            "SerializationException",
            "NUMBER_VALUE at 'iamRoleArn'",
        ),
        (
            Ask::backup("PUT", "/copy-jobs", r#"{"Lifecycle": {"DeleteAfterDays": 1.5}}"#),
            "SerializationException",
            "'lifecycle.deleteAfterDays' can not be converted to an Integer",
        ),
        (
            Ask::backup("GET", "/backup-plans/", ""),
            "UnknownOperationException",
            "GET /backup-plans/",
        ),
        (
            Ask::backup("POST", "/copy-jobs", "{}"),
            "UnknownOperationException",
            "POST /copy-jobs",
        ),
    ] {
        let (told, message) = refused(&ask);
        assert_eq!(told, code, "{} {}: {message}", ask.method, ask.uri);
        assert!(message.contains(part), "{message}");
    }
    assert!(parsed(&Ask::backup("PUT", "/copy-jobs", &format!("{COPY}}}"))).is_ok());
}

#[test]
fn odd_names_that_aws_itself_gives_out_are_taken() {
    let filter = "/backup-vaults/aws%2Fefs%2Fautomatic-backup-vault/recovery-points/?resourceType=Storage%20Gateway";
    assert_eq!(
        members(&Ask::backup("GET", filter, ""))["ByResourceType"],
        "Storage Gateway"
    );
}

#[test]
fn json_1_1_is_told_by_its_target() {
    let ask = Ask::json(
        Service::Kms,
        "DescribeKey",
        r#"{"KeyId": "alias/a", "GrantTokens": ["t", "u"]}"#,
    );
    assert_eq!(parsed(&ask).unwrap().0, "DescribeKey");
    assert_eq!(members(&ask), json!({"KeyId": "alias/a", "GrantTokens": ["t", "u"]}));

    for (ask, code) in [
        (Ask::json(Service::Kms, "ListKeys", "{}"), "UnknownOperationException"),
        (Ask::json(Service::Kms, "DescribeKey", "{}"), "ValidationException"),
        (
            Ask::json(Service::Kms, "DescribeKey", r#"{"KeyId": ""}"#),
            "ValidationException",
        ),
        (Ask::json(Service::Kms, "DescribeKey", "?"), "SerializationException"),
        (
            Ask::json(Service::Organizations, "DescribeOrganization", r#"{"Id": "o"}"#),
            "InvalidInputException",
        ),
        (
            Ask::json(Service::ServiceQuotas, "GetServiceQuota", r#"{"ServiceCode": "ebs"}"#),
            "IllegalArgumentException",
        ),
    ] {
        assert_eq!(refused(&ask).0, code, "{ask:?}");
    }
    assert_eq!(
        members(&Ask::json(Service::Organizations, "DescribeOrganization", "")),
        json!({})
    );
}

#[test]
fn forms_hold_lists_structures_and_numbers() {
    let pairs = [
        ("RoleArn", "arn:aws:iam::111111111111:role/R"),
        ("RoleSessionName", "night shift+1"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", "x y"),
        ("Tags.member.3.Key", "b"),
        ("Tags.member.3.Value", ""),
        ("TransitiveTagKeys.member.1", "a"),
    ];
    let mut ask = Ask::query(Service::Sts, "AssumeRole", &pairs);
    let (code, message) = refused(&ask);
    assert_eq!(code, "ValidationError");
    assert!(message.contains("'night shift+1' at 'roleSessionName'"), "{message}");
    ask = Ask::query(
        Service::Sts,
        "AssumeRole",
        &[&pairs[..1], &[("RoleSessionName", "night+1")], &pairs[2..]].concat(),
    );
    let expected = json!({
        "RoleArn": "arn:aws:iam::111111111111:role/R", "RoleSessionName": "night+1", "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": "x y"}, {"Key": "b", "Value": ""}], "TransitiveTagKeys": ["a"],
    });
    assert_eq!(members(&ask), expected);
}

#[test]
fn forms_that_the_model_forbids_are_refused_in_the_query_protocols_words() {
    let sts = |pairs: &[(&str, &str)]| Ask::query(Service::Sts, "AssumeRole", pairs);
    let mut wrong_version = Ask::query(Service::Iam, "GetRole", &[("RoleName", "R")]);
    wrong_version.body = wrong_version.body.replace("2010-05-08", "2011-06-15");
    for (ask, code, part) in [
        (sts(&[]), "ValidationError", "Value null at 'roleArn'"),
        (
            Ask::query(Service::Iam, "GetRole", &[("RoleName", "a b")]),
            "ValidationError",
            "'a b' at 'roleName'",
        ),
        (
            Ask::query(Service::Iam, "GetRole", &[("RoleName", "R"), ("Colour", "red")]),
            "ValidationError",
            "'Colour'",
        ),
        (sts(&[("DurationSeconds", "long")]), "MalformedInput", "'long'"),
        (Ask::query(Service::Iam, "ListUsers", &[]), "InvalidAction", "ListUsers"),
        (wrong_version, "InvalidAction", "for version 2011-06-15"),
        (
            Ask {
                body: "Version=2011-06-15".to_owned(),
                ..sts(&[])
            },
            "MissingAction",
            "missing an action",
        ),
    ] {
        let (told, message) = refused(&ask);
        assert_eq!(told, code, "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_action_may_stand_in_the_query_string() {
    let mut ask = Ask::query(Service::Sts, "GetCallerIdentity", &[]);
    (ask.method, ask.uri, ask.body) = ("GET", format!("/?{}", ask.body), String::new());
    assert_eq!(parsed(&ask).unwrap().0, "GetCallerIdentity");
}

#[test]
fn errors_have_the_shape_of_their_protocol() {
    let rig = Rig::new();
    let rest = rig.ask(&Ask::backup("GET", "/backup-vaults/nowhere", ""));
    assert_eq!(
        (rest.status, rest.code()),
        (StatusCode::BAD_REQUEST, "ResourceNotFoundException")
    );
    let members: Vec<String> = rest.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["Code", "Context", "Message", "Type"]);

    let json = rig.ask(&Ask::json(Service::Kms, "DescribeKey", r#"{"KeyId": "nothing"}"#));
    assert_eq!(
        (json.status, json.json()["__type"].as_str()),
        (StatusCode::BAD_REQUEST, Some("NotFoundException"))
    );
    assert!(json.json()["message"].is_string());

    let query = rig.ask(&Ask::query(Service::Iam, "GetRole", &[("RoleName", "Nobody")]));
    assert_eq!((query.status, query.code()), (StatusCode::NOT_FOUND, "NoSuchEntity"));
    assert!(
        query.text.contains("<Type>Sender</Type>") && query.text.contains("<RequestId>"),
        "{}",
        query.text
    );

    let unknown = rig.ask(&Ask::backup("GET", "/backup-plans", ""));
    assert_eq!(
        (unknown.status, unknown.code()),
        (StatusCode::NOT_FOUND, "UnknownOperationException")
    );
}

#[test]
fn every_answer_names_its_request() {
    let rig = Rig::new();
    let mut seen = std::collections::BTreeSet::new();
    for service in Service::ALL {
        let crate::Outcome::Answer { response, .. } = rig.simulator.respond(rig.signed(&Ask::harmless(service))) else {
            panic!("no answer")
        };
        let id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(response.headers()["content-length"], response.body().len().to_string());
        assert_eq!(response.headers()["date"], "Mon, 21 Sep 2026 14:13:20 GMT");
        assert!(seen.insert(id));
    }
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "PUT", "POST", "DELETE"])
}

fn paths() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "backup-vaults",
            "copy-jobs",
            "tags",
            "recovery-points",
            "untag",
            "resources",
            ""
        ])
        .prop_map(str::to_owned),
        "[a-z%0-9A-F:.]{0,12}",
    ];
    let query = prop_oneof![Just(String::new()), "\\?([a-zA-Z]{1,10}=?[%a-z0-9A-F]{0,5}&?){0,4}"];
    (prop::collection::vec(piece, 0..5), query).prop_map(|(pieces, query)| format!("/{}{query}", pieces.join("/")))
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[{}\\[\\]\",:0-9a-zA-Z.]{0,120}".prop_map(String::into_bytes),
        "(Action|Version|Tags|member|PolicyArns|[.=&0-9%]){0,40}".prop_map(String::into_bytes),
        Just(COPY.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever arrives, signed or not, gets an answer of the 4xx or 2xx kind.
    #[test]
    fn arbitrary_requests_get_orderly_answers(
        method in methods(), uri in paths(), body in bodies(), service in prop::sample::select(Service::ALL.to_vec()),
        header in "[ -~]{0,80}", target in "[A-Za-z0-9_.]{0,40}", signed in any::<bool>(),
    ) {
        thread_local!(static RIG: Rig = Rig::new());
        RIG.with(|rig| {
            let headers = vec![("x-amz-target", target)];
            let ask = Ask { service, method, uri, headers, body: String::new() };
            let mut request = ask.request();
            *request.body_mut() = bytes::Bytes::from(body);
            let request = if signed {
                use crate::clock::Clock as _;
                super::sigv4::sign(request, &rig.user(), service, crate::rig::REGION, rig.wire_clock.now())
            } else {
                request.headers_mut().insert("authorization", header.parse().unwrap());
                request
            };
            let answer = rig.answer(request);
            prop_assert!(answer.status.as_u16() < 500, "{answer:?}");
            Ok(())
        })?;
    }

    /// As above, where the signature's header is nearly right.
    #[test]
    fn broken_authorization_headers_are_refused(cut in 0_usize..200, put in "[ -~]{0,6}") {
        thread_local!(static RIG: Rig = Rig::new());
        RIG.with(|rig| {
            let mut request = rig.signed(&Ask::harmless(Service::Backup));
            let whole = request.headers()["authorization"].to_str().unwrap().to_owned();
            let at = cut.min(whole.len() - 1);
            let broken = format!("{}{put}{}", &whole[..at], &whole[at + 1..]);
            prop_assume!(broken != whole);
            request.headers_mut().insert("authorization", broken.parse().unwrap());
            let answer = rig.answer(request);
            let harmless = answer.status.is_success() && broken.replace(' ', "") == whole.replace(' ', "");
            prop_assert!(answer.status.is_client_error() || harmless, "{broken}: {answer:?}");
            Ok(())
        })?;
    }
}
