//! Whether AWS brings a point's own tags along into another account is documented nowhere. A few copies tell.

use std::collections::HashMap;
use std::sync::Arc;

use sav_domain::ResourceType;
use sav_domain::fault::FaultKind;
use sav_domain::transfer::{Stage, State};

use super::is_kept_by_backup;
use crate::calls::Calls;
use crate::ports::{CallError, LedgerReader, VaultDesk};
use crate::tagging::TaggingError;

/// Copies of a type that are looked at, and points that are passed over in search of them.
const OF_A_TYPE: usize = 2;
const PAGE: usize = 500;
const PAGES: usize = 4;

/// Of how many copies that could tell the points' tags came along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub all: u64,
    pub some: u64,
    pub none: u64,
}

/// Looks at a few arrived copies of every type. None: tags may not be listed.
pub async fn sample<S: VaultDesk, D: VaultDesk, R: LedgerReader>(
    source: &Arc<Calls<S>>,
    destination: &Arc<Calls<D>>,
    reader: &R,
) -> Result<Option<Brought>, TaggingError> {
    let mut brought = Brought::default();
    let mut looked: HashMap<Option<ResourceType>, usize> = HashMap::new();
    let mut after = None;
    for _ in 0..PAGES {
        let page = reader.in_stages(&[Stage::Arrived], after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (id, _) in page {
            let Some(known) = reader.point(id)? else { continue };
            let point = &known.planned.point;
            let Some(State::Arrived { destination: copy, .. }) = known.transfer.as_ref().map(|it| &it.state) else {
                continue;
            };
            let of_type = looked.entry(point.resource_type.clone()).or_default();
            if *of_type >= OF_A_TYPE || !is_kept_by_backup(&point.arn) || !is_kept_by_backup(copy.as_str()) {
                continue;
            }
            *of_type += 1;
            let (own, there) = match tokio::join!(source.tags(&point.arn), destination.tags(copy.as_str())) {
                (Ok(own), Ok(there)) => (own, there),
                (Err(error), _) | (_, Err(error)) if is_about_this_point(&error) => continue,
                (Err(error), _) | (_, Err(error)) if error.kind == FaultKind::AccessDenied => return Ok(None),
                (Err(error), _) | (_, Err(error)) => return Err(error.into()),
            };
            let own: Vec<_> = own.iter().filter(|(key, _)| !key.starts_with("aws:")).collect();
            let came = own.iter().filter(|(key, value)| there.get(*key) == Some(value)).count();
            match came {
                // A point without tags tells nothing.
                _ if own.is_empty() => {}
                0 => brought.none += 1,
                came if came == own.len() => brought.all += 1,
                _ => brought.some += 1,
            }
        }
    }
    Ok(Some(brought))
}

fn is_about_this_point(error: &CallError) -> bool {
    matches!(error.kind, FaultKind::NotFound | FaultKind::Rejected)
}
