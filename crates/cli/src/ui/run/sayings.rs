//! What is said of an event that is not about a single transfer.

use sav_application::copying;
use sav_application::engine::{PauseReason, RunEvent};
use sav_domain::{ResourceType, span};
use serde_json::{Value, json};

use super::view::in_words;

/// In words for people, and with more in it for programs.
#[derive(Debug)]
pub struct Saying {
    pub event: &'static str,
    pub is_warning: bool,
    pub text: String,
    /// Somebody else says it to people.
    pub is_known: bool,
    pub detail: Value,
}

impl Saying {
    fn note(event: &'static str, text: String, detail: Value) -> Self {
        Self {
            event,
            is_warning: false,
            text,
            is_known: false,
            detail,
        }
    }

    fn warning(event: &'static str, text: String, detail: Value) -> Self {
        Self {
            is_warning: true,
            ..Self::note(event, text, detail)
        }
    }
}

pub(super) fn saying(event: &RunEvent) -> Option<Saying> {
    Some(match event {
        RunEvent::GroupParked { group, cause } => {
            let kind = group.resource_type.as_ref().map(ResourceType::name);
            let key = group.encryption_key_arn.as_deref();
            let text = format!(
                "parked: {} in vault `{}`{}: {}: {}{}; everything else goes on",
                kind.unwrap_or("points of no type"),
                group.vault,
                key.map(|key| format!(" under the key {key}")).unwrap_or_default(),
                cause.category,
                cause.message,
                cause.fix.as_deref().map(|fix| format!("; {fix}")).unwrap_or_default(),
            );
            let detail = json!({
                "vault_name": group.vault.as_str(), "resource_type": kind, "encryption_key_arn": key,
                "category": cause.category, "error_message": cause.message, "fix": cause.fix,
            });
            Saying::warning("parked", text, detail)
        }
        RunEvent::Paused { reason, since } => {
            let text = format!("paused: {}; it goes on by itself", in_words(reason));
            let (side, watched) = match reason {
                PauseReason::Credentials { side, watched, .. } => (Some(side.to_string()), &watched[..]),
                _ => (None, &[][..]),
            };
            let detail = json!({ "reason": copying::word(reason), "since": since, "side": side, "watched": watched });
            Saying {
                // Whoever looks after credentials says more about them, in every command alike.
                is_known: side.is_some(),
                ..Saying::warning("paused", text, detail)
            }
        }
        RunEvent::Resumed { after } => {
            let text = format!("resumed after {}", span::human(*after));
            Saying::note("resumed", text, json!({ "after_seconds": after.as_secs() }))
        }
        RunEvent::WindowEnding { left } => {
            let left_in_words = span::human(*left);
            let text = format!("the window ends in {left_in_words}: what does not fit into it is not started any more");
            Saying::note("window-ending", text, json!({ "seconds_left": left.as_secs() }))
        }
        _ => return None,
    })
}
