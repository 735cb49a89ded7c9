//! IAM, Organizations, Service Quotas, KMS and AWS Backup's settings, as far as checks ask them.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum};
use aws_sdk_kms::types::{KeyManagerType, KeyState};
use sav_application::ports::{CallError, Page, Permissions, RoleDetail, SimulationAsked};
use sav_domain::checks::action::Simulated;
use sav_domain::checks::key::KeyStanding;
use sav_domain::checks::organization::{Membership, Organization};
use sav_domain::checks::quota::Quota;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;

use super::fault::Asked;
use super::gateway::{AwsGateway, present};
use super::iam;

/// The largest page that IAM serves.
const SIMULATED_PER_PAGE: i32 = 1000;

impl Permissions for AwsGateway {
    async fn role(&self, name: &str) -> Result<RoleDetail, CallError> {
        let asked = self.asked(Operation::GetRole, Some(name));
        let sent = self.iam.get_role().role_name(name).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let role = answer.role().ok_or_else(|| silent(&asked, "IAM named no role"))?;
        Ok(RoleDetail {
            arn: role.arn().to_owned(),
            trust: role.assume_role_policy_document().and_then(iam::decoded),
        })
    }

    async fn simulate(&self, asked: &SimulationAsked, token: Option<&str>) -> Result<Page<Simulated>, CallError> {
        let about = self.asked(Operation::SimulatePrincipalPolicy, Some(&asked.principal_arn));
        let context = asked.context.iter().map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(*key)
                .context_key_values(value)
                .context_key_type(ContextKeyTypeEnum::String)
                .build()
        });
        let answer = self
            .iam
            .simulate_principal_policy()
            .policy_source_arn(&asked.principal_arn)
            .set_action_names(Some(asked.actions.iter().map(|action| (*action).to_owned()).collect()))
            .set_resource_arns(Some(asked.resources.clone()))
            .set_context_entries(Some(context.collect()))
            .max_items(SIMULATED_PER_PAGE)
            .set_marker(token.map(str::to_owned))
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        Ok(Page {
            items: answer.evaluation_results().iter().flat_map(iam::simulated).collect(),
            token: present(answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned)),
        })
    }

    async fn organization(&self) -> Result<Membership, CallError> {
        let asked = self.asked(Operation::DescribeOrganization, None);
        let answer = match self.organizations.describe_organization().send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = asked.failed(&error);
                return if error.code == "AWSOrganizationsNotInUseException" {
                    Ok(Membership::None)
                } else {
                    Err(error)
                };
            }
        };
        let organization = answer.organization();
        let id = organization.and_then(|organization| organization.id());
        let id = id.ok_or_else(|| silent(&asked, "the organization has no id"))?;
        Ok(Membership::Of(Organization {
            id: id.to_owned(),
            management_account: organization
                .and_then(|organization| organization.master_account_id())
                .map(str::to_owned),
        }))
    }

    async fn cross_account_backup(&self) -> Result<Option<bool>, CallError> {
        let asked = self.asked(Operation::DescribeGlobalSettings, None);
        let sent = self.backup().describe_global_settings().send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let setting = answer
            .global_settings()
            .and_then(|settings| settings.get("isCrossAccountBackupEnabled"));
        Ok(setting.map(|setting| setting.eq_ignore_ascii_case("true")))
    }

    async fn types_opted_in(&self) -> Result<BTreeMap<String, bool>, CallError> {
        let asked = self.asked(Operation::DescribeRegionSettings, None);
        let sent = self.backup().describe_region_settings().send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let types = answer.resource_type_opt_in_preference.unwrap_or_default();
        Ok(types.into_iter().collect())
    }

    async fn quota(&self, quota: Quota) -> Result<f64, CallError> {
        let asked = self.asked(Operation::GetServiceQuota, Some(quota.code()));
        let answer = self
            .quotas
            .get_service_quota()
            .service_code(quota.service())
            .quota_code(quota.code())
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        let value = answer
            .quota()
            .and_then(aws_sdk_servicequotas::types::ServiceQuota::value);
        value.ok_or_else(|| silent(&asked, "the quota has no value"))
    }

    async fn key_standing(&self, key_arn: &str) -> Result<KeyStanding, CallError> {
        let asked = self.asked(Operation::DescribeKey, Some(key_arn));
        let answer = match self.kms.describe_key().key_id(key_arn).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = asked.failed(&error);
                return if error.kind == FaultKind::NotFound {
                    Ok(KeyStanding::Gone)
                } else {
                    Err(error)
                };
            }
        };
        let key = answer.key_metadata();
        let state = key.and_then(|key| key.key_state());
        Ok(match (key.and_then(|key| key.key_manager()), state) {
            (Some(KeyManagerType::Aws), _) => KeyStanding::AwsManaged,
            (_, Some(KeyState::Disabled)) => KeyStanding::Disabled,
            (_, Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)) => KeyStanding::PendingDeletion,
            (Some(KeyManagerType::Customer), Some(KeyState::Enabled)) => KeyStanding::Enabled,
            _ => KeyStanding::Other,
        })
    }

    async fn key_policy(&self, key_arn: &str) -> Result<Box<str>, CallError> {
        let asked = self.asked(Operation::GetKeyPolicy, Some(key_arn));
        let answer = self
            .kms
            .get_key_policy()
            .key_id(key_arn)
            .policy_name("default")
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        let policy = answer.policy.map(String::into_boxed_str);
        policy.ok_or_else(|| silent(&asked, "KMS handed out no policy"))
    }
}

fn silent(about: &Asked<'_>, message: &str) -> CallError {
    CallError {
        kind: FaultKind::Unexpected,
        operation: about.operation,
        side: about.side,
        account: about.account,
        subject: about.subject.map(str::to_owned),
        code: "IncompleteAnswer".to_owned(),
        message: message.to_owned(),
        request_id: None,
    }
}
