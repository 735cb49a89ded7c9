//! What `StartCopyJob` remembers of idempotency tokens.

use std::collections::{HashMap, VecDeque};

use super::job::CopyOrder;
use crate::clock::Moment;

/// Tokens and parameters are kept as fingerprints: a million texts would weigh more than the jobs themselves.
#[derive(Debug, Default)]
pub(super) struct TokenMemory {
    known: HashMap<u128, Known>,
    by_age: VecDeque<(Moment, u128)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) position: u32,
    pub(super) parameters: u128,
    pub(super) is_parent: bool,
    pub(super) at: Moment,
}

impl TokenMemory {
    /// Drops every token from before `oldest`.
    pub(super) fn forget(&mut self, oldest: Moment) {
        while let Some((at, token)) = self.by_age.front().copied().filter(|(at, _)| *at <= oldest) {
            self.by_age.pop_front();
            // A token that was set free and used again is younger than this entry of it.
            if self.known.get(&token).is_some_and(|known| known.at == at) {
                self.known.remove(&token);
            }
        }
    }

    pub(super) fn known(&self, token: u128) -> Option<Known> {
        self.known.get(&token).copied()
    }

    pub(super) fn remember(&mut self, token: u128, known: Known) {
        self.by_age.push_back((known.at, token));
        self.known.insert(token, known);
    }
}

/// Tokens of different accounts never meet.
pub(super) fn of_token(account: &str, token: &str) -> u128 {
    fingerprint([account, token])
}

pub(super) fn of_parameters(order: &CopyOrder) -> u128 {
    let numbers = format!("{}/{}/{:?}", order.source_vault.0, order.point.0, order.lifecycle);
    fingerprint([order.destination_vault_arn.as_str(), &order.role_arn, &numbers])
}

/// FNV-1a over 128 bits; a zero byte ends each part.
fn fingerprint<'t>(parts: impl IntoIterator<Item = &'t str>) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}
