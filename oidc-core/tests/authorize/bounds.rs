//! Bounds of requests, at the bound and one past it; methods; bodies.

use http::{Method, Request, header};
use oidc_core::conformance::Page;

use crate::support::{
    FORM, assert_error_page, assert_nothing_issued, assert_page, bed, get, honest, post, send,
};

const KIB: usize = 1024;

/// Every route, and the methods that it answers.
const ROUTES: [(&str, &[&str]); 12] = [
    ("/", &["GET", "HEAD"]),
    ("/.well-known/openid-configuration", &["GET", "HEAD"]),
    ("/keys", &["GET", "HEAD"]),
    ("/auth", &["GET", "POST"]),
    ("/auth/form", &["GET"]),
    ("/auth/-", &["GET"]),
    ("/auth/form/login", &["GET", "POST"]),
    ("/callback", &["GET", "POST"]),
    ("/callback/form", &["GET", "POST"]),
    ("/approval", &["GET", "POST"]),
    ("/token", &["POST"]),
    ("/userinfo", &["GET", "POST"]),
];

fn is_for_programs(path: &str) -> bool {
    [
        "/.well-known/openid-configuration",
        "/keys",
        "/token",
        "/userinfo",
    ]
    .contains(&path)
}

/// A refusal before anything was looked at: JSON for programs, else plain text.
#[track_caller]
fn assert_refused(page: &Page, path: &str, status: u16) {
    assert_eq!(page.status, status, "{path} {}", page.body);
    assert_eq!(page.location(), None);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    let content_type = page.headers[header::CONTENT_TYPE].to_str().unwrap();
    if is_for_programs(path) {
        assert_eq!(content_type, "application/json");
        assert_eq!(page.json()["error"], "invalid_request");
    } else {
        assert_eq!(content_type, "text/plain; charset=utf-8");
    }
}

/// RFC 9110 section 15.5.6: other methods are refused, and the answer names the right ones.
#[tokio::test]
async fn other_methods_are_not_allowed() {
    let bed = bed().await;
    let before = bed.ledger();
    for (path, allowed) in ROUTES {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get",
            "X",
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = Request::builder().method(&method).uri(format!("/id{path}"));
            let page = send(&bed, request, "").await;
            if allowed.contains(&method.as_str()) {
                assert_ne!(page.status, 405, "{method} {path}");
            } else {
                assert_refused(&page, path, 405);
                assert_eq!(page.headers[header::ALLOW], allowed.join(", "));
            }
            assert!(page.status != 500, "{method} {path}");
        }
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// Path and query: 8 KiB.
#[tokio::test]
async fn addresses_end_at_eight_kib() {
    let bed = bed().await;
    for (path, _) in ROUTES.iter().filter(|(path, _)| *path != "/token") {
        let start = format!("/id{path}?x=");
        let fits = format!("{start}{}", "x".repeat(8 * KIB - start.len()));
        assert_ne!(get(&bed, &fits).await.status, 414, "{path}");
        assert_refused(&get(&bed, &format!("{fits}x")).await, path, 414);
    }
    let url = bed.app().authorization_url(&[]);
    let path = url.trim_start_matches("https://issuer.example");
    let fits = format!("{path}&x={}", "x".repeat(8 * KIB - path.len() - 3));
    assert_page(&get(&bed, &fits).await, 200);
    assert_refused(&get(&bed, &format!("{fits}x")).await, "/auth", 414);
}

/// Names and values of all headers: 32 KiB.
#[tokio::test]
async fn headers_end_at_thirty_two_kib() {
    let bed = bed().await;
    for (path, allowed) in ROUTES {
        let request = |size: usize| {
            Request::builder()
                .method(allowed[0])
                .uri(format!("/id{path}"))
                .header("x-a", "a".repeat(16 * KIB - 3))
                .header("x-b", "b".repeat(size - 3))
        };
        let page = send(&bed, request(16 * KIB), "").await;
        assert_ne!(page.status, 431, "{path}");
        assert_refused(&send(&bed, request(16 * KIB + 1), "").await, path, 431);
    }
}

/// Bodies: 64 KiB, be they forms or not.
#[tokio::test]
async fn bodies_end_at_sixty_four_kib() {
    let bed = bed().await;
    let before = bed.ledger();
    for (path, _) in ROUTES
        .iter()
        .filter(|(_, allowed)| allowed.contains(&"POST"))
    {
        let fits = format!("x={}", "x".repeat(64 * KIB - 2));
        let page = post(&bed, &format!("/id{path}"), &fits).await;
        assert!(
            [400, 401].contains(&page.status.as_u16()),
            "{path} {}",
            page.status
        );
        let page = post(&bed, &format!("/id{path}"), &format!("{fits}x")).await;
        assert_refused(&page, path, 413);
    }
    let url = bed.app().authorization_url(&[]);
    let (_, query) = url.split_once('?').unwrap();
    let fits = format!("{query}&x={}", "x".repeat(64 * KIB - query.len() - 3));
    assert_page(&post(&bed, "/id/auth", &fits).await, 200);
    assert_refused(
        &post(&bed, "/id/auth", &format!("{fits}x")).await,
        "/auth",
        413,
    );
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}

/// A form is a form only if it says so, in UTF-8.
#[tokio::test]
async fn only_forms_are_read_as_forms() {
    let bed = bed().await;
    let url = bed.app().authorization_url(&[]);
    let (_, query) = url.split_once('?').unwrap();
    let with = |types: &[&str]| {
        let request = Request::builder().method(Method::POST).uri("/id/auth");
        types.iter().fold(request, |request, value| {
            request.header(header::CONTENT_TYPE, *value)
        })
    };
    for types in [
        &[][..],
        &["application/json"],
        &["text/plain"],
        &["multipart/form-data; boundary=x"],
        &["application/x-www-form-urlencoded; charset=utf-16"],
        &["application/x-www-form-urlencoded; charset=iso-8859-1"],
        &["application/x-www-form-urlencodedx"],
        &[FORM, FORM],
        &[FORM, "application/json"],
    ] {
        assert_error_page(&send(&bed, with(types), query).await, 400, &[]);
    }
    for kind in [
        FORM,
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
    ] {
        assert_page(&send(&bed, with(&[kind]), query).await, 200);
    }
}
