//! The shared suite over users who are fixed, and over users in a store.

#![expect(clippy::expect_used, reason = "a test double may panic")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use oidc_connector_local::{
    InsertedUser, LocalConfig, LocalConnector, LocalUser, LocalUsers, LoginName, StaticUsers,
    StoredUsers, hash_password,
};
use oidc_core::{
    conformance::connector::CredentialsUnderTest,
    connector::ConnectorError,
    entropy::SystemEntropy,
    identity::UpstreamSubject,
    protocol::{ConnectorId, IssuerUrl},
    secret::Secret,
};
use oidc_token_store::MemoryStorage;

const PASSWORD: &str = "correct horse";

/// Counts how often somebody is looked up.
#[derive(Debug)]
struct Counting {
    users: Arc<dyn LocalUsers>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl LocalUsers for Counting {
    async fn find(&self, login_name: &LoginName) -> Result<Option<LocalUser>, ConnectorError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.users.find(login_name).await
    }
}

fn jane() -> LocalUser {
    let password = hash_password(&Secret::new(PASSWORD), &SystemEntropy).expect("a hash");
    LocalUser::new(UpstreamSubject::parse("u-1").expect("a subject"), password)
        .with_username("jane")
        .with_email("jane@example.com")
}

fn under_test(users: Arc<dyn LocalUsers>) -> CredentialsUnderTest {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Counting {
        users,
        asked: Arc::clone(&asked),
    };
    let connector = LocalConnector::open(Arc::new(counting), &LocalConfig::default());
    CredentialsUnderTest {
        connector: Arc::new(connector.expect("threads")),
        username: "jane".to_owned(),
        password: PASSWORD.to_owned(),
        unknown: "nobody".to_owned(),
        passwords_checked: Box::new(move || asked.load(Ordering::Relaxed)),
        guard: Box::new(()),
    }
}

mod static_users {
    use super::*;

    fn users() -> Arc<dyn LocalUsers> {
        Arc::new(StaticUsers::new(vec![jane()]).expect("users"))
    }

    oidc_core::connector_conformance! {
        credentials = under_test(users()),
        except = [],
    }
}

mod stored_users {
    use super::*;

    async fn users() -> Arc<dyn LocalUsers> {
        let issuer = IssuerUrl::parse("https://issuer.test").expect("an issuer");
        let id = ConnectorId::parse("local").expect("an id");
        let users = StoredUsers::new(Arc::new(MemoryStorage::new()), issuer.tag(), id);
        assert_eq!(
            users.insert(&jane()).await.expect("stored"),
            InsertedUser::Yes
        );
        Arc::new(users)
    }

    oidc_core::connector_conformance! {
        credentials = under_test(users().await),
        except = [],
    }
}
