//! What the page is put together from. Every text that came from outside goes through `escaped`.

use std::fmt::Write as _;

use sav_domain::Moment;

/// However many rows there are: the page stays small enough to be sent, and says what it leaves out.
pub(super) const ROWS_SHOWN: usize = 1_000;
/// AWS's messages are short; what is not is no message.
const WORDS_SHOWN: usize = 600;
/// Longer ones (ARNs) are broken where the column ends; others stay whole.
const LONGEST_WORD: usize = 32;
/// Cells that are never broken: as long as a date.
const KEPT_ON_A_LINE: usize = 20;

pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What would not be seen, or turn the text around, is shown as a mark.
            c if c.is_control() && c != '\n'
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c) =>
            {
                safe.push('\u{fffd}');
            }
            c => safe.push(c),
        }
        safe
    })
}

pub(super) fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{title}</h2>{body}</section>\n")
}

/// In a box of its own that can be scrolled, also with the keyboard.
pub(super) fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let caption = escaped(caption);
    if rows.is_empty() {
        return format!("<p class=\"none\">{caption}: none.</p>");
    }
    let mut page = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    );
    for (column, head) in heads.iter().enumerate() {
        let cells = rows.iter().take(ROWS_SHOWN).filter_map(|row| row.get(column));
        let class = if cells.clone().all(|cell| cell.is_empty() || is_number(cell)) {
            " class=\"n\""
        } else {
            ""
        };
        let _ = write!(page, "<th scope=\"col\"{class}>{head}</th>");
    }
    page += "</tr></thead><tbody>";
    for row in rows.iter().take(ROWS_SHOWN) {
        page += "<tr>";
        for cell in row {
            let class = match cell.as_str() {
                "" => "",
                number if is_number(number) => " class=\"n\"",
                date_or_name if date_or_name.len() <= KEPT_ON_A_LINE => " class=\"whole\"",
                words if words.split(' ').any(|word| word.len() > LONGEST_WORD) => " class=\"long\"",
                _ => "",
            };
            let _ = write!(page, "<td{class}>{}</td>", escaped(cell));
        }
        page += "</tr>";
    }
    page += "</tbody></table></div>";
    if let Some(more) = rows.len().checked_sub(ROWS_SHOWN).filter(|more| *more > 0) {
        let _ = write!(
            page,
            "<p>And {more} more, which <code>report --output json</code> has.</p>"
        );
    }
    page
}

fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || c == '.')
}

pub(super) fn short(words: &str) -> String {
    let mut letters = words.chars();
    let shown: String = letters.by_ref().take(WORDS_SHOWN).collect();
    if letters.next().is_some() {
        shown + " …"
    } else {
        shown
    }
}

/// To the minute.
pub(super) fn said(at: Moment) -> String {
    let text = at.to_string();
    format!(
        "{} {} UTC",
        text.get(..10).unwrap_or_default(),
        text.get(11..16).unwrap_or_default()
    )
}
