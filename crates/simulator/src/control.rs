//! The simulator's own endpoint beside AWS's: what happened, and what shall happen. It asks for no signature; only the
//! loopback interface reaches it.
//!
//! ```text
//!   GET  /_sandbox/account   calls by operation and result, faults that struck, copy jobs
//!   GET  /_sandbox/state     what there is
//!   PUT  /_sandbox/faults    a fault plan
//!   POST /_sandbox/advance   {"seconds": 3600}: moves the world's clock ahead
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::FaultPlan;
use crate::simulator::Simulator;

/// No AWS path begins like this.
const PREFIX: &str = "/_sandbox/";

/// The answer, when the request is not for AWS.
pub(crate) fn answer(simulator: &Simulator, parts: &Parts, body: &[u8]) -> Option<Response<Bytes>> {
    let path = parts.uri.path().strip_prefix(PREFIX)?;
    let (status, told) = match (&parts.method, path) {
        (&Method::GET, "account") => (StatusCode::OK, account(simulator)),
        (&Method::GET, "state") => (StatusCode::OK, state(simulator)),
        (&Method::PUT, "faults") => put_faults(simulator, body),
        (&Method::POST, "advance") => advance(simulator, body),
        _ => (
            StatusCode::NOT_FOUND,
            problem(&format!("there is no {} {PREFIX}{path}", parts.method)),
        ),
    };
    let mut response = Response::new(Bytes::from(told.to_string()));
    *response.status_mut() = status;
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(response)
}

fn account(simulator: &Simulator) -> Value {
    let copies = {
        let state = simulator.read();
        state.fleet.account(&state.world)
    };
    json!({"calls": simulator.journal(), "faults": simulator.fault_counts(), "copies": copies})
}

fn state(simulator: &Simulator) -> Value {
    let now = simulator.now();
    let state = simulator.read();
    let accounts: Vec<Value> = state
        .world
        .accounts
        .values()
        .map(|account| {
            let vaults: Vec<Value> = state
                .world
                .vaults_of(&account.id)
                .into_iter()
                .map(|id| {
                    let vault = state.world.vault(id);
                    json!({"name": vault.name, "recovery_points": vault.points.len(), "locked": vault.lock.is_some()})
                })
                .collect();
            json!({"id": account.id, "name": account.name, "vaults": vaults})
        })
        .collect();
    json!({
        "now": now.to_string(),
        "partition": state.world.partition,
        "region": state.world.region,
        "accounts": accounts,
        "open_copy_jobs": state.fleet.open_jobs().count(),
    })
}

fn put_faults(simulator: &Simulator, body: &[u8]) -> (StatusCode, Value) {
    match serde_json::from_slice::<FaultPlan>(body) {
        Ok(plan) => {
            simulator.set_faults(plan);
            (StatusCode::OK, json!({}))
        }
        Err(error) => (
            StatusCode::BAD_REQUEST,
            problem(&format!("the fault plan cannot be read: {error}")),
        ),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

fn advance(simulator: &Simulator, body: &[u8]) -> (StatusCode, Value) {
    let asked = serde_json::from_slice::<Advance>(body).ok();
    let Some(span) = asked.and_then(|asked| Duration::try_from_secs_f64(asked.seconds).ok()) else {
        return (StatusCode::BAD_REQUEST, problem("say how far: {\"seconds\": 3600}"));
    };
    match simulator.advance(span) {
        Some(now) => (StatusCode::OK, json!({"now": now.to_string()})),
        None => (StatusCode::CONFLICT, problem("this simulator's clock cannot be moved")),
    }
}

fn problem(text: &str) -> Value {
    json!({"error": text})
}
