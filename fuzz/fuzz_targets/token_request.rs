//! FZ-16: a token request has at most one client identity and one method of authentication, no
//! parameter counts that came twice, and no secret shows in what is logged or answered.
//!
//! Input: lines of `Authorization` headers, an empty line, the body. Secrets that hold the marker
//! must not show.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_core::protocol::{ErrorCode, Params, PresentedCredentials, TokenRequest};
use url::form_urlencoded;

const MARKER: &str = "hush-hush";
const SECRETS: [&str; 4] = ["client_secret", "code", "refresh_token", "code_verifier"];

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (&data[..0], data),
    };
    let headers: Vec<&[u8]> = head
        .split(|&byte| byte == b'\n')
        .filter(|header| !header.is_empty())
        .collect();
    let Ok(params) = Params::from_form(body) else {
        return;
    };
    let pairs: Vec<_> = form_urlencoded::parse(body).collect();
    let count = |name: &str| pairs.iter().filter(|(found, _)| found == name).count();
    // Only where nothing else may show it.
    let watched = !pairs
        .iter()
        .any(|(name, value)| value.contains(MARKER) && !SECRETS.contains(&&**name))
        && !pairs.iter().any(|(name, _)| name.contains(MARKER));
    let mut logged = String::new();
    match PresentedCredentials::parse(&headers, &params) {
        Ok(presented) => {
            logged.push_str(&format!("{presented:?}"));
            check_credentials(&presented, &headers, &params, &count);
        }
        Err(refusal) => {
            assert!(matches!(
                refusal.code(),
                ErrorCode::InvalidRequest | ErrorCode::InvalidClient
            ));
            logged.push_str(&format!("{refusal:?}{refusal}{}", refusal.description()));
        }
    }
    match TokenRequest::parse(&params) {
        Ok(request) => {
            logged.push_str(&format!("{request:?}"));
            check_request(&request, &count);
        }
        Err(refusal) => logged.push_str(&format!("{refusal:?}{refusal}{}", refusal.description())),
    }
    let in_id = logged.contains("client_id: ClientId") && headers.len() == 1;
    assert!(!watched || in_id || !logged.contains(MARKER));
});

fn check_credentials(
    presented: &PresentedCredentials,
    headers: &[&[u8]],
    params: &Params,
    count: &impl Fn(&str) -> usize,
) {
    for name in [
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ] {
        assert!(count(name) <= 1);
    }
    let body = |name| params.get(name).expect("not repeated");
    assert!(
        body("client_assertion")
            .or(body("client_assertion_type"))
            .is_none()
    );
    match presented {
        PresentedCredentials::Basic {
            client_id,
            client_secret,
        } => {
            assert_eq!(headers.len(), 1);
            assert_eq!(body("client_secret"), None);
            assert!(body("client_id").is_none_or(|id| id == client_id.as_str()));
            assert!(!client_secret.is_empty());
        }
        PresentedCredentials::Post {
            client_id,
            client_secret,
        } => {
            assert!(headers.is_empty());
            assert_eq!(body("client_id"), Some(client_id.as_str()));
            assert_eq!(
                body("client_secret").map(str::as_bytes),
                Some(client_secret.expose())
            );
        }
        PresentedCredentials::None { client_id } => {
            assert!(headers.is_empty());
            assert_eq!(body("client_secret"), None);
            assert_eq!(body("client_id"), client_id.as_ref().map(|id| id.as_str()));
        }
        other => panic!("{other:?}"),
    }
}

fn check_request(request: &TokenRequest, count: &impl Fn(&str) -> usize) {
    assert_eq!(count("grant_type"), 1);
    match request {
        TokenRequest::AuthorizationCode(exchange) => {
            assert!(!exchange.code.is_empty() && count("code") == 1);
            assert!(count("redirect_uri") <= 1 && count("code_verifier") <= 1);
        }
        TokenRequest::RefreshToken(refresh) => {
            assert!(!refresh.refresh_token.is_empty() && count("refresh_token") == 1);
            assert!(count("scope") <= 1);
        }
        other => panic!("{other:?}"),
    }
}
