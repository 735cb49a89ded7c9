//! The simulator on a socket: HTTP/1.1 with keep-alive, loopback only, and the outcomes that only a socket can show.
//!
//! ```text
//!   listener ──> connection (hyper) ──> Simulator::respond ──> Outcome
//!      ^              └─ Socket: can be made to end in a reset     └─ delay, whole, cut, reset
//!   Running: stop, refuse connections for a while
//! ```

mod body;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use body::AnswerBody;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket::{Socket, Switch};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::simulator::{Outcome, Simulator};

/// More than AWS takes in any request of these services.
const LARGEST_REQUEST: usize = 1 << 20;
/// How long requests under way may take once the server is told to stop.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between attempts to accept a connection when that fails.
const BREATH: Duration = Duration::from_millis(10);
const BACKLOG: u32 = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Nobody listens: clients see their connections refused.
    Refusing,
    Stopping,
}

/// A server at work. Dropping it stops it without waiting for anybody.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:port`
    pub endpoint: String,
    pub addr: SocketAddr,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Running {
    /// No new requests; those under way get a moment to end.
    pub async fn stop(self) {
        self.mode.send_replace(Mode::Stopping);
        // The task ends by itself within its patience; if it panicked there is nothing left to stop.
        let _ = self.task.await;
    }

    /// From now on new connections are refused and old ones are reset, or all is as before.
    pub fn refuse_connections(&self, refuse: bool) {
        self.mode.send_replace(if refuse { Mode::Refusing } else { Mode::Open });
    }
}

impl Simulator {
    /// Serves on a loopback address, on the tokio runtime it is called in; port 0 lets the system choose one.
    pub fn serve(&self, addr: SocketAddr) -> io::Result<Running> {
        if !addr.ip().is_loopback() {
            let told = format!("{addr} can be reached from outside: the simulator serves loopback addresses only");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
        }
        let listener = bound(addr)?.listen(BACKLOG)?;
        let addr = listener.local_addr()?;
        let (mode, watched) = watch::channel(Mode::Open);
        let task = tokio::spawn(accept(self.clone(), listener, addr, watched));
        Ok(Running {
            endpoint: format!("http://{addr}"),
            addr,
            mode,
            task,
        })
    }
}

fn bound(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

async fn accept(simulator: Simulator, listener: TcpListener, addr: SocketAddr, mut mode: watch::Receiver<Mode>) {
    let mut listener = Some(listener);
    // Keeps the port while nobody listens on it.
    let mut held: Option<TcpSocket> = None;
    let mut connections = JoinSet::new();
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Stopping => break,
            Mode::Refusing if listener.is_some() => {
                listener = None;
                held = bound(addr).ok();
            }
            Mode::Open if listener.is_none() => {
                let socket = held.take().map_or_else(|| bound(addr), Ok);
                listener = socket.and_then(|socket| socket.listen(BACKLOG)).ok();
            }
            Mode::Open | Mode::Refusing => {}
        }
        tokio::select! {
            changed = mode.changed() => {
                if changed.is_err() {
                    // The `Running` is gone: drop everything.
                    return;
                }
            }
            accepted = next(listener.as_ref()) => match accepted {
                Ok(stream) => drop(connections.spawn(serve(simulator.clone(), stream, mode.clone()))),
                // Most likely out of file descriptors: asking again at once would only spin.
                Err(_) => tokio::time::sleep(BREATH).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by now is dropped with the set.
    let _ = tokio::time::timeout(PATIENCE, all_ended).await;
}

async fn next(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn serve(simulator: Simulator, stream: TcpStream, mut mode: watch::Receiver<Mode>) {
    // Small answers leave at once; a socket that refuses this works all the same.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream);
    let reset = socket.reset_switch();
    let service = service_fn(|request| handle(&simulator, request, &reset));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // How a connection ends is the client's affair, or the fault's.
            _ = connection.as_mut() => return,
            changed = mode.changed() => {
                let now = *mode.borrow_and_update();
                match now {
                    _ if changed.is_err() => return,
                    Mode::Open => {}
                    Mode::Refusing => {
                        reset.set();
                        return;
                    }
                    Mode::Stopping => connection.as_mut().graceful_shutdown(),
                }
            }
        }
    }
}

/// The connection is to be reset instead of answered.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset on purpose")]
struct Reset;

async fn handle(
    simulator: &Simulator,
    request: Request<Incoming>,
    reset: &Switch,
) -> Result<Response<AnswerBody>, Reset> {
    let (parts, incoming) = request.into_parts();
    let body = match Limited::new(incoming, LARGEST_REQUEST).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(too_large()),
        // The client went away in the middle of its request.
        Err(_) => return Err(Reset),
    };
    match simulator.respond(Request::from_parts(parts, body)) {
        Outcome::Answer { response, delay } => {
            pause(delay).await;
            Ok(response.map(AnswerBody::whole))
        }
        Outcome::CutAfter { response, bytes, delay } => {
            pause(delay).await;
            Ok(response.map(|body| AnswerBody::cut(&body, bytes)))
        }
        Outcome::ResetBefore => {
            reset.set();
            Err(Reset)
        }
        Outcome::ResetAfter { delay } => {
            pause(delay).await;
            reset.set();
            Err(Reset)
        }
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn too_large() -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
        .headers_mut()
        .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    response
}
