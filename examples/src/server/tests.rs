use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicBool, Ordering},
};

use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use super::*;

/// A service that tells the peer, and holds `/slow` until it is let go.
#[derive(Clone, Default)]
struct Echo {
    started: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Service<Request<Incoming>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            if request.uri().path() == "/slow" {
                this.started.notify_one();
                this.go_on.notified().await;
            }
            let peer = request.extensions().get::<SocketAddr>().copied();
            let local = peer.is_some_and(|peer| peer.ip().is_loopback());
            Ok(Response::new(Full::from(format!("local={local}"))))
        })
    }
}

struct Running {
    address: SocketAddr,
    echo: Echo,
    healthy: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<bool>,
}

async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Running {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), tls)
        .await
        .expect("a socket");
    let address = listener.local_address().expect("an address");
    let healthy = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&healthy);
    let health: Health = Arc::new(move || {
        let healthy = asked.load(Ordering::Relaxed);
        Box::pin(async move { healthy })
    });
    let echo = Echo::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = Front::new(echo.clone(), health);
    let done = tokio::spawn(serve(vec![listener], service, async move {
        let _ = stopped.await;
    }));
    Running {
        address,
        echo,
        healthy,
        stop,
        done,
    }
}

async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    talk(&mut stream, &request).await
}

#[tokio::test]
async fn requests_reach_the_service_with_the_address_of_the_peer() {
    let running = start(None).await;
    let answer = get(running.address, "/").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("local=true"), "{answer}");
}

#[tokio::test]
async fn healthz_is_200_while_the_issuer_is_healthy_and_503_otherwise() {
    let running = start(None).await;
    let answer = get(running.address, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("ok\n"), "{answer}");
    running.healthy.store(false, Ordering::Relaxed);
    let answer = get(running.address, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}

#[tokio::test]
async fn a_stop_lets_a_request_that_is_under_way_finish() {
    let running = start(None).await;
    let address = running.address;
    let slow = tokio::spawn(async move { get(address, "/slow").await });
    running.echo.started.notified().await;
    // A connection on which nobody asks anything does not hold the stop up.
    let _idle = TcpStream::connect(address).await.expect("connected");
    running.stop.send(()).expect("still serving");
    // The listener is closed at once, and the request goes on.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!running.done.is_finished());
    running.echo.go_on.notify_one();
    assert!(slow.await.expect("no panic").ends_with("local=true"));
    assert!(running.done.await.expect("no panic"));
}

#[tokio::test]
async fn headers_above_32_kib_are_refused() {
    let running = start(None).await;
    let request = |size: usize| {
        format!(
            "GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n",
            "y".repeat(size)
        )
    };
    let mut stream = TcpStream::connect(running.address)
        .await
        .expect("connected");
    let answer = talk(&mut stream, &request(31 * 1024)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let mut stream = TcpStream::connect(running.address)
        .await
        .expect("connected");
    let answer = talk(&mut stream, &request(40 * 1024)).await;
    assert!(!answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Nothing is lost for others.
    assert!(get(running.address, "/").await.ends_with("local=true"));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_closed() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let mut stream = SilenceLimit::new(ours, MAX_SILENCE);
    theirs.write_all(b"x").await.expect("sent");
    let mut byte = [0];
    stream.read_exact(&mut byte).await.expect("in time");
    let start = tokio::time::Instant::now();
    let error = stream.read_exact(&mut byte).await.expect_err("silence");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= MAX_SILENCE);
}

#[tokio::test]
async fn tls_is_served_with_certificate_and_key_from_pem_files() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    let directory = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (
        directory.path().join("c.pem"),
        directory.path().join("k.pem"),
    );
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let running = start(Some(server_config(&certificate, &key).expect("TLS"))).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    for (protocol, version) in [("http/1.1", "HTTP/1.1"), ("h2", "HTTP/2")] {
        let mut client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = TcpStream::connect(running.address)
            .await
            .expect("connected");
        let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
        let mut stream = connector.connect(name, stream).await.expect("a handshake");
        assert_eq!(
            stream.get_ref().1.alpn_protocol(),
            Some(protocol.as_bytes()),
            "{version}"
        );
        if protocol == "http/1.1" {
            let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            assert!(talk(&mut stream, request).await.ends_with("local=true"));
        }
    }
    // Clear text on the same port is no request.
    assert_eq!(get(running.address, "/").await.find("local="), None);
}

#[test]
fn certificate_and_key_that_do_not_fit_are_refused() {
    let make = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    let directory = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (
        directory.path().join("c.pem"),
        directory.path().join("k.pem"),
    );
    std::fs::write(&certificate, make().cert.pem()).expect("written");
    std::fs::write(&key, make().signing_key.serialize_pem()).expect("written");
    assert!(matches!(
        server_config(&certificate, &key),
        Err(TlsError::Mismatch(_))
    ));
    assert!(matches!(
        server_config(&key, &key),
        Err(TlsError::Certificate)
    ));
    assert!(matches!(
        server_config(&certificate, &certificate),
        Err(TlsError::Key)
    ));
    assert!(matches!(
        server_config(&directory.path().join("none"), &key),
        Err(TlsError::Certificate)
    ));
}
