//! What `StartCopyJob` refuses at once. All else is accepted and fails later, in the job.

use super::Fleet;
use super::fate::Question;
use super::ids;
use super::job::{Accepted, CopyOrder};
use super::settings::{Doubtful, Surplus, TokenMismatch, TokenReplay, Treatment};
use super::tokens::{self, Known};
use crate::clock::Moment;
use crate::wire::Refusal;
use crate::world::{Point, PointKind, PointStatus, ResourceType, World};

/// How far `DeleteAfterDays` has to lie behind `MoveToColdStorageAfterDays`.
const LEAST_DAYS_IN_COLD: u32 = 90;

impl Fleet {
    /// `StartCopyJob`: refused at once, or accepted and seen to later.
    pub fn submit(&mut self, world: &mut World, order: CopyOrder, now: Moment) -> Result<Accepted, Refusal> {
        self.advance(world, now);
        let now = self.clock;
        let token = order
            .token
            .as_deref()
            .map(|token| tokens::of_token(&order.account, token));
        let parameters = tokens::of_parameters(&order);
        self.tokens.forget(now - self.settings.tokens.memory);
        if let Some(known) = token
            .and_then(|token| self.tokens.known(token))
            .filter(|known| self.still_stands(known))
        {
            return self.replay(&known, parameters);
        }
        let admitted = self.admit(world, &order);
        if let Err(refusal) = admitted {
            self.history.refused(&refusal.code);
            return Err(refusal);
        }
        self.history.overlaps(world.point(order.point).resource);
        let position = self.accept(world, order);
        let job = self.job_at(position);
        let accepted = Accepted {
            job_id: job.id(),
            created: job.created,
            is_parent: job.is_parent,
        };
        if let Some(token) = token {
            self.tokens.remember(
                token,
                Known {
                    position,
                    parameters,
                    is_parent: accepted.is_parent,
                    at: now,
                },
            );
        }
        Ok(accepted)
    }

    fn still_stands(&self, known: &Known) -> bool {
        let failed = self
            .stored(known.position)
            .is_some_and(|job| job.state == super::JobState::Failed);
        self.settings.tokens.failed_jobs_keep_theirs || !failed
    }

    fn replay(&mut self, known: &Known, parameters: u128) -> Result<Accepted, Refusal> {
        if known.parameters != parameters && self.settings.tokens.mismatch == TokenMismatch::Refused {
            let message = "The idempotency token was already used with different parameters. Use a new one.";
            self.history.refused("InvalidParameterValueException");
            return Err(Refusal::new("InvalidParameterValueException", message));
        }
        self.history.replayed();
        let question = match self.settings.tokens.replay {
            TokenReplay::SameJob => Question::JobId,
            TokenReplay::UnknownJob => Question::ReplayedId,
        };
        let job_id = ids::job_id(self.fate.bits(question, u64::from(known.position)));
        Ok(Accepted {
            job_id,
            created: known.at,
            is_parent: known.is_parent,
        })
    }

    fn admit(&self, world: &World, order: &CopyOrder) -> Result<(), Refusal> {
        let point = world.point(order.point);
        check_names(world, order)?;
        if point.deleted || point.vault != order.source_vault {
            return Err(no_such_point(
                &world.point_arn(order.point),
                &world.vault(order.source_vault).name,
            ));
        }
        check_lifecycle(order)?;
        check_state(self.settings.doubtful, point)?;
        let waiting = match self.settings.over_limit {
            Surplus::Refused => Some(0),
            Surplus::Queues | Surplus::FailsLater => self.settings.longest_queue,
        };
        let pool = point.resource_type.pool();
        if waiting.is_some_and(|waiting| self.queue.is_beyond(pool, waiting)) {
            return Err(limit_exceeded(
                "There are too many copy jobs in progress. Try again when some have ended.",
            ));
        }
        if self.settings.same_resource == Surplus::Refused && self.queue.is_busy(point.resource) {
            return Err(limit_exceeded(
                "There are too many copy jobs for this resource. Another job is in progress.",
            ));
        }
        Ok(())
    }
}

/// The account in a vault's ARN, if it has the form of one.
pub(super) fn account_of(vault_arn: &str) -> Option<&str> {
    let mut parts = vault_arn.splitn(7, ':');
    let account = parts.by_ref().nth(4)?;
    let well_formed = vault_arn.starts_with("arn:") && parts.next()? == "backup-vault" && !parts.next()?.is_empty();
    (well_formed && is_account_id(account)).then_some(account)
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_names(world: &World, order: &CopyOrder) -> Result<(), Refusal> {
    if account_of(&order.destination_vault_arn).is_none() {
        let message = format!("Invalid destination backup vault ARN: {}.", order.destination_vault_arn);
        return Err(invalid_parameter(message));
    }
    let role: Vec<&str> = order.role_arn.splitn(6, ':').collect();
    let well_formed = matches!(role.as_slice(), ["arn", _, "iam", "", account, name]
        if is_account_id(account) && name.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
    if !well_formed {
        return Err(invalid_parameter(format!("Invalid IAM role ARN: {}.", order.role_arn)));
    }
    if role[4] != order.account {
        return Err(invalid_parameter(
            "The IAM role must belong to the account that starts the copy job.",
        ));
    }
    if order.destination_vault_arn == world.vault_arn(order.source_vault) {
        let message = "The source and destination backup vaults must be different.";
        return Err(Refusal::new("InvalidRequestException", message));
    }
    Ok(())
}

fn check_lifecycle(order: &CopyOrder) -> Result<(), Refusal> {
    let Some(lifecycle) = order.lifecycle else {
        return Ok(());
    };
    let cold = lifecycle.move_to_cold_after_days;
    if lifecycle.delete_after_days == Some(0) {
        return Err(invalid_parameter("DeleteAfterDays must be at least 1, or -1."));
    }
    let too_soon = |days: u32| cold.is_some_and(|cold| days < cold.saturating_add(LEAST_DAYS_IN_COLD));
    if lifecycle.delete_after_days.is_some_and(too_soon) {
        let message = "DeleteAfterDays must be at least 90 days greater than MoveToColdStorageAfterDays.";
        return Err(invalid_parameter(message));
    }
    Ok(())
}

/// What this world does with a point of which it is unknown whether it can be copied.
pub(super) fn treatment(doubtful: Doubtful, point: &Point) -> Option<Treatment> {
    match (point.kind, point.resource_type, point.status) {
        (_, _, PointStatus::Expired) => Some(doubtful.expired),
        // STOPPED is the end of a continuous point's growth, not of the point.
        (PointKind::Continuous, _, PointStatus::Completed | PointStatus::Available | PointStatus::Stopped) => {
            Some(doubtful.continuous)
        }
        (_, _, status) if !matches!(status, PointStatus::Completed | PointStatus::Available) => None,
        (_, ResourceType::CloudFormation, _) => Some(doubtful.cloud_formation),
        (_, ResourceType::SapHana, _) => Some(doubtful.sap_hana),
        _ => None,
    }
}

fn check_state(doubtful: Doubtful, point: &Point) -> Result<(), Refusal> {
    let message = match treatment(doubtful, point) {
        Some(Treatment::RefusedAtCall)
            if point.kind == PointKind::Continuous && point.status != PointStatus::Expired =>
        {
            "Continuous recovery points cannot be copied on demand. Copy a snapshot of the resource instead.".to_owned()
        }
        Some(Treatment::RefusedAtCall) if point.status != PointStatus::Expired => {
            format!(
                "Copying is not supported for recovery points of {}.",
                point.resource_type.wire_name()
            )
        }
        Some(Treatment::FailsLater | Treatment::Copied) => return Ok(()),
        None if matches!(point.status, PointStatus::Completed | PointStatus::Available) => return Ok(()),
        _ => format!("Recovery point in state {} cannot be copied.", point.status.wire_name()),
    };
    Err(Refusal::new("InvalidRequestException", message))
}

/// For `StartCopyJob`'s look-up of the point, which happens before there is an order.
pub fn no_such_point(arn: &str, vault: &str) -> Refusal {
    let message = format!("Recovery point {arn} does not exist in backup vault {vault}.");
    Refusal::new("ResourceNotFoundException", message)
}

/// For `StartCopyJob`'s look-up of the source vault.
pub fn no_such_vault(name: &str) -> Refusal {
    Refusal::new(
        "ResourceNotFoundException",
        format!("Backup vault {name} does not exist."),
    )
}

fn invalid_parameter(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

fn limit_exceeded(message: &str) -> Refusal {
    Refusal::new("LimitExceededException", message)
}
