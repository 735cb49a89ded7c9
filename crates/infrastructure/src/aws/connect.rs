//! How one account is reached: whose credentials, by way of which role, at which endpoint.

use std::path::PathBuf;
use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use sav_application::ports::Side;
use sav_domain::{AccountId, Region};

use super::gateway::AwsGateway;
use super::http;

/// The SDK sets no limit to a silent connection; a reader would hang on it for ever.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

/// Everything that tells how to reach one account. What is absent is the SDK's to find.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
    pub endpoint_url: Option<String>,
    pub ca_bundle: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Http(#[from] http::HttpError),
}

impl Reach {
    pub async fn connect(&self, side: Side, account: AccountId, region: &Region) -> Result<AwsGateway, ConnectError> {
        let base = self.loader(region)?.load().await;
        let config = match &self.role_arn {
            Some(role_arn) => self.in_role(role_arn, base).await,
            None => base,
        };
        Ok(AwsGateway::new(side, account, &config))
    }

    fn loader(&self, region: &Region) -> Result<ConfigLoader, ConnectError> {
        let http_client = http::client(self.ca_bundle.as_deref())?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .http_client(http_client.clone())
            // Ours is the only patience: the SDK would retry a used-up quota as if it were throttling.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        if let Some(profile) = &self.profile {
            // In the SDK's own chain, keys in the environment go before a profile, even before one that was asked for. With
            // two accounts they would stand for both.
            let provider_config = ProviderConfig::without_region()
                .with_region(Some(aws_config::Region::new(region.as_str().to_owned())))
                .with_http_client(http_client);
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&provider_config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        if let Some(endpoint) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        Ok(loader)
    }

    async fn in_role(&self, role_arn: &str, base: SdkConfig) -> SdkConfig {
        let mut role = AssumeRoleProvider::builder(role_arn)
            .session_name("shuffle-aws-vaults")
            .configure(&base);
        if let Some(external_id) = &self.external_id {
            role = role.external_id(external_id);
        }
        let provider = role.build().await;
        base.into_builder()
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(provider))
            .build()
    }
}

/// The Region that the environment or the profile names, if any. The machine that we run on is not asked: its Region says
/// nothing about where the vaults are.
pub async fn resolve_region(profile: Option<&str>) -> Option<String> {
    if let Some(region) = EnvironmentVariableRegionProvider::new().region().await {
        return Some(region.as_ref().to_owned());
    }
    let mut named = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        named = named.profile_name(profile);
    }
    named.build().region().await.map(|region| region.as_ref().to_owned())
}
