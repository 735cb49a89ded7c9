//! Whose policies are to be simulated: IAM knows roles and users, and STS tells of sessions.

use sav_domain::arn::Arn;
use sav_domain::checks::action::{Needed, Simulated};
use sav_domain::checks::{NotTold, Told};
use sav_domain::fault::FaultKind;

use super::told::{told, why};
use crate::calls::Calls;
use crate::ports::{CallError, Caller, Permissions, SimulationAsked};

/// The role or user behind a caller, if IAM can simulate it.
pub(super) async fn behind<G: Permissions>(calls: &Calls<G>, caller: &Caller) -> Result<Told<String>, CallError> {
    let Some(arn) = Arn::parse(&caller.arn) else {
        return Ok(Err(NotTold(format!("{} is no ARN", caller.arn))));
    };
    let session = arn.resource.strip_prefix("assumed-role/");
    let Some(role) = session.and_then(|session| session.split('/').next()) else {
        return Ok(if arn.resource.starts_with("user/") {
            Ok(caller.arn.clone())
        } else {
            Err(NotTold(format!("IAM does not simulate {}", caller.arn)))
        });
    };
    // The session's ARN leaves out the role's path.
    match calls.role(role).await {
        Ok(role) => Ok(Ok(role.arn)),
        // Most roles have none, and if this one has, the simulation will not find it.
        Err(error) if error.kind == FaultKind::AccessDenied => {
            Ok(Ok(format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account)))
        }
        Err(error) => told(Err(error)),
    }
}

/// Context of a simulation, for those actions that ask for it.
fn context_of(action: &str) -> Vec<(&'static str, String)> {
    match action {
        "iam:PassRole" => vec![("iam:PassedToService", "backup.amazonaws.com".to_owned())],
        "kms:CreateGrant" => vec![("kms:GrantIsForAWSResource", "true".to_owned())],
        "ec2:ModifySnapshotAttribute" | "ec2:ModifyImageAttribute" => {
            vec![("aws:ResourceTag/aws:backup:source-resource", "backup".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// Simulates all that is needed with one call per set of resources. The second of the answer: the simulation itself is not allowed.
pub(super) async fn simulate<G: Permissions>(
    calls: &Calls<G>,
    principal_arn: &str,
    needs: &[Needed],
) -> Result<(Told<Vec<Simulated>>, bool), CallError> {
    let mut questions: Vec<SimulationAsked> = Vec::new();
    for needed in needs {
        let context = context_of(needed.action);
        let alike = questions
            .iter_mut()
            .find(|question| question.resources == needed.resources && question.context == context);
        match alike {
            Some(question) => question.actions.push(needed.action),
            None => questions.push(SimulationAsked {
                principal_arn: principal_arn.to_owned(),
                actions: vec![needed.action],
                resources: needed.resources.clone(),
                context,
            }),
        }
    }
    let mut all = Vec::new();
    for question in questions {
        match calls.simulate(&question).await {
            Ok(results) => all.extend(results),
            Err(error) => {
                let denied = error.kind == FaultKind::AccessDenied;
                let reason = why(&error);
                told::<()>(Err(error)).map(|_| ())?;
                return Ok((Err(reason), denied));
            }
        }
    }
    Ok((Ok(all), false))
}
