//! Percent-encoding as AWS does it: everything but letters, digits and `-_.~`.

/// Appends `bytes` encoded; `keep` names further bytes that stay as they are.
pub fn encode_into(bytes: &[u8], keep: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Decoded bytes; what is no valid escape stays as it is.
pub fn decode(text: &str, plus_is_space: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| Some((hex(*bytes.get(at + 1)?)?, hex(*bytes.get(at + 2)?)?)))
            .flatten();
        match (escape, bytes[at]) {
            (Some((high, low)), _) => {
                out.push(high << 4 | low);
                at += 2;
            }
            (None, b'+') if plus_is_space => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        at += 1;
    }
    out
}

/// `name=value&…` decoded, in order; bytes that are not UTF-8 are replaced.
pub fn decode_pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |part| String::from_utf8_lossy(&decode(part, true)).into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_and_decodes() {
        let mut out = String::new();
        encode_into("a b/ü~".as_bytes(), b"/", &mut out);
        assert_eq!(out, "a%20b/%C3%BC~");
        assert_eq!(decode(&out, false), "a b/ü~".as_bytes());
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(decode("100%", false), b"100%");
        assert_eq!(decode("%zz%4", false), b"%zz%4");
    }

    #[test]
    fn pairs_keep_their_order() {
        let pairs = decode_pairs("b=1&a=x+y&&flag&e=%3D");
        let seen: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(seen, [("b", "1"), ("a", "x y"), ("flag", ""), ("e", "=")]);
    }
}
