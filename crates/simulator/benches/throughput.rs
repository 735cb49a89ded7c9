//! What the simulator does in a second, over real sockets, with its client on the same cores:
//! `cargo bench -p sav-simulator`, or with another number of points: `-- 100000`.
#![expect(clippy::print_stdout, reason = "the table is what this is run for")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use sav_simulator::faults::Listing;
use sav_simulator::identities::Credentials;
use sav_simulator::model::Service;
use sav_simulator::services::backup;
use sav_simulator::wire::{Call, Caller, Params, Reply, percent, sigv4};
use sav_simulator::world::{DestinationPlan, PointKind, PointStatus, WorldPlan};
use sav_simulator::{Clock, Running, Settings, Simulator, WallClock};
use tokio::net::TcpStream;
use tokio::time::Instant;

const CONNECTIONS: usize = 4;
const RENDERED: usize = 1_000;
const COPIES: usize = 50_000;
const LISTINGS: usize = 5_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let points = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(1_000_000);
    println!("{points} points, {CONNECTIONS} connections, two threads for server and client together\n");
    row("", ["done", "seconds", "CPU s", "a second"]);

    let watch = Watch::start();
    let wall = Arc::new(WallClock::real());
    let destination = DestinationPlan {
        vaults: true,
        ..WorldPlan::default().destination
    };
    let world = WorldPlan {
        points,
        destination,
        start: wall.now(),
        ..WorldPlan::default()
    };
    let simulator = Simulator::new(Settings {
        world,
        clock: wall.clone(),
        wire_clock: wall.clone(),
        ..Settings::default()
    });
    let running = simulator
        .serve(SocketAddr::from(([127, 0, 0, 1], 0)))
        .expect("a free port on the loopback interface");
    watch.result("start, points", points);
    println!("{:<44}{:>12}", "memory then, MiB", resident_mib());

    let client = Client::of(&simulator, &running, wall);
    let watch = Watch::start();
    let (pages, bytes) = client.read_all_pages(&simulator).await;
    watch.result("ListRecoveryPointsByBackupVault, pages", pages);
    println!("{:<44}{:>12}", "of KiB each", bytes / pages.max(1) / 1024);
    let watch = Watch::start();
    render_pages(&simulator, RENDERED);
    watch.result("rendering alone, pages of 1000", RENDERED);

    let orders = orders(&simulator);
    client.timed("StartCopyJob", orders).await;
    let created = |_| get("/copy-jobs/?maxResults=1000&state=CREATED".to_owned());
    client
        .timed(
            "ListCopyJobs of 1000 in CREATED, pages",
            (0..LISTINGS / 10).map(created).collect(),
        )
        .await;
    client
        .timed("ListCopyJobs of one point", of_points(&simulator).collect())
        .await;
    println!("{:<44}{:>12}", "memory at the end, MiB", resident_mib());
    running.stop().await;
}

fn row(what: &str, [done, seconds, cpu, rate]: [&str; 4]) {
    println!("{what:<44}{done:>12}{seconds:>12}{cpu:>12}{rate:>12}");
}

/// How long something took, by the clock and by what the process spent of the processors: on a machine that is busy with
/// other things the two are far apart.
struct Watch {
    began: Instant,
    cpu: f64,
}

impl Watch {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    fn result(&self, what: &str, done: usize) {
        let (seconds, cpu) = (self.began.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
        let rate = done as f64 / seconds;
        row(
            what,
            [
                &done.to_string(),
                &format!("{seconds:.2}"),
                &format!("{cpu:.2}"),
                &format!("{rate:.0}"),
            ],
        );
    }
}

/// Of this process so far, in user and kernel mode; the kernel counts in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// What of this process is in memory.
fn resident_mib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| (kib / 1024).to_string())
}

/// The fullest vault's first page, time and again, without socket, signature or client.
fn render_pages(simulator: &Simulator, count: usize) {
    simulator.with_state(|state| {
        let plan = WorldPlan::default();
        let vaults = state.world.vaults_of(&plan.source_account).into_iter();
        let fullest = vaults
            .max_by_key(|id| state.world.vault(*id).points.len())
            .expect("a vault");
        let name = state.world.vault(fullest).name.as_str();
        let call = Call {
            operation: "ListRecoveryPointsByBackupVault",
            caller: Caller {
                account: plan.source_account,
                arn: String::new(),
                user_id: String::new(),
                principal: String::new(),
                session_policies: None,
            },
            params: Params(serde_json::Map::from_iter([(
                "BackupVaultName".to_owned(),
                name.into(),
            )])),
            now: state.world.vault(fullest).created,
            request_id: String::new(),
            listing: Listing::default(),
        };
        for _ in 0..count {
            let page = backup::look(state, &call);
            assert!(matches!(page, Some(Ok(Reply::Json(_)))));
        }
    });
}

/// A request before it is signed.
struct Order {
    method: Method,
    target: String,
    body: Bytes,
}

fn get(target: String) -> Order {
    Order {
        method: Method::GET,
        target,
        body: Bytes::new(),
    }
}

/// Copies of points that nothing speaks against, from all over the world.
fn orders(simulator: &Simulator) -> VecDeque<Order> {
    simulator.with_state(|state| {
        let world = &state.world;
        let plan = WorldPlan::default();
        let role = format!(
            "arn:aws:iam::{}:role/service-role/AWSBackupDefaultServiceRole",
            plan.source_account
        );
        let vaults = world.vaults_of(&plan.source_account);
        let points = vaults
            .into_iter()
            .flat_map(|vault| world.vault(vault).points.iter().copied());
        let good = points.filter(|id| {
            let point = world.point(*id);
            point.kind == PointKind::Snapshot
                && point.status == PointStatus::Completed
                && point.resource_type.cross_account()
        });
        let mut good: Vec<_> = good.collect();
        let step = (good.len() / COPIES).max(1);
        good = good.into_iter().step_by(step).take(COPIES).collect();
        good.into_iter()
            .enumerate()
            .map(|(number, id)| {
                let vault = world.point(id).vault;
                let target = world
                    .vault_arn(vault)
                    .replace(&plan.source_account, &plan.destination_account);
                let body = serde_json::json!({
                    "RecoveryPointArn": world.point_arn(id),
                    "SourceBackupVaultName": world.vault(vault).name,
                    "DestinationBackupVaultArn": target,
                    "IamRoleArn": role,
                    "IdempotencyToken": format!("order-{number}"),
                });
                Order {
                    method: Method::PUT,
                    target: "/copy-jobs".to_owned(),
                    body: Bytes::from(body.to_string()),
                }
            })
            .collect()
    })
}

/// Looks up the copy jobs of points that have some.
fn of_points(simulator: &Simulator) -> impl Iterator<Item = Order> {
    let arns: Vec<String> = simulator.with_state(|state| {
        let jobs = state.fleet.jobs_from(0).step_by(7).take(LISTINGS);
        jobs.map(|(_, job)| state.world.point_arn(job.source_point)).collect()
    });
    arns.into_iter()
        .map(|arn| get(format!("/copy-jobs/?sourceRecoveryPointArn={}", encoded(&arn))))
}

struct Client {
    endpoint: SocketAddr,
    region: String,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
}

impl Client {
    fn of(simulator: &Simulator, running: &Running, clock: Arc<dyn Clock>) -> Self {
        let plan = WorldPlan::default();
        let credentials = simulator.credentials(&plan.source_account, "BackupMigrationOperator");
        Self {
            endpoint: running.addr,
            region: plan.region,
            credentials: credentials.expect("the operator of a seeded world has keys"),
            clock,
        }
    }

    /// Reads every vault to its end, several at a time: pages and bytes.
    async fn read_all_pages(&self, simulator: &Simulator) -> (usize, usize) {
        let mut names: Vec<(usize, String)> = simulator.with_state(|state| {
            let world = &state.world;
            let vaults = world.vaults_of(&WorldPlan::default().source_account).into_iter();
            vaults
                .map(|id| (world.vault(id).points.len(), world.vault(id).name.clone()))
                .collect()
        });
        names.sort_unstable();
        let (names, pages, bytes) = (Mutex::new(names), AtomicUsize::new(0), AtomicUsize::new(0));
        let next = || names.lock().expect("nobody panics with it").pop();
        self.on_each_connection(async |mut connection| {
            while let Some((_, name)) = next() {
                let vault = format!("/backup-vaults/{}/recovery-points/?maxResults=1000", encoded(&name));
                let mut target = vault.clone();
                loop {
                    let body = self.ask(&mut connection, get(target)).await;
                    pages.fetch_add(1, Ordering::Relaxed);
                    bytes.fetch_add(body.len(), Ordering::Relaxed);
                    let Some(token) = next_token(&body) else { break };
                    target = format!("{vault}&nextToken={}", encoded(token));
                }
            }
        })
        .await;
        (pages.into_inner(), bytes.into_inner())
    }

    async fn timed(&self, what: &str, orders: VecDeque<Order>) {
        let (watch, count) = (Watch::start(), orders.len());
        self.ask_all(orders).await;
        watch.result(what, count);
    }

    async fn ask_all(&self, orders: VecDeque<Order>) {
        let orders = Mutex::new(orders);
        let next = || orders.lock().expect("nobody panics with it").pop_front();
        self.on_each_connection(async |mut connection| {
            while let Some(order) = next() {
                self.ask(&mut connection, order).await;
            }
        })
        .await;
    }

    async fn on_each_connection(&self, work: impl AsyncFn(SendRequest<Full<Bytes>>)) {
        let workers = (0..CONNECTIONS).map(|_| async { work(self.connect().await).await });
        futures::future::join_all(workers).await;
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let socket = TcpStream::connect(self.endpoint).await.expect("the simulator listens");
        socket.set_nodelay(true).expect("a connected socket");
        let (sender, connection) = http1::handshake(TokioIo::new(socket)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        sender
    }

    async fn ask(&self, connection: &mut SendRequest<Full<Bytes>>, order: Order) -> Bytes {
        let request = Request::builder()
            .method(order.method)
            .uri(order.target)
            .header(header::HOST, self.endpoint.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .body(order.body)
            .expect("a sound request");
        let signed = sigv4::sign(
            request,
            &self.credentials,
            Service::Backup,
            &self.region,
            self.clock.now(),
        );
        connection.ready().await.expect("a connection that is kept alive");
        let response = connection.send_request(signed.map(Full::new)).await.expect("an answer");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        body
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    percent::encode_into(text.as_bytes(), b"", &mut out);
    out
}

/// The token stands at the very end of a page.
fn next_token(page: &[u8]) -> Option<&str> {
    let tail = std::str::from_utf8(&page[page.len().saturating_sub(300)..]).ok()?;
    let (_, token) = tail.rsplit_once("\"NextToken\":")?;
    token.strip_prefix('"')?.split('"').next()
}
