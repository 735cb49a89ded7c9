//! From raw words to a selection, or to the reason why they make none.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::SelectionError;
use super::pattern::VaultPattern;
use super::spec::{CriteriaSpec, Match, RuleSpec, SelectionSpec};
use super::term::Term;
use super::{Rule, Selection};
use crate::metadata::same_column;
use crate::recovery_point::PointStatus;
use crate::resource_type::ResourceType;
use crate::text::{did_you_mean, quoted};
use crate::time::{MILLIS_PER_DAY, Moment};

impl Selection {
    /// Checks everything that can be checked before the first point is seen. `now` is what ages count from.
    pub fn build(spec: &SelectionSpec, now: Moment) -> Result<Self, SelectionError> {
        let mut notes = Notes::default();
        let options = Reader {
            place: Place::Options,
            now,
            notes: &mut notes,
        }
        .terms(&spec.criteria, Match::All)?;
        let include = rules(&spec.rules.include, "include", now, &mut notes)?;
        let exclude = rules(&spec.rules.exclude, "exclude", now, &mut notes)?;
        let mut names = HashSet::new();
        if let Some(rule) = include.iter().chain(&exclude).find(|rule| !names.insert(&rule.name)) {
            return Err(SelectionError::SameName {
                name: rule.name.to_string(),
            });
        }
        Ok(Self {
            options,
            include,
            include_match: spec.rules.matching,
            exclude,
            on_missing: spec.on_missing_metadata.unwrap_or_default(),
            needs_table: notes.needs_table,
            doubts: notes.doubts,
        })
    }
}

fn rules(specs: &[RuleSpec], side: &str, now: Moment, notes: &mut Notes) -> Result<Vec<Rule>, SelectionError> {
    let numbered = specs.iter().enumerate().map(|(at, spec)| {
        let name: Arc<str> = match &spec.name {
            Some(name) if !name.trim().is_empty() => name.trim().into(),
            _ => format!("{side} {}", at + 1).into(),
        };
        let place = format!("the {side} rule {}", quoted(&name));
        if side == "exclude" && spec.criteria.excluded_apmids.is_some() {
            return Err(SelectionError::DoubleNegation { rule: place });
        }
        let mut reader = Reader {
            place: Place::Rule(&place),
            now,
            notes,
        };
        let terms = reader.terms(&spec.criteria, spec.matching)?;
        if terms.is_empty() {
            return Err(SelectionError::EmptyRule { rule: place });
        }
        Ok(Rule {
            name,
            matching: spec.matching,
            terms,
        })
    });
    numbered.collect()
}

#[derive(Default)]
struct Notes {
    needs_table: Vec<String>,
    doubts: Vec<String>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Options,
    Rule(&'a str),
}

struct Reader<'a> {
    place: Place<'a>,
    now: Moment,
    notes: &'a mut Notes,
}

impl Reader<'_> {
    /// How the user gave the option.
    fn option(&self, name: &str) -> String {
        match self.place {
            Place::Options => format!("--{name}"),
            Place::Rule(rule) => format!("`{name}` of {rule}"),
        }
    }

    /// The terms in the order in which their reasons are given.
    fn terms(&mut self, spec: &CriteriaSpec, matching: Match) -> Result<Vec<Term>, SelectionError> {
        let mut terms = Vec::new();
        if let Some(words) = self.words("vault", spec.vault.as_deref())? {
            terms.push(Term::Vault(words.iter().map(|word| VaultPattern::new(word)).collect()));
        }
        if let Some(words) = self.words("resource-type", spec.resource_type.as_deref())? {
            let types: Box<[ResourceType]> = words.iter().map(|word| ResourceType::named(word)).collect();
            for of in types.iter().filter(|of| matches!(of, ResourceType::Other(_))) {
                self.doubt("resource-type", "a resource type", of.name(), &of.near());
            }
            terms.push(Term::Type(types));
        }
        if let Some(words) = self.words("status", spec.status.as_deref())? {
            let states: Box<[PointStatus]> = words.iter().map(|word| PointStatus::named(word)).collect();
            for status in states.iter().filter(|status| matches!(status, PointStatus::Other(_))) {
                self.doubt("status", "a state", status.name(), &status.near());
            }
            terms.push(Term::Status(states));
        }
        self.time_terms(spec, matching, &mut terms)?;
        self.size_terms(spec, matching, &mut terms)?;
        self.apmid_terms(spec, matching, &mut terms)?;
        self.metadata_terms(spec, &mut terms)?;
        Ok(terms)
    }

    /// Comma-separated words, trimmed; the same word twice is once.
    fn words(&self, name: &str, list: Option<&[String]>) -> Result<Option<Vec<String>>, SelectionError> {
        let Some(list) = list else { return Ok(None) };
        let mut words: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for word in list
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            if seen.insert(word) {
                words.push(word.to_owned());
            }
        }
        if words.is_empty() {
            Err(SelectionError::EmptyList {
                option: self.option(name),
            })
        } else {
            Ok(Some(words))
        }
    }

    /// A word that AWS may know by now, and that may be a slip.
    fn doubt(&mut self, name: &str, what: &str, word: &str, near: &[&str]) {
        let option = self.option(name);
        let doubt = format!("{option}: {} is {what} unknown to this version", quoted(word));
        self.notes.doubts.push(doubt + &did_you_mean(near));
    }

    fn time_terms(
        &mut self,
        spec: &CriteriaSpec,
        matching: Match,
        terms: &mut Vec<Term>,
    ) -> Result<(), SelectionError> {
        let after = self.moment("created-after", spec.created_after.as_deref())?;
        let before = self.moment("created-before", spec.created_before.as_deref())?;
        let oldest = self.days_ago("max-age-days", spec.max_age_days)?;
        let youngest = self.days_ago("min-age-days", spec.min_age_days)?;
        if matching == Match::All {
            let lower = [("created-after", after), ("max-age-days", oldest)];
            let upper = [("created-before", before), ("min-age-days", youngest)];
            for (lower_name, lower) in lower {
                for (upper_name, upper) in upper {
                    let (Some(lower), Some(upper)) = (lower, upper) else {
                        continue;
                    };
                    // `--created-before` leaves its own moment out.
                    if lower > upper || (lower == upper && upper_name == "created-before") {
                        return Err(SelectionError::ImpossibleRange {
                            lower: self.option(lower_name),
                            upper: self.option(upper_name),
                            why: format!("the first wants points from {lower} on, the second up to {upper}"),
                        });
                    }
                }
            }
        }
        terms.extend(after.map(Term::CreatedFrom));
        terms.extend(before.map(Term::CreatedBefore));
        terms.extend(oldest.map(Term::NoOlderThan));
        terms.extend(youngest.map(Term::NoYoungerThan));
        Ok(())
    }

    fn moment(&self, name: &str, text: Option<&str>) -> Result<Option<Moment>, SelectionError> {
        let moment = text.map(Moment::parse).transpose();
        moment.map_err(|source| SelectionError::BadMoment {
            option: self.option(name),
            source,
        })
    }

    fn number(&self, name: &str, value: Option<f64>) -> Result<Option<f64>, SelectionError> {
        match value {
            Some(value) if !value.is_finite() || value < 0.0 => Err(SelectionError::BadNumber {
                option: self.option(name),
                value,
            }),
            fine => Ok(fine),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "casts of floats saturate"
    )]
    fn days_ago(&self, name: &str, days: Option<f64>) -> Result<Option<Moment>, SelectionError> {
        const MOST: f64 = 36_500.0;
        let days = self.number(name, days)?;
        if let Some(value) = days.filter(|days| *days > MOST) {
            let option = self.option(name);
            return Err(SelectionError::TooLong {
                option,
                value,
                most: MOST,
            });
        }
        Ok(days.map(|days| self.now.plus_millis(-((days * MILLIS_PER_DAY as f64).round() as i64))))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be positive; casts of floats saturate"
    )]
    fn size_terms(
        &mut self,
        spec: &CriteriaSpec,
        matching: Match,
        terms: &mut Vec<Term>,
    ) -> Result<(), SelectionError> {
        const GIB: f64 = 1_073_741_824.0;
        let least = self.number("min-size-gb", spec.min_size_gb)?;
        let most = self.number("max-size-gb", spec.max_size_gb)?;
        if let (Some(least), Some(most), Match::All) = (least, most, matching)
            && least > most
        {
            return Err(SelectionError::ImpossibleRange {
                lower: self.option("min-size-gb"),
                upper: self.option("max-size-gb"),
                why: format!("no size is at least {least} GB and at most {most} GB"),
            });
        }
        terms.extend(least.map(|gb| Term::SizeFrom((gb * GIB).ceil() as u64)));
        terms.extend(most.map(|gb| Term::SizeUpTo((gb * GIB).floor() as u64)));
        Ok(())
    }

    fn apmid_terms(
        &mut self,
        spec: &CriteriaSpec,
        matching: Match,
        terms: &mut Vec<Term>,
    ) -> Result<(), SelectionError> {
        let allowed = self.apmids("allowed-apmids", spec.allowed_apmids.as_deref())?;
        let excluded = self.apmids("excluded-apmids", spec.excluded_apmids.as_deref())?;
        if let (Some(allowed), Some(excluded), Match::All) = (&allowed, &excluded, matching)
            && allowed.is_subset(excluded)
        {
            let (allowed, excluded) = (self.option("allowed-apmids"), self.option("excluded-apmids"));
            return Err(SelectionError::NoApmidLeft { allowed, excluded });
        }
        // Exclusion first: for a point that is on neither list that is the reason to tell about the shorter one.
        terms.extend(excluded.map(Term::ApmidNotAmong));
        terms.extend(allowed.map(Term::ApmidAmong));
        Ok(())
    }

    fn apmids(&mut self, name: &str, list: Option<&[String]>) -> Result<Option<HashSet<Box<str>>>, SelectionError> {
        let Some(words) = self.words(name, list)? else {
            return Ok(None);
        };
        if let Some(file) = words.iter().find_map(|word| word.strip_prefix('@')) {
            return Err(SelectionError::UnreadFile {
                option: self.option(name),
                file: file.into(),
            });
        }
        self.notes.needs_table.push(self.option(name));
        Ok(Some(words.into_iter().map(String::into_boxed_str).collect()))
    }

    fn metadata_terms(&mut self, spec: &CriteriaSpec, terms: &mut Vec<Term>) -> Result<(), SelectionError> {
        let Some(pairs) = &spec.metadata else { return Ok(()) };
        let option = self.option("metadata");
        let mut columns: Vec<(String, Vec<Box<str>>)> = Vec::new();
        for pair in pairs {
            let split = pair
                .split_once('=')
                .map(|(column, value)| (column.trim(), value.trim()));
            let Some((column, value)) = split.filter(|(column, _)| !column.is_empty()) else {
                return Err(SelectionError::BadPair {
                    option,
                    given: pair.clone(),
                });
            };
            match columns.iter_mut().find(|(known, _)| same_column(known, column)) {
                Some((_, values)) => values.push(value.into()),
                None => columns.push((column.to_owned(), vec![value.into()])),
            }
        }
        if columns.is_empty() {
            return Err(SelectionError::EmptyList { option });
        }
        self.notes.needs_table.push(option);
        terms.extend(columns.into_iter().map(|(column, values)| Term::Metadata {
            column: column.into(),
            values: values.into(),
        }));
        Ok(())
    }
}
