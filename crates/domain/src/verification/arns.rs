//! A store for a million ARNs of each side, at some twenty bytes each: what they begin with is kept once, and the hexadecimal
//! digits that most of them end with take half a byte.

use std::collections::HashMap;

/// Where an ARN stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ArnId(u64);

#[derive(Debug, Default)]
pub(super) struct Arns {
    numbers: HashMap<Box<str>, u32>,
    heads: Vec<Box<str>>,
    bytes: Vec<u8>,
}

/// Beginnings beyond these are not kept apart: such ARNs are of no form that AWS uses.
const MOST_HEADS: usize = 50_000;
/// Fewer digits than these are not worth a form of their own.
const FEWEST_DIGITS: usize = 6;
/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_LENGTH: usize = 36;

/// How the end of an ARN is written.
const PLAIN: u8 = 0;
const DIGITS: u8 = 1;
const UUID: u8 = 2;

impl Arns {
    pub(super) fn put(&mut self, arn: &str) -> ArnId {
        let id = ArnId(self.bytes.len() as u64);
        let cut = arn.rfind([':', '/']).map_or(0, |at| at + 1);
        let (head, tail) = match self.head(&arn[..cut]) {
            Some(head) => (head, &arn[cut..]),
            None => (self.head("").unwrap_or_default(), arn),
        };
        self.number(head.into());
        let form = Form::of(tail);
        self.bytes.push(form.kind);
        self.number(form.lead.len() as u64);
        self.bytes.extend_from_slice(form.lead.as_bytes());
        if form.kind != PLAIN {
            self.number(form.digits.len() as u64);
            let nibbles = form.digits.bytes().filter(|byte| *byte != b'-').map(nibble);
            let mut half = None;
            for nibble in nibbles {
                match half.take() {
                    None => half = Some(nibble << 4),
                    Some(high) => self.bytes.push(high | nibble),
                }
            }
            self.bytes.extend(half);
        }
        id
    }

    pub(super) fn get(&self, id: ArnId) -> String {
        let mut rest = Bytes(&self.bytes[usize::try_from(id.0).expect("it was a length of this store")..]);
        let head = rest.number();
        let kind = rest.take(1)[0];
        let lead_length = rest.number();
        let lead = rest.take(lead_length);
        let mut text = self.heads.get(head).map_or_else(String::new, ToString::to_string);
        text.push_str(&String::from_utf8_lossy(lead));
        if kind != PLAIN {
            let length = rest.number();
            let hyphens = if kind == UUID { HYPHENS.len() } else { 0 };
            let packed = rest.take((length - hyphens).div_ceil(2));
            let mut nibbles = packed.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
            for place in 0..length {
                if kind == UUID && HYPHENS.contains(&place) {
                    text.push('-');
                } else if let Some(nibble) = nibbles.next() {
                    text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
                }
            }
        }
        text
    }

    fn head(&mut self, head: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(head) {
            return Some(*number);
        }
        if self.heads.len() >= MOST_HEADS && !head.is_empty() {
            return None;
        }
        let number = u32::try_from(self.heads.len()).expect("there are not many beginnings");
        self.heads.push(head.into());
        self.numbers.insert(head.into(), number);
        Some(number)
    }

    /// Seven bits to a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push((number & 0x7f) as u8);
    }
}

struct Form<'a> {
    kind: u8,
    lead: &'a str,
    digits: &'a str,
}

impl<'a> Form<'a> {
    fn of(tail: &'a str) -> Self {
        if let Some(at) = tail.len().checked_sub(UUID_LENGTH)
            && tail.is_char_boundary(at)
            && is_uuid(&tail.as_bytes()[at..])
        {
            return Self {
                kind: UUID,
                lead: &tail[..at],
                digits: &tail[at..],
            };
        }
        let digits = tail.bytes().rev().take_while(|byte| is_digit(*byte)).count();
        let (kind, digits) = if digits < FEWEST_DIGITS {
            (PLAIN, 0)
        } else {
            (DIGITS, digits)
        };
        let (lead, digits) = tail.split_at(tail.len() - digits);
        Self { kind, lead, digits }
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    let fits = |(place, byte): (usize, &u8)| {
        if HYPHENS.contains(&place) {
            *byte == b'-'
        } else {
            is_digit(*byte)
        }
    };
    bytes.iter().enumerate().all(fits)
}

/// Of the small ones only: what is packed comes back as it was.
const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.wrapping_sub(b'a').wrapping_add(10) & 0xf,
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let byte = self.take(1)[0];
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_aws_writes_takes_few_bytes() {
        let mut arns = Arns::default();
        for (arn, most) in [
            ("arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0", 20),
            (
                "arn:aws:backup:us-east-1:222222222222:recovery-point:5b1c4d3e-1111-2222-3333-0123456789ab",
                22,
            ),
            (
                "arn:aws:rds:us-east-1:222222222222:snapshot:awsbackup:copyjob-5b1c4d3e-1111-2222-3333-0123456789ab",
                30,
            ),
        ] {
            let before = arns.bytes.len();
            let id = arns.put(arn);
            assert_eq!(arns.get(id), arn);
            assert!(
                arns.bytes.len() - before <= most,
                "{arn}: {}",
                arns.bytes.len() - before
            );
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(texts in prop::collection::vec("\\PC{0,60}|arn:(aws:[a-f0-9:/é-]{0,60})|[a-f0-9]{1,40}", 1..20)) {
            let mut arns = Arns::default();
            let ids: Vec<ArnId> = texts.iter().map(|text| arns.put(text)).collect();
            for (id, text) in ids.into_iter().zip(&texts) {
                prop_assert_eq!(&arns.get(id), text);
            }
        }
    }
}
