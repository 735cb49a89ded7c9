//! Finding things by ARN without keeping a million ARNs: only their fingerprints are kept.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// From an ARN's fingerprint to what it names. A hit has to be confirmed by writing the ARN and comparing.
#[derive(Clone, Debug)]
pub(super) struct ArnIndex<Id>(HashMap<u64, Id, BuildHasherDefault<AlreadyHashed>>);

impl<Id: Copy> ArnIndex<Id> {
    pub(super) fn new() -> Self {
        Self(HashMap::default())
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    pub(super) fn candidate(&self, arn: &str) -> Option<Id> {
        self.0.get(&fingerprint(arn)).copied()
    }

    /// Says no, and changes nothing, when the fingerprint is taken.
    pub(super) fn claim(&mut self, arn: &str, id: Id) -> bool {
        match self.0.entry(fingerprint(arn)) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(id);
                true
            }
        }
    }
}

/// FNV-1a with a final mix: stable over runs, unlike the standard library's hasher.
pub(super) fn fingerprint(text: &str) -> u64 {
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// A bijection on 64 bits that leaves no visible trace of its input (the finaliser of `SplitMix64`).
pub(super) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The keys are fingerprints, so hashing them again would be work for nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = mix(self.0 ^ u64::from(byte));
        }
    }
}
