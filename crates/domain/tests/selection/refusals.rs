use sav_domain::Selection;
use sav_domain::metadata::TableColumns;
use sav_domain::selection::{CriteriaSpec, RuleSpec, RulesSpec, SelectionSpec};

use crate::{built, list, now, options, wanting};

fn refusal(spec: &SelectionSpec) -> String {
    Selection::build(spec, now()).unwrap_err().to_string()
}

fn refused(criteria: CriteriaSpec) -> String {
    refusal(&options(criteria))
}

#[test]
fn every_refusal_says_what_and_what_to_do() {
    assert_eq!(
        refused(wanting(|c| c.vault = list(" , "))),
        "--vault is given, but holds nothing to choose; name at least one value or leave the option out"
    );
    assert_eq!(
        refused(wanting(|c| c.created_after = Some("last week".into()))),
        "--created-after: `last week` is neither a date like `2024-05-31` nor an RFC 3339 time like `2024-05-31T22:00:00Z`"
    );
    assert_eq!(
        refused(wanting(|c| {
            c.created_after = Some("2024-05-31".into());
            c.created_before = Some("2024-05-31".into());
        })),
        "--created-after and --created-before together choose nothing: the first wants points from \
         2024-05-31T00:00:00.000Z on, the second up to 2024-05-31T00:00:00.000Z; change one of them"
    );
    assert_eq!(
        refused(wanting(|c| {
            c.max_age_days = Some(1.0);
            c.min_age_days = Some(2.0);
        })),
        "--max-age-days and --min-age-days together choose nothing: the first wants points from \
         2024-05-31T00:00:00.000Z on, the second up to 2024-05-30T00:00:00.000Z; change one of them"
    );
    assert_eq!(
        refused(wanting(|c| {
            c.created_before = Some("2020-01-01".into());
            c.max_age_days = Some(7.0);
        })),
        "--max-age-days and --created-before together choose nothing: the first wants points from \
         2024-05-25T00:00:00.000Z on, the second up to 2020-01-01T00:00:00.000Z; change one of them"
    );
    assert_eq!(
        refused(wanting(|c| {
            c.min_size_gb = Some(2.0);
            c.max_size_gb = Some(1.5);
        })),
        "--min-size-gb and --max-size-gb together choose nothing: no size is at least 2 GB and at most 1.5 GB; \
         change one of them"
    );
    assert_eq!(
        refused(wanting(|c| c.min_size_gb = Some(-1.0))),
        "--min-size-gb is -1: it must be a number from 0 up"
    );
    assert_eq!(
        refused(wanting(|c| c.max_age_days = Some(f64::NAN))),
        "--max-age-days is NaN: it must be a number from 0 up"
    );
    assert_eq!(
        refused(wanting(|c| c.metadata = Some(vec!["prod".into()]))),
        "--metadata `prod`: expected KEY=VALUE, a column of the metadata and the value wanted there"
    );
    assert_eq!(
        refused(wanting(|c| c.excluded_apmids = list("@gone.txt"))),
        "--excluded-apmids: the list in the file `gone.txt` was not read"
    );
    assert_eq!(
        refused(wanting(|c| {
            c.allowed_apmids = list("A,B");
            c.excluded_apmids = list("B,A,C");
        })),
        "--excluded-apmids takes away every APMID of --allowed-apmids, so nothing can be chosen; change one of them"
    );
}

#[test]
fn refusals_of_rules_name_the_rule() {
    let with = |include: Vec<RuleSpec>, exclude: Vec<RuleSpec>| {
        refusal(&SelectionSpec {
            rules: RulesSpec {
                include,
                exclude,
                ..RulesSpec::default()
            },
            ..SelectionSpec::default()
        })
    };
    let named = |name: &str, criteria| RuleSpec {
        name: Some(name.into()),
        criteria,
        ..RuleSpec::default()
    };
    assert_eq!(
        with(vec![RuleSpec::default()], vec![]),
        "the include rule `include 1` has no condition, so it would apply to every point; give it one or take it out"
    );
    assert_eq!(
        with(vec![], vec![named("dev", wanting(|c| c.vault = Some(vec![])))]),
        "`vault` of the exclude rule `dev` is given, but holds nothing to choose; name at least one value or leave the \
         option out"
    );
    assert_eq!(
        with(vec![], vec![named("dev", wanting(|c| c.excluded_apmids = list("A")))]),
        "the exclude rule `dev`: `excluded-apmids` in an exclude rule would say the opposite of what it looks like; \
         write `apmid`"
    );
    let vault = || wanting(|c| c.vault = list("a"));
    assert_eq!(
        with(vec![named("x", vault())], vec![named("x", vault())]),
        "two rules are called `x`; give each its own name, it is shown as the reason of what it leaves out"
    );
}

#[test]
fn the_table_must_be_able_to_answer() {
    let selection = built(&options(wanting(|c| {
        c.allowed_apmids = list("A");
        c.metadata = Some(vec!["Enviroment=prod".into()]);
    })));
    let refusal = |table: Option<TableColumns<'_>>| selection.check_table(table.as_ref()).unwrap_err().to_string();
    assert_eq!(
        refusal(None),
        "--allowed-apmids needs to know the points' owners; name the table with --metadata-csv FILE"
    );
    let names = || vec!["Owner", "Environment"];
    assert_eq!(
        refusal(Some(TableColumns {
            names: names(),
            apmid: None
        })),
        "the metadata has no APMID column, but APMIDs are asked for; name the column with --apmid-column; its columns: \
         `Owner`, `Environment`"
    );
    assert_eq!(
        refusal(Some(TableColumns {
            names: names(),
            apmid: Some("Owner")
        })),
        "the metadata has no column `Enviroment`; did you mean `Environment`?; its columns: `Owner`, `Environment`"
    );
    assert_eq!(Selection::all().check_table(None), Ok(()));
    assert!(selection.needs_table());
}

#[test]
fn an_unheard_state_is_taken_with_a_doubt() {
    let selection = built(&options(wanting(|c| c.status = list("COMPLETD,available,ARCHIVED"))));
    assert_eq!(
        selection.doubts(),
        [
            "--status: `COMPLETD` is a state unknown to this version; did you mean `COMPLETED`?",
            "--status: `ARCHIVED` is a state unknown to this version",
        ]
    );
}

#[test]
fn an_unheard_resource_type_is_taken_with_a_doubt() {
    let selection = built(&options(wanting(|c| c.resource_type = list("EBSS,EFS"))));
    assert_eq!(
        selection.doubts(),
        ["--resource-type: `EBSS` is a resource type unknown to this version; did you mean `EBS`?"]
    );
}
