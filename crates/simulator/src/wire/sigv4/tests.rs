use std::time::Duration;

use super::*;
use crate::clock::Clock as _;
use crate::rig::{ACCOUNT, Answer, Ask, ROLE, Rig, by_protocol};

fn refused(answer: &Answer, service: Service, in_json: &'static str, in_query: &'static str) {
    assert_eq!(
        answer.code(),
        by_protocol(service, in_json, in_query),
        "{service:?}: {}",
        answer.text
    );
    let status = if service.model().protocol == Protocol::Json11 {
        400
    } else {
        403
    };
    assert_eq!(answer.status.as_u16(), status, "{service:?}");
}

#[test]
fn every_service_takes_a_right_signature_of_a_user_and_of_a_session() {
    let rig = Rig::new();
    for service in Service::ALL {
        for credentials in [rig.user(), rig.session()] {
            let answer = rig.answer(rig.signed_by(&credentials, &Ask::harmless(service)));
            let passed = answer.code.is_none() || answer.code() == "NotFoundException";
            assert!(passed, "{service:?}: {}", answer.text);
        }
    }
}

#[test]
fn a_changed_request_is_refused_whatever_was_changed() {
    let rig = Rig::new();
    let ask = Ask::backup("PUT", "/backup-vaults/fresh", r#"{"BackupVaultTags":{}}"#);
    let changes: [fn(&mut http::Request<bytes::Bytes>); 5] = [
        |request| *request.body_mut() = bytes::Bytes::from_static(b"{}"),
        |request| *request.uri_mut() = "/backup-vaults/other".parse().unwrap(),
        |request| *request.uri_mut() = "/backup-vaults/fresh?a=b".parse().unwrap(),
        |request| *request.method_mut() = http::Method::DELETE,
        |request| drop(request.headers_mut().insert("host", "elsewhere".parse().unwrap())),
    ];
    for change in changes {
        let mut request = rig.signed(&ask);
        change(&mut request);
        refused(&rig.answer(request), Service::Backup, "InvalidSignatureException", "");
    }
    assert_eq!(rig.ask(&ask).code, None);
}

#[test]
fn wrong_secrets_and_unknown_keys_are_told_apart() {
    let rig = Rig::new();
    for service in Service::ALL {
        let ask = Ask::harmless(service);
        let mut wrong = rig.user();
        wrong.secret_access_key.push('x');
        let answer = rig.answer(rig.signed_by(&wrong, &ask));
        refused(&answer, service, "InvalidSignatureException", "SignatureDoesNotMatch");
        assert!(answer.text.contains("Check your AWS Secret Access Key"));
        let mut unknown = rig.user();
        unknown.access_key_id.push('X');
        let answer = rig.answer(rig.signed_by(&unknown, &ask));
        refused(&answer, service, "UnrecognizedClientException", "InvalidClientTokenId");
    }
}

#[test]
fn a_request_without_a_signature_is_refused_in_its_own_protocol() {
    let rig = Rig::new();
    for (ask, code) in [
        (Ask::harmless(Service::Backup), "MissingAuthenticationTokenException"),
        (Ask::harmless(Service::Kms), "MissingAuthenticationTokenException"),
        (Ask::harmless(Service::Sts), "MissingAuthenticationToken"),
    ] {
        assert_eq!(rig.answer(ask.request()).code(), code);
    }
}

#[test]
fn session_tokens_belong_to_their_keys() {
    let rig = Rig::new();
    let ask = Ask::harmless(Service::Backup);
    let mut without = rig.session();
    without.session_token = None;
    let mut other = rig.session();
    other.session_token = Some("IQoJb3JpZ2luX2VjAAAA".to_owned());
    let mut too_many = rig.user();
    too_many.session_token = rig.session().session_token;
    for credentials in [without, other, too_many] {
        let answer = rig.answer(rig.signed_by(&credentials, &ask));
        refused(&answer, Service::Backup, "UnrecognizedClientException", "");
    }
}

#[test]
fn clocks_may_differ_by_a_quarter_of_an_hour() {
    let rig = Rig::new();
    for service in [Service::Backup, Service::Kms, Service::Sts] {
        let request = rig.signed(&Ask::harmless(service));
        let at = |seconds: i64| {
            let start = Moment::from_secs(1_790_000_000);
            rig.wire_clock.set(Moment::from_secs(start.secs() + seconds));
            let answer = rig.answer(request.clone());
            rig.wire_clock.set(start);
            answer
        };
        for seconds in [-900, 0, 900] {
            let answer = at(seconds);
            assert!(!answer.text.contains("Signature expired") && !answer.text.contains("not yet current"));
        }
        let late = at(901);
        refused(&late, service, "InvalidSignatureException", "SignatureDoesNotMatch");
        assert!(late.text.contains(
            "Signature expired: 20260921T141320Z is now earlier than 20260921T141321Z (20260921T142821Z - 15 min.)"
        ));
        assert!(
            at(-901)
                .text
                .contains("Signature not yet current: 20260921T141320Z is still later than")
        );
    }
}

#[test]
fn scopes_name_our_region_our_service_and_the_day() {
    let rig = Rig::new();
    let now = rig.wire_clock.now();
    let elsewhere = sign(
        Ask::harmless(Service::Backup).request(),
        &rig.user(),
        Service::Backup,
        "eu-west-1",
        now,
    );
    assert!(rig.answer(elsewhere).text.contains("scoped to a valid region"));

    let mut another_day = rig.signed(&Ask::harmless(Service::Backup));
    let header = another_day.headers()["authorization"]
        .to_str()
        .unwrap()
        .replace("/20260921/", "/20260920/");
    another_day
        .headers_mut()
        .insert("authorization", header.parse().unwrap());
    assert!(rig.answer(another_day).text.contains("'20260920' != '20260921'"));

    let mut cut = rig.signed(&Ask::harmless(Service::Backup));
    let header = cut.headers()["authorization"]
        .to_str()
        .unwrap()
        .replace("/aws4_request", "");
    cut.headers_mut().insert("authorization", header.parse().unwrap());
    assert_eq!(rig.answer(cut).code(), "IncompleteSignatureException");

    let mut unsigned_host = rig.signed(&Ask::harmless(Service::Backup));
    let header = unsigned_host.headers()["authorization"]
        .to_str()
        .unwrap()
        .replace("host;", "");
    unsigned_host
        .headers_mut()
        .insert("authorization", header.parse().unwrap());
    assert!(
        rig.answer(unsigned_host)
            .text
            .contains("'Host' or ':authority' must be a 'SignedHeader'")
    );
}

#[test]
fn global_services_also_answer_to_the_partitions_first_region() {
    let world = crate::world::WorldPlan {
        points: 60,
        vaults: 3,
        region: "eu-west-1".to_owned(),
        ..Default::default()
    };
    let simulator = crate::Simulator::new(crate::Settings {
        world,
        ..crate::Settings::default()
    });
    let user = simulator.credentials(ACCOUNT, "operator").unwrap();
    let code = |service, region| {
        let request = sign(
            Ask::harmless(service).request(),
            &user,
            service,
            region,
            crate::WallClock::real().now(),
        );
        let crate::Outcome::Answer { response, .. } = simulator.respond(request) else {
            panic!("no answer")
        };
        response.status().as_u16()
    };
    for service in [Service::Iam, Service::Sts, Service::Organizations] {
        assert_eq!(
            (code(service, "us-east-1"), code(service, "eu-west-1")),
            (200, 200),
            "{service:?}"
        );
    }
    assert_eq!(
        (code(Service::Backup, "us-east-1"), code(Service::Backup, "eu-west-1")),
        (403, 200)
    );
}

#[test]
fn an_unsigned_payload_is_taken_when_it_says_so() {
    let rig = Rig::new();
    let mut ask = Ask::backup("PUT", "/backup-vaults/fresh", "{}");
    ask.headers
        .push(("x-amz-content-sha256", "UNSIGNED-PAYLOAD".to_owned()));
    let mut request = rig.signed(&ask);
    *request.body_mut() = bytes::Bytes::from_static(b"{ }");
    assert_eq!(rig.answer(request).code, None);
}

#[test]
fn sessions_expire_by_time_by_calls_and_by_revocation() {
    let rig = Rig::new();
    let ask = Ask::harmless(Service::Backup);
    let credentials = rig.simulator.with_state(|state| {
        let lifetime = Duration::from_mins(15);
        let order = crate::identities::SessionOrder {
            account: ACCOUNT,
            role: ROLE,
            session_name: "night",
            lifetime,
            policies: &[],
        };
        state.identities.issue_session(&state.world, &order).unwrap().0
    });
    let code = |ask: &Ask| rig.answer(rig.signed_by(&credentials, ask)).code;
    let key = credentials.access_key_id.clone();
    assert_eq!(code(&ask), None);
    rig.wire_clock.advance(Duration::from_secs(899));
    assert_eq!(code(&ask), None);
    rig.wire_clock.advance(Duration::from_secs(1));
    assert_eq!(code(&ask).as_deref(), Some("ExpiredTokenException"));
    assert_eq!(code(&Ask::harmless(Service::Sts)).as_deref(), Some("ExpiredToken"));

    let change = |change: &dyn Fn(&mut Identities)| rig.simulator.with_state(|state| change(&mut state.identities));
    change(&|identities| identities.expire_at(&key, Moment::from_secs(2_000_000_000)));
    change(&|identities| identities.expire_after_calls(&key, 2));
    assert_eq!([code(&ask), code(&ask)], [None, None]);
    assert_eq!(code(&ask).as_deref(), Some("ExpiredTokenException"));

    change(&|identities| identities.revoke(&key));
    assert_eq!(code(&ask).as_deref(), Some("UnrecognizedClientException"));
    assert_eq!(
        code(&Ask::harmless(Service::Sts)).as_deref(),
        Some("InvalidClientTokenId")
    );

    change(&|identities| identities.restore(&key));
    assert_eq!(code(&ask).as_deref(), Some("ExpiredTokenException"), "as old as before");
}
