//! When to try again.

use std::time::Duration;

/// How often a point is tried again after a failure of its own, in one round.
pub const RETRIES: u32 = 3;

const FIRST_WAIT_MS: u64 = 1_000;
const LONGEST_WAIT_MS: u64 = 60_000;
const FIRST_WAIT_FOR_ROOM_MS: u64 = 5_000;
const LONGEST_WAIT_FOR_ROOM_MS: u64 = 600_000;

/// The wait before the next try, or none if this round is over. A round is one try and its retries; when the operator has
/// failed points tried again, a new round begins, which the count alone tells.
pub fn after_failure(failures: u32, chance: f64) -> Option<Duration> {
    let in_round = failures % (RETRIES + 1);
    (in_round != 0).then(|| doubled(FIRST_WAIT_MS, LONGEST_WAIT_MS, in_round - 1, chance))
}

/// The wait after AWS had no room, or after another job of the resource was in the way, for the so-manieth time.
pub fn for_room(times: u32, chance: f64) -> Duration {
    doubled(FIRST_WAIT_FOR_ROOM_MS, LONGEST_WAIT_FOR_ROOM_MS, times, chance)
}

/// Between half of the wait and one and a half of it, so that what failed together does not come back together.
fn doubled(first_ms: u64, longest_ms: u64, times: u32, chance: f64) -> Duration {
    let wait = first_ms.saturating_mul(1 << times.min(32)).min(longest_ms);
    Duration::from_millis(wait)
        .mul_f64(0.5 + chance.clamp(0.0, 1.0))
        .min(Duration::from_millis(longest_ms))
}

/// A number from 0 to 1 that follows from the seed and what it is for.
pub fn chance(seed: u64, about: u64) -> f64 {
    let mut bits = seed ^ about.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let high = u32::try_from((bits ^ (bits >> 31)) >> 32).expect("32 bits are left");
    f64::from(high) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_retries_after_one_two_and_four_seconds() {
        let waits: Vec<_> = (1..=4).map(|failures| after_failure(failures, 0.5)).collect();
        assert_eq!(
            waits,
            [Some(1), Some(2), Some(4), None].map(|wait| wait.map(Duration::from_secs))
        );
        assert_eq!(after_failure(5, 0.5), Some(Duration::from_secs(1)), "a new round");
    }

    #[test]
    fn no_wait_is_longer_than_its_cap_or_twice_the_same() {
        for times in 0..70 {
            assert!(for_room(times, 1.0) <= Duration::from_mins(10));
        }
        let chances: Vec<f64> = (0..1000).map(|about| chance(7, about)).collect();
        let mean = chances.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!((chance(1, 5) - chance(2, 5)).abs() > f64::EPSILON);
    }
}
