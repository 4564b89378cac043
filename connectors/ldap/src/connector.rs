//! The connector: search, bind, groups.

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
    config::{LdapConfig, LdapConfigError},
    dn::Dn,
    filter::SearchFilter,
    groups::{GroupStart, GroupWalk},
    identity,
    message::LdapResultCode,
    search::{Bound, Found, LdapConnection, LdapEntry, OperationError, SearchConnections},
    settings::{GroupSettings, Settings, TlsMode},
};

/// Longest user name and password looked at, in bytes.
pub const MAX_CREDENTIAL: usize = 1024;
/// Most values of one attribute of a user that groups are searched by.
pub const MAX_MATCHED_VALUES: usize = 10_000;

/// Signs people in with their account in an LDAP directory.
///
/// The directory is searched with a service account (or anonymously) for the one entry that the
/// typed name belongs to; a bind as that entry, on a connection of its own, proves the password;
/// then groups are searched.
#[derive(Debug)]
pub struct LdapConnector {
    settings: Settings,
    connections: SearchConnections,
}

/// What the user search came to.
enum UserFound {
    One(LdapEntry),
    Nobody,
    Ambiguous,
}

impl LdapConnector {
    /// Makes a connector. Nothing is sent to the directory yet.
    ///
    /// # Errors
    ///
    /// [`LdapConfigError`] with all problems of the settings.
    pub fn new(config: LdapConfig) -> Result<Self, LdapConfigError> {
        let unverified = config.insecure_skip_verify && !config.insecure_no_ssl;
        let settings = Settings::parse(config)?;
        if matches!(settings.tls, TlsMode::DangerousPlain) {
            tracing::warn!(host = %settings.host, "insecureNoSSL: passwords travel in clear");
        }
        if unverified {
            tracing::warn!(host = %settings.host, "insecureSkipVerify: anybody can pose as this directory");
        }
        Ok(Self {
            settings,
            connections: SearchConnections::default(),
        })
    }

    /// Keeps the whole of a login or refresh within one budget.
    async fn within_budget<T>(
        &self,
        work: impl Future<Output = Result<T, ConnectorError>> + Send,
    ) -> Result<T, ConnectorError> {
        tokio::time::timeout(self.settings.timeout, work)
            .await
            .unwrap_or_else(|_| Err(ConnectorError::Unavailable("no answer in time".to_owned())))
    }

    async fn login(
        &self,
        login: &Login<'_>,
        username: &str,
        password: &Secret,
    ) -> Result<Progress, ConnectorError> {
        let (mut search, user) = self.find_user(username).await?;
        let UserFound::One(entry) = user else {
            self.connections.keep(search);
            return Ok(Progress::Denied(Denial::InvalidCredentials));
        };
        if let Some(denial) = self.prove(&entry.dn, password).await? {
            self.connections.keep(search);
            return Ok(Progress::Denied(denial));
        }
        let identity = self.describe(&mut search, &entry).await?;
        self.connections.keep(search);
        let mut authenticated = Authenticated::new(identity, login.now).with_amr(&["pwd"]);
        if login.offline_access {
            authenticated = authenticated.with_refresh_data(remember(username, &entry.dn));
        }
        Ok(Progress::Authenticated(Box::new(authenticated)))
    }

    /// Searches for the end user on a kept connection, or on a new one if that has died.
    async fn find_user(
        &self,
        username: &str,
    ) -> Result<(LdapConnection, UserFound), ConnectorError> {
        if let Some(mut connection) = self.connections.reuse() {
            match self.search_user(&mut connection, username).await {
                Ok(found) => return Ok((connection, self.judge_user(found)?)),
                Err(OperationError::Transport(error)) => {
                    tracing::debug!(%error, "kept LDAP connection is dead, opening another");
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut connection = SearchConnections::open(&self.settings).await?;
        let found = self.search_user(&mut connection, username).await?;
        Ok((connection, self.judge_user(found)?))
    }

    async fn search_user(
        &self,
        connection: &mut LdapConnection,
        username: &str,
    ) -> Result<Found, OperationError> {
        let user = &self.settings.user;
        let filter = SearchFilter::any_equal(&user.username, &[username.as_bytes().to_vec()]);
        let attributes = identity::user_attributes(user, self.settings.groups.as_ref());
        let found = connection.search(&user.base, filter, &attributes, 1).await;
        match found {
            // LD-06, LD-09: the answer lies elsewhere, perhaps; nobody goes there.
            Err(OperationError::Search(LdapResultCode::REFERRAL)) => Ok(Found {
                referrals: 1,
                ..Found::default()
            }),
            other => other,
        }
    }

    /// LD-09: exactly one entry and nothing else, or nobody. LD-04, LD-10: the entry has a name,
    /// and it lies where we looked.
    fn judge_user(&self, found: Found) -> Result<UserFound, ConnectorError> {
        let Found {
            mut entries,
            referrals,
            more,
        } = found;
        if referrals > 0 || more || entries.len() > 1 {
            tracing::warn!(
                host = %self.settings.host, entries = entries.len(), referrals, more,
                "the user search is ambiguous or was referred elsewhere; refused"
            );
            return Ok(UserFound::Ambiguous);
        }
        let Some(entry) = entries.pop() else {
            return Ok(UserFound::Nobody);
        };
        let base = &self.settings.user.base;
        if Dn::parse(&entry.dn).is_ok_and(|dn| base.holds(&dn)) {
            Ok(UserFound::One(entry))
        } else {
            let text =
                "the user search answered an entry without name or outside userSearch.baseDN";
            Err(ConnectorError::BadAnswer(text.to_owned()))
        }
    }

    /// Binds as the end user; `None` if the password is right.
    async fn prove(&self, dn: &str, password: &Secret) -> Result<Option<Denial>, ConnectorError> {
        let mut connection = LdapConnection::open(&self.settings).await?;
        let code = match connection.bind(dn, password).await? {
            Bound::Yes => return Ok(None),
            Bound::PasswordExpired => {
                return Ok(Some(Denial::Refused(
                    "the password must be changed first".to_owned(),
                )));
            }
            Bound::No(code) => code,
        };
        let text = format!("bind as the end user: {code}");
        match code {
            LdapResultCode::INVALID_CREDENTIALS
            | LdapResultCode::NO_SUCH_OBJECT
            | LdapResultCode::INAPPROPRIATE_AUTHENTICATION => Ok(Some(Denial::InvalidCredentials)),
            // Locked, expired or disabled accounts; the password may well be right.
            LdapResultCode::CONSTRAINT_VIOLATION
            | LdapResultCode::UNWILLING_TO_PERFORM
            | LdapResultCode::INSUFFICIENT_ACCESS_RIGHTS => Ok(Some(Denial::Refused(text))),
            LdapResultCode::STRONGER_AUTH_REQUIRED | LdapResultCode::CONFIDENTIALITY_REQUIRED => {
                Err(ConnectorError::Misconfigured(format!(
                    "{text}: use startTLS or ldaps"
                )))
            }
            LdapResultCode::BUSY
            | LdapResultCode::UNAVAILABLE
            | LdapResultCode::TIME_LIMIT_EXCEEDED
            | LdapResultCode::ADMIN_LIMIT_EXCEEDED => Err(ConnectorError::Unavailable(text)),
            _ => Err(ConnectorError::BadAnswer(text)),
        }
    }

    /// The identity of an entry, with all groups.
    async fn describe(
        &self,
        connection: &mut LdapConnection,
        entry: &LdapEntry,
    ) -> Result<Identity, ConnectorError> {
        let identity = identity::identity(entry, &self.settings.user)?;
        match &self.settings.groups {
            Some(groups) => {
                let names = find_groups(connection, entry, groups).await?;
                Ok(identity.with_groups(names))
            }
            None => Ok(identity),
        }
    }
}

async fn find_groups(
    connection: &mut LdapConnection,
    user: &LdapEntry,
    groups: &GroupSettings,
) -> Result<Vec<String>, ConnectorError> {
    let exceeded = |text: String| ConnectorError::BadAnswer(text);
    let mut starts = Vec::with_capacity(groups.matchers.len());
    for matcher in &groups.matchers {
        let values = matcher.user.values(user)?;
        if values.len() > MAX_MATCHED_VALUES {
            return Err(exceeded(format!(
                "more than {MAX_MATCHED_VALUES} values to match groups by"
            )));
        }
        starts.push(GroupStart {
            group_attribute: matcher.group.clone(),
            values,
            recursion_attribute: matcher.recursion.clone(),
        });
    }
    let attributes = [groups.name.attribute().unwrap_or("1.1").to_owned()];
    let mut walk = GroupWalk::new(starts, groups.limits);
    while let Some(query) = walk.next_query() {
        let filter = SearchFilter::any_equal([&query.attribute], &query.values);
        let limit = walk.answer_limit();
        let answer = connection
            .search(&groups.base, filter, &attributes, limit)
            .await?;
        if answer.more {
            return Err(exceeded(
                "the server holds back groups, or there are too many".to_owned(),
            ));
        }
        if answer.referrals > 0 {
            // LD-06: the groups behind it stay unknown, so the list would not be whole.
            return Err(exceeded(
                "the group search was referred elsewhere".to_owned(),
            ));
        }
        let found = answer
            .entries
            .iter()
            .map(|entry| identity::group(entry, groups));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        walk.found(&query, found)
            .map_err(|error| exceeded(error.to_string()))?;
    }
    Ok(walk.into_names())
}

/// What a refresh needs: the length of the entry's name, that name, and the typed user name.
fn remember(username: &str, dn: &str) -> Secret {
    let mut data = (dn.len() as u64).to_be_bytes().to_vec();
    data.extend_from_slice(dn.as_bytes());
    data.extend_from_slice(username.as_bytes());
    Secret::new(data)
}

/// Reads that back: the entry's name and the user name.
fn recall(data: &[u8]) -> Option<(&str, &str)> {
    let (length, rest) = data.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let (dn, username) = rest.split_at_checked(length)?;
    Some((
        std::str::from_utf8(dn).ok()?,
        std::str::from_utf8(username).ok()?,
    ))
}

/// LD-03: no request is made for an empty password, nor for one with a NUL byte, which a server
/// written in C may take for an empty one.
fn worth_asking(username: &str, password: &Secret) -> bool {
    let text = password.expose_str();
    !username.is_empty()
        && username.len() <= MAX_CREDENTIAL
        && text.is_some_and(|text| {
            !text.is_empty() && text.len() <= MAX_CREDENTIAL && !text.contains('\0')
        })
}

#[async_trait]
impl Connector for LdapConnector {
    async fn start(&self, _login: &Login<'_>) -> Result<Progress, ConnectorError> {
        let prompt = self.settings.prompt.clone();
        Ok(Progress::Ask(
            Ask::Credentials { prompt },
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
            let text = "asked for credentials, got something else";
            return Err(ConnectorError::BadAnswer(text.to_owned()));
        };
        if !worth_asking(&username, &password) {
            return Ok(Progress::Denied(Denial::InvalidCredentials));
        }
        self.within_budget(self.login(login, &username, &password))
            .await
    }

    fn refresh(&self) -> Option<&dyn RefreshIdentity> {
        Some(self)
    }
}

#[async_trait]
impl RefreshIdentity for LdapConnector {
    /// Searches again by the user name of the login. The entry must have kept its name and its id;
    /// `userSearch.filter` applies, so it can shut out disabled accounts (LD-20).
    async fn refresh(
        &self,
        now: UnixTime,
        identity: &Identity,
        refresh_data: &[u8],
    ) -> Result<Refreshed, ConnectorError> {
        let Some((dn, username)) = recall(refresh_data) else {
            return Err(ConnectorError::BadAnswer(
                "refresh data is not ours".to_owned(),
            ));
        };
        let gone = |why: &str| Ok(Refreshed::Gone(Denial::Refused(why.to_owned())));
        self.within_budget(async {
            let (mut search, user) = self.find_user(username).await?;
            let entry = match user {
                UserFound::One(entry) => entry,
                UserFound::Nobody => return gone("the entry is gone"),
                UserFound::Ambiguous => {
                    let text = "the user search is ambiguous or was referred elsewhere";
                    return Err(ConnectorError::BadAnswer(text.to_owned()));
                }
            };
            if Dn::parse(&entry.dn) != Dn::parse(dn) {
                return gone("the user name belongs to another entry now");
            }
            let current = self.describe(&mut search, &entry).await?;
            self.connections.keep(search);
            if current.subject != identity.subject {
                return gone("the entry has another id now");
            }
            let current = Authenticated::new(current, now)
                .with_amr(&["pwd"])
                .with_refresh_data(remember(username, &entry.dn));
            Ok(Refreshed::Current(Box::new(current)))
        })
        .await
    }
}
