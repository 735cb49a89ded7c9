//! `ListTags`, `TagResource`, `UntagResource`.

use serde_json::{Value, json};

use super::find::{self, Arn, invalid_value, not_found};
use super::paging::{Cursor, Found};
use super::settings::BackupSettings;
use crate::wire::{Call, Refusal, Reply};
use crate::world::{Tags, World};

const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

pub(super) fn list(world: &World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let arn = taggable(world, settings, call)?;
    let cursor = Cursor::of(call)?;
    let room = cursor.room(settings, call);
    let tags: Vec<(String, String)> = world.tags_of(arn).into_iter().collect();
    let rest = cursor.after.map_or(0, |last| last + 1)..tags.len();
    let page = cursor.page(call, Found::among(rest, room, usize::MAX, |_| true));
    let shown: Tags = page.rows.into_iter().filter_map(|row| tags.get(row).cloned()).collect();
    Ok(Reply::Members(json!({"Tags": shown, "NextToken": page.token})))
}

pub(super) fn tag(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let arn = taggable(world, settings, call)?.to_owned();
    let wanted = requested(call, "Tags")?;
    let mut tags = world.tags_of(&arn);
    tags.extend(wanted);
    check_count(&tags)?;
    world.set_tags(&arn, tags);
    Ok(super::nothing())
}

pub(super) fn untag(world: &mut World, settings: &BackupSettings, call: &Call) -> Result<Reply, Refusal> {
    let arn = taggable(world, settings, call)?.to_owned();
    let mut tags = world.tags_of(&arn);
    for key in call
        .params
        .list("TagKeyList")
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
    {
        check_key(key)?;
        tags.remove(key);
    }
    world.set_tags(&arn, tags);
    Ok(super::nothing())
}

/// The tags of a request, each checked.
pub(super) fn requested(call: &Call, member: &str) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for (key, value) in call.params.structure(member).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        check_key(key)?;
        if value.chars().count() > LONGEST_VALUE || !value.chars().all(allowed) {
            return Err(invalid_value(format!(
                "The value of tag {key} has to be up to {LONGEST_VALUE} letters, digits, spaces or one of + - = . _ : / @"
            )));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_key(key: &str) -> Result<(), Refusal> {
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid_value(format!(
            "Tag key {key} begins with aws:, which is reserved for AWS"
        )));
    }
    if key.is_empty() || key.chars().count() > LONGEST_KEY || !key.chars().all(allowed) {
        return Err(invalid_value(format!(
            "A tag key has to be 1 to {LONGEST_KEY} letters, digits, spaces or one of + - = . _ : / @"
        )));
    }
    Ok(())
}

fn allowed(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/' | '@')
}

/// Tags that AWS itself put there do not count.
fn check_count(tags: &Tags) -> Result<(), Refusal> {
    let own = tags.keys().filter(|key| !key.starts_with("aws:")).count();
    if own > MOST {
        return Err(Refusal::new(
            "LimitExceededException",
            format!("{own} tags are more than the {MOST} there can be"),
        ));
    }
    Ok(())
}

/// The ARN of a vault or recovery point of the caller's that AWS Backup keeps tags for. Points of types it does not fully
/// manage belong to other services, and so do their tags.
fn taggable<'a>(world: &World, settings: &BackupSettings, call: &'a Call) -> Result<&'a str, Refusal> {
    let text = call.params.required("ResourceArn");
    let arn = Arn::here(world, "ResourceArn", text)?;
    if arn.service != "backup" {
        return Err(invalid_value(format!(
            "{text} belongs to {}: AWS Backup keeps the tags of its own vaults and recovery points only",
            arn.service
        )));
    }
    if arn.account != call.caller.account {
        return Err(find::cross_account(call));
    }
    if let Some(name) = arn.resource.strip_prefix("backup-vault:") {
        let known = world.vault_named(arn.account, name).is_some();
        return if known {
            Ok(text)
        } else {
            Err(find::missing_vault(settings, call, name))
        };
    }
    match world.point_with_arn(text) {
        Some(_) => Ok(text),
        None => Err(not_found(format!("{text} does not exist"))),
    }
}
