//! Differences, and that taking their steps one by one ends where taking them at once does.

use proptest::prelude::*;

use super::difference::{Deed, Difference, Standing, What};
use super::vault::{Lock, Notifications, Read, Tags, VaultAsRead, VaultKind};
use super::wishes::{KeyMap, LockWish, TopicWish, Wishes};
use crate::{Moment, Route, VaultName};

const OWN_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/own";
const KEY: &str = "arn:aws:kms:us-east-1:222222222222:key/theirs";

fn name(text: &str) -> VaultName {
    VaultName::new(text).unwrap()
}

fn route() -> Route {
    let (source, destination) = ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
    Route::between(source, destination, "us-east-1".parse().unwrap()).unwrap()
}

fn wishes() -> Wishes {
    Wishes {
        route: route(),
        copy_role_arn: "arn:aws:iam::111111111111:role/copy".into(),
        keys: KeyMap::one_for_all(KEY, &route()).unwrap(),
        lock: LockWish::Governance,
        topic: TopicWish::SameName,
    }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect()
}

fn bare(vault: &str, account: &str) -> VaultAsRead {
    VaultAsRead {
        name: name(vault),
        arn: format!("arn:aws:backup:us-east-1:{account}:backup-vault:{vault}").into(),
        kind: VaultKind::Plain,
        encryption_key_arn: Some(OWN_KEY.into()),
        lock: None,
        policy: Read::Known(None),
        notifications: Read::Known(None),
        tags: Read::Known(Tags::new()),
    }
}

fn furnished() -> VaultAsRead {
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "Own", "Effect": "Deny", "Resource": "*",
        "Principal": { "AWS": "111111111111" }, "Action": "backup:DeleteRecoveryPoint" }] });
    VaultAsRead {
        lock: Some(Lock {
            min_retention_days: Some(7),
            max_retention_days: Some(365),
            unchangeable_from: Some(Moment::from_millis(0)),
        }),
        policy: Read::Known(Some(policy.to_string().into())),
        notifications: Read::Known(Some(Notifications {
            topic_arn: "arn:aws:sns:us-east-1:111111111111:backups".into(),
            events: vec!["COPY_JOB_FAILED".into(), "BACKUP_JOB_FAILED".into()],
        })),
        tags: Read::Known(tags(&[
            ("aws:cloudformation:stack", "x"),
            ("team", "backup"),
            ("stage", "prod"),
        ])),
        ..bare("daily", "111111111111")
    }
}

/// What AWS would make of it.
fn done(deed: &Deed, twin: &mut Option<VaultAsRead>) {
    if let Deed::Create { key, tags } = deed {
        *twin = Some(VaultAsRead {
            encryption_key_arn: key.clone(),
            tags: Read::Known(tags.clone()),
            ..bare("daily", "222222222222")
        });
        return;
    }
    let twin = twin.as_mut().expect("the vault comes first");
    match deed {
        Deed::Tag(new) => {
            let mut all = twin.tags.known().unwrap().clone();
            all.extend(new.clone());
            twin.tags = Read::Known(all);
        }
        Deed::PutPolicy(text) => twin.policy = Read::Known(Some(text.as_str().into())),
        Deed::PutNotifications(told) => twin.notifications = Read::Known(Some(told.clone())),
        Deed::PutLock {
            min_retention_days,
            max_retention_days,
            changeable_for_days,
        } => {
            twin.lock = Some(Lock {
                min_retention_days: *min_retention_days,
                max_retention_days: *max_retention_days,
                unchangeable_from: changeable_for_days.map(|days| Moment::from_millis(days * 86_400_000)),
            });
        }
        Deed::Create { .. } | Deed::With(_) => {}
    }
}

fn deeds(difference: &Difference) -> Vec<&Deed> {
    let to_do = difference.steps.iter().filter_map(|step| match &step.standing {
        Standing::ToDo(deed) => Some(deed),
        _ => None,
    });
    to_do.filter(|deed| !matches!(deed, Deed::With(_))).collect()
}

fn standing(difference: &Difference, what: What) -> (&'static str, &str) {
    let step = difference.steps.iter().find(|step| step.what == what).unwrap();
    (step.standing.name(), &step.detail)
}

#[test]
fn a_twin_is_made_step_by_step_and_locked_last() {
    let difference = Difference::between(&furnished(), &name("daily"), None, &wishes());
    let deeds = deeds(&difference);
    assert!(matches!(deeds[0], Deed::Create { key: Some(key), tags } if &**key == KEY && tags.len() == 2));
    assert!(matches!(deeds[1], Deed::PutPolicy(_)) && matches!(deeds[2], Deed::PutNotifications(_)));
    let removable = Deed::PutLock {
        min_retention_days: Some(7),
        max_retention_days: Some(365),
        changeable_for_days: None,
    };
    assert_eq!(deeds[3..], [&removable], "a compliance lock is not carried as one");
    assert_eq!(
        standing(&difference, What::Tags).0,
        "not_carried",
        "AWS's own tags are first"
    );
}

#[test]
fn a_twin_that_is_otherwise_stays_so() {
    let twin = VaultAsRead {
        lock: Some(Lock {
            min_retention_days: Some(1),
            max_retention_days: None,
            unchangeable_from: None,
        }),
        notifications: Read::Known(Some(Notifications {
            topic_arn: "arn:aws:sns:us-east-1:222222222222:mine".into(),
            events: vec!["COPY_JOB_FAILED".into()],
        })),
        tags: Read::Known(tags(&[("team", "storage"), ("stage", "prod")])),
        ..bare("daily", "222222222222")
    };
    let difference = Difference::between(&furnished(), &name("daily"), Some(&twin), &wishes());
    for what in [What::Key, What::Notifications, What::Lock] {
        assert_eq!(standing(&difference, what).0, "differs", "{what:?}");
    }
    assert!(
        matches!(deeds(&difference)[..], [Deed::PutPolicy(_)]),
        "{difference:#?}"
    );
}

#[test]
fn what_cannot_be_read_is_not_written_over() {
    let refused = || "AccessDenied".into();
    let twin = VaultAsRead {
        policy: Read::Refused(refused()),
        notifications: Read::Refused(refused()),
        tags: Read::Refused(refused()),
        ..bare("daily", "222222222222")
    };
    let difference = Difference::between(&furnished(), &name("daily"), Some(&twin), &wishes());
    for what in [What::AccessPolicy, What::Notifications] {
        assert_eq!(standing(&difference, what).0, "not_carried", "{what:?}");
    }
    assert!(
        matches!(deeds(&difference)[..], [Deed::PutLock { .. }]),
        "{difference:#?}"
    );
}

#[test]
fn an_irreversible_lock_is_put_only_where_the_name_was_repeated_and_never_twice() {
    let confirmed = |names: &[&str]| Wishes {
        lock: LockWish::Compliance {
            changeable_for_days: 3,
            confirmed: names.iter().map(|text| name(text)).collect(),
        },
        ..wishes()
    };
    let source = furnished();
    let mut twin = None;
    done(
        &Deed::Create {
            key: Some(KEY.into()),
            tags: Tags::new(),
        },
        &mut twin,
    );
    let twin = twin.unwrap();
    let none = Difference::between(&source, &name("daily"), Some(&twin), &confirmed(&["weekly"]));
    let (result, detail) = standing(&none, What::Lock);
    assert_eq!(result, "not_carried");
    assert!(detail.contains("--confirm-lock daily"), "{detail}");

    let removable = Some(Lock {
        unchangeable_from: None,
        ..source.lock.unwrap()
    });
    for lock in [None, removable] {
        let twin = VaultAsRead { lock, ..twin.clone() };
        let some = Difference::between(&source, &name("daily"), Some(&twin), &confirmed(&["daily"]));
        let last = *deeds(&some).last().unwrap();
        assert!(
            matches!(
                last,
                Deed::PutLock {
                    changeable_for_days: Some(3),
                    ..
                }
            ),
            "{last:?}"
        );
    }
    let locked = VaultAsRead {
        lock: source.lock,
        ..twin
    };
    for wishes in [confirmed(&["daily"]), wishes()] {
        let again = Difference::between(&source, &name("daily"), Some(&locked), &wishes);
        assert_eq!(standing(&again, What::Lock).0, "already_so");
    }
}

#[test]
fn some_names_are_no_names_for_a_twin() {
    for (target, reason) in [
        ("Default", "default vault"),
        ("aws/efs/automatic-backup-vault", "--vault-map"),
    ] {
        let difference = Difference::between(&bare(target, "111111111111"), &name(target), None, &wishes());
        let (result, detail) = standing(&difference, What::Vault);
        assert!(result == "not_carried" && detail.contains(reason), "{difference:?}");
        assert_eq!(difference.steps.len(), 1);
    }
}

#[test]
fn a_file_of_keys_is_read_or_refused_by_its_line() {
    let map = KeyMap::one_for_all(KEY, &route()).unwrap();
    let text = format!("# keys\n\ndaily = {KEY}1\n{OWN_KEY}={KEY}2\r\n");
    let map = map.with_lines(&text, &route()).unwrap();
    assert_eq!(map.of(&name("daily"), Some(OWN_KEY)), Some(&*format!("{KEY}1")));
    assert_eq!(map.of(&name("weekly"), Some(OWN_KEY)), Some(&*format!("{KEY}2")));
    assert_eq!(map.of(&name("weekly"), None), Some(KEY));
    for (text, says) in [
        ("daily".to_owned(), "line 1"),
        (format!("\ndaily={}", KEY.replace("key/", "alias/")), "line 2"),
        (
            format!("daily={}", KEY.replace("us-east-1", "eu-west-1")),
            "of that Region",
        ),
        (format!("daily={KEY}\ndaily={KEY}2"), "a second time"),
    ] {
        let refused = KeyMap::default().with_lines(&text, &route()).unwrap_err().to_string();
        assert!(refused.contains(says), "{text}: {refused}");
    }
}

fn some_tags() -> impl Strategy<Value = Tags> {
    prop::collection::btree_map("[ab]|aws:[ab]", "[xy]", 0..4).prop_map(|tags| {
        tags.into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    })
}

fn some_lock() -> impl Strategy<Value = Option<Lock>> {
    let date = prop::option::of(Just(Moment::from_millis(1)));
    prop::option::of((prop::option::of(1..3_i64), prop::option::of(5..7_i64), date).prop_map(
        |(min_retention_days, max_retention_days, unchangeable_from)| Lock {
            min_retention_days,
            max_retention_days,
            unchangeable_from,
        },
    ))
}

fn some_vault(account: &'static str) -> impl Strategy<Value = VaultAsRead> {
    let told = prop::sample::select(vec![None, furnished().notifications.known().unwrap().clone()]);
    let policy = prop::sample::select(vec![None, furnished().policy.known().unwrap().clone()]);
    (some_tags(), some_lock(), told, policy).prop_map(move |(tags, lock, told, policy)| VaultAsRead {
        lock,
        policy: Read::Known(policy),
        notifications: Read::Known(told),
        tags: Read::Known(tags),
        ..bare("daily", account)
    })
}

proptest! {
    /// As after a kill between any two calls.
    #[test]
    fn steps_may_be_broken_off_anywhere(
        source in some_vault("111111111111"),
        twin in prop::option::of(some_vault("222222222222")),
        taken in 0..6_usize,
        compliance: bool,
    ) {
        let lock = if compliance {
            LockWish::Compliance { changeable_for_days: 3, confirmed: [name("daily")].into() }
        } else {
            LockWish::Governance
        };
        let wishes = Wishes { lock, ..wishes() };
        let all_at_once = |mut twin: Option<VaultAsRead>, most: usize| {
            let difference = Difference::between(&source, &name("daily"), twin.as_ref(), &wishes);
            deeds(&difference).into_iter().take(most).for_each(|deed| done(deed, &mut twin));
            twin
        };
        let broken_off = all_at_once(twin.clone(), taken);
        let ended = all_at_once(broken_off, usize::MAX);
        prop_assert_eq!(&ended, &all_at_once(twin, usize::MAX));
        let settled = Difference::between(&source, &name("daily"), ended.as_ref(), &wishes);
        prop_assert!(settled.is_settled(), "{:#?}", settled);
    }
}
