use proptest::prelude::*;

use super::*;

const START: Moment = Moment::from_secs(1_750_000_000);

fn asked(operation: &str) -> Asked<'_> {
    Asked {
        service: "backup",
        operation,
        account: "111111111111",
        principal: "Operator",
        caller_arn: "arn:aws:sts::111111111111:assumed-role/Operator/night",
        access_key: "ASIA1",
        resource: "arn:aws:backup:eu-west-1:111111111111:backup-vault:gold",
        page_token: None,
        wire_now: START,
    }
}

fn faults(plan: impl Into<FaultPlan>) -> Faults {
    Faults::new(plan.into(), 7, START, START)
}

fn proceed() -> Verdict {
    Verdict::Proceed(Proceed::default())
}

fn code(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Refuse(refusal, _) => &refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_nth_call_of_an_operation_can_be_aimed_at() {
    let mut faults = faults(Fault::new(What::ResetAfter).on(["StartCopyJob"]).calls([2]));
    assert_eq!(faults.judge(&asked("StartCopyJob")), proceed());
    assert_eq!(faults.judge(&asked("ListCopyJobs")), proceed());
    let reset = Verdict::Proceed(Proceed {
        ending: Ending::ResetAfter,
        ..Proceed::default()
    });
    assert_eq!(faults.judge(&asked("StartCopyJob")), reset);
    assert_eq!(faults.judge(&asked("StartCopyJob")), proceed());
    assert_eq!(faults.counts()["reset-after"], Count { met: 3, fired: 1 });
}

#[test]
fn aims_tell_accounts_principals_and_services_apart() {
    let fault = Fault::new(What::AccessDenied {
        because: Because::default(),
    })
    .in_services(["backup"])
    .in_accounts(["111111111111"])
    .by(["Oper*"]);
    let mut faults = faults(fault);
    let Verdict::Refuse(refusal, _) = faults.judge(&asked("StartCopyJob")) else {
        panic!("let through")
    };
    assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDeniedException", 403));
    assert_eq!(
        refusal.message,
        "User: arn:aws:sts::111111111111:assumed-role/Operator/night is not authorized to perform: backup:StartCopyJob \
         on resource: arn:aws:backup:eu-west-1:111111111111:backup-vault:gold because no identity-based policy allows \
         the backup:StartCopyJob action"
    );
    assert_eq!(
        faults.judge(&Asked {
            account: "222222222222",
            ..asked("StartCopyJob")
        }),
        proceed()
    );
    assert_eq!(
        faults.judge(&Asked {
            principal: "Auditor",
            ..asked("StartCopyJob")
        }),
        proceed()
    );
    assert_eq!(
        faults.judge(&Asked {
            service: "sts",
            ..asked("GetCallerIdentity")
        }),
        proceed()
    );
}

#[test]
fn an_outage_lasts_its_window_of_wire_time() {
    let mut faults = faults(Fault::outage(1000, 500));
    for (after_ms, expected) in [
        (0, proceed()),
        (999, proceed()),
        (1000, Verdict::ResetBefore),
        (1500, proceed()),
    ] {
        let wire_now = START + Duration::from_millis(after_ms);
        assert_eq!(
            faults.judge(&Asked {
                wire_now,
                ..asked("ListTags")
            }),
            expected,
            "after {after_ms} ms"
        );
    }
}

#[test]
fn delays_and_page_faults_add_up_and_the_first_end_wins() {
    let plan = FaultPlan::none()
        .and(Fault::new(What::Slow {
            delay_ms: 100,
            spread_ms: 0,
        }))
        .and(Fault::new(What::ShortPage { at_most: 10 }))
        .and(Fault::new(What::RepeatItems { items: 2 }))
        .and(Fault::new(What::Cut { bytes: 64 }))
        .and(Fault::new(What::Html { status: 502 }));
    let mut faults = faults(plan);
    let expected = Proceed {
        delay: Duration::from_millis(100),
        listing: Listing {
            at_most: Some(10),
            repeat: 2,
            late: 0,
        },
        ending: Ending::CutAfter(64),
    };
    assert_eq!(faults.judge(&asked("ListBackupVaults")), Verdict::Proceed(expected));
    assert_eq!(faults.counts()["html"], Count { met: 1, fired: 0 });
    assert_eq!(faults.counts()["slow"], Count { met: 1, fired: 1 });
}

#[test]
fn a_server_error_may_hide_that_the_call_took_effect() {
    let mut hidden = faults(Fault::new(What::Internal { after_effect: true }));
    let Verdict::Proceed(Proceed {
        ending: Ending::RefusedAfter(refusal),
        ..
    }) = hidden.judge(&asked("StartCopyJob"))
    else {
        panic!("no effect")
    };
    assert_eq!((refusal.code.as_str(), refusal.status), ("InternalFailure", 500));
    let mut plain = faults(Fault::new(What::Unavailable { after_effect: false }));
    assert_eq!(
        code(&plain.judge(&asked("StartCopyJob"))),
        "ServiceUnavailableException"
    );
}

#[test]
fn a_page_token_is_refused_once_or_for_ever() {
    for for_ever in [false, true] {
        let mut faults = faults(Fault::new(What::RefuseToken { for_ever }).calls([2]));
        let with = |token| Asked {
            page_token: Some(token),
            ..asked("ListCopyJobs")
        };
        assert_eq!(
            faults.judge(&asked("ListCopyJobs")),
            proceed(),
            "a first page has no token to refuse"
        );
        assert_eq!(faults.judge(&with("one")), proceed());
        assert_eq!(code(&faults.judge(&with("two"))), "InvalidParameterValueException");
        assert_eq!(faults.judge(&with("two")) == proceed(), !for_ever);
        assert_eq!(faults.judge(&with("three")), proceed());
    }
}

#[test]
fn credentials_die_by_age_or_use_and_fresh_ones_live() {
    let mut by_use = faults(Fault::new(What::ExpireCredentials {
        after_calls: Some(2),
        after_ms: None,
    }));
    assert_eq!(by_use.judge(&asked("ListTags")), proceed());
    assert_eq!(by_use.judge(&asked("ListTags")), proceed());
    assert_eq!(code(&by_use.judge(&asked("ListTags"))), "ExpiredTokenException");
    assert_eq!(
        by_use.judge(&Asked {
            access_key: "ASIA2",
            ..asked("ListTags")
        }),
        proceed()
    );

    let mut by_age = faults(Fault::new(What::ExpireCredentials {
        after_calls: None,
        after_ms: Some(5000),
    }));
    let at = |secs| Asked {
        wire_now: START + Duration::from_secs(secs),
        service: "iam",
        ..asked("GetRole")
    };
    assert_eq!(by_age.judge(&at(10)), proceed());
    assert_eq!(by_age.judge(&at(14)), proceed());
    assert_eq!(code(&by_age.judge(&at(15))), "ExpiredToken");
}

#[test]
fn throttling_counts_and_speaks_each_services_language() {
    let mut faults = faults(FaultPlan::throttled().with_rates(Rates::published().with("sts:GetCallerIdentity", 1.0)));
    let refused = (0..12)
        .filter(|_| faults.judge(&asked("StartCopyJob")) != proceed())
        .count();
    assert_eq!(refused, 7);
    assert_eq!(faults.counts()["throttle"], Count { met: 12, fired: 7 });
    let verdict = faults.judge(&asked("StartCopyJob"));
    assert_eq!(
        verdict,
        Verdict::Refuse(Refusal::new("ThrottlingException", "Rate exceeded"), Duration::ZERO)
    );
    let sts = Asked {
        service: "sts",
        ..asked("GetCallerIdentity")
    };
    assert_eq!(faults.judge(&sts), proceed());
    assert_eq!(code(&faults.judge(&sts)), "Throttling");
}

#[test]
fn a_new_plan_keeps_the_counts_and_restarts_the_windows() {
    let mut faults = faults(Fault::outage(0, 1000));
    assert_eq!(faults.judge(&asked("ListTags")), Verdict::ResetBefore);
    let later = START + Duration::from_mins(1);
    faults.put(Fault::outage(0, 1000).into(), later, later);
    assert_eq!(
        faults.judge(&Asked {
            wire_now: later,
            ..asked("ListTags")
        }),
        Verdict::ResetBefore
    );
    assert_eq!(faults.counts()["outage"], Count { met: 2, fired: 2 });
    faults.put(FaultPlan::none(), later, later);
    assert_eq!(faults.judge(&asked("ListTags")), proceed());
    assert_eq!(faults.counts()["outage"], Count { met: 2, fired: 2 });
}

#[test]
fn a_plan_reads_and_writes_as_json() {
    let text = r#"{
        "rates": {"burst_secs": 2.0},
        "faults": [
            {"what": {"kind": "slow", "delay_ms": 200}, "aim": {"operations": ["List*"], "share": 0.5}},
            {"name": "lost reply", "what": {"kind": "reset-after"}, "aim": {"operations": ["StartCopyJob"], "calls": [1, 9]}},
            {"what": {"kind": "access-denied", "because": "service-control-policy-denies"}}
        ],
        "keys": [{"key": "alias/backups", "state": "Disabled", "after_ms": 5000}]
    }"#;
    let plan: FaultPlan = serde_json::from_str(text).unwrap();
    assert_eq!(plan.rates.as_ref().map(|rates| rates.services["backup"]), Some(50.0));
    assert_eq!(
        plan.faults[1],
        Fault::new(What::ResetAfter)
            .named("lost reply")
            .on(["StartCopyJob"])
            .calls([1, 9])
    );
    let again: FaultPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(again, plan);
    let wrong = r#"{"faults": [{"what": {"kind": "slow"}}]}"#;
    assert!(serde_json::from_str::<FaultPlan>(wrong).is_err());
}

proptest! {
    #[test]
    fn same_seed_same_mishaps_and_about_the_asked_share(seed: u64, share in 0.05..0.95) {
        let plan = FaultPlan::none().and(Fault::new(What::Unavailable { after_effect: false }).share(share));
        let run = |seed| {
            let mut faults = Faults::new(plan.clone(), seed, START, START);
            (0..2000).map(|_| faults.judge(&asked("ListTags")) == proceed()).collect::<Vec<_>>()
        };
        let first = run(seed);
        prop_assert_eq!(&first, &run(seed));
        let fired = first.iter().filter(|went_well| !**went_well).count();
        #[expect(clippy::cast_precision_loss)]
        let seen = fired as f64 / 2000.0;
        prop_assert!((seen - share).abs() < 0.07, "{seen} instead of {share}");
    }
}
