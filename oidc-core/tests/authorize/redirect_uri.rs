//! Redirect URIs and redirectors: OA-20 to OA-25.

use http::{Request, header};
use oidc_core::{
    conformance::{APP, CLI, OTHER, TestBed},
    protocol::{InvalidRedirectUri, RedirectUri},
};

use crate::support::{
    FORM, assert_error_page, assert_nothing_issued, assert_redirected, bed, get, honest, post,
    post_authorize, send,
};

/// What an attacker puts after the registered URI.
const SUFFIXES: [&str; 20] = [
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
    "%zz",
    "%20",
    "a",
    "\r\nSet-Cookie: a=b",
];
/// What an attacker puts before it.
const PREFIXES: [&str; 8] = [
    " ",
    "\t",
    "\n",
    "\0",
    "\u{feff}",
    "\u{a0}",
    "view-source:",
    "https://evil.example/?",
];
/// What an attacker sends instead.
const OTHERS: [&str; 56] = [
    "https://app.example:443/cb",
    "https://app.example:0443/cb",
    "https://app.example:/cb",
    "https://APP.example/cb",
    "HTTPS://app.example/cb",
    "https://app.example/%63b",
    "https://app.example/%2563b",
    "https://app.example/CB",
    "https://app.example/./cb",
    "https://app.example/x/../cb",
    "https://app.example//cb",
    "https://app.example\\@evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://evil.example\\.app.example/cb",
    "https://evil.example#@app.example/cb",
    "https://a@b@app.example/cb",
    "https://a@app.example/cb",
    "https://a:b@app.example/cb",
    "https://@app.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example./cb",
    "https://app.exampleevil/cb",
    "https://sub.app.example/cb",
    "https:/app.example/cb",
    "https:app.example/cb",
    "//app.example/cb",
    "/cb",
    "\\\\app.example\\cb",
    "https:\\\\app.example\\cb",
    "https://app\u{3002}example/cb",
    "https://app\u{ad}.example/cb",
    "https://\u{ff41}pp.example/cb",
    "https://\u{430}pp.example/cb",
    "https://xn--app-.example/cb",
    "http://app.example/cb",
    "ws://app.example/cb",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
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
    "urn:ietf:wg:oauth:2.0:oob",
    "null",
    "*",
    "https://*.example/cb",
];

async fn refused(bed: &TestBed, requested: &str) {
    for mode in [None, Some("fragment"), Some("form_post")] {
        let url = bed
            .app()
            .authorization_url(&[("redirect_uri", Some(requested)), ("response_mode", mode)]);
        let page = bed.browser().get(&url).await;
        assert_error_page(&page, 400, &[requested, "evil", "alert"]);
    }
}

/// OA-20: only the registered bytes match; everything else is a page.
#[tokio::test]
async fn only_the_registered_bytes_are_redirected_to() {
    let bed = bed().await;
    let before = bed.ledger();
    for suffix in SUFFIXES {
        refused(&bed, &format!("{APP}{suffix}")).await;
    }
    for prefix in PREFIXES {
        refused(&bed, &format!("{prefix}{APP}")).await;
    }
    for other in OTHERS {
        refused(&bed, other).await;
    }
    refused(&bed, &format!("{APP}{}", "a".repeat(2_049 - APP.len()))).await;
    let long = format!("{APP}{}", "a".repeat(60_000));
    let page = post_authorize(&bed, &bed.app(), &[("redirect_uri", Some(&long))]).await;
    assert_error_page(&page, 400, &["aaaa"]);
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-20: what cannot be decoded, is missing, empty, repeated or an array.
#[tokio::test]
async fn unreadable_or_repeated_redirect_uris_are_a_page() {
    let bed = bed().await;
    let before = bed.ledger();
    let rest = bed.app().authorization_url(&[("redirect_uri", None)]);
    let (_, rest) = rest.split_once('?').unwrap();
    let good = "redirect_uri=https%3A%2F%2Fapp.example%2Fcb";
    for query in [
        rest.to_owned(),
        format!("{rest}&redirect_uri"),
        format!("{rest}&redirect_uri="),
        format!("{rest}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%ff"),
        format!("{rest}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%zz"),
        format!("{rest}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%00"),
        format!("{rest}&redirect_uri[]=https%3A%2F%2Fapp.example%2Fcb"),
        format!("{rest}&Redirect_uri=https%3A%2F%2Fapp.example%2Fcb"),
        format!("{rest}&redirect%5Furi%20=https%3A%2F%2Fapp.example%2Fcb"),
        format!("{rest}&{good}&{good}"),
        format!("{rest}&{good}&redirect_uri="),
        format!("{rest}&{good}&redirect_uri=https%3A%2F%2Fevil.example%2F"),
        format!("{rest}&redirect_uri=https%3A%2F%2Fevil.example%2F&{good}"),
    ] {
        let page = get(&bed, &format!("/id/auth?{query}")).await;
        assert_error_page(&page, 400, &["app.example/cb", "evil"]);
        let page = post(&bed, "/id/auth", &query).await;
        assert_error_page(&page, 400, &["app.example/cb", "evil"]);
    }
    // One in the query and one in the form are two.
    let page = post(&bed, &format!("/id/auth?{good}"), &format!("{rest}&{good}")).await;
    assert_error_page(&page, 400, &[]);
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-21: what may not be registered, each for its own reason.
#[test]
fn patterns_and_unsafe_uris_cannot_be_registered() {
    use InvalidRedirectUri as E;
    for (text, reason) in [
        ("*", E::Pattern),
        ("https://*.app.example/cb", E::Pattern),
        ("https://app.example/.*", E::Pattern),
        ("app.example", E::NotAbsolute),
        ("https://app.example/cb#f", E::Fragment),
        ("https://a:b@app.example/cb", E::UserInfo),
        ("http://app.example/cb", E::InsecureScheme),
        ("myapp:/cb", E::Scheme),
        ("javascript:alert", E::Scheme),
        ("https://app.example/./cb", E::NotNormal),
        ("https://app.example/cb?code=1", E::ResponseParameter),
        ("https://app.example/cb?x=1&state=2", E::ResponseParameter),
        ("https://app.example/cb?iss=x", E::ResponseParameter),
        ("https://app.example/cb?%63ode=1", E::ResponseParameter),
    ] {
        assert_eq!(RedirectUri::parse(text), Err(reason), "{text}");
    }
}

/// OA-22: the port of a registered loopback address is free, and nothing else.
#[tokio::test]
async fn loopback_clients_are_free_in_the_port_alone() {
    let bed = bed().await;
    let before = bed.ledger();
    for requested in [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:08080/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:+1/cb",
        "http://127.0.0.1:80 /cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.1:80/cb?x=1",
        "http://127.0.0.1:80/cb#f",
        "http://127.0.0.1:80/other",
        "http://127.0.0.2/cb",
        "http://127.0.0.2:80/cb",
        "http://127.1/cb",
        "http://127.1:80/cb",
        "http://2130706433:80/cb",
        "http://localhost/cb",
        "http://localhost:80/cb",
        "http://[::1]/cb",
        "http://[::1]:80/cb",
        "http://127.0.0.1.evil.example:80/cb",
        "https://127.0.0.1:80/cb",
    ] {
        let changes = [("redirect_uri", Some(requested))];
        let page = bed
            .browser()
            .get(&bed.cli().authorization_url(&changes))
            .await;
        assert_error_page(&page, 400, &[requested]);
    }
    assert_nothing_issued(&bed, before);
    for port in ["1", "65535"] {
        let mut cli = bed.cli();
        cli.redirect_uri = format!("http://127.0.0.1:{port}/cb");
        honest(&cli).await;
    }
    honest(&bed.cli()).await;
    // What is registered for an https host has no free port.
    let changes = [("redirect_uri", Some("https://app.example:8443/cb"))];
    let page = bed
        .browser()
        .get(&bed.app().authorization_url(&changes))
        .await;
    assert_error_page(&page, 400, &["8443"]);
    assert_eq!(CLI, "http://127.0.0.1/cb");
}

/// OA-23: as long as client and redirect URI are in doubt, no other fault is told to anyone.
#[tokio::test]
async fn errors_never_go_to_an_unregistered_uri() {
    let bed = bed().await;
    let before = bed.ledger();
    let evil = ("redirect_uri", Some("https://evil.example/cb"));
    let unknown = ("client_id", Some("nobody"));
    for doubt in [evil, unknown] {
        for fault in [
            ("prompt", Some("none")),
            ("prompt", Some("none login")),
            ("scope", Some("nonsense")),
            ("scope", None),
            ("response_type", Some("token")),
            ("response_type", None),
            ("response_mode", Some("form_post")),
            ("response_mode", Some("nonsense")),
            ("request", Some("e30.e30.")),
            ("request_uri", Some("https://evil.example/object")),
            ("code_challenge_method", Some("plain")),
            ("max_age", Some("-1")),
            ("connector_id", Some("nonsense")),
            ("state", None),
        ] {
            let url = bed.app().authorization_url(&[doubt, fault]);
            let page = bed.browser().get(&url).await;
            assert_error_page(&page, 400, &["evil", "nobody", "nonsense"]);
        }
    }
    // Another client's URI is not this client's.
    let url = bed
        .app()
        .authorization_url(&[("redirect_uri", Some(OTHER))]);
    let page = bed.browser().get(&url).await;
    assert_error_page(&page, 400, &["other.example"]);
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-24: a registered query stays as it is, and the answer is appended to it.
#[tokio::test]
async fn a_registered_query_is_kept_byte_for_byte() {
    let bed = bed().await;
    let other = bed.other();
    let mut browser = bed.browser();
    let url = other.authorization_url(&[("prompt", Some("none")), ("state", Some("s"))]);
    let refused = browser.get(&url).await;
    assert_redirected(&refused, OTHER, "login_required", Some("s"));
    assert!(
        refused
            .location()
            .unwrap()
            .starts_with(&format!("{OTHER}&error="))
    );
    for (mode, start) in [
        ("query", format!("{OTHER}&code=")),
        ("fragment", format!("{OTHER}#code=")),
    ] {
        let page = other
            .answered(&mut browser, &[("response_mode", Some(mode))])
            .await;
        assert!(
            page.location().unwrap().starts_with(&start),
            "{:?}",
            page.location()
        );
    }
    let page = other
        .answered(&mut browser, &[("response_mode", Some("form_post"))])
        .await;
    assert_eq!(page.action().as_deref(), Some(OTHER));
    let code = page.hidden("code").unwrap();
    assert!(other.exchange(&code).await.is_success());
}

/// Where an attacker would like to have people sent.
const ELSEWHERE: [&str; 8] = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "/\t/evil.example",
    "https:evil.example",
    "javascript:evil()",
    "\\\\evil.example",
];
/// The parameters by which other programs send people elsewhere.
const REDIRECTORS: [&str; 14] = [
    "back",
    "next",
    "return_to",
    "return",
    "returnUrl",
    "rd",
    "redirect",
    "redirect_to",
    "target",
    "goto",
    "url",
    "continue",
    "theme",
    "post_logout_redirect_uri",
];

/// OA-25: no parameter and no `Referer` makes any page of a login point elsewhere.
#[tokio::test]
async fn no_parameter_sends_anybody_elsewhere() {
    let bed = bed().await;
    let app = bed.app();
    for value in ELSEWHERE {
        let mut extra: Vec<_> = REDIRECTORS
            .iter()
            .map(|name| (*name, Some(value)))
            .collect();
        extra.push(("prompt", Some("login consent")));
        let query: Vec<_> = REDIRECTORS.iter().map(|name| (*name, value)).collect();
        let query = crate::support::form(&query);
        let mut browser = bed.browser();
        let page = browser.get(&app.authorization_url(&extra)).await;
        assert_stays(&page);
        let flow = page.hidden("flow").unwrap();
        for path in ["/auth/-", "/auth/form", "/auth/form/login"] {
            assert_stays(&browser.get(&format!("/id{path}?flow={flow}&{query}")).await);
        }
        let mut fields = vec![
            ("flow", &*flow),
            ("username", "jane"),
            ("password", "wonderland"),
        ];
        fields.extend(REDIRECTORS.map(|name| (name, value)));
        let consent = browser.post("/id/auth/form/login", &fields).await;
        let target = format!("https://issuer.example/id/approval?flow={flow}");
        assert_eq!(consent.location(), Some(&*target));
        assert_stays(
            &browser
                .get(&format!("/id/approval?flow={flow}&{query}"))
                .await,
        );
        let mut fields = vec![("flow", &*flow), ("decision", "approve")];
        fields.extend(REDIRECTORS.map(|name| (name, value)));
        let done = browser.post("/id/approval", &fields).await;
        assert!(
            done.location()
                .unwrap()
                .starts_with("https://app.example/cb?code=")
        );
        assert_stays(&done);
        assert_stays(&browser.get(&format!("/id/?{query}")).await);
        let code = done.location_param("code").unwrap();
        assert!(app.exchange(&code).await.is_success());
    }
    for path in [
        "/id/",
        "/id/auth",
        "/id/approval",
        "/id/callback",
        "/id/nowhere",
    ] {
        let request = Request::builder()
            .uri(path)
            .header(header::REFERER, "https://evil.example/");
        assert_stays(&send(&bed, request, "").await);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::CONTENT_TYPE, FORM)
            .header(header::REFERER, "https://evil.example/");
        assert_stays(&send(&bed, request, "").await);
    }
}

#[track_caller]
fn assert_stays(page: &oidc_core::conformance::Page) {
    assert!(!page.body.contains("evil"), "{}", page.body);
    assert!(!page.location().unwrap_or_default().contains("evil"));
}
