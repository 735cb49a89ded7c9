//! Copy jobs and single points: the calls that `copy` adds to those of a listing.

use std::sync::Arc;

use aws_sdk_backup::types::{CopyJob as JobRead, CopyJobState, Lifecycle as LifecycleSent};
use aws_smithy_types::DateTime;
use aws_types::request_id::RequestId;
use sav_application::ports::{CallError, CopyAsked, CopyDesk, CopyStarted, JobsAsked, Page, PointDetail};
use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::recovery_point::Lifecycle;
use sav_domain::transfer::{DestinationArn, JobId};
use sav_domain::{Moment, VaultName};

use super::fault::Asked;
use super::gateway::{AwsGateway, PAGE, instant, present};
use super::words::Words;

impl CopyDesk for AwsGateway {
    async fn start_copy(&self, asked: &CopyAsked) -> Result<CopyStarted, CallError> {
        let about = self.asked(Operation::StartCopyJob, Some(&asked.recovery_point_arn));
        let answer = self
            .backup()
            .start_copy_job()
            .recovery_point_arn(&*asked.recovery_point_arn)
            .source_backup_vault_name(asked.source_vault.as_str())
            .destination_backup_vault_arn(&*asked.destination_vault_arn)
            .iam_role_arn(&*asked.copy_role_arn)
            .idempotency_token(asked.token.as_str())
            .set_lifecycle(asked.lifecycle.map(lifecycle))
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        let request_id = answer.request_id().map(Box::from);
        let job = answer.copy_job_id.and_then(JobId::new);
        // AWS took the request, but which job it became is not known: as after a lost answer.
        let job = job.ok_or_else(|| {
            incomplete(
                &about,
                FaultKind::Unavailable,
                "the copy was taken, but no job was named",
            )
        })?;
        Ok(CopyStarted {
            job,
            created: answer.creation_date.as_ref().map(moment),
            is_parent: answer.is_parent,
            request_id,
        })
    }

    async fn copy_jobs(&self, asked: &JobsAsked, token: Option<&str>) -> Result<Page<CopyJob>, CallError> {
        let subject = asked.source_point_arn.as_deref().or(asked.resource_arn.as_deref());
        let about = self.asked(Operation::ListCopyJobs, subject);
        let answer = self
            .backup()
            .list_copy_jobs()
            .max_results(PAGE)
            .set_next_token(token.map(str::to_owned))
            .set_by_state(asked.state.map(CopyJobState::from))
            .set_by_created_after(asked.created_after.map(instant))
            .set_by_created_before(asked.created_before.map(instant))
            .set_by_complete_after(asked.completed_after.map(instant))
            .set_by_complete_before(asked.completed_before.map(instant))
            .set_by_source_recovery_point_arn(asked.source_point_arn.as_deref().map(str::to_owned))
            .set_by_resource_arn(asked.resource_arn.as_deref().map(str::to_owned))
            .set_by_resource_type(asked.resource_type.as_ref().map(|name| name.name().to_owned()))
            .set_by_destination_vault_arn(asked.destination_vault_arn.as_deref().map(str::to_owned))
            .set_by_parent_job_id(asked.parent.as_ref().map(ToString::to_string))
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        let mut words = Words::default();
        let jobs = answer.copy_jobs.unwrap_or_default();
        Ok(Page {
            items: jobs.into_iter().filter_map(|job| project(job, &mut words)).collect(),
            token: present(answer.next_token),
        })
    }

    async fn copy_job(&self, id: &JobId) -> Result<CopyJob, CallError> {
        let about = self.asked(Operation::DescribeCopyJob, Some(id.as_str()));
        let answer = self
            .backup()
            .describe_copy_job()
            .copy_job_id(id.as_str())
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        answer
            .copy_job
            .and_then(|job| project(job, &mut Words::default()))
            .ok_or_else(|| incomplete(&about, FaultKind::Unexpected, "the answer holds no copy job"))
    }

    async fn point(&self, vault: &VaultName, recovery_point_arn: &str) -> Result<PointDetail, CallError> {
        let about = self.asked(Operation::DescribeRecoveryPoint, Some(recovery_point_arn));
        let answer = self
            .backup()
            .describe_recovery_point()
            .backup_vault_name(vault.as_str())
            .recovery_point_arn(recovery_point_arn)
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        Ok(PointDetail {
            storage_class: answer.storage_class.map(|class| class.as_str().to_owned()),
            status: answer.status.map(|status| status.as_str().to_owned()),
        })
    }
}

fn incomplete(about: &Asked<'_>, kind: FaultKind, message: &str) -> CallError {
    CallError {
        kind,
        operation: about.operation,
        side: about.side,
        account: about.account,
        subject: about.subject.map(str::to_owned),
        code: "IncompleteAnswer".to_owned(),
        message: message.to_owned(),
        request_id: None,
    }
}

fn lifecycle(asked: Lifecycle) -> LifecycleSent {
    LifecycleSent::builder()
        .set_move_to_cold_storage_after_days(asked.move_to_cold_after_days)
        .set_delete_after_days(asked.delete_after_days)
        .build()
}

fn moment(date: &DateTime) -> Moment {
    Moment::from_epoch(date.secs(), date.subsec_nanos())
}

/// None for a row without an id: nothing could ever be asked or recorded about it.
fn project(seen: JobRead, words: &mut Words) -> Option<CopyJob> {
    // Without a state it may well be open, and to take an open job for ended could copy a point twice.
    let state = seen.state.as_ref().map_or("", CopyJobState::as_str);
    let mut shared = |text: Option<String>| -> Option<Arc<str>> { text.map(|text| words.shared(&text)) };
    Some(CopyJob {
        id: seen.copy_job_id.and_then(JobId::new)?,
        state: JobState::named(state),
        source_point_arn: seen.source_recovery_point_arn.map(String::into_boxed_str),
        source_vault_arn: shared(seen.source_backup_vault_arn),
        destination_vault_arn: shared(seen.destination_backup_vault_arn),
        destination_point_arn: seen.destination_recovery_point_arn.and_then(DestinationArn::new),
        // Hardly two jobs of a page are of one resource; their messages, where there are any, are mostly the same.
        resource_arn: seen.resource_arn.map(Arc::from),
        category: shared(seen.message_category),
        message: shared(seen.status_message),
        resource_type: seen.resource_type.map(|name| words.resource_type(&name)),
        created: seen.creation_date.as_ref().map(moment),
        completed: seen.completion_date.as_ref().map(moment),
        size_bytes: seen.backup_size_in_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        is_parent: seen.is_parent,
        parent: seen.parent_job_id.and_then(JobId::new),
        children: seen
            .number_of_child_jobs
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0),
    })
}
