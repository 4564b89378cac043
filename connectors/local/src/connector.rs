//! The conversation: ask for credentials, compare.

use std::{io, sync::Arc};

use async_trait::async_trait;
use oidc_core::{
    clock::UnixTime,
    connector::{
        Answer, Ask, Authenticated, Connector, ConnectorError, ConnectorState, Denial, Login,
        Progress, RefreshIdentity, Refreshed,
    },
    identity::Identity,
    secret::Secret,
};

use crate::{
    config::LocalConfig,
    login_name::LoginName,
    threads::PasswordThreads,
    user::{LocalUser, LocalUsers},
};

/// Signs in users that the issuer keeps itself.
///
/// # Security
///
/// An unknown login name and a wrong password get the same answer after the same work.
#[derive(Debug)]
pub struct LocalConnector {
    users: Arc<dyn LocalUsers>,
    threads: PasswordThreads,
    prompt: String,
}

impl LocalConnector {
    /// Opens the connector over `users` and starts its hashing threads.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the operating system gives no thread.
    pub fn open(users: Arc<dyn LocalUsers>, config: &LocalConfig) -> io::Result<Self> {
        Ok(Self {
            users,
            threads: PasswordThreads::start(config.hashing_threads, config.hashing_queue)?,
            prompt: config.prompt.clone(),
        })
    }

    async fn authenticate(
        &self,
        typed: &str,
        password: Secret,
    ) -> Result<Option<(LoginName, LocalUser)>, ConnectorError> {
        // Nobody has an empty password, whatever their hash says.
        let name = LoginName::parse(typed).filter(|_| !password.is_empty());
        let found = match name {
            Some(name) => self.users.find(&name).await?.map(|user| (name, user)),
            None => None,
        };
        let hash = match &found {
            Some((_, user)) => user.password.clone(),
            None => self.users.decoy(),
        };
        let matches = self.threads.verify(hash, password).await?;
        Ok(found.filter(|_| matches))
    }
}

#[async_trait]
impl Connector for LocalConnector {
    async fn start(&self, _login: &Login<'_>) -> Result<Progress, ConnectorError> {
        Ok(Progress::Ask(
            Ask::Credentials {
                prompt: self.prompt.clone(),
            },
            ConnectorState::default(),
        ))
    }

    async fn resume(
        &self,
        login: &Login<'_>,
        _state: ConnectorState,
        answer: Answer,
    ) -> Result<Progress, ConnectorError> {
        let Answer::Credentials { username, password } = answer else {
            return Err(ConnectorError::BadAnswer(
                "credentials were asked for, something else came back".to_owned(),
            ));
        };
        Ok(match self.authenticate(&username, password).await? {
            Some((name, user)) => {
                Progress::Authenticated(Box::new(vouch_for(&user, &name, login.now)))
            }
            None => Progress::Denied(Denial::InvalidCredentials),
        })
    }

    fn refresh(&self) -> Option<&dyn RefreshIdentity> {
        Some(self)
    }
}

#[async_trait]
impl RefreshIdentity for LocalConnector {
    /// Reads the user again under the login name they signed in with. A login name that now
    /// belongs to somebody else, or to nobody, is gone.
    async fn refresh(
        &self,
        now: UnixTime,
        identity: &Identity,
        refresh_data: &[u8],
    ) -> Result<Refreshed, ConnectorError> {
        let name = std::str::from_utf8(refresh_data)
            .ok()
            .and_then(LoginName::parse)
            .ok_or_else(|| ConnectorError::BadAnswer("no login name to refresh".to_owned()))?;
        let user = self.users.find(&name).await?;
        Ok(match user.filter(|user| user.user_id == identity.subject) {
            Some(user) => Refreshed::Current(Box::new(vouch_for(&user, &name, now))),
            None => Refreshed::Gone(Denial::Refused("the user was removed".to_owned())),
        })
    }
}

fn vouch_for(user: &LocalUser, name: &LoginName, now: UnixTime) -> Authenticated {
    Authenticated::new(user.to_identity(), now)
        .with_amr(&["pwd"])
        .with_refresh_data(Secret::new(name.as_str()))
}

#[cfg(test)]
mod tests;
