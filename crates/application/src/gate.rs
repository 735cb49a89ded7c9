//! The one door that every call of an account goes through. While it is closed calls wait in front of it and none leaves:
//! credentials are being renewed, or somebody has to see to them first.

use tokio::sync::watch;

#[derive(Debug)]
pub struct Gate {
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: watch::Sender::new(true),
        }
    }
}

impl Gate {
    /// Waits until the gate is open.
    pub async fn pass(&self) {
        let mut open = self.open.subscribe();
        // The sender lives as long as the gate, which is borrowed here.
        let _ = open.wait_for(|open| *open).await;
    }

    pub fn close(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_wait_before_a_closed_gate_and_all_go_on_when_it_opens() {
        let gate = Arc::new(Gate::default());
        gate.pass().await;
        gate.close();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.pass().await })
            })
            .collect();
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(!gate.is_open() && waiting.iter().all(|call| !call.is_finished()));
        gate.open();
        for call in waiting {
            call.await.unwrap();
        }
    }
}
