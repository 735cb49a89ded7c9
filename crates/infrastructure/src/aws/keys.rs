//! KMS, as far as points depend on it.

use aws_sdk_kms::types::{KeyManagerType, KeyState};
use sav_application::ports::{CallError, KeyRing};
use sav_domain::operation::Operation;
use sav_domain::verdict::KeyKind;

use super::gateway::AwsGateway;

impl KeyRing for AwsGateway {
    async fn key_kind(&self, key_arn: &str) -> Result<KeyKind, CallError> {
        let asked = self.asked(Operation::DescribeKey, Some(key_arn));
        let answer = self
            .kms
            .describe_key()
            .key_id(key_arn)
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        let Some(key) = answer.key_metadata() else {
            return Ok(KeyKind::NotChecked);
        };
        Ok(match (key.key_manager(), key.key_state()) {
            (Some(KeyManagerType::Aws), _) => KeyKind::AwsManaged,
            (
                _,
                Some(
                    KeyState::Disabled
                    | KeyState::PendingDeletion
                    | KeyState::PendingReplicaDeletion
                    | KeyState::Unavailable,
                ),
            ) => KeyKind::Unusable,
            (Some(KeyManagerType::Customer), _) => KeyKind::Customer,
            _ => KeyKind::NotChecked,
        })
    }
}
