//! The three oracles: exact answers, nothing issued, nothing lost.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, header, request};
use http_body_util::Full;
use oidc_core::{
    conformance::{Ledger, Page, RelyingParty, TestBed, TestBedOptions, call, encode},
    storage::Storage,
};
use oidc_token_store::MemoryStorage;

pub(crate) const ISSUER: &str = "https://issuer.example/id";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

pub(crate) async fn bed() -> TestBed {
    TestBed::open(memory()).await
}

pub(crate) async fn bed_with(change: impl FnOnce(&mut TestBedOptions)) -> TestBed {
    let mut options = TestBedOptions::default();
    change(&mut options);
    TestBed::open_with(memory(), options).await
}

/// Sends any request to the service.
pub(crate) async fn send(bed: &TestBed, request: request::Builder, body: &str) -> Page {
    let body = Full::new(Bytes::from(body.to_owned()));
    call(&bed.service, request.body(body).unwrap()).await
}

/// Sends a GET with a raw path and query.
pub(crate) async fn get(bed: &TestBed, path: &str) -> Page {
    send(bed, Request::builder().uri(path), "").await
}

/// Sends a raw form.
pub(crate) async fn post(bed: &TestBed, path: &str, form: &str) -> Page {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, FORM);
    send(bed, request, form).await
}

/// An authorization request by POST: any length fits.
pub(crate) async fn post_authorize(
    bed: &TestBed,
    party: &RelyingParty,
    changes: &[(&str, Option<&str>)],
) -> Page {
    let url = party.authorization_url(changes);
    let (_, query) = url.split_once('?').unwrap();
    post(bed, "/id/auth", query).await
}

/// What a page says, without its style.
pub(crate) fn said(page: &Page) -> &str {
    page.body
        .split_once("<main>")
        .map_or(&page.body, |(_, main)| main)
}

/// A page of ours: its status, the headers that every page carries, and no redirect.
#[track_caller]
pub(crate) fn assert_page(page: &Page, status: u16) {
    let header = |name: &str| page.headers.get(name).map_or("", |v| v.to_str().unwrap());
    assert_eq!(page.status, status, "{}", said(page));
    assert_eq!(page.location(), None);
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("x-frame-options"), "DENY");
    assert!(["same-origin", "strict-origin"].contains(&header("referrer-policy")));
    let policy = header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    for never in ["unsafe-", "form-action", "*", "http"] {
        assert!(!policy.contains(never), "{never} in {policy}");
    }
    assert!(page.body.contains("<html lang="), "{}", said(page));
}

/// An error page: as [`assert_page`], nothing to keep, no form, and none of `inputs` in it.
#[track_caller]
pub(crate) fn assert_error_page(page: &Page, status: u16, inputs: &[&str]) {
    assert_page(page, status);
    assert!(!page.headers.contains_key(header::SET_COOKIE));
    assert!(!page.body.contains("<form"), "{}", said(page));
    for input in inputs.iter().filter(|input| input.len() > 3) {
        assert!(!said(page).contains(input), "{input} in {}", said(page));
    }
}

/// A redirect with an error to `redirect_uri`: the registered bytes, `state` unchanged, `iss`.
#[track_caller]
pub(crate) fn assert_redirected(page: &Page, redirect_uri: &str, error: &str, state: Option<&str>) {
    assert_eq!(page.status, 303, "{}", said(page));
    let location = page.location().unwrap();
    let rest = location
        .strip_prefix(redirect_uri)
        .unwrap_or_else(|| panic!("{location}"));
    assert!(rest.starts_with(['?', '&', '#']), "{location}");
    assert_eq!(
        page.location_param("error").as_deref(),
        Some(error),
        "{location}"
    );
    assert_eq!(page.location_param("state").as_deref(), state, "{location}");
    assert_eq!(
        page.location_param("iss").as_deref(),
        Some(ISSUER),
        "{location}"
    );
    for token in ["code", "access_token", "id_token"] {
        assert_eq!(page.location_param(token), None, "{location}");
    }
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
}

/// Nothing was issued since `before`; and an honest client gets its tokens now.
#[track_caller]
pub(crate) fn assert_nothing_issued(bed: &TestBed, before: Ledger) {
    assert_eq!(bed.ledger(), before, "something was issued");
}

/// Nothing was lost: the honest client signs in and gets tokens.
pub(crate) async fn honest(party: &RelyingParty) {
    let redirected = party.sign_in().await;
    let tokens = party.exchange(&redirected.code).await;
    assert!(tokens.is_success(), "{}", tokens.0.body);
}

/// The fields of a form as `name=value&…`.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    encode(fields)
}
