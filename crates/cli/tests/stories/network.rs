//! Ways to AWS that companies have: a proxy for everything, and an authority of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::story::{SOURCE, Story};

/// A name that only the proxy knows.
const ELSEWHERE: &str = "aws.example.test";

/// A company's way to the simulated AWS.
struct Company {
    story: Story,
    /// The TLS endpoint.
    port: u16,
    /// The proxy.
    proxy: u16,
    /// What the proxy was asked to connect to.
    connected: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Company {
    fn open() -> Self {
        let story = Story::with_points(300);
        let upstream = story.address();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (authority, tls) = certified();
        story.write("authority.pem", authority);
        let connected = Arc::new(Mutex::new(Vec::new()));
        let (port, proxy) = runtime.block_on(async {
            let port = listen(move |client| {
                let tls = tls.clone();
                async move {
                    let mut client = tls.accept(client).await.ok()?;
                    let mut server = TcpStream::connect(upstream).await.ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()
                }
            })
            .await;
            let seen = connected.clone();
            let proxy = listen(move |mut client| {
                let seen = seen.clone();
                async move {
                    let wanted = read_connect(&mut client).await?;
                    seen.lock().unwrap().push(wanted);
                    // Whatever name was asked for stands for the endpoint.
                    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
                    client
                        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        .await
                        .ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()
                }
            })
            .await;
            (port, proxy)
        });
        Self {
            story,
            port,
            proxy,
            connected,
            _runtime: runtime,
        }
    }

    fn list(&self, options: &str) -> Command {
        let mut command = self.story.command(&format!(
            "list --source-account {SOURCE} --source-profile source --api-rate 5000 --summary --output json {options}"
        ));
        command.env_remove("AWS_ENDPOINT_URL");
        command
    }

    fn connected(&self) -> Vec<String> {
        std::mem::take(&mut self.connected.lock().unwrap())
    }

    #[track_caller]
    fn works(&self, mut command: Command) {
        let told = self.story.told(command.output().unwrap()).went_well();
        assert_eq!(told.json()["total_count"], crate::story::arns(&self.story).len());
    }
}

/// An authority that nobody else trusts, and a server that it vouches for.
fn certified() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let names = vec!["localhost".to_owned(), ELSEWHERE.to_owned()];
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// Serves every connection in a task of its own; answers the port.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = Option<(u64, u64)>> + Send + 'static,
{
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client));
        }
    });
    port
}

/// Where a client wants to be connected to.
async fn read_connect(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    head.strip_prefix("CONNECT ")?
        .split_whitespace()
        .next()
        .map(str::to_owned)
}

#[test]
fn an_authority_of_one_s_own_is_trusted_when_it_is_named() {
    let company = Company::open();
    let endpoint = format!("--endpoint-url https://localhost:{}", company.port);
    // It takes a while until it is given up, so the others go on meanwhile.
    let mut untrusting = company.list(&endpoint);
    let untrusting = untrusting.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    company.works(company.list(&format!("{endpoint} --ca-bundle authority.pem")));
    let mut by_environment = company.list(&endpoint);
    by_environment.env("AWS_CA_BUNDLE", company.story.file("authority.pem"));
    company.works(by_environment);
    let refused = untrusting.wait_with_output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("certificate") && said.contains("--ca-bundle"), "{said}");
}

#[test]
fn calls_go_by_the_proxy_unless_it_is_not_for_them() {
    let company = Company::open();
    let proxy = format!("http://127.0.0.1:{}", company.proxy);
    let mut by_proxy = company.list(&format!(
        "--endpoint-url https://{ELSEWHERE}:8443 --ca-bundle authority.pem"
    ));
    by_proxy.env("HTTPS_PROXY", &proxy);
    company.works(by_proxy);
    let connected = company.connected();
    assert!(
        !connected.is_empty() && connected.iter().all(|to| to == &format!("{ELSEWHERE}:8443")),
        "{connected:?}"
    );

    let endpoint = format!(
        "--endpoint-url https://localhost:{} --ca-bundle authority.pem",
        company.port
    );
    let mut past_it = company.list(&endpoint);
    past_it
        .env("HTTPS_PROXY", &proxy)
        .env("NO_PROXY", "example.test,localhost");
    company.works(past_it);
    assert_eq!(company.connected(), Vec::<String>::new());
}
