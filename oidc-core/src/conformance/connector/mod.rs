//! The suite that every [`Connector`] that asks for credentials must pass, and
//! [`connector_conformance!`](crate::connector_conformance), which makes each case a named test.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a suite speaks by panicking"
)]

use std::{any::Any, fmt, sync::Arc, time::Duration};

use url::Url;

use crate::{
    clock::UnixTime,
    connector::{
        Answer, Ask, Authenticated, Connector, ConnectorError, Denial, Login, MAX_CONNECTOR_STATE,
        Progress, Refreshed,
    },
    secret::{Secret, Secret32},
};

pub mod credentials;

/// A case that takes longer than this hangs, and fails.
pub const CASE_LIMIT: Duration = Duration::from_secs(60);

/// A connector over an upstream that knows one person, and what must outlive it.
pub struct CredentialsUnderTest {
    /// The connector.
    pub connector: Arc<dyn Connector>,
    /// The user name of a person whom the upstream knows.
    pub username: String,
    /// That person's password.
    pub password: String,
    /// A user name that the upstream does not know.
    pub unknown: String,
    /// How many passwords the upstream has been asked to check so far.
    pub passwords_checked: Box<dyn Fn() -> usize + Send + Sync>,
    /// Dropped last: a scripted server, a temporary folder.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for CredentialsUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsUnderTest")
            .field("connector", &self.connector)
            .finish_non_exhaustive()
    }
}

impl CredentialsUnderTest {
    async fn resume(&self, answer: Answer) -> Result<Progress, ConnectorError> {
        let callback = Url::parse("https://issuer.test/callback").expect("a URL");
        let seed = Secret32::from_bytes([9; 32]);
        let mut login = Login::new(
            &callback,
            "handle",
            UnixTime::from_secs(1_800_000_000),
            &seed,
        );
        login.offline_access = true;
        let begun = self.connector.start(&login).await.expect("start answers");
        let Progress::Ask(Ask::Credentials { .. }, state) = begun else {
            panic!("start does not ask for credentials: {begun:?}")
        };
        assert!(
            state.0.len() <= MAX_CONNECTOR_STATE,
            "the state has {} bytes",
            state.0.len()
        );
        self.connector.resume(&login, state, answer).await
    }

    async fn try_sign_in(
        &self,
        username: &str,
        password: &[u8],
    ) -> Result<Progress, ConnectorError> {
        let answer = Answer::Credentials {
            username: username.to_owned(),
            password: Secret::new(password),
        };
        self.resume(answer).await
    }

    async fn sign_in(&self) -> Authenticated {
        match self
            .try_sign_in(&self.username, self.password.as_bytes())
            .await
        {
            Ok(Progress::Authenticated(authenticated)) => *authenticated,
            other => panic!("the right password does not sign in: {other:?}"),
        }
    }
}

/// Runs one case on its own runtime; what the macro's tests call.
///
/// `exceptions` are pairs of case name and reason: a case named there must fail.
pub fn run_case<M, C, R>(name: &str, exceptions: &[(&str, &str)], make: M, case: C)
where
    M: Future<Output = CredentialsUnderTest>,
    C: FnOnce(Arc<CredentialsUnderTest>) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let outcome = runtime.block_on(async {
        let case = case(Arc::new(make.await));
        tokio::spawn(tokio::time::timeout(CASE_LIMIT, case)).await
    });
    let reason = exceptions.iter().find(|(except, _)| *except == name);
    match (outcome, reason) {
        (Ok(Ok(())), None) => {}
        (Ok(Ok(())), Some((_, reason))) => {
            panic!("`{name}` is excepted ({reason}), but it passes: remove the exception")
        }
        (Ok(Err(_)), None) => panic!("`{name}` did not end in {CASE_LIMIT:?}"),
        (Err(failure), None) => std::panic::resume_unwind(failure.into_panic()),
        (Ok(Err(_)) | Err(_), Some(_)) => {}
    }
}

/// The whole suite over one connector that asks for credentials, each case a test of its own.
///
/// `credentials` is an expression that gives a
/// [`CredentialsUnderTest`](crate::conformance::connector::CredentialsUnderTest); it may `.await`.
/// `except` names cases that the connector is known to fail, each with the reason; such a case must
/// fail, so that the exception goes the day it passes.
///
/// ```ignore
/// oidc_core::connector_conformance! {
///     credentials = under_test().await,
///     except = [],
/// }
/// ```
#[macro_export]
macro_rules! connector_conformance {
    (credentials = $make:expr, except = [$($except:ident => $reason:expr),* $(,)?] $(,)?) => {
        $crate::connector_conformance! {
            @tests ($make) [$((stringify!($except), $reason)),*]
            right_password_signs_in
            wrong_password_is_invalid_credentials
            unknown_user_is_told_the_same_as_a_wrong_password
            empty_password_never_reaches_the_upstream
            empty_user_name_never_reaches_the_upstream
            answer_of_another_shape_is_a_bad_answer
            subject_is_the_same_at_each_login
            state_may_be_replayed
            odd_user_names_are_denied
            odd_passwords_are_denied
            person_can_still_sign_in_after_refusals
            refresh_keeps_the_subject
        }
    };
    (@tests ($make:expr) $exceptions:tt $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::connector::run_case(
                    stringify!($case),
                    &$exceptions,
                    async { $make },
                    $crate::conformance::connector::credentials::$case,
                );
            }
        )+

        #[test]
        fn exceptions_name_cases_of_the_suite() {
            $crate::conformance::storage::check_exceptions(
                &$exceptions,
                &[$(stringify!($case)),+],
            );
        }
    };
}

/// The one answer for unknown names and wrong passwords.
fn assert_invalid_credentials(answer: &Result<Progress, ConnectorError>, what: &str) {
    assert!(
        matches!(answer, Ok(Progress::Denied(Denial::InvalidCredentials))),
        "{what}: {answer:?}"
    );
}

/// Refreshes if the connector can.
async fn refreshed(
    under_test: &CredentialsUnderTest,
    before: &Authenticated,
) -> Option<Result<Refreshed, ConnectorError>> {
    let refresh = under_test.connector.refresh()?;
    let data = before.refresh_data.as_ref().map_or(&[][..], Secret::expose);
    let now = UnixTime::from_secs(1_800_000_600);
    Some(refresh.refresh(now, &before.identity, data).await)
}
