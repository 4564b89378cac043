//! The authorization response: OA-54, OA-55, OA-134.

use oidc_core::conformance::{APP, APP_SECRET, Browser, Page, RelyingParty, TestBed};

use crate::support::{
    ISSUER, assert_nothing_issued, assert_page, assert_redirected, bed, get, honest,
};

/// The parameters of an answer, from where the response mode puts them and nowhere else.
fn answer(page: &Page, mode: &str) -> Vec<(String, String)> {
    if mode == "form_post" {
        assert_page(page, 200);
        assert_eq!(page.action().as_deref(), Some(APP));
        return ["code", "error", "error_description", "state", "iss"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), page.hidden(name)?)))
            .collect();
    }
    assert_eq!(page.status, 303);
    let separator = if mode == "query" { '?' } else { '#' };
    let location = page.location().unwrap();
    let (uri, params) = location.split_once(separator).unwrap();
    assert_eq!(uri, APP);
    assert!(!params.contains(['?', '#']), "{location}");
    let pairs = url_pairs(params);
    assert!(!pairs.is_empty());
    pairs
}

fn url_pairs(text: &str) -> Vec<(String, String)> {
    oidc_core::protocol::Params::from_query(text)
        .unwrap()
        .into_pairs()
}

fn names(answer: &[(String, String)]) -> Vec<&str> {
    answer.iter().map(|(name, _)| &**name).collect()
}

async fn outcomes(bed: &TestBed, mode: &str) -> [Page; 5] {
    let app = bed.app();
    let mode = ("response_mode", Some(mode));
    let mut browser = bed.browser();
    let no_login = browser
        .get(&app.authorization_url(&[mode, ("prompt", Some("none"))]))
        .await;
    let wrong = browser
        .get(&app.authorization_url(&[mode, ("scope", Some("email"))]))
        .await;
    let denied = {
        let page = browser.visit(&app.authorization_url(&[mode])).await;
        let page = app
            .log_in(&mut browser, &page, ("jane", "wonderland"))
            .await;
        app.decide(&mut browser, &page, "deny").await
    };
    let no_consent = browser
        .get(&app.authorization_url(&[mode, ("prompt", Some("none"))]))
        .await;
    let code = app.answered(&mut browser, &[mode]).await;
    [no_login, wrong, denied, no_consent, code]
}

/// OA-54: `iss` is in every answer, with the configured bytes, in every response mode.
#[tokio::test]
async fn every_answer_names_the_issuer() {
    for mode in ["query", "fragment", "form_post"] {
        let bed = bed().await;
        let errors = [
            "login_required",
            "invalid_scope",
            "access_denied",
            "consent_required",
        ];
        let pages = outcomes(&bed, mode).await;
        for (page, error) in pages.iter().zip(errors) {
            let answer = answer(page, mode);
            assert_eq!(
                names(&answer),
                ["error", "error_description", "state", "iss"]
            );
            assert_eq!(answer[0].1, error);
            assert_eq!(answer[3].1, ISSUER);
        }
        let success = answer(&pages[4], mode);
        assert_eq!(names(&success), ["code", "state", "iss"]);
        assert_eq!(success[2].1, ISSUER);
        assert!(bed.app().exchange(&success[0].1).await.is_success());
    }
}

/// OA-55: unknown response modes are refused by a redirect in the default one.
#[tokio::test]
async fn response_modes_that_are_not_offered_are_refused() {
    let bed = bed().await;
    let before = bed.ledger();
    for mode in [
        "web_message",
        "jwt",
        "query.jwt",
        "fragment.jwt",
        "form_post.jwt",
        "QUERY",
        "Form_Post",
        "query fragment",
        "query ",
        "direct_post",
        "none",
    ] {
        let changes = [("response_mode", Some(mode)), ("state", Some("s"))];
        let page = bed
            .browser()
            .get(&bed.app().authorization_url(&changes))
            .await;
        assert_redirected(&page, APP, "invalid_request", Some("s"));
        assert!(page.location().unwrap().starts_with(&format!("{APP}?")));
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// OA-55: a posted form carries any `state` as text; nothing of it becomes markup.
#[tokio::test]
async fn a_posted_answer_is_escaped() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    app.answered(&mut browser, &[]).await;
    for state in [
        "\"><script>alert(1)</script>",
        "</form><form action=\"https://evil.example\">",
        "' onfocus='alert(1)' autofocus='",
        "<!--",
        "]]>&lt;&amp;quot;",
    ] {
        let changes = [("response_mode", Some("form_post")), ("state", Some(state))];
        let page = browser.get(&app.authorization_url(&changes)).await;
        assert_page(&page, 200);
        assert_eq!(page.body.matches("<form").count(), 1);
        assert_eq!(page.body.matches("<script").count(), 1);
        assert_eq!(page.body.matches("<input").count(), 3);
        assert!(!page.body.contains("alert(1)</script>"));
        assert!(!page.body.contains("<!--"));
        assert!(
            page.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("script-src 'sha256-")
        );
    }
}

/// OA-134: bytes that would end a header are escaped in it, or the request is refused.
#[tokio::test]
async fn nothing_of_a_request_becomes_a_header() {
    let bed = bed().await;
    for state in [
        "a\r\nSet-Cookie: x=y",
        "a\nLocation: https://evil.example",
        "\u{e9}\u{ff}",
        "\u{7f}",
    ] {
        let changes = [("state", Some(state)), ("prompt", Some("none"))];
        let page = bed
            .browser()
            .get(&bed.app().authorization_url(&changes))
            .await;
        assert_redirected(&page, APP, "login_required", Some(state));
        assert!(!page.headers.contains_key("set-cookie"));
        assert!(
            page.location()
                .unwrap()
                .bytes()
                .all(|byte| (0x21..0x7f).contains(&byte))
        );
    }
    let page = get(
        &bed,
        "/id/auth?client_id=a%0d%0aSet-Cookie:%20x=y&redirect_uri=x",
    )
    .await;
    crate::support::assert_error_page(&page, 400, &["Set-Cookie"]);
}

/// Clients that do not exist or are switched off get nothing, and nobody is redirected for them.
#[tokio::test]
async fn unknown_and_disabled_clients_are_a_page() {
    let bed = bed().await;
    let before = bed.ledger();
    for id in ["nobody", "App", "app ", "app\u{0}", "\u{430}pp", ""] {
        let page = bed
            .browser()
            .get(&bed.app().authorization_url(&[("client_id", Some(id))]))
            .await;
        crate::support::assert_error_page(&page, 400, &[id]);
    }
    assert_nothing_issued(&bed, before);
    let app = bed.app();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let id = oidc_core::protocol::ClientId::parse("app").unwrap();
    let administration = bed.issuer().administration();
    administration.set_client_disabled(&id, true).await.unwrap();
    let fresh = bed.browser().get(&app.authorization_url(&[])).await;
    crate::support::assert_error_page(&fresh, 403, &[]);
    let silent = bed
        .browser()
        .get(&app.authorization_url(&[("prompt", Some("none"))]))
        .await;
    crate::support::assert_error_page(&silent, 403, &[]);
    honest(&bed.other()).await;
    administration
        .set_client_disabled(&id, false)
        .await
        .unwrap();
    let page = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    let done = app.decide(&mut browser, &page, "approve").await;
    assert!(
        app.exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
}

/// A client that is switched off while its end user signs in gets nothing.
#[tokio::test]
async fn a_client_that_is_disabled_during_the_login_gets_no_code() {
    let bed = bed().await;
    let app = bed.app();
    let id = oidc_core::protocol::ClientId::parse("app").unwrap();
    let administration = bed.issuer().administration();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let consent = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    administration.set_client_disabled(&id, true).await.unwrap();
    let before = bed.ledger();
    let refused = app.decide(&mut browser, &consent, "approve").await;
    crate::support::assert_error_page(&refused, 403, &[]);
    assert_nothing_issued(&bed, before);
    administration
        .set_client_disabled(&id, false)
        .await
        .unwrap();
    let done = app.decide(&mut browser, &consent, "approve").await;
    assert!(
        app.exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
}

/// A relying party of the same service, for another browser.
#[tokio::test]
async fn a_wrong_secret_does_not_cost_the_code() {
    let bed = bed().await;
    let redirected = bed.app().sign_in().await;
    let thief = RelyingParty::new(
        &bed.service,
        "app",
        Some("wrong-0123456789-0123456789-0123456789"),
        APP,
    );
    let before = bed.ledger();
    thief
        .exchange(&redirected.code)
        .await
        .assert_error(oidc_core::protocol::ErrorCode::InvalidClient);
    assert_nothing_issued(&bed, before);
    let app = RelyingParty::new(&bed.service, "app", Some(APP_SECRET), APP);
    assert!(app.exchange(&redirected.code).await.is_success());
    let _: Browser = bed.browser();
}
