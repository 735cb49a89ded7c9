//! Conditions: an operator, a key, values.

use super::Holds;
use super::facts::{Fact, Facts};
use crate::text::fits_pattern;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    /// In small letters: case does not count.
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    set: Option<Set>,
    compare: Compare,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    ForAnyValue,
    ForAllValues,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equals,
    EqualsAnyCase,
    Like,
    Arn,
    Flag,
    Null,
    /// Numbers, dates, addresses: nothing of what we ask about has them.
    Unknown,
}

impl Operator {
    pub(super) fn named(name: &str) -> Self {
        let small = name.to_ascii_lowercase();
        let (set, rest) = match small.split_once(':') {
            Some(("foranyvalue", rest)) => (Some(Set::ForAnyValue), rest),
            Some(("forallvalues", rest)) => (Some(Set::ForAllValues), rest),
            _ => (None, small.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let (compare, negated) = match rest {
            "stringequals" => (Compare::Equals, false),
            "stringnotequals" => (Compare::Equals, true),
            "stringequalsignorecase" => (Compare::EqualsAnyCase, false),
            "stringnotequalsignorecase" => (Compare::EqualsAnyCase, true),
            "stringlike" => (Compare::Like, false),
            "stringnotlike" => (Compare::Like, true),
            // The two are the same: both know wildcards.
            "arnequals" | "arnlike" => (Compare::Arn, false),
            "arnnotequals" | "arnnotlike" => (Compare::Arn, true),
            "bool" => (Compare::Flag, false),
            "null" => (Compare::Null, false),
            _ => (Compare::Unknown, false),
        };
        Self {
            set,
            compare,
            negated,
            if_exists,
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, facts: &Facts, variables: bool, doubts: &mut Vec<String>) -> Holds {
        let holds = facts
            .of(&self.key)
            .map_or(Holds::Unknown, |fact| self.holds_for(fact, variables));
        if holds == Holds::Unknown {
            doubts.push(format!("it depends on `{}`, which is not known here", self.key));
        }
        holds
    }

    fn holds_for(&self, fact: &Fact, variables: bool) -> Holds {
        let Operator {
            set,
            compare,
            negated,
            if_exists,
        } = self.operator;
        if compare == Compare::Null {
            let absent = *fact == Fact::Absent;
            return Holds::any(
                self.values
                    .iter()
                    .map(|value| match value.to_ascii_lowercase().as_str() {
                        "true" => Holds::from(absent),
                        "false" => Holds::from(!absent),
                        _ => Holds::Unknown,
                    }),
            );
        }
        let one = |holds: Holds| if negated { holds.negated() } else { holds };
        match fact {
            Fact::Absent => Holds::from(if_exists || set == Some(Set::ForAllValues) || (negated && set.is_none())),
            // With a single member, each of the list and any of the list are the same.
            Fact::Is(value) => one(self.fits_any(value, variables)),
            Fact::OneOf(values) => {
                let mut each = values.iter().map(|value| one(self.fits_any(value, variables)));
                let first = each.next().unwrap_or(Holds::Unknown);
                if each.all(|holds| holds == first) {
                    first
                } else {
                    Holds::Unknown
                }
            }
            // What a list means without one of the two words is nowhere said.
            Fact::ListOfOneBeginning(_) if set.is_none() => Holds::Unknown,
            Fact::ListOfOneBeginning(beginning) => one(self.begins_any(beginning, variables)),
        }
    }

    fn fits_any(&self, found: &str, variables: bool) -> Holds {
        Holds::any(self.values.iter().map(|value| {
            if variables && value.contains("${") {
                return Holds::Unknown;
            }
            match self.operator.compare {
                Compare::Equals => Holds::from(value == found),
                Compare::EqualsAnyCase => Holds::from(value.eq_ignore_ascii_case(found)),
                Compare::Like => Holds::from(fits_pattern(value, found)),
                Compare::Flag => match value.to_ascii_lowercase().as_str() {
                    "true" | "false" => Holds::from(value.eq_ignore_ascii_case(found)),
                    _ => Holds::Unknown,
                },
                Compare::Arn => fits_arn(value, found),
                Compare::Null | Compare::Unknown => Holds::Unknown,
            }
        }))
    }

    /// Of the value only the beginning is known.
    fn begins_any(&self, beginning: &str, variables: bool) -> Holds {
        Holds::any(self.values.iter().map(|value| {
            if variables && value.contains("${") {
                return Holds::Unknown;
            }
            let wild = match self.operator.compare {
                Compare::Equals => None,
                Compare::Like => value.find(['*', '?']),
                _ => return Holds::Unknown,
            };
            let (literal, rest) = value.split_at(wild.unwrap_or(value.len()));
            if beginning.starts_with(literal) {
                match rest {
                    "*" => Holds::Yes,
                    // The value goes on after its beginning: it is longer than this.
                    "" => Holds::No,
                    _ => Holds::Unknown,
                }
            } else if literal.starts_with(beginning) {
                Holds::Unknown
            } else {
                Holds::No
            }
        }))
    }
}

/// Part by part: a star does not reach across the first five colons.
fn fits_arn(pattern: &str, found: &str) -> Holds {
    let parts = |text: &str| -> Option<Vec<String>> {
        let parts: Vec<String> = text.splitn(6, ':').map(str::to_owned).collect();
        (parts.len() == 6).then_some(parts)
    };
    match (parts(pattern), parts(found)) {
        (Some(pattern), Some(found)) => Holds::all(
            pattern
                .iter()
                .zip(&found)
                .map(|(pattern, found)| Holds::from(fits_pattern(pattern, found))),
        ),
        // What is no ARN is nothing that AWS documents here.
        _ => Holds::Unknown,
    }
}
