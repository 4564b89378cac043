//! A scripted LDAP server: says what the test wants, and writes down what it was asked.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use oidc_connector_ldap::{
    LdapConfig, LdapConnector,
    fuzzing::{
        EntryMessage, INTEGER, LdapResultCode, OCTET_STRING, OperationResult, Reader, SEQUENCE,
        ServerMessage, ServerOperation, frame_length,
    },
};
use oidc_core::{
    clock::UnixTime,
    connector::{Answer, Connector, ConnectorError, ConnectorState, Denial, Login, Progress},
    secret::{Secret, Secret32},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

/// Where the person lives in the scripted directory.
pub(crate) const BASE: &str = "ou=people,dc=example,dc=org";
/// The person's entry.
pub(crate) const ALICE: &str = "uid=alice,ou=people,dc=example,dc=org";
/// The person's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// What a client asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    Bind { name: String, password: Vec<u8> },
    Search { base: String, filter: Vec<u8> },
    StartTls,
    Other(u8),
}

/// What the server does next.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Bytes(Vec<u8>),
    Silence,
    Hangup,
}

pub(crate) type Script = dyn Fn(u32, &Asked) -> Vec<Say> + Send + Sync;
/// What becomes of an accepted connection before LDAP is spoken.
pub(crate) type Wrap = dyn Fn(tokio::net::TcpStream) -> Wrapped + Send + Sync;
pub(crate) type Wrapped = Pin<Box<dyn Future<Output = Option<Box<dyn Stream>>> + Send>>;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A running server; dropped, it stops.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(
        script: impl Fn(u32, &Asked) -> Vec<Say> + Send + Sync + 'static,
    ) -> Self {
        Self::behind(script, |tcp| {
            Box::pin(async { Some(Box::new(tcp) as Box<dyn Stream>) })
        })
        .await
    }

    pub(crate) async fn behind(
        script: impl Fn(u32, &Asked) -> Vec<Say> + Send + Sync + 'static,
        wrap: impl Fn(tokio::net::TcpStream) -> Wrapped + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let wrap: Arc<Wrap> = Arc::new(wrap);
        let written = Arc::clone(&log);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (script, log, wrap) =
                    (Arc::clone(&script), Arc::clone(&written), Arc::clone(&wrap));
                connections.spawn(async move {
                    if let Some(stream) = wrap(tcp).await {
                        serve(stream, &*script, &log).await;
                    }
                });
            }
        });
        Self { address, log, task }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    /// How many binds named somebody.
    pub(crate) fn binds(&self) -> usize {
        let named = |asked: &&Asked| matches!(asked, Asked::Bind { name, .. } if !name.is_empty());
        self.log.lock().unwrap().iter().filter(named).count()
    }

    /// Settings that reach this server in clear.
    pub(crate) fn config(&self) -> LdapConfig {
        let mut config = LdapConfig::new(&self.address.to_string(), BASE, "uid");
        config.insecure_no_ssl = true;
        config.user_search.name_attr = Some("cn".to_owned());
        config
    }

    pub(crate) fn connector(&self) -> LdapConnector {
        LdapConnector::new(self.config()).unwrap()
    }
}

async fn serve(mut stream: Box<dyn Stream>, script: &Script, log: &Mutex<Vec<Asked>>) {
    let mut buffer = Vec::new();
    loop {
        while let Ok(Some(length)) = frame_length(&buffer)
            && buffer.len() >= length
        {
            let rest = buffer.split_off(length);
            let (id, asked) = request(&std::mem::replace(&mut buffer, rest));
            log.lock().unwrap().push(asked.clone());
            for say in script(id, &asked) {
                match say {
                    Say::Bytes(bytes) => {
                        if stream.write_all(&bytes).await.is_err() {
                            return;
                        }
                        let _ = stream.flush().await;
                    }
                    Say::Silence => std::future::pending().await,
                    Say::Hangup => return,
                }
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
    }
}

/// Reads a request without trusting it; shared with nobody but tests.
fn request(frame: &[u8]) -> (u32, Asked) {
    let mut reader = Reader::new(frame).expect(SEQUENCE).unwrap().reader();
    let id = reader.expect(INTEGER).unwrap().unsigned().unwrap();
    let operation = reader.any().unwrap();
    let mut body = operation.reader();
    let asked = match operation.tag {
        0x60 => {
            body.expect(INTEGER).unwrap();
            let name = body
                .expect(OCTET_STRING)
                .unwrap()
                .text()
                .unwrap()
                .to_owned();
            let password = body.any().unwrap().content.to_vec();
            Asked::Bind { name, password }
        }
        0x63 => {
            let base = body
                .expect(OCTET_STRING)
                .unwrap()
                .text()
                .unwrap()
                .to_owned();
            for _ in 0..5 {
                body.any().unwrap();
            }
            let filter = body.any().unwrap();
            let mut bytes = vec![filter.tag];
            bytes.extend_from_slice(filter.content);
            Asked::Search {
                base,
                filter: bytes,
            }
        }
        0x77 => Asked::StartTls,
        tag => Asked::Other(tag),
    };
    (id, asked)
}

pub(crate) fn result(code: u32) -> OperationResult {
    OperationResult {
        code: LdapResultCode(code),
        matched_dn: String::new(),
        diagnostic: String::new(),
        referrals: Vec::new(),
    }
}

pub(crate) fn message(id: u32, operation: ServerOperation) -> Say {
    let controls = Vec::new();
    Say::Bytes(
        ServerMessage {
            id,
            operation,
            controls,
        }
        .encode(),
    )
}

pub(crate) fn entry(id: u32, dn: &str, attributes: &[(&str, &[&str])]) -> Say {
    let attributes = attributes
        .iter()
        .map(|(name, values)| {
            let values = values.iter().map(|value| value.as_bytes().to_vec());
            ((*name).to_owned(), values.collect())
        })
        .collect();
    let dn = dn.to_owned();
    message(id, ServerOperation::Entry(EntryMessage { dn, attributes }))
}

pub(crate) fn alice(id: u32) -> Say {
    let attributes: &[(&str, &[&str])] = &[
        ("UID", &["alice"]),
        ("cn", &["Alice"]),
        ("mail", &["alice@example.org"]),
    ];
    entry(id, ALICE, attributes)
}

pub(crate) fn done(id: u32) -> Say {
    message(id, ServerOperation::Done(result(0)))
}

pub(crate) fn bound(id: u32, code: u32) -> Say {
    message(id, ServerOperation::Bind(result(code)))
}

/// A well-behaved directory with one person and an anonymous search.
pub(crate) fn honest(id: u32, asked: &Asked) -> Vec<Say> {
    match asked {
        Asked::Bind { name, password } => {
            let right = name == ALICE && password == PASSWORD.as_bytes();
            vec![bound(id, if right { 0 } else { 49 })]
        }
        Asked::Search { filter, .. } if filter == b"\xa3\x04\x03uid\x04\x05alice" => {
            vec![alice(id), done(id)]
        }
        Asked::Search { .. } => vec![done(id)],
        Asked::StartTls | Asked::Other(_) => vec![Say::Hangup],
    }
}

pub(crate) async fn sign_in(
    connector: &LdapConnector,
    username: &str,
    password: &str,
) -> Result<Progress, ConnectorError> {
    let callback = "https://issuer.test/callback".parse().unwrap();
    let seed = Secret32::from_bytes([7; 32]);
    let login = Login::new(
        &callback,
        "handle",
        UnixTime::from_secs(1_800_000_000),
        &seed,
    );
    let answer = Answer::Credentials {
        username: username.to_owned(),
        password: Secret::new(password),
    };
    connector
        .resume(&login, ConnectorState::default(), answer)
        .await
}

pub(crate) async fn alice_signs_in(connector: &LdapConnector) -> Result<Progress, ConnectorError> {
    sign_in(connector, "alice", PASSWORD).await
}

pub(crate) fn assert_authenticated(answer: &Result<Progress, ConnectorError>) {
    assert!(
        matches!(answer, Ok(Progress::Authenticated(_))),
        "{answer:?}"
    );
}

pub(crate) fn assert_invalid_credentials(answer: &Result<Progress, ConnectorError>) {
    assert!(
        matches!(answer, Ok(Progress::Denied(Denial::InvalidCredentials))),
        "{answer:?}"
    );
}

pub(crate) fn assert_refused(answer: &Result<Progress, ConnectorError>) {
    assert!(
        matches!(answer, Ok(Progress::Denied(Denial::Refused(_)))),
        "{answer:?}"
    );
}

/// The exact text of the error, so that another reason does not pass for this one.
pub(crate) fn assert_error(answer: &Result<Progress, ConnectorError>, text: &str) {
    match answer {
        Err(error) => assert_eq!(error.to_string(), text),
        Ok(progress) => panic!("{progress:?}"),
    }
}
