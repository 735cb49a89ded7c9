//! `ListCopyJobs`. A million jobs are remembered and pollers ask again and again, so each call goes through as few of them
//! as its filters allow: the jobs of a point, of a resource or of a parent, those open, those ended since, or a span of
//! creation dates.

use std::ops::Range;

use super::super::paging::{Cursor, Found};
use super::super::settings::BackupSettings;
use super::filter::Filter;
use super::row::Rows;
use crate::clock::Moment;
use crate::fleet::{Fleet, Job, JobState, ListOrder};
use crate::wire::{Call, Refusal, Reply};
use crate::world::World;

pub(in super::super) fn list(
    world: &World,
    fleet: &Fleet,
    settings: &BackupSettings,
    call: &Call,
) -> Result<Reply, Refusal> {
    let filter = Filter::read(world, fleet, call)?;
    let cursor = Cursor::of(call)?;
    let (after, room) = (cursor.after, cursor.room(settings, call));
    let newest_first = fleet.settings().listing.order == ListOrder::NewestFirst;
    let fits = |position| fleet.job_at_position(position).is_some_and(|job| filter.admits(job));
    let passed = |position: &usize| match after {
        Some(last) if newest_first => *position >= last,
        Some(last) => *position <= last,
        None => false,
    };

    let found = match few(world, fleet, &filter) {
        Some(few) if newest_first => Found::among(few.rev().skip_while(passed), room, usize::MAX, fits),
        Some(few) => Found::among(few.skip_while(passed), room, usize::MAX, fits),
        None if newest_first => {
            let span = span(fleet, &filter);
            let end = after.map_or(span.end, |last| last.min(span.end));
            Found::among((span.start..end).rev(), room, settings.rows_per_call, fits)
        }
        None => {
            let span = span(fleet, &filter);
            let start = after.map_or(span.start, |last| span.start.max(last + 1));
            Found::among(start..span.end, room, settings.rows_per_call, fits)
        }
    };
    let page = cursor.page(call, found);
    let mut rows = Rows::open(world, fleet, settings, call.now, page.rows.len());
    for job in page
        .rows
        .into_iter()
        .filter_map(|position| fleet.job_at_position(position))
    {
        rows.add(job);
    }
    Ok(Reply::Json(rows.close(page.token.as_deref())))
}

/// Positions, oldest first, of the few jobs that can fit; none when a span of all jobs has to be gone through.
fn few<'a>(
    world: &World,
    fleet: &'a Fleet,
    filter: &Filter,
) -> Option<Box<dyn DoubleEndedIterator<Item = usize> + 'a>> {
    let position = |(position, _): (usize, &Job)| position;
    let mut few: Vec<usize> = if filter.admits_nothing() {
        Vec::new()
    } else if let Some(point) = filter.source_point.only() {
        fleet.jobs_of_point(point).map(position).collect()
    } else if let Some(parent) = filter.parent {
        let children = fleet.job(parent).into_iter().flat_map(|parent| fleet.children(parent));
        children.map(|job| fleet.position(job)).collect()
    } else if let Some(resource) = filter.resource.only() {
        let points = world.points_of_resource(resource).iter();
        points
            .flat_map(|point| fleet.jobs_of_point(*point))
            .map(position)
            .collect()
    } else if filter.state.is_some_and(is_open) {
        return Some(Box::new(fleet.open_jobs().map(position)));
    } else if let Some(since) = filter.complete_after {
        let until = filter.complete_before.unwrap_or(Moment::from_millis(i64::MAX));
        let ended = fleet.jobs_ended_since(since);
        ended
            .take_while(|(_, job)| job.completed.is_some_and(|at| at < until))
            .map(position)
            .collect()
    } else {
        return None;
    };
    few.sort_unstable();
    Some(Box::new(few.into_iter()))
}

fn is_open(state: &str) -> bool {
    JobState::ALL
        .iter()
        .any(|known| known.is_open() && known.wire_name() == state)
}

/// Jobs are in the order of their creation, so dates bound positions.
fn span(fleet: &Fleet, filter: &Filter) -> Range<usize> {
    let Some((first, _)) = fleet.jobs_from(0).next() else {
        return 0..0;
    };
    let end = fleet.jobs_from(0).next_back().map_or(first, |(last, _)| last + 1);
    let start = filter.created_after.map_or(first, |limit| {
        position_where(fleet, first..end, |created| created > limit)
    });
    let stop = filter.created_before.map_or(end, |limit| {
        position_where(fleet, first..end, |created| created >= limit)
    });
    start..stop.max(start)
}

/// The first position from which on `late` holds.
fn position_where(fleet: &Fleet, within: Range<usize>, late: impl Fn(Moment) -> bool) -> usize {
    let Range { mut start, mut end } = within;
    while start < end {
        let middle = start + (end - start) / 2;
        if fleet.jobs_from(middle).next().is_none_or(|(_, job)| late(job.created)) {
            end = middle;
        } else {
            start = middle + 1;
        }
    }
    start
}
