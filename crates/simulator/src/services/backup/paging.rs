//! Tokens of listings. A token says after what to go on, is good for the listing it was given in and for no other, and
//! cannot be made up: it carries a seal over all of that.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::settings::BackupSettings;
use crate::wire::{Call, Refusal};

const SEAL: &[u8] = b"tokens of this simulator";
const SEAL_BYTES: usize = 15;

/// Where a listing stands: after which row it goes on, and which earlier rows it still owes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The number of the row looked at last, whatever the listing numbers its rows by.
    pub(super) after: Option<usize>,
    /// Rows held back by the page before, which come at the end of this one.
    held: Vec<usize>,
    /// Pages before this one. An empty page leaves all else as it was, and clients take a token that comes twice for the
    /// sign of a listing that goes in circles.
    pages: usize,
}

/// The rows of a page, and the token of the next.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<usize>,
    pub(super) token: Option<String>,
}

/// What a listing found from its cursor on.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows that fit, in the listing's order, at most as many as there was room for.
    pub(super) rows: Vec<usize>,
    /// The row looked at last, be it one that fits or not.
    pub(super) last: Option<usize>,
    /// There are rows that were not looked at.
    pub(super) more: bool,
}

impl Found {
    /// Looks through `rows` for those that fit, until there are `room` of them or `look_at` rows have been looked at.
    /// Whether anything that fits is left is not looked up: here as at AWS a last page may turn out empty.
    pub(super) fn among(
        mut rows: impl Iterator<Item = usize>,
        room: usize,
        look_at: usize,
        fits: impl Fn(usize) -> bool,
    ) -> Self {
        let mut found = Self {
            rows: Vec::with_capacity(room.min(1000)),
            last: None,
            more: false,
        };
        for _ in 0..look_at {
            if found.rows.len() == room {
                break;
            }
            let Some(row) = rows.next() else { return found };
            found.last = Some(row);
            if fits(row) {
                found.rows.push(row);
            }
        }
        found.more = rows.next().is_some();
        found
    }
}

impl Cursor {
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let Some(token) = call.params.text("NextToken") else {
            return Ok(Self::default());
        };
        opened(call, token).and_then(|text| Self::read(&text)).ok_or_else(|| {
            Refusal::new(
                "InvalidParameterValueException",
                "The NextToken was not given by this listing: a token is good for the operation, account and filters it \
                 was given for. Start again without one.",
            )
        })
    }

    /// How many new rows the page takes.
    pub(super) fn room(&self, settings: &BackupSettings, call: &Call) -> usize {
        let wanted = call
            .params
            .integer("MaxResults")
            .and_then(|wanted| usize::try_from(wanted).ok());
        let wanted = wanted.unwrap_or(settings.page_size).clamp(1, 1000);
        call.listing
            .at_most
            .map_or(wanted, |most| most.min(wanted))
            .saturating_sub(self.held.len())
    }

    /// Makes the page of what was found, and of it what the call's page faults want.
    pub(super) fn page(self, call: &Call, found: Found) -> Page {
        let Found { mut rows, last, more } = found;
        let mut next = Self {
            after: last.or(self.after),
            held: Vec::new(),
            pages: self.pages + 1,
        };
        if more && call.listing.repeat > 0 && rows.len() > 1 {
            // At least one row is new on the next page, or the listing would never end.
            let again = call.listing.repeat.min(rows.len() - 1);
            next.after = Some(rows[rows.len() - 1 - again]);
        }
        next.held = rows.split_off(rows.len() - call.listing.late.min(rows.len()));
        if call.listing.at_most == Some(0) {
            next.held.extend(self.held);
        } else {
            rows.extend(self.held);
        }
        let token = (more || !next.held.is_empty()).then(|| token(call, &next.written()));
        Page { rows, token }
    }

    /// `3;17;4,5`: three pages so far, go on after 17, and 4 and 5 are owed.
    fn written(&self) -> String {
        let held: Vec<String> = self.held.iter().map(ToString::to_string).collect();
        format!(
            "{};{};{}",
            self.pages,
            self.after.map(|after| after.to_string()).unwrap_or_default(),
            held.join(",")
        )
    }

    fn read(text: &str) -> Option<Self> {
        let (pages, position) = text.split_once(';')?;
        let (after, held) = position.split_once(';')?;
        let numbers = |text: &str| -> Option<Vec<usize>> {
            text.split(',')
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().ok())
                .collect()
        };
        Some(Self {
            after: numbers(after)?.first().copied(),
            held: numbers(held)?,
            pages: pages.parse().ok()?,
        })
    }
}

fn token(call: &Call, position: &str) -> String {
    let mut bytes = seal(call, position);
    bytes.extend_from_slice(position.as_bytes());
    base64(&bytes)
}

fn opened(call: &Call, token: &str) -> Option<String> {
    let bytes = from_base64(token)?;
    let (given, position) = bytes.split_at_checked(SEAL_BYTES)?;
    let position = std::str::from_utf8(position).ok()?;
    (given == seal(call, position)).then(|| position.to_owned())
}

/// Over everything that makes this listing what it is; the page size may change on the way.
fn seal(call: &Call, position: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SEAL).expect("HMAC takes keys of any length");
    let mut field = |text: &str| {
        mac.update(&text.len().to_le_bytes());
        mac.update(text.as_bytes());
    };
    field(call.operation);
    field(&call.caller.account);
    field(position);
    for (member, value) in &call.params.0 {
        if member != "NextToken" && member != "MaxResults" {
            field(member);
            field(&value.to_string());
        }
    }
    mac.finalize().into_bytes()[..SEAL_BYTES].to_vec()
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Of the standard alphabet, whose `+`, `/` and `=` a client has to escape in a query.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .enumerate()
            .fold(0_u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for place in 0..4 {
            let letter = if place <= chunk.len() {
                LETTERS[(group >> (18 - 6 * place) & 63) as usize]
            } else {
                b'='
            };
            text.push(char::from(letter));
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in text.as_bytes().chunks(4) {
        let padding = chunk.iter().rev().take_while(|letter| **letter == b'=').count();
        let mut group = 0_u32;
        for letter in &chunk[..4 - padding] {
            let value = LETTERS.iter().position(|known| known == letter)?;
            group = group << 6 | u32::try_from(value).ok()?;
        }
        group <<= 6 * padding;
        bytes.extend_from_slice(group.to_be_bytes()[1..].get(..3_usize.checked_sub(padding)?)?);
    }
    // One text for one token: no other spelling of the bits that padding leaves over.
    (base64(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::test::call;
    use super::*;

    proptest! {
        #[test]
        fn base64_gives_back_what_it_took(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(from_base64(&base64(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_breaks_the_reading_of_tokens(text in any::<String>()) {
            let made_up = call("ListCopyJobs", json!({"NextToken": text}));
            prop_assert!(Cursor::of(&made_up).is_err());
        }
    }

    #[test]
    fn base64_is_everybodys() {
        assert_eq!(base64(b"a"), "YQ==");
        assert_eq!(base64(b"ab"), "YWI=");
        assert_eq!(base64(b"\xfb\xff\xfe"), "+//+");
        assert_eq!(from_base64("YR=="), None);
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_only() {
        let given = token(
            &call("ListCopyJobs", json!({"ByState": "RUNNING", "MaxResults": 10})),
            "2;41;7,8",
        );
        let with = |operation, params: serde_json::Value| {
            let mut again = call(operation, params);
            again.params.0.insert("NextToken".into(), given.clone().into());
            again
        };
        let same = with("ListCopyJobs", json!({"ByState": "RUNNING", "MaxResults": 7}));
        assert_eq!(
            Cursor::of(&same),
            Ok(Cursor {
                after: Some(41),
                held: vec![7, 8],
                pages: 2,
            })
        );

        let mut foreign = same;
        foreign.caller.account = "999999999999".into();
        for refused in [
            foreign,
            with("ListCopyJobs", json!({"ByState": "FAILED"})),
            with("ListCopyJobs", json!({})),
            with("ListBackupVaults", json!({"ByState": "RUNNING"})),
        ] {
            assert_eq!(Cursor::of(&refused).unwrap_err().code, "InvalidParameterValueException");
        }
    }

    #[test]
    fn a_token_with_any_letter_changed_is_refused() {
        let listing = call("ListCopyJobs", json!({}));
        let given = token(&listing, "12345;");
        for at in 0..given.len() {
            let mut letters = given.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let changed = call(
                "ListCopyJobs",
                json!({"NextToken": String::from_utf8(letters).unwrap()}),
            );
            assert!(Cursor::of(&changed).is_err(), "letter {at}");
        }
    }
}
