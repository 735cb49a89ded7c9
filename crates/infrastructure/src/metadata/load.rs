//! From a file to a table, in one pass.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use super::arns::Arns;
use super::blocks::{Block, Blocks, LONGEST_RECORD, place};
use super::column::Column;
use super::error::{Flaw, MetadataError};
use super::header::{CsvOptions, Header, names};
use super::records::{Cells, Flawed, Step, next_record};
use super::slots::Slots;
use super::words::TooLarge;
use super::{MetadataTable, Oddities};

/// How far loading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub bytes_read: u64,
    /// Unknown for a pipe.
    pub bytes_total: Option<u64>,
    pub rows: u64,
}

impl MetadataTable {
    /// Reads the file to its end; `progress` is told after every piece. Blocking: call it where blocking is allowed.
    pub fn load(path: &Path, options: &CsvOptions, progress: impl FnMut(Progress)) -> Result<Self, MetadataError> {
        let cannot_open = |source| MetadataError::Open {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(cannot_open)?;
        let about = file.metadata().map_err(cannot_open)?;
        if about.is_dir() {
            return Err(MetadataError::Directory { path: path.into() });
        }
        let total = about.is_file().then_some(about.len());
        Self::read(file, total, path, options, progress)
    }

    /// The same from any source; `path` is what messages call it.
    pub fn read(
        source: impl Read,
        bytes_total: Option<u64>,
        path: &Path,
        options: &CsvOptions,
        mut progress: impl FnMut(Progress),
    ) -> Result<Self, MetadataError> {
        let mut blocks = Blocks::new(source);
        blocks.fill().map_err(|error| error.of(path))?;
        if blocks.raw_start().starts_with(&[0xff, 0xfe]) || blocks.raw_start().starts_with(&[0xfe, 0xff]) {
            return Err(MetadataError::NotUtf8 {
                path: path.into(),
                line: 1,
                column: 1,
                utf16: true,
            });
        }
        blocks.skip_byte_order_mark();

        let mut cells = Cells::default();
        let mut builder: Option<Builder> = None;
        loop {
            let block = blocks.block().map_err(|error| error.of(path))?;
            let complete = block.last;
            let taken = match &mut builder {
                Some(builder) => builder.take(&block, 0, &mut cells)?,
                None => match read_header(&block, options, path, &mut cells)? {
                    Some((header, after)) => builder
                        .insert(Builder::new(header, path))
                        .take(&block, after, &mut cells)?,
                    None => Taken::default(),
                },
            };
            if let (Some(builder), Some(total), true) = (&mut builder, bytes_total, blocks.line() == 1) {
                builder.expect(total, taken.bytes);
            }
            blocks.used(taken.bytes, taken.lines);
            let rows = builder.as_ref().map_or(0, |builder| builder.arns.len() as u64);
            progress(Progress {
                bytes_read: blocks.bytes_read(),
                bytes_total,
                rows,
            });
            if complete {
                break;
            }
            if blocks.held() > LONGEST_RECORD {
                return Err(too_long(&blocks, path));
            }
            blocks.fill().map_err(|error| error.of(path))?;
        }
        let empty = || MetadataError::Empty {
            path: path.into(),
            arn_column: options.arn_column().into(),
        };
        builder.map(Builder::finish).ok_or_else(empty)
    }
}

/// Such a record is a quote that nobody closed, or the file is no table at all.
fn too_long<R: Read>(blocks: &Blocks<R>, path: &Path) -> MetadataError {
    let held = String::from_utf8_lossy(blocks.raw_start());
    let (at, flaw) = held
        .find('"')
        .map_or((0, Flaw::Endless), |quote| (quote, Flaw::NeverClosed));
    let (line, column) = place(&held, at, blocks.line());
    MetadataError::Malformed {
        path: path.into(),
        line,
        column,
        flaw,
    }
}

/// The header and where it ends, or None if the block holds nothing but blank lines or not all of it.
fn read_header(
    block: &Block<'_>,
    options: &CsvOptions,
    path: &Path,
    cells: &mut Cells,
) -> Result<Option<(Header, usize)>, MetadataError> {
    let mut from = 0;
    loop {
        let delimiter = options.delimiter_of(block.text, from, block.last);
        match next_record(block.text, from, delimiter, block.last, cells)
            .map_err(|flawed| explain_flaw(flawed, block, path))?
        {
            Step::Record { next } if cells.are_blank(block.text) => from = next,
            Step::Record { next } => {
                let header = options.understand(names(cells, block.text), delimiter, path)?;
                return Ok(Some((header, next)));
            }
            Step::Incomplete | Step::End => return Ok(None),
        }
    }
}

fn explain_flaw(flawed: Flawed, block: &Block<'_>, path: &Path) -> MetadataError {
    let (line, column) = block.place(flawed.at);
    MetadataError::Malformed {
        path: path.into(),
        line,
        column,
        flaw: flawed.flaw,
    }
}

/// How much of a block was used up.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    bytes: usize,
    lines: u64,
}

struct Builder {
    header: Header,
    path: PathBuf,
    arns: Arns,
    /// One per column of the file; none for the one with the ARNs.
    columns: Vec<Option<Column>>,
    oddities: Oddities,
    /// Where in the block the rows begin that are not settled yet.
    pending_from: Vec<usize>,
}

impl Builder {
    fn new(header: Header, path: &Path) -> Self {
        let columns = (0..header.names.len())
            .map(|at| (at != header.arn).then(Column::new))
            .collect();
        Self {
            header,
            path: path.into(),
            arns: Arns::new(),
            columns,
            oddities: Oddities::default(),
            pending_from: Vec::new(),
        }
    }

    /// Takes every complete record of the block from byte `from` on. Lines are counted only for those who hear of them.
    fn take(&mut self, block: &Block<'_>, from: usize, cells: &mut Cells) -> Result<Taken, MetadataError> {
        let text = block.text;
        let mut from = from;
        loop {
            let step = next_record(text, from, self.header.delimiter, block.last, cells);
            let step = step.and_then(|step| match step {
                Step::Record { next } => self.check(text, next, cells).map(|()| step),
                step => Ok(step),
            });
            let next = match step.map_err(|flawed| explain_flaw(flawed, block, &self.path))? {
                Step::Record { next } => next,
                Step::Incomplete | Step::End => break,
            };
            let kept = self.keep(block, from, cells);
            kept.map_err(|TooLarge| MetadataError::TooLarge {
                path: self.path.clone(),
            })?;
            from = next;
        }
        self.settle(block);
        Ok(Taken {
            bytes: from,
            lines: memchr::memchr_iter(b'\n', &text.as_bytes()[..from]).count() as u64,
        })
    }

    /// As many cells as columns, unless the surplus is empty or nothing is there at all; and an ARN that could be one.
    fn check(&self, text: &str, end: usize, cells: &Cells) -> Result<(), Flawed> {
        let columns = self.header.names.len();
        if cells.are_blank(text) {
            return Ok(());
        }
        if let Some(length) = (self.header.arn < cells.len()).then(|| cells.get(text, self.header.arn).len())
            && length > Arns::LONGEST
        {
            return Err(Flawed {
                at: cells.starts_at(self.header.arn),
                flaw: Flaw::LongArn { length },
            });
        }
        if cells.len() == columns {
            return Ok(());
        }
        if cells.len() < columns {
            let missing = self.header.names[cells.len()].clone();
            let at = text[..end].trim_end_matches(['\n', '\r']).len();
            return Err(Flawed {
                at,
                flaw: Flaw::TooFew {
                    cells: cells.len(),
                    columns,
                    missing,
                },
            });
        }
        let surplus = (columns..cells.len()).find(|index| !cells.get(text, *index).is_empty());
        surplus.map_or(Ok(()), |index| {
            Err(Flawed {
                at: cells.starts_at(index),
                flaw: Flaw::TooMany { columns },
            })
        })
    }

    fn keep(&mut self, block: &Block<'_>, from: usize, cells: &Cells) -> Result<(), TooLarge> {
        let text = block.text;
        if cells.are_blank(text) {
            return Ok(());
        }
        let arn = cells.get(text, self.header.arn);
        if arn.is_empty() {
            self.oddities.without_arn.add(|| block.place(from).0);
            return Ok(());
        }
        let row = self.arns.add(arn)?;
        self.pending_from.push(from);
        for (index, column) in self.columns.iter_mut().enumerate() {
            if let Some(column) = column {
                column.set(row, cells.get(text, index))?;
            }
        }
        if self.arns.is_due() {
            self.settle(block);
        }
        Ok(())
    }

    fn settle(&mut self, block: &Block<'_>) {
        let Self {
            arns,
            pending_from,
            oddities,
            ..
        } = self;
        let first = arns.rows() - pending_from.len();
        arns.settle(|row| {
            let from = pending_from[row as usize - first];
            oddities.duplicates.add(|| block.place(from).0);
        });
        pending_from.clear();
    }

    /// Makes room for the whole file, going by the first block. A little less: room that is missing comes at a small
    /// price, room that is not needed stays.
    fn expect(&mut self, bytes_total: u64, bytes_taken: usize) {
        let estimate = u128::from(bytes_total) * self.arns.rows() as u128 * 9 / 10 / (bytes_taken.max(1) as u128);
        self.arns
            .expect(usize::try_from(estimate).map_or(Slots::MOST, |rows| rows.min(Slots::MOST)));
    }

    fn finish(mut self) -> MetadataTable {
        self.arns.shrink();
        // The column with the ARNs is gone from the kept ones, so those behind it move up.
        let apmid = self.header.apmid.filter(|at| *at != self.header.arn);
        let apmid = apmid.map(|at| if at > self.header.arn { at - 1 } else { at });
        let named = self.header.names.into_iter().zip(self.columns);
        let columns = named.filter_map(|(name, column)| {
            let mut column = column?;
            column.finish();
            Some((name, column))
        });
        MetadataTable {
            columns: columns.collect(),
            apmid,
            asked_for: (0..self.arns.rows().div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            arns: self.arns,
            oddities: self.oddities,
        }
    }
}
