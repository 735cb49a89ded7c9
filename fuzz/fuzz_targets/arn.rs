//! Any text is an ARN that writes itself back, or none; and all of it can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sav_domain::arn::{Arn, short};

fuzz_target!(|text: &str| {
    assert!(text.ends_with(short(text)));
    if let Some(arn) = Arn::parse(text) {
        assert_eq!(arn.to_string(), text);
        let _ = (arn.kind(), arn.name(), arn.account_id());
    }
});
