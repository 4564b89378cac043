//! FZ-14: a redirect URI matches only if its bytes are registered, or differ in the port of a
//! loopback address alone; what is emitted starts with those bytes and has one origin.
//!
//! Input: a line of marks, the registered URI, the requested one. A requested line that starts
//! with `~` is a list of edits of the registered URI: position, kind, byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_core::{
    client::{Client, match_redirect_uri},
    protocol::{
        AuthorizationResponse, ClientId, IssuerUrl, MatchedRedirectUri, RedirectUri, ResponseMode,
        StateParam,
    },
};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let (Some(marks), Some(registered), Some(requested)) =
        (lines.next(), lines.next(), lines.next())
    else {
        return;
    };
    let Ok(registered) = std::str::from_utf8(registered) else {
        return;
    };
    let requested = match requested.strip_prefix(b"~") {
        Some(edits) => edited(registered.as_bytes(), edits),
        None => requested.to_vec(),
    };
    let Ok(requested) = String::from_utf8(requested) else {
        return;
    };
    let localhost = marks.contains(&b'l');
    let Ok(uri) = RedirectUri::parse(registered) else {
        return check_unregistered(&requested);
    };
    assert_eq!(uri.as_str(), registered);
    check_one_origin(registered);
    let client = client(vec![uri]).with_localhost_any_port(localhost);
    let matched = match_redirect_uri(&requested, &client);
    assert_eq!(matched.is_ok(), allowed(registered, &requested, localhost));
    if let Ok(matched) = matched {
        check_emitted(&matched, &requested);
    }
});

fn client(uris: Vec<RedirectUri>) -> Client {
    Client::public(ClientId::parse("app").expect("well-formed"), uris)
}

/// The oracle: equal bytes, or `http`, the same loopback host, the same rest, and a written port.
fn allowed(registered: &str, requested: &str, localhost: bool) -> bool {
    if registered == requested {
        return true;
    }
    let (Some(known), Some(asked)) = (cut(registered), cut(requested)) else {
        return false;
    };
    let free = match known.0 {
        "localhost" => localhost,
        "[::1]" => true,
        host => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.octets()[0] == 127),
    };
    let port = asked.1.and_then(|port| port.parse::<u32>().ok());
    let canonical = port.map(|port| port.to_string()).as_deref() == asked.1;
    let in_range = port.is_some_and(|port| (1..=65_535).contains(&port));
    free && known.0 == asked.0
        && known.2 == asked.2
        && canonical
        && in_range
        && requested.len() <= 2048
}

/// Host, port and the rest of an `http` URI, by the grammar of RFC 3986.
fn cut(uri: &str) -> Option<(&str, Option<&str>, &str)> {
    let after = uri.strip_prefix("http://")?;
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let literal = authority.find(']').unwrap_or(0);
    match authority[literal..].find(':') {
        Some(at) => {
            let (host, port) = authority.split_at(literal + at);
            Some((host, Some(&port[1..]), rest))
        }
        None => Some((authority, None, rest)),
    }
}

/// Whatever a public client without registered URIs may use is a loopback URI.
fn check_unregistered(requested: &str) {
    assert!(match_redirect_uri(requested, &client(Vec::new())).is_err());
    let marked = client(Vec::new()).with_any_loopback_redirect(true);
    if let Ok(matched) = match_redirect_uri(requested, &marked) {
        let url = Url::parse(requested).expect("an accepted URI");
        let loopback = match url.host().expect("a host") {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(ip) => ip.is_loopback(),
            url::Host::Ipv6(ip) => ip.is_loopback(),
        };
        assert!(loopback && url.scheme() == "http");
        check_emitted(&matched, requested);
    }
}

fn check_emitted(matched: &MatchedRedirectUri, requested: &str) {
    assert_eq!(matched.as_str(), requested);
    let issuer = IssuerUrl::parse("https://issuer.example").expect("well-formed");
    let state = StateParam::parse("#&?@//evil.example\\\r\n").expect("well-formed");
    for mode in ResponseMode::ALL {
        let answer = AuthorizationResponse::success(matched, *mode, "c", Some(&state), &issuer);
        let location = answer.location();
        assert!(location.starts_with(requested));
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        check_one_origin(&location);
        assert_eq!(origin(&location), origin(requested));
    }
}

/// A WHATWG parser and the grammar of RFC 3986 see the same scheme, host and port.
fn check_one_origin(uri: &str) {
    let url = Url::parse(uri).expect("an accepted URI");
    let (scheme, authority) = origin(uri);
    assert_eq!(url.scheme(), scheme);
    let Some(authority) = authority else {
        return assert!(!url.has_authority());
    };
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let plain = authority.strip_suffix(default).unwrap_or(authority);
    assert_eq!(url.authority(), plain);
}

/// Scheme and authority by RFC 3986 appendix B.
fn origin(uri: &str) -> (&str, Option<&str>) {
    let (scheme, rest) = uri.split_once(':').expect("an accepted URI");
    let authority = rest.strip_prefix("//").map(|after| {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        &after[..end]
    });
    (scheme, authority)
}

fn edited(registered: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = registered.to_vec();
    for edit in edits.chunks_exact(3).take(16) {
        let at = usize::from(edit[0]) * (bytes.len() + 1) / 256;
        match edit[1] % 4 {
            0 => bytes.insert(at, edit[2]),
            1 => bytes.truncate(at),
            2 => bytes.extend_from_slice(&[b'/', edit[2]]),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = edit[2];
                }
            }
        }
    }
    bytes
}
