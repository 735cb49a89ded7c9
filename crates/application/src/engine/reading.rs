//! The ledger's reader, which blocks, among tasks, which must not.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::ports::{LedgerError, LedgerReader};

/// One reader, lent to one question at a time.
pub(super) struct Reading<R> {
    reader: Arc<Mutex<Option<R>>>,
}

impl<R: LedgerReader + 'static> Reading<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: Arc::new(Mutex::new(Some(reader))),
        }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&R) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let mut lent = self.reader.clone().lock_owned().await;
        let answered = spawn_blocking(move || {
            let reader = lent.take().ok_or(LedgerError::Closed)?;
            let answer = question(&reader);
            *lent = Some(reader);
            answer
        });
        answered.await.unwrap_or(Err(LedgerError::Closed))
    }
}
