//! Organizations: which organization an account belongs to.

use serde_json::json;

use crate::state::State;
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

pub(super) fn look(state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    let world = &state.world;
    match call.operation {
        "DescribeOrganization" => Some(describe_organization(world, call)),
        _ => None,
    }
}

fn describe_organization(world: &World, call: &Call) -> Result<Reply, Refusal> {
    if !world
        .accounts
        .get(&call.caller.account)
        .is_some_and(|account| account.in_organization)
    {
        return Err(Refusal::new(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    }
    let (partition, organization) = (&world.partition, &world.organization);
    let (id, management) = (&organization.id, &organization.management_account);
    Ok(Reply::Members(json!({"Organization": {
        "Id": id,
        "Arn": format!("arn:{partition}:organizations::{management}:organization/{id}"),
        "FeatureSet": "ALL",
        "MasterAccountArn": format!("arn:{partition}:organizations::{management}:account/{id}/{management}"),
        "MasterAccountId": management,
        "MasterAccountEmail": format!("aws-{management}@example.com"),
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Service;
    use crate::services::testing::{SOURCE, STRANGER, answer, call, user, world};

    #[test]
    fn members_see_their_organization_and_strangers_none() {
        let world = world();
        let ask =
            |account| describe_organization(&world, &call("DescribeOrganization", user(account, "admin"), json!({})));
        let members = answer(Service::Organizations, "DescribeOrganization", ask(SOURCE));
        let organization = &members["Organization"];
        assert_eq!(organization["Id"], json!("o-abcdefghij"));
        assert_eq!(organization["MasterAccountId"], json!("333333333333"));
        assert_eq!(
            organization["MasterAccountArn"],
            json!("arn:aws:organizations::333333333333:account/o-abcdefghij/333333333333")
        );
        assert_eq!(ask(STRANGER).unwrap_err().code, "AWSOrganizationsNotInUseException");
    }
}
