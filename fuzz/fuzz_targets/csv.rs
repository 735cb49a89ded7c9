//! Any bytes are a table or a refusal. A table finds each of its own ARNs, and hands out nothing that it does not hold.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sav_infrastructure::metadata::{CsvOptions, MetadataTable};

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = MetadataTable::read(bytes, None, Path::new("fuzz"), &CsvOptions::default(), |_| ()) else {
        return;
    };
    let arns: Vec<String> = table.unused().collect();
    assert_eq!(arns.len(), table.len());
    for arn in &arns {
        let row = table.get(arn).expect("a row is found by its own ARN");
        assert_eq!(row.cells().count(), table.columns().names.len());
    }
    assert_eq!(table.unused().count(), 0);
});
