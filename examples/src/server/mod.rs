//! A bounded HTTP server under a tower service: HTTP/1.1 and HTTP/2, clear or over TLS.
//!
//! Bounds: connections, time for a TLS handshake, for headers and for a whole request, size of
//! headers, silence of a peer. A stop lets requests that are under way finish.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

mod front;
mod silence;
mod tls;

pub use front::{Front, HEALTH_PATH, Health};
pub use tls::{TlsError, server_config};

use silence::SilenceLimit;

/// Connections at once; one more waits to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// Largest header section of a request in bytes.
const MAX_HEADERS: u32 = 32 * 1024;
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 64;
/// Time for a TLS handshake, and for the headers of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection on which nothing arrives for so long is closed.
const MAX_SILENCE: Duration = Duration::from_secs(75);
/// How long requests that are under way may take after a stop.
const GRACE: Duration = Duration::from_secs(10);
/// Pause after a failed `accept`: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An open socket, and the TLS settings of what comes in there.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Listener {
    /// Opens a socket; `tls` of `None` serves clear text.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the address cannot be had.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, tls })
    }

    /// The address, with the port that was chosen for port 0.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the operating system does not tell.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves `service` on all listeners until `stop` is done, then lets requests that are under way
/// finish for up to ten seconds.
///
/// True if all of them did.
pub async fn serve<S, B>(
    listeners: Vec<Listener>,
    service: Front<S>,
    stop: impl Future<Output = ()>,
) -> bool
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut accepting = JoinSet::new();
    let (accepted, mut incoming) = tokio::sync::mpsc::channel(64);
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&permits), accepted.clone()));
    }
    drop(accepted);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(connection) = incoming.recv() => {
                let service = service.for_peer(connection.peer);
                let watcher = graceful.watcher();
                connections.spawn(serve_connection(connection, service, watcher));
            }
            Some(_) = connections.join_next() => {}
            else => break,
        }
    }
    accepting.shutdown().await;
    incoming.close();
    timeout(GRACE, graceful.shutdown()).await.is_ok()
}

/// An accepted connection, and its share of the connections that may be open.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    permit: OwnedSemaphorePermit,
}

async fn accept(
    listener: Listener,
    permits: Arc<Semaphore>,
    accepted: tokio::sync::mpsc::Sender<Connection>,
) {
    let tls = listener.tls.map(TlsAcceptor::from);
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        match listener.socket.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let tls = tls.clone();
                let connection = Connection {
                    stream,
                    peer,
                    tls,
                    permit,
                };
                if accepted.send(connection).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection<H, B>(
    connection: Connection,
    service: H,
    watcher: hyper_util::server::graceful::Watcher,
) where
    H: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    H::Future: Send + 'static,
    H: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Connection {
        stream,
        peer,
        tls,
        permit,
    } = connection;
    let stream = SilenceLimit::new(stream, MAX_SILENCE);
    let Some(acceptor) = tls else {
        serve_stream(stream, service, watcher).await;
        drop(permit);
        return;
    };
    match timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve_stream(stream, service, watcher).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
    drop(permit);
}

async fn serve_stream<I, H, B>(
    stream: I,
    service: H,
    watcher: hyper_util::server::graceful::Watcher,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    H::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEADERS as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADERS)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(HEAD_TIMEOUT * 3)
        .keep_alive_timeout(HEAD_TIMEOUT);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        // Peers go away all the time; nothing is wrong here.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
