//! A forecast as people read it.

use sav_domain::Moment;
use sav_domain::arn;
use sav_domain::forecast::{Basis, Determinant, Forecast};

use super::age;

/// One line.
pub fn outlook(forecast: &Forecast, now: Moment) -> String {
    let windows = match forecast.windows_needed {
        1 => "one window".to_owned(),
        windows => format!("{windows} windows"),
    };
    let basis = match forecast.basis {
        Basis::Assumed => "; nothing has been measured yet: AWS's documented slots and usual durations",
        Basis::Measured => "",
    };
    format!(
        "the end: as likely before as after {}, nine times of ten before {}; {windows}; it waits for {}{basis}",
        at(forecast.finish_p50, now),
        at(forecast.finish_p90, now),
        waits_for(&forecast.determined_by)
    )
}

/// What the end waits for, in a few words.
fn waits_for(what: &Determinant) -> String {
    match what {
        Determinant::Slots { pool, points } => {
            format!("{} of {}, as many at once as AWS runs", copies(*points), pool.title())
        }
        Determinant::Resource {
            resource_arn, points, ..
        } => {
            let resource = resource_arn.as_deref().map_or("one resource", arn::short);
            let order = if *points == 1 { "" } else { ", one after the other" };
            format!("{} of {resource}{order}", copies(*points))
        }
        Determinant::Submissions { points } => format!("{points} requests for copies, at AWS's rate"),
    }
}

pub fn copies(points: u64) -> String {
    match points {
        1 => "1 copy".to_owned(),
        _ => format!("{points} copies"),
    }
}

fn at(moment: Moment, now: Moment) -> String {
    let text = moment.to_string();
    let (date, time) = (text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default());
    format!("{date} {time}Z ({})", age(moment, now))
}
