//! Structured logs on standard error, as text or one JSON object a line.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LoggerConfig;

/// Starts logging. The second call in a process changes nothing.
///
/// Libraries log warnings and errors only: at finer levels some of them print what they carry.
pub fn start(config: LoggerConfig) {
    let level = config.level.as_str().to_ascii_lowercase();
    let libraries = if level == "error" { "error" } else { "warn" };
    let ours = [
        "oidc_core",
        "oidc_connector_local",
        "oidc_connector_ldap",
        "oidc_token_store",
        "oidc_examples",
        "issuer",
    ];
    let directives: Vec<_> = ours.iter().map(|name| format!("{name}={level}")).collect();
    let filter = EnvFilter::new(format!("{libraries},{}", directives.join(",")));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(std::io::stderr);
    // Another subscriber may be there already, in tests.
    let _ = if config.json {
        registry.with(layer.json()).try_init()
    } else {
        registry.with(layer.with_ansi(false)).try_init()
    };
}
