//! `SimulatePrincipalPolicy`: the principal's policies and boundary, really evaluated, one result per action. Policies of
//! resources count only when the request brings one, sessions have no policies here, and context keys have only the
//! values that the request gives them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::roles::policy_name;
use super::{invalid, markers, no_such, spans};
use crate::policy::{self, Asker, Context, Decision, Evaluation, Kind, Request, access, evaluate};
use crate::wire::{Call, Params, Refusal, Reply};
use crate::world::{Principal, PrincipalKind, World};

pub(super) fn simulate(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let subject = subject(world, call)?;
    let params = &call.params;
    let case = Case {
        policies: policies_of(subject, params)?,
        boundary: boundary_of(subject, params)?,
        resource_policy: params
            .text("ResourcePolicy")
            .map(|text| parsed(text, Kind::Resource))
            .transpose()?,
        caller_arn: params.text("CallerArn").unwrap_or(params.required("PolicySourceArn")),
        context: context_of(params),
    };
    if case.resource_policy.is_some() && subject.kind == PrincipalKind::Role && params.text("CallerArn").is_none() {
        return Err(invalid("Invalid caller - Caller cannot be null or empty."));
    }
    let actions = texts(params, "ActionNames");
    if let Some(bad) = actions.iter().find(|action| !is_action(action)) {
        return Err(invalid(format!("Invalid Action: {bad} is not a valid action name.")));
    }
    let resources = texts(params, "ResourceArns");
    if let Some(bad) = resources.iter().find(|arn| **arn != "*" && !arn.starts_with("arn:")) {
        return Err(invalid(format!("Invalid Resource: {bad} is not an ARN.")));
    }
    let in_organization = world
        .accounts
        .get(&call.caller.account)
        .is_some_and(|account| account.in_organization);
    let (page, mut members) = markers::page(call, actions)?;
    let results: Vec<Value> = page
        .into_iter()
        .map(|action| case.result(&world.partition, action, &resources, in_organization))
        .collect();
    members.insert("EvaluationResults".to_owned(), Value::Array(results));
    Ok(Reply::Members(Value::Object(members)))
}

/// A policy, with what results call it.
struct Source<'a> {
    id: String,
    /// What the service writes, although its model lists other words.
    kind: &'static str,
    document: Cow<'a, Value>,
    /// As it was given in the request.
    text: Option<&'a str>,
}

/// What the action and the resources are tried against.
struct Case<'a> {
    policies: Vec<Source<'a>>,
    boundary: Option<Vec<Cow<'a, Value>>>,
    resource_policy: Option<Value>,
    caller_arn: &'a str,
    context: Context,
}

/// Of one action on one resource.
struct Tried {
    decision: Decision,
    matched: Vec<Value>,
    missing: BTreeSet<String>,
    within_boundary: Option<bool>,
}

impl Case<'_> {
    /// One resource is told in the result itself and again below it; several only below, under a summary.
    fn result(&self, partition: &str, action: &str, resources: &[&str], in_organization: bool) -> Value {
        let named = if resources.is_empty() { &["*"] } else { resources };
        let tried: Vec<Tried> = named.iter().map(|resource| self.tried(action, resource)).collect();
        let mut members = match tried.as_slice() {
            [only] => only.members("EvalResourceName", "EvalDecision", named[0]),
            several => {
                let service = action.split(':').next().unwrap_or_default();
                let any =
                    format!("arn:{partition}:{service}:${{Region}}:${{Account}}:${{ResourceType}}:${{ResourceId}}");
                summary(several).members("EvalResourceName", "EvalDecision", &any)
            }
        };
        members.insert("EvalActionName".to_owned(), action.into());
        if in_organization {
            members.insert(
                "OrganizationsDecisionDetail".to_owned(),
                json!({"AllowedByOrganizations": true}),
            );
        }
        if !resources.is_empty() {
            let specific = named.iter().zip(&tried);
            let specific: Vec<Value> = specific
                .map(|(resource, tried)| {
                    tried
                        .members("EvalResourceName", "EvalResourceDecision", resource)
                        .into()
                })
                .collect();
            members.insert("ResourceSpecificResults".to_owned(), specific.into());
        }
        Value::Object(members)
    }

    fn tried(&self, action: &str, resource: &str) -> Tried {
        let request = Request {
            action,
            resource,
            asker: None,
            context: &self.context,
        };
        let own = evaluate(self.policies.iter().map(|source| &*source.document), &request);
        let boundary = self
            .boundary
            .as_ref()
            .map(|documents| evaluate(documents.iter().map(|one| &**one), &request));
        let by_resource = self.resource_policy.as_ref().map(|document| {
            let account = self.caller_arn.split(':').nth(4).unwrap_or_default();
            let asker = Some(Asker::Aws {
                account,
                arns: &[self.caller_arn],
            });
            evaluate([document], &Request { asker, ..request })
        });
        let decision_of = |evaluation: &Option<Evaluation>| evaluation.as_ref().map(|evaluation| evaluation.decision);
        let all = [Some(own.decision), decision_of(&boundary), decision_of(&by_resource)];
        let within = decision_of(&boundary).is_none_or(|decision| decision == Decision::Allowed);
        let by_itself = by_resource.as_ref().is_some_and(Evaluation::allowed_directly);
        let decision = if all.contains(&Some(Decision::ExplicitDeny)) {
            Decision::ExplicitDeny
        } else if (own.decision == Decision::Allowed && within) || by_itself {
            Decision::Allowed
        } else {
            Decision::ImplicitDeny
        };
        let mut missing = own.missing.clone();
        missing.extend(
            boundary
                .iter()
                .chain(&by_resource)
                .flat_map(|evaluation| evaluation.missing.clone()),
        );
        let decided_by_own = own.decision == decision || decision == Decision::ImplicitDeny;
        let matched = if decided_by_own {
            self.statements(&own)
        } else {
            Vec::new()
        };
        Tried {
            decision,
            matched,
            missing,
            within_boundary: boundary.map(|_| within),
        }
    }

    fn statements(&self, evaluation: &Evaluation) -> Vec<Value> {
        let told = |matched: &policy::Matched| {
            let source = &self.policies[matched.document];
            let written = source
                .text
                .map_or_else(|| Cow::Owned(source.document.to_string()), Cow::Borrowed);
            let mut members = Map::new();
            members.insert("SourcePolicyId".to_owned(), source.id.as_str().into());
            members.insert("SourcePolicyType".to_owned(), source.kind.into());
            if let Some([start, end]) = spans::of_statement(&written, matched.statement) {
                let place = |(line, column): (usize, usize)| json!({"Line": line, "Column": column});
                members.insert("StartPosition".to_owned(), place(start));
                members.insert("EndPosition".to_owned(), place(end));
            }
            Value::Object(members)
        };
        evaluation.matched.iter().map(told).collect()
    }
}

impl Tried {
    fn members(&self, name: &str, decision: &str, resource: &str) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert(name.to_owned(), resource.into());
        members.insert(decision.to_owned(), word(self.decision).into());
        members.insert("MatchedStatements".to_owned(), self.matched.clone().into());
        members.insert(
            "MissingContextValues".to_owned(),
            self.missing.iter().cloned().collect::<Vec<_>>().into(),
        );
        if let Some(within) = self.within_boundary {
            members.insert(
                "PermissionsBoundaryDecisionDetail".to_owned(),
                json!({"AllowedByPermissionsBoundary": within}),
            );
        }
        members
    }
}

/// Over several resources: denied where one is denied expressly, else allowed where one is allowed. Whoever wants to know
/// has to read the results one by one.
fn summary(several: &[Tried]) -> Tried {
    let has = |decision| several.iter().any(|tried| tried.decision == decision);
    let decision = [Decision::ExplicitDeny, Decision::Allowed]
        .into_iter()
        .find(|decision| has(*decision));
    Tried {
        decision: decision.unwrap_or(Decision::ImplicitDeny),
        matched: Vec::new(),
        missing: several.iter().flat_map(|tried| tried.missing.clone()).collect(),
        within_boundary: several
            .iter()
            .filter_map(|tried| tried.within_boundary)
            .reduce(|all, one| all && one),
    }
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ExplicitDeny => "explicitDeny",
        Decision::ImplicitDeny => "implicitDeny",
    }
}

/// Users and roles, by their true ARN. A session's ARN is neither, and there are no groups in this world.
fn subject<'w>(world: &'w World, call: &Call) -> Result<&'w Principal, Refusal> {
    let arn = call.params.required("PolicySourceArn");
    let unclear = || {
        invalid(format!(
            "Invalid Entity Arn: {arn} does not clearly define entity type and name."
        ))
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", _, "iam", "", account, entity] = parts.as_slice() else {
        return Err(unclear());
    };
    let (kind, path) = entity.split_once('/').ok_or_else(unclear)?;
    let name = path
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .ok_or_else(unclear)?;
    if !["user", "role", "group"].contains(&kind) {
        return Err(unclear());
    }
    if account != call.caller.account {
        let action = "iam:SimulatePrincipalPolicy";
        return Err(access::denied(
            action,
            &call.caller.arn,
            arn,
            access::NO_RESOURCE_POLICY,
        ));
    }
    world
        .accounts
        .get(account)
        .and_then(|account| account.principals.get(name))
        .filter(|principal| world.principal_arn(account, principal) == arn)
        .ok_or_else(|| no_such(kind, name))
}

fn policies_of<'a>(subject: &'a Principal, params: &'a Params) -> Result<Vec<Source<'a>>, Refusal> {
    const KIND: &str = "IAM Policy";
    let attached = subject
        .attached
        .iter()
        .filter(|(arn, _)| !excluded(params, arn_kind(arn), arn));
    let mut sources: Vec<Source> = attached
        .map(|(arn, document)| Source {
            id: policy_name(arn).to_owned(),
            kind: KIND,
            document: Cow::Borrowed(document),
            text: None,
        })
        .collect();
    let entity = if subject.kind == PrincipalKind::Role {
        "role"
    } else {
        "user"
    };
    sources.extend(
        subject
            .inline
            .iter()
            .filter(|(name, _)| !excluded(params, "inline", name))
            .map(|(name, document)| Source {
                id: format!("{entity}_{}_{name}", subject.name),
                kind: KIND,
                document: Cow::Borrowed(document),
                text: None,
            }),
    );
    for (at, text) in texts(params, "PolicyInputList").into_iter().enumerate() {
        sources.push(Source {
            id: format!("PolicyInputList.{}", at + 1),
            kind: KIND,
            document: Cow::Owned(parsed(text, Kind::Identity)?),
            text: Some(text),
        });
    }
    Ok(sources)
}

fn arn_kind(arn: &str) -> &'static str {
    if arn.split(':').nth(4) == Some("aws") {
        "aws-managed"
    } else {
        "user-managed"
    }
}

/// Whether `PolicyExclusionList` leaves a policy out: by ARN, by the name of an inline one, or with all of its kind.
fn excluded(params: &Params, kind: &str, arn_or_name: &str) -> bool {
    params
        .list("PolicyExclusionList")
        .unwrap_or_default()
        .iter()
        .any(|exclusion| {
            let text = |member: &str| exclusion.get(member).and_then(Value::as_str);
            let inline = exclusion
                .get("InlinePolicyIdentifier")
                .and_then(|inline| inline.get("PolicyName"));
            match (text("PolicyArn"), inline.and_then(Value::as_str)) {
                (Some(arn), _) => kind != "inline" && arn == arn_or_name,
                (None, Some(name)) => kind == "inline" && name == arn_or_name,
                (None, None) => text("PolicyType") == Some(kind),
            }
        })
}

/// One given in the request stands in for the principal's own.
fn boundary_of<'a>(subject: &'a Principal, params: &Params) -> Result<Option<Vec<Cow<'a, Value>>>, Refusal> {
    let given = texts(params, "PermissionsBoundaryPolicyInputList");
    if !given.is_empty() {
        let documents = given
            .into_iter()
            .map(|text| parsed(text, Kind::Identity).map(Cow::Owned));
        return documents.collect::<Result<Vec<_>, _>>().map(Some);
    }
    let own = subject
        .boundary
        .as_ref()
        .filter(|(arn, _)| !excluded(params, "permission-boundary", arn));
    Ok(own.map(|(_, document)| vec![Cow::Borrowed(document)]))
}

fn context_of(params: &Params) -> Context {
    let mut context = Context::new();
    for entry in params.list("ContextEntries").unwrap_or_default() {
        let Some(key) = entry.get("ContextKeyName").and_then(Value::as_str) else {
            continue;
        };
        let values = entry
            .get("ContextKeyValues")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        context.set(key, values.filter_map(Value::as_str).map(str::to_owned).collect());
    }
    context
}

fn parsed(text: &str, kind: Kind) -> Result<Value, Refusal> {
    policy::parse(text, kind).map_err(|why| invalid(why.to_string()))
}

/// `service:Action`, without wildcards.
fn is_action(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.split_once(':')
        .is_some_and(|(service, action)| part(service) && part(action))
}

fn texts<'a>(params: &'a Params, member: &str) -> Vec<&'a str> {
    params
        .list(member)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}
