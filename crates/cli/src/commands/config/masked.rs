//! What is not shown: whoever pastes this into a ticket gives nothing away.

const MASK: &str = "****";

/// An option's value as it may be seen.
pub fn masked(option: &str, value: &str) -> String {
    let value = without_passwords(value);
    match (option, value.split_once(char::is_whitespace)) {
        // A command's arguments may hold anything: an address that is a secret, a token.
        ("on-event", Some((program, _))) => format!("{program} {MASK}"),
        _ => value,
    }
}

/// A variable of the environment as it may be seen; None: it is none of ours.
pub fn variable(name: &str, value: &str) -> Option<String> {
    const SHOWN: &[&str] = &[
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SDK_LOAD_CONFIG",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "HOME",
        "NO_COLOR",
        "TERM",
    ];
    let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
    if SHOWN.contains(&name) || is_proxy || name.starts_with("AWS_ENDPOINT_URL") {
        return Some(without_passwords(value));
    }
    if name == "AWS_ACCESS_KEY_ID" {
        // No secret, but only its end is needed to tell one from another.
        let end = value.char_indices().rev().nth(3).map_or("", |(at, _)| &value[at..]);
        return Some(format!("{MASK}{}", if value.len() >= 16 { end } else { "" }));
    }
    name.starts_with("AWS_").then(|| MASK.to_owned())
}

/// `scheme://name:password@host`: what stands before the `@` is masked, wherever such a thing is.
fn without_passwords(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        kept.push_str(before);
        kept.push_str("://");
        let host = after.find(['/', '?', '#', ',', ' ']).unwrap_or(after.len());
        match after[..host].rfind('@') {
            Some(at) => {
                kept.push_str(MASK);
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    // A proxy may also be named without a scheme.
    match rest.split_once('@') {
        Some((who, host)) if kept.is_empty() && who.contains(':') && !who.contains([' ', '/']) => {
            format!("{MASK}@{host}")
        }
        _ => kept + rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_show() {
        for (text, shown) in [
            ("http://me:pass@proxy.example:8080", "http://****@proxy.example:8080"),
            ("me:pass@proxy.example:8080", "****@proxy.example:8080"),
            ("http://p@ss:w@rd@proxy/x@y", "http://****@proxy/x@y"),
            ("a=http://u:p@h,b=https://v:q@i/", "a=http://****@h,b=https://****@i/"),
            ("http://proxy.example:8080", "http://proxy.example:8080"),
            ("localhost,.internal", "localhost,.internal"),
            ("arn:aws:kms:us-east-1:1:key/x@y", "arn:aws:kms:us-east-1:1:key/x@y"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }

    #[test]
    fn secrets_of_the_environment_do_not_show() {
        let secret = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_OF_TOMORROW",
        ] {
            assert_eq!(variable(name, secret).as_deref(), Some("****"), "{name}");
        }
        assert_eq!(
            variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").as_deref(),
            Some("****MPLE")
        );
        assert_eq!(variable("AWS_ACCESS_KEY_ID", "short").as_deref(), Some("****"));
        assert_eq!(variable("AWS_REGION", "eu-west-1").as_deref(), Some("eu-west-1"));
        assert_eq!(
            variable("https_proxy", "http://u:p@h").as_deref(),
            Some("http://****@h")
        );
        assert_eq!(variable("GITHUB_TOKEN", secret), None);
    }

    #[test]
    fn the_arguments_of_a_hook_do_not_show() {
        assert_eq!(masked("on-event", "curl -H 'Authorization: x'"), "curl ****");
        assert_eq!(masked("on-event", "./notify"), "./notify");
        assert_eq!(masked("region", "eu-west-1"), "eu-west-1");
    }
}
