//! Parameters of the authorization endpoint and of our own forms: OA-50 to OA-53, OA-56, OA-57,
//! OA-59.

use oidc_core::conformance::{APP, Page, TestBed};

use crate::support::{
    assert_error_page, assert_nothing_issued, assert_page, assert_redirected, bed, form, get,
    honest, post, post_authorize,
};

/// The `state` of the requests here.
const STATE: (&str, Option<&str>) = ("state", Some("s-1"));

async fn authorize(bed: &TestBed, changes: &[(&str, Option<&str>)]) -> Page {
    let mut changes = changes.to_vec();
    if !changes.iter().any(|(name, _)| *name == "state") {
        changes.push(STATE);
    }
    bed.browser()
        .get(&bed.app().authorization_url(&changes))
        .await
}

/// OA-50: every parameter twice, equal or not, in the query or in query and form.
#[tokio::test]
async fn a_repeated_parameter_is_invalid_request() {
    let bed = bed().await;
    let before = bed.ledger();
    let url = bed.app().authorization_url(&[STATE]);
    let (_, query) = url.split_once('?').unwrap();
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "id_token_hint",
        "connector_id",
        "request",
        "request_uri",
        "registration",
    ] {
        for (one, two) in [("x", "x"), ("x", "y"), ("", "x"), ("x", ""), ("", "")] {
            let honest = bed.app().authorization_url(&[STATE, (name, None)]);
            let (_, rest) = honest.split_once('?').unwrap();
            let twice = format!("{rest}&{name}={one}&{name}={two}");
            let answers = [
                get(&bed, &format!("/id/auth?{twice}")).await,
                post(&bed, "/id/auth", &twice).await,
                post(
                    &bed,
                    &format!("/id/auth?{name}={one}"),
                    &format!("{rest}&{name}={two}"),
                )
                .await,
            ];
            for page in answers {
                assert_redirected(&page, APP, "invalid_request", Some("s-1"));
            }
        }
    }
    // A `state` that is there twice is none.
    let page = get(&bed, &format!("/id/auth?{query}&state=s-1")).await;
    assert_redirected(&page, APP, "invalid_request", None);
    for name in ["client_id=app", "client_id=other", "client_id="] {
        let page = get(&bed, &format!("/id/auth?{query}&{name}")).await;
        assert_error_page(&page, 400, &["client_id"]);
    }
    assert_nothing_issued(&bed, before);
    // What is not known is ignored, however often it comes.
    assert_page(&get(&bed, &format!("/id/auth?{query}&x=1&x=2")).await, 200);
    honest(&bed.app()).await;
}

/// OA-50: the same at our own forms and at the callback.
#[tokio::test]
async fn a_repeated_field_of_our_own_forms_is_a_page() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let flow = page.hidden("flow").unwrap();
    let before = bed.ledger();
    let good = [
        ("flow", &*flow),
        ("username", "jane"),
        ("password", "wonderland"),
    ];
    for twice in good {
        let mut fields = good.to_vec();
        fields.push(twice);
        let page = browser.post("/id/auth/form/login", &fields).await;
        assert_error_page(&page, 400, &["jane", "wonderland"]);
        let (name, value) = twice;
        let path = format!("/id/auth/form/login?{}", form(&[(name, value)]));
        assert_error_page(
            &browser.post(&path, &good).await,
            400,
            &["jane", "wonderland"],
        );
    }
    assert_eq!(bed.form.resumed(), 0);
    assert_nothing_issued(&bed, before);
    let consent = browser.submit("/id/auth/form/login", &good).await;
    let before = bed.ledger();
    for fields in [
        &[
            ("flow", &*flow),
            ("decision", "approve"),
            ("decision", "approve"),
        ][..],
        &[
            ("flow", &*flow),
            ("decision", "deny"),
            ("decision", "approve"),
        ],
        &[("flow", &*flow), ("flow", &*flow), ("decision", "approve")],
        &[("flow", &*flow)],
        &[("flow", &*flow), ("decision", "")],
        &[("flow", &*flow), ("decision", "Approve")],
        &[("decision", "approve")],
    ] {
        assert_error_page(&browser.post("/id/approval", fields).await, 400, &[]);
    }
    let path = format!("/id/callback?state={flow}&state={flow}");
    assert_error_page(&browser.get(&path).await, 400, &[]);
    assert_nothing_issued(&bed, before);
    let done = app.decide(&mut browser, &consent, "approve").await;
    assert!(
        app.exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
}

/// OA-51: odd shapes are ignored or refused, by this table; none costs a 500 or goes on.
#[tokio::test]
async fn odd_shapes_of_parameters_are_ignored_or_refused() {
    let bed = bed().await;
    let before = bed.ledger();
    let url = bed.app().authorization_url(&[]);
    let (_, query) = url.split_once('?').unwrap();
    let names = |count: usize| (0..count).map(|n| format!("&n{n}=")).collect::<String>();
    let sent = query.split('&').count();
    for (extra, status) in [
        ("&scope[]=email".to_owned(), 200),
        ("&a.b=1".to_owned(), 200),
        ("&=x".to_owned(), 200),
        ("&".to_owned(), 200),
        ("&&&".to_owned(), 200),
        ("&x".to_owned(), 200),
        ("&x=1;client_id=evil".to_owned(), 200),
        ("&x=%C3%A9".to_owned(), 200),
        (names(128 - sent), 200),
        (names(129 - sent), 400),
        ("&x=%ff".to_owned(), 400),
        ("&x=%00".to_owned(), 400),
        ("&%00=x".to_owned(), 400),
        ("&x=%".to_owned(), 400),
        ("&x=%4".to_owned(), 400),
        ("&x=%u0041".to_owned(), 400),
        (format!("&{}=x", "a".repeat(128)), 200),
        (format!("&{}=x", "a".repeat(129)), 400),
    ] {
        for page in [
            get(&bed, &format!("/id/auth?{query}{extra}")).await,
            post(&bed, "/id/auth", &format!("{query}{extra}")).await,
        ] {
            if status == 200 {
                assert_page(&page, 200);
            } else {
                assert_error_page(&page, 400, &[&extra]);
            }
        }
    }
    // More names than any form of ours could have, within the bytes that are read.
    let page = post(&bed, "/id/auth", &format!("{query}{}", names(8_000))).await;
    assert_error_page(&page, 400, &[]);
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-52: `state` comes back byte for byte, in every response mode, with codes and with errors.
#[tokio::test]
async fn state_comes_back_byte_for_byte() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    app.answered(&mut browser, &[]).await;
    let printable: String = (0x20..=0x7e_u8).map(char::from).collect();
    for state in [
        "x",
        &printable,
        "%41%2f%zz%",
        "a+b c&d=e;f#g?h",
        "\u{fc}\u{4e2d}\u{1f600}\u{202e}",
        "\r\nSet-Cookie: a=b\r\n\r\n<html>",
        "\"'><script>alert(1)</script></form>",
        "{{ 7*7 }}{% raw %}",
        &"s".repeat(1_000),
    ] {
        for mode in ["query", "fragment", "form_post"] {
            let changes = [("state", Some(state)), ("response_mode", Some(mode))];
            let page = browser.get(&app.authorization_url(&changes)).await;
            assert_eq!(returned(&page, "state").as_deref(), Some(state), "{mode}");
            assert!(returned(&page, "code").is_some());
            let wrong = [&changes[..], &[("scope", Some("openid nonsense"))]].concat();
            let page = browser.get(&app.authorization_url(&wrong)).await;
            assert_eq!(returned(&page, "state").as_deref(), Some(state), "{mode}");
            assert_eq!(returned(&page, "error").as_deref(), Some("invalid_scope"));
        }
    }
    let page = browser
        .get(&app.authorization_url(&[("state", None)]))
        .await;
    assert!(page.location_param("code").is_some());
    assert_eq!(page.location_param("state"), None);
}

/// A parameter of the answer in any response mode.
fn returned(page: &Page, name: &str) -> Option<String> {
    page.location_param(name).or_else(|| page.hidden(name))
}

/// OA-52: the longest `state` comes back with an error, one byte more is refused without it.
#[tokio::test]
async fn state_is_refused_by_length_alone() {
    let bed = bed().await;
    let before = bed.ledger();
    let longest = "s".repeat(4_096);
    let changes = [("state", Some(&*longest)), ("prompt", Some("none"))];
    let page = post_authorize(&bed, &bed.app(), &changes).await;
    assert_redirected(&page, APP, "login_required", Some(&longest));
    let longer = "s".repeat(4_097);
    let page = post_authorize(&bed, &bed.app(), &[("state", Some(&longer))]).await;
    assert_redirected(&page, APP, "invalid_request", None);
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// A request that does not fit a flow cookie goes back to the client, with its `state`.
#[tokio::test]
async fn a_request_too_large_for_a_cookie_is_invalid_request() {
    let bed = bed().await;
    let before = bed.ledger();
    for (name, size) in [("state", 4_096), ("nonce", 4_096)] {
        let text = "t".repeat(size);
        for mode in ["query", "fragment"] {
            let changes = [STATE, (name, Some(&*text)), ("response_mode", Some(mode))];
            let page =
                post_authorize(&bed, &bed.app(), &changes[usize::from(name == "state")..]).await;
            let state = if name == "state" { &*text } else { "s-1" };
            assert_redirected(&page, APP, "invalid_request", Some(state));
            assert!(!page.headers.contains_key("set-cookie"));
        }
    }
    assert_nothing_issued(&bed, before);
    // The largest that is taken goes all the way through.
    let fits = "t".repeat(1_000);
    let mut browser = bed.browser();
    let page = bed
        .app()
        .answered(&mut browser, &[("state", Some(&fits))])
        .await;
    assert_eq!(page.location_param("state").as_deref(), Some(&*fits));
    assert!(
        browser
            .cookies()
            .values()
            .all(|value| value.len() <= 3 * 1024)
    );
}

/// OA-53: the `nonce` is in the ID token of its own code, as sent, and in no other.
#[tokio::test]
async fn nonces_are_echoed_in_their_own_id_token_only() {
    let bed = bed().await;
    let app = bed.app();
    let nonce = |answer: &str| {
        let payload = oidc_core::base64url::decode(answer.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        claims
            .get("nonce")
            .map(|nonce| nonce.as_str().unwrap().to_owned())
    };
    let printable: String = (0x20..=0x7e_u8).map(char::from).collect();
    let long = "n".repeat(1_000);
    let mut codes = Vec::new();
    for sent in [
        None,
        Some("a"),
        Some("b"),
        Some("a"),
        Some(&*printable),
        Some(&*long),
    ] {
        let mut browser = bed.browser();
        let page = app.answered(&mut browser, &[("nonce", sent)]).await;
        codes.push((sent, page.location_param("code").unwrap()));
    }
    for (sent, code) in codes.iter().rev() {
        let tokens = app.exchange(code).await;
        assert_eq!(nonce(&tokens.id_token()).as_deref(), *sent);
        let refreshed = app.refresh(&tokens.refresh_token()).await;
        assert_eq!(nonce(&refreshed.id_token()), None);
    }
    for refused in ["n".repeat(4_097), "\u{e9}".to_owned(), "a\nb".to_owned()] {
        let changes = [STATE, ("nonce", Some(&*refused))];
        let page = post_authorize(&bed, &app, &changes).await;
        assert_redirected(&page, APP, "invalid_request", Some("s-1"));
    }
}

/// OA-56: flows that are not offered cannot be forced; nothing stands in a fragment.
#[tokio::test]
async fn only_the_code_flow_is_offered() {
    let bed = bed().await;
    let before = bed.ledger();
    for (response_type, error) in [
        (Some("token"), "unsupported_response_type"),
        (Some("id_token"), "unsupported_response_type"),
        (Some("none"), "unsupported_response_type"),
        (Some("code token"), "unsupported_response_type"),
        (Some("token code"), "unsupported_response_type"),
        (Some("code id_token"), "unsupported_response_type"),
        (Some("id_token code"), "unsupported_response_type"),
        (Some("id_token token"), "unsupported_response_type"),
        (Some("code id_token token"), "unsupported_response_type"),
        (Some("token id_token code"), "unsupported_response_type"),
        (None, "invalid_request"),
        (Some(""), "invalid_request"),
    ] {
        let page = authorize(&bed, &[("response_type", response_type)]).await;
        assert_redirected(&page, APP, error, Some("s-1"));
        assert!(!page.location().unwrap().contains('#'));
    }
    for response_type in [
        "Code",
        "CODE",
        " code",
        "code ",
        "code code",
        "code  token",
        "codex",
        "code,token",
    ] {
        let page = authorize(&bed, &[("response_type", Some(response_type))]).await;
        let error = page.location_param("error").unwrap();
        assert!(["invalid_request", "unsupported_response_type"].contains(&&*error));
        assert_redirected(&page, APP, &error, Some("s-1"));
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-57, OA-59: request objects, by value or by reference, and self-issued registration.
#[tokio::test]
async fn request_objects_are_refused() {
    let bed = bed().await;
    let before = bed.ledger();
    for (name, value, error) in [
        (
            "request",
            "eyJhbGciOiJub25lIn0.e30.",
            "request_not_supported",
        ),
        ("request", "x", "request_not_supported"),
        (
            "request_uri",
            "http://127.0.0.1:22/",
            "request_uri_not_supported",
        ),
        (
            "request_uri",
            "http://169.254.169.254/latest",
            "request_uri_not_supported",
        ),
        (
            "request_uri",
            "urn:ietf:params:oauth:request_uri:x",
            "request_uri_not_supported",
        ),
        ("registration", "{}", "registration_not_supported"),
    ] {
        let page = authorize(&bed, &[(name, Some(value))]).await;
        assert_redirected(&page, APP, error, Some("s-1"));
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// PKCE and other values that a request may get wrong.
#[tokio::test]
async fn other_faults_go_back_to_the_client() {
    let bed = bed().await;
    let before = bed.ledger();
    for (name, value, error) in [
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("profile"), "invalid_scope"),
        ("scope", Some("openid nonsense"), "invalid_scope"),
        ("scope", Some("OPENID"), "invalid_scope"),
        ("max_age", Some("-1"), "invalid_request"),
        ("max_age", Some("1.5"), "invalid_request"),
        ("max_age", Some("4294967296"), "invalid_request"),
        ("connector_id", Some("nonsense"), "invalid_request"),
        ("connector_id", Some("../form"), "invalid_request"),
    ] {
        let page = authorize(&bed, &[(name, value)]).await;
        let told = page.location_param("error").unwrap_or_default();
        if name == "connector_id" && value == Some("nonsense") {
            // A name that could be a connector's, but is none: the end user is told.
            assert_error_page(&page, 400, &["nonsense"]);
            continue;
        }
        assert_eq!(told, error, "{name}={value:?}");
        assert_redirected(&page, APP, error, Some("s-1"));
    }
    // A public client without PKCE.
    let changes = [
        STATE,
        ("code_challenge", None),
        ("code_challenge_method", None),
    ];
    let page = bed
        .browser()
        .get(&bed.cli().authorization_url(&changes))
        .await;
    assert_redirected(&page, "http://127.0.0.1/cb", "invalid_request", Some("s-1"));
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
    honest(&bed.cli()).await;
}

/// What clients send and this issuer does not use is accepted.
#[tokio::test]
async fn display_claims_locales_and_unknown_parameters_do_not_disturb() {
    let bed = bed().await;
    for extra in [
        ("display", "page"),
        ("display", "popup"),
        ("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"),
        ("claims_locales", "se"),
        ("ui_locales", "se en"),
        ("acr_values", "1 2"),
        ("extra", "foobar"),
        ("id_token_hint", "e30.e30.x"),
        ("resource", "https://api.example/"),
    ] {
        let mut browser = bed.browser();
        let page = bed
            .app()
            .answered(&mut browser, &[(extra.0, Some(extra.1))])
            .await;
        let code = page.location_param("code").unwrap();
        assert!(bed.app().exchange(&code).await.is_success(), "{extra:?}");
    }
    // By POST, and with the parameters and scope values in another order.
    let mut params = bed.app().authorization_params();
    params.reverse();
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let reversed = form(&params).replace(
        "openid+profile+email+groups+offline_access",
        "offline_access+groups+email+profile+openid",
    );
    assert_page(&post(&bed, "/id/auth", &reversed).await, 200);
}
