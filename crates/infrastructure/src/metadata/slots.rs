//! A hash index over texts that live elsewhere: eight bytes a slot, the hash's upper half beside the text's number.

/// Open addressing, probed in line, at most half full. A slot's place is the top of the hash it holds, so that growing
/// needs no text and walks memory in order.
#[derive(Debug)]
pub(super) struct Slots {
    /// 0 is empty; otherwise the hash's upper half, and below it the text's number plus one.
    entries: Vec<u64>,
    bits: u32,
    used: usize,
}

impl Slots {
    /// How many texts can be numbered.
    pub(super) const MOST: usize = 1 << 30;
    const FEWEST_BITS: u32 = 6;

    pub(super) fn new() -> Self {
        Self {
            entries: vec![0; 1 << Self::FEWEST_BITS],
            bits: Self::FEWEST_BITS,
            used: 0,
        }
    }

    /// The number of the text for which `is` holds among those of this hash.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.probe(hash, is).ok().map(|at| low_half(self.entries[at]) - 1)
    }

    /// The same, but a text that is not there yet gets the number `next`, and None is returned.
    pub(super) fn enter(&mut self, hash: u64, next: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.make_room(1);
        match self.probe(hash, is) {
            Ok(at) => Some(low_half(self.entries[at]) - 1),
            Err(free) => {
                self.entries[free] = slot(hash, next);
                self.used += 1;
                None
            }
        }
    }

    /// Gives a text the number `next` even if it had another one, which is returned.
    pub(super) fn replace(&mut self, hash: u64, next: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.make_room(1);
        match self.probe(hash, is) {
            Ok(at) => {
                let old = std::mem::replace(&mut self.entries[at], slot(hash, next));
                Some(low_half(old) - 1)
            }
            Err(free) => {
                self.entries[free] = slot(hash, next);
                self.used += 1;
                None
            }
        }
    }

    /// Looks at the places of many hashes without waiting for any, so that memory brings them at the same time.
    pub(super) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        let mask = self.entries.len() - 1;
        std::hint::black_box(hashes.fold(0, |seen, hash| seen ^ self.entries[self.place(hash) & mask]));
    }

    /// How many texts are in.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Grows now rather than while `more` texts are entered.
    pub(super) fn make_room(&mut self, more: usize) {
        while (self.used + more) * 2 > self.entries.len() {
            self.grow();
        }
    }

    /// Where the text is, or the free slot where it belongs.
    fn probe(&self, hash: u64, is: impl Fn(u32) -> bool) -> Result<usize, usize> {
        let mask = self.entries.len() - 1;
        let mut at = self.place(hash) & mask;
        loop {
            let slot = self.entries[at];
            if slot == 0 {
                return Err(at);
            }
            if slot >> 32 == hash >> 32 && is(low_half(slot) - 1) {
                return Ok(at);
            }
            at = (at + 1) & mask;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 31 bits are left")]
    fn place(&self, hash: u64) -> usize {
        (hash >> (64 - self.bits)) as usize
    }

    fn grow(&mut self) {
        self.bits += 1;
        let old = std::mem::replace(&mut self.entries, vec![0; 1 << self.bits]);
        let mask = self.entries.len() - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = self.place(slot) & mask;
            while self.entries[at] != 0 {
                at = (at + 1) & mask;
            }
            self.entries[at] = slot;
        }
    }
}

const fn slot(hash: u64, number: u32) -> u64 {
    (hash >> 32 << 32) | (number as u64 + 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low_half(slot: u64) -> u32 {
    slot as u32
}

/// A fast hash by folded multiplication. The table is its operator's own, so nobody gains by making it collide.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    const ODD: [u64; 3] = [0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93, 0xA076_1D64_78BD_642F];
    let mut state = ODD[0] ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(16);
    for chunk in &mut chunks {
        state = fold(word(&chunk[..8]) ^ state, word(&chunk[8..]) ^ ODD[1]);
    }
    let rest = chunks.remainder();
    let (low, high) = match rest.len() {
        8.. => (word(&rest[..8]), word(&rest[rest.len() - 8..])),
        4.. => (word(&rest[..4]), word(&rest[rest.len() - 4..])),
        _ => (word(rest), 0),
    };
    fold(low ^ state, high ^ ODD[2])
}

/// One hash from two, in order.
pub(super) fn join(first: u64, second: u64) -> u64 {
    fold(first ^ 0x9E37_79B9_7F4A_7C15, second ^ 0xE703_7ED1_A0B4_28DB)
}

fn word(bytes: &[u8]) -> u64 {
    if let Ok(eight) = bytes.try_into() {
        return u64::from_le_bytes(eight);
    }
    if let Ok(four) = bytes.try_into() {
        return u64::from(u32::from_le_bytes(four));
    }
    bytes.iter().fold(1, |word, byte| word << 8 | u64::from(*byte))
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    low(product) ^ low(product >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low(product: u128) -> u64 {
    product as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashes_of_similar_texts_are_spread_evenly() {
        let hashes: Vec<u64> = (0..100_000)
            .map(|serial| hash(format!("vol-{serial:017x}").as_bytes()))
            .collect();
        let distinct: HashSet<u64> = hashes.iter().copied().collect();
        assert_eq!(distinct.len(), hashes.len());
        // A thousand buckets of a hundred on average: with chance alone none holds twice as many.
        let mut buckets = [0_u32; 1000];
        for hash in hashes {
            buckets[usize::try_from(((hash >> 32) * 1000) >> 32).unwrap()] += 1;
        }
        assert!(
            buckets.iter().all(|held| (40..200).contains(held)),
            "{:?}",
            buckets.iter().max()
        );
    }

    proptest! {
        #[test]
        fn what_was_entered_is_found_and_nothing_else(texts in prop::collection::vec("[a-d]{0,5}", 0..300)) {
            let mut slots = Slots::new();
            let mut known: Vec<&str> = Vec::new();
            for text in &texts {
                let next = u32::try_from(known.len()).unwrap();
                let found = slots.enter(hash(text.as_bytes()), next, |number| known[number as usize] == text);
                prop_assert_eq!(found.map(|number| known[number as usize]), known.contains(&text.as_str()).then_some(text.as_str()));
                if found.is_none() {
                    known.push(text);
                }
            }
            for (number, text) in known.iter().enumerate() {
                let found = slots.find(hash(text.as_bytes()), |number| known[number as usize] == *text);
                prop_assert_eq!(found, u32::try_from(number).ok());
            }
            prop_assert_eq!(slots.find(hash(b"elsewhere"), |number| known[number as usize] == "elsewhere"), None);
        }
    }
}
