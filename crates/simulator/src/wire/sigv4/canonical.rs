//! What exactly is signed.

use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::wire::percent;

/// A request as far as its signature covers it.
#[derive(Clone, Copy, Debug)]
pub struct Signable<'a> {
    pub parts: &'a Parts,
    pub body: &'a [u8],
    /// Names between semicolons.
    pub signed_headers: &'a str,
}

impl Signable<'_> {
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(512);
        out.push_str(self.parts.method.as_str());
        out.push('\n');
        write_path(self.parts.uri.path(), &mut out);
        out.push('\n');
        write_query(self.parts.uri.query().unwrap_or_default(), &mut out);
        out.push('\n');
        for name in self.signed_headers.split(';') {
            self.write_header(name, &mut out);
        }
        out.push('\n');
        out.push_str(self.signed_headers);
        out.push('\n');
        let declared = self.parts.headers.get("x-amz-content-sha256");
        if declared.is_some_and(|value| value == "UNSIGNED-PAYLOAD") {
            out.push_str("UNSIGNED-PAYLOAD");
        } else {
            // Whatever hash was declared, the body's own is what counts.
            write_hex(&Sha256::digest(self.body), &mut out);
        }
        out
    }

    fn write_header(&self, name: &str, out: &mut String) {
        out.push_str(name);
        out.push(':');
        for (index, value) in self.parts.headers.get_all(name).iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            for (position, word) in text.split_ascii_whitespace().enumerate() {
                if position > 0 {
                    out.push(' ');
                }
                out.push_str(word);
            }
        }
        out.push('\n');
    }
}

/// Every service but S3 signs the path normalised and encoded once more than it was sent.
fn write_path(path: &str, out: &mut String) {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    for segment in &kept {
        out.push('/');
        percent::encode_into(segment.as_bytes(), &[], out);
    }
    if kept.is_empty() || path.ends_with('/') {
        out.push('/');
    }
}

fn write_query(query: &str, out: &mut String) {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded_anew(name), encoded_anew(value))
        })
        .collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

fn encoded_anew(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent::encode_into(&percent::decode(text, true), &[], &mut out);
    out
}

pub fn string_to_sign(date: &str, scope: &str, canonical: &str) -> String {
    let mut out = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n");
    write_hex(&Sha256::digest(canonical), &mut out);
    out
}

/// The key of one day, Region and service.
pub fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let day = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    [region, service, "aws4_request"]
        .into_iter()
        .fold(day, |key, part| hmac(&key, part.as_bytes()))
}

pub fn signature(key: &[u8; 32], string_to_sign: &str) -> String {
    let mut out = String::with_capacity(64);
    write_hex(&hmac(key, string_to_sign.as_bytes()), &mut out);
    out
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn write_hex(bytes: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        Signable {
            parts: &parts,
            body: body.as_bytes(),
            signed_headers: &names.join(";"),
        }
        .canonical()
    }

    /// The example of AWS's documentation of Signature Version 4: a GET to IAM.
    #[test]
    fn the_documented_example_gives_the_documented_signature() {
        let headers = [
            ("Host", "iam.amazonaws.com"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("X-Amz-Date", "20150830T123600Z"),
        ];
        let canonical = canonical("GET", "/?Action=ListUsers&Version=2010-05-08", &headers, "");
        let scope = "20150830/us-east-1/iam/aws4_request";
        let to_sign = string_to_sign("20150830T123600Z", scope, &canonical);
        assert!(to_sign.ends_with("f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"));
        let key = signing_key(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "20150830",
            "us-east-1",
            "iam",
        );
        assert_eq!(
            signature(&key, &to_sign),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn queries_are_sorted_and_encoded_and_headers_squeezed() {
        let headers = [("Host", "h"), ("My-Header", "  a   b "), ("My-Header", "c")];
        let written = canonical("GET", "/?b=2&a=%7e&a=%2F&flag", &headers, "");
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(
            lines[1..6],
            ["/", "a=%2F&a=~&b=2&flag=", "host:h", "my-header:a b,c", ""]
        );
    }

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        let path = |uri: &str| {
            canonical("GET", uri, &[("Host", "h")], "")
                .lines()
                .nth(1)
                .unwrap()
                .to_owned()
        };
        assert_eq!(path("/tags/arn%3Aaws%3Ax%2Fy/"), "/tags/arn%253Aaws%253Ax%252Fy/");
        assert_eq!(path("/a/./b/../c"), "/a/c");
        assert_eq!(path("//a//b"), "/a/b");
        assert_eq!(path("/"), "/");
    }

    #[test]
    fn an_unsigned_payload_stays_unsigned_and_a_declared_hash_is_not_believed() {
        let last = |hash: &str| {
            let headers = [("Host", "h"), ("X-Amz-Content-Sha256", hash)];
            canonical("PUT", "/", &headers, "{}").lines().last().unwrap().to_owned()
        };
        assert_eq!(last("UNSIGNED-PAYLOAD"), "UNSIGNED-PAYLOAD");
        assert_eq!(
            last("0000"),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
