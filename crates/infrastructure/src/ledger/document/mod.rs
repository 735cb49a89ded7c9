//! A ledger as one JSON document that a person can read and edit: the shapes of its members, the same for writing and for
//! reading. A member that is not known is refused, for it may be a known one misspelt.
//!
//! ```text
//! {
//!   "ledger": { "format": …, "version": …, "migration": …, "created_at": …, "exported_at": … },
//!   "plans": [ … ], "windows": [ … ], "learned": [ … ], "parked_groups": [ … ],
//!   "journal": [ … ],
//!   "points": [ { …, "events": [ … ] }, … ]
//! }
//! ```
//!
//! What follows from the events, states and attempts, is not in it: an import makes it again.

mod event;
mod point;

use std::sync::Arc;

use sav_domain::ledger::{Entry, Group, Learned, PlanId, PlanRecord, Window, WindowEnd, WindowId};
use sav_domain::{AccountId, Moment, Region, ResourceType, Route, VaultName};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

pub(super) use event::{CauseDocument, EventDocument};
pub(super) use point::{PointDocument, SeenBy};

pub(super) const FORMAT: &str = "shuffle-aws-vaults ledger";
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) migration: Migration,
    pub(super) created_at: Moment,
    pub(super) exported_at: Option<Moment>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Migration {
    source_account: AccountId,
    dest_account: AccountId,
    region: Region,
}

impl Migration {
    pub(super) fn of(route: &Route) -> Self {
        Self {
            source_account: route.source(),
            dest_account: route.destination(),
            region: route.region().clone(),
        }
    }

    pub(super) fn route(self) -> Result<Route, String> {
        Route::between(self.source_account, self.dest_account, self.region)
            .map_err(|same| format!("source_account and dest_account are both {}", same.account))
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanDocument {
    plan: u32,
    listed_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Moment>,
    made_with: Box<RawValue>,
}

impl PlanDocument {
    pub(super) fn of(plan: &PlanRecord) -> Result<Self, String> {
        Ok(Self {
            plan: plan.id.0,
            listed_at: plan.listed_at,
            finished_at: plan.finished_at,
            made_with: embedded(&plan.made_with)?,
        })
    }

    pub(super) fn record(self) -> PlanRecord {
        PlanRecord {
            id: PlanId(self.plan),
            listed_at: self.listed_at,
            finished_at: self.finished_at,
            made_with: on_one_line(&self.made_with),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowDocument {
    window: u32,
    started_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndDocument {
    at: Moment,
    exit_code: u8,
    completed: u64,
    failed: u64,
}

impl WindowDocument {
    pub(super) fn of(window: &Window) -> Self {
        Self {
            window: window.id.0,
            started_at: window.started_at,
            ended: window.ended.map(|end| EndDocument {
                at: end.at,
                exit_code: end.exit_code,
                completed: end.completed,
                failed: end.failed,
            }),
        }
    }

    pub(super) fn record(self) -> Window {
        Window {
            id: WindowId(self.window),
            started_at: self.started_at,
            ended: self.ended.map(|end| WindowEnd {
                at: end.at,
                exit_code: end.exit_code,
                completed: end.completed,
                failed: end.failed,
            }),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LearnedDocument {
    what: Box<str>,
    scope: Box<str>,
    /// As it is written: not every reader of JSON numbers finds the last bit again.
    value: Box<RawValue>,
    samples: u64,
    at: Moment,
}

impl LearnedDocument {
    /// None for what is no number: it says nothing, and JSON cannot write it.
    pub(super) fn of(learned: Learned) -> Option<Self> {
        let value = Some(learned.value).filter(|value| value.is_finite())?;
        Some(Self {
            what: learned.what,
            scope: learned.scope,
            value: to_raw_value(&value).ok()?,
            samples: learned.samples,
            at: learned.at,
        })
    }

    pub(super) fn record(self) -> Result<Learned, String> {
        let value = self.value.get().parse().ok().filter(|value: &f64| value.is_finite());
        Ok(Learned {
            what: self.what,
            scope: self.scope,
            value: value.ok_or_else(|| format!("value: expected a number, found {}", self.value))?,
            samples: self.samples,
            at: self.at,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryDocument {
    at: Moment,
    kind: Box<str>,
    detail: Box<RawValue>,
}

impl EntryDocument {
    pub(super) fn of(entry: &Entry) -> Result<Self, String> {
        Ok(Self {
            at: entry.at,
            kind: entry.kind.clone(),
            detail: embedded(&entry.detail)?,
        })
    }

    pub(super) fn record(self) -> Entry {
        Entry {
            at: self.at,
            kind: self.kind,
            detail: (&*on_one_line(&self.detail)).into(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParkedDocument {
    vault_name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_key_arn: Option<Arc<str>>,
    pub(super) cause: CauseDocument,
}

impl ParkedDocument {
    pub(super) fn of(group: &Group, cause: CauseDocument) -> Self {
        Self {
            vault_name: group.vault.as_str().into(),
            resource_type: group.resource_type.as_ref().map(|name| name.name().into()),
            encryption_key_arn: group.encryption_key_arn.clone(),
            cause,
        }
    }

    pub(super) fn group(&self) -> Result<Group, String> {
        Ok(Group {
            vault: vault(&self.vault_name)?,
            resource_type: self.resource_type.as_deref().map(ResourceType::named),
            encryption_key_arn: self.encryption_key_arn.clone(),
        })
    }
}

fn vault(name: &Arc<str>) -> Result<VaultName, String> {
    VaultName::new(Arc::clone(name)).ok_or_else(|| "vault_name: a vault has a name, this one is empty".into())
}

/// Text that is JSON itself, put into the document as it is.
fn embedded(json: &str) -> Result<Box<RawValue>, String> {
    serde_json::from_str(json).map_err(|error| format!("it holds what should be JSON and is not: {error}"))
}

/// As it stands in the document, unless a formatter has spread it over several lines.
fn on_one_line(json: &RawValue) -> Arc<str> {
    let text = json.get();
    if !text.contains(['\n', '\r']) {
        return text.into();
    }
    let mut kept = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if quoted || !c.is_ascii_whitespace() {
            kept.push(c);
        }
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_json_stays_as_it_is_unless_a_formatter_was_at_work() {
        let kept = |text: &str| on_one_line(&embedded(text).unwrap()).to_string();
        assert_eq!(kept(r#"{ "b":1, "a" : 2.0 }"#), r#"{ "b":1, "a" : 2.0 }"#);
        let spread = "{\n  \"b\": \"two  words \\\" \\\\\",\n  \"a\": [\n    1\n  ]\n}";
        assert_eq!(kept(spread), r#"{"b":"two  words \" \\","a":[1]}"#);
        assert!(embedded("{").is_err());
    }
}
