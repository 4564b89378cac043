//! The operations on a connection: simple bind, and search page by page.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ldap3::{
    LdapResult, SearchOptions,
    asn1::{PL, StructureTag},
    controls::{Control, PagedResults, RawControl},
};
use oidc_core::{connector::ConnectorError, secret::Secret};
use tokio::time::Instant;

use crate::{
    filter::SearchFilter,
    message::{
        LdapResultCode, PAGED_RESULTS, PASSWORD_EXPIRED, PASSWORD_POLICY, decode_paged_results,
    },
    settings::{SearchBase, Settings},
    transport::{Transport, TransportError},
};

/// Entries asked for per page.
const PAGE_SIZE: i32 = 500;
/// Most connections that wait for the next login.
const MAX_IDLE: usize = 4;
/// A connection idle for longer is not used again: servers and firewalls drop such.
const MAX_IDLE_TIME: Duration = Duration::from_secs(60);

/// Why an operation has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperationError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the service account bindDN cannot bind: {0}")]
    ServiceAccount(LdapResultCode),
    #[error("the search answered {0}")]
    Search(LdapResultCode),
    #[error("the answer cannot be used: {0}")]
    Answer(&'static str),
}

impl From<OperationError> for ConnectorError {
    fn from(error: OperationError) -> Self {
        let text = error.to_string();
        match error {
            OperationError::Transport(TransportError::Connect(_) | TransportError::Lost(_)) => {
                Self::Unavailable(text)
            }
            OperationError::Transport(TransportError::Guard(
                crate::guard::GuardError::Disconnection(_),
            )) => Self::Unavailable(text),
            OperationError::Transport(TransportError::Tls(_) | TransportError::Guard(_))
            | OperationError::Answer(_) => Self::BadAnswer(text),
            OperationError::ServiceAccount(code) | OperationError::Search(code) => match code {
                LdapResultCode::BUSY
                | LdapResultCode::UNAVAILABLE
                | LdapResultCode::TIME_LIMIT_EXCEEDED
                | LdapResultCode::ADMIN_LIMIT_EXCEEDED => Self::Unavailable(text),
                LdapResultCode::REFERRAL | LdapResultCode::SIZE_LIMIT_EXCEEDED => {
                    Self::BadAnswer(text)
                }
                _ => Self::Misconfigured(text),
            },
        }
    }
}

/// What a bind proved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bound {
    /// The password is right.
    Yes,
    /// The password is right, but the server wants it changed first.
    PasswordExpired,
    /// Any other result, referrals included.
    No(LdapResultCode),
}

/// An entry with attribute names in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct LdapEntry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// All that a search found, or more than its limit.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<LdapEntry>,
    pub(crate) referrals: usize,
    /// There is more than the limit given, or than the server would say.
    pub(crate) more: bool,
}

/// One connection and what was said on it.
#[derive(Debug)]
pub(crate) struct LdapConnection {
    transport: Transport,
    idle_since: Instant,
    /// A search was left before its end; its answers may still be coming.
    spent: bool,
}

impl LdapConnection {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, OperationError> {
        Ok(Self {
            transport: Transport::open(settings).await?,
            idle_since: Instant::now(),
            spent: false,
        })
    }

    /// A simple bind. Neither name nor password may be empty; the guard refuses that too.
    pub(crate) async fn bind(
        &mut self,
        dn: &str,
        password: &Secret,
    ) -> Result<Bound, OperationError> {
        let password = password.expose_str().filter(|text| !text.is_empty());
        let Some(password) = password.filter(|_| !dn.is_empty()) else {
            return Ok(Bound::No(LdapResultCode::INVALID_CREDENTIALS));
        };
        let result = self.transport.ldap.simple_bind(dn, password).await;
        let result = result.map_err(|error| self.transport.lost(&error))?;
        let controls = result.ctrls.iter();
        let controls = controls.map(|Control(_, raw)| (raw.ctype.as_str(), raw.val.as_deref()));
        Ok(judge_bind(
            LdapResultCode(result.rc),
            &result.refs,
            controls,
        ))
    }

    /// Searches, page by page, until everything or more than `limit` entries came.
    pub(crate) async fn search(
        &mut self,
        base: &SearchBase,
        filter: SearchFilter,
        attributes: &[String],
        limit: usize,
    ) -> Result<Found, OperationError> {
        let filter = filter.and(base.filter.as_ref()).to_string();
        let mut found = Found::default();
        let mut cookie = Vec::new();
        loop {
            let result = self
                .page((base, &filter, attributes), cookie, limit, &mut found)
                .await?;
            let Some(result) = result else {
                found.more = true;
                self.spent = true;
                return Ok(found);
            };
            match LdapResultCode(result.rc) {
                LdapResultCode::SUCCESS => {}
                LdapResultCode::SIZE_LIMIT_EXCEEDED => {
                    found.more = true;
                    return Ok(found);
                }
                code => return Err(OperationError::Search(code)),
            }
            cookie = next_cookie(&result.ctrls)?;
            if cookie.is_empty() {
                return Ok(found);
            }
        }
    }

    /// One page; `None` if it went past the limit, after which the connection is of no more use.
    async fn page(
        &mut self,
        (base, filter, attributes): (&SearchBase, &str, &[String]),
        cookie: Vec<u8>,
        limit: usize,
        found: &mut Found,
    ) -> Result<Option<LdapResult>, OperationError> {
        let ldap = &mut self.transport.ldap;
        let control: RawControl = PagedResults {
            size: PAGE_SIZE,
            cookie,
        }
        .into();
        ldap.with_controls(control);
        // Aliases are never followed: they would lead out of the base.
        ldap.with_search_options(SearchOptions::new());
        let before = found.entries.len() + found.referrals;
        let started = ldap
            .streaming_search(&base.text, base.scope, filter, attributes)
            .await;
        let mut stream = started.map_err(|error| self.transport.lost(&error))?;
        loop {
            let item = stream.next().await;
            let Some(item) = item.map_err(|error| self.transport.lost(&error))? else {
                break;
            };
            if item.is_ref() {
                found.referrals += 1;
            } else {
                found.entries.push(entry(item.0)?);
            }
            if found.entries.len() > limit || found.referrals > limit {
                return Ok(None);
            }
        }
        let result = stream.finish().await;
        let progress = found.entries.len() + found.referrals > before;
        if !progress && !next_cookie(&result.ctrls)?.is_empty() {
            // Each page must bring something, or paging could go on for ever.
            return Err(OperationError::Answer("an empty page that is not the last"));
        }
        Ok(Some(result))
    }
}

/// LD-05: only result code 0 without referral counts, and no word about an expired password.
pub(crate) fn judge_bind<'a>(
    code: LdapResultCode,
    referrals: &[String],
    controls: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
) -> Bound {
    if code != LdapResultCode::SUCCESS {
        return Bound::No(code);
    }
    if !referrals.is_empty() {
        return Bound::No(LdapResultCode::REFERRAL);
    }
    let expired = controls.into_iter().any(|(oid, value)| {
        oid == PASSWORD_EXPIRED
            || (oid == PASSWORD_POLICY && policy_has_error(value.unwrap_or_default()))
    });
    if expired {
        Bound::PasswordExpired
    } else {
        Bound::Yes
    }
}

/// Whether a password policy answer holds its `error` field; one that cannot be read counts.
fn policy_has_error(value: &[u8]) -> bool {
    use crate::ber::{Reader, SEQUENCE};
    let read = || {
        let mut reader = Reader::new(value).expect(SEQUENCE)?.reader();
        reader.optional(0xa0)?;
        Ok::<_, crate::ber::BerError>(!reader.is_empty())
    };
    read().unwrap_or(true)
}

fn next_cookie(controls: &[Control]) -> Result<Vec<u8>, OperationError> {
    let control = controls
        .iter()
        .find(|Control(_, control)| control.ctype == PAGED_RESULTS);
    let value = control.and_then(|Control(_, control)| control.val.as_deref());
    value.map_or(Ok(Vec::new()), |value| {
        decode_paged_results(value).map_err(|_| OperationError::Answer("paged results control"))
    })
}

/// Reads the library's tree without its own reader, which panics on what it does not expect.
fn entry(tag: StructureTag) -> Result<LdapEntry, OperationError> {
    let malformed = || OperationError::Answer("malformed entry");
    let parts = |tag: StructureTag| match tag.payload {
        PL::C(parts) => Ok(parts),
        PL::P(_) => Err(malformed()),
    };
    let octets = |tag: StructureTag| match tag.payload {
        PL::P(octets) => Ok(octets),
        PL::C(_) => Err(malformed()),
    };
    let text = |octets: Vec<u8>| String::from_utf8(octets).map_err(|_| malformed());
    let [dn, list] = <[_; 2]>::try_from(parts(tag)?).map_err(|_| malformed())?;
    let mut attributes = Vec::new();
    for attribute in parts(list)? {
        let [name, values] = <[_; 2]>::try_from(parts(attribute)?).map_err(|_| malformed())?;
        let values = parts(values)?
            .into_iter()
            .map(octets)
            .collect::<Result<Vec<_>, _>>()?;
        attributes.push((text(octets(name)?)?.to_ascii_lowercase(), values));
    }
    Ok(LdapEntry {
        dn: text(octets(dn)?)?,
        attributes,
    })
}

/// Connections bound as the service account (or not at all), for searches only.
///
/// LD-19: an end user never binds on one of these.
#[derive(Debug, Default)]
pub(crate) struct SearchConnections {
    idle: Mutex<Vec<LdapConnection>>,
}

impl SearchConnections {
    /// An idle connection that may have died meanwhile, if there is one.
    pub(crate) fn reuse(&self) -> Option<LdapConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.idle_since.elapsed() < MAX_IDLE_TIME);
        idle.pop()
    }

    /// Opens a connection and binds as the service account.
    pub(crate) async fn open(settings: &Settings) -> Result<LdapConnection, OperationError> {
        let mut connection = LdapConnection::open(settings).await?;
        if !settings.bind_dn.is_empty() {
            match connection
                .bind(&settings.bind_dn, &settings.bind_pw)
                .await?
            {
                Bound::Yes => {}
                Bound::PasswordExpired => {
                    return Err(OperationError::ServiceAccount(
                        LdapResultCode::INVALID_CREDENTIALS,
                    ));
                }
                Bound::No(code) => return Err(OperationError::ServiceAccount(code)),
            }
        }
        Ok(connection)
    }

    /// Keeps a connection, unless a search on it was left before its end.
    pub(crate) fn keep(&self, mut connection: LdapConnection) {
        if connection.spent {
            return;
        }
        connection.idle_since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }
}
