//! The result of a comparison: counted, and told point by point.

use std::collections::BTreeMap;

use super::finding::{Apart, Finding, Found, Summary};
use super::habits::Habits;
use super::judge::{Differences, Outcome};
use super::pairing::Pairs;
use super::rows::{Expected, NOBODY, Seen, Standing, UNKNOWN_DATE, UNKNOWN_SIZE, Word};
use super::{Comparison, row};
use crate::fingerprint::Owner;
use crate::time::Moment;

#[derive(Debug)]
pub struct Verified {
    pub(super) rows: Comparison,
    pub(super) pairs: Pairs,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) further: BTreeMap<u32, Vec<u32>>,
    pub(super) absent_parts: BTreeMap<u32, Vec<u32>>,
    pub(super) unexplained: Vec<u32>,
    pub(super) groups: BTreeMap<(Word, Word), Summary>,
    pub(super) apart: Apart,
    pub(super) habits: Habits,
    pub(super) alike: Vec<u32>,
    pub(super) kept_otherwise: u64,
}

impl Verified {
    pub fn summary(&self) -> Summary {
        let mut total = Summary::default();
        self.groups.values().for_each(|group| total += *group);
        total
    }

    /// By destination vault and resource type.
    pub fn groups(&self) -> BTreeMap<(&str, Option<&str>), Summary> {
        let text = |word| self.rows.words.text(word);
        let groups = self.groups.iter();
        groups
            .map(|((vault, kind), summary)| ((text(*vault).unwrap_or_default(), text(*kind)), *summary))
            .collect()
    }

    pub const fn apart(&self) -> Apart {
        self.apart
    }

    pub const fn habits(&self) -> Habits {
        self.habits
    }

    /// Points of which one of several that look the same is missing, and nobody can tell which.
    pub fn ambiguous(&self) -> u64 {
        let missing = |point: &&u32| self.finding(**point) == Some(Finding::Missing);
        self.alike.iter().filter(missing).count() as u64
    }

    /// Copies that are kept for another time than they were to be.
    pub const fn kept_otherwise(&self) -> u64 {
        self.kept_otherwise
    }

    /// The callers' names of the points that are missing.
    pub fn missing(&self) -> impl Iterator<Item = u32> {
        let outcomes = self.rows.expected.iter().zip(&self.outcomes);
        let missing = outcomes.filter(|(_, outcome)| matches!(outcome, Some((Finding::Missing, _))));
        missing.map(|(expected, _)| expected.id)
    }

    /// Vault and ARN of some copies that were verified, spread evenly.
    pub fn samples(&self, most: usize) -> Vec<(String, String)> {
        let verified = || {
            let copies = (0..).zip(self.pairs.copy.iter().copied());
            copies.filter(|(point, _)| self.finding(*point) == Some(Finding::Verified))
        };
        let step = verified().count().div_ceil(most.max(1)).max(1);
        let chosen = verified().step_by(step).take(most);
        chosen
            .map(|(_, copy)| {
                let seen = &self.rows.seen[row(copy)];
                let vault = self.rows.words.text(seen.vault).unwrap_or_default();
                (vault.to_owned(), self.rows.arns.get(seen.arn))
            })
            .collect()
    }

    /// Every finding: the source's points in the order in which they were told, then what nothing explains.
    pub fn findings(&self) -> impl Iterator<Item = Found> {
        let points = (0..).zip(&self.outcomes);
        let points = points.filter_map(|(point, outcome)| {
            outcome.map(|(finding, differences)| self.of_point(point, finding, differences))
        });
        points.chain(self.unexplained.iter().map(|copy| self.of_stranger(*copy)))
    }

    /// The same without what is as it should be.
    pub fn exceptions(&self) -> impl Iterator<Item = Found> {
        let points = (0..).zip(&self.outcomes);
        let wrong = points.filter_map(|(point, outcome)| {
            let (finding, differences) = (*outcome)?;
            let told = !matches!(finding, Finding::Verified | Finding::NotCopied);
            told.then(|| self.of_point(point, finding, differences))
        });
        wrong.chain(self.unexplained.iter().map(|copy| self.of_stranger(*copy)))
    }

    fn finding(&self, point: u32) -> Option<Finding> {
        self.outcomes[row(point)].map(|(finding, _)| finding)
    }

    fn of_point(&self, point: u32, finding: Finding, differences: Differences) -> Found {
        let expected = &self.rows.expected[row(point)];
        let copy = self.pairs.copy[row(point)];
        let seen = (copy != NOBODY).then(|| &self.rows.seen[row(copy)]);
        let further = self.further.get(&point).map(Vec::as_slice).unwrap_or_default();
        let further_copies: Vec<String> = further
            .iter()
            .map(|copy| self.rows.arns.get(self.rows.seen[row(*copy)].arn))
            .collect();
        let mut details = Vec::new();
        if let [first, rest @ ..] = further_copies.as_slice() {
            let more = rest.iter().map(|arn| format!(", {arn}"));
            details.push(format!("also there as {first}{}", more.collect::<String>()));
        }
        match seen {
            Some(seen) => self.name_differences(point, expected, seen, differences, &mut details),
            None => details.extend(self.why_absent(point, expected)),
        }
        Found {
            finding,
            recovery_point_arn: Some(self.rows.arns.get(expected.arn)),
            destination_recovery_point_arn: seen.map(|seen| self.rows.arns.get(seen.arn)),
            further_copies,
            vault: self.text(expected.vault),
            resource_type: self.rows.words.text(expected.kind).map(str::to_owned),
            created: moment(expected.created),
            copy_created: seen.and_then(|seen| moment(seen.created)),
            copy_completed: seen.and_then(completed),
            size_bytes: size(expected.size),
            copy_size_bytes: seen.and_then(|seen| size(seen.size)),
            copy_expires: seen.and_then(|seen| seen.kept.until(seen.created)),
            detail: (!details.is_empty()).then(|| details.join("; ")),
            id: Some(expected.id),
        }
    }

    fn of_stranger(&self, copy: u32) -> Found {
        let seen = &self.rows.seen[row(copy)];
        let detail = match self.rows.words.text(seen.from) {
            Some(vault) => format!("a copy from {vault} of a point that the source does not show"),
            None if seen.owner == Owner::Destination => "a backup of the destination's own".to_owned(),
            None => "it names no vault that it would be a copy from".to_owned(),
        };
        Found {
            finding: Finding::Unexplained,
            recovery_point_arn: None,
            destination_recovery_point_arn: Some(self.rows.arns.get(seen.arn)),
            further_copies: Vec::new(),
            vault: self.text(seen.vault),
            resource_type: self.rows.words.text(seen.kind).map(str::to_owned),
            created: None,
            copy_created: moment(seen.created),
            copy_completed: completed(seen),
            size_bytes: None,
            copy_size_bytes: size(seen.size),
            copy_expires: seen.kept.until(seen.created),
            detail: Some(detail),
            id: None,
        }
    }

    fn name_differences(
        &self,
        point: u32,
        expected: &Expected,
        seen: &Seen,
        differences: Differences,
        details: &mut Vec<String>,
    ) {
        let mut say = |what: Differences, words: &dyn Fn() -> String| {
            if differences.has(what) {
                details.push(words());
            }
        };
        let date = |date: i64| moment(date).map_or_else(|| "not said".to_owned(), |date| date.to_string());
        say(Differences::VAULT, &|| {
            format!(
                "vault: {}, and it lies in {}",
                self.text(expected.vault),
                self.text(seen.vault)
            )
        });
        say(Differences::STATUS, &|| format!("status: {}", seen.status.in_words()));
        say(Differences::SIZE, &|| {
            format!("size: {} bytes, and the copy has {}", expected.size, seen.size)
        });
        say(Differences::TYPE, &|| {
            format!(
                "type: {}, and the copy is {}",
                self.text(expected.kind),
                self.text(seen.kind)
            )
        });
        say(Differences::CREATED, &|| {
            format!(
                "creation date: {}, and the copy's is {}",
                date(expected.created),
                date(seen.created)
            )
        });
        say(Differences::RETENTION, &|| {
            format!(
                "retention: {}, and the copy is kept {}",
                expected.kept.in_words(),
                seen.kept.in_words()
            )
        });
        say(Differences::KEY, &|| {
            format!("key: {} is not the vault's", self.text(seen.key))
        });
        say(Differences::PARTS, &|| {
            let parts = self.absent_parts.get(&point).map(Vec::as_slice).unwrap_or_default();
            let arns = parts
                .iter()
                .map(|part| self.rows.arns.get(self.rows.expected[row(*part)].arn));
            format!("parts that are not there: {}", arns.collect::<Vec<_>>().join(", "))
        });
    }

    fn why_absent(&self, point: u32, expected: &Expected) -> Option<String> {
        let why = match expected.standing {
            Standing::Due if self.finding(point) == Some(Finding::NotCopied) => {
                "its copy was kept as long as it was to be, and is gone since"
            }
            Standing::Due if self.alike.binary_search(&point).is_ok() => {
                "others look the same, and there are fewer copies than points: it may be one of the others that is missing"
            }
            Standing::Due if expected.recorded => "its copy is known and not there any more",
            Standing::UnderWay => "AWS is at work on it",
            Standing::Queued => "it waits for its turn",
            Standing::Failed => "its copy failed",
            Standing::Parked => "it is parked",
            Standing::Partial => "only parts of it were copied",
            Standing::Vanished => "it was gone from the source before it could be copied",
            Standing::Blocked => "it cannot be copied",
            Standing::Due | Standing::Part | Standing::NotChosen => return None,
        };
        Some(why.to_owned())
    }

    fn text(&self, word: Word) -> String {
        self.rows.words.text(word).unwrap_or("not said").to_owned()
    }
}

fn moment(date: i64) -> Option<Moment> {
    (date != UNKNOWN_DATE).then(|| Moment::from_millis(date))
}

fn size(size: u64) -> Option<u64> {
    (size != UNKNOWN_SIZE).then_some(size)
}

fn completed(seen: &Seen) -> Option<Moment> {
    let took = i64::from(seen.took?.get());
    moment(seen.created).map(|created| created.plus_millis(took * 1000))
}
