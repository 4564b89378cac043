//! `connectors`, `enablePasswordDB` and `staticPasswords`.

use std::sync::Arc;

use oidc_connector_ldap::{LdapConfig, LdapConnector};
use oidc_connector_local::LocalConfig;
use oidc_core::protocol::ConnectorId;

use super::{
    ConnectorConfig, ConnectorKind,
    problem::nearest,
    section::Section,
    tree_deserializer::{self, SecretKey},
    users,
    yaml::Node,
};

/// The connector that `enablePasswordDB` adds, as Dex calls it: it is part of every `sub`.
const PASSWORD_CONNECTOR: &str = "local";

/// Kinds of connectors that Dex has and this issuer does not have yet.
const LATER: [&str; 16] = [
    "atlassian-crowd",
    "authproxy",
    "bitbucket-cloud",
    "gitea",
    "github",
    "gitlab",
    "google",
    "keystone",
    "linkedin",
    "microsoft",
    "mockCallback",
    "mockPassword",
    "oauth",
    "oidc",
    "openshift",
    "saml",
];

/// Secrets of an LDAP connector that may come from the environment or a file.
const LDAP_SECRETS: [SecretKey; 1] = [SecretKey {
    key: "bindPW",
    environment: "bindPWEnv",
    file: "bindPWFile",
}];

pub(super) fn connectors(file: &mut Section<'_>) -> Vec<ConnectorConfig> {
    let sections = file.sections("connectors");
    sections.into_iter().filter_map(connector).collect()
}

fn connector(mut section: Section<'_>) -> Option<ConnectorConfig> {
    let at = section.at("id");
    let key = section.key("").trim_end_matches('.').to_owned();
    let kind = section.required("type", "choose ldap or local");
    let id = section
        .required(
            "id",
            "choose a short name that never changes; it is part of every sub",
        )
        .and_then(|text| parse_id(&section, text));
    let name = section.text("name");
    let kind = match kind.as_deref() {
        Some("ldap") => ldap(&mut section),
        Some("local") => local(&mut section),
        other => {
            // Its settings cannot be judged.
            section.node("config");
            if let Some(other) = other {
                unknown_kind(&section, other);
            }
            None
        }
    };
    section.finish();
    let id = id?;
    Some(ConnectorConfig {
        key,
        at,
        name: name.unwrap_or_else(|| id.as_str().to_owned()),
        id,
        kind: kind?,
    })
}

fn parse_id(section: &Section<'_>, text: String) -> Option<ConnectorId> {
    ConnectorId::parse(text)
        .map_err(|error| {
            let message = error.to_string().replace("the connector id ", "");
            section.problem("id", &message, "choose a short name that never changes");
        })
        .ok()
}

fn unknown_kind(section: &Section<'_>, kind: &str) {
    if LATER.contains(&kind) {
        section.problem("type", "is not supported yet", "choose ldap or local");
        return;
    }
    let fix = match nearest(kind, &["ldap", "local"]) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "choose ldap or local".to_owned(),
    };
    section.problem("type", "is not a known kind of connector", &fix);
}

fn ldap(section: &mut Section<'_>) -> Option<ConnectorKind> {
    let Some(node) = section.node("config") else {
        section.problem(
            "config",
            "is missing",
            "set at least host, userSearch and bindDN",
        );
        return None;
    };
    let path = section.key("config");
    let node = tree_deserializer::with_secrets(section.context, &path, node, &LDAP_SECRETS)?;
    let mut config: LdapConfig = tree_deserializer::read(section.context, &path, &node)?;
    let directory = section.context.directory;
    let files = [
        &mut config.root_ca,
        &mut config.client_cert,
        &mut config.client_key,
    ];
    for file in files.into_iter().flatten() {
        *file = directory.join(&file).to_string_lossy().into_owned();
    }
    for (key, weak) in [
        ("insecureNoSSL", config.insecure_no_ssl),
        ("insecureSkipVerify", config.insecure_skip_verify),
    ] {
        if weak {
            section.warn(
                "config",
                &format!("{key} lets anybody on the network read passwords"),
                "use LDAPS or startTLS with a rootCA",
            );
        }
    }
    match LdapConnector::new(config) {
        Ok(connector) => Some(ConnectorKind::Ldap(Arc::new(connector))),
        Err(error) => {
            for (key, problem) in error.problems {
                let at = tree_deserializer::position(&node, &key);
                section
                    .context
                    .problem(at, &format!("{path}.{key}"), &problem, "");
            }
            None
        }
    }
}

fn local(section: &mut Section<'_>) -> Option<ConnectorKind> {
    let Some(mut config) = section.section("config") else {
        return Some(ConnectorKind::Local(LocalConfig::default(), None));
    };
    let mut read = LocalConfig::default();
    if let Some(prompt) = config.text("prompt") {
        read.prompt = prompt;
    }
    let mut number = |key, bounds: std::ops::RangeInclusive<usize>, value: &mut usize| {
        let Some(node) = config.node(key) else { return };
        match integer(node).filter(|number| bounds.contains(number)) {
            Some(number) => *value = number,
            None => config.problem(
                key,
                "is out of bounds",
                &format!("choose {} to {}", bounds.start(), bounds.end()),
            ),
        }
    };
    number("hashingThreads", 1..=64, &mut read.hashing_threads);
    number("hashingQueue", 1..=4096, &mut read.hashing_queue);
    let listed = config.has("users");
    let users = users::users(config.sections("users"));
    config.finish();
    Some(ConnectorKind::Local(read, listed.then_some(users)))
}

fn integer(node: &Node) -> Option<usize> {
    match node.value {
        super::yaml::Value::Integer(number) => usize::try_from(number).ok(),
        _ => None,
    }
}

/// The connector of `enablePasswordDB`: over `staticPasswords` if there are any, else over users
/// in the store.
pub(super) fn password_database(file: &mut Section<'_>) -> Option<ConnectorConfig> {
    let enabled = file.boolean("enablePasswordDB").unwrap_or_default();
    let listed = file.has("staticPasswords");
    let users = users::users(file.sections("staticPasswords"));
    if listed && !enabled {
        file.problem(
            "staticPasswords",
            "is set, but nobody can sign in with it",
            "set enablePasswordDB: true, or remove it",
        );
    }
    let id = ConnectorId::parse(PASSWORD_CONNECTOR).ok()?;
    enabled.then(|| ConnectorConfig {
        key: "enablePasswordDB".to_owned(),
        at: file.at("enablePasswordDB"),
        id,
        name: "Local account".to_owned(),
        kind: ConnectorKind::Local(LocalConfig::default(), listed.then_some(users)),
    })
}
