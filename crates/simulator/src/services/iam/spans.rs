//! Where in a policy's text its statements stand.

use serde::Deserialize;
use serde_json::value::RawValue;

/// From the first character of a statement to the one behind its last, as (line, column), both from 1.
pub(super) type Span = [(usize, usize); 2];

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

/// The span of one statement; nothing when the text has no such statement.
pub(super) fn of_statement(text: &str, index: usize) -> Option<Span> {
    let all: &RawValue = serde_json::from_str::<Document>(text).ok()?.statement;
    let one: &RawValue = match serde_json::from_str::<Vec<&RawValue>>(all.get()) {
        Ok(statements) => statements.get(index)?,
        Err(_) => all,
    };
    // Raw values are slices of the text they were read from.
    let start = one.get().as_ptr() as usize - text.as_ptr() as usize;
    Some([place(text, start)?, place(text, start + one.get().len())?])
}

fn place(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Some((
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_in_lines_and_columns() {
        let text = "{\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Sid\": \"é{\"},\n  {\"Sid\": \"b\"}]}";
        assert_eq!(of_statement(text, 0), Some([(2, 3), (2, 16)]));
        assert_eq!(of_statement(text, 1), Some([(3, 3), (3, 15)]));
        assert_eq!(of_statement(text, 2), None);
        assert_eq!(of_statement("{\"Statement\":{}}", 0), Some([(1, 14), (1, 16)]));
    }
}
