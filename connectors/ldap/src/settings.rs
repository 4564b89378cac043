//! The settings as the connector uses them: everything parsed.

use std::{sync::Arc, time::Duration};

use ldap3::Scope;
use oidc_core::secret::Secret;
use rustls::{ClientConfig, pki_types::ServerName};

use crate::{
    config::{
        DEFAULT_MAX_GROUPS, DEFAULT_NESTING_DEPTH, GroupSearch, LdapConfig, LdapConfigError,
        Problems, UserMatcher, UserSearch,
    },
    dn::Dn,
    filter::{AttributeName, SearchFilter},
    groups::GroupLimits,
    tls,
};

/// How the connection to the directory is protected.
#[derive(Clone, Debug)]
pub(crate) enum TlsMode {
    /// TLS from the first byte.
    Ldaps(Arc<ClientConfig>, ServerName<'static>),
    /// TLS begun by the `StartTLS` operation before anything else.
    StartTls(Arc<ClientConfig>, ServerName<'static>),
    /// In clear, because the operator wrote `insecureNoSSL`.
    DangerousPlain,
}

/// Where searches begin, how deep they go and what they always demand.
#[derive(Clone, Debug)]
pub(crate) struct SearchBase {
    pub(crate) text: String,
    pub(crate) dn: Dn,
    pub(crate) scope: Scope,
    pub(crate) filter: Option<SearchFilter>,
}

impl SearchBase {
    /// LD-10: whether an entry may come from this search at all.
    pub(crate) fn holds(&self, dn: &Dn) -> bool {
        let depth = dn.rdns().len().saturating_sub(self.dn.rdns().len());
        !dn.is_empty() && dn.is_within(&self.dn) && (self.scope != Scope::OneLevel || depth == 1)
    }
}

/// An attribute of an entry, or the entry's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    Dn,
    Attribute(AttributeName),
}

#[derive(Clone, Debug)]
pub(crate) struct UserSettings {
    pub(crate) base: SearchBase,
    pub(crate) username: Vec<AttributeName>,
    pub(crate) id: Source,
    pub(crate) email: Option<Source>,
    pub(crate) name: Option<Source>,
    pub(crate) preferred_username: Option<Source>,
    pub(crate) email_suffix: Option<String>,
    pub(crate) email_verified: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(crate) user: Source,
    pub(crate) group: AttributeName,
    pub(crate) recursion: Option<AttributeName>,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupSettings {
    pub(crate) base: SearchBase,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) name: Source,
    pub(crate) limits: GroupLimits,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: TlsMode,
    pub(crate) bind_dn: String,
    pub(crate) bind_pw: Secret,
    pub(crate) prompt: String,
    pub(crate) user: UserSettings,
    pub(crate) groups: Option<GroupSettings>,
    pub(crate) timeout: Duration,
}

impl Settings {
    /// Parses all settings and reports all problems.
    pub(crate) fn parse(config: LdapConfig) -> Result<Self, LdapConfigError> {
        let mut problems = Problems::default();
        let address = address(&config, &mut problems);
        let tls = tls_mode(&config, address.as_ref(), &mut problems);
        check_service_account(&config, &mut problems);
        if config.timeout.is_zero() {
            problems.add("timeout", "must be longer than 0".to_owned());
        }
        let user = user_settings(&config.user_search, &mut problems);
        let groups = config
            .group_search
            .as_ref()
            .filter(|groups| !groups.base_dn.is_empty())
            .map(|groups| group_settings(groups, &mut problems));
        let groups_ok = groups.as_ref().is_none_or(Option::is_some);
        match (address, tls, user) {
            (Some((host, port)), Some(tls), Some(user)) if groups_ok && problems.is_empty() => {
                Ok(Self {
                    host,
                    port,
                    tls,
                    bind_dn: config.bind_dn,
                    bind_pw: config.bind_pw,
                    prompt: config
                        .username_prompt
                        .unwrap_or_else(|| "Username".to_owned()),
                    user,
                    groups: groups.flatten(),
                    timeout: config.timeout,
                })
            }
            _ => Err(problems.into_error()),
        }
    }
}

fn address(config: &LdapConfig, problems: &mut Problems) -> Option<(String, u16)> {
    let clear = config.start_tls || config.insecure_no_ssl;
    let default = if clear { 389 } else { 636 };
    let text = config.host.as_str();
    let (host, port) = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(rest), _) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or("?"))),
            None => ("", None),
        },
        // More than one colon without brackets: an IPv6 address alone.
        (None, Some((host, port))) if !port.contains(':') => (host, Some(port)),
        (None, _) => (text, None),
    };
    let port = port.map_or(Some(default), |port| {
        port.parse().ok().filter(|port| *port > 0)
    });
    match port {
        Some(port) if !host.is_empty() && !host.contains('/') => Some((host.to_owned(), port)),
        _ => {
            let problem = "write host or host:port, without a scheme such as ldaps://";
            problems.add("host", problem.to_owned());
            None
        }
    }
}

fn tls_mode(
    config: &LdapConfig,
    address: Option<&(String, u16)>,
    problems: &mut Problems,
) -> Option<TlsMode> {
    if config.insecure_no_ssl {
        if config.start_tls {
            problems.add("startTLS", "remove it or insecureNoSSL".to_owned());
            return None;
        }
        return Some(TlsMode::DangerousPlain);
    }
    let tls = tls::client_config(config, problems);
    let (host, _) = address?;
    let Ok(name) = ServerName::try_from(host.clone()) else {
        problems.add("host", "neither a DNS name nor an IP address".to_owned());
        return None;
    };
    Some(if config.start_tls {
        TlsMode::StartTls(tls?, name)
    } else {
        TlsMode::Ldaps(tls?, name)
    })
}

fn check_service_account(config: &LdapConfig, problems: &mut Problems) {
    match (config.bind_dn.is_empty(), config.bind_pw.is_empty()) {
        // LD-03: such a bind would succeed without proving anything.
        (false, true) => problems.add("bindPW", "set the password of bindDN".to_owned()),
        (true, false) => problems.add("bindDN", "set it, or remove bindPW".to_owned()),
        _ => {}
    }
    if !config.bind_dn.is_empty() && !Dn::parse(&config.bind_dn).is_ok_and(|dn| !dn.is_empty()) {
        let problem = "write a distinguished name such as cn=issuer,dc=example,dc=org";
        problems.add("bindDN", problem.to_owned());
    }
    if config.bind_pw.expose_str().is_none() {
        problems.add("bindPW", "must be UTF-8".to_owned());
    }
}

fn user_settings(search: &UserSearch, problems: &mut Problems) -> Option<UserSettings> {
    let base = search_base(
        "userSearch",
        (
            &search.base_dn,
            search.scope.as_deref(),
            search.filter.as_deref(),
        ),
        problems,
    );
    let names = search.username.as_slice();
    let username: Vec<_> = names
        .iter()
        .filter_map(|name| attribute("userSearch.username", name, problems))
        .collect();
    if names.is_empty() {
        let problem = "name the attribute that holds what end users type, such as uid";
        problems.add("userSearch.username", problem.to_owned());
    }
    let id = source(
        "userSearch.idAttr",
        search.id_attr.as_deref().unwrap_or("uid"),
        problems,
    );
    let mut optional = |key: &str, name: Option<&str>| {
        name.filter(|name| !name.is_empty())
            .and_then(|name| source(key, name, problems))
    };
    let name = optional("userSearch.nameAttr", search.name_attr.as_deref());
    let preferred_username = optional(
        "userSearch.preferredUsernameAttr",
        search.preferred_username_attr.as_deref(),
    );
    let email_suffix = search
        .email_suffix
        .clone()
        .filter(|suffix| !suffix.is_empty());
    let email = match &email_suffix {
        Some(_) => None,
        None => optional(
            "userSearch.emailAttr",
            Some(search.email_attr.as_deref().unwrap_or("mail")),
        ),
    };
    if email_suffix.is_some() && name.is_none() {
        let problem = "set nameAttr too: the address is its value, @ and the suffix";
        problems.add("userSearch.emailSuffix", problem.to_owned());
    }
    Some(UserSettings {
        base: base?,
        username,
        id: id?,
        email,
        name,
        preferred_username,
        email_suffix,
        email_verified: search.email_verified.unwrap_or(true),
    })
}

fn group_settings(search: &GroupSearch, problems: &mut Problems) -> Option<GroupSettings> {
    let base = search_base(
        "groupSearch",
        (
            &search.base_dn,
            search.scope.as_deref(),
            search.filter.as_deref(),
        ),
        problems,
    );
    let single = UserMatcher {
        user_attr: search.user_attr.clone().unwrap_or_default(),
        group_attr: search.group_attr.clone().unwrap_or_default(),
        recursion_group_attr: search.recursion_group_attr.clone(),
    };
    let single = [single];
    let matchers = if search.user_matchers.is_empty() {
        &single[..]
    } else {
        &search.user_matchers
    };
    let matchers = matchers
        .iter()
        .filter_map(|matcher| {
            let key = "groupSearch.userMatchers";
            let recursion = matcher.recursion_group_attr.as_deref();
            let recursion = recursion.filter(|name| !name.is_empty());
            let recursion = recursion.map(|name| attribute(key, name, problems));
            let user = source(key, &matcher.user_attr, problems);
            let group = attribute(key, &matcher.group_attr, problems);
            Some(Matcher {
                user: user?,
                group: group?,
                recursion: recursion.flatten(),
            })
        })
        .collect();
    let name = search.name_attr.as_deref().unwrap_or_default();
    let name = source("groupSearch.nameAttr", name, problems);
    Some(GroupSettings {
        base: base?,
        matchers,
        name: name?,
        limits: GroupLimits {
            groups: search.max_groups.unwrap_or(DEFAULT_MAX_GROUPS),
            depth: search.nesting_depth.unwrap_or(DEFAULT_NESTING_DEPTH),
        },
    })
}

fn search_base(
    section: &str,
    (base, scope, filter): (&str, Option<&str>, Option<&str>),
    problems: &mut Problems,
) -> Option<SearchBase> {
    let dn = Dn::parse(base).ok().filter(|dn| !dn.is_empty());
    if dn.is_none() {
        let problem = "write a distinguished name such as ou=people,dc=example,dc=org";
        problems.add(&format!("{section}.baseDN"), problem.to_owned());
    }
    let scope = match scope {
        None | Some("" | "sub") => Some(Scope::Subtree),
        Some("one") => Some(Scope::OneLevel),
        Some(_) => {
            problems.add(&format!("{section}.scope"), "write sub or one".to_owned());
            None
        }
    };
    let filter = match filter
        .filter(|filter| !filter.is_empty())
        .map(SearchFilter::parse)
    {
        None => None,
        Some(Ok(filter)) => Some(filter),
        Some(Err(error)) => {
            problems.add(&format!("{section}.filter"), error.to_string());
            None
        }
    };
    Some(SearchBase {
        text: base.to_owned(),
        dn: dn?,
        scope: scope?,
        filter,
    })
}

fn attribute(key: &str, name: &str, problems: &mut Problems) -> Option<AttributeName> {
    let parsed = AttributeName::parse(name).ok();
    if parsed.is_none() {
        problems.add(
            key,
            format!("{name:?} is no attribute name; write one such as uid"),
        );
    }
    parsed
}

fn source(key: &str, name: &str, problems: &mut Problems) -> Option<Source> {
    if name == "DN" {
        return Some(Source::Dn);
    }
    attribute(key, name, problems).map(Source::Attribute)
}
