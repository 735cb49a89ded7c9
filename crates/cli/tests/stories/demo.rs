//! The demo needs nothing but the binary, and leaves nothing behind.

use crate::story::binary;

#[test]
fn it_tells_its_story_without_any_configuration() {
    let home = tempfile::tempdir().unwrap();
    let told = binary()
        .args(["demo", "--points", "1500"])
        .env("TMPDIR", home.path())
        .env("AWS_PROFILE", "production")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let said = String::from_utf8(told.stdout).unwrap();
    assert_eq!(
        told.status.code(),
        Some(0),
        "{said}\n{}",
        String::from_utf8_lossy(&told.stderr)
    );
    for promised in [
        "$ shuffle-aws-vaults list --source-account 111111111111 --source-profile source --summary",
        "$ shuffle-aws-vaults filter",
        "WHY POINTS ARE OUT",
        "$ shuffle-aws-vaults plan",
        "$ shuffle-aws-vaults copy",
        "$ shuffle-aws-vaults status",
        "nothing is being copied just now",
        "$ shuffle-aws-vaults sandbox --points 1500 --seed 7 --dest-vaults",
    ] {
        assert!(said.contains(promised), "{promised} is not in {said}");
    }
    let window = said
        .lines()
        .find(|line| line.starts_with("20") && line.contains("Z  20"))
        .unwrap();
    let columns: Vec<&str> = window.split_whitespace().collect();
    assert_eq!(
        (columns[2], columns[4]),
        ("0", "0"),
        "how the window ended, and what failed: {window}"
    );
    let total = said.lines().find(|line| line.starts_with("total")).unwrap();
    assert!(total.contains(" 1500 "), "{total}");
    assert_eq!(
        std::fs::read_dir(home.path()).unwrap().count(),
        0,
        "something was left behind"
    );
}
