//! Errors: each says what, why and what now, writes no data, and ends with 1.

use std::fmt::Write as _;

use sav_simulator::faults::{Because, Fault, What};
use sav_simulator::world::seeded::OPERATOR_ROLE;

use crate::story::{SOURCE, Story, binary};

#[test]
fn no_such_vault() {
    let story = Story::with_points(100);
    insta::assert_snapshot!(story.list("--vault prod-dayly").refusal(), @r"
    error: no vault matches --vault `prod-dayly`; did you mean `prod-daily`?
       help: `list --summary` shows the account's vaults; `*` and `?` stand for any characters
    ");
    insta::assert_snapshot!(story.filter("--vault prod-*,zzz*").refusal(), @r"
    error: no vault matches --vault `zzz*`; there are `Default`, `aws/efs/automatic-backup-vault`, `compliance-locked`, `data-platform`, `finance-long-term`, … (names tell upper from lower case)
       help: `list --summary` shows the account's vaults; `*` and `?` stand for any characters
    ");
}

#[test]
fn access_denied() {
    let story = Story::with_points(100);
    story.suffers([Fault::new(What::AccessDenied {
        because: Because::NoIdentityPolicy,
    })
    .on(["ListBackupVaults"])]);
    insta::assert_snapshot!("access_denied_vaults", story.list("").refusal());
    story.suffers([Fault::new(What::AccessDenied {
        because: Because::ServiceControlPolicyDenies,
    })
    .on(["ListRecoveryPointsByBackupVault"])]);
    insta::assert_snapshot!("access_denied_points", story.list("--vault staging").stderr);
}

#[test]
fn an_error_amid_a_listing_leaves_a_whole_document() {
    let story = Story::with_points(3000);
    story.suffers([Fault::new(What::AccessDenied {
        because: Because::NoIdentityPolicy,
    })
    .on(["ListRecoveryPointsByBackupVault"])
    .after(3)]);
    let told = story.list("--output json");
    assert_eq!(told.code, 1);
    assert!(told.json().as_array().unwrap().len() < 3000);
    assert!(told.stderr.contains("AccessDeniedException"), "{}", told.stderr);
}

#[test]
fn the_wrong_account() {
    let story = Story::with_points(100);
    insta::assert_snapshot!(story.run("list --source-account 222222222222 --source-profile source").refusal(), @r"
    error: these are not the source account's credentials; nothing was read or written
      cause: --source-account is 222222222222, but AWS says that the credentials belong to 111111111111 (arn:aws:sts::111111111111:assumed-role/BackupMigrationOperator/sandbox)
      cause: they come from profile `source` in `[folder]/credentials`
       help: name the right profile with --source-profile, or correct --source-account
    ");
}

#[test]
fn an_expired_token() {
    let story = Story::with_points(100);
    let keys = story.simulator.credentials(SOURCE, OPERATOR_ROLE).unwrap();
    story
        .simulator
        .with_state(|state| state.identities.expire_now(&keys.access_key_id));
    insta::assert_snapshot!("expired_token", story.list("--vault staging").refusal());
}

#[test]
fn a_wrong_secret() {
    let story = Story::with_points(100);
    story.write_credentials(|text| {
        *text = text
            .lines()
            .map(|line| {
                if line.starts_with("aws_secret") {
                    format!("{line}x\n")
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
    });
    insta::assert_snapshot!("wrong_secret", story.list("").refusal());
}

#[test]
fn no_credentials_at_all() {
    let story = Story::with_points(100);
    story.write("credentials", "");
    let told = story.run("list --source-account 111111111111 --source-profile source");
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("NoCredentials") || told.stderr.contains("InvalidCredentials"),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("--source-profile"), "{}", told.stderr);
}

#[test]
fn somebody_new_without_any_profile() {
    let story = Story::with_points(100);
    let mut command = story.command("list --source-account 111111111111");
    command.env("AWS_SHARED_CREDENTIALS_FILE", story.file("no-credentials"));
    command.env("AWS_CONFIG_FILE", story.file("no-config"));
    let told = story.told(command.output().unwrap());
    let said = told.refusal();
    assert!(!said.contains("must not happen"), "{said}");
    assert!(
        said.contains("--source-profile") && said.contains("AWS_ACCESS_KEY_ID"),
        "{said}"
    );
}

#[test]
fn a_region_that_is_none() {
    let story = Story::with_points(100);
    let told = story
        .command("list --source-account 111111111111")
        .env("AWS_REGION", "Frankfurt am Main")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(told.stderr).unwrap(), @r"
    error: the Region in the environment or the profile is not one
      cause: `Frankfurt am Main` is not a Region: a Region's code is like `us-east-1`, lower-case letters, digits and dashes only
       help: name the Region with --region, or correct AWS_REGION or the profile
    ");
}

#[test]
fn metadata_that_cannot_be_used() {
    let story = Story::with_points(100);
    story.write("binary.csv", b"resourceArn,APMID\narn:a,APM1\narn:b,\xff\xfe\n");
    story.write("no-arn.csv", "resource;APMID;Owner\nx;y;z\n");
    story.write("no-apmid.csv", "resourceArn,Owner\narn:a,me\n");
    story.write("ragged.csv", "resourceArn,APMID\narn:a,APM1\narn:b,APM2,more\n");
    story.write("open.csv", "resourceArn,APMID\narn:a,\"APM1\narn:b,APM2\n");
    story.write("empty.csv", "");
    let mut all = String::new();
    for file in [
        "missing.csv",
        "",
        "binary.csv",
        "no-arn.csv",
        "no-apmid.csv",
        "ragged.csv",
        "open.csv",
        "empty.csv",
    ] {
        let told = story.list(&format!("--metadata-csv {{folder}}/{file} --allowed-apmids APM1"));
        all.push_str(told.refusal());
        all.push('\n');
    }
    insta::assert_snapshot!(all);
    assert_eq!(story.simulator.journal().calls, 0, "AWS was asked");
}

#[test]
fn selections_that_can_choose_nothing() {
    let story = Story::with_points(100);
    let mut all = String::new();
    for options in [
        "--allowed-apmids APM1",
        "--metadata owner=me",
        "--created-after 2026-02-01 --created-before 2026-01-01",
        "--min-size-gb 10 --max-size-gb 5",
        "--created-after yesterday",
        "--min-age-days -3",
        "--metadata-csv {folder}/metadata.csv --metadata broken",
        "--metadata-csv {folder}/metadata.csv --metadata ownr=me",
        "--allowed-apmids @{folder}/missing.txt",
        "--vault ,",
    ] {
        let told = story.list(options);
        let _ = writeln!(all, "$ list {options}\n{}", told.refusal());
    }
    insta::assert_snapshot!(all);
    assert_eq!(story.simulator.journal().calls, 0, "AWS was asked");
}

#[test]
fn ages_that_exclude_each_other() {
    let story = Story::with_points(100);
    let told = story.list("--min-age-days 10 --max-age-days 5");
    assert!(
        told.refusal()
            .contains("--max-age-days and --min-age-days together choose nothing"),
        "{told:?}"
    );
}

#[test]
fn metadata_that_does_not_decide_when_it_must() {
    let story = Story::with_points(2000);
    for command in ["list", "filter"] {
        let told = story.run(&format!(
            "{command} --source-account 111111111111 --source-profile source --api-rate 5000 --output json \
             --metadata-csv {{folder}}/metadata.csv --excluded-apmids APM1 --on-missing-metadata fail"
        ));
        assert_eq!(told.code, 1);
        assert!(
            told.stderr.contains("the metadata does not decide about every point"),
            "{}",
            told.stderr
        );
    }
}

#[test]
fn a_configuration_file_that_is_wrong() {
    let story = Story::with_points(100);
    let mut all = String::new();
    for (name, text) in [
        ("unknown.toml", "sorce-account = '111111111111'\n"),
        ("syntax.toml", "source-account = \n"),
        ("type.toml", "summary = 'yes'\n"),
        ("rule.toml", "[[filter.include]]\nname = 'all'\n"),
        ("rule-key.toml", "[[filter.include]]\nvualt = 'x'\n"),
    ] {
        story.write(name, text);
        all.push_str(story.list(&format!("--config {{folder}}/{name}")).refusal());
        all.push('\n');
    }
    all.push_str(story.list("--config {folder}/missing.toml").refusal());
    insta::assert_snapshot!(all);
}

#[test]
fn wrong_usage_ends_with_one_and_help_with_none() {
    for (line, code) in [
        (&["list"][..], 1),
        (&["lits"], 1),
        (&["list", "--source-account", "12"], 1),
        (&["list", "--source-account", "111111111111", "--output", "xml"], 1),
        (&["--help"], 0),
        (&["list", "--help"], 0),
        (&["--version"], 0),
        (&[], 1),
    ] {
        let output = binary().args(line).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{line:?}");
    }
}

#[test]
fn an_endpoint_that_is_not_there() {
    let told = binary()
        .args([
            "list",
            "--source-account",
            "111111111111",
            "--endpoint-url",
            "http://127.0.0.1:9",
            "--ca-bundle",
            "/nowhere.pem",
        ])
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    let said = String::from_utf8(told.stderr).unwrap();
    insta::assert_snapshot!(said, @r"
    error: no connection to AWS can be made
      cause: the CA bundle `/nowhere.pem` cannot be read: No such file or directory (os error 2)
       help: correct --ca-bundle or AWS_CA_BUNDLE
    ");
}
