//! Connectors that fail, deny, repeat themselves or are not fresh enough.

use std::time::Duration;

use oidc_core::{
    clock::UnixTime,
    conformance::{APP, Browser, Manner, Page, TestBed},
    connector::{ConnectorError, Denial, MAX_CONNECTOR_STATE, OneTime},
};

use crate::support::{
    assert_error_page, assert_nothing_issued, assert_page, assert_redirected, bed, bed_with,
    honest, memory,
};

/// A cause that nobody but the log may hear of.
const CAUSE: &str = "ldap://10.0.0.5 says no to cn=admin";

const FAILURES: [fn() -> ConnectorError; 3] = [
    || ConnectorError::Misconfigured(CAUSE.to_owned()),
    || ConnectorError::Unavailable(CAUSE.to_owned()),
    || ConnectorError::BadAnswer(CAUSE.to_owned()),
];

/// The page of a connector that failed: a number to quote, a way to start again, no cause.
#[track_caller]
fn assert_failed(page: &Page) {
    assert_page(page, 502);
    for part in ["ldap:", "10.0.0.5", "cn="] {
        assert!(!page.body.contains(part), "{}", page.body);
    }
    let (_, rest) = page.body.split_once("<code>").unwrap();
    let (number, _) = rest.split_once("</code>").unwrap();
    assert_eq!(number.len(), 8);
}

async fn upstream_bed() -> TestBed {
    bed_with(|options| options.two_connectors = true).await
}

/// Sends the user agent to the upstream; gives the path of the callback.
async fn at_upstream(bed: &TestBed, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    let mut all = vec![("connector_id", Some("upstream")), ("state", Some("s"))];
    all.extend(changes.iter().map(|(name, value)| (*name, Some(*value))));
    let page = browser.get(&bed.app().authorization_url(&all)).await;
    assert!(
        page.location()
            .unwrap()
            .starts_with("https://upstream.test/login?")
    );
    let handle = page.location_param("state").unwrap();
    format!("/id/callback/upstream?state={handle}")
}

async fn finish(bed: &TestBed, browser: &mut Browser, page: Page) {
    let app = bed.app();
    let done = if page.body.contains("value=\"approve\"") {
        app.decide(browser, &page, "approve").await
    } else {
        page
    };
    let code = done.location_param("code").unwrap();
    assert!(app.exchange(&code).await.is_success());
}

/// A connector that cannot start or go on: a page, and the same flow goes on once it is mended.
#[tokio::test]
async fn a_failing_connector_loses_nothing() {
    for failure in FAILURES {
        let bed = bed().await;
        let app = bed.app();
        let mut browser = bed.browser();
        let before = bed.ledger();
        bed.form.fail(Some(failure));
        assert_failed(&browser.get(&app.authorization_url(&[])).await);
        bed.form.fail(None);
        let page = browser.get(&app.authorization_url(&[])).await;
        bed.form.fail(Some(failure));
        assert_failed(
            &app.log_in(&mut browser, &page, ("jane", "wonderland"))
                .await,
        );
        assert_nothing_issued(&bed, before);
        bed.form.fail(None);
        let page = app
            .log_in(&mut browser, &page, ("jane", "wonderland"))
            .await;
        finish(&bed, &mut browser, page).await;
    }
}

/// The same with an upstream that answers by redirect.
#[tokio::test]
async fn a_failing_upstream_loses_nothing() {
    for failure in FAILURES {
        let bed = upstream_bed().await;
        let mut browser = bed.browser();
        let callback = at_upstream(&bed, &mut browser, &[]).await;
        let before = bed.ledger();
        bed.upstream.fail(Some(failure));
        assert_failed(&browser.get(&format!("{callback}&user=jane")).await);
        bed.upstream.fail(None);
        assert_failed(&browser.get(&callback).await);
        assert_nothing_issued(&bed, before);
        let page = browser.visit(&format!("{callback}&user=jane")).await;
        finish(&bed, &mut browser, page).await;
    }
}

/// A denial is one fixed page; whatever its reason, nothing of it is shown.
#[tokio::test]
async fn a_denied_end_user_sees_one_fixed_text() {
    let bed = upstream_bed().await;
    let mut browser = bed.browser();
    let callback = at_upstream(&bed, &mut browser, &[]).await;
    let before = bed.ledger();
    let answer = format!("{callback}&user=jane");
    let mut texts = Vec::new();
    for denial in [
        Denial::Refused(CAUSE.to_owned()),
        Denial::Refused("locked".to_owned()),
        Denial::InvalidCredentials,
    ] {
        bed.upstream.deny(Some(denial));
        let page = browser.get(&answer).await;
        assert_page(&page, 403);
        assert!(!page.body.contains("cn=") && !page.body.contains("locked"));
        let (text, _) = page.body.split_once("<p><a").unwrap();
        texts.push(text.to_owned());
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
    bed.upstream.deny(Some(Denial::Cancelled));
    let page = browser.get(&answer).await;
    assert_redirected(&page, APP, "access_denied", Some("s"));
    bed.upstream.deny(None);
    let page = browser
        .get(&format!(
            "{callback}&error=access_denied&error_description=%3Cscript%3E"
        ))
        .await;
    assert_redirected(&page, APP, "access_denied", Some("s"));
    assert!(!page.location().unwrap().contains("%3C"));
    assert_nothing_issued(&bed, before);
    let page = browser.visit(&answer).await;
    finish(&bed, &mut browser, page).await;
}

/// Unknown user, wrong, empty and overlong credentials: the same form, the same text.
#[tokio::test]
async fn wrong_credentials_are_one_answer() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let mut page = browser.get(&app.authorization_url(&[])).await;
    let before = bed.ledger();
    let long = "p".repeat(1_025);
    let at_bound = "p".repeat(1_024);
    for (user, password) in [
        ("jane", "wrong"),
        ("nobody", "wonderland"),
        ("", ""),
        ("jane", ""),
        ("", "wonderland"),
        ("jane", &long),
        (&long, "wonderland"),
        ("jane", &at_bound),
        ("JANE", "wonderland"),
        ("jane ", "wonderland"),
        ("*", "wonderland"),
        ("<script>", "x"),
    ] {
        page = app.log_in(&mut browser, &page, (user, password)).await;
        assert_page(&page, 401);
        assert!(page.body.contains("Your user name or password is wrong."));
        assert!(!page.body.contains("<script") && !page.body.contains(&long));
    }
    assert_nothing_issued(&bed, before);
    // The two overlong ones never reached the connector.
    assert_eq!(bed.form.resumed(), 10);
    let page = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    finish(&bed, &mut browser, page).await;
}

/// A one-time id counts once, in whichever flow and browser it is shown again.
#[tokio::test]
async fn a_one_time_id_is_good_for_one_login() {
    let bed = upstream_bed().await;
    let once = |id: &str| OneTime {
        id: id.to_owned(),
        until: UnixTime::from_secs(1_900_000_600),
    };
    bed.upstream.set_once(vec![once("assertion-1")]);
    let mut browser = bed.browser();
    let callback = at_upstream(&bed, &mut browser, &[]).await;
    let page = browser.visit(&format!("{callback}&user=jane")).await;
    finish(&bed, &mut browser, page).await;
    let signatures = bed.ledger().signatures;
    for ids in [&["assertion-1"][..], &["assertion-2", "assertion-1"]] {
        bed.upstream
            .set_once(ids.iter().map(|id| once(id)).collect());
        let mut thief = bed.browser();
        let callback = at_upstream(&bed, &mut thief, &[]).await;
        let page = thief.get(&format!("{callback}&user=jane")).await;
        assert_page(&page, 403);
        assert!(!thief.cookies().keys().any(|name| name.contains("session")));
    }
    assert_eq!(bed.ledger().signatures, signatures);
    bed.upstream.set_once(vec![once("assertion-3")]);
    let mut browser = bed.browser();
    let callback = at_upstream(&bed, &mut browser, &[]).await;
    let page = browser.visit(&format!("{callback}&user=jane")).await;
    finish(&bed, &mut browser, page).await;
}

/// OA-35: an upstream that lets an old login pass does not satisfy `prompt=login` or `max_age`.
#[tokio::test]
async fn a_stale_upstream_login_is_login_required() {
    let bed = upstream_bed().await;
    for (name, value, fresh, stale) in [
        ("prompt", "login", 60, 61),
        ("max_age", "0", 60, 61),
        ("max_age", "100", 160, 161),
    ] {
        let mut browser = bed.browser();
        let callback = at_upstream(&bed, &mut browser, &[(name, value)]).await;
        let before = bed.ledger();
        bed.upstream
            .set_authenticated_ago(Duration::from_secs(stale));
        let page = browser.get(&format!("{callback}&user=jane")).await;
        assert_redirected(&page, APP, "login_required", Some("s"));
        assert!(
            !browser
                .cookies()
                .keys()
                .any(|name| name.contains("session"))
        );
        assert_nothing_issued(&bed, before);
        bed.upstream
            .set_authenticated_ago(Duration::from_secs(fresh));
        let page = browser.visit(&format!("{callback}&user=jane")).await;
        finish(&bed, &mut browser, page).await;
    }
}

/// The upstream that was asked is the only one that may answer, at its own callback.
#[tokio::test]
async fn another_connector_cannot_answer_a_flow() {
    let bed = upstream_bed().await;
    let mut browser = bed.browser();
    let callback = at_upstream(&bed, &mut browser, &[]).await;
    let (_, query) = callback.split_once('?').unwrap();
    let handle = query.trim_start_matches("state=");
    let before = bed.ledger();
    for path in ["/id/callback/form", "/id/callback/nobody"] {
        assert_error_page(
            &browser.get(&format!("{path}?{query}&user=jane")).await,
            400,
            &[],
        );
    }
    let form = [
        ("flow", handle),
        ("username", "jane"),
        ("password", "wonderland"),
    ];
    assert_error_page(&browser.post("/id/auth/form/login", &form).await, 400, &[]);
    // An answer of another shape.
    let form = [("state", handle), ("user", "jane")];
    assert_failed(&browser.post("/id/callback/upstream", &form).await);
    // Another browser, or none.
    let page = bed.browser().get(&format!("{callback}&user=jane")).await;
    assert_error_page(&page, 400, &[]);
    assert_nothing_issued(&bed, before);
    let page = browser
        .visit(&format!("/id/callback?{query}&user=jane"))
        .await;
    finish(&bed, &mut browser, page).await;
}

/// A connector's state travels up to its bound; one byte more ends the login before it begins.
#[tokio::test]
async fn connector_state_ends_at_its_bound() {
    let bed = bed().await;
    let app = bed.app();
    let before = bed.ledger();
    bed.form.set_state_len(MAX_CONNECTOR_STATE + 1);
    let page = bed.browser().get(&app.authorization_url(&[])).await;
    assert_page(&page, 503);
    assert_eq!(page.headers["retry-after"], "1");
    assert!(!page.headers.contains_key("set-cookie"));
    assert_nothing_issued(&bed, before);
    bed.form.set_state_len(MAX_CONNECTOR_STATE);
    honest(&app).await;
}

/// An answer that came twice: the second sees that it was answered, and no second code exists.
#[tokio::test]
async fn an_upstream_answer_sent_twice_yields_one_code() {
    let mut options = oidc_core::conformance::TestBedOptions::default();
    options.two_connectors = true;
    options.manner = Manner::Redirect;
    options.skip_consent = true;
    let bed = TestBed::open_with(memory(), options).await;
    let mut browser = bed.browser();
    let callback = at_upstream(&bed, &mut browser, &[]).await;
    let older = browser.clone();
    let done = browser.get(&format!("{callback}&user=jane")).await;
    let code = done.location_param("code").unwrap();
    for mut browser in [browser, older] {
        let again = browser.get(&format!("{callback}&user=jane")).await;
        assert_page(&again, 400);
    }
    assert!(bed.app().exchange(&code).await.is_success());
}
