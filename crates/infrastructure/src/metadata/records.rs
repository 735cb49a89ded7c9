//! Cuts CSV text into records and cells. It reads what it is given and holds back a record that is not complete yet.

use super::error::Flaw;

/// The cells of one record: pieces of the text they were read from, or of `unquoted` when quotes had to be taken out.
#[derive(Debug, Default)]
pub(super) struct Cells {
    spans: Vec<Span>,
    unquoted: String,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    /// Where the cell begins in the text.
    at: usize,
    in_unquoted: bool,
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A cell without blanks around it.
    pub(super) fn get<'a>(&'a self, text: &'a str, index: usize) -> &'a str {
        let span = self.spans[index];
        let cell = if span.in_unquoted {
            &self.unquoted[span.start..span.end]
        } else {
            &text[span.start..span.end]
        };
        // Most cells need no trimming, and to see that two bytes are enough.
        let solid = |byte: Option<&u8>| byte.is_some_and(|byte| (b'!'..=b'~').contains(byte));
        let bytes = cell.as_bytes();
        if solid(bytes.first()) && solid(bytes.last()) {
            cell
        } else {
            cell.trim()
        }
    }

    pub(super) fn starts_at(&self, index: usize) -> usize {
        self.spans[index].at
    }

    pub(super) fn are_blank(&self, text: &str) -> bool {
        (0..self.len()).all(|index| self.get(text, index).is_empty())
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.unquoted.clear();
    }

    fn plain(&mut self, start: usize, end: usize) {
        self.spans.push(Span {
            start,
            end,
            at: start,
            in_unquoted: false,
        });
    }
}

/// What one step through the text gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record; the next one begins at `next`.
    Record { next: usize },
    /// The text ends within a record, and more is to come.
    Incomplete,
    /// Nothing is left.
    End,
}

/// A flaw, and at which byte of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flawed {
    pub(super) at: usize,
    pub(super) flaw: Flaw,
}

/// Reads the record that begins at `from`. `complete` says that no more text follows.
pub(super) fn next_record(
    text: &str,
    from: usize,
    delimiter: u8,
    complete: bool,
    cells: &mut Cells,
) -> Result<Step, Flawed> {
    let bytes = text.as_bytes();
    cells.clear();
    if from >= bytes.len() {
        return Ok(if complete { Step::End } else { Step::Incomplete });
    }
    let mut start = from;
    loop {
        let mut found = memchr::memchr3(delimiter, b'\n', b'"', &bytes[start..]).map(|at| start + at);
        if let Some(quote) = found
            && bytes[quote] == b'"'
        {
            if is_blank(&bytes[start..quote]) {
                match quoted_cell(text, start, quote, delimiter, complete, cells)? {
                    Some((end, true)) => return Ok(Step::Record { next: end }),
                    Some((end, false)) => start = end,
                    None => return Ok(Step::Incomplete),
                }
                continue;
            }
            // A quote within a cell that does not begin with one is a character like any other: 24" monitor.
            found = memchr::memchr2(delimiter, b'\n', &bytes[quote..]).map(|at| quote + at);
        }
        match found {
            Some(end) => {
                cells.plain(start, end);
                if bytes[end] == b'\n' {
                    return Ok(Step::Record { next: end + 1 });
                }
                start = end + 1;
            }
            None if complete => {
                cells.plain(start, bytes.len());
                return Ok(Step::Record { next: bytes.len() });
            }
            None => return Ok(Step::Incomplete),
        }
    }
}

/// Reads the cell whose quote opens at `quote`. Gives where the next cell begins and whether the record is over.
fn quoted_cell(
    text: &str,
    at: usize,
    quote: usize,
    delimiter: u8,
    complete: bool,
    cells: &mut Cells,
) -> Result<Option<(usize, bool)>, Flawed> {
    let bytes = text.as_bytes();
    let in_unquoted = cells.unquoted.len();
    let mut doubled = false;
    let mut start = quote + 1;
    let close = loop {
        let Some(close) = memchr::memchr(b'"', &bytes[start..]).map(|found| start + found) else {
            let unfinished = Flawed {
                at: quote,
                flaw: Flaw::NeverClosed,
            };
            return if complete { Err(unfinished) } else { Ok(None) };
        };
        match bytes.get(close + 1) {
            Some(b'"') => {
                doubled = true;
                cells.unquoted.push_str(&text[start..=close]);
                start = close + 2;
            }
            None if !complete => return Ok(None),
            _ => break close,
        }
    };
    let span = if doubled {
        cells.unquoted.push_str(&text[start..close]);
        Span {
            start: in_unquoted,
            end: cells.unquoted.len(),
            at,
            in_unquoted: true,
        }
    } else {
        Span {
            start: quote + 1,
            end: close,
            at,
            in_unquoted: false,
        }
    };
    cells.spans.push(span);

    let mut after = close + 1;
    loop {
        match bytes.get(after) {
            None if complete => return Ok(Some((after, true))),
            None => return Ok(None),
            Some(b'\n') => return Ok(Some((after + 1, true))),
            Some(byte) if *byte == delimiter => return Ok(Some((after + 1, false))),
            Some(b' ' | b'\t' | b'\r') => after += 1,
            Some(_) => {
                let found = text[after..].chars().next().unwrap_or_default();
                return Err(Flawed {
                    at: after,
                    flaw: Flaw::AfterQuote {
                        found,
                        delimiter: char::from(delimiter),
                    },
                });
            }
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, delimiter: u8) -> Result<Vec<Vec<String>>, Flawed> {
        let (mut from, mut cells, mut all) = (0, Cells::default(), Vec::new());
        while let Step::Record { next } = next_record(text, from, delimiter, true, &mut cells)? {
            all.push(
                (0..cells.len())
                    .map(|index| cells.get(text, index).to_owned())
                    .collect(),
            );
            from = next;
        }
        Ok(all)
    }

    #[test]
    fn quotes_line_ends_and_blanks_are_read_as_spreadsheets_write_them() {
        let text = "a, b ,\"c, d\"\r\n\"say \"\"no\"\"\",\"two\nlines\", \"x\" \r\n24\" wide,,\"\"";
        let expected = [
            vec!["a", "b", "c, d"],
            vec!["say \"no\"", "two\nlines", "x"],
            vec!["24\" wide", "", ""],
        ];
        assert_eq!(records(text, b',').unwrap(), expected);
        assert_eq!(records("a\t \"b\tc\"\t\n", b'\t').unwrap(), [vec!["a", "b\tc", ""]]);
    }

    #[test]
    fn flaws_say_where_they_are() {
        let flaw = Flaw::AfterQuote {
            found: 'é',
            delimiter: ',',
        };
        assert_eq!(records("a,\"b\"é", b','), Err(Flawed { at: 5, flaw }));
        assert_eq!(
            records("a\nb,\"c", b','),
            Err(Flawed {
                at: 4,
                flaw: Flaw::NeverClosed
            })
        );
    }

    #[test]
    fn a_record_that_may_go_on_is_held_back_at_every_cut() {
        let text = "a,\"b \"\"x\"\"\nc\" ,d\n";
        let mut cells = Cells::default();
        for cut in 0..text.len() {
            let step = next_record(&text[..cut], 0, b',', false, &mut cells);
            assert_eq!(step, Ok(Step::Incomplete), "cut at {cut}");
        }
        assert_eq!(
            next_record(text, 0, b',', false, &mut cells),
            Ok(Step::Record { next: text.len() })
        );
    }
}
