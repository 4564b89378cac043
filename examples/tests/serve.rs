//! `issuer serve CONFIG`, over TLS, until it is told to stop.

#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};

const CONFIG: &str = "issuer: https://localhost
storage: {type: sqlite3, config: {file: issuer.sqlite}}
web: {https: '127.0.0.1:0', tlsCert: cert.pem, tlsKey: key.pem}
logger: {format: json}
connectors: [{type: local, id: staff, name: Staff}]
staticClients: [{id: app, public: true, redirectURIs: [http://127.0.0.1/callback]}]
";

fn start(directory: &Path) -> (Child, SocketAddr) {
    let config = directory.join("issuer.yaml");
    fs::write(&config, CONFIG).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_issuer"))
        .arg("serve")
        .arg(&config)
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let address = loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).expect("text"), 0, "it ended");
        let event: serde_json::Value = serde_json::from_str(&line).expect(&line);
        if event["fields"]["message"] == "listening" {
            let address = event["fields"]["address"].as_str().expect("an address");
            break address.parse().expect("an address");
        }
    };
    // The pipe stays open and is emptied, or the process would stop at a full one.
    std::thread::spawn(move || log.lines().count());
    (child, address)
}

fn get(address: SocketAddr, root: &rcgen::Certificate, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).expect("connected"));
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    // The server may end without a TLS goodbye; the answer is whole by its length.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_configuration_is_served_over_tls_and_ends_with_0() {
    let directory = tempfile::tempdir().expect("a directory");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    fs::write(directory.path().join("cert.pem"), made.cert.pem()).expect("written");
    fs::write(
        directory.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .expect("written");
    let (mut child, address) = start(directory.path());

    let discovery = get(address, &made.cert, "/.well-known/openid-configuration");
    assert!(
        discovery.contains("\"issuer\":\"https://localhost\""),
        "{discovery}"
    );
    assert!(get(address, &made.cert, "/healthz").starts_with("HTTP/1.1 200 "));
    let home = get(
        address,
        &made.cert,
        "/auth?client_id=app&redirect_uri=http://evil.test/",
    );
    assert!(home.starts_with("HTTP/1.1 400 "), "{home}");
    assert!(
        !home.to_ascii_lowercase().contains("\r\nlocation:"),
        "{home}"
    );

    let stopped = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(stopped.expect("kill").success());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_key_that_does_not_fit_serves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let make = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    fs::write(directory.path().join("cert.pem"), make().cert.pem()).expect("written");
    fs::write(
        directory.path().join("key.pem"),
        make().signing_key.serialize_pem(),
    )
    .expect("written");
    let config = directory.path().join("issuer.yaml");
    fs::write(&config, CONFIG).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_issuer"))
        .arg("serve")
        .arg(&config)
        .env_clear()
        .output()
        .expect("ended");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("web.tlsCert, web.tlsKey: certificate and key do not fit"),
        "{text}"
    );
    // Nothing was made.
    assert!(!directory.path().join("issuer.sqlite").exists());
}
