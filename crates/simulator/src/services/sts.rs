//! Security Token Service: who am I, and sessions of roles.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Moment;
use crate::identities::{Credentials, SessionOrder};
use crate::model::Service;
use crate::policy::{self, Context, Kind, access};
use crate::state::State;
use crate::wire::{Call, Caller, Refusal, Reply, refusals};
use crate::world::{Principal, PrincipalKind, World};

pub(super) fn look(_: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    (call.operation == "GetCallerIdentity").then(|| Ok(caller_identity(&call.caller)))
}

pub(super) fn act(state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    if call.operation != "AssumeRole" {
        return Err(refusals::unknown_operation(Service::Sts, call.operation));
    }
    let granted = assume_role(&state.world, call)?;
    let order = SessionOrder {
        account: &granted.account,
        role: &granted.role,
        session_name: &granted.session_name,
        lifetime: granted.lifetime,
        policies: &granted.session_policies,
    };
    let issued = state.identities.issue_session(&state.world, &order);
    let (credentials, session) = issued.expect("the role was found in the world a moment ago");
    Ok(assumed(&granted, &credentials, &session))
}

/// Whoever has keys may ask this, also under an explicit deny.
fn caller_identity(caller: &Caller) -> Reply {
    Reply::Members(json!({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}))
}

/// A session that policies and limits allow.
#[derive(Debug, PartialEq)]
struct Granted {
    account: String,
    role: String,
    session_name: String,
    lifetime: Duration,
    /// What the session may do at most, besides what its role may.
    session_policies: Vec<Value>,
    source_identity: Option<String>,
    packed_percent: Option<usize>,
}

const CHAINED_AT_MOST_SECS: i64 = 3600;
const DEFAULT_SECS: i64 = 3600;
/// How much of inline session policies, as text, fits into a session token.
const PACKED_AT_MOST_BYTES: usize = 2048;

/// Whether the caller may have the session asked for: `AssumeRole` without the issuing of keys.
fn assume_role(world: &World, call: &Call) -> Result<Granted, Refusal> {
    let (caller, params) = (&call.caller, &call.params);
    let role_arn = params.required("RoleArn");
    let (account, name) = role_in(role_arn).ok_or_else(|| invalid(format!("{role_arn} is invalid")))?;
    let seconds = params.integer("DurationSeconds").unwrap_or(DEFAULT_SECS);
    if is_chained(caller) && seconds > CHAINED_AT_MOST_SECS {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    let denied = || {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        );
        Refusal::with_status(403, "AccessDenied", message)
    };
    // A role that is not there and one that says no cannot be told apart.
    let role = world
        .accounts
        .get(account)
        .and_then(|account| account.principals.get(name))
        .ok_or_else(denied)?;
    if role.kind != PrincipalKind::Role || world.principal_arn(account, role) != role_arn {
        return Err(denied());
    }
    if !admits(world, caller, (account, role), role_arn, &context_of(call)) {
        return Err(denied());
    }
    if seconds > i64::from(role.max_session_secs) {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let session_policies = session_policies(world, (account, role), call)?;
    Ok(Granted {
        account: account.to_owned(),
        role: name.to_owned(),
        session_name: params.required("RoleSessionName").to_owned(),
        lifetime: Duration::from_secs(seconds.unsigned_abs()),
        packed_percent: params
            .text("Policy")
            .map(|text| text.len() * 100 / PACKED_AT_MOST_BYTES),
        session_policies,
        source_identity: params.text("SourceIdentity").map(str::to_owned),
    })
}

/// The answer to `AssumeRole`.
fn assumed(granted: &Granted, credentials: &Credentials, session: &Caller) -> Reply {
    let mut members = Map::new();
    members.insert(
        "Credentials".to_owned(),
        json!({
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": credentials.expiration.map(Moment::secs),
        }),
    );
    members.insert(
        "AssumedRoleUser".to_owned(),
        json!({"AssumedRoleId": session.user_id, "Arn": session.arn}),
    );
    if let Some(percent) = granted.packed_percent {
        members.insert("PackedPolicySize".to_owned(), percent.into());
    }
    if let Some(identity) = &granted.source_identity {
        members.insert("SourceIdentity".to_owned(), identity.as_str().into());
    }
    Reply::Members(Value::Object(members))
}

/// In one account the trust policy may let the caller in by its name alone; else its own policies must allow it too.
fn admits(
    world: &World,
    caller: &Caller,
    (account, role): (&str, &Principal),
    role_arn: &str,
    context: &Context,
) -> bool {
    const ACTION: &str = "sts:AssumeRole";
    let Some(trust) = &role.trust else { return false };
    let trusted = access::resource_evaluation(world, caller, trust, ACTION, role_arn, context);
    if !trusted.allowed() {
        return false;
    }
    let granted = caller.account == account && trusted.allowed_directly();
    access::authorize_with(world, caller, ACTION, role_arn, context, granted).is_ok()
}

fn context_of(call: &Call) -> Context {
    let mut context = Context::new();
    for (member, key) in [
        ("ExternalId", "sts:ExternalId"),
        ("RoleSessionName", "sts:RoleSessionName"),
        ("SourceIdentity", "sts:SourceIdentity"),
    ] {
        if let Some(text) = call.params.text(member) {
            context.set(key, vec![text.to_owned()]);
        }
    }
    context.set("aws:MultiFactorAuthPresent", vec!["false".to_owned()]);
    context
}

/// The inline one, and managed ones of the role's account or AWS's that some principal there has attached.
fn session_policies(world: &World, (account, role): (&str, &Principal), call: &Call) -> Result<Vec<Value>, Refusal> {
    let mut policies = Vec::new();
    if let Some(text) = call.params.text("Policy") {
        if text.len() > PACKED_AT_MOST_BYTES {
            let percent = text.len() * 100 / PACKED_AT_MOST_BYTES;
            let message = format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
            return Err(Refusal::new("PackedPolicyTooLarge", message));
        }
        let parsed = policy::parse(text, Kind::Identity)
            .map_err(|why| Refusal::new("MalformedPolicyDocument", why.to_string()))?;
        policies.push(parsed);
    }
    let known = world
        .accounts
        .get(account)
        .into_iter()
        .flat_map(|account| account.principals.values());
    for wanted in call.params.list("PolicyArns").unwrap_or_default() {
        let arn = wanted.get("arn").and_then(Value::as_str).unwrap_or_default();
        let document = std::iter::once(role)
            .chain(known.clone())
            .flat_map(|principal| &principal.attached)
            .find_map(|(attached, document)| (attached == arn).then_some(document))
            .ok_or_else(|| invalid(format!("Policy ARN {arn} does not exist or is not attachable.")))?;
        policies.push(document.clone());
    }
    Ok(policies)
}

fn is_chained(caller: &Caller) -> bool {
    caller.arn.contains(":assumed-role/")
}

/// Account and name in `arn:aws:iam::1…:role/path/Name`.
fn role_in(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, _partition, service, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, path) = (parts.next()?, parts.next()?.strip_prefix("role/")?);
    let name = path.rsplit('/').next()?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (scheme == "arn" && service == "iam" && region.is_empty() && digits && !name.is_empty()).then_some((account, name))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

#[cfg(test)]
mod tests;
