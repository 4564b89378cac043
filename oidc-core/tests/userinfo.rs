//! UserInfo: who may ask, with what, and what is told (OIDC Core section 5.3, RFC 6750, OA-70 to
//! OA-74).

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use http::{Method, Request, header, request};
use oidc_core::{
    base64url,
    claims::Subject,
    conformance::{Page, TestBed, TestBedOptions, TokenAnswer, call, encode},
    identity::UpstreamSubject,
    protocol::{ClientId, ConnectorId},
    storage::Storage,
};
use oidc_token_store::MemoryStorage;
use serde_json::{Value, json};

async fn bed() -> TestBed {
    TestBed::open(Arc::new(MemoryStorage::new())).await
}

async fn tokens(bed: &TestBed) -> TokenAnswer {
    let app = bed.app();
    app.exchange(&app.sign_in().await.code).await
}

fn get() -> request::Builder {
    Request::builder().uri("/id/userinfo")
}

fn post() -> request::Builder {
    get().method(Method::POST)
}

fn form() -> request::Builder {
    post().header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn bearer(request: request::Builder, token: &str) -> request::Builder {
    request.header(header::AUTHORIZATION, format!("Bearer {token}"))
}

async fn send(bed: &TestBed, request: request::Builder, fields: &[(&str, &str)]) -> Page {
    call(&bed.service, request.body(encode(fields).into()).unwrap()).await
}

/// A refusal: status, the challenge of RFC 6750 section 3, nothing about anybody.
#[track_caller]
fn assert_challenged(page: &Page, status: u16, error: Option<&str>) {
    assert_eq!(page.status, status, "{}", page.body);
    let challenge = page.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(
        challenge.starts_with("Bearer realm=\"userinfo\""),
        "{challenge}"
    );
    match error {
        Some(error) => {
            assert!(
                challenge.contains(&format!(", error=\"{error}\"")),
                "{challenge}"
            );
            assert_eq!(page.json()["error"], error);
        }
        None => {
            assert_eq!(challenge, "Bearer realm=\"userinfo\"");
            assert_eq!(page.body, "{}");
        }
    }
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert!(!page.body.contains("jane") && !page.body.contains("sub"));
}

async fn assert_invalid(bed: &TestBed, token: &str) {
    assert_challenged(
        &send(bed, bearer(get(), token), &[]).await,
        401,
        Some("invalid_token"),
    );
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}

/// OIDC Core section 5.3.1: GET and POST, the token in the header or in the form.
#[tokio::test]
async fn the_token_comes_by_get_or_post_in_header_or_form() {
    let bed = bed().await;
    let token = tokens(&bed).await.access_token();
    let before = bed.ledger();
    let expected = json!({
        "sub": claims(&token)["sub"],
        "name": "Jane Doe",
        "preferred_username": "jane",
        "email": "jane@example.test",
        "email_verified": true,
        "groups": ["developers", "admins"],
    });
    for page in [
        send(&bed, bearer(get(), &token), &[]).await,
        send(&bed, bearer(post(), &token), &[]).await,
        send(&bed, bearer(form(), &token), &[("x", "y")]).await,
        send(
            &bed,
            get().header("authorization", format!("bEARER {token}")),
            &[],
        )
        .await,
        send(&bed, form(), &[("access_token", &token)]).await,
    ] {
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.json(), expected);
        assert_eq!(page.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
    }
    assert_eq!(bed.ledger(), before);
}

/// RFC 6750 section 3.1: who brings nothing is told how, and no error.
#[tokio::test]
async fn without_a_token_there_is_a_bare_challenge() {
    let bed = bed().await;
    let token = tokens(&bed).await.access_token();
    for page in [
        send(&bed, get(), &[]).await,
        send(&bed, post(), &[]).await,
        send(&bed, form(), &[]).await,
        send(&bed, form(), &[("access_token", "")]).await,
        send(&bed, get().header("authorization", "Basic YTpi"), &[]).await,
        send(&bed, get().header("authorization", token.clone()), &[]).await,
        // A body that does not say it is a form is none.
        send(&bed, post(), &[("access_token", &token)]).await,
        send(
            &bed,
            post().header("content-type", "text/plain"),
            &[("access_token", &token)],
        )
        .await,
        // A GET has no form.
        send(
            &bed,
            get().header("content-type", "application/x-www-form-urlencoded"),
            &[("access_token", &token)],
        )
        .await,
    ] {
        assert_challenged(&page, 401, None);
    }
}

/// RFC 6750 sections 2 and 3.1: one token, in one place, of the right shape.
#[tokio::test]
async fn two_tokens_or_an_ill_formed_one_are_invalid_request() {
    let bed = bed().await;
    let token = tokens(&bed).await.access_token();
    let field = [("access_token", &*token)];
    let in_query = format!("/id/userinfo?access_token={token}");
    let long = "a".repeat(24 * 1024 + 1);
    for page in [
        send(&bed, bearer(bearer(get(), &token), &token), &[]).await,
        send(
            &bed,
            bearer(get(), &token).header("authorization", "Basic YTpi"),
            &[],
        )
        .await,
        send(&bed, bearer(form(), &token), &field).await,
        send(&bed, form(), &[field[0], field[0]]).await,
        send(&bed, form(), &[field[0], ("access_token", "")]).await,
        send(&bed, Request::builder().uri(&in_query), &[]).await,
        send(&bed, bearer(Request::builder().uri(&in_query), &token), &[]).await,
        send(&bed, get().header("authorization", "Bearer"), &[]).await,
        send(&bed, get().header("authorization", "Bearer "), &[]).await,
        send(&bed, bearer(get(), &format!(" {token}")), &[]).await,
        send(&bed, bearer(get(), &format!("{token} {token}")), &[]).await,
        send(&bed, bearer(get(), &format!("{token},")), &[]).await,
        send(&bed, bearer(get(), "a=b"), &[]).await,
        send(&bed, bearer(get(), "\"quoted\""), &[]).await,
        send(&bed, bearer(get(), &long), &[]).await,
    ] {
        assert_challenged(&page, 400, Some("invalid_request"));
        assert!(!page.body.contains(&token));
    }
    let page = send(&bed, bearer(get(), &token), &[]).await;
    assert_eq!(page.status, 200);
}

/// OA-70: only an access token is one; garbage, other kinds and other classes are not.
#[tokio::test]
async fn other_kinds_of_tokens_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let redirected = app.sign_in().await;
    let code = redirected.code.clone();
    assert_invalid(&bed, &code).await;
    let answer = app.exchange(&code).await;
    let long = "a".repeat(16 * 1024 + 1);
    for garbage in [
        "x",
        "...",
        "a.b.c",
        "e30.e30.e30",
        "eyJhbGciOiJub25lIn0.e30.",
        "AAAA=",
        &"a.".repeat(1_000),
        &long,
        &code,
        &answer.id_token(),
        &answer.refresh_token(),
    ] {
        assert_invalid(&bed, garbage).await;
    }
    assert_eq!(app.userinfo(&answer.access_token()).await.status, 200);
}

/// OA-72 to OA-74: altered headers, claims and signatures.
#[tokio::test]
async fn tampered_tokens_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let token = tokens(&bed).await.access_token();
    let parts: Vec<&str> = token.split('.').collect();
    let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
    let header: Value = serde_json::from_slice(&base64url::decode(parts[0]).unwrap()).unwrap();
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", json!("")),
        ("alg", json!(["ES256"])),
        ("alg", Value::Null),
        ("typ", json!("JWT")),
        ("kid", json!("other")),
        ("kid", json!("../../etc/passwd")),
        ("crit", json!(["exp"])),
        ("jwk", json!({"kty": "EC"})),
        ("jku", json!("https://evil.example/keys")),
        ("b64", json!(false)),
    ] {
        let mut changed = header.clone();
        changed[name] = value;
        assert_invalid(
            &bed,
            &format!("{}.{}.{}", encode(&changed), parts[1], parts[2]),
        )
        .await;
        assert_invalid(&bed, &format!("{}.{}.", encode(&changed), parts[1])).await;
    }
    let body = claims(&token);
    for (name, value) in [
        ("sub", json!("somebody")),
        ("exp", json!(9_000_000_000_u64)),
        ("scope", json!("openid email")),
        ("client_id", json!("other")),
        ("iss", json!("https://evil.example")),
    ] {
        let mut changed = body.clone();
        changed[name] = value;
        assert_invalid(
            &bed,
            &format!("{}.{}.{}", parts[0], encode(&changed), parts[2]),
        )
        .await;
    }
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(app.userinfo(&changed).await.status, 401, "byte {at}");
    }
    for changed in [
        format!("{token}A"),
        format!("{token}."),
        format!("{token}="),
        token[1..].to_owned(),
    ] {
        assert_eq!(app.userinfo(&changed).await.status, 401);
    }
    assert_eq!(app.userinfo(&token).await.status, 200);
}

/// An access token ends with its lifetime and what clocks may be apart: 60 s.
#[tokio::test]
async fn expired_tokens_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let answer = tokens(&bed).await;
    let token = answer.access_token();
    let lifetime = bed.issuer().config().access_token_lifetime;
    bed.clock.advance(lifetime + Duration::from_secs(59));
    assert_eq!(app.userinfo(&token).await.status, 200);
    bed.clock.advance(Duration::from_secs(1));
    assert_invalid(&bed, &token).await;
    let fresh = app.refresh(&answer.refresh_token()).await;
    assert_eq!(app.userinfo(&fresh.access_token()).await.status, 200);
}

/// Two issuers with one store: a token of one says nothing to the other.
#[tokio::test]
async fn tokens_of_another_issuer_are_refused() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let bed = TestBed::open(Arc::clone(&storage)).await;
    let mut options = TestBedOptions::default();
    options.url = "https://issuer.example/other".to_owned();
    let other = TestBed::open_with(storage, options).await;
    let token = tokens(&bed).await.access_token();
    let page = other.app().userinfo(&token).await;
    assert_challenged(&page, 401, Some("invalid_token"));
    assert_eq!(bed.app().userinfo(&token).await.status, 200);
}

/// What is told follows the token's scope.
#[tokio::test]
async fn claims_follow_the_scope() {
    let bed = bed().await;
    for (scope, members) in [
        ("openid", &["sub"][..]),
        ("openid email", &["sub", "email", "email_verified"]),
        ("openid profile", &["sub", "name", "preferred_username"]),
        ("openid groups", &["sub", "groups"]),
        ("openid offline_access", &["sub"]),
    ] {
        let app = bed.app().with_scope(scope);
        let answer = app.exchange(&app.sign_in().await.code).await;
        let json = app.userinfo(&answer.access_token()).await.json();
        let mut told: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut members = members.to_vec();
        told.sort_unstable();
        members.sort_unstable();
        assert_eq!(told, members, "{scope}");
    }
}

/// RFC 6750 section 3.1: a token narrowed to something without `openid` is not enough.
#[tokio::test]
async fn a_token_without_openid_is_insufficient_scope() {
    let bed = bed().await;
    let app = bed.app();
    let answer = tokens(&bed).await;
    let narrowed = app
        .refresh_with(&answer.refresh_token(), &[("scope", Some("email"))])
        .await;
    assert_eq!(narrowed.text("id_token"), None);
    let page = app.userinfo(&narrowed.access_token()).await;
    assert_challenged(&page, 403, Some("insufficient_scope"));
    let whole = app.refresh(&narrowed.refresh_token()).await;
    assert_eq!(app.userinfo(&whole.access_token()).await.status, 200);
}

/// Who was taken back, blocked or switched off has no say: at once, and again when let in.
#[tokio::test]
async fn taken_back_grants_are_invalid_at_once() {
    let bed = bed().await;
    let app = bed.app();
    let token = tokens(&bed).await.access_token();
    let administration = bed.issuer().administration();
    let connector = ConnectorId::parse("form").unwrap();
    let subject = Subject::public(&connector, &UpstreamSubject::parse("0-jane").unwrap());
    let client = ClientId::parse("app").unwrap();
    for shut in [true, false] {
        administration
            .set_client_disabled(&client, shut)
            .await
            .unwrap();
        assert_eq!(
            app.userinfo(&token).await.status,
            if shut { 401 } else { 200 }
        );
    }
    for shut in [true, false] {
        administration
            .set_connector_disabled(&connector, shut)
            .await
            .unwrap();
        assert_eq!(
            app.userinfo(&token).await.status,
            if shut { 401 } else { 200 }
        );
    }
    for blocked in [true, false] {
        administration
            .set_user_blocked(&subject, blocked)
            .await
            .unwrap();
        assert_eq!(
            app.userinfo(&token).await.status,
            if blocked { 401 } else { 200 }
        );
    }
    assert!(
        administration
            .withdraw_consent(&subject, &client)
            .await
            .unwrap()
    );
    assert_invalid(&bed, &token).await;
    let token = tokens(&bed).await.access_token();
    assert!(administration.sign_out_everywhere(&subject).await.unwrap());
    assert_invalid(&bed, &token).await;
    let token = tokens(&bed).await.access_token();
    assert_eq!(app.userinfo(&token).await.status, 200);
}
