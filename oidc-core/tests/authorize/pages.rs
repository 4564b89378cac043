//! Headers of every page, and that no page says what it was told (OA-40, OA-43).

use http::Request;
use oidc_core::conformance::{Manner, Page};

use crate::support::{assert_error_page, assert_page, bed, bed_with, get, post, said, send};

/// Every page that a login shows carries the headers that keep it unframed, unsniffed, unkept.
#[tokio::test]
async fn every_page_carries_the_headers_of_pages() {
    let bed = bed_with(|options| options.two_connectors = true).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let form = ("connector_id", Some("form"));
    assert_page(&browser.get("/id/").await, 200);
    assert_page(&browser.get(&app.authorization_url(&[])).await, 200);
    let login = browser.get(&app.authorization_url(&[form])).await;
    assert_page(&login, 200);
    let failed = app.log_in(&mut browser, &login, ("jane", "wrong")).await;
    assert_page(&failed, 401);
    assert!(!failed.body.contains("wrong\""));
    let consent = app
        .log_in(&mut browser, &failed, ("jane", "wonderland"))
        .await;
    assert_page(&consent, 200);
    let posted = browser
        .get(&app.authorization_url(&[form, ("response_mode", Some("form_post"))]))
        .await;
    assert_page(&posted, 200);
    assert_page(&browser.get("/id/").await, 200);
    let again = app.decide(&mut browser, &consent, "approve").await;
    assert_eq!(again.status, 303);
    let answered = app.decide(&mut browser, &consent, "approve").await;
    assert_page(&answered, 400);
}

/// The page that posts to an upstream is such a page too.
#[tokio::test]
async fn the_form_to_an_upstream_carries_the_headers_of_pages() {
    let bed = bed_with(|options| {
        options.two_connectors = true;
        options.manner = Manner::PostForm;
    })
    .await;
    let url = bed
        .app()
        .authorization_url(&[("connector_id", Some("upstream"))]);
    let page = bed.browser().get(&url).await;
    assert_page(&page, 200);
    assert_eq!(
        page.action().as_deref(),
        Some("https://upstream.test/login?state=")
            .map(|start| { format!("{start}{}", page.hidden("RelayState").unwrap()) })
            .as_deref()
    );
}

/// Redirects are not kept and tell no referrer.
#[tokio::test]
async fn redirects_are_not_kept_and_tell_no_referrer() {
    let bed = bed().await;
    let page = bed.app().answered(&mut bed.browser(), &[]).await;
    assert_eq!(page.status, 303);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.body, "");
}

/// What an attacker would like to see in a page of ours.
const INPUTS: [&str; 5] = [
    "<script>alert(1)</script>",
    "attacker-text",
    "https://evil.example/",
    "{{7*7}}",
    "\" onmouseover=\"alert(1)",
];

#[track_caller]
fn assert_silent(page: &Page) {
    if page.status.is_client_error() {
        for input in [
            "<script",
            "attacker-text",
            "evil.example",
            "7*7",
            "49",
            "onmouseover",
        ] {
            assert!(!page.body.contains(input), "{input} in {}", page.body);
        }
    }
}

/// Error pages reflect nothing: not of the path, the parameters, the form or the headers.
#[tokio::test]
async fn error_pages_reflect_no_input() {
    let bed = bed().await;
    for input in INPUTS {
        let names = [
            "client_id",
            "redirect_uri",
            "flow",
            "state",
            "decision",
            "error",
            "error_description",
            "error_uri",
            "username",
            "RelayState",
        ];
        let fields: Vec<_> = names.iter().map(|name| (*name, input)).collect();
        let query = crate::support::form(&fields);
        for path in [
            "/auth",
            "/auth/form",
            "/auth/form/login",
            "/approval",
            "/callback",
            "/callback/form",
        ] {
            let page = get(&bed, &format!("/id{path}?{query}")).await;
            assert_error_page(&page, 400, &[]);
            assert_silent(&page);
            let page = post(&bed, &format!("/id{path}"), &query).await;
            assert!([400, 405].contains(&page.status.as_u16()));
            assert_silent(&page);
        }
        let request = Request::builder()
            .uri("/id/auth")
            .header("x-forwarded-for", input)
            .header("user-agent", input)
            .header("cookie", format!("a={input}"));
        let page = send(&bed, request, "").await;
        assert_error_page(&page, 400, &[]);
        assert_silent(&page);
    }
    let page = get(&bed, "/id/attacker-text").await;
    assert_eq!(page.status, 404);
    assert_silent(&page);
}

/// An error page offers to start again only where the whole request was valid, at our own address.
#[tokio::test]
async fn start_again_repeats_a_valid_request_at_this_issuer() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let state = "\"><script>alert(1)</script>";
    let page = browser
        .get(&app.authorization_url(&[("state", Some(state))]))
        .await;
    bed.clock.advance(std::time::Duration::from_secs(31 * 60));
    let expired = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    assert_page(&expired, 400);
    assert!(!expired.body.contains("<script"));
    let (_, rest) = said(&expired).split_once("href=\"").unwrap();
    let link = rest
        .split('"')
        .next()
        .unwrap()
        .replace("&#x2f;", "/")
        .replace("&amp;", "&");
    assert!(
        link.starts_with("https://issuer.example/id/auth?"),
        "{link}"
    );
    let login = browser.get(&link).await;
    assert_page(&login, 200);
    let consent = app
        .log_in(&mut browser, &login, ("jane", "wonderland"))
        .await;
    let done = app.decide(&mut browser, &consent, "approve").await;
    assert_eq!(done.location_param("state").as_deref(), Some(state));
    assert!(
        app.exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
}
