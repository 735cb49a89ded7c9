//! What AWS leaves open, settled in every way, and numbers that look random.

/// What AWS leaves open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unknowns {
    pub(crate) account_kept: bool,
    pub(crate) millis_kept: bool,
    pub(crate) silence: Silence,
    pub(crate) volumes_kept: bool,
    pub(crate) recorded: Recorded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    Never,
    /// A third of the copies does not say where it came from.
    Often,
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    All,
    Half,
    None,
}

impl Unknowns {
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for bits in 0..8 {
            for silence in [Silence::Never, Silence::Often, Silence::Always] {
                for recorded in [Recorded::All, Recorded::Half, Recorded::None] {
                    all.push(Self {
                        account_kept: bits & 1 == 0,
                        millis_kept: bits & 2 == 0,
                        volumes_kept: bits & 4 == 0,
                        silence,
                        recorded,
                    });
                }
            }
        }
        all
    }
}

/// Numbers that look random, and are the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn signed_below(&mut self, bound: i64) -> i64 {
        i64::try_from(self.below(bound.unsigned_abs())).unwrap()
    }
}
