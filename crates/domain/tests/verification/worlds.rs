//! Many points, every defect, every way in which AWS may do what its documents leave open.
//!
//! `SAV_VERIFY_POINTS=100000 cargo test --release -p sav-domain --test verification worlds` puts that many into every world.

use crate::unknowns::{Recorded, Silence, Unknowns};
use crate::world::World;

#[test]
fn every_defect_is_found_and_none_is_made_up_however_aws_does_it() {
    let points = std::env::var("SAV_VERIFY_POINTS").map_or(2_500, |points| points.parse().unwrap());
    for (seed, unknowns) in (1..).zip(Unknowns::all()) {
        let world = World::of(points, unknowns, seed);
        world.check(&world.verify());
    }
}

#[test]
fn among_a_hundred_thousand_points_too() {
    let ways = [
        (true, true, Silence::Never, Recorded::All),
        (false, false, Silence::Often, Recorded::Half),
        (false, false, Silence::Always, Recorded::None),
        (true, true, Silence::Often, Recorded::None),
    ];
    for (account_kept, millis_kept, silence, recorded) in ways {
        let unknowns = Unknowns {
            account_kept,
            millis_kept,
            volumes_kept: account_kept,
            silence,
            recorded,
        };
        let world = World::of(100_000, unknowns, 99);
        world.check(&world.verify());
    }
}

#[test]
fn what_aws_does_is_learned_and_said() {
    for (seed, unknowns) in (500..).zip(Unknowns::all()) {
        let world = World::of(600, unknowns, seed);
        let habits = world.verify().habits();
        let words = |kept: bool| if kept { "kept" } else { "not_kept" };
        assert_eq!(habits.milliseconds.name(), words(unknowns.millis_kept), "{unknowns:?}");
        assert_eq!(habits.account.name(), words(unknowns.account_kept), "{unknowns:?}");
        let silence = match unknowns.silence {
            Silence::Never => "kept",
            Silence::Often => "both",
            Silence::Always => "not_kept",
        };
        assert_eq!(habits.source_vault.name(), silence, "{unknowns:?}");
        assert_eq!(habits.recorded == 0, unknowns.recorded == Recorded::None);
    }
}
