//! Chance from a seed, the same on every machine and for ever: one stream cipher and plain arithmetic, no function of the
//! platform's mathematics library, no distribution that a dependency may change.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::index::fingerprint;

#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Each part of a world throws its own dice, so that asking more of one part leaves the others as they were.
    pub(super) fn new(seed: u64, part: &str) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&fingerprint(part).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 up to, not including, `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(limit);
        u64::try_from(wide >> 64).expect("a product shifted by 64 bits")
    }

    /// Both ends included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.below(span)).expect("below a span that came from an i64")
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a length")
    }

    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// From 0 up to, not including, 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what the fraction of an f64 holds"
    )]
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Always throws, so that setting one share to 0 moves nothing else.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// The position of one of these weights, each as often as it weighs.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (at, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = at;
                if left < weight {
                    return at;
                }
                left -= weight;
            }
        }
        last
    }

    /// About normal, mean 0, deviation 1: four uniform parts of one throw, summed.
    pub(super) fn bell(&mut self) -> f64 {
        let bits = self.bits();
        let sum: f64 = (0..4)
            .map(|part| f64::from(u16::try_from(bits >> (16 * part) & 0xffff).expect("16 bits")))
            .sum();
        (sum / 65_536.0 - 2.0) * 1.732_050_807_568_877_2
    }

    /// Half lie below `median`; a deviation is `doublings` doublings.
    pub(super) fn log_normal(&mut self, median: f64, doublings: f64) -> f64 {
        median * exp2(doublings * self.bell())
    }

    /// At least 1, of this mean, with a tail that falls like `x^-tail` (`tail` above 1): most are small, a few huge.
    pub(super) fn long_tail(&mut self, mean: f64, tail: f64) -> f64 {
        let scale = (mean - 1.0).max(0.0) * (tail - 1.0);
        let rest = 1.0 - self.unit();
        1.0 + scale * (power(rest, -1.0 / tail) - 1.0)
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits);
        while text.len() < digits {
            let bits = format!("{:016x}", self.bits());
            text.push_str(&bits[..(digits - text.len()).min(16)]);
        }
        text
    }

    pub(super) fn uuid(&mut self) -> String {
        super::uuid_of(self.bits())
    }
}

/// `base` to the `exponent`, for a positive base.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    exp2(exponent * log2(base))
}

/// 2 to the `x`: whole powers exactly, the fraction by its Taylor series.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
fn exp2(x: f64) -> f64 {
    let x = x.clamp(-300.0, 300.0);
    let whole = x.floor();
    let angle = (x - whole) * std::f64::consts::LN_2;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..16 {
        term *= angle / f64::from(n);
        sum += term;
    }
    let exponent = whole as i64 + 1023;
    sum * f64::from_bits(u64::try_from(exponent).expect("clamped far above the smallest exponent") << 52)
}

/// Of a positive, normal number: its exponent, and the series of the inverse hyperbolic tangent for the rest.
fn log2(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).expect("eleven bits") - 1023;
    let mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 1023 << 52);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let (mut power, mut sum) = (t, 0.0);
    for n in 0..16 {
        sum += power / f64::from(2 * n + 1);
        power *= t * t;
    }
    f64::from(exponent) + 2.0 * sum / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROWS_OF_SEED_7: [u64; 3] = [11_445_400_636_836_171_459, 288, 2_162_094_581_626_990_901];

    #[test]
    fn the_same_seed_throws_the_same_for_ever() {
        let mut dice = Dice::new(7, "test");
        assert_eq!([dice.bits(), dice.below(1000), dice.bits()], THROWS_OF_SEED_7);
        assert_ne!(Dice::new(7, "other part").bits(), THROWS_OF_SEED_7[0]);
        assert_ne!(Dice::new(8, "test").bits(), THROWS_OF_SEED_7[0]);
    }

    #[test]
    fn powers_are_right_to_many_digits() {
        for (base, exponent) in [(2.0, 0.5), (0.001, -0.625), (1234.5, 1.25), (7.0, -2.0), (1.0, 9.0)] {
            let wanted = f64::powf(base, exponent);
            assert!((power(base, exponent) / wanted - 1.0).abs() < 1e-9, "{base}^{exponent}");
        }
    }

    #[test]
    fn shares_weights_and_means_come_out() {
        let mut dice = Dice::new(1, "shares");
        let throws = 100_000;
        let hits = (0..throws).filter(|_| dice.chance(0.3)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
        assert_eq!((0..throws).filter(|_| dice.chance(0.0)).count(), 0);
        let heavy = (0..throws)
            .filter(|_| dice.weighted([1.0, 0.0, 3.0].into_iter()) == 2)
            .count();
        assert!((74_000..76_000).contains(&heavy), "{heavy}");
        let mean = (0..throws).map(|_| dice.long_tail(40.0, 2.5)).sum::<f64>() / f64::from(throws);
        assert!((36.0..44.0).contains(&mean), "{mean}");
        let spread = (0..throws).map(|_| dice.bell()).map(|x| x * x).sum::<f64>() / f64::from(throws);
        assert!((0.97..1.03).contains(&spread), "{spread}");
    }
}
