//! The resource ARNs of the table: found by text, kept without what they have in common.

use super::slots::{Slots, hash, join};
use super::words::{TooLarge, Words};

/// A million ARNs share a few dozen beginnings (`arn:aws:ec2:eu-west-1:111111111111:volume/`), two thirds of their bytes.
#[derive(Debug)]
pub(super) struct Arns {
    beginnings: Words,
    /// One entry behind the other, in the order of the rows. Everything about an ARN stands together, because finding it
    /// is a matter of how often memory has to be waited for: once for the slot, once for the entry.
    entries: Vec<u8>,
    rows: u32,
    /// Where in `entries` an ARN's entry begins.
    slots: Slots,
    pending: Vec<Pending>,
}

/// Files whose names hold slashes everywhere would make every beginning a new one: from here on ARNs are kept whole.
const MOST_BEGINNINGS: usize = u16::MAX as usize;

/// An ARN's row, the number of its beginning, and its ending.
struct Entry<'a> {
    row: u32,
    beginning: u16,
    ending: &'a [u8],
}

impl<'a> Entry<'a> {
    const HEAD: usize = 8;

    fn at(entries: &'a [u8], offset: usize) -> Self {
        let head: &[u8; 8] = entries[offset..].first_chunk().expect("an entry begins at its offset");
        let [r0, r1, r2, r3, b0, b1, l0, l1] = *head;
        let start = offset + Self::HEAD;
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        Self {
            row: u32::from_le_bytes([r0, r1, r2, r3]),
            beginning: u16::from_le_bytes([b0, b1]),
            ending: &entries[start..start + length],
        }
    }

    fn beginning_in<'b>(&self, beginnings: &'b Words) -> &'b [u8] {
        beginnings.get(u32::from(self.beginning)).as_bytes()
    }

    fn is_same(&self, other: &Entry<'_>, beginnings: &Words) -> bool {
        // Kept whole or in two parts: the same ARN may have come both ways when the beginnings filled up in between.
        let text = |entry: &Entry<'_>| [entry.beginning_in(beginnings), entry.ending].concat();
        (self.beginning == other.beginning && self.ending == other.ending) || text(self) == text(other)
    }

    fn append_to(&self, entries: &mut Vec<u8>) {
        let length = u16::try_from(self.ending.len()).expect("no longer than the longest ARN");
        entries.extend(self.row.to_le_bytes());
        entries.extend(self.beginning.to_le_bytes());
        entries.extend(length.to_le_bytes());
        entries.extend(self.ending);
    }
}

/// An ARN that has its entry but is not in the index yet.
#[derive(Debug)]
struct Pending {
    hash: u64,
    offset: u32,
}

impl Arns {
    /// Far more than AWS allows, and what the length of an entry can say.
    pub(super) const LONGEST: usize = u16::MAX as usize;
    /// So many ARNs are put into the index at a time, see `Slots::touch`.
    const BATCH: usize = 512;

    pub(super) fn new() -> Self {
        let mut beginnings = Words::new();
        // Number 0 is the empty beginning, for ARNs that are kept whole.
        let empty = beginnings.number("", hash(b""));
        debug_assert_eq!(empty, Ok(0));
        let pending = Vec::with_capacity(Self::BATCH);
        Self {
            beginnings,
            entries: Vec::new(),
            rows: 0,
            slots: Slots::new(),
            pending,
        }
    }

    /// Adds a row for an ARN of at most the longest length, whether or not there is one already. It is found only after
    /// `settle`, which must not be put off for longer than `is_due`.
    pub(super) fn add(&mut self, arn: &str) -> Result<u32, TooLarge> {
        let (beginning, ending) = split(arn);
        let beginning_hash = hash(beginning.as_bytes());
        let whole_hash = join(beginning_hash, hash(ending.as_bytes()));
        let offset = u32::try_from(self.entries.len())
            .ok()
            .filter(|offset| *offset < u32::MAX)
            .ok_or(TooLarge)?;
        let row = self.rows;
        if row as usize >= Slots::MOST {
            return Err(TooLarge);
        }
        let full = self.beginnings.len() >= MOST_BEGINNINGS && self.beginnings.find(beginning).is_none();
        let number = if full {
            0
        } else {
            self.beginnings.number(beginning, beginning_hash)?
        };
        let beginning = u16::try_from(number).map_err(|_| TooLarge)?;
        let ending = if full { arn } else { ending };
        Entry {
            row,
            beginning,
            ending: ending.as_bytes(),
        }
        .append_to(&mut self.entries);
        self.rows += 1;
        self.pending.push(Pending {
            hash: whole_hash,
            offset,
        });
        Ok(row)
    }

    pub(super) fn is_due(&self) -> bool {
        self.pending.len() >= Self::BATCH
    }

    /// Puts the added rows into the index. `replaced` hears of every one that took the place of an earlier one.
    pub(super) fn settle(&mut self, mut replaced: impl FnMut(u32)) {
        let Self {
            beginnings,
            entries,
            slots,
            pending,
            ..
        } = self;
        slots.make_room(pending.len());
        slots.touch(pending.iter().map(|one| one.hash));
        for Pending { hash, offset } in pending.drain(..) {
            let entry = Entry::at(entries, offset as usize);
            let same = |other: u32| entry.is_same(&Entry::at(entries, other as usize), beginnings);
            if slots.replace(hash, offset, same).is_some() {
                replaced(entry.row);
            }
        }
    }

    pub(super) fn find(&self, arn: &str) -> Option<u32> {
        let offset = self.slots.find(whole_hash(arn), |offset| self.is(offset, arn))?;
        Some(Entry::at(&self.entries, offset as usize).row)
    }

    /// The rows of many ARNs, faster than one after the other: see `Slots::touch`.
    pub(super) fn find_all(&self, arns: &[&str]) -> Vec<Option<u32>> {
        let hashes: Vec<u64> = arns.iter().map(|arn| whole_hash(arn)).collect();
        self.slots.touch(hashes.iter().copied());
        // The first slot with the right half of a hash is the ARN's own but for one case in thousands.
        let likely = hashes.iter().map(|hash| self.slots.find(*hash, |_| true));
        std::hint::black_box(
            likely
                .flatten()
                .fold(0, |seen, offset| seen ^ self.entries[offset as usize]),
        );
        let found = arns.iter().zip(hashes).map(|(arn, hash)| {
            let offset = self.slots.find(hash, |offset| self.is(offset, arn))?;
            Some(Entry::at(&self.entries, offset as usize).row)
        });
        found.collect()
    }

    /// Every row that has not been replaced, with its ARN, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, String)> {
        let mut offset = 0;
        let entries = std::iter::from_fn(move || {
            (offset < self.entries.len()).then(|| {
                let entry = Entry::at(&self.entries, offset);
                offset += Entry::HEAD + entry.ending.len();
                let beginning = self.beginnings.get(u32::from(entry.beginning));
                (entry.row, [beginning, &String::from_utf8_lossy(entry.ending)].concat())
            })
        });
        entries.filter(|(row, arn)| self.find(arn) == Some(*row))
    }

    /// Rows, the replaced ones among them.
    pub(super) fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Rows that have not been replaced.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Makes room for so many rows like those that are there.
    pub(super) fn expect(&mut self, rows: usize) {
        let more = rows.saturating_sub(self.rows());
        self.slots.make_room(more);
        self.entries.reserve(self.entries.len() / self.rows().max(1) * more);
    }

    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.pending = Vec::new();
    }

    fn is(&self, offset: u32, arn: &str) -> bool {
        let entry = Entry::at(&self.entries, offset as usize);
        arn.as_bytes().strip_suffix(entry.ending) == Some(entry.beginning_in(&self.beginnings))
    }
}

fn whole_hash(arn: &str) -> u64 {
    let (beginning, ending) = split(arn);
    join(hash(beginning.as_bytes()), hash(ending.as_bytes()))
}

/// Behind the last `/` or `:`.
fn split(arn: &str) -> (&str, &str) {
    let ending = memchr::memrchr2(b'/', b':', arn.as_bytes()).map_or(0, |at| at + 1);
    arn.split_at(ending)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_row_of_an_arn_is_found(
            arns in prop::collection::vec("[ab:/]{0,6}", 0..200),
            settle_at_once in any::<bool>(),
        ) {
            let mut table = Arns::new();
            let (mut replaced, mut replacing) = (Vec::new(), Vec::new());
            let mut rows: HashMap<&str, u32> = HashMap::new();
            for arn in &arns {
                let row = table.add(arn).unwrap();
                replacing.extend(rows.insert(arn, row).map(|_| row));
                if settle_at_once {
                    table.settle(|row| replaced.push(row));
                }
            }
            table.settle(|row| replaced.push(row));
            prop_assert_eq!(replaced, replacing);
            prop_assert_eq!((table.len(), table.rows()), (rows.len(), arns.len()));
            let found = table.find_all(&rows.keys().copied().chain(["elsewhere"]).collect::<Vec<_>>());
            prop_assert_eq!(found, rows.values().map(|row| Some(*row)).chain([None]).collect::<Vec<_>>());
            let in_order: Vec<(u32, String)> = table.iter().collect();
            prop_assert!(in_order.is_sorted() && in_order.len() == rows.len());
            for (row, arn) in in_order {
                prop_assert_eq!(table.find(&arn), Some(row));
                prop_assert_eq!(rows.get(arn.as_str()), Some(&row));
            }
            prop_assert_eq!(table.find("elsewhere"), None);
        }
    }

    #[test]
    fn too_many_beginnings_are_no_trouble() {
        let arn = |serial: usize| format!("path/{serial}/x");
        let mut table = Arns::new();
        for serial in 0..MOST_BEGINNINGS + 500 {
            table.add(&arn(serial)).unwrap();
        }
        table.settle(|row| panic!("row {row} is no other's"));
        for serial in [
            0,
            MOST_BEGINNINGS - 2,
            MOST_BEGINNINGS - 1,
            MOST_BEGINNINGS,
            MOST_BEGINNINGS + 499,
        ] {
            assert_eq!(table.find(&arn(serial)), u32::try_from(serial).ok());
            let mut replaced = None;
            let row = table.add(&arn(serial)).unwrap();
            table.settle(|row| replaced = Some(row));
            assert_eq!((replaced, table.find(&arn(serial))), (Some(row), Some(row)));
        }
        let mut kept: Vec<String> = table.iter().map(|(_, arn)| arn).collect();
        kept.sort_unstable();
        let mut expected: Vec<String> = (0..MOST_BEGINNINGS + 500).map(arn).collect();
        expected.sort_unstable();
        assert!(kept == expected);
    }
}
