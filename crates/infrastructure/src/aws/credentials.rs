//! Credentials that can be exchanged below clients that go on working.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::UNIX_EPOCH;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use sav_application::ports::{CallError, Origin, Renewal, Renewed, Stamp};
use sav_domain::Moment;
use sav_domain::operation::Operation;
use tokio::sync::Mutex;

use super::connect::Chain;
use super::gateway::AwsGateway;
use super::origin::Places;

/// What every call of one account is signed with.
#[derive(Debug)]
pub(super) struct Keys {
    chain: Chain,
    places: Places,
    current: RwLock<Option<Credentials>>,
    /// Held by whoever reads them for the first time.
    first: Mutex<()>,
}

impl From<Chain> for Keys {
    fn from(chain: Chain) -> Self {
        Self {
            places: Places::of(chain.reach.profile.as_deref(), chain.reach.role_arn.as_deref()),
            chain,
            current: RwLock::default(),
            first: Mutex::default(),
        }
    }
}

impl Keys {
    fn current(&self) -> Option<Credentials> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, keys: Credentials) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }

    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        if let Some(keys) = self.current() {
            return Ok(keys);
        }
        let _reading = self.first.lock().await;
        if let Some(keys) = self.current() {
            return Ok(keys);
        }
        let keys = self.chain.read().await?;
        self.put(keys.clone());
        Ok(keys)
    }
}

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// What it takes to have a gateway's credentials anew.
#[derive(Clone, Debug)]
pub(super) struct Renewable {
    pub(super) keys: Arc<Keys>,
    pub(super) config: SdkConfig,
}

impl Renewal for AwsGateway {
    type Keys = Credentials;

    async fn read_anew(&self) -> Result<Renewed<Credentials>, CallError> {
        let asked = self.asked(Operation::GetCallerIdentity, None);
        let Some(Renewable { keys, config }) = &self.renewable else {
            return Err(asked.not_obtained(&CredentialsError::not_loaded("they were given, not read")));
        };
        let keys = keys.chain.read().await.map_err(|error| asked.not_obtained(&error))?;
        let signing = config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(keys.clone()))
            .build();
        let caller = self.whose(&aws_sdk_sts::Client::new(&signing)).await?;
        Ok(Renewed { keys, caller })
    }

    fn sign_with(&self, keys: Credentials) {
        if let Some(renewable) = &self.renewable {
            renewable.keys.put(keys);
        }
    }

    fn expire_at(&self) -> Option<Moment> {
        let end = self.renewable.as_ref()?.keys.current()?.expiry()?;
        let since_epoch = end.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since_epoch.as_millis()).ok().map(Moment::from_millis)
    }

    async fn origin(&self) -> Origin {
        match &self.renewable {
            Some(renewable) => renewable.keys.places.origin().await,
            None => Origin::default(),
        }
    }

    async fn stamp(&self) -> Stamp {
        let Some(renewable) = &self.renewable else {
            return Stamp(0);
        };
        let places = renewable.keys.places.clone();
        // A home directory may lie across a network.
        let stamp = tokio::task::spawn_blocking(move || places.stamp()).await;
        Stamp(stamp.unwrap_or_default())
    }
}
