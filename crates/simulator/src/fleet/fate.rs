//! Everything that is left to chance, as pure functions of the seed: asking twice, or in another order, changes nothing.

/// Separates the questions, so that a slow copy is not also the one that fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    JobId = 1,
    PointSerial,
    Duration,
    DurationAgain,
    Latency,
    Late,
    Doomed,
    DoomKind,
    DoomPart,
    Expiry,
    HiddenVault,
    OddState,
    ReplayedId,
    BackupPhase,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fate(u64);

impl Fate {
    pub(super) const fn new(seed: u64) -> Self {
        Self(scramble(seed ^ 0x5eed_0ff1_ee75))
    }

    /// For one question a bijection of `about`: two subjects never share an answer.
    pub(super) const fn bits(self, question: Question, about: u64) -> u64 {
        scramble(about ^ self.key(question))
    }

    /// What `bits` was asked about.
    pub(super) const fn about(self, question: Question, bits: u64) -> u64 {
        unscramble(bits) ^ self.key(question)
    }

    /// From 0 up to, but not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(super) fn unit(self, question: Question, about: u64) -> f64 {
        (self.bits(question, about) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn happens(self, share: f64, question: Question, about: u64) -> bool {
        share > 0.0 && self.unit(question, about) < share
    }

    const fn key(self, question: Question) -> u64 {
        scramble(self.0 ^ question as u64)
    }
}

/// The finalizer of `SplitMix64`.
const fn scramble(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// `scramble` backwards: the factors are the inverses modulo 2^64.
pub(super) const fn unscramble(bits: u64) -> u64 {
    let bits = bits ^ (bits >> 31) ^ (bits >> 62);
    let bits = bits.wrapping_mul(0x3196_42b2_d24d_8ec3);
    let bits = bits ^ (bits >> 27) ^ (bits >> 54);
    let bits = bits.wrapping_mul(0x96de_1b17_3f11_9089);
    let bits = bits ^ (bits >> 30) ^ (bits >> 60);
    bits.wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_answer_leads_back_to_its_subject(seed: u64, about: u64) {
            let fate = Fate::new(seed);
            prop_assert_eq!(fate.about(Question::JobId, fate.bits(Question::JobId, about)), about);
            let unit = fate.unit(Question::Latency, about);
            prop_assert!((0.0..1.0).contains(&unit));
        }
    }
}
