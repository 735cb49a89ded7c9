//! `report`: from the ledger alone, in every form, with strings that would like to be more than text.

use sav_application::ports::Ledger;
use sav_domain::ledger::Entry;
use serde_json::Value;

use crate::copy_world::{CopyStory, jobs_of, plain};
use crate::shelf::{PAIR, Shelf, at};
use crate::story::{DESTINATION, SOURCE};

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\"'&";

fn entry(minute: i64, kind: &str, detail: &Value) -> Entry {
    Entry {
        at: at(minute),
        kind: kind.into(),
        detail: detail.to_string().into(),
    }
}

fn with_a_journal() -> Shelf {
    let shelf = Shelf::with_ledger();
    let ledger = shelf.open();
    let pause = serde_json::json!({ "reason": HOSTILE, "side": "source" });
    let verified = serde_json::json!({ "summary": { "expected": 4, "verified": 3, "missing": 1, HOSTILE: 7 } });
    let nothing = serde_json::json!({});
    let entries = vec![
        entry(70, "paused", &pause),
        entry(75, "resumed", &nothing),
        entry(80, "verified", &verified),
    ];
    shelf.do_with(async || ledger.note(entries).await.unwrap());
    shelf
}

#[test]
fn json_tells_everything_of_one_moment() {
    let shelf = with_a_journal();
    let report = shelf.json(&format!("report {PAIR}"));
    let status = shelf.json(&format!("status {PAIR}"));
    assert_eq!(report["counts"]["total_items"], status["total_items"]);
    assert_eq!(report["windows"], status["windows"]);
    assert_eq!(report["pauses"][0]["until"], serde_json::json!(at(75)));
    assert_eq!(report["verification"]["summary"]["summary"]["missing"], 1);
    assert_eq!(
        report["failures"].as_array().unwrap().len() as u64,
        status["failed"].as_u64().unwrap()
    );
}

#[test]
fn rows_for_a_spreadsheet() {
    let shelf = Shelf::with_ledger();
    let points = shelf.run(&format!("report {PAIR} --output csv")).went_well().stdout;
    assert!(
        points.starts_with("recovery_point_arn,vault_name,resource_arn,"),
        "{points}"
    );
    let all = shelf.json(&format!("report {PAIR}"))["counts"]["total_items"]
        .as_u64()
        .unwrap();
    assert!(points.lines().count() as u64 > all, "{points}");
    let failures = shelf
        .run(&format!("report {PAIR} --output csv --rows failures"))
        .went_well()
        .stdout;
    assert!(
        failures.starts_with("recovery_point_arn,category,error_message,fix,timestamp\n"),
        "{failures}"
    );
    assert!(failures.lines().count() > 1, "{failures}");
}

#[test]
fn the_page_is_whole_and_nothing_in_it_is_more_than_text() {
    let shelf = with_a_journal();
    let page = shelf.run(&format!("report {PAIR} --html -")).went_well().stdout;
    assert!(
        page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"),
        "{page}"
    );
    for forbidden in [
        "<script",
        "<img",
        "onerror=alert(2)>",
        "http://",
        "https://",
        "\u{202e}",
        "url(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"), "what was said is shown");
    for title in [
        "Where it stands",
        "Progress over time",
        "Windows",
        "Vaults and types",
        "Durations and limits",
    ] {
        assert!(page.contains(title), "{title}");
    }
    assert!(page.contains("Windows, and the pauses in them, over time"));
    assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme:dark"));
    let fresh = Shelf::with_ledger()
        .run(&format!("report {PAIR} --html -"))
        .went_well()
        .stdout;
    assert!(fresh.contains("Nothing has been verified yet"));
}

#[test]
fn a_copy_leaves_its_page() {
    let story = CopyStory::of(plain(40), jobs_of(0));
    assert_eq!(story.copy("--report {folder}/report.html").code, 0);
    let page = std::fs::read_to_string(story.story.file("report.html")).unwrap();
    assert!(page.contains(SOURCE) && page.contains(DESTINATION));
    assert!(page.contains("<dt>completed</dt><dd>40</dd>"), "{page}");
}
