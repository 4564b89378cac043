//! A connector that says what a test wants to hear.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use url::Url;

use crate::{
    connector::{
        Answer, Ask, Authenticated, Connector, ConnectorError, ConnectorState, Denial, Login,
        OneTime, Progress,
    },
    identity::{Identity, UpstreamSubject},
};

/// What the state begins with.
const STATE: &[u8] = b"scripted";

/// How a [`ScriptedConnector`] talks to the user agent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Manner {
    /// Asks for a user name and a password on our own form.
    Credentials,
    /// Sends the user agent to `https://upstream.test/login`; the answer is a query in which
    /// `user` names who signed in, or `error=access_denied`.
    Redirect,
    /// The same by a posted form.
    PostForm,
}

/// A connector with invented users, for tests of everything around connectors.
#[derive(Debug)]
pub struct ScriptedConnector {
    manner: Manner,
    script: Mutex<Script>,
    calls: AtomicU64,
}

#[derive(Debug, Default)]
struct Script {
    users: BTreeMap<String, (String, Identity)>,
    failure: Option<fn() -> ConnectorError>,
    denial: Option<Denial>,
    once: Vec<OneTime>,
    authenticated_ago: std::time::Duration,
    state_len: usize,
}

impl ScriptedConnector {
    /// A connector without users.
    #[must_use]
    pub fn new(manner: Manner) -> Self {
        Self {
            manner,
            script: Mutex::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// The same with the user `jane`, password `wonderland`, in two groups.
    ///
    /// # Panics
    ///
    /// Never: the subject is a constant.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant is parsed")]
    pub fn with_jane(self) -> Self {
        let subject = UpstreamSubject::parse("0-jane").expect("a valid subject");
        let jane = Identity::new(subject)
            .with_name("Jane Doe")
            .with_preferred_username("jane")
            .with_email("jane@example.test", Some(true))
            .with_groups(vec!["developers".to_owned(), "admins".to_owned()]);
        self.add_user("jane", "wonderland", jane);
        self
    }

    /// Adds a user, or replaces one.
    pub fn add_user(&self, username: &str, password: &str, identity: Identity) {
        let user = (password.to_owned(), identity);
        self.script().users.insert(username.to_owned(), user);
    }

    /// From now on the upstream cannot be asked; `None` mends it.
    pub fn fail(&self, failure: Option<fn() -> ConnectorError>) {
        self.script().failure = failure;
    }

    /// From now on everybody is denied; `None` mends it.
    pub fn deny(&self, denial: Option<Denial>) {
        self.script().denial = denial;
    }

    /// From now on each login brings these one-time ids.
    pub fn set_once(&self, once: Vec<OneTime>) {
        self.script().once = once;
    }

    /// From now on the upstream vouches for an authentication that long ago.
    pub fn set_authenticated_ago(&self, ago: std::time::Duration) {
        self.script().authenticated_ago = ago;
    }

    /// From now on each login keeps that many bytes of state, and at least eight.
    pub fn set_state_len(&self, len: usize) {
        self.script().state_len = len;
    }

    /// How often the connector was asked to resume.
    pub fn resumed(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vouch(&self, login: &Login<'_>, username: &str, password: Option<&str>) -> Progress {
        let script = self.script();
        if let Some(denial) = &script.denial {
            return Progress::Denied(denial.clone());
        }
        let known = script
            .users
            .get(username)
            .filter(|(secret, _)| password.is_none_or(|typed| typed == secret));
        let Some((_, identity)) = known else {
            return Progress::Denied(Denial::InvalidCredentials);
        };
        let mut authenticated =
            Authenticated::new(identity.clone(), login.now - script.authenticated_ago)
                .with_amr(&["pwd"]);
        authenticated.once.clone_from(&script.once);
        Progress::Authenticated(Box::new(authenticated))
    }
}

fn upstream(login: &Login<'_>) -> Result<Url, ConnectorError> {
    let text = format!("https://upstream.test/login?state={}", login.handle);
    Url::parse(&text).map_err(|error| ConnectorError::Misconfigured(error.to_string()))
}

#[async_trait]
impl Connector for ScriptedConnector {
    async fn start(&self, login: &Login<'_>) -> Result<Progress, ConnectorError> {
        if let Some(failure) = self.script().failure {
            return Err(failure());
        }
        let ask = match self.manner {
            Manner::Credentials => Ask::Credentials {
                prompt: "User name".to_owned(),
            },
            Manner::Redirect => Ask::Redirect {
                to: upstream(login)?,
            },
            Manner::PostForm => Ask::PostForm {
                to: upstream(login)?,
                fields: vec![("RelayState".to_owned(), login.handle.to_owned())],
            },
        };
        let mut state = STATE.to_vec();
        state.resize(self.script().state_len.max(STATE.len()), 0);
        Ok(Progress::Ask(ask, ConnectorState(state)))
    }

    async fn resume(
        &self,
        login: &Login<'_>,
        state: ConnectorState,
        answer: Answer,
    ) -> Result<Progress, ConnectorError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(failure) = self.script().failure {
            return Err(failure());
        }
        if !state.0.starts_with(STATE) {
            return Err(ConnectorError::BadAnswer("not my state".to_owned()));
        }
        match (self.manner, answer) {
            (Manner::Credentials, Answer::Credentials { username, password }) => {
                let typed = password.expose_str().unwrap_or_default();
                Ok(self.vouch(login, &username, Some(typed)))
            }
            (Manner::Redirect, Answer::Query(pairs)) | (Manner::PostForm, Answer::Form(pairs)) => {
                let value = |name| {
                    let mut found = pairs.iter().filter(|(known, _)| known == name);
                    found.next().map(|(_, value)| value.as_str())
                };
                match (value("error"), value("user")) {
                    (Some(_), _) => Ok(Progress::Denied(Denial::Cancelled)),
                    (None, Some(user)) => Ok(self.vouch(login, user, None)),
                    (None, None) => Err(ConnectorError::BadAnswer("no user".to_owned())),
                }
            }
            _ => Err(ConnectorError::BadAnswer("of another shape".to_owned())),
        }
    }
}
