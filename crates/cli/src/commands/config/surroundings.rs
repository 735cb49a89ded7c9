//! What stands in for an option that nobody gave: the environment, the profile, what is assumed. And the files around.

use std::env;
use std::path::{Path, PathBuf};

use sav_domain::{AccountId, Region, Route};
use sav_infrastructure::aws::resolve_region;
use sav_infrastructure::ledger::default_path;

use super::line::Line;
use super::masked::{masked, variable};
use super::{Setting, Shown, Source};
use crate::compose::FALLBACK_REGION;

#[derive(Debug)]
pub struct File {
    pub what: &'static str,
    pub path: String,
    pub exists: bool,
}

pub async fn around(mut line: Line) -> Shown {
    let settings = &mut line.settings;
    for (option, variables) in [
        ("--source-profile", &["AWS_PROFILE"][..]),
        ("--dest-profile", &["AWS_PROFILE"]),
        ("--endpoint-url", &["AWS_ENDPOINT_URL_BACKUP", "AWS_ENDPOINT_URL"]),
        ("--ca-bundle", &["AWS_CA_BUNDLE"]),
        ("--region", &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    ] {
        let said = variables.iter().find_map(|name| Some((*name, present(name)?)));
        if let Some((name, value)) = said {
            fill(settings, option, &value, Source::Environment(name));
        }
    }
    fill_region(settings).await;
    for (option, value) in [
        ("--arn-column", "resourceArn"),
        ("--apmid-column", "APMID"),
        ("--on-missing-metadata", "exclude"),
    ] {
        fill(settings, option, value, Source::Default);
    }
    if let Some(ledger) = default_ledger(settings) {
        fill(settings, "--state-file", &ledger.display().to_string(), Source::Default);
    }
    let files = files(settings);
    let mut environment: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let value = variable(&name, &value.to_string_lossy())?;
            Some((name, value))
        })
        .collect();
    environment.sort();
    Shown {
        command: line.command,
        settings: line.settings,
        missing: line.missing,
        environment,
        files,
    }
}

/// Only where nothing has been said yet.
fn fill(settings: &mut [Setting], option: &str, value: &str, source: Source) {
    let open = settings.iter_mut().find(|setting| setting.option == option);
    if let Some(setting) = open.filter(|setting| setting.value.is_none()) {
        setting.value = Some(masked(option, value));
        setting.source = source;
    }
}

fn value<'a>(settings: &'a [Setting], option: &str) -> Option<&'a str> {
    settings
        .iter()
        .find(|setting| setting.option == option)?
        .value
        .as_deref()
}

/// As every command finds it.
async fn fill_region(settings: &mut [Setting]) {
    if value(settings, "--region").is_some() {
        return;
    }
    let profile = value(settings, "--source-profile").map(str::to_owned);
    match resolve_region(profile.as_deref()).await {
        Some(region) => {
            let profile = profile.unwrap_or_else(|| "default".to_owned());
            fill(settings, "--region", &region, Source::Profile(profile));
        }
        None => fill(settings, "--region", FALLBACK_REGION, Source::Default),
    }
}

fn default_ledger(settings: &[Setting]) -> Option<PathBuf> {
    let account = |option: &str| -> Option<AccountId> { value(settings, option)?.parse().ok() };
    let region: Region = value(settings, "--region")?.parse().ok()?;
    let route = Route::between(account("--source-account")?, account("--dest-account")?, region).ok()?;
    Some(default_path(&home()?, &route))
}

fn files(settings: &[Setting]) -> Vec<File> {
    let of_sdk = |variable: &str, otherwise: &str| {
        let named = present(variable).map(|path| match path.strip_prefix("~/") {
            Some(rest) => home().unwrap_or_default().join(rest),
            None => path.into(),
        });
        named.unwrap_or_else(|| home().unwrap_or_default().join(".aws").join(otherwise))
    };
    let of_option = |option: &str| value(settings, option).map(PathBuf::from);
    let places = [
        ("configuration file", of_option("--config")),
        ("profiles", Some(of_sdk("AWS_CONFIG_FILE", "config"))),
        (
            "credentials",
            Some(of_sdk("AWS_SHARED_CREDENTIALS_FILE", "credentials")),
        ),
        ("certificate authorities", of_option("--ca-bundle")),
        ("metadata", of_option("--metadata-csv")),
        ("ledger", of_option("--state-file")),
    ];
    let file = |(what, path): (&'static str, Option<PathBuf>)| {
        let path = path?;
        Some(File {
            what,
            exists: Path::exists(&path),
            path: path.display().to_string(),
        })
    };
    places.into_iter().filter_map(file).collect()
}

/// An empty variable is as good as none.
fn present(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

fn home() -> Option<PathBuf> {
    env::home_dir().filter(|home| !home.as_os_str().is_empty())
}
