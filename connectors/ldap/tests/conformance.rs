//! The shared suite, against a scripted directory.

#![expect(dead_code, reason = "the scripted server serves several test files")]
#![expect(clippy::unwrap_used, reason = "a test double may panic")]

mod support;

use std::sync::Arc;

use oidc_core::conformance::connector::CredentialsUnderTest;
use support::{PASSWORD, Server, honest};

async fn under_test() -> CredentialsUnderTest {
    let server = Arc::new(Server::start(honest).await);
    let counted = Arc::clone(&server);
    CredentialsUnderTest {
        connector: Arc::new(server.connector()),
        username: "alice".to_owned(),
        password: PASSWORD.to_owned(),
        unknown: "bob".to_owned(),
        passwords_checked: Box::new(move || counted.binds()),
        guard: Box::new(server),
    }
}

oidc_core::connector_conformance! {
    credentials = under_test().await,
    except = [],
}
