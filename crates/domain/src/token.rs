//! The idempotency token of an attempt, computed rather than drawn.
//!
//! AWS takes a request that comes twice under one token for one request. A token that follows from what is asked for lets two
//! ledgers of one migration, on two machines, ask for the same copy without making it twice. The attempt's number makes
//! another try another request; the day keeps a token from meeting, weeks later, a job that AWS still remembers by it.

use crate::time::{MILLIS_PER_DAY, Moment};
use crate::transfer::Token;

/// The token for this attempt at copying this point into this vault.
pub fn for_attempt(recovery_point_arn: &str, destination_vault_arn: &str, attempt: u32, at: Moment) -> Token {
    let attempt = attempt.to_string();
    let day = at.millis().div_euclid(MILLIS_PER_DAY).to_string();
    let hash = fingerprint([recovery_point_arn, destination_vault_arn, &attempt, &day]);
    Token::new(format!("sav-{hash:032x}")).expect("a prefix is not empty")
}

/// FNV-1a over 128 bits; a byte that no ARN holds ends each part.
fn fingerprint<'t>(parts: impl IntoIterator<Item = &'t str>) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str = "arn:aws:ec2:us-east-1::snapshot/snap-0a";
    const VAULT: &str = "arn:aws:backup:us-east-1:222222222222:backup-vault:daily";

    #[test]
    fn two_machines_ask_with_one_token_and_another_try_with_another() {
        let noon = Moment::parse("2026-08-01T12:00:00Z").unwrap();
        let token = for_attempt(POINT, VAULT, 1, noon);
        assert_eq!(token, for_attempt(POINT, VAULT, 1, noon.plus_millis(3_600_000)));
        let others = [
            for_attempt(POINT, VAULT, 2, noon),
            for_attempt(POINT, VAULT, 1, noon.plus_millis(MILLIS_PER_DAY)),
            for_attempt(
                POINT,
                "arn:aws:backup:us-east-1:222222222222:backup-vault:dail",
                1,
                noon,
            ),
            for_attempt("arn:aws:ec2:us-east-1::snapshot/snap-0", VAULT, 1, noon),
        ];
        assert!(!others.contains(&token));
    }

    #[test]
    fn a_token_is_one_that_aws_takes() {
        let token = for_attempt(POINT, VAULT, 1, Moment::MIN);
        assert_eq!(token.as_str().len(), 36);
        assert!(token.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
