//! A selection as somebody typed it: raw words, nothing checked yet. See `spec_text` for its form in a file.

use std::str::FromStr;

use serde::Serialize;

use crate::text::quoted;

/// Everything that chooses points, from the command line, the configuration file, or both.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SelectionSpec {
    pub criteria: CriteriaSpec,
    pub on_missing_metadata: Option<OnMissing>,
    pub rules: RulesSpec,
}

/// The conditions that exist. Lists may hold comma-separated words; None means that the option was not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CriteriaSpec {
    pub vault: Option<Vec<String>>,
    pub resource_type: Option<Vec<String>>,
    pub status: Option<Vec<String>>,
    pub created_after: Option<String>,
    pub created_before: Option<String>,
    pub min_age_days: Option<f64>,
    pub max_age_days: Option<f64>,
    pub min_size_gb: Option<f64>,
    pub max_size_gb: Option<f64>,
    pub allowed_apmids: Option<Vec<String>>,
    pub excluded_apmids: Option<Vec<String>>,
    /// `KEY=VALUE`, not split at commas: values of a CMDB hold them.
    pub metadata: Option<Vec<String>>,
}

/// The `[filter]` table of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulesSpec {
    pub matching: Match,
    pub include: Vec<RuleSpec>,
    pub exclude: Vec<RuleSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RuleSpec {
    pub name: Option<String>,
    pub matching: Match,
    pub criteria: CriteriaSpec,
}

/// How many of several conditions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    #[default]
    All,
    Any,
}

/// What becomes of a point when a condition asks for metadata and there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    #[default]
    Exclude,
    Include,
    Fail,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not one of {expected}", quoted(.given))]
pub struct UnknownWord {
    pub given: String,
    pub expected: &'static str,
}

impl FromStr for Match {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "any" => Ok(Self::Any),
            _ => Err(UnknownWord {
                given: text.into(),
                expected: "`all`, `any`",
            }),
        }
    }
}

impl FromStr for OnMissing {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "exclude" => Ok(Self::Exclude),
            "include" => Ok(Self::Include),
            "fail" => Ok(Self::Fail),
            _ => Err(UnknownWord {
                given: text.into(),
                expected: "`exclude`, `include`, `fail`",
            }),
        }
    }
}

impl SelectionSpec {
    /// What was given here, and from `fallback` what was not: the command line over the configuration file.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        let (own, other) = (self.criteria, fallback.criteria);
        Self {
            criteria: CriteriaSpec {
                vault: own.vault.or(other.vault),
                resource_type: own.resource_type.or(other.resource_type),
                status: own.status.or(other.status),
                created_after: own.created_after.or(other.created_after),
                created_before: own.created_before.or(other.created_before),
                min_age_days: own.min_age_days.or(other.min_age_days),
                max_age_days: own.max_age_days.or(other.max_age_days),
                min_size_gb: own.min_size_gb.or(other.min_size_gb),
                max_size_gb: own.max_size_gb.or(other.max_size_gb),
                allowed_apmids: own.allowed_apmids.or(other.allowed_apmids),
                excluded_apmids: own.excluded_apmids.or(other.excluded_apmids),
                metadata: own.metadata.or(other.metadata),
            },
            on_missing_metadata: self.on_missing_metadata.or(fallback.on_missing_metadata),
            rules: if self.rules == RulesSpec::default() {
                fallback.rules
            } else {
                self.rules
            },
        }
    }

    /// Puts what `read` finds in place of every `@file` among the APMIDs: one APMID a line, empty lines and lines that
    /// begin with `#` left out.
    pub fn expand_files<E>(&mut self, mut read: impl FnMut(&str) -> Result<String, E>) -> Result<(), E> {
        let rules = self
            .rules
            .include
            .iter_mut()
            .chain(&mut self.rules.exclude)
            .map(|rule| &mut rule.criteria);
        for criteria in rules.chain([&mut self.criteria]) {
            for list in [&mut criteria.allowed_apmids, &mut criteria.excluded_apmids]
                .into_iter()
                .flatten()
            {
                let mut expanded = Vec::with_capacity(list.len());
                for word in list.iter().flat_map(|text| text.split(',')).map(str::trim) {
                    match word.strip_prefix('@') {
                        None => expanded.push(word.to_owned()),
                        Some(file) => {
                            let text = read(file)?;
                            let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
                            expanded.extend(lines.filter(|line| !line.starts_with('#')).map(str::to_owned));
                        }
                    }
                }
                *list = expanded;
            }
        }
        Ok(())
    }
}
