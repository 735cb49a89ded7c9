//! A hash that takes eight bytes in one step: for what is hashed a million times, and by nobody who would profit from a collision.

use std::hash::{BuildHasherDefault, Hasher};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fold(u64);

/// For maps and sets.
pub(super) type Folding = BuildHasherDefault<Fold>;

impl Fold {
    /// A change of one word alone always shows: every step can be undone.
    pub(super) fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (pieces, rest) = bytes.as_chunks::<8>();
        for piece in pieces {
            self.word(u64::from_le_bytes(*piece));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(word));
        }
    }

    pub(super) fn value(self) -> u64 {
        self.0
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.word(number.into());
    }

    fn write_i64(&mut self, number: i64) {
        self.word(number.cast_unsigned());
    }

    /// Multiplying leaves the low bits poor, and a map looks at those.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
