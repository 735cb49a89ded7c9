//! The CMDB's table: which application owns which resource, and whatever else it says.
//!
//! A million rows have to be at hand within a second and beside everything else in memory, so the file is read once in
//! pieces, ARNs are kept without what they share, the other columns as numbers of distinct values, and nothing of the
//! file stays. What a row says is found by its ARN in one step.

mod arns;
mod blocks;
mod column;
mod error;
mod header;
mod load;
mod port;
mod records;
mod slots;
mod words;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use sav_domain::metadata::{MetadataRow, TableColumns, same_column};

pub use error::{BadDelimiter, Flaw, MetadataError};
pub use header::{CsvOptions, Delimiter};
pub use load::Progress;

use arns::Arns;
use column::Column;

/// The loaded file. Reading is free of locks; which rows were asked for is noted along the way.
#[derive(Debug)]
pub struct MetadataTable {
    arns: Arns,
    columns: Vec<(String, Column)>,
    apmid: Option<usize>,
    asked_for: Vec<AtomicU64>,
    oddities: Oddities,
}

/// What was odd about the file, but no reason to refuse it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Rows that replaced an earlier one of the same ARN.
    pub duplicates: Counted,
    /// Rows that say something, but not about which resource.
    pub without_arn: Counted,
}

/// A count, and the lines of the first few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub count: u64,
    pub first_lines: Vec<u64>,
}

impl Counted {
    const MOST_LINES: usize = 5;

    fn add(&mut self, line: impl FnOnce() -> u64) {
        self.count += 1;
        if self.first_lines.len() < Self::MOST_LINES {
            self.first_lines.push(line());
        }
    }
}

/// What the table says about one resource.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    table: &'a MetadataTable,
    row: u32,
}

impl MetadataTable {
    /// How many resources the table tells about.
    pub fn len(&self) -> usize {
        self.arns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a resource. It counts as used from now on.
    pub fn get(&self, resource_arn: &str) -> Option<Row<'_>> {
        self.arns.find(resource_arn).map(|row| self.used_row(row))
    }

    /// The rows of many resources, in their order; half the price of asking one by one.
    pub fn get_all(&self, resource_arns: &[&str]) -> Vec<Option<Row<'_>>> {
        let rows = self.arns.find_all(resource_arns);
        rows.into_iter().map(|row| row.map(|row| self.used_row(row))).collect()
    }

    fn used_row(&self, row: u32) -> Row<'_> {
        let (word, bit) = (&self.asked_for[row as usize / 64], 1 << (row % 64));
        // Looking first spares the costlier write: a resource has many points.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Row { table: self, row }
    }

    /// Rows that were asked for at least once.
    pub fn used(&self) -> usize {
        self.asked_for
            .iter()
            .map(|word| word.load(Ordering::Relaxed).count_ones() as usize)
            .sum()
    }

    /// The ARNs of rows that nobody asked for, in the file's order: rows without a point.
    pub fn unused(&self) -> impl Iterator<Item = String> {
        let asked = |row: u32| self.asked_for[row as usize / 64].load(Ordering::Relaxed) >> (row % 64) & 1 == 1;
        self.arns
            .iter()
            .filter(move |(row, _)| !asked(*row))
            .map(|(_, arn)| arn)
    }

    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// The columns beside the one with the ARNs.
    pub fn columns(&self) -> TableColumns<'_> {
        TableColumns {
            names: self.columns.iter().map(|(name, _)| name.as_str()).collect(),
            apmid: self.apmid.map(|at| self.columns[at].0.as_str()),
        }
    }
}

impl<'a> Row<'a> {
    pub fn apmid(&self) -> Option<&'a str> {
        self.table.columns[self.table.apmid?].1.get(self.row)
    }

    /// The cell under a column, matched without regard to case; None if it is empty or there is no such column.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        let (_, cells) = self.table.columns.iter().find(|(name, _)| same_column(name, column))?;
        cells.get(self.row)
    }

    pub fn cells(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let row = self.row;
        self.table
            .columns
            .iter()
            .map(move |(name, cells)| (name.as_str(), cells.get(row)))
    }
}

impl MetadataRow for Row<'_> {
    fn apmid(&self) -> Option<&str> {
        Row::apmid(self)
    }

    fn value(&self, column: &str) -> Option<&str> {
        self.get(column)
    }

    fn for_each(&self, visit: &mut dyn FnMut(&str, Option<&str>)) {
        for (name, cell) in self.cells() {
            visit(name, cell);
        }
    }
}
