//! The command that goes on with a migration, as somebody would paste it into a shell.

use std::fmt::Write as _;
use std::path::Path;

use sav_domain::Route;

use crate::args::Global;

/// With the accounts, the ledger and the ways to AWS that were named: without them it would be about another migration, or nobody's.
#[derive(Clone, Debug)]
pub struct Again(String);

impl Again {
    pub fn with(route: &Route, state_file: Option<&Path>, global: &Global) -> Self {
        let mut line = format!(
            "shuffle-aws-vaults copy --source-account {} --dest-account {} --region {}",
            route.source(),
            route.destination(),
            route.region()
        );
        let path = |path: &Path| path.display().to_string();
        for (option, value) in [
            ("--source-profile", global.source_profile.clone()),
            ("--dest-profile", global.dest_profile.clone()),
            ("--source-role-arn", global.source_role_arn.clone()),
            ("--dest-role-arn", global.dest_role_arn.clone()),
            ("--endpoint-url", global.endpoint_url.clone()),
            ("--ca-bundle", global.ca_bundle.as_deref().map(path)),
            ("--config", global.config.as_deref().map(path)),
            ("--state-file", state_file.map(path)),
        ] {
            if let Some(value) = value {
                let _ = write!(line, " {option} {}", word(&value));
            }
        }
        Self(line)
    }

    /// Tries again what failed for this cause.
    pub fn for_cause(&self, category: &str) -> String {
        format!("{} --retry-failed --cause {}", self.0, word(category))
    }
}

/// One word of the shell, whatever is in it.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_word_is_quoted_where_the_shell_would_see_more_in_it() {
        assert_eq!(word("ACCESS_DENIED"), "ACCESS_DENIED");
        assert_eq!(word("/home/me/a ledger.db"), "'/home/me/a ledger.db'");
        assert_eq!(word("it's; rm"), "'it'\\''s; rm'");
        assert_eq!(word(""), "''");
    }
}
