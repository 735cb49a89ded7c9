//! Tags that `copy --tag-copies` put on copies, as far as samples tell: no list names them.

use std::sync::Arc;

use sav_domain::fault::FaultKind;
use sav_domain::ledger::LedgerPoint;
use sav_domain::text::quoted;
use sav_domain::transfer::{Stage, State};
use sav_domain::twin::Tags;

use super::{Progress, VerifyingError};
use crate::calls::Calls;
use crate::ports::{CallError, LedgerReader, VaultDesk};
use crate::tagging::{columns, is_kept_by_backup};

const PAGE: usize = 1_000;

/// What samples of arrived copies say of their tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagsCompared {
    pub looked: u64,
    /// ARNs of copies, and in which tags they differ from what was asked for.
    pub wrong: Vec<(String, String)>,
    /// Why no more of them could be looked at.
    pub refused: Option<CallError>,
}

/// Looks at so many copies that should have tags, spread evenly over all that arrived. None: nobody asked for tags.
pub async fn compare_tags<D: VaultDesk, R: LedgerReader>(
    destination: &Arc<Calls<D>>,
    reader: &R,
    samples: usize,
    mut tell: impl FnMut(Progress),
) -> Result<Option<TagsCompared>, VerifyingError> {
    let Some(asked) = columns(reader)? else {
        return Ok(None);
    };
    let mut compared = TagsCompared::default();
    for known in arrived(reader, samples)? {
        let Some(State::Arrived { destination: copy, .. }) = known.transfer.as_ref().map(|it| &it.state) else {
            continue;
        };
        let wanted = asked.of_copy(known.planned.metadata.as_deref()).tags;
        if wanted.is_empty() || !is_kept_by_backup(copy.as_str()) {
            continue;
        }
        tell(Progress::Closer {
            left: (samples as u64).saturating_sub(compared.looked),
        });
        match destination.tags(copy.as_str()).await {
            Ok(there) => {
                compared.looked += 1;
                let wrong = differing(&wanted, &there).map(|why| (copy.as_str().to_owned(), why));
                compared.wrong.extend(wrong);
            }
            // Gone since: the lists have told, or the next ones will.
            Err(error) if matches!(error.kind, FaultKind::NotFound | FaultKind::Rejected) => {}
            Err(error) if error.kind == FaultKind::AccessDenied => {
                compared.refused = Some(error);
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(compared))
}

/// So many of those that arrived, or all of them.
fn arrived<R: LedgerReader>(reader: &R, samples: usize) -> Result<Vec<LedgerPoint>, VerifyingError> {
    let all = reader.standing()?.stages.get(&Stage::Arrived).copied().unwrap_or(0);
    let stride = usize::try_from(all)
        .unwrap_or(usize::MAX)
        .div_ceil(samples.max(1))
        .max(1);
    let (mut chosen, mut passed, mut after) = (Vec::new(), 0_usize, None);
    loop {
        let page = reader.in_stages(&[Stage::Arrived], after, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(chosen);
        };
        after = Some(*last);
        for (id, _) in page {
            if passed.is_multiple_of(stride) {
                chosen.extend(reader.point(id)?);
            }
            passed += 1;
        }
    }
}

fn differing(wanted: &Tags, there: &Tags) -> Option<String> {
    let differs = wanted.iter().filter_map(|(key, value)| match there.get(key) {
        Some(found) if found == value => None,
        Some(found) => Some(format!("its tag {key} is {}, not {}", quoted(found), quoted(value))),
        None => Some(format!("it has no tag {key}, which should be {}", quoted(value))),
    });
    let differs: Vec<String> = differs.collect();
    (!differs.is_empty()).then(|| differs.join("; "))
}
