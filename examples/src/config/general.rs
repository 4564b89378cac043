//! The sections that are neither clients nor connectors.

use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};

use oidc_core::{
    base64url,
    protocol::IssuerUrl,
    secret::{Secret, Secret32},
};
use tracing::Level;

use super::{
    ExpiryConfig, HttpsConfig, LoggerConfig, OAuth2Config, StorageConfig, WebConfig,
    problem::nearest, section::Section,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// A token that outlives a day is a password that nobody can take back.
const TOKEN_LIFE: RangeInclusive<Duration> = MINUTE..=DAY;
/// An open login: long enough for a second factor, and no longer than core seals one.
const LOGIN_LIFE: RangeInclusive<Duration> = MINUTE..=Duration::from_secs(30 * 60);
/// A signing key: relying parties cache keys for minutes.
const KEY_LIFE: RangeInclusive<Duration> = HOUR..=YEAR;
/// A lost answer is asked for again within seconds, hardly after minutes.
const REUSE: RangeInclusive<Duration> = Duration::ZERO..=HOUR;
/// Grants and sessions.
const GRANT_LIFE: RangeInclusive<Duration> = MINUTE..=YEAR;

pub(super) fn issuer(file: &mut Section<'_>) -> Option<IssuerUrl> {
    let text = file.required(
        "issuer",
        "set it to the https URL that clients know the issuer by",
    )?;
    IssuerUrl::parse(&text)
        .map_err(|error| {
            let message = error.to_string().replace("the issuer URL ", "");
            file.problem(
                "issuer",
                &message,
                "write it like https://login.example.com",
            );
        })
        .ok()
}

pub(super) fn storage(file: &mut Section<'_>) -> Option<StorageConfig> {
    const TYPES: [&str; 2] = ["memory", "sqlite3"];
    const LATER: [&str; 5] = ["etcd", "kubernetes", "mysql", "postgres", "redis"];
    const FIX: &str = "set storage.type to sqlite3 or memory";
    let Some(mut storage) = file.section("storage") else {
        if !file.has("storage") {
            file.problem("storage", "is missing", FIX);
        }
        return None;
    };
    let kind = storage.required("type", FIX);
    let mut config = storage.section("config");
    let read = match kind.as_deref() {
        Some("memory") => {
            storage.warn(
                "type",
                "all logins and keys are lost when the process ends",
                "use sqlite3",
            );
            Some(StorageConfig::Memory)
        }
        Some("sqlite3") => sqlite(&storage, config.as_mut()),
        Some(other) => {
            let message = if LATER.contains(&other) {
                "is not supported yet".to_owned()
            } else {
                let meant = nearest(other, &TYPES);
                meant.map_or_else(
                    || "is not a known storage type".to_owned(),
                    |meant| format!("is not a known storage type; did you mean {meant}?"),
                )
            };
            storage.problem("type", &message, "choose sqlite3 or memory");
            // Its settings cannot be judged.
            config = None;
            None
        }
        None => {
            config = None;
            None
        }
    };
    if let Some(config) = config {
        config.finish();
    }
    storage.finish();
    read
}

fn sqlite(storage: &Section<'_>, config: Option<&mut Section<'_>>) -> Option<StorageConfig> {
    const FIX: &str = "name the file, such as file: issuer.sqlite";
    let Some(config) = config else {
        storage.problem("config.file", "is missing", FIX);
        return None;
    };
    let file = config.required("file", FIX)?;
    if file.starts_with(":memory:") {
        config.problem(
            "file",
            "is no file",
            "for records in memory set storage.type to memory",
        );
        return None;
    }
    Some(StorageConfig::Sqlite {
        file: config.context.directory.join(file),
    })
}

pub(super) fn web(file: &mut Section<'_>) -> WebConfig {
    const FIX: &str = "set web.http, or web.https with tlsCert and tlsKey";
    let Some(mut web) = file.section("web") else {
        if !file.has("web") {
            file.problem("web", "is missing: there is nothing to listen on", FIX);
        }
        return WebConfig::default();
    };
    let http = address(&mut web, "http");
    let https = https(&mut web);
    if !web.has("http") && !web.has("https") {
        web.problem("http", "is missing: there is nothing to listen on", FIX);
    }
    if http.is_some_and(|address| !address.ip().is_loopback()) {
        web.warn(
            "http",
            "passwords and tokens cross the network in clear text",
            "use web.https, unless a proxy on a trusted network ends TLS",
        );
    }
    web.finish();
    WebConfig { http, https }
}

fn https(web: &mut Section<'_>) -> Option<HttpsConfig> {
    let address = address(web, "https");
    let mut file = |key| {
        let name = web.text(key)?;
        let path = web.context.directory.join(name);
        if path.is_file() {
            return Some(path);
        }
        web.problem(
            key,
            "names a file that cannot be read",
            "name a readable PEM file",
        );
        None
    };
    let (tls_cert, tls_key) = (file("tlsCert"), file("tlsKey"));
    for key in ["tlsCert", "tlsKey"] {
        if web.has("https") && !web.has(key) {
            web.problem(key, "is missing beside web.https", "name a PEM file");
        }
        if !web.has("https") && web.has(key) {
            web.problem(
                key,
                "is set without web.https",
                "set web.https, or remove it",
            );
        }
    }
    Some(HttpsConfig {
        address: address?,
        tls_cert: tls_cert?,
        tls_key: tls_key?,
    })
}

fn address(web: &mut Section<'_>, key: &'static str) -> Option<SocketAddr> {
    let text = web.text(key)?;
    // As in Go's notation, which people who come from Dex use.
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None if text.starts_with(':') => format!("0.0.0.0{text}"),
        None => text,
    };
    let address = text.parse().ok();
    if address.is_none() {
        web.problem(
            key,
            "is not an address with a port",
            "write it like 127.0.0.1:5556 or [::]:5556",
        );
    }
    address
}

pub(super) fn oauth2(file: &mut Section<'_>) -> OAuth2Config {
    let Some(mut oauth2) = file.section("oauth2") else {
        return OAuth2Config::default();
    };
    let response_types = oauth2.texts("responseTypes");
    if oauth2.has("responseTypes") && response_types != ["code"] {
        oauth2.problem(
            "responseTypes",
            "may hold only code",
            "write responseTypes: [code]",
        );
    }
    let read = OAuth2Config {
        skip_approval_screen: oauth2.boolean("skipApprovalScreen").unwrap_or_default(),
        always_show_login_screen: oauth2.boolean("alwaysShowLoginScreen").unwrap_or_default(),
    };
    oauth2.finish();
    read
}

pub(super) fn expiry(file: &mut Section<'_>) -> ExpiryConfig {
    let mut read = ExpiryConfig::default();
    if let Some(mut expiry) = file.section("expiry") {
        read.id_tokens = expiry.duration("idTokens", TOKEN_LIFE);
        read.auth_requests = expiry.duration("authRequests", LOGIN_LIFE);
        read.signing_keys = expiry.duration("signingKeys", KEY_LIFE);
        if let Some(mut refresh) = expiry.section("refreshTokens") {
            read.disable_rotation = refresh.boolean("disableRotation").unwrap_or_default();
            read.reuse_interval = refresh.duration("reuseInterval", REUSE);
            read.refresh_idle = refresh.duration("validIfNotUsedFor", GRANT_LIFE);
            read.refresh_absolute = refresh.duration("absoluteLifetime", GRANT_LIFE);
            check_idle(&refresh, read.refresh_idle, read.refresh_absolute);
            if read.disable_rotation {
                refresh.warn(
                    "disableRotation",
                    "a stolen refresh token stays unnoticed",
                    "leave rotation on unless a client cannot store a new token",
                );
            }
            refresh.finish();
        }
        expiry.finish();
    }
    if let Some(mut sessions) = file.section("sessions") {
        read.session_idle = sessions.duration("validIfNotUsedFor", GRANT_LIFE);
        read.session_absolute = sessions.duration("absoluteLifetime", GRANT_LIFE);
        check_idle(&sessions, read.session_idle, read.session_absolute);
        sessions.finish();
    }
    read
}

fn check_idle(section: &Section<'_>, idle: Option<Duration>, absolute: Option<Duration>) {
    if let (Some(idle), Some(absolute)) = (idle, absolute)
        && idle > absolute
    {
        section.problem(
            "validIfNotUsedFor",
            "is longer than absoluteLifetime",
            "make it shorter, or absoluteLifetime longer",
        );
    }
}

pub(super) fn sealing_keys(file: &mut Section<'_>) -> Vec<Secret32> {
    let Some(mut section) = file.section("sealingKeys") else {
        return Vec::new();
    };
    let mut keys = Vec::new();
    for variable in section.texts("env") {
        let secret = section.secret_from_environment("env", &variable);
        keys.extend(secret.and_then(|secret| sealing_key(&section, "env", &secret)));
    }
    for file in section.texts("files") {
        let secret = section.secret_from_file("files", &file);
        keys.extend(secret.and_then(|secret| sealing_key(&section, "files", &secret)));
    }
    if !section.has("env") && !section.has("files") {
        section.problem(
            "files",
            "is missing",
            "list files with a key each, the sealing one first",
        );
    }
    section.finish();
    keys
}

fn sealing_key(section: &Section<'_>, key: &str, secret: &Secret) -> Option<Secret32> {
    let decoded = secret.expose_str().and_then(base64url::decode_array);
    if decoded.is_none() {
        section.problem(
            key,
            "does not hold a key: 32 bytes in base64url without padding, 43 characters",
            "make one with: head -c 32 /dev/urandom | basenc --base64url | tr -d =",
        );
    }
    decoded.map(Secret32::from_bytes)
}

pub(super) fn logger(file: &mut Section<'_>) -> LoggerConfig {
    let mut read = LoggerConfig::default();
    let Some(mut logger) = file.section("logger") else {
        return read;
    };
    if let Some(level) = logger.text("level") {
        match level.to_ascii_lowercase().as_str() {
            "debug" => read.level = Level::DEBUG,
            "info" => read.level = Level::INFO,
            "warn" => read.level = Level::WARN,
            "error" => read.level = Level::ERROR,
            _ => logger.problem(
                "level",
                "is not a level",
                "choose debug, info, warn or error",
            ),
        }
    }
    if let Some(format) = logger.text("format") {
        match format.to_ascii_lowercase().as_str() {
            "text" => read.json = false,
            "json" => read.json = true,
            _ => logger.problem("format", "is not a format", "choose text or json"),
        }
    }
    logger.finish();
    read
}

/// Where the sealing key is kept unless configured: beside the database.
#[must_use]
pub fn default_key_file(storage: &StorageConfig) -> Option<PathBuf> {
    match storage {
        StorageConfig::Memory => None,
        StorageConfig::Sqlite { file } => Some(file.with_file_name("issuer.key")),
    }
}
