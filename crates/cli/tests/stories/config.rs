//! `config show`: what a command line comes to, and where every value comes from.

use std::path::Path;

use serde_json::Value;

use crate::story::binary;

struct Home(tempfile::TempDir);

impl Home {
    fn with_file(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sav.toml"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn told(&self, line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
        let output = binary()
            .args(line.split_whitespace())
            .current_dir(self.path())
            .env("HOME", "/home/me")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, line: &str, environment: &[(&str, &str)]) -> Value {
        let (code, stdout, stderr) = self.told(&format!("config show --output json {line}"), environment);
        assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
        serde_json::from_str(&stdout).unwrap()
    }
}

/// Value, source and place of an option.
#[track_caller]
fn of<'a>(shown: &'a Value, option: &str) -> [&'a str; 3] {
    let options = shown["options"].as_array().unwrap();
    let mut same = options.iter().filter(|setting| setting["option"] == option);
    let setting = same.next().unwrap_or_else(|| panic!("{option} is not shown"));
    assert!(same.next().is_none(), "{option} is shown twice");
    ["value", "source", "place"].map(|key| setting[key].as_str().unwrap_or_default())
}

const FILE: &str = "\
# ours
source-account = '111111111111'
poll_interval = 5
workers = 20
resource-type = ['EBS', 'RDS']
vault = 'prod-*'
summary = true

[filter]
match = 'any'

[[filter.include]]
apmid = 'APM1'
";

#[test]
fn every_value_knows_where_it_comes_from() {
    let home = Home::with_file(FILE);
    let shown = home.json(
        "--config sav.toml copy --workers 7 --vault x --dest-account=222222222222",
        &[
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_PROFILE", "ops"),
            ("AWS_REGION", ""),
        ],
    );
    assert_eq!(shown["command"], "copy");
    assert_eq!(of(&shown, "--workers"), ["7", "command_line", ""]);
    assert_eq!(of(&shown, "--vault"), ["x", "command_line", ""]);
    assert_eq!(of(&shown, "--dest-account"), ["222222222222", "command_line", ""]);
    assert_eq!(
        of(&shown, "--source-account"),
        ["111111111111", "configuration_file", "sav.toml:2"]
    );
    assert_eq!(of(&shown, "--poll-interval"), ["5", "configuration_file", "sav.toml:3"]);
    assert_eq!(
        of(&shown, "--resource-type"),
        ["EBS,RDS", "configuration_file", "sav.toml:5"]
    );
    assert_eq!(of(&shown, "filter")[1..], ["configuration_file", "sav.toml:9"]);
    assert_eq!(
        of(&shown, "--region"),
        ["eu-west-1", "environment", "AWS_DEFAULT_REGION"]
    );
    assert_eq!(of(&shown, "--source-profile"), ["ops", "environment", "AWS_PROFILE"]);
    assert_eq!(of(&shown, "--lock-mode"), ["governance", "default", ""]);
    assert_eq!(of(&shown, "--api-rate"), ["50", "default", ""]);
    assert_eq!(of(&shown, "--max-in-flight"), ["", "not_set", ""]);
    assert_eq!(
        of(&shown, "--state-file"),
        [
            "/home/me/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db",
            "default",
            ""
        ]
    );
    assert_eq!(shown["missing"], serde_json::json!([]));
    // `summary` belongs to `list`.
    assert!(!shown["options"].to_string().contains("--summary\""));
}

#[test]
fn what_is_shown_is_what_the_command_would_use() {
    let home = Home::with_file("region = 'us-gov-west-1'\nverbose = true\n");
    let shown = home.json("--config sav.toml -q list", &[("AWS_REGION", "eu-west-1")]);
    assert_eq!(
        of(&shown, "--region"),
        ["us-gov-west-1", "configuration_file", "sav.toml:1"]
    );
    // -q contradicts the file's, and wins.
    assert_eq!(of(&shown, "--quiet"), ["true", "command_line", ""]);
    assert_eq!(of(&shown, "--verbose")[1], "default");
    assert_eq!(shown["missing"], serde_json::json!(["--source-account <ACCOUNT_ID>"]));
}

#[test]
fn the_profile_may_name_the_region() {
    let home = Home::with_file("");
    let config = home.path().join("aws");
    std::fs::write(&config, "[profile ops]\nregion = ap-south-1\n").unwrap();
    let environment = [("AWS_CONFIG_FILE", config.to_str().unwrap())];
    let shown = home.json("--source-profile ops", &environment);
    assert_eq!(of(&shown, "--region"), ["ap-south-1", "profile", "ops"]);
    assert_eq!(shown["command"], Value::Null);
    let files = shown["files"].as_array().unwrap();
    let there = |what: &str| &files.iter().find(|file| file["what"] == what).unwrap()["exists"];
    assert_eq!(
        (there("profiles"), there("credentials")),
        (&Value::Bool(true), &Value::Bool(false))
    );
    let shown = home.json("--source-profile show", &environment);
    assert_eq!(of(&shown, "--source-profile"), ["show", "command_line", ""]);
    assert_eq!(of(&shown, "--region"), ["us-east-1", "default", ""]);
}

#[test]
fn nothing_secret_is_shown() {
    let home = Home::with_file("on-event = 'curl https://hooks.example/S3CRET'\n");
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIAS3CRETS3CRETWXYZ"),
        ("AWS_SECRET_ACCESS_KEY", "S3CRETS3CRET"),
        ("AWS_SESSION_TOKEN", "S3CRETS3CRET"),
        ("HTTPS_PROXY", "http://me:S3CRET@proxy.example:3128"),
        ("AWS_ENDPOINT_URL", "http://me:S3CRET@backup.example"),
        ("OTHERS_TOKEN", "S3CRET"),
    ];
    for format in ["table", "json", "csv"] {
        let line = format!("config show --config sav.toml --output {format} copy --ca-bundle x");
        let (code, stdout, stderr) = home.told(&line, &environment);
        assert_eq!(code, 0, "{stderr}");
        assert!(
            !stdout.contains("S3CRET") && !stderr.contains("S3CRET"),
            "{stdout}{stderr}"
        );
    }
}

#[test]
fn the_screen() {
    let home = Home::with_file("source-account = '111111111111'\napi_rate = 20\nseed = 3\n");
    let (code, stdout, _) = home.told(
        "config show --config sav.toml",
        &[("AWS_SESSION_TOKEN", "x"), ("AWS_REGION", "eu-west-1")],
    );
    assert_eq!(code, 0);
    insta::assert_snapshot!(stdout);
}

#[test]
fn wrong_usage_is_wrong_here_too() {
    let home = Home::with_file("");
    for line in [
        "config show copy --wrokers 5",
        "config show lits",
        "config show list --output xml",
        "config",
    ] {
        let (code, stdout, stderr) = home.told(line, &[]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{line}");
        assert!(!stderr.is_empty(), "{line}");
    }
}
