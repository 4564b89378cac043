use super::*;

fn refused(text: &str, reason: InvalidRedirectUri) {
    assert_eq!(RedirectUri::parse(text), Err(reason), "{text:?}");
}

#[test]
fn usual_uris_are_registered_as_given() {
    for text in [
        "https://app.example/cb",
        "https://app.example",
        "https://app.example:8443/cb?x=1",
        "https://app.example/cb?x=a+b",
        "https://xn--bcher-kva.example/cb",
        "http://localhost:8000",
        "http://localhost/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:80/cb",
        "http://127.0.0.1:80",
        "http://127.8.9.10:3000/cb?x=1",
        "http://[::1]/cb",
        "http://[::1]:9/cb",
        "com.example.app:/cb",
        "com.example.app://cb/path",
    ] {
        assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
    }
}

/// OA-21: wildcards and patterns
#[test]
fn patterns_are_refused() {
    for text in [
        "*",
        "https://*.app.example/cb",
        "https://app.example/*",
        "https://app.example/.*",
        "^https://app.example/cb",
        "https://app.example/cb$",
        "https://app.example/(a|b)",
        "https://app.example/a{2}",
        "https://app.example/a+",
    ] {
        refused(text, InvalidRedirectUri::Pattern);
    }
}

/// OA-21: bare hosts and relative references
#[test]
fn what_is_not_absolute_is_refused() {
    for text in [
        "app.example",
        "app.example/cb",
        "/cb",
        "//app.example/cb",
        "cb",
        ":/cb",
        "1a:/cb",
    ] {
        refused(text, InvalidRedirectUri::NotAbsolute);
    }
}

/// OA-21: fragment and user information
#[test]
fn fragment_and_user_information_are_refused() {
    for text in ["https://app.example/cb#f", "https://app.example/cb#", "#"] {
        refused(text, InvalidRedirectUri::Fragment);
    }
    for text in [
        "https://a@app.example/cb",
        "https://a:b@app.example/cb",
        "https://a@b@app.example/cb",
        "https://@app.example/cb",
        "com.example.app://a@cb",
    ] {
        refused(text, InvalidRedirectUri::UserInfo);
    }
}

/// OA-21: clear text to other hosts
#[test]
fn http_is_for_loopback_hosts_only() {
    for text in [
        "http://app.example/cb",
        "http://localhost.app.example/cb",
        "http://128.0.0.1/cb",
        "http://[::2]/cb",
        "http://10.0.0.1/cb",
    ] {
        refused(text, InvalidRedirectUri::InsecureScheme);
    }
}

/// OA-21: schemes
#[test]
fn schemes_without_a_dot_are_refused() {
    for text in [
        "app:/cb",
        "javascript:alert1",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "ws://app.example/cb",
        "wss://app.example/cb",
        "ftp://app.example/cb",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        refused(text, InvalidRedirectUri::Scheme);
    }
}

/// OA-21: what a user agent would respell
#[test]
fn other_spellings_are_refused() {
    for text in [
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "https://app.example:443/cb",
        "https://app.example:0443/cb",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example/%2e%2e/cb",
        "https:/app.example/cb",
        "https:app.example/cb",
        "https:///app.example/cb",
        "https://app.example?x=1",
        "https://2130706433/cb",
        "https://0x7f.1/cb",
        "https://0177.0.0.1/cb",
        "https://127.1/cb",
        "https://[0:0::1]/cb",
        "https://%61pp.example/cb",
        "https://app.example/cb?x='",
        "http://127.0.0.1:080/cb",
        "COM.example.app:/cb",
    ] {
        refused(text, InvalidRedirectUri::NotNormal);
    }
    refused("https://app.example:0/cb", InvalidRedirectUri::Port);
    for text in [
        "https://",
        "https://app.example:65536/cb",
        "https://[::1%25eth0]/cb",
        "https://[::1/cb",
    ] {
        assert!(RedirectUri::parse(text).is_err(), "{text}");
    }
}

/// OA-21: characters and escapes
#[test]
fn characters_and_escapes_are_strict() {
    for text in [
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://app.example/cb\t",
        "https://app.example/\ncb",
        "https://app.example/cb\0",
        "\u{feff}https://app.example/cb",
        "https://app.example/cb\u{a0}",
        "https://app。example/cb",
        "https://ａpp.example/cb",
        "https://app\u{ad}.example/cb",
        "https://аpp.example/cb",
        "https://app.example\\@evil.example/cb",
        "https://app.example/<cb>",
        "https://app.example/\"cb",
    ] {
        refused(text, InvalidRedirectUri::Character);
    }
    for text in [
        "https://app.example/%",
        "https://app.example/%6",
        "https://app.example/%zz",
        "https://app.example/%00",
        "https://app.example/%0d%0aSet-Cookie:",
        "https://app.example/%7f",
    ] {
        refused(text, InvalidRedirectUri::Escape);
    }
}

/// RUSTSEC-2024-0421
#[test]
fn punycode_masks_are_refused() {
    for text in ["https://xn--app-.example/cb", "https://xn--app.example/cb"] {
        assert!(RedirectUri::parse(text).is_err(), "{text}");
    }
}

/// OA-24: the registered query brings no parameter of the answer along.
#[test]
fn response_parameters_in_the_query_are_refused() {
    for name in RESPONSE_PARAMETERS {
        refused(
            &format!("https://app.example/cb?x=1&{name}=2"),
            InvalidRedirectUri::ResponseParameter,
        );
        refused(
            &format!("https://app.example/cb?{name}"),
            InvalidRedirectUri::ResponseParameter,
        );
    }
    refused(
        "https://app.example/cb?%63ode=2",
        InvalidRedirectUri::ResponseParameter,
    );
    assert!(RedirectUri::parse("https://app.example/cb?codes=2").is_ok());
}

#[test]
fn length_holds_at_the_bound_and_one_past_it() {
    let sized = |length: usize| format!("https://app.example/{}", "a".repeat(length - 20));
    assert!(RedirectUri::parse(&sized(MAX_REDIRECT_URI_BYTES)).is_ok());
    refused(
        &sized(MAX_REDIRECT_URI_BYTES + 1),
        InvalidRedirectUri::Length,
    );
    refused(&sized(65_536), InvalidRedirectUri::Length);
    refused("", InvalidRedirectUri::Length);
}

#[test]
fn site_is_the_origin_of_web_clients_only() {
    let site = |text: &str| {
        RedirectUri::parse(text)
            .unwrap()
            .matches_exactly(text)
            .unwrap()
            .site()
    };
    assert_eq!(
        site("https://app.example:8443/cb?x=1").as_deref(),
        Some("https://app.example:8443/")
    );
    assert_eq!(
        site("http://localhost:8000").as_deref(),
        Some("http://localhost:8000/")
    );
    assert_eq!(site("com.example.app:/cb"), None);
}

#[test]
fn stored_uris_are_checked_when_read_back() {
    assert!(serde_json::from_str::<MatchedRedirectUri>(r#""https://app.example/cb""#).is_ok());
    assert!(serde_json::from_str::<MatchedRedirectUri>(r#""javascript:alert1""#).is_err());
    assert!(serde_json::from_str::<RedirectUri>(r#""https://app.example/*""#).is_err());
}
