//! What of tagging is in the ledger's journal: which columns were asked for, and a number for every copy that has its tags.

use std::collections::HashSet;
use std::fmt::Write as _;

use sav_domain::Moment;
use sav_domain::copy_tags::CopyTags;
use sav_domain::ledger::Entry;
use serde_json::{Value, json};

use crate::ports::{Ledger, LedgerError, LedgerReader};

const COLUMNS: &str = "tag_copies";
const COPIES: &str = "copies_tagged";
const DIGITS: usize = 16;

/// The columns that were asked for last: what `verify` may expect as tags. None: no tags were asked for.
pub fn columns<R: LedgerReader>(reader: &R) -> Result<Option<CopyTags>, LedgerError> {
    let entries = reader.entries(Some(COLUMNS))?;
    Ok(entries.last().and_then(|entry| {
        let detail: Value = serde_json::from_str(&entry.detail).ok()?;
        detail["columns"].as_str()?.parse().ok()
    }))
}

#[derive(Debug, Default)]
pub struct Journal {
    columns: Option<CopyTags>,
    tagged: HashSet<u64>,
    waiting: Vec<u64>,
}

impl Journal {
    pub fn read<R: LedgerReader>(reader: &R) -> Result<Self, LedgerError> {
        let mut journal = Self {
            columns: columns(reader)?,
            ..Self::default()
        };
        for entry in reader.entries(Some(COPIES))? {
            let detail: Option<Value> = serde_json::from_str(&entry.detail).ok();
            let prints = detail
                .as_ref()
                .and_then(|detail| detail["prints"].as_str())
                .unwrap_or_default();
            let each = prints
                .as_bytes()
                .chunks(DIGITS)
                .filter_map(|print| std::str::from_utf8(print).ok());
            journal
                .tagged
                .extend(each.filter_map(|print| u64::from_str_radix(print, 16).ok()));
        }
        Ok(journal)
    }

    pub(super) fn has(&self, print: u64) -> bool {
        self.tagged.contains(&print)
    }

    pub(super) fn add(&mut self, print: u64) {
        self.tagged.insert(print);
        self.waiting.push(print);
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) async fn note_columns<L: Ledger>(
        &mut self,
        ledger: &L,
        asked: &CopyTags,
        at: Moment,
    ) -> Result<(), LedgerError> {
        if self.columns.as_ref() == Some(asked) {
            return Ok(());
        }
        let detail = json!({ "columns": asked.to_string() });
        ledger.note(vec![entry(COLUMNS, &detail, at)]).await?;
        self.columns = Some(asked.clone());
        Ok(())
    }

    pub(super) async fn flush<L: Ledger>(&mut self, ledger: &L, at: Moment) -> Result<(), LedgerError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut prints = String::with_capacity(self.waiting.len() * DIGITS);
        for print in &self.waiting {
            let _ = write!(prints, "{print:016x}");
        }
        let detail = json!({ "copies": self.waiting.len(), "prints": prints });
        ledger.note(vec![entry(COPIES, &detail, at)]).await?;
        self.waiting.clear();
        Ok(())
    }
}

fn entry(kind: &str, detail: &Value, at: Moment) -> Entry {
    Entry {
        at,
        kind: kind.into(),
        detail: detail.to_string().into(),
    }
}
