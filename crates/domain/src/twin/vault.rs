//! A vault with all that hangs on it, as it was read.

use std::collections::BTreeMap;

use crate::time::Moment;
use crate::vault::VaultName;

/// Key and value.
pub type Tag = (Box<str>, Box<str>);
/// By their keys.
pub type Tags = BTreeMap<Box<str>, Box<str>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAsRead {
    pub name: VaultName,
    pub arn: Box<str>,
    pub kind: VaultKind,
    pub encryption_key_arn: Option<Box<str>>,
    pub lock: Option<Lock>,
    /// The JSON text, as AWS stores it. None: the vault has none.
    pub policy: Read<Option<Box<str>>>,
    pub notifications: Read<Option<Notifications>>,
    pub tags: Read<Tags>,
}

/// An optional part of a vault: readable, or for this reason not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    Known(T),
    Refused(Box<str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultKind {
    Plain,
    /// Locked in compliance mode from birth, under a key of its own.
    AirGapped,
    /// A kind that came after this program, in AWS's word.
    Other(Box<str>),
}

impl VaultKind {
    /// Where AWS does not say, in Regions without air-gapped vaults, it is a plain one.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            None | Some("BACKUP_VAULT") => Self::Plain,
            Some("LOGICALLY_AIR_GAPPED_BACKUP_VAULT") => Self::AirGapped,
            Some(other) => Self::Other(other.into()),
        }
    }
}

/// Which retention a locked vault takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lock {
    pub min_retention_days: Option<i64>,
    pub max_retention_days: Option<i64>,
    /// From then on nobody can change it: compliance mode. None: whoever is permitted to can, governance mode.
    pub unchangeable_from: Option<Moment>,
}

/// Whom the vault tells of what happens in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications {
    pub topic_arn: Box<str>,
    /// As AWS spells them.
    pub events: Vec<Box<str>>,
}

impl<T> Read<T> {
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Refused(_) => None,
        }
    }
}
