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
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use sav_application::ports::Side;
use sav_domain::{AccountId, Region};

use super::credentials::Keys;
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
        let chain = Chain {
            reach: self.clone(),
            region: aws_config::Region::new(region.as_str().to_owned()),
            http_client: http::client(self.ca_bundle.as_deref())?,
        };
        let base = chain.loader().load().await;
        Ok(AwsGateway::renewable(side, account, base, Keys::from(chain)))
    }
}

/// Where credentials come from: made anew for every reading, because the SDK's providers read files and keep what they read.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) reach: Reach,
    region: aws_config::Region,
    http_client: SharedHttpClient,
}

impl Chain {
    /// Credentials as files, processes and services have them now.
    pub(super) async fn read(&self) -> Result<Credentials, CredentialsError> {
        let base = self.loader().load().await;
        if let Some(role_arn) = &self.reach.role_arn {
            return self.role(role_arn, &base).await.provide_credentials().await;
        }
        let provider = base
            .credentials_provider()
            .ok_or_else(|| CredentialsError::not_loaded("no provider"))?;
        provider.provide_credentials().await
    }

    fn loader(&self) -> ConfigLoader {
        let reach = &self.reach;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http_client.clone())
            // Ours is the only patience: the SDK would retry a used-up quota as if it were throttling.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        if let Some(profile) = &reach.profile {
            // In the SDK's own chain, keys in the environment go before a profile, even before one that was asked for. With
            // two accounts they would stand for both.
            let provider_config = ProviderConfig::without_region()
                .with_region(Some(self.region.clone()))
                .with_http_client(self.http_client.clone());
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&provider_config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        if let Some(endpoint) = &reach.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        loader
    }

    async fn role(&self, role_arn: &str, base: &SdkConfig) -> AssumeRoleProvider {
        let mut role = AssumeRoleProvider::builder(role_arn)
            .session_name("shuffle-aws-vaults")
            .configure(base);
        if let Some(external_id) = &self.reach.external_id {
            role = role.external_id(external_id);
        }
        role.build().await
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
