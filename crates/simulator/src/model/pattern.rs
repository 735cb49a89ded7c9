//! The patterns of the service models. They are written for Java: matched against the whole value, with Java's escapes.

use regex_lite::Regex;

/// A compiled pattern beside the text in which the model and AWS's error messages write it.
#[derive(Debug)]
pub struct Pattern {
    written: String,
    compiled: Regex,
}

impl Pattern {
    pub(super) fn new(written: &str) -> Self {
        let compiled = Regex::new(&format!("^(?:{})$", translated(written)))
            .expect("every pattern of the extracted models is compiled by the tests");
        Self {
            written: written.to_owned(),
            compiled,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.written
    }

    pub fn matches(&self, value: &str) -> bool {
        self.compiled.is_match(value)
    }
}

/// Java's spellings in the small engine's. Unicode classes become "anything beyond ASCII", which admits symbols that AWS
/// would refuse in a tag; tables of all of Unicode would cost more than that is worth.
fn translated(java: &str) -> String {
    java.replace(r"\u10000-\u10FFFF", r"\U00010000-\U0010FFFF")
        .replace(r"\uD7FF", r"\u{D7FF}")
        .replace(r"\p{L}", r"a-zA-Z\u{80}-\u{10FFFF}")
        .replace(r"\p{Z}", " ")
        .replace(r"\p{N}", "0-9")
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn the_whole_value_has_to_match() {
        let name = Pattern::new(r"^[a-zA-Z0-9\-\_]{2,50}$");
        assert!(name.matches("night_ly-2"));
        assert!(!name.matches("x"));
        assert!(!name.matches("two words"));
        assert!(!name.matches("vault\n"));
        let role = Pattern::new(r"[\w+=,.@-]+");
        assert!(role.matches("a@b=c") && !role.matches("a b"));
    }

    #[test]
    fn javas_escapes_are_understood() {
        let arn = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+");
        assert!(arn.matches("arn:aws:iam::1:role/ü😀\t"));
        assert!(!arn.matches("a\u{1}"));
        let tag = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
        assert!(tag.matches("Größe 7/x") && !tag.matches("what?"));
    }
}
