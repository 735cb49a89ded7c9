//! A transfer's whole story: where it stands, and every attempt on the way, told from its events alone.

use crate::ledger::{AttemptEnd, AttemptRecord};
use crate::transfer::{Event, IllegalStep, Transfer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    pub transfer: Transfer,
    /// In the order in which they were opened.
    pub attempts: Vec<AttemptRecord>,
}

impl Journey {
    /// From the first event on; an error tells which one is wrong, counted from 0.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, (usize, IllegalStep)> {
        let mut journey = Self::default();
        for (index, event) in events.into_iter().enumerate() {
            journey = journey.after(event).map_err(|step| (index, step))?;
        }
        Ok(journey)
    }

    pub fn after(mut self, event: &Event) -> Result<Self, IllegalStep> {
        let was_open = self.transfer.open_attempt().is_some();
        self.transfer = self.transfer.apply(event)?;
        match (was_open, self.transfer.open_attempt()) {
            (false, Some((attempt, job))) => self.attempts.push(AttemptRecord {
                attempt: attempt.clone(),
                job: job.cloned(),
                ended: None,
            }),
            (true, Some((_, job))) => {
                if let Some(last) = self.attempts.last_mut() {
                    last.job = job.cloned();
                }
            }
            (true, None) => {
                if let Some(last) = self.attempts.last_mut() {
                    last.ended = Some(AttemptEnd {
                        at: event.at,
                        outcome: event.step.name().into(),
                        message: event.step.message().map(Into::into),
                    });
                }
            }
            (false, None) => {}
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moment;
    use crate::transfer::{Cause, JobId, Step, Token};

    fn events(steps: impl IntoIterator<Item = Step>) -> Vec<Event> {
        let at = |n| Moment::from_millis(n);
        (0..).zip(steps).map(|(n, step)| Event::new(at(n), step)).collect()
    }

    fn meant(token: &str) -> Step {
        Step::Meant {
            token: Token::new(token).unwrap(),
        }
    }

    fn adopted(job: &str) -> Step {
        Step::Adopted {
            job: JobId::new(job).unwrap(),
        }
    }

    #[test]
    fn attempts_are_told_from_their_opening_to_their_end() {
        let failed = Step::JobFailed {
            cause: Cause {
                category: "KMS_KEY_ERROR".into(),
                message: "AWS's own words".into(),
                fix: None,
            },
        };
        let steps = [
            meant("a"),
            Step::AnswerLost,
            adopted("job-1"),
            failed,
            Step::Requeued { not_before: None },
            meant("b"),
        ];
        let journey = Journey::of(&events(steps)).unwrap();
        let [first, second] = journey.attempts.as_slice() else {
            panic!("{journey:?}");
        };
        assert_eq!(first.job, JobId::new("job-1"));
        assert_eq!(first.attempt.token, Token::new("a"));
        let end = first.ended.as_ref().unwrap();
        assert_eq!((end.at.millis(), &*end.outcome), (3, "job_failed"));
        assert_eq!(end.message.as_deref(), Some("AWS's own words"));
        assert_eq!((second.attempt.number, &second.ended), (2, &None));
        assert_eq!((journey.transfer.attempts, journey.transfer.failures), (2, 1));
    }

    #[test]
    fn the_wrong_event_is_named() {
        let (index, step) = Journey::of(&events([meant("a"), adopted("j")])).unwrap_err();
        assert_eq!(index, 1);
        assert_eq!(
            step.to_string(),
            "a transfer that is intended cannot take the step `adopted`"
        );
    }
}
