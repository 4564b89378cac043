//! Listens, looks after the issuer, and stops on a signal.

use std::{io, net::SocketAddr, time::Duration};

use oidc_core::issuer::Issuer;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    config::WebConfig,
    open::Opened,
    server::{self, Front, Listener, TlsError},
};

/// How often the issuer's background work is done.
const MAINTENANCE: Duration = Duration::from_secs(30);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Certificate or key cannot be used.
    #[error("web.tlsCert, web.tlsKey: {0}")]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error("{address}: {source}")]
    Address {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Opens the configured sockets.
///
/// # Errors
///
/// [`ListenError`] names the first that cannot be opened.
pub async fn listen(web: &WebConfig) -> Result<Vec<Listener>, ListenError> {
    let mut wanted = Vec::new();
    if let Some(address) = web.http {
        wanted.push((address, None));
    }
    if let Some(https) = &web.https {
        let tls = server::server_config(&https.tls_cert, &https.tls_key)?;
        wanted.push((https.address, Some(tls)));
    }
    let mut listeners = Vec::new();
    for (address, tls) in wanted {
        let listener = Listener::bind(address, tls)
            .await
            .map_err(|source| ListenError::Address { address, source })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Serves the issuer until `stop` is done, then lets requests finish.
pub async fn serve(opened: Opened, listeners: Vec<Listener>, stop: impl Future<Output = ()>) {
    for listener in &listeners {
        if let Ok(address) = listener.local_address() {
            tracing::info!(%address, issuer = %opened.issuer.url(), "listening");
        }
    }
    let maintenance = tokio::spawn(maintain(opened.issuer.clone()));
    let front = Front::new(opened.service.clone(), opened.health());
    let finished = server::serve(listeners, front, stop).await;
    maintenance.abort();
    if finished {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped; some requests were cut off");
    }
}

async fn maintain(issuer: Issuer) {
    let mut rounds = interval(MAINTENANCE);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = issuer.maintain().await {
            tracing::warn!(%error, "background work was not finished");
        }
    }
}

/// Listens for SIGTERM and SIGINT from now on; the future is done when one came.
///
/// # Errors
///
/// [`io::Error`] if the operating system takes no handler.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C; the future is done when it came.
///
/// # Errors
///
/// None on this platform.
#[cfg(not(unix))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
