//! What only a socket can show.

use std::fmt::Write as _;
use std::io::ErrorKind;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Running;
use crate::faults::{Fault, FaultPlan, What};
use crate::model::Service;
use crate::rig::{ACCOUNT, Ask, Rig};

fn serve(rig: &Rig) -> Running {
    rig.simulator.serve("127.0.0.1:0".parse().unwrap()).unwrap()
}

async fn connect(running: &Running) -> TcpStream {
    TcpStream::connect(running.addr).await.unwrap()
}

fn wire_form(request: &Request<Bytes>) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    write!(text, "content-length: {}\r\n\r\n", request.body().len()).unwrap();
    [text.into_bytes(), request.body().to_vec()].concat()
}

/// Head, promised length and body of one answer; the body may end early.
async fn read_answer(stream: &mut TcpStream) -> std::io::Result<(String, usize, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let promised: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = Vec::new();
    stream.take(promised as u64).read_to_end(&mut body).await?;
    Ok((head, promised, body))
}

async fn exchange(stream: &mut TcpStream, request: &Request<Bytes>) -> std::io::Result<(String, usize, Vec<u8>)> {
    stream.write_all(&wire_form(request)).await?;
    read_answer(stream).await
}

fn plain(method: &str, uri: &str, body: &str) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(uri).header("host", "sandbox");
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn create(name: &str) -> Ask {
    Ask::backup("PUT", &format!("/backup-vaults/{name}"), "{}")
}

fn has_vault(rig: &Rig, name: &str) -> bool {
    rig.simulator
        .with_state(|state| state.world.vault_named(ACCOUNT, name).is_some())
}

#[tokio::test]
async fn one_connection_serves_many_requests_of_all_protocols() {
    let rig = Rig::new();
    let running = serve(&rig);
    let mut stream = connect(&running).await;
    for service in Service::ALL {
        let (head, promised, body) = exchange(&mut stream, &rig.signed(&Ask::harmless(service)))
            .await
            .unwrap();
        assert!(
            head.starts_with("HTTP/1.1 ") && head.contains("x-amzn-requestid: "),
            "{head}"
        );
        assert_eq!(promised, body.len());
    }
    running.stop().await;
}

#[tokio::test]
async fn a_reset_before_does_nothing_and_a_reset_after_does_it_all() {
    for (what, done) in [(What::ResetBefore, false), (What::ResetAfter, true)] {
        let rig = Rig::with_faults(Fault::new(what.clone()).on(["CreateBackupVault"]));
        let running = serve(&rig);
        let mut stream = connect(&running).await;
        let error = exchange(&mut stream, &rig.signed(&create("fresh"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{what:?}");
        assert_eq!(has_vault(&rig, "fresh"), done, "{what:?}");
        assert_eq!(rig.simulator.journal().ended("CreateBackupVault", what.label()), 1);
        let mut another = connect(&running).await;
        assert!(
            exchange(&mut another, &rig.signed(&Ask::harmless(Service::Sts)))
                .await
                .is_ok(),
            "others go on"
        );
    }
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_it_holds() {
    for bytes in [0, 17] {
        let rig = Rig::with_faults(Fault::new(What::Cut { bytes }).on(["ListBackupVaults"]));
        let running = serve(&rig);
        let mut stream = connect(&running).await;
        let (head, promised, body) = exchange(&mut stream, &rig.signed(&Ask::harmless(Service::Backup)))
            .await
            .unwrap();
        assert!(head.starts_with("HTTP/1.1 200"));
        assert_eq!(body.len(), bytes);
        assert!(promised > bytes);
        assert_eq!(rig.simulator.journal().ended("ListBackupVaults", "cut"), 1);
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_answer_of_aws() {
    let rig = Rig::with_faults(Fault::new(What::Html { status: 502 }));
    let running = serve(&rig);
    let (head, _, body) = exchange(&mut connect(&running).await, &rig.signed(&create("fresh")))
        .await
        .unwrap();
    assert!(
        head.starts_with("HTTP/1.1 502") && head.contains("text/html") && !head.contains("x-amzn"),
        "{head}"
    );
    assert!(body.starts_with(b"<!DOCTYPE html>"));
    assert!(!has_vault(&rig, "fresh"));
}

#[tokio::test]
async fn connections_can_be_refused_for_a_while() {
    let rig = Rig::new();
    let running = serve(&rig);
    let mut open = connect(&running).await;
    assert!(
        exchange(&mut open, &rig.signed(&Ask::harmless(Service::Backup)))
            .await
            .is_ok()
    );

    running.refuse_connections(true);
    let error = open.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the open connection is reset");
    // The reset and the closing of the listener are two tasks' work; the second may come a moment later.
    let error = loop {
        match TcpStream::connect(running.addr).await {
            Err(error) => break error,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

    running.refuse_connections(false);
    let mut again = loop {
        match TcpStream::connect(running.addr).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(
        exchange(&mut again, &rig.signed(&Ask::harmless(Service::Backup)))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_stopped_server_has_said_goodbye() {
    let rig = Rig::new();
    let running = serve(&rig);
    let addr = running.addr;
    let mut idle = connect(&running).await;
    assert!(
        exchange(&mut idle, &rig.signed(&Ask::harmless(Service::Backup)))
            .await
            .is_ok()
    );
    running.stop().await;
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0, "an orderly end");
    assert_eq!(
        TcpStream::connect(addr).await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn only_the_loopback_interface_is_served() {
    let rig = Rig::new();
    let error = rig.simulator.serve("0.0.0.0:0".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        rig.simulator
            .serve("[::1]:0".parse().unwrap())
            .is_ok_and(|running| running.endpoint.starts_with("http://[::1]:"))
    );
}

#[tokio::test]
async fn a_request_of_megabytes_is_turned_away() {
    let rig = Rig::new();
    let running = serve(&rig);
    let mut stream = connect(&running).await;
    let head = format!(
        "PUT /copy-jobs HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n",
        4 << 20
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b' '; 1 << 16];
    // The server may answer and close before it has read everything.
    for _ in 0..64 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    if let Ok((head, ..)) = read_answer(&mut stream).await {
        assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    }
    assert_eq!(rig.simulator.journal().calls, 0);
}

#[tokio::test]
async fn the_sandbox_tells_and_takes_orders_without_a_signature() {
    let rig = Rig::new();
    let running = serve(&rig);
    let mut stream = connect(&running).await;
    let plan = serde_json::to_string(&FaultPlan::from(Fault::new(What::Throttle).on(["CreateBackupVault"]))).unwrap();
    let mut told = async |method: &str, path: &str, body: &str| {
        let (head, _, body) = exchange(&mut stream, &plain(method, path, body)).await.unwrap();
        let status: u16 = head[9..12].parse().unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    assert_eq!(told("PUT", "/_sandbox/faults", &plan).await, (200, json!({})));
    assert_eq!(rig.ask(&create("fresh")).code(), "ThrottlingException");
    assert_eq!(told("PUT", "/_sandbox/faults", "{}").await.0, 200);
    assert_eq!(rig.ask(&create("fresh")).code, None);

    let (status, account) = told("GET", "/_sandbox/account", "").await;
    assert_eq!((status, &account["calls"]["calls"]), (200, &json!(2)));
    assert_eq!(account["faults"]["throttle"]["fired"], 1);
    assert_eq!(account["copies"]["jobs_accepted"], 0);
    let (status, state) = told("GET", "/_sandbox/state", "").await;
    assert_eq!((status, state["accounts"][0]["id"].as_str()), (200, Some(ACCOUNT)));

    let before = rig.simulator.now();
    assert_eq!(told("POST", "/_sandbox/advance", r#"{"seconds": 90.5}"#).await.0, 200);
    assert_eq!(rig.simulator.now().millis() - before.millis(), 90_500);
    assert_eq!(told("POST", "/_sandbox/advance", r#"{"minutes": 1}"#).await.0, 400);
    assert_eq!(told("PUT", "/_sandbox/faults", r#"{"fault": []}"#).await.0, 400);
    assert_eq!(told("GET", "/_sandbox/nothing", "").await.0, 404);
}
