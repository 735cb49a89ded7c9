//! The `Authorization` header of Signature Version 4.

/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=hex`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization<'a> {
    pub access_key: &'a str,
    /// Everything of the credential after the key.
    pub scope: &'a str,
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    /// Names between semicolons, as they were signed.
    pub signed_headers: &'a str,
    pub signature: &'a str,
    /// What is wrong with the header itself, in AWS's words.
    pub incomplete: Option<String>,
}

impl<'a> Authorization<'a> {
    /// `None` when the header is of no kind that AWS knows; a broken one is read as far as possible, since the scope
    /// tells which service is asked.
    pub fn parse(header: &'a str) -> Option<Self> {
        let rest = header.trim().strip_prefix("AWS4-HMAC-SHA256")?;
        let mut found = Self::default();
        let mut missing = Vec::new();
        let part = |name: &str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .map(str::trim)
        };
        match part("Credential") {
            None => missing.push("Authorization header requires 'Credential' parameter."),
            Some(credential) => {
                let (key, scope) = credential.split_once('/').unwrap_or((credential, ""));
                (found.access_key, found.scope) = (key, scope);
                let pieces: Vec<&str> = scope.split('/').collect();
                if let [date, region, service, "aws4_request"] = pieces[..] {
                    (found.date, found.region, found.service) = (date, region, service);
                } else {
                    missing.push(
                        "Credential must have exactly 5 slash-delimited elements, \
                         e.g. keyid/date/region/service/term.",
                    );
                }
            }
        }
        match part("SignedHeaders") {
            None => missing.push("Authorization header requires 'SignedHeaders' parameter."),
            Some(names) => found.signed_headers = names,
        }
        match part("Signature") {
            None => missing.push("Authorization header requires 'Signature' parameter."),
            Some(signature) => found.signature = signature,
        }
        found.incomplete = (!missing.is_empty()).then(|| missing.join(" "));
        Some(found)
    }

    pub fn signed_headers(&self) -> impl Iterator<Item = &'a str> {
        self.signed_headers.split(';')
    }
}

#[cfg(test)]
mod tests {
    use super::Authorization;

    #[test]
    fn reads_the_header_with_and_without_spaces() {
        for comma in [", ", ","] {
            let header = [
                "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/backup/aws4_request",
                "SignedHeaders=host;x-amz-date",
                "Signature=abc",
            ]
            .join(comma);
            let read = Authorization::parse(&header).unwrap();
            assert_eq!(
                (read.access_key, read.date, read.region, read.service),
                ("AK", "20260101", "eu-west-1", "backup")
            );
            assert_eq!(read.scope, "20260101/eu-west-1/backup/aws4_request");
            assert_eq!(read.signed_headers().collect::<Vec<_>>(), ["host", "x-amz-date"]);
            assert_eq!((read.signature, read.incomplete), ("abc", None));
        }
    }

    #[test]
    fn a_broken_header_says_what_it_lacks() {
        assert_eq!(Authorization::parse("Bearer abc"), None);
        let read = Authorization::parse("AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1, Signature=x").unwrap();
        let told = read.incomplete.unwrap();
        assert!(
            told.contains("5 slash-delimited") && told.contains("'SignedHeaders'") && !told.contains("'Signature'")
        );
    }
}
