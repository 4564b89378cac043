//! Two issuers on one host, with one storage, one sealing key and one source of randomness.

use std::sync::Arc;

use oidc_core::{
    conformance::{Browser, TestBed, TestBedOptions},
    protocol::{ErrorCode, IssuerUrl},
};

use crate::support::{assert_error_page, assert_nothing_issued, honest, memory};

async fn two() -> [TestBed; 2] {
    let storage = memory();
    let open = async |url: &str| {
        let mut options = TestBedOptions::default();
        options.url = url.to_owned();
        TestBed::open_with(Arc::clone(&storage), options).await
    };
    [
        open("https://issuer.example/a").await,
        open("https://issuer.example/b").await,
    ]
}

fn digits(bed: &TestBed) -> String {
    bed.issuer().url().tag().to_string()[..8].to_owned()
}

/// The cookies of one browser, as the other issuer would see them if it named them so.
fn carry(from: &Browser, to: &TestBed, renamed: bool) -> Browser {
    let mut browser = to.browser();
    for (name, value) in from.cookies() {
        browser.set_cookie(name, Some(value));
        if renamed {
            let own = name.replace(&from_digits(name), &digits(to));
            browser.set_cookie(&own, Some(value));
        }
    }
    browser
}

/// The issuer's digits in the name of a cookie.
fn from_digits(name: &str) -> String {
    let kind = if name.contains("-flow-") {
        "-flow-"
    } else {
        "-session-"
    };
    let (_, rest) = name.split_once(kind).unwrap();
    rest[..8].to_owned()
}

/// Sessions, flows, codes and tokens of one issuer mean nothing to the other.
#[tokio::test]
async fn two_issuers_on_one_host_do_not_mix() {
    let [a, b] = two().await;
    assert_ne!(digits(&a), digits(&b));
    let mut browser = a.browser();
    let page = a.app().answered(&mut browser, &[]).await;
    let code = page.location_param("code").unwrap();
    assert_eq!(
        page.location_param("iss").as_deref(),
        Some("https://issuer.example/a")
    );
    let open = browser
        .get(&a.app().authorization_url(&[("prompt", Some("login"))]))
        .await;
    let flow = open.hidden("flow").unwrap();
    let before = b.ledger();
    for renamed in [false, true] {
        let mut carried = carry(&browser, &b, renamed);
        let silent = b.app().authorization_url(&[("prompt", Some("none"))]);
        let page = carried.get(&silent).await;
        assert_eq!(
            page.location_param("error").as_deref(),
            Some("login_required")
        );
        let form = [
            ("flow", &*flow),
            ("username", "jane"),
            ("password", "wonderland"),
        ];
        let mut carried = carry(&browser, &b, renamed);
        assert_error_page(&carried.post("/b/auth/form/login", &form).await, 400, &[]);
        let page = carried.get("/b/").await;
        assert!(!page.body.contains("Jane"));
    }
    b.app()
        .exchange(&code)
        .await
        .assert_error(ErrorCode::InvalidGrant);
    let tokens = a.app().exchange(&code).await;
    assert_eq!(b.app().userinfo(&tokens.access_token()).await.status, 401);
    b.app()
        .refresh(&tokens.refresh_token())
        .await
        .assert_error(ErrorCode::InvalidGrant);
    assert_nothing_issued(&b, before);
    // The paths of one are not the other's.
    assert_eq!(a.browser().get("/b/keys").await.status, 404);
    assert_eq!(b.browser().get("/a/keys").await.status, 404);
    assert_eq!(a.app().userinfo(&tokens.access_token()).await.status, 200);
    assert!(a.app().refresh(&tokens.refresh_token()).await.is_success());
    honest(&b.app()).await;
}

/// The flows of one issuer do not push out those of the other.
#[tokio::test]
async fn flows_of_two_issuers_do_not_crowd_each_other_out() {
    let [a, b] = two().await;
    let mut browser = a.browser();
    let first = browser.get(&a.app().authorization_url(&[])).await;
    let mut other = carry(&browser, &b, false);
    for _ in 0..5 {
        other.get(&b.app().authorization_url(&[])).await;
    }
    for (name, value) in browser.cookies() {
        assert_eq!(other.cookies().get(name), Some(value));
    }
    let page = a
        .app()
        .log_in(&mut browser, &first, ("jane", "wonderland"))
        .await;
    let done = a.app().decide(&mut browser, &page, "approve").await;
    assert!(
        a.app()
            .exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
    assert!(IssuerUrl::parse("https://issuer.example/a").is_ok());
}
