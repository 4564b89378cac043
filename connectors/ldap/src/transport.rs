//! A connection to the directory: TCP, TLS, and the [`Guard`] in front of the client library.
//!
//! The library is built without TLS and gets one end of a pair of sockets inside this process. What
//! stands between that end and the wire is ours, and passes on nothing that it did not check.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::{
    ber,
    guard::{Guard, GuardError, start_tls_answered, start_tls_request},
    settings::{Settings, TlsMode},
};

/// Bytes read from a socket at once.
const CHUNK: usize = 16 * 1024;

/// Why there is no connection, or no longer one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("connection lost: {0}")]
    Lost(String),
}

/// A stream of bytes to and from one peer.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) ldap: Ldap,
    fault: Arc<OnceLock<GuardError>>,
    tasks: [JoinHandle<()>; 2],
}

impl Transport {
    /// Connects; nothing but TLS set-up has been said yet.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, TransportError> {
        let address = (settings.host.as_str(), settings.port);
        let tcp = TcpStream::connect(address)
            .await
            .map_err(TransportError::Connect)?;
        // Requests are small and each waits for its answer.
        tcp.set_nodelay(true).map_err(TransportError::Connect)?;
        Self::over(negotiate(tcp, &settings.tls).await?).await
    }

    /// Puts the guard and the client library on top of a stream.
    async fn over(wire: Box<dyn Wire>) -> Result<Self, TransportError> {
        let (theirs, ours) = std::os::unix::net::UnixStream::pair()
            .and_then(|(theirs, ours)| {
                ours.set_nonblocking(true)?;
                Ok((theirs, UnixStream::from_std(ours)?))
            })
            .map_err(TransportError::Connect)?;
        let connection = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        // The library asks for a path; with a stream at hand it does not use it.
        let (driver, ldap) = LdapConnAsync::with_settings(connection, "ldapi://unused")
            .await
            .map_err(|error| TransportError::Lost(error.to_string()))?;
        let fault = Arc::new(OnceLock::new());
        let reported = Arc::clone(&fault);
        let guarding = tokio::spawn(async move {
            if let Err(Some(error)) = relay(wire, ours).await {
                // The library hears only that the connection ended; this is why.
                let _ = reported.set(error);
            }
        });
        let driving = tokio::spawn(async move {
            let _ = driver.drive().await;
        });
        Ok(Self {
            ldap,
            fault,
            tasks: [guarding, driving],
        })
    }

    /// Why the connection ended, seen from the wire if the wire is to blame.
    pub(crate) fn lost(&self, error: &ldap3::LdapError) -> TransportError {
        self.fault.get().map_or_else(
            || TransportError::Lost(error.to_string()),
            |fault| TransportError::Guard(fault.clone()),
        )
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Puts TLS on a fresh stream as the settings demand it. Nothing else has been said when it is up.
pub(crate) async fn negotiate<S>(wire: S, tls: &TlsMode) -> Result<Box<dyn Wire>, TransportError>
where
    S: Wire + 'static,
{
    let (wire, config, name) = match tls {
        TlsMode::DangerousPlain => return Ok(Box::new(wire)),
        TlsMode::Ldaps(config, name) => (wire, config, name),
        TlsMode::StartTls(config, name) => (start_tls(wire).await?, config, name),
    };
    let connector = TlsConnector::from(Arc::clone(config));
    let wire = connector.connect(name.clone(), wire).await;
    Ok(Box::new(wire.map_err(TransportError::Tls)?))
}

/// Asks for TLS. Not one byte of anything else is sent before the answer.
async fn start_tls<S: Wire>(mut wire: S) -> Result<S, TransportError> {
    wire.write_all(&start_tls_request())
        .await
        .map_err(TransportError::Tls)?;
    let mut received = Vec::new();
    loop {
        let count = wire
            .read_buf(&mut received)
            .await
            .map_err(TransportError::Tls)?;
        if start_tls_answered(&received)? {
            return Ok(wire);
        }
        if count == 0 {
            return Err(TransportError::Tls(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// Carries messages both ways until one side ends (`Err(None)`) or misbehaves (`Err(Some(_))`).
pub(crate) async fn relay<L>(wire: Box<dyn Wire>, library: L) -> Result<(), Option<GuardError>>
where
    L: Wire,
{
    let (mut wire_in, mut wire_out) = tokio::io::split(wire);
    let (mut library_in, mut library_out) = tokio::io::split(library);
    let mut guard = Guard::default();
    let mut from_wire = Frames::default();
    let mut from_library = Frames::default();
    loop {
        tokio::select! {
            count = wire_in.read_buf(from_wire.room()) => {
                ended(&count)?;
                while let Some(frame) = from_wire.next()? {
                    if let Some(answer) = guard.answer(&frame)? {
                        library_out.write_all(&answer).await.map_err(|_| None)?;
                    }
                }
            }
            count = library_in.read_buf(from_library.room()) => {
                ended(&count)?;
                while let Some(frame) = from_library.next()? {
                    guard.request(&frame)?;
                    wire_out.write_all(&frame).await.map_err(|_| None)?;
                    wire_out.flush().await.map_err(|_| None)?;
                }
            }
        }
    }
}

fn ended(count: &io::Result<usize>) -> Result<(), Option<GuardError>> {
    match count {
        Ok(count) if *count > 0 => Ok(()),
        _ => Err(None),
    }
}

/// Cuts a stream of bytes into messages; holds at most one message and what came with it.
#[derive(Default)]
struct Frames {
    bytes: Zeroizing<Vec<u8>>,
    /// How much of `bytes` was handed out. It is cut off once per read, not once per message:
    /// a flood of tiny messages must not cost more than its length.
    taken: usize,
}

impl Frames {
    fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.reserve(CHUNK);
        &mut self.bytes
    }

    fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, GuardError> {
        let pending = &self.bytes[self.taken..];
        let Some(length) = ber::frame_length(pending)? else {
            return Ok(None);
        };
        let frame = pending
            .get(..length)
            .map(|frame| Zeroizing::new(frame.to_vec()));
        if frame.is_some() {
            self.taken += length;
        }
        Ok(frame)
    }
}
