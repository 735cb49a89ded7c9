//! IAM's answers in our words.

use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType, ResourceSpecificResult};
use sav_domain::checks::action::{Decision, Simulated};

/// One result of ours for each resource; IAM tells of a single one in the result itself, of several only below it.
pub(super) fn simulated(result: &EvaluationResult) -> Vec<Simulated> {
    let by_organization = result
        .organizations_decision_detail()
        .map(aws_sdk_iam::types::OrganizationsDecisionDetail::allowed_by_organizations);
    let of_boundary = |detail: Option<&aws_sdk_iam::types::PermissionsBoundaryDecisionDetail>| {
        detail.map(aws_sdk_iam::types::PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary)
    };
    let by_boundary = of_boundary(result.permissions_boundary_decision_detail());
    let one = |resource: &str, decision, missing: &[String], by_boundary| Simulated {
        action: result.eval_action_name().to_owned(),
        resource: resource.to_owned(),
        decision,
        missing_keys: missing.to_vec(),
        by_organization,
        by_boundary,
    };
    let specific = result.resource_specific_results();
    if specific.is_empty() {
        let resource = result.eval_resource_name().unwrap_or("*");
        let missing = result.missing_context_values();
        return vec![one(resource, decision(result.eval_decision()), missing, by_boundary)];
    }
    let of_resource = |specific: &ResourceSpecificResult| {
        let by_boundary = of_boundary(specific.permissions_boundary_decision_detail()).or(by_boundary);
        one(
            specific.eval_resource_name(),
            decision(specific.eval_resource_decision()),
            specific.missing_context_values(),
            by_boundary,
        )
    };
    specific.iter().map(of_resource).collect()
}

/// What nobody has heard of allows nothing.
fn decision(seen: &PolicyEvaluationDecisionType) -> Decision {
    match seen {
        PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
        PolicyEvaluationDecisionType::ExplicitDeny => Decision::ExplicitDeny,
        _ => Decision::ImplicitDeny,
    }
}

/// IAM hands policies out percent-encoded. None if what comes out is no text.
pub(super) fn decoded(text: &str) -> Option<Box<str>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(*high)? * 16 + digit(*low)?;
                bytes.push(u8::try_from(value).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok().map(String::into_boxed_str)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_policy_is_read_back_from_its_percent_signs() {
        assert_eq!(
            decoded("%7B%22a%22%3A%22%C3%A9%22%7d").as_deref(),
            Some("{\"a\":\"é\"}")
        );
        assert_eq!(decoded("{}").as_deref(), Some("{}"));
        for broken in ["%", "%7", "%zz", "%FF"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }
}
