//! Pages of recovery points, read straight into our rows.
//!
//! A million points come as 1.6 GB of JSON. The SDK's generated reader makes a wide struct of some thirty owned strings of each;
//! that is most of the CPU a listing takes. So for this one call the answer is read where it arrives, borrowing from the
//! body and keeping what we need, and the SDK gets the rest of the answer: the token. Signing, endpoints, credentials and
//! errors stay the SDK's. An answer that we can't read is handed on untouched, for the SDK to read or to complain about.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use sav_domain::{RecoveryPoint, VaultName};
use serde::Deserialize;

use super::project::{self, PointRead};

/// Rides along with a request for a page, and comes back with its points.
#[derive(Clone, Debug)]
pub(super) struct PageSlot {
    vault: VaultName,
    points: Arc<Mutex<Option<Vec<RecoveryPoint>>>>,
}

impl PageSlot {
    pub(super) fn for_vault(vault: &VaultName) -> Self {
        Self {
            vault: vault.clone(),
            points: Arc::default(),
        }
    }

    /// The points, unless the answer was left to the SDK.
    pub(super) fn take(&self) -> Option<Vec<RecoveryPoint>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, points: Vec<RecoveryPoint>) {
        *self.points.lock().unwrap_or_else(PoisonError::into_inner) = Some(points);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PageRead<'a> {
    next_token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    recovery_points: Option<Vec<Option<PointRead<'a>>>>,
}

/// The points of a page's body, and the body that is left for the SDK.
fn read(vault: &VaultName, body: &[u8]) -> Option<(Vec<RecoveryPoint>, SdkBody)> {
    // Checked once as a whole: to check every text by itself costs several times as much.
    let page: PageRead<'_> = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let points = project::points(vault, page.recovery_points.unwrap_or_default().into_iter().flatten());
    let rest = page.next_token.map_or_else(
        || serde_json::json!({}),
        |token| serde_json::json!({ "NextToken": token }),
    );
    Some((points, SdkBody::from(rest.to_string())))
}

/// An HTTP client that reads the pages of requests which carry a slot, and passes everything else through.
pub(super) fn reading_pages(inner: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(PageReader(inner))
}

#[derive(Debug)]
struct PageReader<T>(T);

impl HttpClient for PageReader<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(PageReader(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for PageReader<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let slot = request.extension::<PageSlot>().cloned();
        let answer = self.0.call(request);
        let Some(slot) = slot else { return answer };
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            if response.status().is_success() {
                take_page(&slot, &mut response).await?;
            }
            Ok(response)
        })
    }
}

async fn take_page(slot: &PageSlot, response: &mut HttpResponse) -> Result<(), ConnectorError> {
    let body = ByteStream::new(response.take_body());
    let bytes = body
        .collect()
        .await
        .map_err(|error| ConnectorError::io(error.into()))?
        .into_bytes();
    match read(&slot.vault, &bytes) {
        Some((points, rest)) => {
            slot.put(points);
            response.headers_mut().remove("content-length");
            *response.body_mut() = rest;
        }
        None => *response.body_mut() = SdkBody::from(bytes),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &str) -> Option<(Vec<RecoveryPoint>, String)> {
        let (points, rest) = read(&VaultName::new("daily").unwrap(), body.as_bytes())?;
        Some((points, String::from_utf8(rest.bytes().unwrap().to_vec()).unwrap()))
    }

    #[test]
    fn a_page_is_read_with_what_we_know_and_without_what_we_do_not() {
        let body = r#"{"Surprise":[{"deep":{}}],"RecoveryPoints":[{"RecoveryPointArn":"arn:\u0061","BackupSizeInBytes":7,
            "CreationDate":17.2569999,"Status":"FROZEN","IsParent":true,"CalculatedLifecycle":{"DeleteAt":1.8E9},
            "Lifecycle":{"DeleteAfterDays":35,"Later":null},"ResourceName":"a \"b\"","EncryptionKeyArn":null,
            "NewMember":{"x":1}}, null, {}],"NextToken":"a/b+c\"="}"#;
        let (points, rest) = read_text(body).unwrap();
        assert_eq!(rest, r#"{"NextToken":"a/b+c\"="}"#);
        assert_eq!(points.len(), 2);
        let point = &points[0];
        assert_eq!(&*point.arn, "arn:a");
        assert_eq!(point.created.unwrap().to_string(), "1970-01-01T00:00:17.257Z");
        assert_eq!(point.expires_at.unwrap().to_string(), "2027-01-15T08:00:00.000Z");
        assert_eq!(point.status.as_ref().unwrap().name(), "FROZEN");
        assert_eq!(point.resource_name.as_deref(), Some("a \"b\""));
        assert_eq!(
            (point.size_bytes, point.is_parent, point.encryption_key_arn.as_deref()),
            (Some(7), true, None)
        );
        assert_eq!(point.lifecycle.delete_after_days, Some(35));
        assert_eq!(points[1], RecoveryPoint::new("", VaultName::new("daily").unwrap()));
    }

    #[test]
    fn the_last_page_leaves_no_token() {
        for body in [
            "{}",
            r#"{"RecoveryPoints":null,"NextToken":null}"#,
            r#"{"RecoveryPoints":[]}"#,
        ] {
            assert_eq!(read_text(body), Some((Vec::new(), "{}".to_owned())), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_sdk() {
        for body in [
            "",
            "<html>",
            r#"{"RecoveryPoints":{}}"#,
            r#"{"RecoveryPoints":[{"CreationDate":"soon"}]}"#,
            r#"{"RecoveryPoints":["#,
        ] {
            assert_eq!(read_text(body), None, "{body}");
        }
    }
}
