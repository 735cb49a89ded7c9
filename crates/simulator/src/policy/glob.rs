//! `*` and `?` as IAM reads them: over a whole text, or segment by segment over an ARN.

/// The whole of `text` against `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    wild(pattern.as_bytes(), text.as_bytes(), |a, b| a == b)
}

/// As `matches`, but letters of either case are the same: actions are compared like this.
pub fn matches_any_case(pattern: &str, text: &str) -> bool {
    wild(pattern.as_bytes(), text.as_bytes(), |a, b| a.eq_ignore_ascii_case(&b))
}

/// A wildcard stays inside its colon-separated segment, except in the sixth, which may hold colons itself. A pattern of
/// fewer segments is completed with `*`.
pub fn matches_arn(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if !pattern.starts_with("arn:") || !arn.starts_with("arn:") {
        return matches(pattern, arn);
    }
    let mut wanted = pattern.splitn(6, ':');
    let mut given = arn.splitn(6, ':');
    loop {
        match (wanted.next(), given.next()) {
            (Some(wanted), Some(given)) if matches(wanted, given) => {}
            (None, _) => return true,
            _ => return false,
        }
    }
}

fn wild(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // What follows the last star, and up to where that star has swallowed the text.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(b'?') => {
                p += 1;
                t += 1 + text[t + 1..]
                    .iter()
                    .take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000)
                    .count();
            }
            Some(&byte) if same(byte, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, swallowed)) = star else { return false };
                star = Some((after, swallowed + 1));
                p = after;
                t = swallowed + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_iam() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("*.com", "backup.amazonaws.com", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1c2b", false),
            ("", "a", false),
            ("abc", "ABC", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} against {text}");
        }
        assert!(matches_any_case("backup:start*", "backup:StartCopyJob"));
    }

    /// Slow and plain: every way a star can be stretched.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|at| by_definition(rest, &text[at..])),
            ['?', rest @ ..] => !text.is_empty() && by_definition(rest, &text[1..]),
            [letter, rest @ ..] => text.first() == Some(letter) && by_definition(rest, &text[1..]),
        }
    }

    proptest::proptest! {
        #[test]
        fn matching_agrees_with_its_definition(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
            let (letters, expected): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            proptest::prop_assert_eq!(matches(&pattern, &text), by_definition(&letters, &expected));
        }
    }

    #[test]
    fn a_wildcard_does_not_leave_its_segment_of_an_arn() {
        let vault = "arn:aws:backup:eu-west-1:222222222222:backup-vault:archive";
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:backup:*:*:backup-vault:*", true),
            ("arn:aws:backup:*:222222222222:backup-vault:archive", true),
            ("arn:aws:backup:*:333333333333:backup-vault:*", false),
            ("arn:aws:backup:*:backup-vault:*", false),
            ("arn:aws:backup", true),
            ("arn:aws:ec2", false),
            ("arn:*:*:*:*:*", true),
        ] {
            assert_eq!(matches_arn(pattern, vault), expected, "{pattern}");
        }
        assert!(matches_arn(
            "arn:aws:ec2:*::snapshot/*",
            "arn:aws:ec2:eu-west-1::snapshot/snap-01"
        ));
        assert!(!matches_arn("arn:aws:ec2:*::snapshot/*", "*"));
    }
}
