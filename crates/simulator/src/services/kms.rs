//! Key Management Service: what a key is, and what its policy says.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::clock::Moment;
use crate::policy::{Context, Decision, access};
use crate::state::State;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{Key, KeyId, KeyManager, KeyState, World};

pub(super) fn look(state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    let world = &state.world;
    match call.operation {
        "DescribeKey" => Some(describe_key(world, call)),
        "GetKeyPolicy" => Some(get_key_policy(world, call)),
        _ => None,
    }
}

fn describe_key(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let id = find(world, call, true)?;
    permit(world, call, id, "kms:DescribeKey")?;
    let key = key(world, id);
    let mut members = Map::new();
    let mut put = |member: &str, value: Value| members.insert(member.to_owned(), value);
    put("AWSAccountId", key.account.as_str().into());
    put("KeyId", key.id.as_str().into());
    put("Arn", world.key_arn(id).into());
    put("CreationDate", seconds(key.created));
    put("Enabled", (key.state == KeyState::Enabled).into());
    put("Description", description(key).into());
    put("KeyUsage", "ENCRYPT_DECRYPT".into());
    put("KeyState", state_name(key.state).into());
    if key.state == KeyState::PendingDeletion {
        put("DeletionDate", seconds(deletion_date(key, call.now)));
    }
    put("Origin", "AWS_KMS".into());
    put(
        "KeyManager",
        if key.manager == KeyManager::Aws {
            "AWS"
        } else {
            "CUSTOMER"
        }
        .into(),
    );
    put("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT".into());
    put("KeySpec", "SYMMETRIC_DEFAULT".into());
    put("EncryptionAlgorithms", json!(["SYMMETRIC_DEFAULT"]));
    put("MultiRegion", false.into());
    put("CurrentKeyMaterialId", material_id(key).into());
    Ok(Reply::Members(json!({"KeyMetadata": members})))
}

/// Only the key's own account may read its policy, whatever the policy says.
fn get_key_policy(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let id = find(world, call, false)?;
    if key(world, id).account != call.caller.account {
        return Err(access::denied(
            "kms:GetKeyPolicy",
            &call.caller.arn,
            &world.key_arn(id),
            access::NO_RESOURCE_POLICY,
        ));
    }
    permit(world, call, id, "kms:GetKeyPolicy")?;
    if call.params.text("PolicyName").is_some_and(|name| name != "default") {
        return Err(Refusal::new("NotFoundException", "No such policy exists"));
    }
    Ok(Reply::Members(
        json!({"Policy": format!("{:#}", key(world, id).policy), "PolicyName": "default"}),
    ))
}

/// A key's policy must let the caller in: by itself, or by leaving it to the account, whose own policies then decide.
/// From another account both must.
fn permit(world: &World, call: &Call, id: KeyId, action: &str) -> Result<(), Refusal> {
    let (key, arn, caller) = (key(world, id), world.key_arn(id), &call.caller);
    let context = Context::new().with("kms:CallerAccount", caller.account.as_str());
    let by_key = access::resource_evaluation(world, caller, &key.policy, action, &arn, &context);
    if by_key.decision == Decision::ExplicitDeny {
        let because = "with an explicit deny in a resource-based policy";
        return Err(access::denied(action, &caller.arn, &arn, because));
    }
    if !by_key.allowed() {
        return Err(access::denied(action, &caller.arn, &arn, access::NO_RESOURCE_POLICY));
    }
    let granted = key.account == caller.account && by_key.allowed_directly();
    access::authorize_with(world, caller, action, &arn, &context, granted)
}

/// By UUID, key ARN and, where an operation takes them, alias or alias ARN.
fn find(world: &World, call: &Call, aliases: bool) -> Result<KeyId, Refusal> {
    let asked = call.params.required("KeyId");
    let (account, name) = if asked.starts_with("arn:") {
        let parts: Vec<&str> = asked.splitn(6, ':').collect();
        let &[_, _, "kms", region, account, name] = parts.as_slice() else {
            return Err(Refusal::new("InvalidArnException", format!("Invalid arn {asked}")));
        };
        if region != world.region {
            return Err(Refusal::new("InvalidArnException", format!("Invalid region {region}")));
        }
        (account, name)
    } else {
        (call.caller.account.as_str(), asked)
    };
    let prefix = format!("arn:{}:kms:{}:{account}", world.partition, world.region);
    let position = if let Some(alias) = name.strip_prefix("alias/") {
        if !aliases {
            return Err(Refusal::new("InvalidArnException", format!("Invalid keyId {asked}")));
        }
        let found = world
            .keys
            .iter()
            .position(|key| key.account == account && alias_of(key) == Some(alias));
        found.ok_or_else(|| not_found(format!("Alias {prefix}:alias/{alias} is not found.")))?
    } else {
        let uuid = name.strip_prefix("key/").unwrap_or(name);
        if name == uuid && asked.starts_with("arn:") {
            return Err(Refusal::new("InvalidArnException", format!("Invalid arn {asked}")));
        }
        let found = world
            .keys
            .iter()
            .position(|key| key.account == account && key.id == uuid);
        found.ok_or_else(|| not_found(format!("Key '{prefix}:key/{uuid}' does not exist")))?
    };
    Ok(KeyId(u32::try_from(position).expect("fewer than 2^32 keys")))
}

fn not_found(message: String) -> Refusal {
    Refusal::new("NotFoundException", message)
}

fn key(world: &World, id: KeyId) -> &Key {
    &world.keys[id.0 as usize]
}

fn alias_of(key: &Key) -> Option<&str> {
    key.alias
        .as_deref()
        .map(|alias| alias.strip_prefix("alias/").unwrap_or(alias))
}

fn description(key: &Key) -> String {
    let service = alias_of(key).and_then(|alias| alias.strip_prefix("aws/"));
    match (key.manager, service) {
        (KeyManager::Aws, Some(service)) => {
            format!("Default key that protects my {service} data when no other key is defined")
        }
        _ => String::new(),
    }
}

const fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Enabled => "Enabled",
        KeyState::Disabled => "Disabled",
        KeyState::PendingDeletion => "PendingDeletion",
    }
}

/// The world does not know when deletion was scheduled; with the usual 30 days of waiting it comes due at one of the
/// key's 30-day anniversaries, the same one until it has passed.
fn deletion_date(key: &Key, now: Moment) -> Moment {
    let days = i64::try_from(now.since(key.created).as_secs() / 86_400).unwrap_or(0);
    key.created.plus_days((days / 30 + 1) * 30)
}

/// As stable as the key, and told by no other.
fn material_id(key: &Key) -> String {
    let digest = Sha256::digest(format!("key material of {}/{}", key.account, key.id));
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of our era fit a double exactly")]
fn seconds(moment: Moment) -> Value {
    (moment.millis() as f64 / 1000.0).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Service;
    use crate::services::testing::{DESTINATION, KEY, SOURCE, STRANGER, allow, answer, call, principal, user, world};
    use crate::wire::Caller;

    fn arn() -> String {
        format!("arn:aws:kms:eu-west-1:{SOURCE}:key/{KEY}")
    }

    fn describe(world: &World, caller: Caller, key: &str) -> Result<Reply, Refusal> {
        describe_key(world, &call("DescribeKey", caller, json!({"KeyId": key})))
    }

    fn policy(world: &World, caller: Caller, key: &str, name: Option<&str>) -> Result<Reply, Refusal> {
        get_key_policy(
            world,
            &call("GetKeyPolicy", caller, json!({"KeyId": key, "PolicyName": name})),
        )
    }

    #[test]
    fn a_key_is_found_by_id_arn_and_alias() {
        let world = world();
        for name in [
            KEY,
            &arn(),
            "alias/backups",
            &format!("arn:aws:kms:eu-west-1:{SOURCE}:alias/backups"),
        ] {
            let members = answer(
                Service::Kms,
                "DescribeKey",
                describe(&world, user(SOURCE, "admin"), name),
            );
            let key = &members["KeyMetadata"];
            assert_eq!(key["Arn"], json!(arn()), "{name}");
            assert_eq!(
                (&key["KeyManager"], &key["KeyState"]),
                (&json!("CUSTOMER"), &json!("Enabled"))
            );
            assert_eq!(key["CreationDate"], json!(1_700_000_000.25));
            assert_eq!(key["CurrentKeyMaterialId"].as_str().map(str::len), Some(64));
            assert!(key.get("DeletionDate").is_none());
        }
    }

    #[test]
    fn what_is_no_key_has_its_own_error() {
        let world = world();
        for (name, code, message) in [
            (
                "0000",
                "NotFoundException",
                "Key 'arn:aws:kms:eu-west-1:111111111111:key/0000' does not exist",
            ),
            (
                "alias/none",
                "NotFoundException",
                "Alias arn:aws:kms:eu-west-1:111111111111:alias/none is not found.",
            ),
            (
                "arn:aws:kms:us-east-1:111111111111:key/0000",
                "InvalidArnException",
                "Invalid region us-east-1",
            ),
            (
                "arn:aws:ec2:eu-west-1:111111111111:key/0000",
                "InvalidArnException",
                "Invalid arn ",
            ),
            (
                "arn:aws:kms:eu-west-1:111111111111:0000",
                "InvalidArnException",
                "Invalid arn ",
            ),
        ] {
            let refusal = describe(&world, user(SOURCE, "admin"), name).unwrap_err();
            assert_eq!(refusal.code, code, "{name}");
            assert!(refusal.message.starts_with(message), "{name}: {refusal}");
        }
    }

    #[test]
    fn another_account_sees_a_key_only_if_the_keys_policy_admits_it() {
        let mut world = world();
        let refusal = describe(&world, user(DESTINATION, "admin"), &arn()).unwrap_err();
        assert_eq!(refusal.code, "AccessDeniedException");
        assert!(
            refusal
                .message
                .ends_with("because no resource-based policy allows the kms:DescribeKey action")
        );

        let share = json!({"Effect": "Allow", "Action": ["kms:DescribeKey", "kms:CreateGrant"], "Resource": "*",
            "Principal": {"AWS": DESTINATION}});
        world.keys[0].policy["Statement"].as_array_mut().unwrap().push(share);
        assert!(describe(&world, user(DESTINATION, "admin"), &arn()).is_ok());
        let own_policies = describe(&world, user(DESTINATION, "nobody"), &arn()).unwrap_err();
        assert!(
            own_policies.message.contains("no identity-based policy"),
            "{own_policies}"
        );
        assert_eq!(
            describe(&world, user(STRANGER, "admin"), &arn()).unwrap_err().code,
            "AccessDeniedException"
        );
        // The policy itself stays at home, whomever it admits.
        assert_eq!(
            policy(&world, user(DESTINATION, "admin"), &arn(), None)
                .unwrap_err()
                .code,
            "AccessDeniedException"
        );
    }

    #[test]
    fn at_home_the_key_leaves_it_to_the_account_or_names_the_caller() {
        let mut world = world();
        assert_eq!(
            describe(&world, user(SOURCE, "nobody"), KEY).unwrap_err().code,
            "AccessDeniedException"
        );
        principal(&mut world, SOURCE, "nobody")
            .inline
            .insert("keys".to_owned(), allow(&["kms:Describe*"], &[&arn()]));
        assert!(describe(&world, user(SOURCE, "nobody"), KEY).is_ok());
        principal(&mut world, SOURCE, "nobody").inline.clear();
        world.keys[0].policy["Statement"][0]["Principal"]["AWS"] = user(SOURCE, "nobody").arn.into();
        assert!(describe(&world, user(SOURCE, "nobody"), KEY).is_ok());
        assert!(
            describe(&world, user(SOURCE, "admin"), KEY).is_err(),
            "an administrator cannot pass a key's policy by"
        );
    }

    #[test]
    fn a_key_to_be_deleted_says_when() {
        let mut world = world();
        world.keys[0].state = KeyState::PendingDeletion;
        let members = answer(
            Service::Kms,
            "DescribeKey",
            describe(&world, user(SOURCE, "admin"), KEY),
        );
        let key = &members["KeyMetadata"];
        assert_eq!(
            (&key["Enabled"], &key["KeyState"]),
            (&json!(false), &json!("PendingDeletion"))
        );
        let days = (key["DeletionDate"].as_f64().unwrap() - 1_780_000_000.0) / 86_400.0;
        assert!((0.0..=30.0).contains(&days), "{days}");
    }

    #[test]
    fn a_key_policy_is_its_text_under_the_name_default() {
        let world = world();
        let members = answer(
            Service::Kms,
            "GetKeyPolicy",
            policy(&world, user(SOURCE, "admin"), KEY, None),
        );
        let text = members["Policy"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), world.keys[0].policy);
        assert_eq!(
            policy(&world, user(SOURCE, "admin"), KEY, Some("other"))
                .unwrap_err()
                .code,
            "NotFoundException"
        );
        let by_alias = policy(&world, user(SOURCE, "admin"), "alias/backups", None).unwrap_err();
        assert_eq!(by_alias.code, "InvalidArnException");
    }
}
