//! Completions: one script a shell. Whether the shells take them is tried with the shells (`tests/real-clients`).

use crate::story::{binary, refused};

#[test]
fn every_shell_has_commands_options_and_words() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = binary().args(["completions", shell]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(output.stderr.is_empty(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["replicate", "max-runtime-minutes", "source-account", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // Values are for shells whose scripts can offer them.
        if matches!(shell, "bash" | "zsh" | "fish") {
            for word in ["jsonl", "governance", "Storage-Gateway", "COMPLETED", "KMS_KEY_ERROR"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}

#[test]
fn a_mistyped_shell_is_answered_with_the_near_one() {
    assert!(refused("completions bsh").contains("'bash'"));
}

#[test]
fn nobody_has_to_read_to_the_end() {
    use std::process::Stdio;
    let mut child = binary()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
