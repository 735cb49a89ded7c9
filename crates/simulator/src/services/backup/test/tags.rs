use serde_json::json;

use super::*;

const VAULT: &str = "arn:aws:backup:eu-central-1:111111111111:backup-vault:daily";

fn many(count: usize) -> Value {
    (0..count)
        .map(|number| (format!("key-{number:03}"), Value::from("value")))
        .collect()
}

fn tag(sim: &mut Sim, arn: &str, tags: &Value) -> Result<Value, Refusal> {
    sim.ask("TagResource", json!({"ResourceArn": arn, "Tags": tags}))
}

fn tags(sim: &mut Sim, arn: &str) -> Value {
    sim.ask("ListTags", json!({"ResourceArn": arn})).unwrap()["Tags"].clone()
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut sim = small_box();
    tag(&mut sim, VAULT, &json!({"a": "1", "b": ""})).unwrap();
    tag(&mut sim, VAULT, &json!({"a": "2", "c": "Zoë + co"})).unwrap();
    assert_eq!(tags(&mut sim, VAULT), json!({"a": "2", "b": "", "c": "Zoë + co"}));
    sim.ask(
        "UntagResource",
        json!({"ResourceArn": VAULT, "TagKeyList": ["b", "never there"]}),
    )
    .unwrap();
    assert_eq!(tags(&mut sim, VAULT), json!({"a": "2", "c": "Zoë + co"}));
}

#[test]
fn there_are_at_most_fifty() {
    let mut sim = small_box();
    assert_eq!(
        tag(&mut sim, VAULT, &many(51)).unwrap_err().code,
        "LimitExceededException"
    );
    tag(&mut sim, VAULT, &many(50)).unwrap();
    assert_eq!(
        tag(&mut sim, VAULT, &json!({"more": ""})).unwrap_err().code,
        "LimitExceededException"
    );
    tag(&mut sim, VAULT, &json!({"key-001": "changed"})).unwrap();
    for size in [1, 7, 49, 50, 1000] {
        let mut all = serde_json::Map::new();
        let mut params = json!({"ResourceArn": VAULT, "MaxResults": size});
        loop {
            let page = sim.ask("ListTags", params.clone()).unwrap();
            all.extend(page["Tags"].as_object().unwrap().clone());
            if page["NextToken"].is_null() {
                break;
            }
            params["NextToken"] = page["NextToken"].clone();
        }
        assert_eq!(all.len(), 50, "pages of {size}");
    }
}

#[test]
fn keys_and_values_have_their_rules() {
    let mut sim = small_box();
    let (longest, value) = ("k".repeat(128), "v".repeat(256));
    tag(&mut sim, VAULT, &json!({longest: value})).unwrap();
    for wrong in [
        json!({"": "x"}),
        json!({"k".repeat(129): "x"}),
        json!({"k": "v".repeat(257)}),
        json!({"aws:backup:source": "x"}),
        json!({"AWS:upper": "x"}),
        json!({"what?": "x"}),
        json!({"k": "tab\t"}),
    ] {
        assert_eq!(
            tag(&mut sim, VAULT, &wrong).unwrap_err().code,
            "InvalidParameterValueException",
            "{wrong}"
        );
    }
    let reserved = json!({"ResourceArn": VAULT, "TagKeyList": ["aws:x"]});
    assert_eq!(sim.code("UntagResource", reserved), "InvalidParameterValueException");
}

#[test]
fn points_of_fully_managed_types_have_tags_and_others_have_theirs_elsewhere() {
    let mut sim = small_box();
    let id = daily(&sim.world);
    let table = resource(&mut sim.world, ResourceType::DynamoDb, "orders");
    let volume = resource(&mut sim.world, ResourceType::Ebs, "vol-1");
    let managed = add(&mut sim.world, id, table, 1);
    let snapshot = add(&mut sim.world, id, volume, 2);
    let (managed, snapshot) = (sim.world.point_arn(managed), sim.world.point_arn(snapshot));
    assert_eq!(tags(&mut sim, &managed), json!({"Application": "ledger"}));
    tag(&mut sim, &managed, &json!({"apmid": "A1"})).unwrap();
    assert_eq!(
        tags(&mut sim, &managed),
        json!({"Application": "ledger", "apmid": "A1"})
    );
    assert_eq!(
        tag(&mut sim, &snapshot, &json!({"a": "b"})).unwrap_err().code,
        "InvalidParameterValueException"
    );
    assert_eq!(
        sim.code("ListTags", json!({"ResourceArn": snapshot})),
        "InvalidParameterValueException"
    );

    sim.account = DESTINATION;
    assert_eq!(
        sim.code("ListTags", json!({"ResourceArn": managed})),
        "AccessDeniedException"
    );
    sim.account = SOURCE;
    for (missing, code) in [
        (VAULT.replace("daily", "nowhere"), "ResourceNotFoundException"),
        (
            "arn:aws:backup:eu-central-1:111111111111:recovery-point:none".to_owned(),
            "ResourceNotFoundException",
        ),
        (
            VAULT.replace("eu-central-1", "eu-west-1"),
            "InvalidParameterValueException",
        ),
        (
            VAULT.replace("arn:aws:", "arn:aws-cn:"),
            "InvalidParameterValueException",
        ),
        ("daily".to_owned(), "InvalidParameterValueException"),
    ] {
        assert_eq!(sim.code("ListTags", json!({"ResourceArn": missing})), code, "{missing}");
    }
}
