use sav_domain::selection::{
    CriteriaSpec, Match, OnMissing, PushDown, RuleSpec, RulesSpec, SelectionError, SelectionSpec, VaultChoice,
};
use sav_domain::{RecoveryPoint, ResourceType, Selection};

use crate::{Row, built, days_old, fate, list, now, options, point, wanting};

#[test]
fn without_options_every_point_is_chosen_whatever_it_looks_like() {
    let bare = RecoveryPoint::new("", sav_domain::VaultName::new("aws/odd").unwrap());
    assert_eq!(fate(&Selection::all(), &bare, None), "included");
    assert_eq!(fate(&built(&SelectionSpec::default()), &bare, None), "included");
    assert!(built(&SelectionSpec::default()).chooses_everything());
}

#[test]
fn each_option_leaves_out_with_its_own_reason() {
    let expect = |criteria: CriteriaSpec, reason: &str| {
        assert_eq!(
            fate(&built(&options(criteria)), &point(), Some(&Row::of("APM1"))),
            reason
        );
    };
    expect(wanting(|c| c.vault = list("dev-*, test")), "vault_not_selected");
    expect(wanting(|c| c.vault = list("test,prod-?aily")), "included");
    expect(
        wanting(|c| c.resource_type = list("rds, storage-gateway")),
        "type_not_selected",
    );
    expect(wanting(|c| c.resource_type = list("ebs")), "included");
    expect(wanting(|c| c.status = list("partial")), "status_not_selected");
    expect(wanting(|c| c.status = list("partial,completed")), "included");
    expect(
        wanting(|c| c.created_after = Some("2024-05-23".into())),
        "created_too_early",
    );
    expect(
        wanting(|c| c.created_before = Some("2024-05-21T12:00:00Z".into())),
        "created_too_late",
    );
    expect(wanting(|c| c.min_age_days = Some(10.5)), "too_young");
    expect(wanting(|c| c.max_age_days = Some(9.5)), "too_old");
    expect(wanting(|c| c.min_size_gb = Some(5.01)), "too_small");
    expect(wanting(|c| c.max_size_gb = Some(4.99)), "too_large");
    expect(wanting(|c| c.allowed_apmids = list("APM2")), "apmid_not_allowed");
    expect(wanting(|c| c.allowed_apmids = list("apm1")), "apmid_not_allowed");
    expect(wanting(|c| c.allowed_apmids = list(" APM1 ,APM2")), "included");
    expect(wanting(|c| c.excluded_apmids = list("APM1")), "apmid_excluded");
    expect(wanting(|c| c.excluded_apmids = list("APM2")), "included");
    expect(
        wanting(|c| c.metadata = Some(vec!["Env=prod".into()])),
        "metadata_not_equal:Env",
    );
}

#[test]
fn ends_of_ranges_tile_time_and_include_whole_sizes_and_ages() {
    let at = |criteria| fate(&built(&options(criteria)), &point(), None);
    let created = days_old(10).to_string();
    assert_eq!(at(wanting(|c| c.created_after = Some(created.clone()))), "included");
    assert_eq!(at(wanting(|c| c.created_before = Some(created))), "created_too_late");
    let exactly = wanting(|c| {
        c.min_age_days = Some(10.0);
        c.max_age_days = Some(10.0);
        c.min_size_gb = Some(5.0);
        c.max_size_gb = Some(5.0);
    });
    assert_eq!(at(exactly), "included");
}

#[test]
fn what_aws_did_not_tell_chooses_nothing() {
    let bare = RecoveryPoint::new("arn", sav_domain::VaultName::new("v").unwrap());
    let at = |criteria| fate(&built(&options(criteria)), &bare, None);
    assert_eq!(at(wanting(|c| c.resource_type = list("EBS"))), "type_unknown");
    assert_eq!(at(wanting(|c| c.status = list("COMPLETED"))), "status_unknown");
    assert_eq!(at(wanting(|c| c.max_age_days = Some(1.0))), "creation_date_unknown");
    assert_eq!(at(wanting(|c| c.max_size_gb = Some(1.0))), "size_unknown");
}

#[test]
fn an_unknown_apmid_is_out_under_allow_and_exclude_lists_alike() {
    let allow = wanting(|c| c.allowed_apmids = list("APM1"));
    let exclude = wanting(|c| c.excluded_apmids = list("APM2"));
    for criteria in [allow, exclude] {
        let under = |on_missing| {
            let spec = SelectionSpec {
                on_missing_metadata: on_missing,
                ..options(criteria.clone())
            };
            let selection = built(&spec);
            (
                fate(&selection, &point(), None),
                fate(&selection, &point(), Some(&Row::of(""))),
            )
        };
        let both = |missing: &str, blank: &str| (missing.to_owned(), blank.to_owned());
        assert_eq!(under(None), both("metadata_missing", "apmid_blank"));
        assert_eq!(under(Some(OnMissing::Exclude)), both("metadata_missing", "apmid_blank"));
        assert_eq!(under(Some(OnMissing::Include)), both("included", "included"));
        assert_eq!(
            under(Some(OnMissing::Fail)),
            both("undecidable:metadata_missing", "undecidable:apmid_blank")
        );
    }
}

#[test]
fn fail_does_not_stumble_over_points_that_are_out_anyway() {
    let spec = SelectionSpec {
        on_missing_metadata: Some(OnMissing::Fail),
        ..options(wanting(|c| {
            c.allowed_apmids = list("A");
            c.max_size_gb = Some(1.0);
        }))
    };
    assert_eq!(fate(&built(&spec), &point(), None), "too_large");
}

#[test]
fn values_of_one_metadata_column_are_alternatives_and_empty_cells_can_be_chosen() {
    let pairs = vec!["env=prod".into(), "ENV = stage".into(), "tier=".into()];
    let selection = built(&options(wanting(|c| c.metadata = Some(pairs))));
    assert_eq!(
        fate(
            &selection,
            &point(),
            Some(&Row::of("A").with("Env", "stage").with("Tier", ""))
        ),
        "included"
    );
    assert_eq!(
        fate(
            &selection,
            &point(),
            Some(&Row::of("A").with("Env", "stage").with("Tier", "1"))
        ),
        "metadata_not_equal:tier"
    );
    assert_eq!(fate(&selection, &point(), None), "metadata_missing");
}

fn rule(name: &str, criteria: CriteriaSpec) -> RuleSpec {
    RuleSpec {
        name: Some(name.into()),
        matching: Match::All,
        criteria,
    }
}

fn vault_rule(name: &str, vault: &str) -> RuleSpec {
    rule(name, wanting(|c| c.vault = list(vault)))
}

fn apmid_rule(name: &str, apmid: &str) -> RuleSpec {
    rule(name, wanting(|c| c.allowed_apmids = list(apmid)))
}

fn with_rules(matching: Match, include: Vec<RuleSpec>, exclude: Vec<RuleSpec>) -> Selection {
    built(&SelectionSpec {
        rules: RulesSpec {
            matching,
            include,
            exclude,
        },
        ..SelectionSpec::default()
    })
}

#[test]
fn include_rules_go_together_as_match_says() {
    let rules = || vec![vault_rule("prod", "prod-*"), apmid_rule("ours", "APM1")];
    let stranger = Row::of("APM9");
    assert_eq!(
        fate(&with_rules(Match::All, rules(), vec![]), &point(), Some(&stranger)),
        "rule_not_met:ours"
    );
    assert_eq!(
        fate(&with_rules(Match::Any, rules(), vec![]), &point(), Some(&stranger)),
        "included"
    );
    let elsewhere = || vec![vault_rule("dev", "dev-*"), apmid_rule("ours", "APM1")];
    assert_eq!(
        fate(&with_rules(Match::Any, elsewhere(), vec![]), &point(), Some(&stranger)),
        "no_rule_applies"
    );
    assert_eq!(
        fate(&with_rules(Match::Any, rules(), vec![]), &point(), None),
        "included",
        "the vault decides"
    );
    assert_eq!(
        fate(&with_rules(Match::Any, elsewhere(), vec![]), &point(), None),
        "metadata_missing"
    );
}

#[test]
fn an_exclude_rule_wins_and_the_unknown_does_not_slip_past_it() {
    let out = |exclude, point: &RecoveryPoint, row: Option<&Row>| {
        fate(
            &with_rules(Match::Any, vec![vault_rule("prod", "prod-*")], exclude),
            point,
            row,
        )
    };
    assert_eq!(
        out(vec![vault_rule("no daily", "*-daily")], &point(), None),
        "rule_excluded:no daily"
    );
    assert_eq!(
        out(vec![apmid_rule("not ours", "APM1")], &point(), None),
        "metadata_missing"
    );
    assert_eq!(
        out(vec![apmid_rule("not ours", "APM1")], &point(), Some(&Row::of("APM2"))),
        "included"
    );
    let big = rule("big", wanting(|c| c.min_size_gb = Some(100.0)));
    let sizeless = RecoveryPoint {
        size_bytes: None,
        ..point()
    };
    assert_eq!(out(vec![big.clone()], &sizeless, None), "rule_excluded:big");
    assert_eq!(out(vec![big], &point(), None), "included");
}

#[test]
fn a_rule_with_match_any_needs_one_of_its_conditions() {
    let either = RuleSpec {
        matching: Match::Any,
        ..rule(
            "e",
            wanting(|c| {
                c.vault = list("dev");
                c.status = list("completed");
            }),
        )
    };
    assert_eq!(
        fate(&with_rules(Match::All, vec![either.clone()], vec![]), &point(), None),
        "included"
    );
    let partial = RecoveryPoint {
        status: None,
        ..point()
    };
    assert_eq!(
        fate(&with_rules(Match::All, vec![either], vec![]), &partial, None),
        "rule_not_met:e"
    );
}

#[test]
fn what_aws_can_sort_out_is_pushed_down_with_a_margin() {
    let selection = built(&options(wanting(|c| {
        c.vault = list("a*");
        c.resource_type = list("ebs");
        c.created_after = Some("2024-01-01".into());
        c.max_age_days = Some(30.0);
        c.min_age_days = Some(1.0);
    })));
    let PushDown {
        vaults,
        resource_types,
        created_after,
        created_before,
    } = selection.push_down();
    assert!(vaults.contains("abc") && !vaults.contains("b"));
    assert_eq!(resource_types, Some([ResourceType::Ebs].as_slice()));
    assert_eq!(created_after, Some(days_old(30).plus_millis(-1000)));
    assert_eq!(created_before, Some(days_old(1).plus_millis(1000)));
    assert_eq!(Selection::all().vaults(), VaultChoice::All);

    let unheard = built(&options(wanting(|c| c.resource_type = list("ebs,Braket"))));
    assert_eq!(
        unheard.push_down().resource_types,
        None,
        "nobody can vouch for its spelling"
    );
}

#[test]
fn the_command_line_stands_above_the_configuration_file() {
    let typed = options(wanting(|c| c.vault = list("a")));
    let file = SelectionSpec {
        on_missing_metadata: Some(OnMissing::Fail),
        ..options(wanting(|c| {
            c.vault = list("b");
            c.status = list("partial");
        }))
    };
    let both = typed.or(file);
    assert_eq!(
        (both.criteria.vault, both.criteria.status),
        (list("a"), list("partial"))
    );
    assert_eq!(both.on_missing_metadata, Some(OnMissing::Fail));
}

#[test]
fn lists_can_come_from_files() {
    let mut spec = options(wanting(|c| c.allowed_apmids = list("A,@ours.txt")));
    spec.expand_files(|file| {
        assert_eq!(file, "ours.txt");
        Ok::<_, ()>("\u{feff}# our applications\r\nB\r\n\r\n  C  \r\n".into())
    })
    .unwrap();
    let selection = built(&spec);
    for (apmid, expected) in [
        ("A", "included"),
        ("B", "included"),
        ("C", "included"),
        ("D", "apmid_not_allowed"),
    ] {
        assert_eq!(fate(&selection, &point(), Some(&Row::of(apmid))), expected);
    }
    assert_eq!(spec.expand_files(|_| Err("not called again")), Ok(()));
}

#[test]
fn ages_beyond_the_calendar_are_refused_and_a_century_is_none() {
    let aged = |days| options(wanting(|c| c.max_age_days = Some(days)));
    assert_eq!(fate(&built(&aged(36_500.0)), &point(), None), "included");
    assert!(matches!(
        Selection::build(&aged(1e18), now()),
        Err(SelectionError::TooLong { option, .. }) if option == "--max-age-days"
    ));
}
