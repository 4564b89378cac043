use std::path::Path;

use super::*;

/// A configuration without mistakes and without weak settings; tests break one thing each.
const GOOD: &str = r#"issuer: https://login.example.com
storage:
  type: sqlite3
  config:
    file: issuer.sqlite
web:
  http: 127.0.0.1:5556
oauth2:
  skipApprovalScreen: false
  responseTypes: [code]
expiry:
  idTokens: 1h
  authRequests: 30m
  refreshTokens:
    reuseInterval: 3s
    validIfNotUsedFor: 720h
    absoluteLifetime: 4320h
sessions:
  validIfNotUsedFor: 1h
  absoluteLifetime: 24h
logger:
  level: info
  format: json
enablePasswordDB: true
staticPasswords:
  - email: jane@example.com
    username: jane
    userID: "1"
    hash: "$2a$10$c2l4dGVlbiBieXRlcyBva.TDkqE2xoMzZKQMQW3sRwTXSgAWvxKIa"
    groups: [staff]
staticClients:
  - id: portal
    secretEnv: PORTAL_SECRET
    name: Portal
    redirectURIs:
      - https://portal.example.com/callback
"#;

fn environment(name: &str) -> Option<String> {
    match name {
        "PORTAL_SECRET" => Some("canary-0123456789-0123456789-0123456789".to_owned()),
        "EMPTY" => Some(String::new()),
        "HASH" => Some(bcrypt::hash("password", 10).expect("a hash")),
        "KEY" => Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        _ => None,
    }
}

fn load_text(text: &str) -> Result<Config, ConfigError> {
    load(text, Path::new("/nonexistent"), &environment)
}

fn good() -> String {
    GOOD.replace(
        "$2a$10$c2l4dGVlbiBieXRlcyBva.TDkqE2xoMzZKQMQW3sRwTXSgAWvxKIa",
        &bcrypt::hash_with_salt("password", 10, *b"sixteen bytes ok")
            .expect("a hash")
            .format_for_version(bcrypt::Version::TwoA),
    )
}

fn broken(from: &str, to: &str) -> Vec<String> {
    let good = good();
    assert!(
        good.contains(from),
        "{from} stands in the good configuration"
    );
    let error = load_text(&good.replacen(from, to, 1)).expect_err(to);
    error.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_configuration_is_read_whole() {
    let config = load_text(&good()).expect("no mistakes");
    assert_eq!(config.issuer.as_str(), "https://login.example.com");
    assert_eq!(
        config.storage,
        StorageConfig::Sqlite {
            file: "/nonexistent/issuer.sqlite".into()
        }
    );
    assert_eq!(config.web.http, "127.0.0.1:5556".parse().ok());
    assert_eq!(config.expiry.id_tokens, Some(Duration::from_secs(3600)));
    assert_eq!(config.expiry.reuse_interval, Some(Duration::from_secs(3)));
    assert_eq!(config.expiry.session_idle, Some(Duration::from_secs(3600)));
    assert!(config.logger.json);
    let [client] = &config.clients[..] else {
        panic!("one client");
    };
    assert_eq!(client.client_id.as_str(), "portal");
    assert_eq!(client.client_secret_hashes.len(), 1);
    assert_eq!(client.redirect_uris.len(), 1);
    let [connector] = &config.connectors[..] else {
        panic!("one connector");
    };
    assert_eq!(connector.id.as_str(), "local");
    let ConnectorKind::Local(_, Some(users)) = &connector.kind else {
        panic!("static users");
    };
    assert_eq!(users.len(), 1);
    assert_eq!(
        users[0].email.as_ref().and_then(|email| email.verified),
        Some(true)
    );
    assert_eq!(config.warnings, []);
}

/// Each mistake: what is changed, and the one problem that comes of it.
const MISTAKES: [(&str, &str, &str); 47] = [
    (
        "https://portal.example.com/callback",
        "https://portal.example.com/#x",
        "36:7: staticClients[0].redirectURIs: entry 1: ",
    ),
    (
        "issuer: https",
        "issuer: http",
        "1:9: issuer: must be https; http is for loopback hosts only; write it like https://login.example.com",
    ),
    (
        "issuer: https://login.example.com",
        "issuer: https://login.example.com/",
        "1:9: issuer: must not end with a slash; write it like https://login.example.com",
    ),
    (
        "issuer: https://login.example.com\n",
        "",
        "1:1: issuer: is missing; set it to the https URL that clients know the issuer by",
    ),
    (
        "issuer:",
        "isuer:",
        "1:1: isuer: is not a known key; did you mean issuer?",
    ),
    (
        "issuer: https://login.example.com",
        "issuer: 5",
        "1:9: issuer: must be text, not a number; put it in quotes",
    ),
    (
        "type: sqlite3",
        "type: sqlite",
        "3:9: storage.type: is not a known storage type; did you mean sqlite3?; choose sqlite3 or memory",
    ),
    (
        "type: sqlite3",
        "type: postgres",
        "3:9: storage.type: is not supported yet; choose sqlite3 or memory",
    ),
    (
        "file: issuer.sqlite",
        "fil: issuer.sqlite",
        "5:5: storage.config.fil: is not a known key; did you mean file?",
    ),
    (
        "file: issuer.sqlite",
        "file: ':memory:'",
        "5:11: storage.config.file: is no file; for records in memory set storage.type to memory",
    ),
    (
        "http: 127.0.0.1:5556",
        "http: 127.0.0.1",
        "7:9: web.http: is not an address with a port; write it like 127.0.0.1:5556 or [::]:5556",
    ),
    (
        "http: 127.0.0.1:5556",
        "https: 127.0.0.1:5556",
        "7:3: web.tlsCert: is missing beside web.https; name a PEM file",
    ),
    (
        "http: 127.0.0.1:5556",
        "htpp: 127.0.0.1:5556",
        "7:3: web.htpp: is not a known key; did you mean http?",
    ),
    (
        "http: 127.0.0.1:5556",
        "http: 127.0.0.1:5556\n  tlsCert: c.pem",
        "8:12: web.tlsCert: names a file that cannot be read; name a readable PEM file",
    ),
    (
        "http: 127.0.0.1:5556",
        "http: 127.0.0.1:5556\n  headers: {}",
        "8:3: web.headers: is not supported yet; remove it",
    ),
    (
        "responseTypes: [code]",
        "responseTypes: [code, token]",
        "10:18: oauth2.responseTypes: may hold only code; write responseTypes: [code]",
    ),
    (
        "skipApprovalScreen: false",
        "skipApprovalScreen: 'no'",
        "9:23: oauth2.skipApprovalScreen: must be true or false, not text; write true or false without quotes",
    ),
    (
        "skipApprovalScreen: false",
        "passwordConnector: local",
        "9:3: oauth2.passwordConnector: is not supported yet; remove it",
    ),
    (
        "idTokens: 1h",
        "idTokens: 1d",
        "12:13: expiry.idTokens: is not a duration; write it like 24h, 1h30m or 30s",
    ),
    (
        "idTokens: 1h",
        "idTokens: 3600",
        "12:13: expiry.idTokens: is not a duration; write it like 24h, 1h30m or 30s",
    ),
    (
        "idTokens: 1h",
        "idTokens: 25h",
        "12:13: expiry.idTokens: is out of bounds; choose 1m to 24h, or leave it out",
    ),
    (
        "idTokens: 1h",
        "idTokens: 59s",
        "12:13: expiry.idTokens: is out of bounds; choose 1m to 24h, or leave it out",
    ),
    (
        "validIfNotUsedFor: 720h",
        "validIfNotUsedFor: 4321h",
        "16:24: expiry.refreshTokens.validIfNotUsedFor: is longer than absoluteLifetime; make it shorter, or absoluteLifetime longer",
    ),
    (
        "reuseInterval: 3s",
        "reuseIntervall: 3s",
        "15:5: expiry.refreshTokens.reuseIntervall: is not a known key; did you mean reuseInterval?",
    ),
    (
        "validIfNotUsedFor: 1h",
        "validIfNotUsedFor: 25h",
        "19:22: sessions.validIfNotUsedFor: is longer than absoluteLifetime; make it shorter, or absoluteLifetime longer",
    ),
    (
        "level: info",
        "level: loud",
        "22:10: logger.level: is not a level; choose debug, info, warn or error",
    ),
    (
        "format: json",
        "format: xml",
        "23:11: logger.format: is not a format; choose text or json",
    ),
    (
        "enablePasswordDB: true",
        "enablePasswordDB: false",
        "26:3: staticPasswords: is set, but nobody can sign in with it; set enablePasswordDB: true, or remove it",
    ),
    (
        "userID: \"1\"",
        "userID: 1",
        "28:13: staticPasswords[0].userID: must be text, not a number; put it in quotes",
    ),
    (
        "    userID: \"1\"\n",
        "",
        "26:5: staticPasswords[0].userID: is missing; set a value that never changes, such as a UUID",
    ),
    (
        "$2a$10$",
        "$2a$04$",
        "29:11: staticPasswords[0].hash: is a bcrypt hash of a cost outside 10 to 16; make one with: issuer hash-password",
    ),
    (
        "hash:",
        "password:",
        "26:5: staticPasswords[0].hash: is missing; make one with: issuer hash-password",
    ),
    (
        "hash:",
        "hashFromEnv: HASH\n    hash:",
        "29:18: staticPasswords[0].hashFromEnv: must not be set beside hash; keep one of them",
    ),
    (
        "groups: [staff]",
        "groups: staff",
        "30:13: staticPasswords[0].groups: must be a list, not text; start each entry with a dash",
    ),
    (
        "id: portal",
        "idEnv: UNSET",
        "32:12: staticClients[0].idEnv: names an environment variable that is not set; set the variable, or name another",
    ),
    (
        "id: portal",
        "id: pört",
        "32:9: staticClients[0].id: must be printable ASCII; use letters, digits and dashes",
    ),
    (
        "    secretEnv: PORTAL_SECRET\n",
        "",
        "32:5: staticClients[0].secret: is missing; set secret, secretEnv or secretFile, or public: true",
    ),
    (
        "secretEnv: PORTAL_SECRET",
        "secret: ''",
        "33:13: staticClients[0].secret: is empty; set at least 32 random characters",
    ),
    (
        "secretEnv: PORTAL_SECRET",
        "secretEnv: EMPTY",
        "33:16: staticClients[0].secretEnv: names an environment variable that is not set; set the variable, or name another",
    ),
    (
        "secretEnv: PORTAL_SECRET",
        "secretFile: no-such-file",
        "33:17: staticClients[0].secretFile: names a file that cannot be read; name a readable file",
    ),
    (
        "name: Portal",
        "public: true",
        "33:16: staticClients[0].secretEnv: is set for a public client, which cannot keep one; remove it, or remove public: true",
    ),
    (
        "      - https://portal.example.com/callback\n",
        "",
        "35:17: staticClients[0].redirectURIs: is missing or empty; list the exact URIs that the client may be sent answers to",
    ),
    (
        "name: Portal",
        "name: Portal\n    trustedPeers: [other]",
        "35:5: staticClients[0].trustedPeers: is not supported yet; remove it",
    ),
    (
        "name: Portal",
        "name: Portal\n    allowedConnectors: [ldap]",
        "35:24: staticClients[0].allowedConnectors: names a connector that does not exist; list ids of connectors of this file",
    ),
    (
        "enablePasswordDB: true",
        "enablePasswordDB: true\nconnectors: [{type: local, id: local}]",
        "25:32: connectors[0].id: is the id of another connector",
    ),
    (
        "enablePasswordDB: true",
        "enablePasswordDB: true\nconnectors: [{type: github, id: github}]",
        "25:21: connectors[0].type: is not supported yet; choose ldap or local",
    ),
    (
        "enablePasswordDB: true",
        "enablePasswordDB: true\nsealingKeys: {env: [PORTAL_SECRET]}",
        "25:20: sealingKeys.env: does not hold a key: 32 bytes in base64url",
    ),
];

/// Every mistake names the place, the key and the fix, and nothing is loaded.
#[test]
fn each_mistake_names_the_key_and_the_fix() {
    for (from, to, expected) in MISTAKES {
        let problems = broken(from, to);
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{to}:\n  expected {expected}\n  got      {}",
            problems.join("\n           ")
        );
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let text = good()
        .replace("https://login", "http://login")
        .replace("type: sqlite3", "type: sqlite")
        .replace("idTokens: 1h", "idTokens: 1d")
        .replace("secretEnv:", "secretEn:");
    let error = load_text(&text).expect_err("four mistakes");
    let keys: Vec<_> = error
        .problems
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "issuer",
            "storage.type",
            "expiry.idTokens",
            "staticClients[0].secret",
            "staticClients[0].secretEn",
        ]
    );
    assert!(
        error
            .problems
            .iter()
            .all(|problem| problem.at.is_some() && !problem.fix.is_empty())
    );
}

#[test]
fn weak_settings_are_warned_of() {
    for (from, to, expected) in [
        ("http: 127.0.0.1:5556", "http: 0.0.0.0:5556", "web.http"),
        ("type: sqlite3", "type: memory", "storage.type"),
        (
            "reuseInterval: 3s",
            "disableRotation: true",
            "expiry.refreshTokens.disableRotation",
        ),
        (
            "secretEnv: PORTAL_SECRET",
            "secret: short",
            "staticClients[0].secret",
        ),
    ] {
        let text = good().replacen(from, to, 1).replacen(
            "    file: issuer.sqlite\n",
            "",
            usize::from(to == "type: memory"),
        );
        let config = load_text(&text).expect("weak, not wrong");
        let keys: Vec<_> = config
            .warnings
            .iter()
            .map(|warning| warning.key.as_str())
            .collect();
        assert_eq!(keys, [expected]);
    }
}

#[test]
fn users_whose_hashes_differ_in_cost_are_warned_of() {
    let second = "  - {username: bob, userID: '2', hash: '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}\nstaticClients:";
    let config = load_text(&good().replace("staticClients:", second)).expect("no mistakes");
    let keys: Vec<_> = config
        .warnings
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(keys, ["staticPasswords[1].hash"]);
}

/// No value of the file, and none of the environment, stands in an error.
#[test]
fn secrets_never_stand_in_an_error() {
    let good = good().replace(
        "secretEnv: PORTAL_SECRET",
        "secret: canary-0123456789-0123456789-0123456789",
    );
    let mut broken: Vec<String> = vec![
        good.replace("secret: canary", "secret: [canary"),
        good.replace("secret: canary", "secret: {canary"),
        good.replace("secret: canary", "secret: 'canary"),
        good.replace("secret: canary", "public: true\n    secret: canary"),
        good.replace("secret: canary", "secretFile: canary"),
        good.replace("secret: canary", "secretEnv: canary"),
        good.replace("secret: canary", "secret: *canary"),
        good.replace("secret: canary", "secret: !!int canary"),
        good.replace("secret: canary", "redirectURIs: canary"),
        good.replace("secret: canary", "public: canary"),
        format!("{good}{good}"),
        good.replace("enablePasswordDB: true", "enablePasswordDB: true\nconnectors: [{type: local, id: x, config: {users: [{hash: canary}]}}]"),
    ];
    broken.push(good.replace("  - id: portal", "\t- id: portal"));
    for text in broken {
        let error = load_text(&text).expect_err(&text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
    let config = load_text(&good).expect("no mistakes");
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn what_is_not_a_document_is_refused_with_its_place() {
    for (text, expected) in [
        ("issuer: [", "1:9: this is not well-formed YAML"),
        ("issuer: a\nissuer: b\n", "2:1: a key stands twice"),
        ("- issuer\n", "1:1: must be a mapping, not a list"),
        ("text", "1:1: must be a mapping, not text"),
    ] {
        let error = load_text(text).expect_err(text);
        assert!(error.to_string().starts_with(expected), "{text:?}: {error}");
    }
    assert!(load_text("").expect_err("nothing").problems.len() >= 4);
}

#[test]
fn the_size_of_a_configuration_is_bounded() {
    let comment = |size: usize| format!("{}#{}\n", good(), "x".repeat(size - good().len() - 2));
    assert!(load_text(&comment(MAX_CONFIG)).is_ok());
    let error = load_text(&comment(MAX_CONFIG + 1)).expect_err("too large");
    assert_eq!(error.to_string(), "the configuration is larger than 1 MiB");
}

#[test]
fn deep_and_self_multiplying_documents_are_refused() {
    let deep = format!("issuer: {}", "[".repeat(100_000));
    assert!(load_text(&deep).is_err());
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!(
            "a{level}: &a{level} [{}]\n",
            [alias.as_str(); 10].join(", ")
        );
    }
    assert!(load_text(&bomb).is_err());
}

#[test]
fn secrets_come_from_files_without_their_last_line_break() {
    let directory = tempfile::tempdir().expect("a directory");
    let secret = "s".repeat(32);
    std::fs::write(directory.path().join("secret"), format!("{secret}\n")).expect("written");
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    std::fs::write(directory.path().join("key"), format!("{key}\n")).expect("written");
    let text = good()
        .replace("secretEnv: PORTAL_SECRET", "secretFile: secret")
        .replace(
            "logger:",
            "sealingKeys: {files: [key], env: [KEY]}\nlogger:",
        );
    let config = load(&text, directory.path(), &environment).expect("no mistakes");
    assert!(config.clients[0].client_secret_hashes[0].matches(secret.as_bytes()));
    assert_eq!(config.sealing_keys.len(), 2);
}

#[test]
fn a_hash_may_come_as_base64_or_from_the_environment() {
    use base64ct::{Base64, Encoding};
    let hash = bcrypt::hash("password", 10).expect("a hash");
    let start = good().find("hash: ").expect("a hash");
    let end = start + good()[start..].find('\n').expect("a line");
    for replacement in [
        format!("hash: {}", Base64::encode_string(hash.as_bytes())),
        "hashFromEnv: HASH".to_owned(),
    ] {
        let text = format!("{}{replacement}{}", &good()[..start], &good()[end..]);
        let config = load_text(&text).expect("no mistakes");
        let ConnectorKind::Local(_, Some(users)) = &config.connectors[0].kind else {
            panic!("static users");
        };
        assert!(
            users[0]
                .password
                .verify(&oidc_core::secret::Secret::new("password"))
        );
    }
}

const LDAP: &str = "enablePasswordDB: true
connectors:
  - type: ldap
    id: ldap
    config:
      host: ldap.example.com
      startTLS: true
      bindDN: cn=reader
      bindPWEnv: PORTAL_SECRET
      userSearch:
        baseDN: ou=people
        username: [mail, uid]
";

fn with_ldap(from: &str, to: &str) -> Result<Config, ConfigError> {
    assert!(LDAP.contains(from), "{from}");
    load_text(&good().replace("enablePasswordDB: true\n", &LDAP.replacen(from, to, 1)))
}

#[test]
fn an_ldap_connector_is_read_with_its_secret_from_the_environment() {
    let config = with_ldap("ldap", "ldap").expect("no mistakes");
    assert_eq!(config.connectors.len(), 2);
    assert!(matches!(config.connectors[0].kind, ConnectorKind::Ldap(_)));
    assert_eq!(config.warnings, []);
}

/// Mistakes in settings that another crate reads have a place and a key as well.
#[test]
fn mistakes_of_an_ldap_connector_name_the_key_and_the_place() {
    for (from, to, expected) in [
        (
            "startTLS",
            "startTsl",
            "30:7: connectors[0].config.startTsl: is not a known key; did you mean startTLS?",
        ),
        (
            "baseDN",
            "baseDn",
            "34:9: connectors[0].config.userSearch.baseDn: is not a known key; did you mean baseDN?",
        ),
        (
            "startTLS: true",
            "startTLS: 5",
            "30:17: connectors[0].config.startTLS: must be a boolean",
        ),
        (
            "      host: ldap.example.com\n",
            "",
            "29:7: connectors[0].config: host is missing; set host",
        ),
        (
            "bindPWEnv: PORTAL_SECRET",
            "bindPWEnv: UNSET",
            "32:18: connectors[0].config.bindPWEnv: names an environment variable that is not set",
        ),
        (
            "bindPWEnv: PORTAL_SECRET",
            "bindPWFile: none",
            "32:19: connectors[0].config.bindPWFile: names a file that cannot be read",
        ),
        (
            "bindPWEnv: PORTAL_SECRET",
            "bindPW: $LDAP_PW",
            "32:15: connectors[0].config.bindPW: looks like a variable, which is not expanded; name the variable under bindPWEnv",
        ),
        (
            "bindPWEnv: PORTAL_SECRET",
            "bindPW: ${LDAP_PW}",
            "32:15: connectors[0].config.bindPW: looks like a variable",
        ),
        (
            "startTLS: true",
            "rootCA: none.pem",
            "30:15: connectors[0].config.rootCA: ",
        ),
        (
            "      host: ldap.example.com",
            "      host: a\n      hots: b\n      prot: c",
            "30:7: connectors[0].config.hots: is not a known key; did you mean host?",
        ),
        (
            "type: ldap",
            "type: lpad",
            "26:11: connectors[0].type: is not a known kind of connector; did you mean ldap?",
        ),
        (
            "type: ldap",
            "typ: ldap",
            "26:5: connectors[0].typ: is not a known key; did you mean type?",
        ),
    ] {
        let error = with_ldap(from, to).expect_err(to);
        let problems: Vec<_> = error.problems.iter().map(ToString::to_string).collect();
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{to}:\n  expected {expected}\n  got      {}",
            problems.join("\n           ")
        );
    }
}

#[test]
fn weak_settings_of_an_ldap_connector_are_warned_of() {
    let config = with_ldap("startTLS: true", "insecureNoSSL: true").expect("weak, not wrong");
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].message.starts_with("insecureNoSSL"));
}

/// FZ-40: whatever is done to a configuration, reading it ends, and no secret stands in what it
/// says; what is accepted has no empty secret and listens somewhere.
#[test]
fn no_change_of_one_character_leaks_a_secret_or_is_taken_for_less() {
    let good = good().replace(
        "secretEnv: PORTAL_SECRET",
        "secret: canary-0123456789-0123456789-0123456789",
    );
    let good = good.replace(
        "enablePasswordDB: true\n",
        &LDAP.replace("bindPWEnv: PORTAL_SECRET", "bindPW: canary"),
    );
    const CHANGES: [&str; 16] = [
        "", "\n", "\t", ":", "- ", "{", "[", "'", "\"", "#", "&", "*", "!", "|", "\0", "é",
    ];
    let mut accepted = 0;
    for at in 0..good.len() {
        // Two of the changes at each place, others at the next.
        for change in [CHANGES[at % 16], CHANGES[(at / 16 + 5) % 16]] {
            let text = format!("{}{change}{}", &good[..at], &good[at + 1..]);
            match load_text(&text) {
                Err(error) => {
                    assert!(!error.problems.is_empty());
                    let shown = format!("{error} {error:?}");
                    assert!(!shown.contains("canary"), "{at} {change:?}: {shown}");
                }
                Ok(config) => {
                    accepted += 1;
                    let listens = config.web.http.is_some();
                    assert!(listens && !config.connectors.is_empty(), "{at} {change:?}");
                    let secret = &config.clients[0].client_secret_hashes;
                    assert!(secret.len() == 1 && !secret[0].matches(b""));
                    assert!(!format!("{config:?}").contains("canary"));
                }
            }
        }
    }
    assert!(accepted > 100);
}
