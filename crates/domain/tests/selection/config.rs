use sav_domain::selection::{Match, OnMissing, RuleSpec, RulesSpec, SelectionSpec};

use crate::{built, fate, list, point, wanting};

#[test]
fn options_and_rules_are_read_from_toml() {
    let spec: SelectionSpec = toml::from_str(
        r#"
        vault = "prod-*"
        resource-type = ["EBS", "EFS"]
        created-after = 2024-01-01
        created-before = "2024-06-01T00:00:00Z"
        min-age-days = 1
        max_size_gb = 12.5
        allowed-apmids = ["A", 7]
        metadata = { Env = ["prod", "stage"], Tier = "1" }
        on-missing-metadata = "fail"

        [filter]
        match = "any"

        [[filter.include]]
        name = "ours"
        apmid = ["A"]
        match = "any"

        [[filter.exclude]]
        status = "partial"
        "#,
    )
    .unwrap();
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let expected = SelectionSpec {
        criteria: wanting(|c| {
            c.vault = list("prod-*");
            c.resource_type = words(&["EBS", "EFS"]);
            c.created_after = Some("2024-01-01".into());
            c.created_before = Some("2024-06-01T00:00:00Z".into());
            c.min_age_days = Some(1.0);
            c.max_size_gb = Some(12.5);
            c.allowed_apmids = words(&["A", "7"]);
            c.metadata = words(&["Env=prod", "Env=stage", "Tier=1"]);
        }),
        on_missing_metadata: Some(OnMissing::Fail),
        rules: RulesSpec {
            matching: Match::Any,
            include: vec![RuleSpec {
                name: Some("ours".into()),
                matching: Match::Any,
                criteria: wanting(|c| c.allowed_apmids = list("A")),
            }],
            exclude: vec![RuleSpec {
                criteria: wanting(|c| c.status = list("partial")),
                ..RuleSpec::default()
            }],
        },
    };
    assert_eq!(spec, expected);
    assert_eq!(fate(&built(&spec), &point(), None), "undecidable:metadata_missing");
}

#[test]
fn what_cannot_be_read_is_answered_with_what_could() {
    let refusal = |text: &str| toml::from_str::<SelectionSpec>(text).unwrap_err().message().to_owned();
    assert_eq!(
        refusal("valt = 'a'"),
        "unknown option `valt` in the choosing options; did you mean `vault`?"
    );
    assert_eq!(
        refusal("[filter]\nvault = 'a'"),
        "unknown option `vault` in the table `filter` with its `match` and its lists of rules; \
         expected one of match, include, exclude"
    );
    assert_eq!(
        refusal("[[filter.exclude]]\napm = 'a'"),
        "unknown option `apm` in a rule; did you mean `apmid`?"
    );
    assert_eq!(refusal("[filter]\nmatch = 'some'"), "`some` is not one of `all`, `any`");
    assert_eq!(
        refusal("on-missing-metadata = 'skip'"),
        "`skip` is not one of `exclude`, `include`, `fail`"
    );
    assert_eq!(
        refusal("vault = true"),
        "invalid type: boolean `true`, expected a word or a list of words"
    );
    assert_eq!(
        refusal("min-age-days = 'two'"),
        "invalid type: string \"two\", expected f64"
    );
    assert_eq!(
        refusal("min-age-days = 1\nmin_age_days = 2"),
        "`min_age_days` stands there twice"
    );
}
