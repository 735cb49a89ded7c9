//! `GetRole` and `ListAttachedRolePolicies`.

use serde_json::{Map, Value, json};

use super::{markers, no_such};
use crate::wire::{Call, Refusal, Reply, percent};
use crate::world::{Principal, PrincipalKind, World};

pub(super) fn get_role(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let role = role(world, call)?;
    let mut members = Map::new();
    let mut put = |member: &str, value: Value| members.insert(member.to_owned(), value);
    put("Path", role.path.as_str().into());
    put("RoleName", role.name.as_str().into());
    put("RoleId", role.unique_id.as_str().into());
    put("Arn", world.principal_arn(&call.caller.account, role).into());
    put("CreateDate", role.created.secs().into());
    if let Some(trust) = &role.trust {
        put("AssumeRolePolicyDocument", percent_encoded(&trust.to_string()).into());
    }
    if let Some(description) = &role.description {
        put("Description", description.as_str().into());
    }
    put("MaxSessionDuration", role.max_session_secs.into());
    if let Some((arn, _)) = &role.boundary {
        let boundary = json!({"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn});
        put("PermissionsBoundary", boundary);
    }
    if !role.tags.is_empty() {
        let tags: Vec<Value> = role
            .tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        put("Tags", tags.into());
    }
    put("RoleLastUsed", json!({}));
    Ok(Reply::Members(json!({"Role": members})))
}

pub(super) fn attached_policies(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let role = role(world, call)?;
    let prefix = call.params.text("PathPrefix").unwrap_or("/");
    let rows = role
        .attached
        .iter()
        .filter(|(arn, _)| path_of(arn).starts_with(prefix))
        .map(|(arn, _)| json!({"PolicyName": policy_name(arn), "PolicyArn": arn}))
        .collect();
    let (rows, mut members) = markers::page(call, rows)?;
    members.insert("AttachedPolicies".to_owned(), Value::Array(rows));
    Ok(Reply::Members(Value::Object(members)))
}

fn role<'w>(world: &'w World, call: &Call) -> Result<&'w Principal, Refusal> {
    let name = call.params.required("RoleName");
    let account = world.accounts.get(&call.caller.account);
    // Names of roles are unique without regard to case, and found like that.
    account
        .and_then(|account| {
            let exact = account.principals.get(name);
            exact.or_else(|| {
                account
                    .principals
                    .values()
                    .find(|one| one.name.eq_ignore_ascii_case(name))
            })
        })
        .filter(|found| found.kind == PrincipalKind::Role)
        .ok_or_else(|| no_such("role", name))
}

/// `AWSBackupServiceRolePolicyForBackup` of `arn:aws:iam::aws:policy/service-role/AWSBackup…`.
pub(super) fn policy_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// `/service-role/` of the same.
fn path_of(arn: &str) -> &str {
    let from = arn.find('/').unwrap_or(0);
    let to = arn.rfind('/').map_or(arn.len(), |at| at + 1);
    arn.get(from..to).unwrap_or("/")
}

/// IAM hands out policy documents percent-encoded.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    percent::encode_into(text.as_bytes(), b"", &mut out);
    out
}
