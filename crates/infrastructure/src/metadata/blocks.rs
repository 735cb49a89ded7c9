//! Reads a file in pieces of whole lines of checked UTF-8, and knows at which line it is.

use std::io::{self, Read};
use std::path::Path;

use super::error::MetadataError;

/// How much is asked of the file at a time.
const PIECE: usize = 256 << 10;
/// A record longer than this is a quote that nobody closed, not a record.
pub(super) const LONGEST_RECORD: usize = 4 << 20;

pub(super) struct Blocks<R> {
    source: R,
    buffer: Vec<u8>,
    /// What of the buffer holds text that is not used up.
    from: usize,
    filled: usize,
    at_end: bool,
    bytes_read: u64,
    /// The line at which `from` stands.
    line: u64,
}

#[derive(Debug)]
pub(super) enum BlockError {
    /// After so many whole lines.
    Io {
        line: u64,
        source: io::Error,
    },
    NotUtf8 {
        line: u64,
        column: u64,
    },
}

impl BlockError {
    pub(super) fn of(self, path: &Path) -> MetadataError {
        let path = path.into();
        match self {
            Self::Io { line, source } => MetadataError::Read { path, line, source },
            Self::NotUtf8 { line, column } => MetadataError::NotUtf8 {
                path,
                line,
                column,
                utf16: false,
            },
        }
    }
}

/// Text to cut records from: whole lines, or all there is.
pub(super) struct Block<'a> {
    pub(super) text: &'a str,
    /// Nothing follows it.
    pub(super) last: bool,
    /// The line at which it begins.
    pub(super) line: u64,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; PIECE],
            from: 0,
            filled: 0,
            at_end: false,
            bytes_read: 0,
            line: 1,
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How much was read and not used up yet.
    pub(super) fn held(&self) -> usize {
        self.filled - self.from
    }

    /// The first bytes as they stand in the file.
    pub(super) fn raw_start(&self) -> &[u8] {
        &self.buffer[self.from..self.filled]
    }

    /// Reads on until there is more to use, or the file ends.
    pub(super) fn fill(&mut self) -> Result<(), BlockError> {
        self.buffer.copy_within(self.from..self.filled, 0);
        self.filled -= self.from;
        self.from = 0;
        let before = self.filled;
        // A record larger than the buffer needs a larger buffer; doubling keeps the checking of it again and again cheap.
        if self.buffer.len() - self.filled < PIECE / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while !self.at_end {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => {
                    self.bytes_read += count as u64;
                    self.filled += count;
                    if self.filled == self.buffer.len() || self.filled - before >= PIECE / 2 {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(BlockError::Io {
                        line: self.line - 1,
                        source: error,
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) fn block(&self) -> Result<Block<'_>, BlockError> {
        let held = &self.buffer[self.from..self.filled];
        // A line's end cannot stand within a character, so what ends with one is whole.
        let whole = if self.at_end {
            held.len()
        } else {
            memchr::memrchr(b'\n', held).map_or(0, |at| at + 1)
        };
        match std::str::from_utf8(&held[..whole]) {
            Ok(text) => Ok(Block {
                text,
                last: self.at_end,
                line: self.line,
            }),
            Err(error) => {
                let valid = String::from_utf8_lossy(&held[..error.valid_up_to()]);
                let (line, column) = place(&valid, valid.len(), self.line);
                Err(BlockError::NotUtf8 { line, column })
            }
        }
    }

    /// So many bytes and lines of the block are done with.
    pub(super) fn used(&mut self, bytes: usize, lines: u64) {
        self.from += bytes;
        self.line += lines;
    }

    pub(super) fn skip_byte_order_mark(&mut self) {
        if self.raw_start().starts_with("\u{feff}".as_bytes()) {
            self.from += '\u{feff}'.len_utf8();
        }
    }
}

impl Block<'_> {
    /// Line and column of a byte.
    pub(super) fn place(&self, at: usize) -> (u64, u64) {
        place(self.text, at, self.line)
    }
}

/// Line and column, both from 1, of the byte `at` in a text that begins line `line`.
pub(super) fn place(text: &str, at: usize, line: u64) -> (u64, u64) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let lines = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    (line + lines as u64, before[line_start..].chars().count() as u64 + 1)
}
