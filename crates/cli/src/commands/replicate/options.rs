//! From options to what is asked for about twins.

use sav_domain::selection::SelectionError;
use sav_domain::twin::{KeyMap, LockWish, TopicWish, Wishes};
use sav_domain::{Moment, Route, Selection, SelectionSpec, arn::Arn, text::quoted};

use crate::args::{CopyTwins, LockMode, Replicate, Twins};
use crate::problem::Problem;

pub(super) fn wishes(twins: &Twins, lock: LockWish, copy_role_arn: &str, route: &Route) -> Result<Wishes, Problem> {
    Ok(Wishes {
        route: route.clone(),
        copy_role_arn: copy_role_arn.into(),
        keys: keys(twins, route)?,
        lock,
        topic: topic(twins, route)?,
    })
}

/// The vaults alone: what else chooses points does not choose vaults.
pub(super) fn vaults(named: Option<Vec<String>>, configured: SelectionSpec, now: Moment) -> Result<Selection, Problem> {
    let mut spec = SelectionSpec::default();
    spec.criteria.vault = named.or(configured.criteria.vault);
    Selection::build(&spec, now)
        .map_err(|error: SelectionError| Problem::new("these options choose no vaults").because(error.to_string()))
}

pub(super) fn lock(replicate: &Replicate) -> Result<LockWish, Problem> {
    let days = replicate.changeable_for_days;
    let confirmed = &replicate.confirm_lock;
    let refused = |why: &str| {
        Err(Problem::new("the lock options do not fit together").because(why).help(
            "a compliance lock is for ever: --lock-mode compliance --changeable-for-days N --confirm-lock VAULT; nothing was changed",
        ))
    };
    match (replicate.twins.lock_mode, days) {
        (LockMode::Compliance, Some(_)) if confirmed.is_empty() => {
            refused("--lock-mode compliance asks for the vaults' names once more, with --confirm-lock")
        }
        (LockMode::Compliance, Some(changeable_for_days)) => Ok(LockWish::Compliance {
            changeable_for_days,
            confirmed: confirmed.iter().cloned().collect(),
        }),
        (LockMode::Compliance, None) => {
            refused("--lock-mode compliance asks for --changeable-for-days, the time in which it can still be removed")
        }
        (_, Some(_)) => refused("--changeable-for-days is for --lock-mode compliance only"),
        (_, None) if !confirmed.is_empty() => refused("--confirm-lock is for --lock-mode compliance only"),
        (LockMode::Governance, None) => Ok(LockWish::Governance),
        (LockMode::None, None) => Ok(LockWish::None),
    }
}

/// What `copy` may be asked for, before any call.
pub fn check_copy(twins: &CopyTwins, copy_role_arn: &str, route: &Route) -> Result<Wishes, Problem> {
    let lock = match twins.twins.lock_mode {
        LockMode::Governance => LockWish::Governance,
        LockMode::None => LockWish::None,
        LockMode::Compliance => {
            return Err(Problem::new("copy puts no compliance lock")
                .because("nobody could ever remove it again, and it would refuse copies that are still to come")
                .help("when everything has arrived and `verify` agrees: `replicate --lock-mode compliance`"));
        }
    };
    wishes(&twins.twins, lock, copy_role_arn, route)
}

fn keys(twins: &Twins, route: &Route) -> Result<KeyMap, Problem> {
    let mut keys = KeyMap::default();
    if let Some(key) = &twins.kms_key_arn {
        keys = KeyMap::one_for_all(key, route)
            .map_err(|error| Problem::new("--kms-key-arn cannot be used").because(error.to_string()))?;
    }
    if let Some(file) = &twins.kms_map {
        let unusable =
            |why: String| Problem::new(format!("the keys in `{}` cannot be used", file.display())).because(why);
        let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
        keys = keys
            .with_lines(&text, route)
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(keys)
}

fn topic(twins: &Twins, route: &Route) -> Result<TopicWish, Problem> {
    let topic = match twins.sns_topic.as_deref() {
        None => return Ok(TopicWish::LeftOut),
        Some("same") => return Ok(TopicWish::SameName),
        Some(topic) => topic,
    };
    let fits = Arn::parse(topic).is_some_and(|arn| {
        arn.service == "sns" && arn.account_id() == Some(route.destination()) && arn.region == route.region().as_str()
    });
    if fits {
        return Ok(TopicWish::Named(topic.into()));
    }
    Err(Problem::new(format!(
        "--sns-topic {} is no topic that these vaults could tell",
        quoted(topic)
    ))
    .because(format!(
        "it has to be one of account {} in {}, like `arn:{}:sns:{}:{}:NAME`, or `same`",
        route.destination(),
        route.region(),
        route.partition(),
        route.region(),
        route.destination()
    )))
}
