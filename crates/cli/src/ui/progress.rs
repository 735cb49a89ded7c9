//! One line on the terminal that counts.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Debug)]
pub struct Progress {
    line: ProgressBar,
}

impl Progress {
    pub(super) fn start(what: &str, animated: bool) -> Self {
        let target = if animated {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let line = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} ({elapsed})")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        line.set_style(style);
        line.set_prefix(what.to_owned());
        if animated {
            line.enable_steady_tick(Duration::from_millis(120));
        }
        Self { line }
    }

    pub fn say(&self, text: String) {
        if !self.line.is_hidden() {
            self.line.set_message(text);
        }
    }
}

impl Drop for Progress {
    /// Leaves nothing behind: what follows on the terminal starts on a clean line.
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
