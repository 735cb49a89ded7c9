//! One event of a transfer: a flat object whose other members depend on its step.

use sav_domain::Moment;
use sav_domain::transfer::{Cause, DestinationArn, Event, JobId, Part, Step, Token};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct EventDocument {
    at: Moment,
    step: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<DestinationArn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<CauseDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<PartDocument>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CauseDocument {
    category: Box<str>,
    message: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Box<str>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_arn: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<DestinationArn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<CauseDocument>,
}

impl CauseDocument {
    pub(in super::super) fn of(cause: Cause) -> Self {
        let Cause { category, message, fix } = cause;
        Self { category, message, fix }
    }

    pub(in super::super) fn cause(self) -> Cause {
        let Self { category, message, fix } = self;
        Cause { category, message, fix }
    }
}

impl PartDocument {
    fn of(part: Part) -> Self {
        Self {
            resource_arn: part.resource_arn,
            job: part.job,
            destination: part.destination,
            cause: part.cause.map(CauseDocument::of),
        }
    }

    fn part(self) -> Part {
        Part {
            resource_arn: self.resource_arn,
            job: self.job,
            destination: self.destination,
            cause: self.cause.map(CauseDocument::cause),
        }
    }
}

impl EventDocument {
    pub(in super::super) fn of(event: Event) -> Self {
        let mut document = Self {
            at: event.at,
            step: event.step.name().into(),
            token: None,
            job: None,
            destination: None,
            not_before: None,
            cause: None,
            parts: None,
        };
        match event.step {
            Step::Meant { token } => document.token = Some(token),
            Step::Accepted { job } | Step::Adopted { job } => document.job = Some(job),
            Step::Refused { cause } | Step::JobFailed { cause } | Step::Parked { cause } => {
                document.cause = Some(CauseDocument::of(cause));
            }
            Step::TurnedAway { not_before } | Step::Requeued { not_before } => document.not_before = not_before,
            Step::Landed { destination } | Step::AlreadyThere { destination } => {
                document.destination = Some(destination);
            }
            Step::JobPartial { parts } => document.parts = Some(parts.into_iter().map(PartDocument::of).collect()),
            Step::AnswerLost
            | Step::Resent
            | Step::NothingFound
            | Step::SightLost
            | Step::Unparked
            | Step::Vanished
            | Step::Reappeared
            | Step::Lost => {}
        }
        document
    }

    /// What is missing for the step, or stands there and does not belong to it, is told.
    pub(in super::super) fn event(mut self) -> Result<Event, String> {
        let name = std::mem::take(&mut self.step);
        let needed = |member: &str| format!("the step `{name}` needs the member `{member}`");
        let cause = |document: &mut Self| {
            let cause = document.cause.take().ok_or_else(|| needed("cause"))?;
            Ok::<_, String>(cause.cause())
        };
        let job = |document: &mut Self| document.job.take().ok_or_else(|| needed("job"));
        let destination = |document: &mut Self| document.destination.take().ok_or_else(|| needed("destination"));
        let step = match &*name {
            "meant" => Step::Meant {
                token: self.token.take().ok_or_else(|| needed("token"))?,
            },
            "accepted" => Step::Accepted { job: job(&mut self)? },
            "adopted" => Step::Adopted { job: job(&mut self)? },
            "refused" => Step::Refused {
                cause: cause(&mut self)?,
            },
            "job_failed" => Step::JobFailed {
                cause: cause(&mut self)?,
            },
            "parked" => Step::Parked {
                cause: cause(&mut self)?,
            },
            "turned_away" => Step::TurnedAway {
                not_before: self.not_before.take(),
            },
            "requeued" => Step::Requeued {
                not_before: self.not_before.take(),
            },
            "landed" => Step::Landed {
                destination: destination(&mut self)?,
            },
            "already_there" => Step::AlreadyThere {
                destination: destination(&mut self)?,
            },
            "job_partial" => {
                let parts = self.parts.take().ok_or_else(|| needed("parts"))?;
                Step::JobPartial {
                    parts: parts.into_iter().map(PartDocument::part).collect(),
                }
            }
            "answer_lost" => Step::AnswerLost,
            "resent" => Step::Resent,
            "nothing_found" => Step::NothingFound,
            "sight_lost" => Step::SightLost,
            "unparked" => Step::Unparked,
            "vanished" => Step::Vanished,
            "reappeared" => Step::Reappeared,
            "lost" => Step::Lost,
            _ => return Err(format!("there is no step `{name}`")),
        };
        let left_over = [
            ("token", self.token.is_some()),
            ("job", self.job.is_some()),
            ("destination", self.destination.is_some()),
            ("not_before", self.not_before.is_some()),
            ("cause", self.cause.is_some()),
            ("parts", self.parts.is_some()),
        ];
        if let Some((member, _)) = left_over.iter().find(|(_, stands)| *stands) {
            return Err(format!("the step `{name}` has no member `{member}`"));
        }
        Ok(Event::new(self.at, step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Event, String> {
        let document: EventDocument = serde_json::from_str(json).map_err(|error| error.to_string())?;
        document.event()
    }

    #[test]
    fn every_step_is_read_back_as_it_was_written() {
        let job = JobId::new("job-1").unwrap();
        let destination = DestinationArn::new("arn:copy").unwrap();
        let cause = Cause {
            category: "KMS".into(),
            message: "no \"key\"\n".into(),
            fix: Some("allow it".into()),
        };
        let not_before = Some(Moment::from_millis(7));
        let part = Part {
            resource_arn: Some("arn:part".into()),
            job: Some(job.clone()),
            destination: None,
            cause: Some(cause.clone()),
        };
        let steps = [
            Step::Meant {
                token: Token::new("t").unwrap(),
            },
            Step::Accepted { job: job.clone() },
            Step::Refused { cause: cause.clone() },
            Step::TurnedAway { not_before },
            Step::TurnedAway { not_before: None },
            Step::AnswerLost,
            Step::Resent,
            Step::Adopted { job },
            Step::NothingFound,
            Step::SightLost,
            Step::Landed {
                destination: destination.clone(),
            },
            Step::AlreadyThere { destination },
            Step::JobFailed { cause: cause.clone() },
            Step::JobPartial { parts: vec![part] },
            Step::JobPartial { parts: Vec::new() },
            Step::Parked { cause },
            Step::Unparked,
            Step::Requeued { not_before },
            Step::Vanished,
            Step::Reappeared,
            Step::Lost,
        ];
        for step in steps {
            let event = Event::new(Moment::from_millis(1_700_000_000_123), step);
            let json = serde_json::to_string(&EventDocument::of(event.clone())).unwrap();
            assert_eq!(read(&json), Ok(event), "{json}");
        }
    }

    #[test]
    fn what_does_not_belong_to_a_step_is_not_dropped_in_silence() {
        let refused = |json: &str| read(json).unwrap_err();
        let at = r#""at":"2026-01-02T03:04:05Z""#;
        assert_eq!(
            refused(&format!(r#"{{{at},"step":"unparked","job":"j"}}"#)),
            "the step `unparked` has no member `job`"
        );
        assert_eq!(
            refused(&format!(r#"{{{at},"step":"landed"}}"#)),
            "the step `landed` needs the member `destination`"
        );
        assert_eq!(
            refused(&format!(r#"{{{at},"step":"mislaid"}}"#)),
            "there is no step `mislaid`"
        );
        assert!(refused(&format!(r#"{{{at},"step":"resent","jobb":"j"}}"#)).contains("unknown field `jobb`"));
        assert!(refused(r#"{"at":"soon","step":"resent"}"#).contains("RFC 3339"));
        assert!(refused(&format!(r#"{{{at},"step":"accepted","job":""}}"#)).contains("empty"));
    }
}
