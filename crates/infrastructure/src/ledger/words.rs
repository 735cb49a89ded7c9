//! Words that repeat, and the numbers that stand for them in the tables; the groups that are made of three of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::fold::Folding;
use super::rows::Keys;

/// How many words are kept at hand, in either direction; the rest is looked up in the table. Enough for the names of some
/// tens of thousands of resources, at about a hundred bytes each.
const WORDS_AT_HAND: usize = 200_000;

/// Text to number, for writing.
#[derive(Debug, Default)]
pub(super) struct WordNumbers {
    at_hand: HashMap<Arc<str>, i64, Folding>,
}

impl WordNumbers {
    pub(super) fn number(&mut self, connection: &Connection, word: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.at_hand.get(word) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached("SELECT id FROM word WHERE text = ?1")?
            .query_row([word], |row| row.get(0))
            .optional()?;
        let number = if let Some(number) = known {
            number
        } else {
            connection
                .prepare_cached("INSERT INTO word (text) VALUES (?1)")?
                .insert([word])?
        };
        if self.at_hand.len() >= WORDS_AT_HAND {
            self.at_hand.clear();
        }
        self.at_hand.insert(word.into(), number);
        Ok(number)
    }

    pub(super) fn optional(&mut self, connection: &Connection, word: Option<&str>) -> rusqlite::Result<Option<i64>> {
        word.map(|word| self.number(connection, word)).transpose()
    }

    /// After a rollback: numbers given in it are not in the table.
    pub(super) fn forget(&mut self) {
        self.at_hand.clear();
    }
}

/// Number to text, for reading. Words never change, so what was read once stays true.
#[derive(Debug, Default)]
pub(super) struct WordTexts {
    at_hand: RefCell<HashMap<i64, Arc<str>, Folding>>,
}

impl WordTexts {
    pub(super) fn text(&self, connection: &Connection, number: i64) -> rusqlite::Result<Arc<str>> {
        if let Some(text) = self.at_hand.borrow().get(&number) {
            return Ok(Arc::clone(text));
        }
        let text: Arc<str> = connection
            .prepare_cached("SELECT text FROM word WHERE id = ?1")?
            .query_row([number], |row| row.get(0))?;
        let mut at_hand = self.at_hand.borrow_mut();
        if at_hand.len() >= WORDS_AT_HAND {
            at_hand.clear();
        }
        at_hand.insert(number, Arc::clone(&text));
        Ok(text)
    }
}

/// The numbers of groups. There are few, so that all of them are kept at hand.
#[derive(Debug, Default)]
pub(super) struct GroupNumbers {
    at_hand: HashMap<(i64, Option<i64>, Option<i64>), u32>,
}

impl GroupNumbers {
    pub(super) fn number(&mut self, connection: &Connection, keys: Keys) -> rusqlite::Result<u32> {
        let group = (keys.vault, keys.resource_type, keys.encryption_key);
        if let Some(number) = self.at_hand.get(&group) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached(
                "SELECT id FROM copy_group WHERE vault = ?1 AND resource_type IS ?2 AND encryption_key IS ?3",
            )?
            .query_row(group, |row| row.get(0))
            .optional()?;
        let number = if let Some(number) = known {
            number
        } else {
            connection
                .prepare_cached(
                    "INSERT INTO copy_group (vault, resource_type, encryption_key) VALUES (?1, ?2, ?3) RETURNING id",
                )?
                .query_row(group, |row| row.get(0))?
        };
        self.at_hand.insert(group, number);
        Ok(number)
    }

    pub(super) fn forget(&mut self) {
        self.at_hand.clear();
    }
}
