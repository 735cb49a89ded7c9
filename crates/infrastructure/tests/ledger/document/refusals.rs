//! A document with nonsense in it makes no ledger, and says where the nonsense stands.

use sav_infrastructure::ledger::{ImportError, SqliteReader, import};

use super::eventful::eventful;
use super::{exported, imported};
use crate::world::*;

/// What an import of this document is refused with. It leaves nothing behind but the lock's file.
fn refused(document: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let refusal = imported(document, &folder.path().join("new.db")).unwrap_err();
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(left, ["new.db.lock"], "{refusal}");
    refusal.to_string()
}

#[tokio::test]
async fn nonsense_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let document = exported(&eventful(folder.path()).await);
    let broken = |from: &str, to: &str| {
        assert!(document.contains(from), "{from} is not in\n{document}");
        refused(&document.replacen(from, to, 1))
    };
    let line = |text: &str| 1 + document[..document.find(text).unwrap()].matches('\n').count();

    let typo = broken("\"size_bytes\":", "\"sise_bytes\":");
    assert!(typo.contains("unknown field `sise_bytes`"), "{typo}");
    assert!(
        typo.contains(&format!("line {} column", line("\"size_bytes\":"))),
        "{typo}"
    );
    let text = broken("\"size_bytes\":18446744073709551615", "\"size_bytes\":\"large\"");
    assert!(
        text.contains("points, number 1: invalid type: string \"large\", expected u64 at line"),
        "{text}"
    );
    let missing = broken("\"verdict\":\"copy\",", "");
    assert!(missing.contains("missing field `verdict`"), "{missing}");
    let verdict = broken("\"verdict\":\"copy\"", "\"verdict\":\"perhaps\"");
    assert!(
        verdict.contains("expected one of `copy`, `skip`, `blocked`"),
        "{verdict}"
    );
    let time = broken(&at(20).to_string(), "yesterday");
    assert!(time.contains("RFC 3339"), "{time}");

    // The step before it goes, and with it the sense of the one behind.
    let illegal = broken("\"step\":\"meant\",\"token\":\"a\"", "\"step\":\"resent\"");
    let expected = format!(
        "the point {}: event number 1: a transfer that is waiting cannot take the step `resent`",
        arn(0)
    );
    assert!(illegal.contains(&expected), "{illegal}");
    let token = broken("\"token\":\"b\"", "\"token\":\"a\"");
    assert!(token.contains("token: a was used by an earlier attempt"), "{token}");
    let twice = broken(&arn(1), &arn(0));
    assert!(
        twice.contains(&format!("the point {}: it stands there twice", arn(0))),
        "{twice}"
    );
    let plan = broken("\"last_seen_by_plan\":2", "\"last_seen_by_plan\":7");
    assert!(plan.contains("last_seen_by_plan: there is no plan 7"), "{plan}");
    let place = broken("\"verdict\":\"blocked\",", "\"verdict\":\"blocked\",\"position\":5,");
    assert!(place.contains("has no place in the queue"), "{place}");
    let window = broken("\"window\":2", "\"window\":1");
    assert!(window.contains("there are two with the number 1"), "{window}");

    let cut = refused(&document[..document.floor_char_boundary(document.len() / 2)]);
    assert!(cut.contains("EOF while parsing"), "{cut}");
    let more = refused(&format!("{document}{{}}"));
    assert!(more.contains("trailing characters"), "{more}");
    let list = refused("[]");
    assert!(
        list.contains("expected an object as `state export` writes it"),
        "{list}"
    );
    let other = broken("\"plans\"", "\"plan\"");
    assert!(
        other.contains("unknown field `plan`, expected one of `ledger`, `plans`"),
        "{other}"
    );
    let headless = refused("{\"points\": []}");
    assert!(headless.contains("missing field `ledger`"), "{headless}");
    let newer = broken("\"version\":1", "\"version\":2");
    assert!(
        newer.contains("newer version of this program (version 2, this one knows up to 1)"),
        "{newer}"
    );
    let format = broken("shuffle-aws-vaults ledger", "playlist");
    assert!(format.contains("ledger.format"), "{format}");
    let itself = broken("\"dest_account\":\"222222222222\"", "\"dest_account\":\"111111111111\"");
    assert!(
        itself.contains("source_account and dest_account are both 111111111111"),
        "{itself}"
    );
}

#[tokio::test]
async fn an_import_replaces_nothing_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = eventful(folder.path()).await;
    let document = exported(&path);
    let before = std::fs::read(&path).unwrap();
    let refusal = imported(&document, &path).unwrap_err();
    assert!(matches!(refusal, ImportError::Exists { .. }), "{refusal}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let new = folder.path().join("new.db");
    let orphan = folder.path().join("new.db-wal");
    std::fs::write(&orphan, "of a ledger that was taken away").unwrap();
    let refusal = imported(&document, &new).unwrap_err();
    assert!(refusal.to_string().contains("new.db-wal"), "{refusal}");
    std::fs::remove_file(&orphan).unwrap();

    let many = (0..1500).map(point_line).collect::<Vec<_>>().join(",");
    let stopped = import(
        &mut format!("{{{HEADER},\"points\":[{many}]}}").as_bytes(),
        &new,
        &|_| Ok(()),
        at(0),
        &mut |points| {
            assert_eq!(points, 1000);
            // What stands there now is no ledger to anybody.
            let unfinished = folder.path().join("new.db.importing");
            assert!(unfinished.exists());
            assert!(SqliteReader::open(&unfinished, None).is_err());
            false
        },
    );
    assert!(matches!(stopped, Err(ImportError::Interrupted)));
    assert!(!new.exists() && !folder.path().join("new.db.importing").exists());
}

const HEADER: &str = r#""ledger":{"format":"shuffle-aws-vaults ledger","version":1,"migration":{"source_account":"111111111111","dest_account":"222222222222","region":"eu-west-1"},"created_at":"2026-01-01T00:00:00Z"},"plans":[{"plan":1,"listed_at":"2026-01-01T00:00:00Z","made_with":{}}]"#;

fn point_line(n: u32) -> String {
    format!(
        r#"{{"recovery_point_arn":"{}","vault_name":"v","verdict":"copy","first_seen_by_plan":1,"last_seen_by_plan":1,"changed_by_plan":1}}"#,
        arn(n)
    )
}
