//! Numbers that nobody can mean are refused before anything is asked of AWS.

use crate::story::refused;

#[test]
fn numbers_that_nobody_means() {
    let copy = "copy --source-account 111111111111 --dest-account 222222222222";
    for (option, slips) in [
        ("--api-rate", &["0", "-1", "1e-300", "1e300", "NaN", "inf"][..]),
        ("--poll-interval", &["0", "-5", "1e-9", "1e300", "NaN", "inf", "30s"]),
        ("--max-runtime-minutes", &["0", "-1", "1e300", "NaN", "inf", "4h"]),
        ("--max-in-flight", &["0", "-1", "1.5", "99999999999"]),
        ("--workers", &["0", "51", "-1", "ten"]),
        ("--min-age-days", &["-1", "NaN", "inf", "1e300"]),
        ("--max-age-days", &["-1", "36501"]),
        ("--max-size-gb", &["-1", "NaN", "inf"]),
        ("--lifecycle", &["0", "-1", "36501", "1.5"]),
    ] {
        for slip in slips {
            let said = refused(&format!("{copy} {option} {slip}"));
            assert!(said.contains(option), "{option} {slip}: {said}");
            assert!(!said.contains("a similar argument"), "{option} {slip}: {said}");
        }
    }
    insta::assert_snapshot!(refused("list --source-account 111111111111 --api-rate 1e-300"), @r"
    error: invalid value '1e-300' for '--api-rate <N>': expected calls per second from 0.01 to 1000000

    For more information, try '--help'.
    ");
}
