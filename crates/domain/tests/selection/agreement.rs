//! A second, naive implementation of the documented rules. The two must agree on every point, table and choice.

use proptest::prelude::*;
use sav_domain::recovery_point::PointStatus;
use sav_domain::selection::{CriteriaSpec, Match, OnMissing, RuleSpec, RulesSpec, SelectionSpec};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Selection, VaultName};

use crate::{Row, fate, now};

const VAULTS: [&str; 3] = ["prod", "prod-2", "dev"];
const PATTERNS: [(&str, [bool; 3]); 4] = [
    ("prod", [true, false, false]),
    ("prod*", [true, true, false]),
    ("???", [false, false, true]),
    ("*", [true, true, true]),
];
const TYPES: [&str; 3] = ["EBS", "S3", "Braket"];
const STATUSES: [&str; 3] = ["COMPLETED", "PARTIAL", "MELTING"];
const APMIDS: [&str; 4] = ["A", "a", "B", ""];
const DAYS: i64 = 86_400_000;

#[derive(Clone, Debug)]
struct Scene {
    vault: usize,
    of_type: Option<usize>,
    status: Option<usize>,
    /// In units of half a day and half a GiB, so that the ends of ranges are hit.
    age: Option<u8>,
    size: Option<u8>,
    /// APMID and the value of the column `Env`.
    row: Option<(usize, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Wish {
    vaults: Option<Vec<usize>>,
    types: Option<Vec<usize>>,
    statuses: Option<Vec<usize>>,
    after: Option<u8>,
    before: Option<u8>,
    min_age: Option<u8>,
    max_age: Option<u8>,
    min_size: Option<u8>,
    max_size: Option<u8>,
    allowed: Option<Vec<usize>>,
    excluded: Option<Vec<usize>>,
    env: Option<Vec<usize>>,
}

/// Two bits of truth: whether it may hold, and whether it must.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tri {
    may: bool,
    must: bool,
}

fn sure(holds: bool) -> Tri {
    Tri {
        may: holds,
        must: holds,
    }
}

fn both(a: Tri, b: Tri) -> Tri {
    Tri {
        may: a.may && b.may,
        must: a.must && b.must,
    }
}

fn either(a: Tri, b: Tri) -> Tri {
    Tri {
        may: a.may || b.may,
        must: a.must || b.must,
    }
}

impl Wish {
    /// `silent` is what counts for members that AWS left out.
    fn conditions(&self, scene: &Scene, silent: bool) -> Vec<Tri> {
        let mut out = Vec::new();
        let told = |fact: Option<bool>| sure(fact.unwrap_or(silent));
        if let Some(patterns) = &self.vaults {
            out.push(sure(patterns.iter().any(|at| PATTERNS[*at].1[scene.vault])));
        }
        if let Some(types) = &self.types {
            out.push(told(scene.of_type.map(|of| types.contains(&of))));
        }
        if let Some(statuses) = &self.statuses {
            out.push(told(scene.status.map(|of| statuses.contains(&of))));
        }
        // "After" and "before" are given as ages here: created at or after is an age of at most.
        out.extend(self.after.map(|limit| told(scene.age.map(|age| age <= limit))));
        out.extend(self.before.map(|limit| told(scene.age.map(|age| age > limit))));
        out.extend(self.min_age.map(|limit| told(scene.age.map(|age| age >= limit))));
        out.extend(self.max_age.map(|limit| told(scene.age.map(|age| age <= limit))));
        out.extend(self.min_size.map(|limit| told(scene.size.map(|size| size >= limit))));
        out.extend(self.max_size.map(|limit| told(scene.size.map(|size| size <= limit))));
        let unknown = Tri { may: true, must: false };
        let apmid = scene
            .row
            .map(|(apmid, _)| APMIDS[apmid])
            .filter(|apmid| !apmid.is_empty());
        let listed = |list: &Vec<usize>, apmid: &str| list.iter().any(|at| APMIDS[*at] == apmid);
        if let Some(list) = &self.allowed {
            out.push(apmid.map_or(unknown, |apmid| sure(listed(list, apmid))));
        }
        if let Some(list) = &self.excluded {
            out.push(apmid.map_or(unknown, |apmid| sure(!listed(list, apmid))));
        }
        if let Some(list) = &self.env {
            out.push(scene.row.map_or(unknown, |(_, env)| sure(listed(list, APMIDS[env]))));
        }
        out
    }

    fn spec(&self) -> CriteriaSpec {
        let pick = |list: &Option<Vec<usize>>, from: &[&str]| {
            list.as_ref()
                .map(|list| list.iter().map(|at| from[*at].to_owned()).collect::<Vec<_>>())
        };
        let half = |value: Option<u8>| value.map(|value| f64::from(value) / 2.0);
        let ago = |value: Option<u8>| value.map(|age| now().plus_millis(-i64::from(age) * DAYS / 2).to_string());
        CriteriaSpec {
            vault: pick(&self.vaults, &PATTERNS.map(|(pattern, _)| pattern)),
            resource_type: pick(&self.types, &["ebs", "s3", "braket"]),
            status: pick(&self.statuses, &["completed", "Partial", "melting"]),
            created_after: ago(self.after),
            created_before: ago(self.before),
            min_age_days: half(self.min_age),
            max_age_days: half(self.max_age),
            min_size_gb: half(self.min_size),
            max_size_gb: half(self.max_size),
            allowed_apmids: pick(&self.allowed, &APMIDS),
            excluded_apmids: pick(&self.excluded, &APMIDS),
            metadata: pick(&self.env, &APMIDS)
                .map(|values| values.into_iter().map(|value| format!("env={value}")).collect()),
        }
    }

    fn is_empty(&self) -> bool {
        self.spec() == CriteriaSpec::default()
    }
}

fn expected(spec: &Story, scene: &Scene) -> &'static str {
    let join = |matching: Match, parts: Vec<Tri>| match matching {
        Match::All => parts.into_iter().fold(sure(true), both),
        Match::Any => parts.into_iter().reduce(either).unwrap_or(sure(true)),
    };
    let options = join(Match::All, spec.options.conditions(scene, false));
    let include: Vec<Tri> = spec
        .include
        .iter()
        .map(|(matching, wish)| join(*matching, wish.conditions(scene, false)))
        .collect();
    let include = join(spec.matching, include);
    let exclude = spec
        .exclude
        .iter()
        .map(|(matching, wish)| join(*matching, wish.conditions(scene, true)));
    let excluded = exclude.reduce(either).unwrap_or(sure(false));
    let chosen = both(
        both(options, include),
        Tri {
            may: !excluded.must,
            must: !excluded.may,
        },
    );
    match (chosen.must, chosen.may, spec.on_missing) {
        (true, _, _) | (false, true, OnMissing::Include) => "in",
        (false, true, OnMissing::Fail) => "undecidable",
        (false, ..) => "out",
    }
}

#[derive(Clone, Debug)]
struct Story {
    options: Wish,
    matching: Match,
    include: Vec<(Match, Wish)>,
    exclude: Vec<(Match, Wish)>,
    on_missing: OnMissing,
}

impl Story {
    fn spec(&self) -> SelectionSpec {
        let rules = |rules: &[(Match, Wish)]| {
            let specs = rules.iter().map(|(matching, wish)| RuleSpec {
                name: None,
                matching: *matching,
                criteria: wish.spec(),
            });
            specs.collect()
        };
        SelectionSpec {
            criteria: self.options.spec(),
            on_missing_metadata: Some(self.on_missing),
            rules: RulesSpec {
                matching: self.matching,
                include: rules(&self.include),
                exclude: rules(&self.exclude),
            },
        }
    }
}

fn some_of(count: usize) -> impl Strategy<Value = Option<Vec<usize>>> {
    prop::option::weighted(0.3, prop::collection::vec(0..count, 1..3))
}

fn limit() -> impl Strategy<Value = Option<u8>> {
    prop::option::weighted(0.15, 0_u8..6)
}

prop_compose! {
    fn wish()(
        (vaults, types, statuses) in (some_of(4), some_of(3), some_of(3)),
        (after, before, min_age) in (limit(), limit(), limit()),
        (max_age, min_size, max_size) in (limit(), limit(), limit()),
        (allowed, excluded, env) in (some_of(3), some_of(3), some_of(4)),
    ) -> Wish {
        Wish { vaults, types, statuses, after, before, min_age, max_age, min_size, max_size, allowed, excluded, env }
    }
}

fn rules(may_exclude_apmids: bool) -> impl Strategy<Value = Vec<(Match, Wish)>> {
    let rule = (prop::sample::select(vec![Match::All, Match::Any]), wish()).prop_map(move |(matching, mut wish)| {
        if !may_exclude_apmids {
            wish.excluded = None;
        }
        (matching, wish)
    });
    prop::collection::vec(
        rule.prop_filter("a rule has conditions", |(_, wish)| !wish.is_empty()),
        0..3,
    )
}

prop_compose! {
    fn story()(
        options in wish(),
        matching in prop::sample::select(vec![Match::All, Match::Any]),
        include in rules(true),
        exclude in rules(false),
        on_missing in prop::sample::select(vec![OnMissing::Exclude, OnMissing::Include, OnMissing::Fail]),
    ) -> Story {
        Story { options, matching, include, exclude, on_missing }
    }
}

prop_compose! {
    fn scene()(
        vault in 0_usize..3,
        of_type in prop::option::weighted(0.8, 0_usize..3),
        status in prop::option::weighted(0.8, 0_usize..3),
        age in prop::option::weighted(0.8, 0_u8..6),
        size in prop::option::weighted(0.8, 0_u8..6),
        row in prop::option::weighted(0.7, (0_usize..4, 0_usize..4)),
    ) -> Scene {
        Scene { vault, of_type, status, age, size, row }
    }
}

impl Scene {
    fn point(&self) -> RecoveryPoint {
        RecoveryPoint {
            resource_type: self.of_type.map(|at| ResourceType::named(TYPES[at])),
            status: self.status.map(|at| PointStatus::named(STATUSES[at])),
            created: self.age.map(|age| now().plus_millis(-i64::from(age) * DAYS / 2)),
            size_bytes: self.size.map(|size| u64::from(size) << 29),
            ..RecoveryPoint::new("arn:p", VaultName::new(VAULTS[self.vault]).unwrap())
        }
    }

    fn row(&self) -> Option<Row> {
        self.row
            .map(|(apmid, env)| Row::of(APMIDS[apmid]).with("Env", APMIDS[env]))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_rules_agree_with_their_description(story in story(), scenes in prop::collection::vec(scene(), 1..20)) {
        // Contradictory wishes are refused; `refusals` shows how.
        let Ok(selection) = Selection::build(&story.spec(), now()) else { return Ok(()) };
        for scene in scenes {
            let fate = fate(&selection, &scene.point(), scene.row().as_ref());
            let side = match fate.split(':').next() {
                Some("included") => "in",
                Some("undecidable") => "undecidable",
                _ => "out",
            };
            prop_assert_eq!(side, expected(&story, &scene), "{} for {:?}", fate, scene);
        }
    }

    #[test]
    fn what_is_pushed_down_never_loses_a_chosen_point(story in story(), scene in scene()) {
        let Ok(selection) = Selection::build(&story.spec(), now()) else { return Ok(()) };
        let point = scene.point();
        if fate(&selection, &point, scene.row().as_ref()) != "included" { return Ok(()) }
        let asked = selection.push_down();
        let within = |moment: Moment| {
            asked.created_after.is_none_or(|after| moment > after) && asked.created_before.is_none_or(|end| moment < end)
        };
        prop_assert!(asked.vaults.contains(point.vault.as_str()));
        prop_assert!(asked.resource_types.is_none_or(|types| point.resource_type.is_some_and(|of| types.contains(&of))));
        prop_assert!((asked.created_after.is_none() && asked.created_before.is_none()) || point.created.is_some_and(within));
    }

    #[test]
    fn arbitrary_words_never_panic(text in any::<String>(), number in any::<f64>()) {
        let list = || Some(vec![text.clone()]);
        let spec = SelectionSpec {
            criteria: CriteriaSpec {
                vault: list(),
                resource_type: list(),
                created_after: Some(text.clone()),
                min_age_days: Some(number),
                min_size_gb: Some(number),
                metadata: list(),
                ..CriteriaSpec::default()
            },
            ..SelectionSpec::default()
        };
        let _ = Selection::build(&spec, now());
        let _ = toml::from_str::<SelectionSpec>(&text);
    }
}
