//! The document as it comes in: every element is checked, told to the builder, and forgotten.

use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

use sav_application::ports::LedgerError;
use sav_domain::Route;
use sav_domain::transfer::Event;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::builder::Builder;
use super::{ImportError, Whose, Wrong};
use crate::ledger::document::{
    EntryDocument, FORMAT, Header, LearnedDocument, ParkedDocument, PlanDocument, PointDocument, VERSION,
    WindowDocument,
};

const MEMBERS: &[&str] = &[
    "ledger",
    "plans",
    "windows",
    "learned",
    "parked_groups",
    "journal",
    "points",
];
/// After so many points the caller is asked whether to go on.
const BREATH: u64 = 1000;

/// Reads the whole document into the builder. Answers whose migration it is.
pub(super) fn read(
    document: &mut dyn Read,
    builder: &mut Builder,
    whose: Whose<'_>,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Route, ImportError> {
    let mut reading = Reading {
        builder,
        whose,
        go_on,
        at: None,
        last_arn: None,
        points: 0,
        route: None,
        trouble: None,
    };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, document));
    let read = Document(&mut reading)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    if let Some(trouble) = reading.trouble {
        return Err(trouble);
    }
    match read {
        Err(error) if error.classify() == Category::Io => Err(ImportError::Read(error.into())),
        Err(error) => Err(ImportError::Document {
            why: format!("{}{error}", reading.place()),
        }),
        Ok(()) => reading.route.ok_or_else(|| missing("ledger")),
    }
}

fn missing(member: &str) -> ImportError {
    ImportError::Document {
        why: format!("the member `{member}` is missing"),
    }
}

struct Reading<'a> {
    builder: &'a mut Builder,
    whose: Whose<'a>,
    go_on: &'a mut dyn FnMut(u64) -> bool,
    /// The section and the element, counted from 1.
    at: Option<(&'static str, u64)>,
    last_arn: Option<Box<str>>,
    points: u64,
    route: Option<Route>,
    /// What is no fault of the document.
    trouble: Option<ImportError>,
}

impl Reading<'_> {
    fn place(&self) -> String {
        match (self.at, &self.last_arn) {
            (Some((section @ "points", number)), Some(arn)) => format!("{section}, number {number}, behind {arn}: "),
            (Some((section, number)), _) => format!("{section}, number {number}: "),
            (None, _) => String::new(),
        }
    }

    /// Keeps what is no fault of the document for the end, and stops the reading.
    fn stop<E: de::Error>(&mut self, wrong: impl Into<Wrong>) -> E {
        match wrong.into() {
            Wrong::Document(why) => E::custom(why),
            Wrong::Other(trouble) => {
                self.trouble = Some(trouble);
                E::custom("stopped")
            }
        }
    }

    fn header(&mut self, header: Header) -> Result<(), Wrong> {
        if header.format != FORMAT {
            return Err(Wrong::Document(format!(
                "ledger.format: expected {FORMAT:?}, found {:?}",
                header.format
            )));
        }
        if header.version > VERSION {
            return Err(Wrong::Other(ImportError::NewerDocument {
                found: header.version,
                known: VERSION,
            }));
        }
        let found = header
            .migration
            .route()
            .map_err(|why| format!("ledger.migration: {why}"))?;
        (self.whose)(&found).map_err(Wrong::Other)?;
        self.builder.migration(&found, header.created_at)?;
        self.route = Some(found);
        Ok(())
    }

    fn parked(&mut self, parked: ParkedDocument) -> Result<(), Wrong> {
        let group = parked.group()?;
        self.builder.park(&group, &parked.cause.cause())
    }

    fn point(&mut self, mut point: PointDocument) -> Result<(), Wrong> {
        let arn: Box<str> = point.arn().into();
        let in_point = |why: String| format!("the point {arn}: {why}");
        let events: Result<Vec<Event>, String> = (1..)
            .zip(point.take_events())
            .map(|(number, event)| event.event().map_err(|why| format!("event number {number}: {why}")))
            .collect();
        let events = events.map_err(in_point)?;
        let seen_by = point.seen_by();
        let planned = point.planned().map_err(in_point)?;
        self.builder
            .point(&planned, seen_by, &events)
            .map_err(|wrong| match wrong {
                Wrong::Document(why) => Wrong::Document(in_point(why)),
                other @ Wrong::Other(_) => other,
            })?;
        self.points += 1;
        if self.points.is_multiple_of(BREATH) && !(self.go_on)(self.points) {
            return Err(Wrong::Other(ImportError::Interrupted));
        }
        self.last_arn = Some(arn);
        Ok(())
    }
}

struct Document<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object as `state export` writes it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reading = self.0;
        let mut met: Vec<&'static str> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some(member) = MEMBERS.iter().copied().find(|member| *member == key) else {
                return Err(de::Error::unknown_field(&key, MEMBERS));
            };
            if met.contains(&member) {
                return Err(de::Error::duplicate_field(member));
            }
            met.push(member);
            match member {
                "ledger" => {
                    let header = map.next_value()?;
                    reading.header(header).map_err(|wrong| reading.stop(wrong))?;
                }
                "plans" => {
                    let take = |reading: &mut Reading<'_>, plan: PlanDocument| reading.builder.plan(&plan.record());
                    map.next_value_seed(Section::new(reading, member, take))?;
                }
                "windows" => {
                    let take =
                        |reading: &mut Reading<'_>, window: WindowDocument| reading.builder.window(&window.record());
                    map.next_value_seed(Section::new(reading, member, take))?;
                }
                "learned" => {
                    let take =
                        |reading: &mut Reading<'_>, one: LearnedDocument| reading.builder.learned(&one.record()?);
                    map.next_value_seed(Section::new(reading, member, take))?;
                }
                "journal" => {
                    let take = |reading: &mut Reading<'_>, entry: EntryDocument| reading.builder.note(&entry.record());
                    map.next_value_seed(Section::new(reading, member, take))?;
                }
                "parked_groups" => map.next_value_seed(Section::new(reading, member, Reading::parked))?,
                _ => map.next_value_seed(Section::new(reading, member, Reading::point))?,
            }
            reading.at = None;
        }
        match ["ledger", "points"].into_iter().find(|needed| !met.contains(needed)) {
            Some(needed) => Err(de::Error::missing_field(needed)),
            None => Ok(()),
        }
    }
}

/// A list whose elements are taken one by one.
struct Section<'r, 'a, T, F> {
    reading: &'r mut Reading<'a>,
    name: &'static str,
    take: F,
    element: PhantomData<T>,
}

impl<'r, 'a, T, F: FnMut(&mut Reading<'a>, T) -> Result<(), Wrong>> Section<'r, 'a, T, F> {
    fn new(reading: &'r mut Reading<'a>, name: &'static str, take: F) -> Self {
        Self {
            reading,
            name,
            take,
            element: PhantomData,
        }
    }
}

impl<'de, 'a, T, F> DeserializeSeed<'de> for Section<'_, 'a, T, F>
where
    T: DeserializeOwned,
    F: FnMut(&mut Reading<'a>, T) -> Result<(), Wrong>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, 'a, T, F> Visitor<'de> for Section<'_, 'a, T, F>
where
    T: DeserializeOwned,
    F: FnMut(&mut Reading<'a>, T) -> Result<(), Wrong>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        for number in 1.. {
            self.reading.at = Some((self.name, number));
            let Some(element) = elements.next_element::<T>()? else {
                break;
            };
            (self.take)(self.reading, element).map_err(|wrong| self.reading.stop(wrong))?;
        }
        Ok(())
    }
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Document(why)
    }
}

impl From<LedgerError> for Wrong {
    fn from(error: LedgerError) -> Self {
        Self::Other(error.into())
    }
}
