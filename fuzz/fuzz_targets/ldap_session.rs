//! FZ-29: whatever a server says, a login succeeds only after the answer "success" to the bind with
//! the typed password; where TLS is demanded, no credential byte is written in clear.

#![no_main]

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::{
    LdapConfig, LdapConnector,
    fuzzing::{
        EntryMessage, LdapResultCode, OperationResult, ServerMessage, ServerOperation, frame_length,
    },
};
use oidc_core::{
    clock::UnixTime,
    connector::{Answer, Connector, ConnectorState, Login, Progress},
    secret::{Secret, Secret32},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

const BASE: &str = "ou=people,dc=example,dc=org";
const PASSWORD: &str = "the-typed-password";

#[derive(Debug)]
enum Say {
    Bind(u8, u8, bool),
    Alice(u8),
    Entry(u8, String),
    Reference(u8),
    Done(u8, u8),
    Extended(u8, u8),
    Raw(Vec<u8>),
}

#[derive(Debug)]
struct Input {
    tls: bool,
    /// What is said after each request, in order, on any connection.
    script: Vec<Vec<Say>>,
}

impl Input {
    /// One byte chooses TLS, then each thing to say is a byte and what it needs; 0 waits for the
    /// next request.
    fn read(data: &[u8]) -> Self {
        let mut bytes = data.iter().copied();
        let tls = bytes.next().unwrap_or_default() & 1 == 1;
        let mut script = vec![Vec::new()];
        while let Some(kind) = bytes.next() {
            let mut next = || bytes.next().unwrap_or_default();
            let say = match kind % 8 {
                0 if script.len() == 8 => break,
                0 => {
                    script.push(Vec::new());
                    continue;
                }
                1 => Say::Bind(next(), next(), next() & 1 == 1),
                2 => Say::Alice(next()),
                3 => {
                    let (off, length) = (next(), next());
                    let dn: Vec<u8> = (0..length).map(|_| next()).collect();
                    Say::Entry(off, String::from_utf8_lossy(&dn).into_owned())
                }
                4 => Say::Reference(next()),
                5 => Say::Done(next(), next()),
                6 => Say::Extended(next(), next()),
                _ => {
                    let length = next();
                    Say::Raw((0..length).map(|_| next()).collect())
                }
            };
            if let Some(last) = script.last_mut() {
                last.push(say);
            }
        }
        script.reverse();
        Self { tls, script }
    }
}

/// What the server saw and said.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    /// A bind with the password was answered, under its id, with plain success.
    proven: bool,
}

fn result(code: u8, referred: bool) -> OperationResult {
    OperationResult {
        code: LdapResultCode(code.into()),
        matched_dn: String::new(),
        diagnostic: String::new(),
        referrals: if referred {
            vec!["ldap://elsewhere.test".to_owned()]
        } else {
            vec![]
        },
    }
}

/// The bytes to say. Ids are relative to the request's, so that most of them match.
fn bytes(say: &Say, asked: u32) -> Vec<u8> {
    let (off, operation) = match say {
        Say::Bind(off, code, referred) => (*off, ServerOperation::Bind(result(*code, *referred))),
        Say::Alice(off) => {
            let value = |text: &str| vec![text.as_bytes().to_vec()];
            let entry = EntryMessage {
                dn: format!("uid=alice,{BASE}"),
                attributes: vec![
                    ("uid".to_owned(), value("alice")),
                    ("mail".to_owned(), value("alice@example.org")),
                ],
            };
            (*off, ServerOperation::Entry(entry))
        }
        Say::Entry(off, dn) => {
            let entry = EntryMessage {
                dn: dn.clone(),
                attributes: vec![],
            };
            (*off, ServerOperation::Entry(entry))
        }
        Say::Reference(off) => (
            *off,
            ServerOperation::Reference(vec!["ldap://x".to_owned()]),
        ),
        Say::Done(off, code) => (*off, ServerOperation::Done(result(*code, false))),
        Say::Extended(off, code) => (*off, ServerOperation::Extended(result(*code, false), None)),
        Say::Raw(bytes) => return bytes.clone(),
    };
    let controls = vec![];
    ServerMessage {
        id: asked.wrapping_add(u32::from(off / 16)) & 0x7fff_ffff,
        operation,
        controls,
    }
    .encode()
}

async fn serve(mut tcp: TcpStream, script: Arc<Mutex<Vec<Vec<Say>>>>, seen: Arc<Mutex<Seen>>) {
    let mut buffer = Vec::new();
    while let Ok(count) = tcp.read_buf(&mut buffer).await {
        if count == 0 {
            return;
        }
        let start = buffer.len() - count;
        seen.lock()
            .expect("lock")
            .bytes
            .extend_from_slice(&buffer[start..]);
        while let Ok(Some(length)) = frame_length(&buffer) {
            if buffer.len() < length {
                break;
            }
            let request: Vec<u8> = buffer.drain(..length).collect();
            // Short ids, one octet: 30 len 02 01 id op.
            let (id, operation) = (u32::from(request[4]), request[5]);
            let (next, last) = {
                let mut script = script.lock().expect("lock");
                (script.pop(), script.is_empty())
            };
            let Some(next) = next else { return };
            for say in next {
                let proof = operation == 0x60
                    && request.ends_with(PASSWORD.as_bytes())
                    && bytes(&say, id) == bytes(&Say::Bind(0, 0, false), id);
                // Raw bytes may spell a success too, in whole or across pieces.
                let raw = operation == 0x60 && matches!(say, Say::Raw(_));
                seen.lock().expect("lock").proven |= proof || raw;
                if tcp.write_all(&bytes(&say, id)).await.is_err() {
                    return;
                }
            }
            if last {
                return;
            }
        }
    }
}

async fn login(input: Input) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let script = Arc::new(Mutex::new(input.script));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let log = Arc::clone(&seen);
    let server = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(serve(tcp, Arc::clone(&script), Arc::clone(&log)));
        }
    });
    let mut config = LdapConfig::new(&address, BASE, "uid");
    config.timeout = Duration::from_millis(20);
    config.bind_dn = "cn=service,dc=example,dc=org".to_owned();
    config.bind_pw = Secret::new("service-account-password");
    config.start_tls = input.tls;
    // Even a client that trusts anybody must get as far as TLS.
    config.insecure_skip_verify = input.tls;
    config.insecure_no_ssl = !input.tls;
    let connector = LdapConnector::new(config).expect("settings");
    let callback = "https://issuer.test/callback".parse().expect("a URL");
    let seed = Secret32::from_bytes([0; 32]);
    let login = Login::new(&callback, "handle", UnixTime::from_secs(1), &seed);
    let answer = Answer::Credentials {
        username: "alice".to_owned(),
        password: Secret::new(PASSWORD),
    };
    let answer = connector
        .resume(&login, ConnectorState::default(), answer)
        .await;
    let seen = seen.lock().expect("lock");
    if matches!(answer, Ok(Progress::Authenticated(_))) {
        assert!(!input.tls, "signed in without TLS");
        assert!(seen.proven, "signed in without proof");
    }
    if input.tls {
        for secret in [PASSWORD, "service-account-password", "cn=service"] {
            let mut windows = seen.bytes.windows(secret.len());
            assert!(
                !windows.any(|window| window == secret.as_bytes()),
                "{secret} in clear"
            );
        }
    }
    server.abort();
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
});

fuzz_target!(|data: &[u8]| RUNTIME.block_on(login(Input::read(data))));
