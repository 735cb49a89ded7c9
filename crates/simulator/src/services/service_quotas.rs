//! Service Quotas: the applied value of a quota that a migration runs into.

use serde_json::json;

use crate::state::State;
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

struct Quota {
    service: &'static str,
    code: &'static str,
    name: &'static str,
    default: f64,
    adjustable: bool,
}

const fn quota(service: &'static str, code: &'static str, name: &'static str, default: f64, adjustable: bool) -> Quota {
    Quota {
        service,
        code,
        name,
        default,
        adjustable,
    }
}

const QUOTAS: [Quota; 8] = [
    quota(
        "backup",
        "L-514878B6",
        "Recovery points per backup vault",
        1_000_000.0,
        true,
    ),
    quota(
        "backup",
        "L-7705D2CB",
        "Backup vaults per Region per account",
        300.0,
        true,
    ),
    quota(
        "backup",
        "L-366B61FD",
        "Concurrent backup jobs per resource",
        1.0,
        false,
    ),
    quota(
        "backup",
        "L-BD69F607",
        "Backup plans per Region per account",
        300.0,
        true,
    ),
    quota("ebs", "L-309BACF6", "Snapshots per Region", 100_000.0, true),
    quota("ec2", "L-B665C33B", "AMIs", 50_000.0, true),
    quota("rds", "L-272F1212", "Manual DB instance snapshots", 100.0, true),
    quota("rds", "L-7B6409FD", "DB instances", 40.0, true),
];

const SERVICES: [(&str, &str); 6] = [
    ("backup", "AWS Backup"),
    ("ebs", "Amazon Elastic Block Store (Amazon EBS)"),
    ("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("fsx", "Amazon FSx"),
    ("kms", "AWS Key Management Service (AWS KMS)"),
    ("rds", "Amazon Relational Database Service (Amazon RDS)"),
];

pub(super) fn look(state: &State, call: &Call) -> Option<Result<Reply, Refusal>> {
    let world = &state.world;
    match call.operation {
        "GetServiceQuota" => Some(get_service_quota(world, call)),
        _ => None,
    }
}

fn get_service_quota(world: &World, call: &Call) -> Result<Reply, Refusal> {
    let (service, code) = (call.params.required("ServiceCode"), call.params.required("QuotaCode"));
    let account = &call.caller.account;
    let known = QUOTAS
        .iter()
        .find(|quota| quota.service == service && quota.code == code);
    let applied = world
        .accounts
        .get(account)
        .and_then(|account| account.quotas.get(&(service.to_owned(), code.to_owned())).copied())
        .or(known.map(|quota| quota.default));
    let Some(value) = applied else {
        return Err(Refusal::new(
            "NoSuchResourceException",
            "The request failed because the specified service or quota does not exist.",
        ));
    };
    let name = known.map_or(code, |quota| quota.name);
    let service_name = SERVICES
        .iter()
        .find(|(code, _)| *code == service)
        .map_or(service, |(_, name)| name);
    Ok(Reply::Members(json!({"Quota": {
        "ServiceCode": service,
        "ServiceName": service_name,
        "QuotaArn": format!("arn:{}:servicequotas:{}:{account}:{service}/{code}", world.partition, world.region),
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": known.is_some_and(|quota| quota.adjustable),
        "GlobalQuota": false,
        "QuotaAppliedAtLevel": "ACCOUNT",
        "Description": name,
    }})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Service;
    use crate::services::testing::{DESTINATION, SOURCE, answer, call, user, world};

    #[test]
    fn an_account_has_its_own_value_or_the_default() {
        let mut world = world();
        let own = (String::from("ebs"), String::from("L-309BACF6"));
        world
            .accounts
            .get_mut(DESTINATION)
            .unwrap()
            .quotas
            .insert(own, 250_000.0);
        let ask = |account, service: &str, code: &str| {
            let params = json!({"ServiceCode": service, "QuotaCode": code});
            get_service_quota(&world, &call("GetServiceQuota", user(account, "admin"), params))
        };
        for (account, expected) in [(DESTINATION, 250_000.0), (SOURCE, 100_000.0)] {
            let members = answer(
                Service::ServiceQuotas,
                "GetServiceQuota",
                ask(account, "ebs", "L-309BACF6"),
            );
            assert_eq!(members["Quota"]["Value"], json!(expected), "{account}");
            assert_eq!(members["Quota"]["QuotaName"], json!("Snapshots per Region"));
        }
        for (service, code) in [("ebs", "L-00000000"), ("backup", "L-309BACF6")] {
            assert_eq!(ask(SOURCE, service, code).unwrap_err().code, "NoSuchResourceException");
        }
    }
}
