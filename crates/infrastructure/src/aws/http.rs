//! The HTTP client below the SDK: one TLS stack, the operator's proxy and certificate authority.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pages;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("the CA bundle `{}` cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the CA bundle `{}` holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)", .path.display())]
    NoCertificate { path: PathBuf },
    #[error("the CA bundle `{}` cannot be used: {reason}", .path.display())]
    Unusable { path: PathBuf, reason: String },
}

/// A connection keeps as much memory as the largest answer it ever read took, up to 400 KiB. Those that bring pages are few, and let go soon.
const PAGES_IDLE: Duration = Duration::from_secs(5);

/// Honours `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; trusts the system's authorities, and `ca_bundle` besides.
pub(super) fn client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, HttpError> {
    let tls = match ca_bundle {
        Some(path) => Some(trusting(path)?),
        None => None,
    };
    let client = Sorted {
        small: pooled(tls.clone(), None),
        pages: pooled(tls, Some(PAGES_IDLE)),
    };
    Ok(pages::reading_pages(SharedHttpClient::new(client)))
}

fn pooled(tls: Option<TlsContext>, idle: Option<Duration>) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .enable_tcp_nodelay(true);
        if let Some(idle) = idle {
            builder = builder.pool_idle_timeout(idle);
        }
        if let Some(settings) = settings {
            builder = builder.connector_settings(settings.clone());
        }
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        let mut builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
        if let Some(tls) = &tls {
            builder = builder.tls_context(tls.clone());
        }
        builder.build()
    })
}

/// Calls whose answers are pages have connections of their own.
#[derive(Debug)]
struct Sorted<T> {
    small: T,
    pages: T,
}

impl HttpClient for Sorted<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Sorted {
            small: self.small.http_connector(settings, components),
            pages: self.pages.http_connector(settings, components),
        })
    }
}

impl HttpConnector for Sorted<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asks_for_a_page = request.uri().contains("maxResults=");
        let connector = if asks_for_a_page { &self.pages } else { &self.small };
        connector.call(request)
    }
}

fn trusting(path: &Path) -> Result<TlsContext, HttpError> {
    let path_buf = || path.to_path_buf();
    let pem = std::fs::read(path).map_err(|source| HttpError::Unreadable {
        path: path_buf(),
        source,
    })?;
    check(&pem, path)?;
    TlsContext::builder()
        .with_trust_store(TrustStore::default().with_pem_certificate(pem))
        .build()
        .map_err(|error| HttpError::Unusable {
            path: path_buf(),
            reason: error.to_string(),
        })
}

/// The SDK would panic over what is no certificate.
fn check(pem: &[u8], path: &Path) -> Result<(), HttpError> {
    let unusable = |number: usize, reason: String| HttpError::Unusable {
        path: path.to_path_buf(),
        reason: format!("certificate number {number} in it: {reason}"),
    };
    let mut roots = RootCertStore::empty();
    for (certificate, number) in CertificateDer::pem_slice_iter(pem).zip(1..) {
        let certificate = certificate.map_err(|error| unusable(number, error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(number, error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(HttpError::NoCertificate {
            path: path.to_path_buf(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(pem: &str) -> String {
        check(pem.as_bytes(), Path::new("ca.pem")).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_certificate_is_said_before_the_sdk_sees_it() {
        let nonsense = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
        for (pem, expected) in [
            ("", "holds no certificate in PEM form"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "holds no certificate in PEM form",
            ),
            (nonsense, "cannot be used: certificate number 1 in it: "),
            (
                "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
                "certificate number 1 in it: ",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n",
                "certificate number 1 in it: ",
            ),
        ] {
            let said = said_of(pem);
            assert!(said.contains(expected), "{pem:?}: {said}");
        }
    }
}
