//! Whether a principal of the world may do something: its attached and inline policies inside its boundary, the
//! refusal in AWS's words, and how resource policies of the same or another account come in.

use serde_json::Value;

use super::{Asker, Context, Decision, Evaluation, Request, evaluate, statements};
use crate::wire::{Caller, Refusal};
use crate::world::{Principal, World};

/// What a principal's own policies say.
#[derive(Clone, Debug)]
pub struct IdentityVerdict {
    /// Policies and boundary together.
    pub decision: Decision,
    /// Attached policies in their order, then inline ones by name: `Matched::document` counts along these.
    pub policies: Evaluation,
    /// `None`: there is no boundary.
    pub boundary: Option<Decision>,
}

/// Attached policies first, then inline ones.
pub fn documents_of(principal: &Principal) -> impl Iterator<Item = &Value> {
    principal
        .attached
        .iter()
        .map(|(_, document)| document)
        .chain(principal.inline.values())
}

pub fn identity_verdict(principal: &Principal, action: &str, resource: &str, context: &Context) -> IdentityVerdict {
    let request = Request {
        action,
        resource,
        asker: None,
        context,
    };
    let policies = evaluate(documents_of(principal), &request);
    let boundary = principal
        .boundary
        .as_ref()
        .map(|(_, boundary)| evaluate([boundary], &request).decision);
    let decision = match (policies.decision, boundary) {
        (Decision::ExplicitDeny, _) | (_, Some(Decision::ExplicitDeny)) => Decision::ExplicitDeny,
        (Decision::Allowed, None | Some(Decision::Allowed)) => Decision::Allowed,
        _ => Decision::ImplicitDeny,
    };
    IdentityVerdict {
        decision,
        policies,
        boundary,
    }
}

/// Lets a caller through whose own policies allow the action, or refuses in the words of the action's service.
pub fn authorize(
    world: &World,
    caller: &Caller,
    action: &str,
    resource: &str,
    context: &Context,
) -> Result<(), Refusal> {
    authorize_with(world, caller, action, resource, context, false)
}

/// As `authorize`. A caller whom the resource's own policy has let in by itself (`granted`) needs no permission of its
/// own, but its boundary and its session's policies bind it all the same.
pub fn authorize_with(
    world: &World,
    caller: &Caller,
    action: &str,
    resource: &str,
    context: &Context,
    granted: bool,
) -> Result<(), Refusal> {
    use Decision::{Allowed, ExplicitDeny};
    let denied = |because| Err(denied(action, &caller.arn, resource, because));
    let Some(principal) = principal_of(world, caller) else {
        return denied(NO_IDENTITY_POLICY);
    };
    let mut context = context.clone();
    fill_principal_keys(world, caller, principal, &mut context);
    let verdict = identity_verdict(principal, action, resource, &context);
    let request = Request {
        action,
        resource,
        asker: None,
        context: &context,
    };
    let session = caller
        .session_policies
        .as_deref()
        .map(|policies| evaluate(policies, &request).decision);
    match (verdict.policies.decision, verdict.boundary, session) {
        (ExplicitDeny, ..) => denied("with an explicit deny in an identity-based policy"),
        (_, Some(ExplicitDeny), _) => denied("with an explicit deny in a permissions boundary"),
        (.., Some(ExplicitDeny)) => denied("with an explicit deny in a session policy"),
        (own, ..) if own != Allowed && !granted => denied(NO_IDENTITY_POLICY),
        (_, None | Some(Allowed), None | Some(Allowed)) => Ok(()),
        (_, None | Some(Allowed), _) => denied("because no session policy allows the {action} action"),
        _ => denied("because no permissions boundary allows the {action} action"),
    }
}

/// An administrator, seen at a glance: with thousands of calls a second, not every one need be weighed.
pub fn is_administrator(world: &World, caller: &Caller) -> bool {
    caller.session_policies.is_none() && principal_of(world, caller).is_some_and(allows_everything)
}

fn principal_of<'w>(world: &'w World, caller: &Caller) -> Option<&'w Principal> {
    world.accounts.get(&caller.account)?.principals.get(&caller.principal)
}

const NO_IDENTITY_POLICY: &str = "because no identity-based policy allows the {action} action";
/// The resource's own policy is what is lacking, as when another account's key or role is asked for.
pub const NO_RESOURCE_POLICY: &str = "because no resource-based policy allows the {action} action";

/// AWS's access-denied answer; code and status differ by service. `{action}` in `because` is filled in.
pub fn denied(action: &str, who: &str, resource: &str, because: &str) -> Refusal {
    let because = because.replace("{action}", action);
    let on = if resource == "*" {
        String::new()
    } else {
        format!(" on resource: {resource}")
    };
    let message = format!("User: {who} is not authorized to perform: {action}{on} {because}");
    match action.split(':').next() {
        Some("sts" | "iam") => Refusal::with_status(403, "AccessDenied", message),
        Some("backup") => Refusal::with_status(403, "AccessDeniedException", message),
        _ => Refusal::new("AccessDeniedException", message),
    }
}

/// One statement allows everything and none denies anything.
fn allows_everything(principal: &Principal) -> bool {
    let is =
        |statement: &Value, element: &str, text: &str| statement.get(element).and_then(Value::as_str) == Some(text);
    let unlimited = |statement: &Value| {
        is(statement, "Effect", "Allow")
            && is(statement, "Action", "*")
            && is(statement, "Resource", "*")
            && statement.get("Condition").is_none()
    };
    principal.boundary.is_none()
        && documents_of(principal)
            .flat_map(statements)
            .all(|statement| is(statement, "Effect", "Allow"))
        && documents_of(principal).flat_map(statements).any(unlimited)
}

/// The context keys AWS fills in about the principal of every request.
pub fn fill_principal_keys(world: &World, caller: &Caller, principal: &Principal, context: &mut Context) {
    let arn = world.principal_arn(&caller.account, principal);
    context.or_set("aws:PrincipalArn", vec![arn]);
    context.or_set("aws:userid", vec![caller.user_id.clone()]);
    fill_account_keys(world, &caller.account, context);
}

/// What is known of any principal of an account.
pub fn fill_account_keys(world: &World, account: &str, context: &mut Context) {
    context.or_set("aws:PrincipalAccount", vec![account.to_owned()]);
    context.or_set("aws:RequestedRegion", vec![world.region.clone()]);
    context.or_set("aws:SecureTransport", vec!["true".to_owned()]);
    if world
        .accounts
        .get(account)
        .is_some_and(|account| account.in_organization)
    {
        context.or_set("aws:PrincipalOrgID", vec![world.organization.id.clone()]);
        context.or_set("aws:PrincipalOrgPaths", vec![world.organization.path.clone()]);
    }
}

/// What a resource's own policy (of a key, a vault, a role's trust) says to a caller.
pub fn resource_evaluation(
    world: &World,
    caller: &Caller,
    policy: &Value,
    action: &str,
    resource: &str,
    context: &Context,
) -> Evaluation {
    let mut context = context.clone();
    let principal = principal_of(world, caller);
    let mut arns = vec![caller.arn.as_str()];
    let own_arn = principal.map(|principal| world.principal_arn(&caller.account, principal));
    if let Some(principal) = principal {
        fill_principal_keys(world, caller, principal, &mut context);
    }
    arns.extend(own_arn.as_deref());
    let asker = Some(Asker::Aws {
        account: &caller.account,
        arns: &arns,
    });
    evaluate(
        [policy],
        &Request {
            action,
            resource,
            asker,
            context: &context,
        },
    )
}
