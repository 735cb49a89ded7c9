//! The copy jobs that AWS remembers. It forgets a job thirty days after its end.

use std::collections::HashSet;

use sav_domain::copy_job::CopyJob;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;

use crate::calls::{Calls, IDLE_ROUNDS, going_round};
use crate::ports::{CallError, CopyDesk, JobsAsked};

/// Lists every job into one of these vaults. After a refused token all of them come again.
pub(crate) async fn each_job<G: CopyDesk>(
    calls: &Calls<G>,
    destination_vault_arns: &HashSet<Box<str>>,
    mut take: impl FnMut(&CopyJob),
) -> Result<(), CallError> {
    let everything = JobsAsked::default();
    let mut token: Option<String> = None;
    let mut restarts = 0;
    let mut led_to_itself = 0;
    loop {
        let page = match calls.copy_jobs(&everything, token.as_deref()).await {
            Err(error) if token.is_some() && error.kind == FaultKind::Rejected && restarts < 3 => {
                restarts += 1;
                token = None;
                continue;
            }
            page => page?,
        };
        for job in &page.items {
            if job
                .destination_vault_arn
                .as_deref()
                .is_some_and(|arn| destination_vault_arns.contains(arn))
            {
                take(job);
            }
        }
        led_to_itself = if token.is_some() && token == page.token {
            led_to_itself + 1
        } else {
            0
        };
        if led_to_itself > IDLE_ROUNDS {
            return Err(going_round(calls.gateway(), Operation::ListCopyJobs, None));
        }
        token = page.token;
        if token.is_none() {
            return Ok(());
        }
    }
}
