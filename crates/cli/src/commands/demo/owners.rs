//! Who owns what, as the world's own table tells it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Problem;

/// The two APMIDs with the most resources.
pub fn busiest(table: &Path) -> Result<Vec<String>, Problem> {
    let unreadable =
        |error: csv::Error| Problem::new("the demo cannot read its own metadata").because(error.to_string());
    let mut reader = csv::Reader::from_path(table).map_err(unreadable)?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let apmid = row.get(1).map(str::trim).unwrap_or_default();
        if !apmid.is_empty() {
            *counts.entry(apmid.to_owned()).or_default() += 1;
        }
    }
    let mut ranked: Vec<(u32, String)> = counts.into_iter().map(|(apmid, count)| (count, apmid)).collect();
    ranked.sort();
    Ok(ranked.into_iter().rev().take(2).map(|(_, apmid)| apmid).collect())
}
