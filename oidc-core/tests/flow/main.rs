//! FRONT CHANNEL under attack: flows in the wrong hands, forged posts, answers given twice.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../support/page.rs"]
mod page;
#[path = "../support/mod.rs"]
mod support;

mod approval;
mod faults;
mod login_csrf;
mod victim;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use oidc_core::{
    conformance::{Browser, Manner, Page, RelyingParty, TestBed, TestBedOptions, call, encode},
    identity::{Identity, UpstreamSubject},
};

use support::memory;

/// An issuer with a form and an upstream, both of which know Jane and Mallory.
async fn bed(manner: Manner) -> TestBed {
    let mut options = TestBedOptions::default();
    options.two_connectors = true;
    options.manner = manner;
    let bed = TestBed::open_with(memory(), options).await;
    for connector in [&bed.form, &bed.upstream] {
        let subject = UpstreamSubject::parse("0-mallory").unwrap();
        let mallory = Identity::new(subject).with_name("Mallory");
        connector.add_user("mallory", "looking-glass", mallory);
    }
    bed
}

/// What another site makes a browser send: with that site's `Origin`, and with the cookies that
/// the browser would add.
async fn cross_site(
    bed: &TestBed,
    cookies: Option<&Browser>,
    (target, form): (&str, &[(&str, &str)]),
    origin: &str,
) -> Page {
    let path = target.trim_start_matches("https://issuer.example");
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin);
    if let Some(browser) = cookies {
        let cookies = browser.cookies().iter();
        let pairs: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request = request.header("cookie", pairs.join("; "));
    }
    let body = Full::new(Bytes::from(encode(form)));
    call(&bed.service, request.body(body).unwrap()).await
}

/// The login form of the connector `form`, and the flow's handle.
async fn at_login(client: &RelyingParty, browser: &mut Browser) -> (Page, String) {
    let asked = [("connector_id", Some("form")), ("prompt", Some("login"))];
    let url = client.authorization_url(&asked);
    let page = browser.visit(&url).await;
    let handle = page.hidden("flow").unwrap();
    (page, handle)
}

/// The consent page after a login, and the flow's handle.
async fn at_consent(
    client: &RelyingParty,
    browser: &mut Browser,
    user: (&str, &str),
) -> (Page, String) {
    let (page, handle) = at_login(client, browser).await;
    let page = client.log_in(browser, &page, user).await;
    assert!(page.body.contains("value=\"approve\""), "{}", page.body);
    (page, handle)
}

const JANE: (&str, &str) = ("jane", "wonderland");
const MALLORY: (&str, &str) = ("mallory", "looking-glass");
