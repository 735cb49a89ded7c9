//! Reads the chosen vaults, joins what the CMDB knows, and judges every point: what `list` and `filter` are made of, and
//! what later commands begin with.

use std::sync::Arc;

use sav_domain::census::Census;
use sav_domain::selection::{NoSuchVault, VaultChoice};
use sav_domain::slice::Slice;
use sav_domain::tally::Join;
use sav_domain::{Judgement, RecoveryPoint, Selection, Tally};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::calls::Calls;
use crate::ports::{CallError, Gateway, MetadataTable, VaultSeen};
use crate::sweep::{self, SweepPlan, Swept};

#[derive(Debug, thiserror::Error)]
pub enum VaultsError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    NoSuchVault(#[from] NoSuchVault),
}

/// The account's vaults that the choice names. A name or pattern that fits none is an error.
pub async fn vaults<G: Gateway>(calls: &Calls<G>, choice: VaultChoice<'_>) -> Result<Vec<VaultSeen>, VaultsError> {
    let mut vaults = calls.vaults().await?;
    let names: Vec<&str> = vaults.iter().map(|vault| vault.name.as_str()).collect();
    choice.check_against(&names)?;
    vaults.retain(|vault| choice.contains(vault.name.as_str()));
    Ok(vaults)
}

/// What to read, and how to judge it.
#[derive(Debug)]
pub struct Reading<M> {
    pub vaults: Vec<VaultSeen>,
    pub selection: Arc<Selection>,
    pub metadata: Option<Arc<M>>,
    /// Whether points that the selection leaves out have to be counted, too. If not, AWS is asked for fewer.
    pub account_for_all: bool,
}

/// A point with its row and what the selection says of it.
pub struct Judged<'a> {
    pub point: &'a RecoveryPoint,
    pub row: Option<&'a dyn sav_domain::metadata::MetadataRow>,
    pub judgement: &'a Judgement,
}

/// One page as it reaches the consumer.
#[derive(Debug)]
pub struct Told<T> {
    pub rendered: T,
    pub tally: Tally,
    /// Of the points that are in.
    pub census: Census,
}

/// Starts to read. `render` runs where a page was read, on whichever thread that is; what it makes of the judged points of a
/// page arrives in the channel, in no particular order.
pub fn start<G, M, T, R>(
    calls: Arc<Calls<G>>,
    reading: Reading<M>,
    render: R,
) -> (mpsc::Receiver<Told<T>>, JoinHandle<Result<Swept, CallError>>)
where
    G: Gateway,
    M: MetadataTable,
    T: Send + 'static,
    R: Fn(&mut dyn Iterator<Item = Judged<'_>>) -> T + Send + Sync + 'static,
{
    let plan = plan(&reading);
    let Reading {
        selection, metadata, ..
    } = reading;
    let project = move |points: Vec<RecoveryPoint>| judge(&points, &selection, metadata.as_deref(), &render);
    sweep::start(calls, plan, project)
}

fn plan<M>(reading: &Reading<M>) -> SweepPlan {
    let slices = reading
        .vaults
        .iter()
        .map(|vault| Slice::whole(vault.name.clone(), vault.recovery_points.unwrap_or(0)))
        .collect();
    let mut plan = SweepPlan::for_slices(slices);
    if !reading.account_for_all {
        let push_down = reading.selection.push_down();
        for slice in &mut plan.slices {
            slice.from = push_down.created_after;
            slice.until = push_down.created_before;
        }
        // One question per type would read every vault several times; one type is worth asking for.
        if let Some([only]) = push_down.resource_types {
            plan.resource_type = Some(only.name().to_owned());
        }
    }
    plan
}

fn judge<M: MetadataTable, T>(
    points: &[RecoveryPoint],
    selection: &Selection,
    metadata: Option<&M>,
    render: &impl Fn(&mut dyn Iterator<Item = Judged<'_>>) -> T,
) -> Told<T> {
    // A point without a resource asks for the row of no name, and there is none.
    let resources: Vec<&str> = points
        .iter()
        .map(|point| point.resource_arn.as_deref().unwrap_or_default())
        .collect();
    let rows: Vec<Option<M::Row<'_>>> =
        metadata.map_or_else(|| points.iter().map(|_| None).collect(), |table| table.rows(&resources));
    let mut tally = Tally::default();
    let mut census = Census::default();
    let mut judgements = Vec::with_capacity(points.len());
    for (point, row) in points.iter().zip(&rows) {
        let row = row.as_ref().map(|row| row as &dyn sav_domain::metadata::MetadataRow);
        let judgement = selection.judge(point, row);
        let join = match row {
            None if metadata.is_none() => Join::NoTable,
            None => Join::NoRow,
            Some(row) if row.apmid().is_none() => Join::BlankApmid,
            Some(_) => Join::Row,
        };
        tally.add(point, &judgement, join);
        if judgement == Judgement::Included {
            census.add(point);
        }
        judgements.push(judgement);
    }
    let mut judged = points
        .iter()
        .zip(&rows)
        .zip(&judgements)
        .map(|((point, row), judgement)| Judged {
            point,
            row: row.as_ref().map(|row| row as &dyn sav_domain::metadata::MetadataRow),
            judgement,
        });
    Told {
        rendered: render(&mut judged),
        tally,
        census,
    }
}
