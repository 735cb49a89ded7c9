//! Who looks after the keys that protect points: asked of KMS once per key, if KMS may be asked at all.

use std::collections::HashMap;
use std::sync::Arc;

use sav_domain::RecoveryPoint;
use sav_domain::arn::Arn;
use sav_domain::fault::FaultKind;
use sav_domain::verdict::KeyKind;

use crate::calls::Calls;
use crate::ports::{CallError, KeyRing};

#[derive(Debug, Default)]
pub(super) struct Keys {
    known: HashMap<Arc<str>, KeyKind>,
    /// The first refusal to tell, with the key it was about.
    pub(super) not_told: Option<CallError>,
}

impl Keys {
    /// Asks about every key of these points that has not been asked about.
    pub(super) async fn learn<G: KeyRing>(
        &mut self,
        calls: &Calls<G>,
        points: impl Iterator<Item = &RecoveryPoint>,
    ) -> Result<(), CallError> {
        for key in points.filter_map(|point| point.encryption_key_arn.as_ref()) {
            if self.known.contains_key(key) {
                continue;
            }
            let kind = match by_name(key) {
                Some(kind) => kind,
                None => match calls.key_kind(key).await {
                    Ok(kind) => kind,
                    Err(error) if is_our_trouble(error.kind) => return Err(error),
                    Err(error) => {
                        tracing::info!(%error, "the key's kind stays open");
                        self.not_told.get_or_insert(error);
                        KeyKind::NotChecked
                    }
                },
            };
            self.known.insert(Arc::clone(key), kind);
        }
        Ok(())
    }

    pub(super) fn kind(&self, point: &RecoveryPoint) -> KeyKind {
        match &point.encryption_key_arn {
            None => KeyKind::None,
            Some(key) => self.known.get(key).copied().unwrap_or(KeyKind::NotChecked),
        }
    }
}

/// `alias/aws/ebs` says it all.
fn by_name(key_arn: &str) -> Option<KeyKind> {
    let name = Arn::parse(key_arn).map_or(key_arn, |arn| arn.resource);
    name.starts_with("alias/aws/").then_some(KeyKind::AwsManaged)
}

/// Trouble that every other call will have, too.
const fn is_our_trouble(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Unavailable
            | FaultKind::Throttled
            | FaultKind::CredentialsExpired
            | FaultKind::CredentialsInvalid
            | FaultKind::CredentialsAbsent
            | FaultKind::ClockSkewed
    )
}
