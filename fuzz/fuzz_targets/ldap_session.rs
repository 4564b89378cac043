//! FZ-29: whatever a server says, a password counts as proven only after the answer "success" to the
//! bind with that password, under its id; where TLS is demanded, nothing but the question for it
//! is written in clear.
//!
//! Runs what the connector runs between its socket and its client library: StartTLS, the guard and
//! the judgment of the bind. Both ends are buffers, there is neither socket nor clock.

#![no_main]

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::{
    LdapConfig,
    fuzzing::{
        ENUMERATED, EntryMessage, INTEGER, LdapResultCode, OCTET_STRING, OperationResult,
        Protection, SEQUENCE, ServerMessage, ServerOperation, frame_length, proves_password,
        start_tls_request, write, write_unsigned,
    },
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const BASE: &str = "ou=people,dc=example,dc=org";
const ALICE: &str = "uid=alice,ou=people,dc=example,dc=org";
const SERVICE: &str = "cn=service,dc=example,dc=org";
const PASSWORD: &str = "the-typed-password";
const SERVICE_PASSWORD: &str = "service-account-password";
/// Most bytes said to one request. The guard reads that at once: what is said too early meets it
/// before the next request does.
const MAX_SAID: usize = 4 * 1024;
/// Bytes in flight each way, before anybody has to wait.
const BUFFER: usize = 64 * 1024;
/// Longest script in parts: at most three requests, and what is said into the start of TLS.
const PARTS: usize = 6;

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

/// What the library asks, in this order.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Service,
    Search,
    Person,
}

#[derive(Debug)]
struct Input {
    tls: bool,
    asks: Vec<Ask>,
    /// The search is left before its end, so that two requests wait for answers.
    hasty: bool,
    /// What is said after each request, in order.
    script: Vec<Vec<Say>>,
}

impl Input {
    /// One byte chooses TLS and the requests, then each thing to say is a byte and what it needs;
    /// 0 waits for the next request.
    fn read(data: &[u8]) -> Self {
        let mut bytes = data.iter().copied();
        let first = bytes.next().unwrap_or_default();
        let service = (first & 2 == 0).then_some(Ask::Service);
        let search = (first & 4 == 0).then_some(Ask::Search);
        let asks = service.into_iter().chain(search).chain([Ask::Person]);
        let asks = asks.collect();
        let mut script = vec![Vec::new()];
        while let Some(kind) = bytes.next() {
            let mut next = || bytes.next().unwrap_or_default();
            let say = match kind % 8 {
                0 if script.len() == PARTS => break,
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
        Self {
            tls: first & 1 != 0,
            asks,
            hasty: first & 8 != 0,
            script,
        }
    }
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

/// A request as the client library writes it. Ids count from 1.
fn request(ask: Ask, id: u32) -> Vec<u8> {
    let mut body = Vec::new();
    let tag = match ask {
        Ask::Service => bind(&mut body, SERVICE, SERVICE_PASSWORD),
        Ask::Person => bind(&mut body, ALICE, PASSWORD),
        Ask::Search => {
            write(&mut body, OCTET_STRING, BASE.as_bytes());
            write_unsigned(&mut body, ENUMERATED, 2);
            0x63
        }
    };
    let mut message = Vec::new();
    write_unsigned(&mut message, INTEGER, id);
    write(&mut message, tag, &body);
    let mut frame = Vec::new();
    write(&mut frame, SEQUENCE, &message);
    frame
}

fn bind(body: &mut Vec<u8>, name: &str, password: &str) -> u8 {
    write_unsigned(body, INTEGER, 3);
    write(body, OCTET_STRING, name.as_bytes());
    write(body, 0x80, password.as_bytes());
    0x60
}

/// What the server saw and said.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    /// Something came that is no request: TLS from here on.
    tls: bool,
    /// All that was said since the bind with the password, and the id of that bind.
    since: Option<(u32, Vec<u8>)>,
}

impl Seen {
    /// Whether the bind with the password was answered, under its id, with plain success.
    fn proven(&self) -> bool {
        let Some((asked, said)) = &self.since else {
            return false;
        };
        let mut rest = said.as_slice();
        while let Ok(Some(length)) = frame_length(rest)
            && let Some((frame, behind)) = rest.split_at_checked(length)
        {
            rest = behind;
            if let Ok(message) = ServerMessage::decode(frame)
                && let ServerOperation::Bind(result) = &message.operation
                && message.id == *asked
                && result.code.0 == 0
                && result.referrals.is_empty()
            {
                return true;
            }
        }
        false
    }
}

/// The directory: says one part of the script after each request, then only listens.
async fn serve(mut wire: DuplexStream, mut script: Vec<Vec<Say>>, seen: &mut Seen) {
    let mut buffer = Vec::with_capacity(MAX_SAID);
    while let Ok(count @ 1..) = wire.read_buf(&mut buffer).await {
        seen.bytes.extend(&buffer[buffer.len() - count..]);
        for id in requests(&mut buffer, seen) {
            let Some(says) = script.pop() else {
                let _ = wire.shutdown().await;
                continue;
            };
            let mut said: Vec<u8> = says.iter().flat_map(|say| bytes(say, id)).collect();
            said.truncate(MAX_SAID);
            if let Some((_, since)) = &mut seen.since {
                since.extend(&said);
            }
            let _ = wire.write_all(&said).await;
        }
    }
}

/// Takes the whole requests out of what came, and yields their ids. What is no request is the start
/// of TLS, and may be answered too.
fn requests(buffer: &mut Vec<u8>, seen: &mut Seen) -> Vec<u32> {
    let mut ids = Vec::new();
    loop {
        match frame_length(buffer) {
            _ if seen.tls => {
                buffer.clear();
                return vec![1];
            }
            Ok(Some(length)) if buffer.len() >= length => {
                let request: Vec<u8> = buffer.drain(..length).collect();
                // Short ids, one octet: 30 len 02 01 id op.
                let id = u32::from(request[4]);
                if request.ends_with(PASSWORD.as_bytes()) {
                    seen.since = Some((id, Vec::new()));
                }
                ids.push(id);
            }
            Ok(_) => return ids,
            Err(_) => seen.tls = true,
        }
    }
}

/// Stands for the client library, but believes all that it is told: the first answer to a bind
/// counts, under whatever id. To match ids is the guard's work.
async fn ask(mut guard: DuplexStream, asks: Vec<Ask>, hasty: bool) -> bool {
    let mut buffer = Vec::new();
    for (ask, id) in asks.into_iter().zip(1..) {
        if guard.write_all(&request(ask, id)).await.is_err() {
            return false;
        }
        if matches!(ask, Ask::Search) && hasty {
            continue;
        }
        loop {
            let Some(message) = message(&mut guard, &mut buffer).await else {
                return false;
            };
            match (ask, &message.operation) {
                (Ask::Search, ServerOperation::Done(_)) => break,
                (Ask::Service, ServerOperation::Bind(_)) if proves_password(&message) => break,
                (Ask::Person, ServerOperation::Bind(_)) => return proves_password(&message),
                (Ask::Service, ServerOperation::Bind(_)) => return false,
                _ => {}
            }
        }
    }
    false
}

/// The next message that the guard lets through.
async fn message(guard: &mut DuplexStream, buffer: &mut Vec<u8>) -> Option<ServerMessage> {
    loop {
        let length = frame_length(buffer).expect("the guard writes messages");
        if let Some(length) = length.filter(|length| buffer.len() >= *length) {
            let frame: Vec<u8> = buffer.drain(..length).collect();
            return Some(ServerMessage::decode(&frame).expect("the guard writes messages"));
        }
        if !matches!(guard.read_buf(buffer).await, Ok(1..)) {
            return None;
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls until the end, or until everybody waits for somebody else: then time would run out.
fn run<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return Some(done);
        }
        if !woken.0.swap(false, Ordering::Relaxed) {
            return None;
        }
    }
}

fn protection(start_tls: bool) -> Protection {
    let mut config = LdapConfig::new("directory.test", BASE, "uid");
    config.start_tls = start_tls;
    // Even a client that trusts anybody must get as far as TLS.
    config.insecure_skip_verify = start_tls;
    config.insecure_no_ssl = !start_tls;
    Protection::new(config).expect("settings")
}

static CLEAR: LazyLock<Protection> = LazyLock::new(|| protection(false));
static START_TLS: LazyLock<Protection> = LazyLock::new(|| protection(true));

/// Whether these are the question for TLS and then records of a handshake, whole, and nothing else.
fn only_handshake(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(&*start_tls_request()) else {
        return false;
    };
    while let [kind, 3, _, high, low, behind @ ..] = rest {
        // RFC 8446 section 5.1: change_cipher_spec, alert, handshake.
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match behind.split_at_checked(length) {
            Some((_, behind)) if (20..=22).contains(kind) => rest = behind,
            _ => return false,
        }
    }
    rest.is_empty()
}

fuzz_target!(|data: &[u8]| {
    let input = Input::read(data);
    let protection = if input.tls { &START_TLS } else { &CLEAR };
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    let (library, guard) = tokio::io::duplex(BUFFER);
    let mut seen = Seen::default();
    let mut signed_in = false;
    run(async {
        tokio::join!(
            protection.carry(ours, guard),
            serve(theirs, input.script, &mut seen),
            async { signed_in = ask(library, input.asks, input.hasty).await },
        )
    });
    if signed_in {
        assert!(!input.tls, "signed in without TLS");
        assert!(seen.proven(), "signed in without proof");
    }
    if input.tls {
        assert!(
            only_handshake(&seen.bytes),
            "more than a handshake in clear"
        );
    }
});
