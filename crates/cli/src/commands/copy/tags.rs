//! Tags on the copies that have arrived, put beside the copying; and whether AWS brought the points' own tags along.

use std::sync::Arc;

use sav_application::copying::CameTo;
use sav_application::ports::Ledger;
use sav_application::tagging::{self, Brought, Phase, Tagged, TaggingError};
use sav_domain::copy_tags::CopyTags;
use sav_domain::text::quoted;
use sav_infrastructure::metadata::MetadataTable;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use super::{Ground, Intent, Stop, asked_to_stop};
use crate::compose;
use crate::problem::Problem;

/// A call under way is waited for no longer when somebody wants the run to end.
const TO_END: Duration = Duration::from_secs(2);

/// The columns have to be there.
pub(super) fn check(asked: Option<&CopyTags>, metadata: Option<&MetadataTable>) -> Result<(), Problem> {
    let Some(asked) = asked else { return Ok(()) };
    let problem = || Problem::new("these copies cannot be tagged");
    let Some(metadata) = metadata else {
        return Err(problem()
            .because("--tag-copies takes its values from the metadata table, and none is named")
            .help("name it with --metadata-csv; nothing was asked of AWS"));
    };
    let columns = metadata.columns();
    match asked.columns().find(|column| !columns.contains(column)) {
        None => Ok(()),
        Some(absent) => Err(problem()
            .because(format!("the metadata has no column {}", quoted(absent)))
            .help(format!(
                "its columns are {}; nothing was asked of AWS",
                columns.names.join(", ")
            ))),
    }
}

/// At work, if tags were asked for.
pub(super) struct Tagger(Option<(watch::Sender<Phase>, Work)>);

type Work = JoinHandle<Result<Tagged, TaggingError>>;

impl Tagger {
    pub(super) fn start(intent: &Intent<'_>, ground: &Ground) -> Self {
        let (Some(asked), Some(destination)) = (&intent.copy.twins.tag_copies, &ground.destination) else {
            return Self(None);
        };
        let (phase, follow) = watch::channel(Phase::Copying);
        let (destination, ledger, asked) = (Arc::clone(destination), Arc::clone(&ground.ledger), asked.clone());
        let work =
            tokio::spawn(
                async move { tagging::run(&destination, &*ledger, &asked, &compose::WallClock, follow).await },
            );
        Self(Some((phase, work)))
    }

    /// Waits for the tags of what has arrived, unless the run ends early or somebody wants it to. What the run came to is no more
    /// than what is true of the tags, too.
    pub(super) async fn finish(
        self,
        intent: &Intent<'_>,
        ground: &Ground,
        stop: &Stop,
        early: bool,
        came_to: CameTo,
        remarks: &mut Vec<String>,
    ) -> CameTo {
        let mut came_to = came_to;
        if let Some((phase, mut work)) = self.0 {
            phase.send_replace(if early { Phase::Over } else { Phase::AllArrived });
            let progress = intent.screen.progress("tagging copies");
            let ended = tokio::select! {
                ended = &mut work, if !early => Some(ended),
                () = asked_to_stop(stop.clone()) => None,
                () = std::future::ready(()), if early => None,
            };
            let ended = if ended.is_some() {
                ended
            } else {
                phase.send_replace(Phase::Over);
                timeout(TO_END, work).await.ok()
            };
            drop(progress);
            let mut cut_off = false;
            match ended {
                Some(Ok(Ok(tagged))) => {
                    tell(intent, &tagged, remarks);
                    cut_off = tagged.cut_off;
                }
                Some(Ok(Err(error))) => {
                    remarks.push(format!("not all copies have their tags: {error}; the next run goes on"));
                }
                Some(Err(_)) | None => {
                    cut_off = true;
                    remarks.push("not all copies have their tags; the next run goes on".to_owned());
                }
            }
            if cut_off && came_to == CameTo::AllDone {
                came_to = CameTo::MoreToDo;
            }
        }
        if !early && stop.borrow().is_none() {
            look_at_samples(intent, ground).await;
        }
        came_to
    }
}

fn tell(intent: &Intent<'_>, tagged: &Tagged, remarks: &mut Vec<String>) {
    let Tagged {
        tagged: new,
        had_them,
        without,
        ..
    } = tagged;
    let screen = intent.screen;
    screen.note(&format!(
        "{new} copies were tagged, {had_them} had their tags already, {without} have nothing in these columns"
    ));
    if !tagged.elsewhere.is_empty() {
        let each = tagged.elsewhere.iter().map(|(of_type, count)| {
            let name = of_type
                .as_ref()
                .map_or_else(|| "(not named)".to_owned(), ToString::to_string);
            format!("{name} ({count})")
        });
        screen.note(&format!(
            "copies of these types keep their tags in their own service, AWS Backup cannot put any: {}",
            each.collect::<Vec<_>>().join(", ")
        ));
    }
    if let Some(sample) = &tagged.unfit_sample {
        remarks.push(format!(
            "{} values are no values of tags and were left out, such as {sample}",
            tagged.unfit
        ));
    }
    if let Some(refusal) = &tagged.refusal {
        remarks.push(format!(
            "{} copies were not tagged, the next run tries again: {refusal}",
            tagged.refused
        ));
    }
    if tagged.cut_off {
        remarks.push("not all copies have their tags; the next run goes on".to_owned());
    }
}

/// Nothing depends on it, so nothing fails for it.
async fn look_at_samples(intent: &Intent<'_>, ground: &Ground) {
    let Some(destination) = &ground.destination else { return };
    let Ok(reader) = ground.ledger.reader() else { return };
    match tagging::sample(&ground.source, destination, &reader).await {
        Ok(Some(Brought { all, some, none })) if all + some + none > 0 => intent.screen.note(&format!(
            "of {} copies looked at, {all} had all of their points' own tags, {some} had some, {none} had none",
            all + some + none
        )),
        Ok(Some(_)) => {}
        Ok(None) => intent
            .screen
            .note("whether AWS brings points' own tags along was not looked at: backup:ListTags is not allowed"),
        Err(error) => tracing::debug!("no samples of tags: {error}"),
    }
}
