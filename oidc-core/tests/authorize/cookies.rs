//! Cookies: names, attributes, numbers, sizes (OA-38, OA-39).

use http::{Request, header};
use oidc_core::conformance::{Browser, Manner, Page};

use crate::support::{assert_error_page, assert_nothing_issued, bed, bed_with, send};

fn set_cookies(page: &Page) -> Vec<String> {
    page.headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

/// Name, value, attributes.
fn parts(cookie: &str) -> (&str, &str, &str) {
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    (name, value, attributes)
}

fn flows(browser: &Browser) -> Vec<(String, String)> {
    let cookies = browser.cookies().iter();
    cookies
        .filter(|(name, _)| name.contains("oidc-flow-"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// OA-38: over https every cookie is this host's alone.
#[tokio::test]
async fn cookies_over_https_are_bound_to_the_host() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let cookies = set_cookies(&page);
    assert_eq!(cookies.len(), 1);
    let (name, value, attributes) = parts(&cookies[0]);
    let flow = page.hidden("flow").unwrap();
    let rest = name.strip_prefix("__Host-oidc-flow-").unwrap();
    let (digits, handle) = rest.split_once('-').unwrap();
    assert_eq!(handle, flow);
    assert!(digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(value.len() <= 3 * 1024);
    assert_eq!(attributes, "Path=/; HttpOnly; Secure; SameSite=Lax");
    let form = [
        ("flow", &*flow),
        ("username", "jane"),
        ("password", "wonderland"),
    ];
    let page = browser.post("/id/auth/form/login", &form).await;
    let cookies = set_cookies(&page);
    assert_eq!(cookies.len(), 2);
    let (name, _, attributes) = parts(&cookies[1]);
    assert_eq!(name, format!("__Host-oidc-session-{digits}"));
    assert_eq!(
        attributes,
        "Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=86400"
    );
}

/// On http loopback: plain names without `Secure`, which browsers would not keep there.
#[tokio::test]
async fn cookies_on_http_loopback_have_plain_names() {
    let bed = bed_with(|options| options.url = "http://127.0.0.1:5556/id".to_owned()).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let cookies = set_cookies(&page);
    let (name, _, attributes) = parts(&cookies[0]);
    assert!(name.starts_with("oidc-flow-"));
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    let page = app
        .log_in(&mut browser, &page, ("jane", "wonderland"))
        .await;
    let done = app.decide(&mut browser, &page, "approve").await;
    let names: Vec<_> = browser.cookies().keys().cloned().collect();
    assert!(names.iter().any(|name| name.starts_with("oidc-session-")));
    assert!(
        app.exchange(&done.location_param("code").unwrap())
            .await
            .is_success()
    );
}

/// A flow that an upstream answers by a cross-site POST must be there on that POST.
#[tokio::test]
async fn the_flow_of_a_posted_answer_is_sent_across_sites() {
    let bed = bed_with(|options| {
        options.two_connectors = true;
        options.manner = Manner::PostForm;
    })
    .await;
    let url = bed
        .app()
        .authorization_url(&[("connector_id", Some("upstream"))]);
    let page = bed.browser().get(&url).await;
    let cookies = set_cookies(&page);
    assert_eq!(cookies.len(), 1);
    assert_eq!(
        parts(&cookies[0]).2,
        "Path=/; HttpOnly; Secure; SameSite=None"
    );
}

/// Five tabs: the oldest is dropped, the four newest work.
#[tokio::test]
async fn of_five_tabs_the_oldest_is_dropped() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(browser.get(&app.authorization_url(&[])).await);
        bed.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(flows(&browser).len(), 4);
    let before = bed.ledger();
    let lost = app
        .log_in(&mut browser, &tabs[0], ("jane", "wonderland"))
        .await;
    assert_error_page(&lost, 400, &[]);
    assert_nothing_issued(&bed, before);
    for tab in tabs[1..].iter().rev() {
        let page = app.log_in(&mut browser, tab, ("jane", "wonderland")).await;
        let page = if page.body.contains("value=\"approve\"") {
            app.decide(&mut browser, &page, "approve").await
        } else {
            page
        };
        let code = page.location_param("code").unwrap();
        assert!(app.exchange(&code).await.is_success());
    }
}

/// A tab in which a login waits outlives any number of answered ones.
#[tokio::test]
async fn answered_flows_go_before_open_ones() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let waiting = browser.get(&app.authorization_url(&[])).await;
    for _ in 0..6 {
        bed.clock.advance(std::time::Duration::from_secs(1));
        let page = app.answered(&mut browser, &[]).await;
        assert!(page.location_param("code").is_some());
        assert!(flows(&browser).len() <= 4);
    }
    let page = app
        .log_in(&mut browser, &waiting, ("jane", "wonderland"))
        .await;
    let code = page.location_param("code").unwrap();
    assert!(app.exchange(&code).await.is_success());
}

/// All flows together stay below 6 KiB, at every step: a flow grows on its way.
#[tokio::test]
async fn all_flows_together_stay_below_six_kib() {
    let bed = bed_with(|options| options.two_connectors = true).await;
    bed.form
        .set_state_len(oidc_core::connector::MAX_CONNECTOR_STATE);
    let app = bed.app();
    let mut browser = bed.browser();
    let mut links = Vec::new();
    for _ in 0..4 {
        let page = browser.get(&app.authorization_url(&[])).await;
        let mut parts = page.body.split("href=\"");
        let link = parts.find(|text| text.contains("form?")).unwrap();
        let link = link.split('"').next().unwrap();
        links.push(link.replace("&#x2f;", "/"));
        bed.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(flows(&browser).len(), 4);
    // The newest first: each that is opened grows, and pushes out the oldest.
    let mut opened = Vec::new();
    for link in links.iter().rev() {
        let page = browser.get(link).await;
        let bytes: usize = flows(&browser).iter().map(|(_, value)| value.len()).sum();
        assert!(bytes <= 6 * 1024, "{bytes}");
        assert!(page.status == 200 || page.status == 400);
        opened.push((page.status == 200, page));
    }
    let (works, page) = &opened[0];
    assert!(*works && opened.iter().any(|(works, _)| !works));
    let page = app.log_in(&mut browser, page, ("jane", "wonderland")).await;
    let done = app.decide(&mut browser, &page, "approve").await;
    let code = done.location_param("code").unwrap();
    assert!(app.exchange(&code).await.is_success());
}

/// A flow cookie that cannot be read goes at the next request, and is never taken for a flow.
#[tokio::test]
async fn unreadable_flow_cookies_are_dropped() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    let page = browser.get(&app.authorization_url(&[])).await;
    let (name, sealed) = flows(&browser).remove(0);
    let (prefix, handle) = name.split_at(name.len() - 22);
    let mut forged: Vec<_> = ["", "x", "AAAA", &sealed[1..], &sealed[..sealed.len() - 1]]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
    let mut flipped = sealed.clone().into_bytes();
    let at = flipped.len() / 2;
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    forged.push(String::from_utf8(flipped).unwrap());
    let before = bed.ledger();
    for value in &forged {
        browser.set_cookie(&name, Some(value));
        let refused = app
            .log_in(&mut browser, &page, ("jane", "wonderland"))
            .await;
        assert_error_page(&refused, 400, &[]);
    }
    // A sealed flow under another handle is not that flow.
    let mut other_handle = handle.to_owned();
    other_handle.replace_range(..1, if handle.starts_with('A') { "B" } else { "A" });
    let other = format!("{prefix}{other_handle}");
    browser.set_cookie(&name, None);
    browser.set_cookie(&other, Some(&sealed));
    let fields = [
        ("flow", &*other_handle),
        ("username", "jane"),
        ("password", "wonderland"),
    ];
    assert_error_page(
        &browser.post("/id/auth/form/login", &fields).await,
        400,
        &[],
    );
    assert_nothing_issued(&bed, before);
    browser.get(&app.authorization_url(&[])).await;
    assert!(!browser.cookies().contains_key(&other));
    assert_eq!(flows(&browser).len(), 1);
    browser.set_cookie(&name, Some(&sealed));
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

/// OA-39: cookies that somebody else may have set do not count, and nothing breaks.
#[tokio::test]
async fn smuggled_cookies_do_not_count() {
    let bed = bed().await;
    let app = bed.app();
    let mut browser = bed.browser();
    app.answered(&mut browser, &[]).await;
    let session = browser
        .cookies()
        .iter()
        .find(|(name, _)| name.contains("session"));
    let (name, value) = session
        .map(|(name, value)| (name.clone(), value.clone()))
        .unwrap();
    let plain = name.trim_start_matches("__Host-");
    let many = "x=y; ".repeat(200);
    let silent = app.authorization_url(&[("prompt", Some("none"))]);
    let path = silent
        .trim_start_matches("https://issuer.example")
        .to_owned();
    let before = bed.ledger();
    for cookie in [
        format!("{name}={value}; {name}={value}"),
        format!("{name}={value}; {name}=x"),
        format!("{name}=\"{value}\""),
        format!("$Version=1; $Path=/; {name}=\"{value}\""),
        format!("{plain}={value}"),
        format!("__host-{plain}={value}"),
        format!("__Secure-{plain}={value}"),
        format!("{name} ={value}"),
        format!("{name}={value}x"),
        name.clone(),
        format!("{many}{name}={value}"),
        format!("{name}=; {name}"),
    ] {
        let request = Request::builder()
            .uri(&path)
            .header(header::COOKIE, &cookie);
        let page = send(&bed, request, "").await;
        assert_eq!(
            page.location_param("error").as_deref(),
            Some("login_required"),
            "{cookie}"
        );
    }
    for bytes in [
        &b"\xc2\xa0__Host-oidc-session=x"[..],
        b"\xff=\xfe",
        b";;;=;=",
    ] {
        let value = http::HeaderValue::from_bytes(bytes).unwrap();
        let request = Request::builder().uri(&path).header(header::COOKIE, value);
        let page = send(&bed, request, "").await;
        assert_eq!(
            page.location_param("error").as_deref(),
            Some("login_required")
        );
    }
    assert_nothing_issued(&bed, before);
    let page = browser.get(&silent).await;
    assert!(page.location_param("code").is_some());
}
