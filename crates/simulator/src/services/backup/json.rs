//! Writes JSON straight into one string. Going through `Value` would cost a page of a thousand points more than the rest
//! of its answer together.

use std::fmt::Write as _;

use crate::clock::Moment;

#[derive(Debug)]
pub(super) struct Json {
    text: String,
    odd_floats: bool,
}

impl Json {
    pub(super) fn with_capacity(bytes: usize, odd_floats: bool) -> Self {
        Self {
            text: String::with_capacity(bytes),
            odd_floats,
        }
    }

    /// Members to be put behind others: they begin with a comma.
    pub(super) fn continued(odd_floats: bool) -> Self {
        Self {
            text: String::from(","),
            odd_floats,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// JSON that is already written.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.text.push_str(json);
        self
    }

    pub(super) fn open(&mut self, bracket: char) -> &mut Self {
        self.separate();
        self.text.push(bracket);
        self
    }

    pub(super) fn close(&mut self, bracket: char) -> &mut Self {
        self.text.push(bracket);
        self
    }

    /// A comma, unless this is the first of its kind or a member's value.
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.text.push(',');
        }
    }

    /// A member's name; its value is written next. Names are the service model's and need no escaping.
    pub(super) fn key(&mut self, name: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self
    }

    pub(super) fn null(&mut self) -> &mut Self {
        self.raw("null")
    }

    pub(super) fn boolean(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        self.digits(&Digits::of(value))
    }

    fn digits(&mut self, digits: &Digits) -> &mut Self {
        let text = std::str::from_utf8(&digits.bytes[digits.start..]).expect("digits are ASCII");
        self.raw(text)
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.written(|text| text.push_str(value))
    }

    /// A string that `write` appends by itself.
    pub(super) fn written(&mut self, write: impl FnOnce(&mut String)) -> &mut Self {
        self.text.push('"');
        let start = self.text.len();
        write(&mut self.text);
        if needs_escapes(&self.text.as_bytes()[start..]) {
            let plain = self.text.split_off(start);
            self.escape(&plain);
        }
        self.text.push('"');
        self
    }

    fn escape(&mut self, plain: &str) {
        for letter in plain.chars() {
            match letter {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                control if control < ' ' => {
                    let written = write!(self.text, "\\u{:04x}", u32::from(control));
                    debug_assert!(written.is_ok(), "writing to a String cannot fail");
                }
                other => self.text.push(other),
            }
        }
    }

    /// Seconds since the epoch, as AWS's JSON protocols write them.
    pub(super) fn moment(&mut self, value: Moment) -> &mut Self {
        if value.millis() < 0 {
            self.text.push('-');
        }
        let millis = value.millis().unsigned_abs();
        let noisy = self.odd_floats && !millis.is_multiple_of(1000);
        let millis = if noisy { millis - 1 } else { millis };
        self.digits(&Digits::of(millis).with_point());
        if noisy {
            self.text.push_str("9999");
        }
        self
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => {
                self.null();
            }
        }
        self
    }

    pub(super) fn maybe_text(&mut self, value: Option<&str>) -> &mut Self {
        self.maybe(value, |json, value| {
            json.text(value);
        })
    }

    pub(super) fn maybe_moment(&mut self, value: Option<Moment>) -> &mut Self {
        self.maybe(value, |json, value| {
            json.moment(value);
        })
    }

    pub(super) fn maybe_number(&mut self, value: Option<u64>) -> &mut Self {
        self.maybe(value, |json, value| {
            json.number(value);
        })
    }
}

/// Counts instead of stopping at the first, which lets the compiler take many bytes at a time.
fn needs_escapes(bytes: &[u8]) -> bool {
    let special = |byte: &&u8| **byte < 0x20 || **byte == b'"' || **byte == b'\\';
    bytes.iter().filter(special).count() > 0
}

/// A number's digits, from `start` on.
struct Digits {
    bytes: [u8; 24],
    start: usize,
}

impl Digits {
    fn of(value: u64) -> Self {
        let (mut bytes, mut start, mut rest) = ([b'0'; 24], 24, value);
        while rest > 0 || start == 24 {
            start -= 1;
            bytes[start] += u8::try_from(rest % 10).expect("a digit fits");
            rest /= 10;
        }
        Self { bytes, start }
    }

    /// A thousandth, with at least one digit before the point.
    fn with_point(mut self) -> Self {
        let start = self.start.min(20);
        self.bytes.copy_within(start..21, start - 1);
        self.bytes[20] = b'.';
        Self {
            start: start - 1,
            ..self
        }
    }
}

/// Another member's name, where there is one before it: one copy of text that is ready in the program.
macro_rules! member {
    ($json:expr, $name:literal) => {
        $json.raw(concat!(",\"", $name, "\":"))
    };
}

pub(super) use member;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn parsed(json: Json) -> Value {
        serde_json::from_slice(&json.into_bytes()).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_and_number_survive(text in any::<String>(), number in any::<u64>()) {
            let mut json = Json::with_capacity(0, false);
            json.open('{').key("Text").text(&text).key("Number").number(number).close('}');
            prop_assert_eq!(parsed(json), serde_json::json!({"Text": text, "Number": number}));
        }

        #[test]
        fn times_round_to_the_millisecond_that_was_meant(millis in -1_000_000_000_i64..4_000_000_000_000, odd: bool) {
            let mut json = Json::with_capacity(0, odd);
            json.moment(Moment::from_millis(millis));
            let seconds = parsed(json).as_f64().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "that is what rounding is for")]
            let rounded = (seconds * 1000.0).round() as i64;
            prop_assert_eq!(rounded, millis);
        }
    }

    #[test]
    fn odd_floats_punish_who_truncates() {
        let mut json = Json::with_capacity(0, true);
        json.moment(Moment::from_millis(1_700_000_017_257));
        assert_eq!(json.into_text(), "1700000017.2569999");
    }

    #[test]
    fn lists_and_objects_nest() {
        let mut json = Json::with_capacity(0, false);
        json.open('{')
            .key("A")
            .open('[')
            .open('{')
            .key("B")
            .null()
            .close('}')
            .open('{')
            .close('}')
            .close(']');
        json.key("C").boolean(true).close('}');
        assert_eq!(json.into_text(), r#"{"A":[{"B":null},{}],"C":true}"#);
    }
}
