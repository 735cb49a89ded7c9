//! What shall go wrong, as data: written in a test, read from a file, or put while the simulator runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::throttle::Rates;
use crate::world::KeyState;

/// Nothing goes wrong by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// Throttling; absent: every call has a token.
    pub rates: Option<Rates>,
    /// Weighed in this order: delays and page faults add up, the first that ends a call ends it.
    pub faults: Vec<Fault>,
    pub keys: Vec<KeyChange>,
}

/// One thing that goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Firings are counted under this name; by default that of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub what: What,
    #[serde(default)]
    pub aim: Aim,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// `ThrottlingException` whatever the buckets hold.
    Throttle,
    /// The service's "come back later": 500 or 503 as its model says.
    Unavailable {
        /// The call took effect all the same.
        #[serde(default)]
        after_effect: bool,
    },
    /// The service's internal failure, 500.
    Internal {
        #[serde(default)]
        after_effect: bool,
    },
    /// Any other refusal, word for word: `LimitExceededException`, …
    Refuse { code: String, message: String, status: u16 },
    AccessDenied {
        #[serde(default)]
        because: Because,
    },
    /// The connection ends without an answer before anything happened.
    ResetBefore,
    /// The connection ends without an answer, but the call took effect.
    ResetAfter,
    /// The answer stops after so many bytes of its body; its headers promise more.
    Cut { bytes: usize },
    /// The answer is late by `delay_ms` and up to `spread_ms` more.
    Slow {
        delay_ms: u64,
        #[serde(default)]
        spread_ms: u64,
    },
    /// A proxy answers with a web page of its own.
    Html { status: u16 },
    /// Pages hold at most so many items, whatever was asked for; 0 gives empty pages that go on.
    ShortPage { at_most: usize },
    /// The last items of a page come again at the head of the next.
    RepeatItems { items: usize },
    /// The last items of a page are held back and come after those of the next.
    LateItems { items: usize },
    /// A page token is refused, once or from then on for ever.
    RefuseToken {
        #[serde(default)]
        for_ever: bool,
    },
    /// Credentials die after so many calls or so long after their first call, whatever lifetime they were given.
    ExpireCredentials {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_calls: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_ms: Option<u64>,
    },
}

/// Which policy denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    #[default]
    NoIdentityPolicy,
    IdentityPolicyDenies,
    BoundaryDenies,
    ServiceControlPolicyDenies,
    NoSessionPolicy,
}

/// Which calls a fault is for. Empty lists mean all; names may hold `*` and `?`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aim {
    /// As in the signature's scope: `backup`, `sts`, …
    pub services: Vec<String>,
    pub operations: Vec<String>,
    pub accounts: Vec<String>,
    /// Names of roles and users.
    pub principals: Vec<String>,
    /// Numbers, from 1, among the calls this aim catches.
    pub calls: Vec<u64>,
    /// Spares the first so many calls this aim catches.
    pub after_calls: u64,
    /// Fires no more than this.
    pub at_most: Option<u64>,
    /// The share of calls it fires on, picked by the seed and the call's number.
    pub share: f64,
    /// From so long after the plan was put, in wire time, …
    pub from_ms: u64,
    /// … for so long.
    pub for_ms: Option<u64>,
}

impl Default for Aim {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            operations: Vec::new(),
            accounts: Vec::new(),
            principals: Vec::new(),
            calls: Vec::new(),
            after_calls: 0,
            at_most: None,
            share: 1.0,
            from_ms: 0,
            for_ms: None,
        }
    }
}

/// A key is revoked, or comes back, so long after the plan was put, in the world's time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The UUID, the ARN, or the alias with or without `alias/`.
    pub key: String,
    #[serde(with = "key_state")]
    pub state: KeyState,
    #[serde(default)]
    pub after_ms: u64,
}

mod key_state {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use crate::world::KeyState;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde's `with` asks for"
    )]
    pub(super) fn serialize<S: Serializer>(state: &KeyState, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(match state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion => "PendingDeletion",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyState, D::Error> {
        match String::deserialize(from)?.as_str() {
            "Enabled" => Ok(KeyState::Enabled),
            "Disabled" => Ok(KeyState::Disabled),
            "PendingDeletion" => Ok(KeyState::PendingDeletion),
            other => Err(de::Error::unknown_variant(
                other,
                &["Enabled", "Disabled", "PendingDeletion"],
            )),
        }
    }
}

impl FaultPlan {
    pub fn none() -> Self {
        Self::default()
    }

    /// Throttled as the real service is by default, nothing else.
    pub fn throttled() -> Self {
        Self {
            rates: Some(Rates::published()),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn and(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    #[must_use]
    pub fn with_rates(mut self, rates: Rates) -> Self {
        self.rates = Some(rates);
        self
    }

    #[must_use]
    pub fn with_key(mut self, change: KeyChange) -> Self {
        self.keys.push(change);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.rates.is_none() && self.faults.is_empty() && self.keys.is_empty()
    }
}

impl From<Fault> for FaultPlan {
    fn from(fault: Fault) -> Self {
        Self::none().and(fault)
    }
}

/// The aim, spelt as a sentence: `Fault::new(What::ResetAfter).on(["StartCopyJob"]).calls([3])`.
impl Fault {
    pub fn new(what: What) -> Self {
        Self {
            name: None,
            what,
            aim: Aim::default(),
        }
    }

    /// Nobody answers from `from_ms` on for `for_ms`.
    pub fn outage(from_ms: u64, for_ms: u64) -> Self {
        Self::new(What::ResetBefore).named("outage").between(from_ms, for_ms)
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn in_services<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.aim.services = services.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn on<S: Into<String>>(mut self, operations: impl IntoIterator<Item = S>) -> Self {
        self.aim.operations = operations.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn in_accounts<S: Into<String>>(mut self, accounts: impl IntoIterator<Item = S>) -> Self {
        self.aim.accounts = accounts.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn by<S: Into<String>>(mut self, principals: impl IntoIterator<Item = S>) -> Self {
        self.aim.principals = principals.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn calls(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.aim.calls = numbers.into_iter().collect();
        self
    }

    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.aim.after_calls = calls;
        self
    }

    #[must_use]
    pub fn at_most(mut self, times: u64) -> Self {
        self.aim.at_most = Some(times);
        self
    }

    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.aim.share = share;
        self
    }

    #[must_use]
    pub fn between(mut self, from_ms: u64, for_ms: u64) -> Self {
        self.aim.from_ms = from_ms;
        self.aim.for_ms = Some(for_ms);
        self
    }

    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.what.label())
    }
}

impl What {
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
            Self::Refuse { .. } => "refuse",
            Self::AccessDenied { .. } => "access-denied",
            Self::ResetBefore => "reset-before",
            Self::ResetAfter => "reset-after",
            Self::Cut { .. } => "cut",
            Self::Slow { .. } => "slow",
            Self::Html { .. } => "html",
            Self::ShortPage { .. } => "short-page",
            Self::RepeatItems { .. } => "repeat-items",
            Self::LateItems { .. } => "late-items",
            Self::RefuseToken { .. } => "refuse-token",
            Self::ExpireCredentials { .. } => "expire-credentials",
        }
    }
}

/// How often each fault could have fired and did, by name.
pub type Counts = BTreeMap<String, Count>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Calls the fault was aimed at.
    pub met: u64,
    pub fired: u64,
}
