//! Texts laid end to end in one buffer, numbered from 0.

use super::slots::{Slots, hash};

/// More text or more rows than four-byte numbers can point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

#[derive(Debug, Default)]
pub(super) struct Texts {
    buffer: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) -> Result<u32, TooLarge> {
        let number = self.next()?;
        let end = u32::try_from(self.buffer.len() + text.len()).map_err(|_| TooLarge)?;
        self.buffer.push_str(text);
        self.ends.push(end);
        Ok(number)
    }

    /// The number that the next text gets.
    pub(super) fn next(&self) -> Result<u32, TooLarge> {
        if self.ends.len() >= Slots::MOST {
            Err(TooLarge)
        } else {
            u32::try_from(self.ends.len()).map_err(|_| TooLarge)
        }
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.buffer[start..self.ends[at] as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn shrink(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// Texts of which each is kept once.
#[derive(Debug)]
pub(super) struct Words {
    texts: Texts,
    slots: Slots,
}

impl Words {
    pub(super) fn new() -> Self {
        Self {
            texts: Texts::default(),
            slots: Slots::new(),
        }
    }

    pub(super) fn number(&mut self, text: &str, hash: u64) -> Result<u32, TooLarge> {
        let Self { texts, slots } = self;
        match slots.enter(hash, texts.next()?, |number| texts.get(number) == text) {
            Some(number) => Ok(number),
            None => texts.push(text),
        }
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.slots
            .find(hash(text.as_bytes()), |number| self.texts.get(number) == text)
    }

    pub(super) fn get(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The texts alone, for when looking up by text is over.
    pub(super) fn into_texts(self) -> Texts {
        self.texts
    }
}
