//! Whom a twin tells. A vault can tell topics of its own account only.

use super::{Deed, Difference, Standing, What};
use crate::arn::Arn;
use crate::twin::vault::{Notifications, Read, VaultAsRead};
use crate::twin::wishes::{TopicWish, Wishes};

impl Difference {
    pub(super) fn notifications(&mut self, source: &VaultAsRead, twin: Option<&VaultAsRead>, wishes: &Wishes) {
        let told = match &source.notifications {
            Read::Known(Some(told)) => told,
            Read::Known(None) => return,
            Read::Refused(why) => return self.say(What::Notifications, Standing::NotCarried, why.as_ref()),
        };
        let topic = match topic(told, wishes) {
            Ok(topic) => topic,
            Err(why) => return self.say(What::Notifications, Standing::NotCarried, why),
        };
        let wanted = Notifications {
            topic_arn: topic,
            events: told.events.clone(),
        };
        let detail = format!("{} to {}", wanted.events.join(", "), wanted.topic_arn);
        match twin.map_or(&Read::Known(None), |twin| &twin.notifications) {
            Read::Known(None) => self.say(
                What::Notifications,
                Standing::ToDo(Deed::PutNotifications(wanted)),
                detail,
            ),
            Read::Known(Some(has)) if alike(has, &wanted) => self.say(What::Notifications, Standing::AlreadySo, detail),
            Read::Known(Some(has)) => self.say(
                What::Notifications,
                Standing::Differs,
                format!("it tells {} of {}, which is kept", has.topic_arn, has.events.join(", ")),
            ),
            Read::Refused(why) => self.say(
                What::Notifications,
                Standing::NotCarried,
                format!("without knowing what is there nothing is put in its place: {why}"),
            ),
        }
    }
}

fn topic(told: &Notifications, wishes: &Wishes) -> Result<Box<str>, String> {
    let route = &wishes.route;
    let topic = match &wishes.topic {
        TopicWish::LeftOut => {
            return Err(format!(
                "a vault tells topics of its own account only, and this is {}: --sns-topic names one of account {}, or takes the \
                 one of the same name with --sns-topic same",
                told.topic_arn,
                route.destination()
            ));
        }
        TopicWish::Named(topic) => topic.clone(),
        TopicWish::SameName => match Arn::parse(&told.topic_arn) {
            Some(arn) => {
                let account = route.destination().to_string();
                Arn {
                    account: &account,
                    ..arn
                }
                .to_string()
                .into()
            }
            None => return Err(format!("{} is no topic", told.topic_arn)),
        },
    };
    if topic.ends_with(".fifo") {
        return Err(format!("{topic} is a FIFO topic, and vaults tell standard topics only"));
    }
    Ok(topic)
}

fn alike(one: &Notifications, other: &Notifications) -> bool {
    let sorted = |told: &Notifications| {
        let mut events = told.events.clone();
        events.sort();
        events.dedup();
        events
    };
    one.topic_arn == other.topic_arn && sorted(one) == sorted(other)
}
