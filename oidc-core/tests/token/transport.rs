//! How a token request must travel ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use oidc_core::{
    conformance::{APP, APP_SECRET, TestBed, TokenAnswer, VERIFIER, call, encode},
    protocol::ErrorCode,
};

use crate::{assert_nothing_happened, bed};

/// A code exchange that is honest but for the way in which it travels.
fn form(code: &str) -> String {
    encode(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", APP_SECRET),
    ])
}

async fn send(bed: &TestBed, method: Method, target: &str, sent: (&[&str], String)) -> TokenAnswer {
    let mut request = Request::builder().method(method).uri(target);
    for content_type in sent.0 {
        request = request.header("content-type", *content_type);
    }
    let request = request.body(Full::new(Bytes::from(sent.1))).unwrap();
    TokenAnswer(call(&bed.service, request).await)
}

const FORM: &str = "application/x-www-form-urlencoded";

/// OA-08: only by POST.
#[tokio::test]
async fn oa_08_other_methods_are_answered_405() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let target = format!("/id/token?{}", form(&code));
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = send(&bed, method, &target, (&[FORM], form(&code))).await.0;
        assert_eq!(answer.status, 405, "{}", answer.body);
        assert_eq!(answer.headers["allow"], "POST");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert_eq!(bed.ledger(), before);
    }
    assert!(app.exchange(&code).await.is_success());
}

/// OA-08: only in the body.
#[tokio::test]
async fn oa_08_parameters_in_the_query_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let whole = form(&code);
    let half = encode(&[("code", &code)]);
    for (query, body) in [(&whole, ""), (&whole, &*whole), (&half, &*whole)] {
        let target = format!("/id/token?{query}");
        let answer = send(&bed, Method::POST, &target, (&[FORM], body.to_owned())).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidRequest);
    }
    assert!(app.exchange(&code).await.is_success());
}

/// OA-08: only as a form, in UTF-8, and the code stays out of events and answers.
#[tokio::test]
async fn oa_08_other_encodings_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let json = serde_json::json!({
        "grant_type": "authorization_code", "code": code, "redirect_uri": APP,
        "code_verifier": VERIFIER, "client_id": "app", "client_secret": APP_SECRET,
    });
    let multipart =
        format!("--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--b--\r\n");
    let honest = form(&code);
    let utf16: String = honest.chars().flat_map(|letter| [letter, '\0']).collect();
    let cases: [(&[&str], String); 11] = [
        (&["application/json"], json.to_string()),
        (&[FORM], json.to_string()),
        (&["multipart/form-data; boundary=b"], multipart),
        (&["text/plain"], honest.clone()),
        (&[], honest.clone()),
        (&[""], honest.clone()),
        (
            &["application/x-www-form-urlencoded; charset=utf-16"],
            utf16,
        ),
        (
            &["application/x-www-form-urlencoded; charset=iso-8859-1"],
            honest.clone(),
        ),
        (
            &["application/x-www-form-urlencoded; charset=utf-7"],
            honest.clone(),
        ),
        (&[FORM, FORM], honest.clone()),
        (&["application/json", FORM], honest),
    ];
    for (content_types, body) in cases {
        let answer = send(&bed, Method::POST, "/id/token", (content_types, body)).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidRequest);
        assert!(!answer.0.body.contains(&code));
    }
    let told = format!("{:?}", bed.events.events());
    assert!(
        !told.contains(&code) && !told.contains(APP_SECRET),
        "{told}"
    );
    let utf8 = "Application/X-WWW-Form-Urlencoded ; Charset=UTF-8";
    let answer = send(&bed, Method::POST, "/id/token", (&[utf8], form(&code))).await;
    assert!(answer.is_success(), "{}", answer.0.body);
}

/// OA-08: a body that is not strictly a form.
#[tokio::test]
async fn oa_08_undecodable_forms_are_refused() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let honest = form(&code);
    let odd = ["&x=%", "&x=%zz", "&x=%ff", "&x=%00", "&%ed%a0%80=x"];
    let many = "&a=b".repeat(128);
    for tail in odd.into_iter().chain([&*many]) {
        let body = format!("{honest}{tail}");
        let answer = send(&bed, Method::POST, "/id/token", (&[FORM], body)).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidRequest);
    }
    assert!(app.exchange(&code).await.is_success());
}
