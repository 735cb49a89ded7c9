//! Why AWS did not make a copy: whose fault it is, whether to try again, and what somebody can do about it.
//!
//! AWS spells its categories in two ways (`ACCESS_DENIED`, `AccessDenied`), so they are compared without case and underscores.
//! Where one category stands for several things, fragments of the message tell them apart; the whole message is never compared.

use crate::checks::Remedy;
use crate::fault::FaultKind;
use crate::text::{did_you_mean, near_names, quoted};
use crate::transfer::Cause;

/// Whom a failure belongs to, which decides what happens to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The point alone.
    Point,
    /// What it has in common with others: when it strikes several resources of them in a row, it strikes all.
    Shared(Reach),
    /// Another job is at work on the resource. Nobody's failure.
    Busy,
    /// AWS runs no more at once. Nobody's failure.
    Quota,
    /// Every copy of the migration would fail like this.
    Everybody,
}

/// How far a cause reaches that is not a point's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Nobody knows better: points of the same vault, type and key.
    Group,
    /// Points under the same key, whatever their vault and type.
    Key,
    /// Points of the same vault, whatever their type and key.
    Vault,
}

/// A failure understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub cause: Cause,
    pub blame: Blame,
    /// Whether the same request may go well another time with nothing done about it.
    pub retry: bool,
    /// The point may be gone: a look at it tells.
    pub gone: bool,
}

struct Rule {
    category: &'static str,
    /// Any of these in the message, in small letters; none: whatever it says.
    fragments: &'static [&'static str],
    blame: Blame,
    retry: bool,
    fix: &'static str,
}

const fn rule(
    category: &'static str,
    fragments: &'static [&'static str],
    blame: Blame,
    retry: bool,
    fix: &'static str,
) -> Rule {
    Rule {
        category,
        fragments,
        blame,
        retry,
        fix,
    }
}

/// The first that fits counts.
const RULES: &[Rule] = &[
    rule(
        "ACCESS_DENIED",
        &["same organization", "not a member of", "organization membership"],
        Blame::Everybody,
        false,
        Remedy::JoinOrganization.words(),
    ),
    rule(
        "ACCESS_DENIED",
        &[
            "default backup service managed key",
            "default key",
            "managed key can't be shared",
        ],
        Blame::Shared(Reach::Group),
        false,
        Remedy::GiveVaultCustomerKey.words(),
    ),
    rule(
        "ACCESS_DENIED",
        &["given key id is not accessible", "kms key", "describekey"],
        Blame::Shared(Reach::Key),
        false,
        Remedy::ShareKey.words(),
    ),
    rule(
        "ACCESS_DENIED",
        &["copyintobackupvault", "access policy of backup vault"],
        Blame::Shared(Reach::Vault),
        false,
        Remedy::OpenVault.words(),
    ),
    rule(
        "ACCESS_DENIED",
        &[],
        Blame::Shared(Reach::Group),
        false,
        Remedy::RepairCopyRole.words(),
    ),
    rule(
        "FEATURE_NOT_ENABLED",
        &[],
        Blame::Everybody,
        false,
        Remedy::EnableCrossAccountBackup.words(),
    ),
    rule(
        "KMS_KEY_ERROR",
        &[],
        Blame::Shared(Reach::Key),
        false,
        Remedy::EnableKey.words(),
    ),
    rule(
        "ACCESS_KEY_ERROR",
        &[],
        Blame::Shared(Reach::Key),
        false,
        Remedy::EnableKey.words(),
    ),
    rule(
        "INVALID_LIFECYCLE",
        &[],
        Blame::Shared(Reach::Group),
        false,
        Remedy::ChooseRetention.words(),
    ),
    rule(
        "CONCURRENT_JOB",
        &[],
        Blame::Busy,
        true,
        "another job is at work on the resource; the copy takes its turn later",
    ),
    rule(
        "LIMIT_EXCEEDED",
        &["50 tags", "tags"],
        Blame::Point,
        false,
        "remove tags from the recovery point: a copy may carry 50",
    ),
    rule(
        "LIMIT_EXCEEDED",
        &["images", "number of recovery points", "limit of grants"],
        Blame::Shared(Reach::Group),
        false,
        Remedy::RaiseQuota.words(),
    ),
    rule(
        "LIMIT_EXCEEDED",
        &[],
        Blame::Quota,
        true,
        "AWS takes no more of these at once; if it stays like this, have the quota raised",
    ),
    rule(
        "RESOURCE_NOT_FOUND",
        &["ami was not found", "allowed amis", "backup vault"],
        Blame::Shared(Reach::Group),
        false,
        Remedy::MakeVault.words(),
    ),
    rule(
        "RESOURCE_NOT_FOUND",
        &["kms key"],
        Blame::Shared(Reach::Key),
        false,
        Remedy::RestoreKey.words(),
    ),
    rule(
        "RESOURCE_NOT_FOUND",
        &[],
        Blame::Point,
        false,
        "the recovery point or something it needs is gone; plan again",
    ),
    rule(
        "RESOURCE_NOT_SUPPORTED",
        &["option group", "marketplace", "product code"],
        Blame::Point,
        false,
        "AWS does not copy points with this feature",
    ),
    rule(
        "RESOURCE_NOT_SUPPORTED",
        &[],
        Blame::Shared(Reach::Group),
        false,
        Remedy::ChooseOtherType.words(),
    ),
    rule(
        "UNSUPPORTED_OPERATION",
        &[],
        Blame::Point,
        false,
        "AWS does not copy points of this kind to another account",
    ),
    rule(
        "INVALID_STATE",
        &[],
        Blame::Point,
        false,
        "the point is not in a state from which it can be copied: cold, archived, or not complete",
    ),
    rule(
        "TAG_COPY_ERROR",
        &[],
        Blame::Shared(Reach::Group),
        true,
        "the copy role needs backup:TagResource and the permission to read the source's tags",
    ),
    rule("TOKEN_EXPIRED", &[], Blame::Point, true, "try again"),
    rule("JOB_EXPIRED", &[], Blame::Point, true, "try again"),
    rule(
        "FATAL_ERROR",
        &[],
        Blame::Point,
        true,
        "try again later; if it stays, ask AWS support",
    ),
    rule(
        "MISCELLANEOUS",
        &[],
        Blame::Point,
        true,
        "try again later; if it stays, ask AWS support",
    ),
    rule(
        "ABORTED",
        &[],
        Blame::Point,
        true,
        "somebody or AWS ended the job; try again",
    ),
    rule(
        "VSS_ERROR",
        &[],
        Blame::Point,
        false,
        "the backup itself is damaged; take another backup of the resource",
    ),
    rule(
        "HYPERVISOR_OFFLINE",
        &[],
        Blame::Shared(Reach::Group),
        true,
        "bring the hypervisor back online",
    ),
];

/// Reads what a failed job says about itself.
pub fn of_job(category: Option<&str>, message: Option<&str>) -> Reading {
    let message = message.unwrap_or_default();
    let category = category
        .filter(|category| !same_word(category, "SUCCESS"))
        .unwrap_or("MISCELLANEOUS");
    read(category, message)
}

/// Reads why `StartCopyJob` itself was refused, by AWS's error code.
pub fn of_refusal(kind: FaultKind, code: &str, message: &str) -> Reading {
    let (category, blame) = match kind {
        FaultKind::AccessDenied => ("ACCESS_DENIED", None),
        FaultKind::NotFound => ("RESOURCE_NOT_FOUND", None),
        FaultKind::LimitReached => ("LIMIT_EXCEEDED", Some(Blame::Quota)),
        FaultKind::Rejected => (code, Some(Blame::Point)),
        FaultKind::NotOptedIn => (code, Some(Blame::Everybody)),
        _ => (code, None),
    };
    let mut reading = read(category, message);
    reading.blame = blame.unwrap_or(reading.blame);
    if kind == FaultKind::Rejected {
        reading.retry = false;
        reading.cause.fix = Some("AWS refuses this request as it is; the message says what it does not take".into());
    }
    reading
}

fn read(category: &str, message: &str) -> Reading {
    let small = message.to_ascii_lowercase();
    let rule = RULES.iter().find(|rule| {
        same_word(rule.category, category)
            && (rule.fragments.is_empty() || rule.fragments.iter().any(|fragment| small.contains(fragment)))
    });
    let cause = Cause {
        category: rule.map_or_else(|| category.into(), |rule| rule.category.into()),
        message: message.into(),
        fix: rule.map(|rule| rule.fix.into()),
    };
    Reading {
        gone: &*cause.category == "RESOURCE_NOT_FOUND",
        cause,
        // What nobody knows is tried again a few times; when it strikes one resource after the other, the group waits for
        // somebody to look at it.
        blame: rule.map_or(Blame::Shared(Reach::Group), |rule| rule.blame),
        retry: rule.is_none_or(|rule| rule.retry),
    }
}

/// The categories that have a rule, each once.
pub fn known() -> Vec<&'static str> {
    let mut known: Vec<&str> = RULES.iter().map(|rule| rule.category).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// What is to be said of a category that nobody has heard of: AWS may have new ones, and fingers slip.
pub fn doubt(category: &str) -> Option<String> {
    let known = known();
    if known.iter().any(|known| same_word(known, category)) {
        return None;
    }
    let near = near_names(&category.replace(['-', ' '], "_"), known.iter().copied());
    Some(format!(
        "{} is a cause unknown to this version{}",
        quoted(category),
        did_you_mean(&near)
    ))
}

/// Whether two names of categories are one: `ACCESS_DENIED` and `AccessDenied`.
pub fn same_word(one: &str, other: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<u8> {
        let kept = text.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
        kept.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blame(category: &str, message: &str) -> (Blame, bool) {
        let reading = of_job(Some(category), Some(message));
        (reading.blame, reading.retry)
    }

    #[test]
    fn both_spellings_are_one_category() {
        for spelling in ["ACCESS_DENIED", "AccessDenied", "access_denied"] {
            let reading = of_job(Some(spelling), Some("no"));
            assert_eq!(
                (&*reading.cause.category, reading.blame),
                ("ACCESS_DENIED", Blame::Shared(Reach::Group))
            );
        }
    }

    #[test]
    fn a_category_that_nobody_knows_is_doubted() {
        assert!(known().iter().all(|known| doubt(known).is_none()));
        assert_eq!(doubt("accessDenied"), None);
        assert_eq!(
            doubt("ACCES_DENIED").as_deref(),
            Some("`ACCES_DENIED` is a cause unknown to this version; did you mean `ACCESS_DENIED`?")
        );
        assert_eq!(
            doubt("SOLAR_FLARE").as_deref(),
            Some("`SOLAR_FLARE` is a cause unknown to this version")
        );
    }

    #[test]
    fn one_category_several_meanings() {
        let organization = "Access denied: the accounts must be members of the same organization.";
        assert_eq!(blame("ACCESS_DENIED", organization), (Blame::Everybody, false));
        assert_eq!(blame("LIMIT_EXCEEDED", "more than 50 tags"), (Blame::Point, false));
        assert_eq!(
            blame("LimitExceeded", "The active snapshot limit has been exceeded."),
            (Blame::Quota, true)
        );
        assert_eq!(blame("CONCURRENT_JOB", "another job"), (Blame::Busy, true));
        assert_eq!(blame("INVALID_STATE", "cold"), (Blame::Point, false));
    }

    #[test]
    fn what_a_cause_reaches_is_what_has_to_be_mended() {
        let reach = |category, message| blame(category, message).0;
        let copy_role = "not authorized to perform: backup:CopyIntoBackupVault";
        assert_eq!(reach("KMS_KEY_ERROR", ""), Blame::Shared(Reach::Key));
        assert_eq!(
            reach("ACCESS_DENIED", "Given key ID is not accessible"),
            Blame::Shared(Reach::Key)
        );
        assert_eq!(reach("ACCESS_DENIED", copy_role), Blame::Shared(Reach::Vault));
        assert_eq!(reach("RESOURCE_NOT_FOUND", "the KMS key"), Blame::Shared(Reach::Key));
        assert_eq!(reach("SOLAR_FLARE", ""), Blame::Shared(Reach::Group));
    }

    #[test]
    fn what_nobody_knows_is_tried_again_and_named_as_it_came() {
        let reading = of_job(Some("SOLAR_FLARE"), Some("bright"));
        assert_eq!(&*reading.cause.category, "SOLAR_FLARE");
        assert!(reading.retry && reading.cause.fix.is_none());
        assert_eq!(&*of_job(None, None).cause.category, "MISCELLANEOUS");
        assert_eq!(&*of_job(Some("Success"), Some("odd")).cause.category, "MISCELLANEOUS");
    }

    #[test]
    fn a_refused_request_is_read_by_its_code() {
        let refused = of_refusal(
            FaultKind::Rejected,
            "InvalidRequestException",
            "Continuous points cannot be copied",
        );
        assert_eq!((refused.blame, refused.retry), (Blame::Point, false));
        assert_eq!(&*refused.cause.category, "InvalidRequestException");
        assert!(of_refusal(FaultKind::NotFound, "ResourceNotFoundException", "gone").gone);
        assert_eq!(
            of_refusal(FaultKind::LimitReached, "LimitExceededException", "").blame,
            Blame::Quota
        );
    }

    #[test]
    fn rules_with_fragments_come_before_the_rule_for_the_rest() {
        for (at, rule) in RULES.iter().enumerate() {
            let shadowed = RULES[..at]
                .iter()
                .any(|before| before.category == rule.category && before.fragments.is_empty());
            assert!(!shadowed, "{} {:?} is never reached", rule.category, rule.fragments);
            assert!(
                rule.fragments
                    .iter()
                    .all(|fragment| fragment.to_ascii_lowercase() == *fragment)
            );
        }
    }
}
