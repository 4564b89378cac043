//! The issuer's cookies: one for the session, one for each open flow.
//!
//! Over https their names begin with `__Host-`: browsers then take them from this very host only,
//! over TLS, for all paths. The issuer's digits keep issuers on one host apart.

use http::{HeaderMap, HeaderValue, header};

use crate::{
    flow::{FlowHandle, SealedFlow, UserAgent},
    grant::SessionHandle,
    protocol::IssuerUrl,
};

/// So many cookies of a request are looked at.
const MAX_COOKIES: usize = 128;

/// Names and attributes of an issuer's cookies.
#[derive(Clone, Debug)]
pub(super) struct Cookies {
    session: String,
    flow: String,
    secure: bool,
}

impl Cookies {
    pub(super) fn new(issuer: &IssuerUrl) -> Self {
        let secure = issuer.is_https();
        let prefix = if secure { "__Host-" } else { "" };
        let tag = issuer.tag().to_string();
        let digits = &tag[..8];
        Self {
            session: format!("{prefix}oidc-session-{digits}"),
            flow: format!("{prefix}oidc-flow-{digits}-"),
            secure,
        }
    }

    /// What the user agent brought. A name that comes twice was set by somebody else too: neither
    /// counts.
    pub(super) fn read(&self, headers: &HeaderMap) -> UserAgent {
        let mut agent = UserAgent::default();
        let mut sessions = 0;
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .take(MAX_COOKIES);
        let mut seen_twice = Vec::new();
        for (name, value) in pairs {
            if name == self.session {
                sessions += 1;
                agent.session = SessionHandle::parse(value);
            } else if let Some(handle) = name.strip_prefix(&self.flow).and_then(FlowHandle::parse) {
                if agent.flows.iter().any(|flow| flow.handle == handle) {
                    seen_twice.push(handle);
                } else {
                    let sealed = value.to_owned();
                    agent.flows.push(SealedFlow { handle, sealed });
                }
            }
        }
        if sessions > 1 {
            agent.session = None;
        }
        agent
            .flows
            .retain(|flow| !seen_twice.contains(&flow.handle));
        agent
    }

    /// Sets a session cookie.
    pub(super) fn set_session(&self, session: &SessionHandle, max_age: u64) -> Option<HeaderValue> {
        let age = format!("; Max-Age={max_age}");
        self.header(&self.session, &session.expose(), &format!("Lax{age}"))
    }

    /// Sets a flow cookie; for the browser's session only. `cross_site` lets it come with a form
    /// that the upstream's site posts.
    pub(super) fn set_flow(&self, flow: &SealedFlow, cross_site: bool) -> Option<HeaderValue> {
        let name = format!("{}{}", self.flow, flow.handle.as_str());
        let same_site = if cross_site && self.secure {
            "None"
        } else {
            "Lax"
        };
        self.header(&name, &flow.sealed, same_site)
    }

    /// Drops a flow cookie.
    pub(super) fn drop_flow(&self, handle: &FlowHandle) -> Option<HeaderValue> {
        let name = format!("{}{}", self.flow, handle.as_str());
        self.header(&name, "", "Lax; Max-Age=0")
    }

    fn header(&self, name: &str, value: &str, attributes: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly{secure}; SameSite={attributes}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}
