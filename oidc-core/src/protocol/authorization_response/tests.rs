use super::*;
use crate::protocol::RedirectUri;

fn matched(text: &str) -> MatchedRedirectUri {
    RedirectUri::parse(text)
        .unwrap()
        .matches_exactly(text)
        .unwrap()
}

fn issuer() -> IssuerUrl {
    IssuerUrl::parse("https://issuer.example/x").unwrap()
}

fn success(uri: &str, mode: ResponseMode, state: Option<&str>) -> AuthorizationResponse {
    let state = state.map(|state| StateParam::parse(state).unwrap());
    AuthorizationResponse::success(&matched(uri), mode, "c0de", state.as_ref(), &issuer())
}

const ISS: &str = "iss=https%3A%2F%2Fissuer.example%2Fx";

/// OA-24: registered bytes first, then the parameters.
#[test]
fn parameters_are_appended_to_the_registered_bytes() {
    for (uri, separator) in [
        ("https://app.example/cb", "?"),
        ("https://app.example/cb?x=1", "&"),
        ("https://app.example/cb?x=1&", ""),
        ("https://app.example/cb?", ""),
        ("http://localhost:8000", "?"),
        ("com.example.app:/cb", "?"),
    ] {
        let location = success(uri, ResponseMode::Query, Some("s")).location();
        assert_eq!(location, format!("{uri}{separator}code=c0de&state=s&{ISS}"));
    }
}

/// OA-54: `iss` is in every answer.
#[test]
fn every_answer_names_the_issuer() {
    for mode in ResponseMode::ALL {
        let uri = matched("https://app.example/cb");
        let fault = (ErrorCode::AccessDenied, "no");
        let error = AuthorizationResponse::error(&uri, *mode, fault, None, &issuer());
        for answer in [success("https://app.example/cb", *mode, None), error] {
            assert!(
                answer
                    .params()
                    .contains(&("iss", issuer().as_str().to_owned()))
            );
        }
    }
}

/// RFC 6749 section 4.1.2.1
#[test]
fn error_is_sent_with_state_and_description() {
    let uri = matched("https://app.example/cb");
    let state = StateParam::parse("s&t").unwrap();
    let fault = (ErrorCode::InvalidScope, "not this");
    let answer =
        AuthorizationResponse::error(&uri, ResponseMode::Fragment, fault, Some(&state), &issuer());
    assert_eq!(
        answer.location(),
        format!(
            "https://app.example/cb#error=invalid_scope&error_description=not%20this&state=s%26t&{ISS}"
        )
    );
    assert!(answer.form_fields().is_empty());
}

/// OA-55: a form is posted to the registered bytes; its fields are handed on as they are, for
/// the page to escape.
#[test]
fn form_post_keeps_values_as_they_are() {
    let hostile = "\"></form><script>";
    let answer = success(
        "https://app.example/cb",
        ResponseMode::FormPost,
        Some(hostile),
    );
    assert_eq!(answer.location(), "https://app.example/cb");
    assert_eq!(
        answer.form_fields(),
        [
            ("code", "c0de"),
            ("state", hostile),
            ("iss", "https://issuer.example/x")
        ]
    );
}

/// OA-52: state comes back byte for byte.
#[test]
fn state_comes_back_byte_for_byte() {
    let printable: String = (0x20..=0x7eu8).map(char::from).collect();
    for state in [
        &printable,
        "%41%zz%",
        "a+b c",
        "ü😀\u{2028}",
        "\r\nSet-Cookie: x",
        &"s".repeat(4096),
    ] {
        for mode in [ResponseMode::Query, ResponseMode::Fragment] {
            let location = success("https://app.example/cb", mode, Some(state)).location();
            let (_, sent) = location.split_once(['?', '#']).unwrap();
            assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()));
            let read = crate::protocol::Params::from_form(sent.as_bytes()).unwrap();
            assert_eq!(read.get("state"), Ok(Some(state)));
        }
    }
}

#[test]
fn debug_hides_the_code() {
    let answer = success("https://app.example/cb", ResponseMode::Query, Some("s"));
    assert!(!format!("{answer:?}").contains("c0de"));
}
