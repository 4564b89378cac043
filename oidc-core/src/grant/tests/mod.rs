//! Tests of the grant's rules.

use std::time::Duration;

use super::*;
use crate::{
    claims::Subject,
    clock::UnixTime,
    conformance::SeededEntropy,
    identity::UpstreamSubject,
    protocol::{ClientId, ConnectorId, Scope},
};

mod code;
mod handle;
mod refresh;
mod standing;

const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

fn entropy() -> SeededEntropy {
    SeededEntropy::new(1)
}

fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

fn after(seconds: u64) -> UnixTime {
    NOW + Duration::from_secs(seconds)
}

/// A live grant of the client `app` for offline access, without code and chain.
fn grant() -> Grant {
    let connector_id = ConnectorId::parse("ldap").unwrap();
    let upstream = UpstreamSubject::parse("jane").unwrap();
    Grant {
        status: GrantStatus::Live,
        client_id: client_id("app"),
        subject: Subject::public(&connector_id, &upstream),
        connector_id,
        scope: Scope::parse("openid offline_access").unwrap(),
        session_id: SessionId::draw(&entropy()).unwrap(),
        auth_time: NOW,
        acr: None,
        amr: Vec::new(),
        nonce: None,
        epochs: Epochs::default(),
        code: CodePart::None,
        refresh: RefreshPart::None,
        flow_until: after(1800),
        tokens_until: after(600),
        write: WriteId::draw(&entropy()).unwrap(),
    }
}
