//! Host, forwarding headers and spellings of paths: OA-130, OA-131.

use http::{Request, header};

use crate::support::{assert_nothing_issued, assert_page, bed, get, honest, send};

/// OA-130: the issuer URL is configuration; no header changes a byte of what leaves.
#[tokio::test]
async fn host_and_forwarding_headers_change_nothing() {
    let bed = bed().await;
    let discovery = "/id/.well-known/openid-configuration";
    let plain = get(&bed, discovery).await;
    let authorize = bed.app().authorization_url(&[]);
    let authorize = authorize
        .trim_start_matches("https://issuer.example")
        .to_owned();
    for headers in [
        &[("host", "evil.example")][..],
        &[("host", "issuer.example"), ("host", "evil.example")],
        &[("host", "issuer.example:1234")],
        &[
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
        ],
        &[("x-forwarded-prefix", "/evil"), ("x-forwarded-port", "1")],
        &[("forwarded", "host=evil.example;proto=http;for=evil")],
        &[("x-original-url", "/evil"), ("x-rewrite-url", "/evil")],
        &[
            ("x-http-method-override", "DELETE"),
            ("x-forwarded-uri", "/evil"),
        ],
        &[("origin", "https://evil.example")],
    ] {
        for prefix in ["", "https://evil.example", "http://issuer.example:81"] {
            let request = |path: &str| {
                let request = Request::builder().uri(format!("{prefix}{path}"));
                headers.iter().fold(request, |request, (name, value)| {
                    request.header(*name, *value)
                })
            };
            let told = send(&bed, request(discovery), "").await;
            assert_eq!(
                (told.status, &told.body, &told.headers),
                (plain.status, &plain.body, &plain.headers)
            );
            let login = send(&bed, request(&authorize), "").await;
            assert_page(&login, 200);
            let action = login.action().unwrap();
            assert_eq!(action, "https://issuer.example/id/auth/form/login");
            assert!(!login.body.contains("evil"));
            let cookie = login.headers[header::SET_COOKIE].to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"));
            let silent = send(&bed, request(&format!("{authorize}&prompt=none")), "").await;
            let iss = silent.location_param("iss");
            assert_eq!(iss.as_deref(), Some("https://issuer.example/id"));
        }
    }
    honest(&bed.app()).await;
}

/// OA-131: no route has a second spelling.
#[tokio::test]
async fn no_path_has_an_alias() {
    let bed = bed().await;
    let before = bed.ledger();
    for route in [
        "/auth",
        "/auth/form",
        "/auth/form/login",
        "/callback",
        "/callback/form",
        "/approval",
        "/token",
        "/userinfo",
        "/keys",
        "/.well-known/openid-configuration",
    ] {
        let (parent, last) = route.rsplit_once('/').unwrap();
        for path in [
            route.to_owned(),
            format!("//id{route}"),
            format!("/id/{route}"),
            format!("/id/.{route}"),
            format!("/id/x/..{route}"),
            format!("/x/../id{route}"),
            format!("/id/%2e%2e/id{route}"),
            format!("/id%2f{}", &route[1..]),
            format!("/id{parent}%2F{last}"),
            format!("/id{parent}/%{:02x}{}", last.as_bytes()[0], &last[1..]),
            format!("/id{route};x=y"),
            format!("/id{route}/"),
            format!("/id{route}//"),
            format!("/id{route}/."),
            format!("/id{route}%20"),
            format!("/id{route}%00"),
            format!("/id{route}%3f"),
            format!("/id{route}.html"),
            format!("/ID{route}"),
            format!("/id{}", route.to_uppercase()),
            format!("/idx{route}"),
            format!("/xid{route}"),
        ] {
            for method in ["GET", "POST"] {
                let request = Request::builder().method(method).uri(&path);
                let page = send(&bed, request, "").await;
                // Connector ids are free text: `/auth/FORM` is a route, of nothing that exists.
                let of_connector =
                    path.starts_with("/id/auth/") || path.starts_with("/id/callback/");
                if of_connector && page.status != 404 {
                    assert!(
                        [400, 405].contains(&page.status.as_u16()),
                        "{method} {path}"
                    );
                } else {
                    assert_eq!(page.status, 404, "{method} {path}");
                    assert_eq!(page.body, "There is nothing here.\n");
                }
            }
        }
    }
    for path in [
        "/",
        "/id",
        "/id//",
        "/id/auth/../token",
        "/id/auth/form/login/x",
        "/id/auth/a/b",
    ] {
        assert_eq!(get(&bed, path).await.status, 404, "{path}");
    }
    assert_nothing_issued(&bed, before);
    honest(&bed.app()).await;
}
