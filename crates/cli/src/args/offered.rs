//! Words that completions offer. Others are taken too: AWS may have new ones by now.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use sav_domain::category;
use sav_domain::recovery_point::PointStatus;
use sav_domain::resource_type::ResourceType;

#[derive(Clone)]
pub struct Offered(fn() -> Vec<String>);

/// Without spaces, which would have to be quoted; `ResourceType::named` does not mind.
pub fn resource_types() -> Offered {
    Offered(|| {
        ResourceType::KNOWN
            .iter()
            .map(|of| of.name().replace(' ', "-"))
            .collect()
    })
}

pub fn statuses() -> Offered {
    Offered(|| {
        PointStatus::KNOWN
            .iter()
            .map(|status| status.name().to_owned())
            .collect()
    })
}

pub fn causes() -> Offered {
    Offered(|| category::known().into_iter().map(str::to_owned).collect())
}

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_understood() {
        for word in resource_types().0() {
            let of = ResourceType::named(&word);
            assert!(ResourceType::KNOWN.contains(&of), "{word}");
            assert!(!word.contains(' '), "{word}");
        }
    }
}
