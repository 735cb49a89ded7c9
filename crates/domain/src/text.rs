//! Small rules about text that several parts share.

/// Cuts text that came from outside down to what fits in a message, and makes control characters visible.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Whether the text fits a pattern in which `*` stands for any run of characters and `?` for any single one.
pub fn fits_pattern(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut rest) = (pattern.chars(), text.chars());
    // Where to go on if what follows the last star did not fit: the star then swallows one character more.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let here = rest.clone();
        match (pattern.next(), rest.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern.clone(), here.clone()));
                rest = here;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((after_star, mut from)) = retry.take() else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                (pattern, rest) = (after_star.clone(), from.clone());
                retry = Some((after_star, from));
            }
        }
    }
}

/// The names that someone who typed `wanted` may have meant, nearest first, at most three.
pub fn near_names<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
    // One slip in a short word, a third of a long one: beyond that the guess annoys more than it helps.
    let allowed = (wanted.len() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let folded: Vec<char> = name.to_lowercase().chars().collect();
            let starts_alike = wanted.len() >= 3 && folded.starts_with(&wanted);
            let distance = if starts_alike {
                1
            } else {
                edit_distance(&wanted, &folded, allowed)?
            };
            Some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The end of a message about a word that nobody knows: what may have been meant, if anything comes near.
pub fn did_you_mean<S: AsRef<str>>(near: &[S]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let near: Vec<String> = near.iter().map(|name| quoted(name.as_ref())).collect();
    format!("; did you mean {}?", near.join(" or "))
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour; none if more than `allowed`.
fn edit_distance(a: &[char], b: &[char], allowed: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > allowed {
        return None;
    }
    let mut above_that: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                least = least.min(above_that[j - 1] + 1);
            }
            row.push(least);
        }
        above_that = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        let vaults = ["prod-daily", "prod-weekly", "archive", "dev"];
        assert_eq!(near_names("prod-dialy", vaults), ["prod-daily"]);
        assert_eq!(near_names("Archive", vaults), ["archive"]);
        assert_eq!(near_names("prod", vaults), ["prod-daily", "prod-weekly"]);
        assert!(near_names("finance", vaults).is_empty());
    }

    #[test]
    fn long_or_unprintable_text_is_shown_short_and_visibly() {
        assert_eq!(quoted("a\tb"), "`a\\tb`");
        assert_eq!(quoted(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
    }
}
