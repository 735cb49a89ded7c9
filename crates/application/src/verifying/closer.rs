//! A look at single copies, for what no list tells.

use std::sync::Arc;

use sav_domain::VaultName;
use sav_domain::fault::FaultKind;
use sav_domain::recovery_point::PointStatus;
use sav_domain::verification::Verified;

use super::{Progress, TagsCompared};
use crate::calls::Calls;
use crate::ports::{CallError, CopyDesk};

/// What was found at samples of what had been verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closer {
    pub looked: u64,
    /// ARNs of copies, and what is wrong with them after all.
    pub wrong: Vec<(String, String)>,
    /// None: nobody asked for tags, or there is no ledger that could tell.
    pub tags: Option<TagsCompared>,
}

impl Closer {
    /// Whether every sample was as it should be.
    pub fn is_sound(&self) -> bool {
        self.wrong.is_empty() && self.tags.as_ref().is_none_or(|tags| tags.wrong.is_empty())
    }
}

/// Describes so many verified copies one by one, spread evenly over all of them.
pub async fn look_closer<D: CopyDesk>(
    destination: &Arc<Calls<D>>,
    verified: &Verified,
    samples: usize,
    mut tell: impl FnMut(Progress),
) -> Result<Closer, CallError> {
    let samples = verified.samples(samples);
    let mut closer = Closer::default();
    let mut left = samples.len() as u64;
    for (vault, arn) in samples {
        tell(Progress::Closer { left });
        left -= 1;
        let Some(vault) = VaultName::new(vault) else { continue };
        closer.looked += 1;
        let wrong = match destination.point(&vault, &arn).await {
            Err(error) if error.kind == FaultKind::NotFound => Some("AWS lists it, and cannot describe it".to_owned()),
            Err(error) => return Err(error),
            Ok(detail) => {
                let status = detail.status.as_deref().map(PointStatus::named);
                let sound = |status: &PointStatus| matches!(status, PointStatus::Completed | PointStatus::Available);
                match (detail.storage_class.as_deref(), status) {
                    (Some("DELETED"), _) => Some("its storage is deleted".to_owned()),
                    (_, Some(status)) if !sound(&status) => Some(format!("its status is {status}")),
                    _ => None,
                }
            }
        };
        closer.wrong.extend(wrong.map(|wrong| (arn, wrong)));
    }
    Ok(closer)
}
