//! The configuration file's form of a selection. Keys are the long options' names; lists may be a single word, dates may
//! be TOML's own, numbers whole or not.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::spec::{CriteriaSpec, RuleSpec, RulesSpec, SelectionSpec};
use crate::text::{near_names, quoted};

impl SelectionSpec {
    /// The keys of a configuration file that belong to the selection.
    pub const KEYS: [&'static str; 14] = [
        "vault",
        "resource-type",
        "status",
        "created-after",
        "created-before",
        "min-age-days",
        "max-age-days",
        "min-size-gb",
        "max-size-gb",
        "allowed-apmids",
        "excluded-apmids",
        "metadata",
        "on-missing-metadata",
        "filter",
    ];
}

/// A table whose keys are handed to `take` one by one.
trait Table: Default {
    const WHAT: &'static str;
    const KEYS: &'static [&'static str];
    /// False if the key is none of ours; then the value was not read.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;
}

impl CriteriaSpec {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "vault" => self.vault = Some(words(map)?),
            "resource-type" => self.resource_type = Some(words(map)?),
            "status" => self.status = Some(words(map)?),
            "created-after" => self.created_after = Some(date(map)?),
            "created-before" => self.created_before = Some(date(map)?),
            "min-age-days" => self.min_age_days = Some(map.next_value()?),
            "max-age-days" => self.max_age_days = Some(map.next_value()?),
            "min-size-gb" => self.min_size_gb = Some(map.next_value()?),
            "max-size-gb" => self.max_size_gb = Some(map.next_value()?),
            "allowed-apmids" => self.allowed_apmids = Some(words(map)?),
            "excluded-apmids" => self.excluded_apmids = Some(words(map)?),
            "metadata" => self.metadata = Some(words(map)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Table for SelectionSpec {
    const WHAT: &'static str = "the choosing options";
    const KEYS: &'static [&'static str] = &Self::KEYS;

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "on-missing-metadata" => self.on_missing_metadata = Some(word(map)?),
            "filter" => self.rules = map.next_value()?,
            _ => return self.criteria.take(key, map),
        }
        Ok(true)
    }
}

impl Table for RulesSpec {
    const WHAT: &'static str = "the table `filter` with its `match` and its lists of rules";
    const KEYS: &'static [&'static str] = &["match", "include", "exclude"];

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "match" => self.matching = word(map)?,
            "include" => self.include = map.next_value()?,
            "exclude" => self.exclude = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Table for RuleSpec {
    const WHAT: &'static str = "a rule";
    const KEYS: &'static [&'static str] = &[
        "name",
        "match",
        "apmid",
        "vault",
        "resource-type",
        "status",
        "created-after",
        "created-before",
        "min-age-days",
        "max-age-days",
        "min-size-gb",
        "max-size-gb",
        "allowed-apmids",
        "excluded-apmids",
        "metadata",
    ];

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "name" => self.name = Some(map.next_value()?),
            "match" => self.matching = word(map)?,
            // In a rule, above all in an exclude rule, "allowed" reads wrong.
            "apmid" => return self.criteria.take("allowed-apmids", map),
            _ => return self.criteria.take(key, map),
        }
        Ok(true)
    }
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Table> Visitor<'de> for TableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut table = T::default();
        let mut seen: Vec<String> = Vec::new();
        while let Some(written) = map.next_key::<String>()? {
            let key = written.replace('_', "-");
            if seen.contains(&key) {
                return Err(Error::custom(format_args!("{} stands there twice", quoted(&written))));
            }
            if !table.take(&key, &mut map)? {
                let near: Vec<String> = near_names(&key, T::KEYS.iter().copied())
                    .into_iter()
                    .map(quoted)
                    .collect();
                let hint = if near.is_empty() {
                    format!("expected one of {}", T::KEYS.join(", "))
                } else {
                    format!("did you mean {}?", near.join(" or "))
                };
                return Err(Error::custom(format_args!(
                    "unknown option {} in {}; {hint}",
                    quoted(&written),
                    T::WHAT
                )));
            }
            seen.push(key);
        }
        Ok(table)
    }
}

macro_rules! read_as_table {
    ($($spec:ty),*) => {$(
        impl<'de> Deserialize<'de> for $spec {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(TableVisitor::<Self>(PhantomData))
            }
        }
    )*};
}
read_as_table!(SelectionSpec, RulesSpec, RuleSpec);

/// `all`, `any`, `exclude`…
fn word<'de, A: MapAccess<'de>, T: FromStr<Err: fmt::Display>>(map: &mut A) -> Result<T, A::Error> {
    map.next_value::<String>()?.parse().map_err(Error::custom)
}

fn words<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<String>, A::Error> {
    map.next_value::<Words>().map(|words| words.0)
}

fn date<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    map.next_value::<Date>().map(|date| date.0)
}

/// One word, a list of words, or (for metadata) a table of columns and values.
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor).map(Words)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a list of words")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(vec![word.to_owned()])
    }

    /// APMIDs are numbers in some places.
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut words = Vec::new();
        while let Some(Words(more)) = seq.next_element()? {
            words.extend(more);
        }
        Ok(words)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(column) = map.next_key::<String>()? {
            let Words(values) = map.next_value()?;
            pairs.extend(values.into_iter().map(|value| format!("{column}={value}")));
        }
        Ok(pairs)
    }
}

/// A date as text, or TOML's own, which serde sees as a table with the text as its only value.
struct Date(String);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DateVisitor).map(Date)
    }
}

struct DateVisitor;

impl<'de> Visitor<'de> for DateVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date or a time, like 2024-05-31 or \"2024-05-31T22:00:00Z\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let only = map.next_entry::<IgnoredAny, String>()?;
        only.map(|(_, text)| text)
            .ok_or_else(|| Error::custom("expected a date, found an empty table"))
    }
}
