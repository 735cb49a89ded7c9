//! The right account, always: asked of STS before anything else.

use std::fmt;

use sav_domain::arn::Arn;
use sav_domain::ledger::Entry;
use sav_domain::{AccountId, Moment};
use serde_json::{Value, json};

use crate::calls::Calls;
use crate::ports::{CallError, Caller, Ledger, LedgerError, LedgerReader, Origin, Renewal, Side};

/// The journal's word for who works for a side.
const IDENTITY: &str = "identity";

/// Whose credentials these are, whatever the session is called: a role or a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(Box<str>);

impl Principal {
    /// Of an ARN as STS tells it. The name of a session is new at every sign-in.
    pub fn of(arn: &str) -> Self {
        let role = Arn::parse(arn)
            .filter(|parts| parts.service == "sts" && parts.resource.starts_with("assumed-role/"))
            .and_then(|parts| {
                let (_, session) = parts.resource.rsplit_once('/')?;
                let role = arn.len() - session.len() - 1;
                // `assumed-role/Name` without a session has lost nothing.
                (parts.resource.matches('/').count() > 1).then(|| &arn[..role])
            });
        Self(role.unwrap_or(arn).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{error}")]
    Call { error: CallError, origin: Origin },
    #[error(
        "the credentials for the {side} account belong to account {found}, not to {expected} ({arn}); they come from {origin}"
    )]
    WrongAccount {
        side: Side,
        expected: AccountId,
        found: AccountId,
        arn: String,
        origin: Origin,
    },
}

/// Whose credentials these are, which must be the expected account's. Once this is known, credentials that end are renewed
/// and calls wait for that; before, a refusal is told as it is, for credentials that never worked will not begin to.
pub async fn confirm<G: Renewal>(calls: &Calls<G>, expected: AccountId) -> Result<Caller, IdentityError> {
    let caller = match calls.caller().await {
        Ok(caller) => caller,
        Err(error) => {
            let origin = calls.gateway().origin().await;
            return Err(IdentityError::Call { error, origin });
        }
    };
    if caller.account == expected {
        calls.gate().expect(Principal::of(&caller.arn));
        return Ok(caller);
    }
    Err(IdentityError::WrongAccount {
        side: calls.gateway().side(),
        expected,
        found: caller.account,
        arn: caller.arn,
        origin: calls.gateway().origin().await,
    })
}

/// Writes down who works for one side of the migration, if that is news. Answers who did so far, if it was somebody else.
pub async fn remember<L: Ledger>(
    ledger: &L,
    side: Side,
    caller: &Caller,
    at: Moment,
) -> Result<Option<Principal>, LedgerError> {
    let now = Principal::of(&caller.arn);
    let side_named = side.to_string();
    let known = ledger.reader()?.entries(Some(IDENTITY))?;
    let last = known.iter().rev().find_map(|entry| {
        let detail: Value = serde_json::from_str(&entry.detail).ok()?;
        (detail["side"] == *side_named).then(|| Principal(detail["principal"].as_str().unwrap_or_default().into()))
    });
    if last.as_ref() == Some(&now) {
        return Ok(None);
    }
    let detail = json!({ "side": side_named, "account": caller.account.to_string(), "principal": now.as_str() });
    let entry = Entry {
        at,
        kind: IDENTITY.into(),
        detail: detail.to_string().into(),
    };
    ledger.note(vec![entry]).await?;
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_the_role_or_the_user_and_not_the_session() {
        for (arn, principal) in [
            (
                "arn:aws:sts::111111111111:assumed-role/Operator/jane@example.org",
                "arn:aws:sts::111111111111:assumed-role/Operator",
            ),
            (
                "arn:aws-us-gov:sts::111111111111:assumed-role/Operator/botocore-session-1:2",
                "arn:aws-us-gov:sts::111111111111:assumed-role/Operator",
            ),
            (
                "arn:aws:sts::111111111111:assumed-role/Operator",
                "arn:aws:sts::111111111111:assumed-role/Operator",
            ),
            (
                "arn:aws:iam::111111111111:user/people/jane",
                "arn:aws:iam::111111111111:user/people/jane",
            ),
            (
                "arn:aws:sts::111111111111:federated-user/jane",
                "arn:aws:sts::111111111111:federated-user/jane",
            ),
            ("", ""),
        ] {
            assert_eq!(Principal::of(arn).as_str(), principal);
        }
    }

    #[tokio::test]
    async fn who_works_for_a_side_is_written_down_once_and_again_when_it_is_somebody_else() {
        let (one, other) = ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
        let route = sav_domain::Route::between(one, other, "us-east-1".parse().unwrap()).unwrap();
        let ledger = crate::memory_ledger::MemoryLedger::new(route);
        let at = Moment::from_millis(0);
        let role = |name: &str, session: &str| Caller {
            account: one,
            arn: format!("arn:aws:sts::111111111111:assumed-role/{name}/{session}"),
        };
        for (side, caller, before) in [
            (Side::Source, role("A", "monday"), None),
            (Side::Destination, role("B", "monday"), None),
            (Side::Source, role("A", "tuesday"), None),
            (Side::Source, role("C", "tuesday"), Some("assumed-role/A")),
            (Side::Source, role("C", "friday"), None),
        ] {
            let told = remember(&ledger, side, &caller, at).await.unwrap();
            let told = told.map(|principal| principal.as_str().rsplit_once(':').unwrap().1.to_owned());
            assert_eq!(told.as_deref(), before, "{caller:?}");
        }
        let written = ledger.reader().unwrap().entries(Some(IDENTITY)).unwrap();
        assert_eq!(written.len(), 3);
    }
}
