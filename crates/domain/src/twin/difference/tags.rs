//! The tags of a twin: those that are missing are added, those of other values are kept.

use super::{Deed, Difference, Standing, What};
use crate::twin::vault::{Read, Tags, VaultAsRead};

/// The most tags that a resource can have.
const MOST_TAGS: usize = 50;

impl Difference {
    pub(super) fn tags(&mut self, source: &VaultAsRead, twin: Option<&VaultAsRead>) {
        let tags = match &source.tags {
            Read::Known(tags) => tags,
            Read::Refused(why) => return self.say(What::Tags, Standing::NotCarried, why.as_ref()),
        };
        let (carried, reserved) = carried_tags(tags);
        if !reserved.is_empty() {
            let why = format!("{}: AWS reserves these keys for itself", reserved.join(", "));
            self.say(What::Tags, Standing::NotCarried, why);
        }
        let Some(twin) = twin else {
            if !carried.is_empty() {
                self.say(What::Tags, Standing::ToDo(Deed::With(What::Vault)), named(&carried));
            }
            return;
        };
        let has = match &twin.tags {
            Read::Known(has) => has,
            Read::Refused(why) if carried.is_empty() => return self.say(What::Tags, Standing::AlreadySo, why.as_ref()),
            Read::Refused(why) => {
                return self.say(
                    What::Tags,
                    Standing::NotCarried,
                    format!("without knowing them none can be added: {why}"),
                );
            }
        };
        let (other, rest): (Tags, Tags) = carried
            .into_iter()
            .partition(|(key, value)| has.get(key).is_some_and(|there| there != value));
        if !other.is_empty() {
            let each = other
                .iter()
                .map(|(key, value)| format!("{key} is `{}`, not `{value}`", has[key]));
            let detail = format!("{}; what is there is kept", each.collect::<Vec<_>>().join(", "));
            self.say(What::Tags, Standing::Differs, detail);
        }
        let (there, missing): (Tags, Tags) = rest.into_iter().partition(|(key, _)| has.contains_key(key));
        let own = has.keys().filter(|key| !is_reserved(key)).count();
        if own + missing.len() > MOST_TAGS {
            let why = format!(
                "{}: with these it would have more than {MOST_TAGS} tags",
                named(&missing)
            );
            self.say(What::Tags, Standing::NotCarried, why);
        } else if !missing.is_empty() {
            let detail = named(&missing);
            self.say(What::Tags, Standing::ToDo(Deed::Tag(missing)), detail);
        }
        if !there.is_empty() {
            self.say(What::Tags, Standing::AlreadySo, named(&there));
        }
    }
}

/// The tags that can be put, and the keys of those that are AWS's.
pub(super) fn carried_tags(tags: &Tags) -> (Tags, Vec<&str>) {
    let reserved = tags.keys().filter(|key| is_reserved(key)).map(|key| &**key);
    let carried = tags.iter().filter(|(key, _)| !is_reserved(key));
    (
        carried.map(|(key, value)| (key.clone(), value.clone())).collect(),
        reserved.collect(),
    )
}

fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn named(tags: &Tags) -> String {
    let each = tags.iter().map(|(key, value)| format!("{key}={value}"));
    each.collect::<Vec<_>>().join(", ")
}
