//! The program as a person runs it: `issuer` with no arguments but a directory and a port.

#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    welcome: String,
}

impl Running {
    fn start(data: &Path, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_issuer"))
            .args(["--listen", listen, "--data"])
            .arg(data)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut welcome = String::new();
        while !welcome.contains("Ctrl-C") {
            assert_ne!(
                stdout.read_line(&mut welcome).expect("text"),
                0,
                "{welcome}"
            );
        }
        Self {
            child,
            stdout,
            welcome,
        }
    }

    fn after(&self, label: &str) -> &str {
        let line = self
            .welcome
            .lines()
            .find(|line| line.trim_start().starts_with(label));
        line.expect(label).trim_start()[label.len()..].trim()
    }

    fn get(&self, path: &str) -> String {
        let address = self
            .after("Issuer")
            .trim_start_matches("http://")
            .to_owned();
        let mut stream = TcpStream::connect(&address).expect("connected");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Asks the process to stop; its exit code.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill");
        assert!(asked.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        self.child.wait().expect("ended").code()
    }
}

#[test]
fn the_password_is_printed_once_and_the_keys_stay() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Running::start(directory.path(), "127.0.0.1:0");
    let address = first
        .after("Issuer")
        .trim_start_matches("http://")
        .to_owned();
    let password = first
        .after("Password")
        .split_whitespace()
        .next()
        .expect("shown")
        .to_owned();
    assert_eq!(password.len(), 24, "{password}");
    let keys = |running: &Running| {
        let answer = running.get("/keys");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answer.split("\r\n\r\n").nth(1).expect("a body").to_owned()
    };
    let (first_keys, key_file) = (keys(&first), fs::read(directory.path().join("issuer.key")));
    assert!(first.get("/healthz").starts_with("HTTP/1.1 200 "));
    let discovery = first.get("/.well-known/openid-configuration");
    assert!(
        discovery.contains(&format!("\"issuer\":\"http://{address}\"")),
        "{discovery}"
    );
    assert_eq!(first.stop(), Some(0));

    let second = Running::start(directory.path(), &address);
    assert!(
        !second.welcome.contains("shown this once"),
        "{}",
        second.welcome
    );
    assert!(!second.welcome.contains(&password));
    let data = directory.path().display();
    let command = format!("set-password admin@example.com --data {data} --listen {address}");
    assert!(second.welcome.contains(&command), "{}", second.welcome);
    assert_eq!(keys(&second), first_keys);
    assert_eq!(second.stop(), Some(0));
    let after = fs::read(directory.path().join("issuer.key")).expect("a key");
    assert_eq!(after, key_file.expect("a key"));
}

#[test]
fn the_address_to_open_leads_to_the_login_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::start(directory.path(), "127.0.0.1:0");
    let issuer = running.after("Issuer").to_owned();
    let line = running
        .welcome
        .lines()
        .find(|line| line.contains("/auth?"))
        .expect("shown");
    let path = line.trim().strip_prefix(&issuer).expect("below the issuer");
    let answer = running.get(path);
    assert!(
        answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 303 "),
        "{answer}"
    );
    assert!(!answer.contains("error="), "{answer}");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn without_a_configuration_it_listens_on_loopback_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = issuer(&["--listen", "0.0.0.0:0", "--data"], directory.path(), "");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("loopback"), "{text}");
    assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0);
}

#[test]
fn a_wrong_configuration_ends_with_2_and_makes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("issuer.yaml");
    fs::write(&config, "isuer: http://login.example.com\n").expect("written");
    for command in ["serve", "check"] {
        let output = issuer(&[command], &config, "");
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("issuer.yaml:1:1: isuer: is not a known key; did you mean issuer?"));
        assert!(text.contains("storage: is missing"), "{text}");
        assert!(text.contains("Nothing was started."), "{text}");
    }
    assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 1);
}

#[test]
fn hash_password_prints_a_hash_of_what_it_reads() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = issuer_in(directory.path(), &["hash-password"], "correct horse\n");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    let hash = oidc_connector_local::PasswordHash::parse(text.trim()).expect("a hash");
    assert!(hash.verify(&oidc_core::secret::Secret::new("correct horse")));
    let empty = issuer_in(directory.path(), &["hash-password"], "\n");
    assert_eq!(empty.status.code(), Some(1));
    assert!(empty.stdout.is_empty());
}

#[test]
fn users_in_the_store_are_added_and_get_other_passwords() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |arguments: &[&str]| issuer_in(directory.path(), arguments, "correct horse\n");
    let add = [
        "user",
        "add",
        "jane@example.com",
        "--username",
        "jane",
        "--group",
        "staff",
    ];
    let added = run(&add);
    assert!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );
    assert_eq!(run(&add).status.code(), Some(1));
    assert!(run(&["user", "set-password", "JANE"]).status.success());
    assert_eq!(
        run(&["user", "set-password", "nobody"]).status.code(),
        Some(1)
    );
}

fn issuer(arguments: &[&str], path: &Path, input: &str) -> std::process::Output {
    let path = path.to_str().expect("text");
    issuer_in(Path::new("."), &[arguments, &[path]].concat(), input)
}

fn issuer_in(directory: &Path, arguments: &[&str], input: &str) -> std::process::Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_issuer"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("piped");
    // A command that reads nothing may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("ended")
}
