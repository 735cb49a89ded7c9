//! IAM's way of paging: `MaxItems`, `IsTruncated`, and a `Marker` that is good for the listing it came from.

use serde_json::{Map, Value};

use crate::wire::{Call, Refusal};

const PAGE: usize = 100;

/// The rows of one page, and what the answer says about those that are left.
pub(super) fn page<T>(call: &Call, rows: Vec<T>) -> Result<(Vec<T>, Map<String, Value>), Refusal> {
    let size = call
        .params
        .integer("MaxItems")
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(PAGE);
    let begun = match call.params.text("Marker") {
        Some(marker) => position(call, marker).filter(|(start, _)| *start < rows.len()),
        None => Some((0, 0)),
    };
    let (start, pages) = begun.ok_or_else(|| Refusal::new("ValidationError", "Invalid Marker."))?;
    // A fault may make the page shorter, down to an empty one that goes on.
    let size = call.listing.at_most.map_or(size, |at_most| size.min(at_most));
    let more = rows.len() - start > size;
    let page = rows.into_iter().skip(start).take(size).collect();
    let mut members = Map::from_iter([("IsTruncated".to_owned(), Value::Bool(more))]);
    if more {
        members.insert(
            "Marker".to_owned(),
            // The number of the page keeps markers different where a page is empty.
            format!("{:016x}{:08x}{:x}", seal(call), start + size, pages + 1).into(),
        );
    }
    Ok((page, members))
}

/// After how many rows and pages a marker goes on.
fn position(call: &Call, marker: &str) -> Option<(usize, usize)> {
    let (given, rest) = marker.split_at_checked(16)?;
    let (position, pages) = rest.split_at_checked(8)?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    (u64::from_str_radix(given, 16).ok()? == seal(call)).then_some((number(position)?, number(pages)?))
}

/// Over everything that makes the listing this one. The page size may change on the way.
fn seal(call: &Call) -> u64 {
    let members = call
        .params
        .0
        .iter()
        .filter(|(member, _)| *member != "Marker" && *member != "MaxItems");
    let text = members.fold(
        format!("{}/{}", call.caller.account, call.operation),
        |text, (member, value)| format!("{text}/{member}={value}"),
    );
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
