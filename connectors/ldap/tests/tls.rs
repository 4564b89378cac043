//! LD-07 and LD-08: no password is written before TLS with the right server.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(dead_code, reason = "the scripted server serves several test files")]

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64ct::{Base64, Encoding as _};
use oidc_connector_ldap::{
    LdapConfig, LdapConnector,
    fuzzing::{LdapResultCode, OperationResult, ServerMessage, ServerOperation},
};
use oidc_core::connector::{ConnectorError, Progress};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use support::{
    BASE, Server, Stream, Wrapped, alice_signs_in, assert_authenticated, assert_error, honest,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

/// A certificate authority, and servers that it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server with these alternative names.
    fn server(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        acceptor(certificate.der().clone(), &key)
    }
}

fn acceptor(certificate: rustls::pki_types::CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn config(address: &str, roots: &str, start_tls: bool) -> LdapConfig {
    let mut config = LdapConfig::new(address, BASE, "uid");
    config.start_tls = start_tls;
    config.root_ca_data = Some(Base64::encode_string(roots.as_bytes()));
    config.timeout = Duration::from_secs(3);
    config
}

fn start_tls_answer(id: u32, code: u32, name: Option<&str>) -> Vec<u8> {
    let result = OperationResult {
        code: LdapResultCode(code),
        matched_dn: String::new(),
        diagnostic: String::new(),
        referrals: Vec::new(),
    };
    let operation = ServerOperation::Extended(result, name.map(str::to_owned));
    let controls = Vec::new();
    ServerMessage {
        id,
        operation,
        controls,
    }
    .encode()
}

/// Answers the StartTLS request with `answer`, and keeps all bytes that came in clear.
async fn start_tls(
    mut tcp: TcpStream,
    clear: &Mutex<Vec<u8>>,
    answer: &[u8],
) -> io::Result<TcpStream> {
    let mut request = [0; 31];
    tcp.read_exact(&mut request).await?;
    clear.lock().unwrap().extend_from_slice(&request);
    tcp.write_all(answer).await?;
    Ok(tcp)
}

/// A StartTLS server; what it saw in clear lands in the second value.
async fn start_tls_server(acceptor: TlsAcceptor, answer: Vec<u8>) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let clear = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&clear);
    let wrap = move |tcp| -> Wrapped {
        let (acceptor, seen, answer) = (acceptor.clone(), Arc::clone(&seen), answer.clone());
        Box::pin(async move {
            let tcp = start_tls(tcp, &seen, &answer).await.ok()?;
            let tls = acceptor.accept(tcp).await.ok()?;
            Some(Box::new(tls) as Box<dyn Stream>)
        })
    };
    (Server::behind(honest, wrap).await, clear)
}

async fn ldaps_server(acceptor: TlsAcceptor) -> Server {
    let wrap = move |tcp| -> Wrapped {
        let acceptor = acceptor.clone();
        Box::pin(async move {
            let tls = acceptor.accept(tcp).await.ok()?;
            Some(Box::new(tls) as Box<dyn Stream>)
        })
    };
    Server::behind(honest, wrap).await
}

async fn login(config: LdapConfig) -> Result<Progress, ConnectorError> {
    alice_signs_in(&LdapConnector::new(config).unwrap()).await
}

#[tokio::test]
async fn ldaps_and_start_tls_sign_in() {
    let authority = Authority::new();
    let ldaps = ldaps_server(authority.server(&["127.0.0.1"], |_| {})).await;
    let address = ldaps.address.to_string();
    assert_authenticated(&login(config(&address, &authority.pem(), false)).await);
    // The name may be absent, as some servers leave it out, or repeat the request's.
    for name in [None, Some("1.3.6.1.4.1.1466.20037")] {
        let acceptor = authority.server(&["127.0.0.1"], |_| {});
        let (server, clear) = start_tls_server(acceptor, start_tls_answer(1, 0, name)).await;
        let address = server.address.to_string();
        assert_authenticated(&login(config(&address, &authority.pem(), true)).await);
        // Two connections, each with nothing but the request in clear.
        assert_eq!(clear.lock().unwrap().len(), 62);
    }
}

/// LD-07: refused, answered strangely, or followed by bytes that TLS does not protect.
#[tokio::test]
async fn ld07_start_tls_that_is_not_a_plain_yes_ends_the_connection() {
    let authority = Authority::new();
    let mut pipelined = start_tls_answer(1, 0, None);
    pipelined.extend_from_slice(&[0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]);
    let bind_success = vec![0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0];
    let cases = [
        (start_tls_answer(1, 2, None), "StartTLS refused"),
        (start_tls_answer(1, 52, None), "StartTLS refused"),
        (start_tls_answer(1, 0, Some("1.2.3")), "StartTLS refused"),
        (pipelined, "bytes in clear behind the answer to StartTLS"),
        (
            start_tls_answer(2, 0, None),
            "answer without a matching request",
        ),
        (bind_success, "answer without a matching request"),
        (
            b"HTTP/1.1 400\r\n".to_vec(),
            "malformed message: unexpected tag",
        ),
    ];
    for (answer, reason) in cases {
        let acceptor = authority.server(&["127.0.0.1"], |_| {});
        let (server, clear) = start_tls_server(acceptor, answer).await;
        let address = server.address.to_string();
        let answer = login(config(&address, &authority.pem(), true)).await;
        assert_error(&answer, &format!("bad answer: {reason}"));
        assert_eq!(server.asked(), [], "{reason}");
        assert_eq!(clear.lock().unwrap().len(), 31, "{reason}");
    }
}

/// LD-08: each certificate that does not prove the configured host is refused.
#[tokio::test]
async fn ld08_certificates_that_prove_nothing_are_refused() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let own_key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let own = own.self_signed(&own_key).unwrap();
    let common_name = |params: &mut CertificateParams| {
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "127.0.0.1");
    };
    let cases = [
        ("wrong host", authority.server(&["other.test"], |_| {})),
        ("another address", authority.server(&["127.0.0.2"], |_| {})),
        (
            "address as a DNS name only",
            authority.server(&["localhost"], |_| {}),
        ),
        ("no alternative names", authority.server(&[], common_name)),
        (
            "expired",
            authority.server(&["127.0.0.1"], |params| {
                params.not_before = rcgen::date_time_ymd(2000, 1, 1);
                params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            }),
        ),
        (
            "not yet valid",
            authority.server(&["127.0.0.1"], |params| {
                params.not_before = rcgen::date_time_ymd(2090, 1, 1);
                params.not_after = rcgen::date_time_ymd(2091, 1, 1);
            }),
        ),
        ("self-signed", acceptor(own.der().clone(), &own_key)),
        ("unknown authority", stranger.server(&["127.0.0.1"], |_| {})),
    ];
    for (what, acceptor) in cases {
        let server = ldaps_server(acceptor).await;
        let address = server.address.to_string();
        let answer = login(config(&address, &authority.pem(), false)).await;
        match &answer {
            Err(ConnectorError::BadAnswer(text)) => {
                assert!(
                    text.starts_with("TLS failed: invalid peer certificate"),
                    "{what}: {text}"
                );
            }
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(server.asked(), [], "{what}");
    }
    // The same settings with the right server.
    let server = ldaps_server(authority.server(&["127.0.0.1"], |_| {})).await;
    let address = server.address.to_string();
    assert_authenticated(&login(config(&address, &authority.pem(), false)).await);
}

/// LD-08: a server that speaks in clear where TLS is expected gets nothing.
#[tokio::test]
async fn ld08_nothing_falls_back_to_clear() {
    let authority = Authority::new();
    let server = Server::start(honest).await;
    let address = server.address.to_string();
    for start_tls in [false, true] {
        let answer = login(config(&address, &authority.pem(), start_tls)).await;
        assert!(answer.is_err(), "{answer:?}");
        assert_eq!(server.binds(), 0);
    }
}

/// LD-08: the switch that accepts any certificate does just that.
#[tokio::test]
async fn ld08_only_insecure_skip_verify_accepts_a_stranger() {
    let stranger = Authority::new();
    let server = ldaps_server(stranger.server(&["other.test"], |_| {})).await;
    let mut config = LdapConfig::new(&server.address.to_string(), BASE, "uid");
    config.insecure_skip_verify = true;
    assert_authenticated(&login(config).await);
}
