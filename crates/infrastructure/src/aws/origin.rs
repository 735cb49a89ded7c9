//! Where the SDK finds credentials, as far as a person has to know, and whether anything has changed there.

use std::borrow::Cow;
use std::env;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aws_config::profile::{self, Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};
use sav_application::ports::Origin;

/// Roles may be reached by way of roles; nobody chains more than a few.
const LONGEST_CHAIN: usize = 8;

/// The files and folders of one side.
#[derive(Clone, Debug)]
pub(super) struct Places {
    profile: Option<String>,
    role_arn: Option<String>,
    credentials: PathBuf,
    config: PathBuf,
    /// Tokens of sign-ins, which `aws sso login` and `aws login` write.
    caches: Vec<PathBuf>,
    /// A token that somebody else keeps fresh, as in a container.
    token_file: Option<PathBuf>,
}

impl Places {
    pub(super) fn of(profile: Option<&str>, role_arn: Option<&str>) -> Self {
        let home = env::home_dir().unwrap_or_default();
        let aws = home.join(".aws");
        let named = |variable: &str, otherwise: &str| match present(variable) {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => path.into(),
            },
            None => aws.join(otherwise),
        };
        Self {
            profile: profile.map(str::to_owned),
            role_arn: role_arn.map(str::to_owned),
            credentials: named("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            config: named("AWS_CONFIG_FILE", "config"),
            caches: vec![aws.join("sso/cache"), aws.join("login/cache")],
            token_file: present("AWS_WEB_IDENTITY_TOKEN_FILE").map(PathBuf::from),
        }
    }

    /// Another number when a file was written, replaced, made or removed.
    pub(super) fn stamp(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let files = [&self.credentials, &self.config].into_iter().chain(&self.token_file);
        files.for_each(|file| look_at(fs::metadata(file).ok().as_ref(), &mut hasher));
        for folder in &self.caches {
            let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                entry.file_name().hash(&mut hasher);
                look_at(entry.metadata().ok().as_ref(), &mut hasher);
            }
        }
        hasher.finish()
    }

    pub(super) async fn origin(&self) -> Origin {
        let mut origin = self.base().await;
        if let Some(role) = &self.role_arn {
            origin.from = format!("the role {role}, by way of {}", origin.from);
        }
        origin
    }

    async fn base(&self) -> Origin {
        if self.profile.is_none() && present("AWS_ACCESS_KEY_ID").is_some() {
            return Origin {
                from: "the environment (AWS_ACCESS_KEY_ID), which stays as it is while the program runs".to_owned(),
                watched: Vec::new(),
            };
        }
        let named = self.profile.clone().or_else(|| present("AWS_PROFILE"));
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let profiles = self.profiles(&name).await;
        let found = profiles
            .as_ref()
            .and_then(|profiles| Some((profiles, profiles.get_profile(&name)?)));
        let mut watched = vec![shown(&self.credentials), shown(&self.config)];
        watched.extend(self.token_file.as_deref().map(shown));
        let from = match found {
            Some((profiles, profile)) => {
                let (from, signs_in) = self.of_profile(profiles, profile);
                if signs_in {
                    watched.extend(self.caches.iter().map(|folder| shown(folder)));
                }
                from
            }
            None if named.is_some() => format!(
                "profile `{name}`, which is neither in `{}` nor in `{}`",
                self.credentials.display(),
                self.config.display()
            ),
            None => "the SDK's default chain (environment, profile `default`, container, instance)".to_owned(),
        };
        Origin { from, watched }
    }

    #[expect(deprecated, reason = "the new names live in a crate that we need for nothing else")]
    async fn profiles(&self, selected: &str) -> Option<ProfileSet> {
        use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
        // Without a single file the SDK panics.
        if !self.config.exists() && !self.credentials.exists() {
            return None;
        }
        let mut files = ProfileFiles::builder();
        for (kind, file) in [
            (ProfileFileKind::Config, &self.config),
            (ProfileFileKind::Credentials, &self.credentials),
        ] {
            // One that was named and is not there would be an error.
            if file.exists() {
                files = files.with_file(kind, file);
            }
        }
        let selected = Some(Cow::Owned(selected.to_owned()));
        profile::load(&Fs::real(), &Env::real(), &files.build(), selected)
            .await
            .ok()
    }

    /// In words, and whether somebody has to sign in for it.
    fn of_profile(&self, profiles: &ProfileSet, profile: &Profile) -> (String, bool) {
        let mut last = profile;
        for _ in 0..LONGEST_CHAIN {
            let next = last.get("source_profile").and_then(|name| profiles.get_profile(name));
            // A profile may name itself: its own keys are meant then.
            match next.filter(|next| next.name() != last.name()) {
                Some(next) => last = next,
                None => break,
            }
        }
        let name = last.name();
        let has = |key: &str| last.get(key).is_some();
        let mut signs_in = false;
        let source = if has("aws_access_key_id") {
            format!("profile `{name}` in `{}`", self.file_of(name).display())
        } else if let Some(command) = last.get("credential_process") {
            // Its arguments are nobody's business: they may hold secrets.
            let program = command.split_whitespace().next().unwrap_or_default();
            format!("the command `{program}` (credential_process of profile `{name}`)")
        } else if has("sso_session") || has("sso_start_url") || has("login_session") {
            signs_in = true;
            format!("a sign-in (profile `{name}`; sign in with `aws sso login --profile {name}`)")
        } else if let Some(token) = last.get("web_identity_token_file") {
            format!("the token in `{token}` (profile `{name}`)")
        } else {
            format!("profile `{name}` in `{}`", self.file_of(name).display())
        };
        let source = match profile.get("role_arn") {
            Some(role) => format!("the role {role} (profile `{}`), by way of {source}", profile.name()),
            None => source,
        };
        (source, signs_in)
    }

    /// Which of the two files has the profile.
    fn file_of(&self, profile: &str) -> &Path {
        let text = fs::read_to_string(&self.credentials).unwrap_or_default();
        let is_in = text.lines().any(|line| {
            let name = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
            name.is_some_and(|name| name.trim() == profile)
        });
        if is_in { &self.credentials } else { &self.config }
    }
}

fn look_at(metadata: Option<&Metadata>, hasher: &mut DefaultHasher) {
    let seen = metadata.map(|data| {
        (
            data.mtime(),
            data.mtime_nsec(),
            data.ctime_nsec(),
            data.size(),
            data.ino(),
        )
    });
    seen.hash(hasher);
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// An empty variable is as good as none.
fn present(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn places(folder: &Path) -> Places {
        Places {
            profile: None,
            role_arn: None,
            credentials: folder.join("credentials"),
            config: folder.join("config"),
            caches: vec![folder.join("cache")],
            token_file: None,
        }
    }

    #[test]
    fn whatever_happens_to_a_file_changes_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let mut seen = vec![places.stamp()];
        assert_eq!(places.stamp(), seen[0], "and nothing else does");
        let mut now_differs = |what: &str| {
            let stamp = places.stamp();
            assert!(!seen.contains(&stamp), "{what}");
            seen.push(stamp);
        };
        fs::write(&places.credentials, "one").unwrap();
        now_differs("made");
        fs::File::options()
            .append(true)
            .open(&places.credentials)
            .unwrap()
            .write_all(b"two")
            .unwrap();
        now_differs("written");
        fs::write(folder.path().join("new"), "onetwo").unwrap();
        fs::rename(folder.path().join("new"), &places.credentials).unwrap();
        now_differs("replaced by one of the same size");
        fs::create_dir(&places.caches[0]).unwrap();
        fs::write(places.caches[0].join("token.json"), "{}").unwrap();
        now_differs("signed in");
        fs::write(places.caches[0].join("token.json"), "{\"a\":1}").unwrap();
        now_differs("signed in again");
        fs::write(&places.config, "[profile a]").unwrap();
        now_differs("configured");
    }

    #[tokio::test]
    async fn a_profile_tells_where_its_credentials_come_from_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        fs::write(
            &places.credentials,
            "[plain]\naws_access_key_id = AKIA\naws_secret_access_key = hush\n",
        )
        .unwrap();
        let config = "[profile tool]\ncredential_process = /opt/get --password hush\n\
                      [profile person]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
                      [profile role]\nrole_arn = arn:aws:iam::111111111111:role/R\nsource_profile = plain\n";
        fs::write(&places.config, config).unwrap();
        let profiles = places.profiles("plain").await.unwrap();
        let credentials = places.credentials.display().to_string();
        for (name, expected, signs_in) in [
            ("plain", format!("profile `plain` in `{credentials}`"), false),
            (
                "tool",
                "the command `/opt/get` (credential_process of profile `tool`)".to_owned(),
                false,
            ),
            (
                "person",
                "a sign-in (profile `person`; sign in with `aws sso login --profile person`)".to_owned(),
                true,
            ),
            (
                "role",
                format!(
                    "the role arn:aws:iam::111111111111:role/R (profile `role`), by way of profile `plain` in `{credentials}`"
                ),
                false,
            ),
        ] {
            let profile = profiles.get_profile(name).unwrap();
            assert_eq!(places.of_profile(&profiles, profile), (expected, signs_in), "{name}");
        }
    }
}
