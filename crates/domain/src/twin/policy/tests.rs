//! Rewritten policies: by table where a statement is meant, by random policies where a law is.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const OWN: &str = "111111111111";
const OTHER: &str = "222222222222";
const THIRD: &str = "333333333333";

fn route() -> Route {
    Route::between(
        OWN.parse().unwrap(),
        OTHER.parse().unwrap(),
        "us-east-1".parse().unwrap(),
    )
    .unwrap()
}

fn twin_of(source: Option<&Value>, destination: Option<&Value>) -> PolicyTwin {
    let pair = Pair {
        route: &route(),
        source: &VaultName::new("daily").unwrap(),
        target: &VaultName::new("archive").unwrap(),
        copy_role_arn: "arn:aws:iam::111111111111:role/service-role/AWSBackupDefaultServiceRole",
    };
    let text = |policy: &Value| policy.to_string();
    policy_twin(&pair, source.map(text).as_deref(), destination.map(text).as_deref())
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statements(document: Option<&Value>) -> Vec<Value> {
    document
        .and_then(|document| document["Statement"].as_array().cloned())
        .unwrap_or_default()
}

/// What becomes of one statement of the source: what is put for it, its fate, and what is said of it.
fn carried(statement: Value) -> (Option<Value>, Fate, String) {
    let twin = twin_of(Some(&policy(&[statement])), None);
    let put = statements(twin.document.as_ref());
    let first = (put.len() > 1).then(|| put[0].clone());
    (first, twin.statements[0].fate, twin.statements[0].why.join("; "))
}

#[test]
fn an_open_vault_admits_the_source_and_nobody_else() {
    let twin = twin_of(None, None);
    let put = statements(twin.document.as_ref());
    assert_eq!(
        put,
        [
            json!({ "Sid": "AllowCopiesFrom111111111111", "Effect": "Allow", "Resource": "*",
            "Principal": { "AWS": "arn:aws:iam::111111111111:root" }, "Action": "backup:CopyIntoBackupVault" })
        ]
    );
}

#[test]
fn the_own_account_is_renamed_wherever_it_stands_alone() {
    let (put, fate, why) = carried(json!({ "Sid": "Own", "Effect": "Deny",
        "Principal": { "AWS": [OWN, "arn:aws:iam::111111111111:role/Ops", THIRD] },
        "Action": "backup:DeleteRecoveryPoint",
        "Resource": ["arn:aws:backup:us-east-1:111111111111:backup-vault:daily", "arn:aws:s3:::x1111111111110"],
        "Condition": { "StringNotEquals": { "aws:PrincipalAccount": 111_111_111_111_u64 } } }));
    assert_eq!(fate, Fate::Carried);
    assert_eq!(
        put.unwrap(),
        json!({ "Sid": "Own", "Effect": "Deny",
            "Principal": { "AWS": [OTHER, "arn:aws:iam::222222222222:role/Ops", THIRD] },
            "Action": "backup:DeleteRecoveryPoint",
            "Resource": ["arn:aws:backup:us-east-1:222222222222:backup-vault:archive", "arn:aws:s3:::x1111111111110"],
            "Condition": { "StringNotEquals": { "aws:PrincipalAccount": "222222222222" } } })
    );
    assert!(why.contains("role/Ops`, which has to exist there"), "{why}");
    assert!(why.contains("aws:PrincipalAccount"), "{why}");
}

#[test]
fn what_would_mean_something_else_over_there_is_left_out() {
    let table = [
        (
            json!({ "Effect": "Allow", "NotPrincipal": { "AWS": OWN }, "Action": "backup:CopyIntoBackupVault", "Resource": "*" }),
            "other people",
        ),
        (
            json!({ "Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*",
            "Condition": { "StringNotEquals": { "aws:PrincipalAccount": OWN } } }),
            "all but its own account",
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::222222222222:root" },
            "Action": "backup:CopyIntoBackupVault", "Resource": "*" }),
            "only about the destination",
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": ["AROAIIAAAAAAAAAAAAAAA"] }, "Action": "backup:CopyFromBackupVault",
            "Resource": "*" }),
            "do not exist",
        ),
        (
            json!({ "Effect": "Deny", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*",
            "Condition": { "StringNotEquals": { "aws:PrincipalAccount": OWN } } }),
            "forbid the copies",
        ),
    ];
    for (statement, reason) in table {
        let (put, fate, why) = carried(statement.clone());
        assert_eq!((put, fate), (None, Fate::LeftOut), "{statement}");
        assert!(why.contains(reason), "{statement}: {why}");
    }
}

#[test]
fn a_deny_that_only_may_forbid_copies_is_carried_with_a_warning() {
    let (put, fate, why) = carried(
        json!({ "Effect": "Deny", "Principal": "*", "Action": "backup:CopyIntoBackupVault",
        "Resource": "*", "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "o-abc" } } }),
    );
    assert!(put.is_some() && fate == Fate::Carried, "{why}");
    assert!(why.contains("may forbid the copies"), "{why}");
}

#[test]
fn deleted_principals_are_dropped_and_told() {
    let (put, _, why) = carried(
        json!({ "Effect": "Allow", "Resource": "*", "Action": "backup:CopyIntoBackupVault",
        "Principal": { "AWS": ["AIDAIIAAAAAAAAAAAAAAA", THIRD] } }),
    );
    assert_eq!(put.unwrap()["Principal"], json!({ "AWS": [THIRD] }));
    assert!(why.contains("was deleted"), "{why}");
}

#[test]
fn the_destinations_own_statements_stay_and_decide() {
    let forbids = json!({ "Sid": "Nobody", "Effect": "Deny", "Principal": "*", "Action": "backup:CopyIntoBackupVault",
        "Resource": "*" });
    let twin = twin_of(None, Some(&policy(std::slice::from_ref(&forbids))));
    assert_eq!(statements(twin.document.as_ref())[0], forbids);
    let told = twin.statements.iter().find(|told| told.fate == Fate::Differs).unwrap();
    assert!(
        told.name.contains("Nobody") && told.why[0].contains("forbids"),
        "{told:?}"
    );

    let admits = json!({ "Effect": "Allow", "Principal": { "AWS": OWN }, "Action": "backup:CopyIntoBackupVault",
        "Resource": "*" });
    assert_eq!(
        twin_of(None, Some(&policy(&[admits]))).document,
        None,
        "it admits the source already"
    );
}

#[test]
fn a_name_that_is_taken_is_not_taken_over() {
    let mine = json!({ "Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "backup:DeleteBackupVault", "Resource": "*" });
    let theirs =
        json!({ "Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "backup:StartBackupJob", "Resource": "*" });
    let sid = json!({ "Sid": "AllowCopiesFrom111111111111", "Effect": "Allow", "Principal": { "AWS": THIRD },
        "Action": "backup:CopyIntoBackupVault", "Resource": "*" });
    let twin = twin_of(Some(&policy(&[mine])), Some(&policy(&[theirs.clone(), sid.clone()])));
    assert_eq!(twin.statements[0].fate, Fate::Differs);
    let put = statements(twin.document.as_ref());
    assert_eq!(put[..2], [theirs, sid]);
    assert_eq!(put[2]["Sid"], "AllowCopiesFrom1111111111112");
}

#[test]
fn what_is_not_understood_is_not_touched() {
    for odd in [
        json!({ "Statement": [] , "Statements": [] }),
        json!("text"),
        json!({ "Version": "2012-10-17" }),
    ] {
        let twin = twin_of(None, Some(&odd));
        assert_eq!(twin.document, None, "{odd}");
        assert!(twin.statements[0].why[0].contains("AllowCopiesFrom"), "{twin:?}");
    }
    let twin = twin_of(Some(&json!({ "Statement": "odd" })), None);
    assert_eq!(
        statements(twin.document.as_ref()).len(),
        1,
        "copies are admitted all the same"
    );
}

fn name_of_principal() -> impl Strategy<Value = String> {
    let account = prop::sample::select(vec![OWN, OTHER, THIRD]);
    let wrap = prop::sample::select(vec![
        "{}",
        "arn:aws:iam::{}:root",
        "arn:aws:iam::{}:role/app-{}",
        "arn:aws:iam::{}:user/ann",
    ]);
    (account, wrap).prop_map(|(account, wrap)| wrap.replace("{}", account))
}

fn principal() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!("*")),
        1 => Just(json!({ "AWS": "*" })),
        1 => Just(json!({ "Service": "backup.amazonaws.com" })),
        4 => name_of_principal().prop_map(|name| json!({ "AWS": name })),
        4 => prop::collection::vec(name_of_principal(), 1..4).prop_map(|names| json!({ "AWS": names })),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let value = prop::sample::select(vec![
        OWN,
        OTHER,
        "o-1",
        "arn:aws:iam::111111111111:role/*",
        "${aws:username}",
    ]);
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "ArnLike",
        "ForAnyValue:StringLike",
    ]);
    let key = prop::sample::select(vec!["aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalArn"]);
    (operator, key, value).prop_map(|(operator, key, value)| json!({ operator: { key: value } }))
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = [
        "backup:CopyIntoBackupVault",
        "backup:DeleteRecoveryPoint",
        "backup:StartBackupJob",
    ];
    let effect = prop::sample::select(vec!["Allow", "Deny"]);
    let whom = prop::sample::select(vec!["Principal", "Principal", "Principal", "NotPrincipal"]);
    let sid = prop::option::of(prop::sample::select(vec!["One", "Two", "AllowCopiesFrom111111111111"]));
    let action = prop::sample::subsequence(actions.to_vec(), 1..=3);
    (effect, whom, principal(), action, prop::option::of(condition()), sid).prop_map(
        |(effect, whom, principal, action, condition, sid)| {
            let mut statement = json!({ "Effect": effect, whom: principal, "Action": action, "Resource": "*" });
            for (name, value) in [("Condition", condition), ("Sid", sid.map(Value::from))] {
                if let Some(value) = value {
                    statement[name] = value;
                }
            }
            statement
        },
    )
}

fn some_policy() -> impl Strategy<Value = Option<Value>> {
    let version = prop::sample::select(vec!["2012-10-17", "2012-10-17", "2008-10-17"]);
    let document = (version, prop::collection::vec(statement(), 1..5))
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }));
    prop::option::weighted(0.8, document)
}

fn renamed_text(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().replace(OWN, OTHER)).unwrap()
}

fn names(principal: &Value) -> BTreeSet<String> {
    let kinds = principal.as_object();
    let named = kinds.into_iter().flatten().flat_map(|(_, names)| match names {
        Value::Array(names) => names.clone(),
        one => vec![one.clone()],
    });
    let named = named.map(|name| name.as_str().unwrap().to_owned());
    principal.as_str().map(str::to_owned).into_iter().chain(named).collect()
}

proptest! {
    #[test]
    fn twice_is_once(source in some_policy(), destination in some_policy()) {
        let once = twin_of(source.as_ref(), destination.as_ref()).document;
        let there = once.or(destination);
        let again = twin_of(source.as_ref(), there.as_ref());
        prop_assert_eq!(again.document, None);
        prop_assert!(again.statements.iter().all(|told| told.fate != Fate::Carried));
    }

    #[test]
    fn what_was_there_stays_in_its_place(source in some_policy(), destination in some_policy()) {
        let put = twin_of(source.as_ref(), destination.as_ref()).document;
        let before = statements(destination.as_ref());
        if let Some(put) = put {
            prop_assert_eq!(&statements(Some(&put))[..before.len()], &before[..]);
            if let Some(destination) = destination {
                prop_assert_eq!(&put["Version"], &destination["Version"]);
            }
        }
    }

    #[test]
    fn no_principal_is_widened_and_no_own_id_is_left(source in some_policy(), destination in some_policy()) {
        let put = twin_of(source.as_ref(), destination.as_ref()).document;
        let kept = statements(destination.as_ref()).len();
        let originals = statements(source.as_ref());
        let renamed = |names: BTreeSet<String>| -> BTreeSet<String> {
            names.into_iter().map(|name| name.replace(OWN, OTHER)).collect()
        };
        let narrow = admission(&route());
        for added in statements(put.as_ref()).iter().skip(kept) {
            if same(added, &narrow) {
                continue;
            }
            let mut without_sid = added.clone();
            without_sid["Sid"] = Value::Null;
            prop_assert!(!without_sid.to_string().contains(OWN), "{}", added);
            let explains = |original: &Value| {
                ["Effect", "Action", "Resource"].iter().all(|part| original[*part] == added[*part])
                    && renamed(names(&original["Principal"])) == names(&added["Principal"])
                    && renamed(names(&original["NotPrincipal"])) == names(&added["NotPrincipal"])
                    && added["Condition"] == renamed_text(&original["Condition"])
            };
            prop_assert!(originals.iter().any(explains), "nothing in the source says {}", added);
            prop_assert!(added["Effect"] != "Allow" || added["NotPrincipal"].is_null());
        }
    }

    #[test]
    fn unless_the_destination_forbids_it_the_source_is_admitted(source in some_policy()) {
        let put = twin_of(source.as_ref(), None).document.unwrap();
        let route = route();
        let (daily, archive) = (VaultName::new("daily").unwrap(), VaultName::new("archive").unwrap());
        let pair = Pair { route: &route, source: &daily, target: &archive,
            copy_role_arn: "arn:aws:iam::111111111111:role/service-role/AWSBackupDefaultServiceRole" };
        let answer = Document::read(Some(&put.to_string())).unwrap().admits(&pair).unwrap();
        prop_assert!(!matches!(answer, Answer::Denied(_)), "{:?} by {}", answer, put);
    }
}
