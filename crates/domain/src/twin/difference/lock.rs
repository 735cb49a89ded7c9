//! The lock of a twin. One that is there is never put again: AWS does not say what that does to the countdown of a compliance lock.

use super::{Deed, Difference, Standing, What};
use crate::retention::LockRange;
use crate::twin::vault::{Lock, VaultAsRead};
use crate::twin::wishes::{LockWish, Wishes};

impl Difference {
    pub(super) fn lock(&mut self, source: &VaultAsRead, twin: Option<&VaultAsRead>, wishes: &Wishes) {
        let has = twin.and_then(|twin| twin.lock);
        let Some(lock) = source.lock else {
            if let Some(has) = has {
                let detail = format!("the source is not locked, its twin is: {}", said(has));
                self.say(What::Lock, Standing::Differs, detail);
            }
            return;
        };
        let range = range(lock);
        let equal = has.filter(|has| self::range(*has) == range);
        let compliance = matches!(wishes.lock, LockWish::Compliance { .. });
        match (equal, has) {
            (Some(equal), _) if !compliance || equal.unchangeable_from.is_some() => {
                return self.say(What::Lock, Standing::AlreadySo, said(equal));
            }
            (None, Some(has)) if !compliance || has.unchangeable_from.is_some() => {
                let detail = format!(
                    "it takes {}, the source {}; what is there is kept",
                    said(has),
                    said(lock)
                );
                return self.say(What::Lock, Standing::Differs, detail);
            }
            _ => {}
        }
        let put = |changeable_for_days| {
            Standing::ToDo(Deed::PutLock {
                min_retention_days: lock.min_retention_days,
                max_retention_days: lock.max_retention_days,
                changeable_for_days,
            })
        };
        match &wishes.lock {
            LockWish::None => self.say(
                What::Lock,
                Standing::NotCarried,
                format!("--lock-mode none; the source takes {}", said(lock)),
            ),
            LockWish::Governance => {
                let removable = if lock.unchangeable_from.is_some() {
                    "; the source's lock is in compliance mode, this one can be removed"
                } else {
                    ""
                };
                let detail = format!("retention of {}, in governance mode{removable}", range.in_words());
                self.say(What::Lock, put(None), detail);
            }
            LockWish::Compliance {
                changeable_for_days,
                confirmed,
            } if confirmed.contains(&self.target) => {
                let detail = format!(
                    "retention of {}, in compliance mode: after {changeable_for_days} days nobody can change or remove it",
                    range.in_words()
                );
                self.say(What::Lock, put(Some(*changeable_for_days)), detail);
            }
            LockWish::Compliance { .. } => {
                let why = format!(
                    "a compliance lock is for ever: repeat the vault's name with --confirm-lock {} to put it",
                    self.target
                );
                self.say(What::Lock, Standing::NotCarried, why);
            }
        }
    }
}

fn range(lock: Lock) -> LockRange {
    LockRange {
        min_days: lock.min_retention_days,
        max_days: lock.max_retention_days,
    }
}

fn said(lock: Lock) -> String {
    let mode = match lock.unchangeable_from {
        None => "governance mode".to_owned(),
        Some(date) => format!("compliance mode, for ever from {date} on"),
    };
    format!("retention of {}, {mode}", range(lock).in_words())
}
