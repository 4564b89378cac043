//! `prompt`, `max_age`, `login_hint`: what the end user must be asked, or must not (OA-35).

use std::time::Duration;

use oidc_core::{
    base64url,
    conformance::{APP, Browser, Page, RelyingParty, TestBed},
};

use crate::support::{
    assert_nothing_issued, assert_page, assert_redirected, bed, bed_with, honest,
};

const STATE: (&str, Option<&str>) = ("state", Some("s"));

async fn asks(browser: &mut Browser, party: &RelyingParty, changes: &[(&str, &str)]) -> Page {
    let mut all = vec![STATE];
    all.extend(changes.iter().map(|(name, value)| (*name, Some(*value))));
    browser.get(&party.authorization_url(&all)).await
}

fn is_login(page: &Page) -> bool {
    page.body.contains("name=\"password\"")
}

fn is_consent(page: &Page) -> bool {
    page.body.contains("value=\"approve\"")
}

async fn auth_time(party: &RelyingParty, page: &Page) -> u64 {
    let tokens = party.exchange(&page.location_param("code").unwrap()).await;
    let id_token = tokens.id_token();
    let payload = base64url::decode(id_token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims["auth_time"].as_u64().unwrap()
}

/// A browser in which jane is signed in and has agreed to `app`.
async fn signed_in(bed: &TestBed) -> Browser {
    let mut browser = bed.browser();
    let page = bed.app().answered(&mut browser, &[]).await;
    assert!(page.location_param("code").is_some());
    browser
}

/// OIDC Core section 3.1.2.1: `none` shows no page, and says why it could not.
#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let bed = bed().await;
    let before = bed.ledger();
    let page = asks(&mut bed.browser(), &bed.app(), &[("prompt", "none")]).await;
    assert_redirected(&page, APP, "login_required", Some("s"));
    assert!(!page.headers.contains_key("set-cookie"));
    assert_nothing_issued(&bed, before);
    let mut browser = signed_in(&bed).await;
    let before = bed.ledger();
    let page = asks(&mut browser, &bed.other(), &[("prompt", "none")]).await;
    assert_redirected(
        &page,
        oidc_core::conformance::OTHER,
        "consent_required",
        Some("s"),
    );
    assert_nothing_issued(&bed, before);
    let page = asks(&mut browser, &bed.app(), &[("prompt", "none")]).await;
    assert!(page.location_param("code").is_some());
    // More than was agreed to.
    let narrow = bed.other().with_scope("openid");
    narrow.answered(&mut browser, &[]).await;
    let page = asks(&mut browser, &narrow, &[("prompt", "none")]).await;
    assert!(page.location_param("code").is_some());
    let page = asks(&mut browser, &bed.other(), &[("prompt", "none")]).await;
    assert_redirected(
        &page,
        oidc_core::conformance::OTHER,
        "consent_required",
        Some("s"),
    );
}

/// `none` beside anything, unknown and repeated values.
#[tokio::test]
async fn contradicting_prompts_are_invalid_request() {
    let bed = bed().await;
    let mut browser = signed_in(&bed).await;
    let before = bed.ledger();
    for prompt in [
        "none login",
        "login none",
        "none consent",
        "none select_account",
        "none none",
        "NONE",
        "login login",
        "create",
        "login,consent",
        " login",
        "login ",
    ] {
        let page = asks(&mut browser, &bed.app(), &[("prompt", prompt)]).await;
        assert_redirected(&page, APP, "invalid_request", Some("s"));
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-35: with `prompt=login` no code comes from the old session, whatever is tried.
#[tokio::test]
async fn prompt_login_needs_a_login_in_this_flow() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = signed_in(&bed).await;
    bed.clock.advance(Duration::from_secs(299));
    let before = bed.ledger();
    let page = asks(&mut browser, &app, &[("prompt", "login")]).await;
    assert!(is_login(&page));
    let flow = page.hidden("flow").unwrap();
    // The consent page of that flow is not open yet, with the old session or without.
    let approve = [("flow", &*flow), ("decision", "approve")];
    let page_before = browser.get(&format!("/id/approval?flow={flow}")).await;
    assert_page(&page_before, 400);
    assert_page(&browser.post("/id/approval", &approve).await, 400);
    let wrong = app.log_in(&mut browser, &page, ("jane", "wrong")).await;
    assert_page(&wrong, 401);
    assert_page(&browser.post("/id/approval", &approve).await, 400);
    assert_nothing_issued(&bed, before);
    let done = app
        .log_in(&mut browser, &wrong, ("jane", "wonderland"))
        .await;
    assert_eq!(auth_time(&app, &done).await, 1_900_000_299);
}

/// `max_age` in seconds; 0 is `prompt=login`, even within the second of the login.
#[tokio::test]
async fn max_age_bounds_the_age_of_the_login() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = signed_in(&bed).await;
    let page = asks(&mut browser, &app, &[("max_age", "0")]).await;
    assert!(is_login(&page), "{:?}", page.location());
    let page = asks(&mut browser, &app, &[("max_age", "0"), ("prompt", "none")]).await;
    assert_redirected(&page, APP, "login_required", Some("s"));
    bed.clock.advance(Duration::from_secs(2));
    let page = asks(&mut browser, &app, &[("max_age", "1"), ("prompt", "none")]).await;
    assert_redirected(&page, APP, "login_required", Some("s"));
    let page = asks(&mut browser, &app, &[("max_age", "2")]).await;
    assert_eq!(auth_time(&app, &page).await, 1_900_000_000);
    let page = asks(&mut browser, &app, &[("max_age", "10000")]).await;
    assert_eq!(auth_time(&app, &page).await, 1_900_000_000);
    let page = asks(&mut browser, &app, &[("max_age", "1")]).await;
    assert!(is_login(&page));
    let done = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    assert_eq!(auth_time(&app, &done).await, 1_900_000_002);
}

/// `consent` asks again although it was agreed to; with `login`, both are asked.
#[tokio::test]
async fn prompt_consent_asks_again() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = signed_in(&bed).await;
    let page = asks(&mut browser, &app, &[("prompt", "consent")]).await;
    assert!(is_consent(&page) && !is_login(&page));
    let page = asks(&mut browser, &app, &[("prompt", "login consent")]).await;
    assert!(is_login(&page));
    let page = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    assert!(is_consent(&page));
    let done = app.decide(&mut browser, &page, "approve").await;
    assert!(done.location_param("code").is_some());
}

/// `select_account` shows the chooser, even with one connector and a live session.
#[tokio::test]
async fn prompt_select_account_lets_people_choose() {
    for two in [false, true] {
        let bed = bed_with(|options| options.two_connectors = two).await;
        let app = bed.app();
        let mut browser = bed.browser();
        app.answered(&mut browser, &[("connector_id", Some("form"))])
            .await;
        let page = asks(&mut browser, &app, &[("prompt", "select_account")]).await;
        assert_page(&page, 200);
        assert!(page.body.contains("Directory") && !is_login(&page));
        assert_eq!(page.body.contains("Upstream"), two);
        let link = page
            .body
            .split("href=\"")
            .find(|text| text.contains("form?"))
            .unwrap();
        let link = link
            .split('"')
            .next()
            .unwrap()
            .replace("&#x2f;", "/")
            .replace("&amp;", "&");
        let page = browser.visit(&link).await;
        assert!(is_login(&page));
        let done = app
            .log_in(&mut browser, &page, ("jane", "wonderland"))
            .await;
        assert!(done.location_param("code").is_some());
    }
}

/// `login_hint` stands in the form as text; what is too long or holds control characters does not.
#[tokio::test]
async fn the_login_hint_is_prefilled_and_escaped() {
    let bed = bed().await;
    let app = bed.app();
    for hint in [
        "jane@example.test",
        "\"><script>alert(1)</script>",
        "' autofocus onfocus='x",
        "J\u{f8}rgen",
    ] {
        let page = asks(&mut bed.browser(), &app, &[("login_hint", hint)]).await;
        assert_page(&page, 200);
        assert!(!page.body.contains("<script"));
        let (_, rest) = page.body.split_once("name=\"username\"").unwrap();
        let (_, rest) = rest.split_once("value=\"").unwrap();
        let (value, _) = rest.split_once('"').unwrap();
        assert!(!value.contains(['<', '>']));
        let text = value
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<");
        let text = text
            .replace("&gt;", ">")
            .replace("&#x2f;", "/")
            .replace("&amp;", "&");
        assert_eq!(text, hint);
    }
    for (hint, kept) in [
        ("h".repeat(512), true),
        ("h".repeat(513), false),
        ("a\nb".to_owned(), false),
    ] {
        let page = asks(&mut bed.browser(), &app, &[("login_hint", &hint)]).await;
        assert_eq!(page.body.contains(&format!("value=\"{hint}\"")), kept);
    }
}
