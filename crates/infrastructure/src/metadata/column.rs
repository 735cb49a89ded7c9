//! One column of the table: each distinct value once, and a number of one, two or four bytes per row.

use super::slots::hash;
use super::words::{Texts, TooLarge, Words};

#[derive(Debug)]
pub(super) struct Column {
    values: Values,
    cells: Cells,
    distinct: usize,
}

#[derive(Debug)]
enum Values {
    Once(Words),
    /// Hardly any value occurred twice, so looking for doubles was given up.
    AsTheyCome(Texts),
}

#[derive(Debug)]
enum Cells {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Column {
    /// After so many distinct values it is worth asking whether they pay.
    const WORTH_ASKING: usize = 1 << 16;
    /// The number of the empty text.
    const EMPTY: u32 = 0;

    pub(super) fn new() -> Self {
        let mut words = Words::new();
        let empty = words.number("", hash(b""));
        debug_assert_eq!(empty, Ok(Self::EMPTY));
        Self {
            values: Values::Once(words),
            cells: Cells::One(Vec::new()),
            distinct: 1,
        }
    }

    /// Sets a row's cell. Rows are set in order, old ones may be set again.
    pub(super) fn set(&mut self, row: u32, text: &str) -> Result<(), TooLarge> {
        let number = match &mut self.values {
            _ if text.is_empty() => Self::EMPTY,
            Values::Once(words) => {
                let number = words.number(text, hash(text.as_bytes()))?;
                if words.len() > self.distinct {
                    self.distinct = words.len();
                    if self.distinct.is_multiple_of(Self::WORTH_ASKING) && self.distinct * 2 > row as usize {
                        self.stop_looking_for_doubles();
                    }
                }
                number
            }
            Values::AsTheyCome(texts) => texts.push(text)?,
        };
        self.cells.set(row as usize, number);
        Ok(())
    }

    /// None for an empty cell.
    pub(super) fn get(&self, row: u32) -> Option<&str> {
        let number = self.cells.get(row as usize);
        let text = match &self.values {
            Values::Once(words) => words.get(number),
            Values::AsTheyCome(texts) => texts.get(number),
        };
        (number != Self::EMPTY).then_some(text)
    }

    /// Gives back what only filling needs.
    pub(super) fn finish(&mut self) {
        self.stop_looking_for_doubles();
        if let Values::AsTheyCome(texts) = &mut self.values {
            texts.shrink();
        }
        match &mut self.cells {
            Cells::One(cells) => cells.shrink_to_fit(),
            Cells::Two(cells) => cells.shrink_to_fit(),
            Cells::Four(cells) => cells.shrink_to_fit(),
        }
    }

    fn stop_looking_for_doubles(&mut self) {
        let values = std::mem::replace(&mut self.values, Values::AsTheyCome(Texts::default()));
        self.values = Values::AsTheyCome(match values {
            Values::Once(words) => words.into_texts(),
            Values::AsTheyCome(texts) => texts,
        });
    }
}

impl Cells {
    fn set(&mut self, row: usize, number: u32) {
        loop {
            match self {
                Self::One(cells) => match u8::try_from(number) {
                    Ok(number) => return put(cells, row, number),
                    Err(_) => *self = Self::Two(cells.iter().map(|cell| u16::from(*cell)).collect()),
                },
                Self::Two(cells) => match u16::try_from(number) {
                    Ok(number) => return put(cells, row, number),
                    Err(_) => *self = Self::Four(cells.iter().map(|cell| u32::from(*cell)).collect()),
                },
                Self::Four(cells) => return put(cells, row, number),
            }
        }
    }

    fn get(&self, row: usize) -> u32 {
        match self {
            Self::One(cells) => u32::from(cells[row]),
            Self::Two(cells) => u32::from(cells[row]),
            Self::Four(cells) => cells[row],
        }
    }
}

fn put<T>(cells: &mut Vec<T>, row: usize, cell: T) {
    if row == cells.len() {
        cells.push(cell);
    } else {
        cells[row] = cell;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_widen_as_values_come_and_can_be_set_again() {
        let mut column = Column::new();
        let text = |row: u32| {
            if row.is_multiple_of(7) {
                String::new()
            } else {
                format!("v{}", row % 70_001)
            }
        };
        for row in 0..150_000 {
            column.set(row, &text(row)).unwrap();
        }
        column.set(3, "again").unwrap();
        column.finish();
        assert!(matches!(column.cells, Cells::Four(_)));
        for row in (0..150_000).filter(|row| *row != 3) {
            assert_eq!(column.get(row).unwrap_or_default(), text(row));
        }
        assert_eq!((column.get(3), column.get(0)), (Some("again"), None));
    }

    #[test]
    fn a_column_of_distinct_values_stops_looking_for_doubles() {
        let mut column = Column::new();
        for row in 0..70_000 {
            column.set(row, &row.to_string()).unwrap();
        }
        assert!(matches!(column.values, Values::AsTheyCome(_)));
        assert!((0..70_000).all(|row| column.get(row) == Some(row.to_string().as_str())));
    }
}
