//! Points that should be in cold storage by now. Lists do not say, and to look at each one alone is slow: AWS allows fifteen
//! looks per second. Suspects of one vault and type were sent there by the same few rules, so once many in a row
//! gave the same answer, the rest of them are taken to give it, too.

use std::collections::HashMap;

use sav_domain::fault::FaultKind;
use sav_domain::verdict::Storage;
use sav_domain::{RecoveryPoint, ResourceType, VaultName};

use crate::calls::Calls;
use crate::ports::{CallError, CopyDesk};

/// So many equal answers in a row speak for the rest.
const ENOUGH: u32 = 25;

#[derive(Debug, Default)]
pub(super) struct Suspects {
    groups: HashMap<(VaultName, Option<ResourceType>), Answers>,
    pub(super) looked: u64,
    pub(super) inferred: u64,
}

#[derive(Debug)]
struct Answers {
    first: Storage,
    equal: u32,
    mixed: bool,
}

impl Suspects {
    /// Where the point lies, as far as it can be known.
    pub(super) async fn storage<G: CopyDesk>(
        &mut self,
        calls: &Calls<G>,
        point: &RecoveryPoint,
    ) -> Result<Storage, CallError> {
        let group = (point.vault.clone(), point.resource_type.clone());
        if let Some(answers) = self.groups.get(&group)
            && !answers.mixed
            && answers.equal >= ENOUGH
        {
            self.inferred += 1;
            return Ok(answers.first);
        }
        self.looked += 1;
        let storage = match calls.point(&point.vault, &point.arn).await {
            Ok(detail) => match detail.storage_class.as_deref() {
                Some(class) if class.eq_ignore_ascii_case("WARM") => Storage::Warm,
                Some(_) => Storage::Cold,
                None => Storage::NotAsked,
            },
            Err(error)
                if matches!(
                    error.kind,
                    FaultKind::AccessDenied | FaultKind::NotFound | FaultKind::Rejected
                ) =>
            {
                tracing::info!(%error, "the point's storage stays open");
                Storage::NotAsked
            }
            Err(error) => return Err(error),
        };
        let answers = self.groups.entry(group).or_insert(Answers {
            first: storage,
            equal: 0,
            mixed: false,
        });
        if storage == answers.first {
            answers.equal += 1;
        } else {
            answers.mixed = true;
        }
        Ok(storage)
    }
}
