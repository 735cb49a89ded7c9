//! Aligned columns, cut to the terminal's width.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::output::Output;

const GAP: &str = "  ";
/// What a column is cut down to, first the texts, then, on a very narrow terminal, everything.
const FLOORS: [(usize, bool); 4] = [(8, false), (5, false), (5, true), (1, true)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A table whose widths are settled by its header and the rows seen first.
#[derive(Debug)]
pub struct Table {
    headers: Vec<(String, Align)>,
    widths: Vec<usize>,
}

impl Table {
    pub fn new(headers: impl IntoIterator<Item = (String, Align)>) -> Self {
        let headers: Vec<_> = headers.into_iter().collect();
        let widths = headers.iter().map(|(name, _)| name.width()).collect();
        Self { headers, widths }
    }

    pub fn fit(&mut self, row: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(clean(cell).width());
        }
    }

    /// Takes from the widest columns what does not fit into the terminal. Numbers and times (what stands to the right) are
    /// spared as long as texts can give way.
    pub fn cut_to(&mut self, terminal: Option<usize>) {
        let Some(terminal) = terminal else { return };
        let gaps = GAP.len() * self.widths.len().saturating_sub(1);
        for (floor, all) in FLOORS {
            while self.widths.iter().sum::<usize>() + gaps > terminal {
                let may_shrink = self.headers.iter().map(|(_, align)| all || *align == Align::Left);
                let widest = self.widths.iter_mut().zip(may_shrink);
                let widest = widest
                    .filter(|(width, may)| *may && **width > floor)
                    .map(|(width, _)| width);
                let Some(widest) = widest.max() else { break };
                *widest -= 1;
            }
        }
    }

    pub fn write_header(&self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = self.headers.iter().map(|(name, _)| name.clone()).collect();
        self.write_row(out, &names)
    }

    pub fn write_row(&self, out: &mut dyn Write, row: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (column, ((cell, width), (_, align))) in row.iter().zip(&self.widths).zip(&self.headers).enumerate() {
            if column > 0 {
                line.push_str(GAP);
            }
            let text = cut(&clean(cell), *width);
            let padding = " ".repeat(width.saturating_sub(text.width()));
            match align {
                Align::Left => {
                    line.push_str(&text);
                    line.push_str(&padding);
                }
                Align::Right => {
                    line.push_str(&padding);
                    line.push_str(&text);
                }
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// A whole table, its widths settled by all of its rows.
pub fn write_table(out: &mut Output, headers: &[(&str, Align)], rows: &[Vec<String>]) -> io::Result<()> {
    let mut table = Table::new(headers.iter().map(|(name, align)| ((*name).to_owned(), *align)));
    for row in rows {
        table.fit(row);
    }
    table.cut_to(out.width);
    table.write_header(out)?;
    rows.iter().try_for_each(|row| table.write_row(out, row))
}

/// Control characters in names must not reach the terminal: they could clear it, or worse.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || turns_text_round(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Characters that make a terminal show a line in another order than it is.
const fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: Option<usize>) -> String {
        let mut table = Table::new([("NAME".to_owned(), Align::Left), ("SIZE".to_owned(), Align::Right)]);
        let rows = [
            ["prod-database-nightly".to_owned(), "1.0 GiB".to_owned()],
            ["東京の金庫".to_owned(), "12.5 TiB".to_owned()],
            ["bell\u{7}\u{1b}[2J".to_owned(), "-".to_owned()],
        ];
        for row in &rows {
            table.fit(row);
        }
        table.cut_to(width);
        let mut out = Vec::new();
        table.write_header(&mut out).unwrap();
        for row in &rows {
            table.write_row(&mut out, row).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen_not_by_bytes() {
        insta::assert_snapshot!(shown(None), @r"
        NAME                       SIZE
        prod-database-nightly   1.0 GiB
        東京の金庫             12.5 TiB
        bell��[2J                     -
        ");
    }

    #[test]
    fn the_widest_column_gives_way_to_the_terminal() {
        insta::assert_snapshot!(shown(Some(20)), @r"
        NAME            SIZE
        prod-data…   1.0 GiB
        東京の金庫  12.5 TiB
        bell��[2J          -
        ");
        for width in [12, 16, 20, 25] {
            assert!(shown(Some(width)).lines().all(|line| line.width() <= width), "{width}");
        }
    }
}
