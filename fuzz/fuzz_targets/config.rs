//! Any text is a selection that can judge a point, or a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sav_domain::{Moment, RecoveryPoint, Selection, SelectionSpec, VaultName};

fuzz_target!(|text: &str| {
    let Ok(spec) = toml::from_str::<SelectionSpec>(text) else {
        return;
    };
    let Ok(selection) = Selection::build(&spec, Moment::from_millis(1_717_200_000_000)) else {
        return;
    };
    let vault = VaultName::new("prod-daily").expect("it is not empty");
    let _ = selection.judge(&RecoveryPoint::new("arn", vault), None);
    let _ = selection.push_down();
});
