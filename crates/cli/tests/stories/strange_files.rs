//! What is no ledger, or not this one, is refused by every command with what to do next, and not a byte of it changes.

use std::path::Path;

use crate::shelf::{PAIR, Shelf};

const COMMANDS: [&str; 7] = [
    "status",
    "state show",
    "state history",
    "state export -",
    "state reset --inventory",
    "state reset --failed",
    "state reset --yes",
];

/// Every command refuses it, in the same words, which are given back.
fn refused_by_all(shelf: &Shelf, file: &Path, which: &str) -> String {
    let mut refusals: Vec<String> = COMMANDS
        .iter()
        .map(|command| shelf.refuses(file, &format!("{command} {which}")))
        .collect();
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(refusals[0].contains("--state-file"), "{}", refusals[0]);
    refusals.remove(0)
}

#[test]
fn no_ledger() {
    let shelf = Shelf::empty();
    insta::assert_snapshot!(refused_by_all(&shelf, &shelf.path(), PAIR), @"error: there is no ledger at [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db: run `plan` or `copy` first, or name it with --state-file");
    assert!(!shelf.path().parent().unwrap().exists());
}

#[test]
fn another_migrations_ledger() {
    let shelf = Shelf::with_ledger();
    let which = "--state-file {ledger} --source-account 111111111111 --dest-account 222222222222 --region eu-central-1";
    insta::assert_snapshot!(refused_by_all(&shelf, &shelf.path(), which), @"error: the ledger [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db belongs to another migration, 111111111111 → 222222222222 in eu-west-1, and this one is 111111111111 → 222222222222 in eu-central-1; check --source-account, --dest-account and --region, or name another file with --state-file");
}

#[test]
fn a_newer_schema() {
    let shelf = Shelf::with_ledger();
    // The schema version stands in the header of every SQLite file at byte 60, big-endian.
    let mut bytes = std::fs::read(shelf.path()).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(shelf.path(), bytes).unwrap();
    insta::assert_snapshot!(refused_by_all(&shelf, &shelf.path(), PAIR), @"error: the ledger [folder]/.shuffle-aws-vaults/state_111111111111_222222222222_eu-west-1.db was written by a newer version of this program (schema 99, this version knows up to 2); use that version or a later one, or name another file with --state-file");
}

#[test]
fn not_a_ledger_at_all() {
    let shelf = Shelf::empty();
    let file = shelf.file("file");
    std::fs::write(&file, "resourceArn,APMID\n").unwrap();
    insta::assert_snapshot!(refused_by_all(&shelf, &file, "--state-file {folder}/file"), @"error: [folder]/file is not a ledger (it is no SQLite database); it was left as it is; name the right file with --state-file");
    std::fs::write(&file, "{ \"ledger\": {} }").unwrap();
    insta::assert_snapshot!(refused_by_all(&shelf, &file, "--state-file {folder}/file"), @"error: [folder]/file is a JSON document, not a ledger; if it is an export, `state import` takes it back; else name the ledger with --state-file");
    insta::assert_snapshot!(shelf.run("status --state-file {folder}").refusal(), @"error: [folder] is not a ledger (it is a directory); it was left as it is; name the right file with --state-file");
}

#[test]
fn a_damaged_file() {
    let shelf = Shelf::with_ledger();
    let whole = std::fs::read(shelf.path()).unwrap();
    std::fs::write(shelf.path(), &whole[..whole.len() / 3]).unwrap();
    let refusal = refused_by_all(&shelf, &shelf.path(), PAIR);
    assert!(
        refusal.contains("is damaged") && refusal.contains("`state import` an export"),
        "{refusal}"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let shelf = Shelf::with_ledger();
    shelf
        .run(&format!("state export {{folder}}/export.json {PAIR}"))
        .went_well();
    let folder = shelf.path().parent().unwrap().to_path_buf();
    let permit = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    permit(0o500);
    // The superuser may write everywhere but where the system itself puts no files.
    let superuser = std::fs::write(folder.join("probe"), "").is_ok();
    let told = shelf.run(&format!("status {PAIR}"));
    let refusal = if superuser {
        shelf
            .run("state import {folder}/export.json --state-file /sys/new.db")
            .refusal()
            .to_owned()
    } else {
        shelf.refuses(&shelf.path(), &format!("state reset --inventory {PAIR}"))
    };
    permit(0o700);
    told.went_well();
    assert!(
        refusal.contains("cannot be written") && refusal.contains("--state-file"),
        "{refusal}"
    );
    let elsewhere = shelf.run(&format!("state export /sys/export.json {PAIR}"));
    assert!(elsewhere.refusal().contains("name another file"), "{elsewhere:?}");
}
