//! Which vault goes where is said once: the ledger's journal remembers it, and every later command of the migration keeps to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sav_domain::ledger::Entry;
use sav_domain::vault_map::{Renamed, VaultMap};
use sav_domain::{Moment, VaultName};
use serde_json::json;

use crate::ports::{Ledger, LedgerError, LedgerReader};
use crate::terms::CopyTerms;

pub const KIND: &str = "vault_map";

/// A pair that an option has replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub from: VaultName,
    pub before: VaultName,
    pub now: VaultName,
}

/// The whole map as it was written last.
pub fn remembered<R: LedgerReader>(reader: &R) -> Result<VaultMap, LedgerError> {
    let entries = reader.entries(Some(KIND))?;
    Ok(entries.last().and_then(read).unwrap_or_default())
}

/// The terms with the map that holds, for a command that only looks: nothing is written.
pub fn recall<R: LedgerReader>(reader: &R, terms: &Arc<CopyTerms>) -> Result<Arc<CopyTerms>, LedgerError> {
    let vault_map = terms.vault_map.over(&remembered(reader)?);
    Ok(Arc::new(CopyTerms {
        vault_map,
        ..(**terms).clone()
    }))
}

/// The terms with the map that holds from now on: what was remembered, and what the options say over it.
pub async fn settle<L: Ledger>(
    ledger: &L,
    terms: &Arc<CopyTerms>,
    now: Moment,
) -> Result<(Arc<CopyTerms>, Vec<Replaced>), LedgerError> {
    let before = remembered(&ledger.reader()?)?;
    let vault_map = terms.vault_map.over(&before);
    if vault_map == before {
        let terms = CopyTerms {
            vault_map,
            ..(**terms).clone()
        };
        return Ok((Arc::new(terms), Vec::new()));
    }
    ledger.note(vec![written(&vault_map, now)]).await?;
    let replaced = before.pairs().filter_map(|(from, before)| {
        let now = vault_map.target(from);
        (now != before).then(|| Replaced {
            from: from.clone(),
            before: before.clone(),
            now: now.clone(),
        })
    });
    let replaced = replaced.collect();
    Ok((
        Arc::new(CopyTerms {
            vault_map,
            ..(**terms).clone()
        }),
        replaced,
    ))
}

fn written(map: &VaultMap, at: Moment) -> Entry {
    let pairs: BTreeMap<&str, &str> = map.pairs().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    Entry {
        at,
        kind: KIND.into(),
        detail: json!({ "map": pairs }).to_string().into(),
    }
}

/// A journal that was edited may hold anything; what is no pair of names is none.
fn read(entry: &Entry) -> Option<VaultMap> {
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).ok()?;
    let pairs = detail["map"].as_object()?.iter().filter_map(|(from, to)| {
        Some(Renamed {
            from: VaultName::new(from.as_str())?,
            to: VaultName::new(to.as_str()?)?,
        })
    });
    VaultMap::of(pairs).ok()
}

#[cfg(test)]
mod tests {
    use sav_domain::Route;
    use sav_domain::retention::Retention;

    use super::*;
    use crate::memory_ledger::MemoryLedger;

    fn terms(pairs: &[&str]) -> Arc<CopyTerms> {
        let (source, destination) = ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
        Arc::new(CopyTerms {
            route: Route::between(source, destination, "us-east-1".parse().unwrap()).unwrap(),
            vault_map: VaultMap::of(pairs.iter().map(|pair| pair.parse().unwrap())).unwrap(),
            retention: Retention::AsSource,
            copy_role_arn: "arn:aws:iam::111111111111:role/copy".into(),
        })
    }

    fn vault(name: &str) -> VaultName {
        VaultName::new(name).unwrap()
    }

    #[tokio::test]
    async fn what_was_said_once_holds_until_something_else_is_said() {
        let ledger = MemoryLedger::new(terms(&[]).route.clone());
        let at = |millis| Moment::from_millis(millis);
        let settled = settle(&ledger, &terms(&[]), at(1)).await.unwrap();
        assert!(settled.1.is_empty() && ledger.reader().unwrap().entries(None).unwrap().is_empty());

        settle(&ledger, &terms(&["a/b=efs", "daily=gold"]), at(2))
            .await
            .unwrap();
        let (later, replaced) = settle(&ledger, &terms(&[]), at(3)).await.unwrap();
        assert_eq!(later.destination_vault(&vault("a/b")), &vault("efs"));
        assert!(replaced.is_empty());

        let (now, replaced) = settle(&ledger, &terms(&["daily=silver"]), at(4)).await.unwrap();
        assert_eq!(now.destination_vault(&vault("daily")), &vault("silver"));
        assert_eq!(now.destination_vault(&vault("a/b")), &vault("efs"), "the rest stays");
        let looked = recall(&ledger.reader().unwrap(), &terms(&["x/y=z1"])).unwrap();
        assert_eq!(looked.destination_vault(&vault("daily")), &vault("silver"));
        assert_eq!(looked.destination_vault(&vault("x/y")), &vault("z1"));
        let expected = Replaced {
            from: vault("daily"),
            before: vault("gold"),
            now: vault("silver"),
        };
        assert_eq!(replaced, [expected]);
        assert_eq!(remembered(&ledger.reader().unwrap()).unwrap(), now.vault_map);
        assert_eq!(
            ledger.reader().unwrap().entries(Some(KIND)).unwrap().len(),
            2,
            "nothing new, nothing written"
        );
    }
}
