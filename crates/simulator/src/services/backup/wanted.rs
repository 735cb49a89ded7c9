//! Filters that name something by its ARN.

use super::find::Arn;
use crate::wire::{Call, Refusal};
use crate::world::World;

/// Something named by an ARN, which need not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<Id> {
    Any,
    Only(Id),
    Nothing,
}

impl<Id: Copy + PartialEq> Wanted<Id> {
    pub(super) fn read(
        world: &World,
        call: &Call,
        member: &str,
        find: impl Fn(&str) -> Option<Id>,
    ) -> Result<Self, Refusal> {
        let Some(text) = call.params.text(member) else {
            return Ok(Self::Any);
        };
        Arn::here(world, member, text)?;
        Ok(find(text).map_or(Self::Nothing, Self::Only))
    }

    pub(super) fn only(self) -> Option<Id> {
        match self {
            Self::Only(id) => Some(id),
            Self::Any | Self::Nothing => None,
        }
    }

    pub(super) fn admits(self, id: Option<Id>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => id == Some(wanted),
            Self::Nothing => false,
        }
    }
}
