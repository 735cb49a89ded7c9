//! The steps of a difference, taken one by one, each told with what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sav_domain::VaultName;
use sav_domain::fault::FaultKind;
use sav_domain::twin::{Deed, Difference, Fate, Pair, Standing, What, Wishes, policy_twin};

use super::{Paired, read};
use crate::calls::Calls;
use crate::ports::{CallError, LockAsked, VaultAsked, VaultDesk, VaultMade};

/// A vault and what came of each of its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultTold {
    pub source: VaultName,
    pub target: VaultName,
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub what: What,
    pub came: Came,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Came {
    Done,
    ToDo,
    AlreadySo,
    Differs,
    NotCarried,
    Failed,
}

impl Came {
    /// A word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToDo => "to_do",
            Self::AlreadySo => "already_so",
            Self::Differs => "differs",
            Self::NotCarried => "not_carried",
            Self::Failed => "failed",
        }
    }

    const fn untaken(standing: &Standing) -> Self {
        match standing {
            Standing::ToDo(_) => Self::ToDo,
            Standing::AlreadySo => Self::AlreadySo,
            Standing::Differs => Self::Differs,
            Standing::NotCarried => Self::NotCarried,
        }
    }
}

impl VaultTold {
    pub fn has(&self, came: Came) -> bool {
        self.actions.iter().any(|action| action.came == came)
    }
}

pub(super) fn untaken(difference: &Difference) -> VaultTold {
    let actions = difference.steps.iter().map(|step| Action {
        what: step.what,
        came: Came::untaken(&step.standing),
        detail: step.detail.clone(),
    });
    VaultTold {
        source: difference.source.clone(),
        target: difference.target.clone(),
        actions: actions.collect(),
    }
}

pub(super) async fn take<D: VaultDesk>(
    destination: &Arc<Calls<D>>,
    mut pair: Paired,
    wishes: &Wishes,
) -> Result<VaultTold, CallError> {
    let mut came: BTreeMap<What, (Came, Option<Box<str>>)> = BTreeMap::new();
    if let Some(Deed::Create { key, tags }) = creation(&pair.difference) {
        let asked = VaultAsked {
            name: pair.difference.target.clone(),
            encryption_key_arn: key.clone(),
            tags: tags.clone(),
        };
        match destination.create_vault(&asked).await {
            Ok(VaultMade::Created) => {
                came.insert(What::Vault, (Came::Done, None));
            }
            // Somebody was quicker, or our own answer got lost: what it is like has to be looked at.
            Ok(VaultMade::WasThere) => pair = Box::pin(read::again(destination, pair, wishes)).await?,
            Err(error) if read::refuses_this_only(error.kind) => {
                let mut told = untaken(&pair.difference);
                let why = read::said(&error);
                for action in told.actions.iter_mut().filter(|action| action.came == Came::ToDo) {
                    action.came = Came::Failed;
                    action.detail = format!("{}; {why}", action.detail);
                }
                return Ok(told);
            }
            Err(error) => return Err(error),
        }
    }
    let mut told = VaultTold {
        actions: Vec::new(),
        ..untaken(&pair.difference)
    };
    for step in &pair.difference.steps {
        let (result, remark) = match &step.standing {
            Standing::ToDo(Deed::With(other)) => came.get(other).cloned().unwrap_or((Came::Done, None)),
            Standing::ToDo(deed) => {
                let result = perform(destination, &pair, deed, wishes).await?;
                came.insert(step.what, result.clone());
                result
            }
            standing => (Came::untaken(standing), None),
        };
        let detail = match remark {
            Some(remark) => format!("{}; {remark}", step.detail),
            None => step.detail.clone(),
        };
        told.actions.push(Action {
            what: step.what,
            came: result,
            detail,
        });
    }
    Ok(told)
}

fn creation(difference: &Difference) -> Option<Deed> {
    difference.steps.iter().find_map(|step| match &step.standing {
        Standing::ToDo(deed @ Deed::Create { .. }) => Some(deed.clone()),
        _ => None,
    })
}

async fn perform<D: VaultDesk>(
    destination: &Arc<Calls<D>>,
    pair: &Paired,
    deed: &Deed,
    wishes: &Wishes,
) -> Result<(Came, Option<Box<str>>), CallError> {
    let target = &pair.difference.target;
    let answer = match deed {
        // Done before, or with something else.
        Deed::Create { .. } | Deed::With(_) => Ok(()),
        Deed::Tag(tags) => {
            let arn = match &pair.twin {
                Some(twin) if !twin.arn.is_empty() => twin.arn.to_string(),
                _ => read::arn_of(wishes, target),
            };
            destination.tag(&arn, tags).await
        }
        Deed::PutPolicy(policy) => destination.put_access_policy(target, policy).await,
        Deed::PutNotifications(told) => destination.put_notifications(target, told).await,
        Deed::PutLock {
            min_retention_days,
            max_retention_days,
            changeable_for_days,
        } => {
            let asked = LockAsked {
                min_retention_days: *min_retention_days,
                max_retention_days: *max_retention_days,
                changeable_for_days: *changeable_for_days,
            };
            destination.put_lock(target, &asked).await
        }
    };
    match answer {
        Ok(()) => Ok((Came::Done, None)),
        Err(error) if error.kind == FaultKind::Rejected && matches!(deed, Deed::PutPolicy(_)) => {
            admit_only(destination, pair, wishes, &error).await
        }
        Err(error) if read::refuses_this_only(error.kind) => Ok((refused(deed), Some(read::said(&error)))),
        Err(error) => Err(error),
    }
}

/// Tags and notifications are worth having, and nothing depends on them.
const fn refused(deed: &Deed) -> Came {
    match deed {
        Deed::Tag(_) | Deed::PutNotifications(_) => Came::NotCarried,
        _ => Came::Failed,
    }
}

/// AWS does not take the statements that came along: a role they name is not there, or they are too long. The one that lets copies
/// in must not be lost with them.
async fn admit_only<D: VaultDesk>(
    destination: &Arc<Calls<D>>,
    pair: &Paired,
    wishes: &Wishes,
    refusal: &CallError,
) -> Result<(Came, Option<Box<str>>), CallError> {
    let target = &pair.difference.target;
    let has = pair.twin.as_ref().and_then(|twin| twin.policy.known()?.as_deref());
    let alone = policy_twin(
        &Pair {
            route: &wishes.route,
            source: &pair.difference.source,
            target,
            copy_role_arn: &wishes.copy_role_arn,
        },
        None,
        has,
    );
    let why = read::said(refusal);
    let admits = alone.statements.iter().any(|told| told.fate == Fate::There);
    let answer = match &alone.document {
        Some(document) => destination.put_access_policy(target, &document.to_string()).await,
        None => Ok(()),
    };
    match answer {
        Ok(()) => {
            let only = if admits && alone.document.is_none() {
                "copies are admitted, the source's own statements did not come along"
            } else {
                "only the statement that admits copies was put, the source's own did not come along"
            };
            Ok((Came::NotCarried, Some(format!("{only}: {why}").into())))
        }
        Err(error) if read::refuses_this_only(error.kind) => Ok((Came::Failed, Some(read::said(&error)))),
        Err(error) => Err(error),
    }
}
