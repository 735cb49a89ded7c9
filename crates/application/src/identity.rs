//! The right account, always: asked of STS before anything else.

use sav_domain::AccountId;

use crate::calls::Calls;
use crate::ports::{CallError, Caller, Gateway, Side};

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the credentials for the {side} account belong to account {found}, not to {expected} ({arn})")]
    WrongAccount {
        side: Side,
        expected: AccountId,
        found: AccountId,
        arn: String,
    },
}

/// Whose credentials these are, which must be the expected account's.
pub async fn confirm<G: Gateway>(calls: &Calls<G>, expected: AccountId) -> Result<Caller, IdentityError> {
    let caller = calls.caller().await?;
    if caller.account == expected {
        return Ok(caller);
    }
    Err(IdentityError::WrongAccount {
        side: calls.gateway().side(),
        expected,
        found: caller.account,
        arn: caller.arn,
    })
}
