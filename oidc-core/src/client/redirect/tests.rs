use proptest::prelude::*;

use super::*;
use crate::{
    protocol::{ClientId, RedirectUri},
    secret::Secret,
};

fn client(uris: &[&str]) -> Client {
    let uris = uris.iter().map(|uri| RedirectUri::parse(uri).unwrap());
    Client::public(ClientId::parse("app").unwrap(), uris.collect())
}

fn refused(requested: &str, client: &Client) {
    let answer = match_redirect_uri(requested, client);
    assert_eq!(
        answer,
        Err(PageRefusal::UnregisteredRedirectUri),
        "{requested:?}"
    );
}

/// OA-20: what is not the registered URI, though some reader might take it for that.
const UNREGISTERED: &[&str] = &[
    "",
    "https://app.example:443/cb",
    "https://app.example:0443/cb",
    "https://app.example:/cb",
    "https://APP.example/cb",
    "HTTPS://app.example/cb",
    "https://app.example/%63b",
    "https://app.example/%2563b",
    "https://app.example/./cb",
    "https://app.example/x/../cb",
    "https://app.example//cb",
    "https://app.example/c\u{ad}b",
    "https://app.example\\@evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://evil.example\\.app.example/cb",
    "https://a@b@app.example/cb",
    "https://a@app.example/cb",
    "https://a:b@app.example/cb",
    "https://@app.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example./cb",
    "https://app.exampleevil/cb",
    "https:/app.example/cb",
    "https:app.example/cb",
    "//app.example/cb",
    "\\\\app.example\\cb",
    "https:\\\\app.example\\cb",
    "https://app。example/cb",
    "https://app\u{ad}.example/cb",
    "https://ａｐｐ.example/cb",
    "https://аpp.example/cb",
    "https://xn--app-.example/cb",
    "http://app.example/cb",
    "ws://app.example/cb",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///app.example/cb",
    "blob:https://app.example/cb",
    "about:blank",
    "https://[fe80::1%25eth0]/cb",
    "https://2130706433/cb",
    "https://0177.0.0.1/cb",
    "https://0x7f000001/cb",
    "https://127.0.0.1/cb",
    "https://app.example/cb%ff",
    "https://app.example/c",
    "https://app.example/",
    "https://app.example",
];

/// OA-20: the whole table; only the registered bytes match.
#[test]
fn exact_match_table() {
    const REGISTERED: &str = "https://app.example/cb";
    let client = client(&[REGISTERED]);
    for suffix in [
        "/",
        "?",
        "?x=1",
        "#f",
        "#",
        ";a=b",
        "/..%2fevil",
        "%00",
        "%0d%0aSet-Cookie:",
        " ",
        "\t",
        "\n",
        "\0",
        "\u{feff}",
        "\u{a0}",
        "%",
        "%2",
        "%zz",
        "%20",
        "a",
    ] {
        refused(&format!("{REGISTERED}{suffix}"), &client);
    }
    for prefix in [" ", "\t", "\n", "\0", "\u{feff}", "\u{a0}", "view-source:"] {
        refused(&format!("{prefix}{REGISTERED}"), &client);
    }
    for requested in UNREGISTERED {
        refused(requested, &client);
    }
    for length in [2_049, 65_536] {
        refused(
            &format!("{REGISTERED}{}", "a".repeat(length - REGISTERED.len())),
            &client,
        );
    }
    let matched = match_redirect_uri(REGISTERED, &client).unwrap();
    assert_eq!(matched.as_str(), REGISTERED);
}

/// OA-22: only the port of a loopback address is free.
#[test]
fn loopback_port_is_free_within_bounds() {
    let client = client(&["http://127.0.0.1/cb"]);
    for port in ["1", "80", "8000", "65535"] {
        let requested = format!("http://127.0.0.1:{port}/cb");
        assert_eq!(
            match_redirect_uri(&requested, &client).unwrap().as_str(),
            requested
        );
    }
    for requested in [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:08080/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:+1/cb",
        "http://127.0.0.1:8000x/cb",
        "http://127.0.0.1:８/cb",
        "http://127.0.0.1:1:2/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1:18446744073709551617/cb",
        "http://localhost/cb",
        "http://localhost:1/cb",
        "http://[::1]:1/cb",
        "http://127.0.0.2:1/cb",
        "http://127.1:1/cb",
        "http://127.0.0.1.evil.example:1/cb",
        "http://127.0.0.1:1/other",
        "http://127.0.0.1:1/cb?x=1",
        "http://127.0.0.1:1/cb/",
        "http://127.0.0.1:1",
        "https://127.0.0.1:1/cb",
        "HTTP://127.0.0.1:1/cb",
    ] {
        refused(requested, &client);
    }
}

/// RFC 8252 section 7.3
#[test]
fn registered_loopback_port_does_not_bind() {
    let client = client(&["http://127.0.0.1:8000/cb?x=1", "http://[::1]:8000"]);
    for requested in ["http://127.0.0.1:9/cb?x=1", "http://[::1]:9"] {
        assert_eq!(
            match_redirect_uri(requested, &client).unwrap().as_str(),
            requested
        );
    }
    for requested in [
        "http://127.0.0.1/cb?x=1",
        "http://127.0.0.1:9/cb",
        "http://[::1]:9/",
    ] {
        refused(requested, &client);
    }
}

/// OA-22: `localhost` has no port freedom unless registered and marked.
#[test]
fn localhost_port_is_free_only_if_marked() {
    let plain = client(&["http://localhost:8000"]);
    refused("http://localhost:9", &plain);
    let marked = plain.with_localhost_any_port(true);
    assert!(match_redirect_uri("http://localhost:9", &marked).is_ok());
    refused("http://127.0.0.1:9", &marked);
    refused("http://localhost:9/cb", &marked);
    refused("http://localhost.evil.example:9", &marked);
    let other = client(&["https://app.example/cb"]).with_localhost_any_port(true);
    refused("http://localhost:9", &other);
}

/// OA-22: no port freedom outside of loopback.
#[test]
fn other_hosts_have_no_port_freedom() {
    let client = client(&["https://app.example/cb", "https://127.0.0.1/cb"]);
    for requested in ["https://app.example:8443/cb", "https://127.0.0.1:8443/cb"] {
        refused(requested, &client);
    }
}

/// Dex's rule for public clients, only if marked, public, and without registered URIs.
#[test]
fn any_loopback_uri_needs_the_mark() {
    refused("http://localhost:8000/cb", &client(&[]));
    let marked = client(&[]).with_any_loopback_redirect(true);
    for requested in [
        "http://localhost:8000/cb",
        "http://127.0.0.1/",
        "http://[::1]:9/a/b",
    ] {
        assert!(
            match_redirect_uri(requested, &marked).is_ok(),
            "{requested}"
        );
    }
    for requested in [
        "https://localhost/cb",
        "http://app.example/cb",
        "http://localhost@evil.example/",
        "http://localhost:8000/cb#f",
        "http://localhost:8000/cb?code=1",
    ] {
        refused(requested, &marked);
    }
    let registered = client(&["https://app.example/cb"]).with_any_loopback_redirect(true);
    refused("http://localhost:8000/cb", &registered);
    let secret = Secret::new("a-secret-of-some-length");
    let confidential = Client::confidential(ClientId::parse("app").unwrap(), &secret, Vec::new())
        .unwrap()
        .with_any_loopback_redirect(true);
    refused("http://localhost:8000/cb", &confidential);
}

proptest! {
    /// OA-20: no edit of a registered URI matches, unless it is the port of a loopback address.
    #[test]
    fn edited_uri_does_not_match(at in 0usize..22, with in any::<char>(), insert in any::<bool>()) {
        const REGISTERED: &str = "https://app.example/cb";
        let end = if insert { at } else { at + 1 };
        let requested = format!("{}{with}{}", &REGISTERED[..at], &REGISTERED[end..]);
        let matched = match_redirect_uri(&requested, &client(&[REGISTERED]));
        prop_assert_eq!(matched.is_ok(), requested == REGISTERED);
    }

    #[test]
    fn every_port_and_no_other_number_is_free(port in 0u32..70_000) {
        let requested = format!("http://127.0.0.1:{port}/cb");
        let matched = match_redirect_uri(&requested, &client(&["http://127.0.0.1/cb"]));
        prop_assert_eq!(matched.is_ok(), (1..=65_535).contains(&port));
    }
}
