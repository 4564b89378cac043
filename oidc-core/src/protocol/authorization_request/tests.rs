use super::*;
use crate::protocol::ParamsError;

fn parse(query: &str) -> Result<AuthorizationRequest, AuthorizeRefusal> {
    AuthorizationRequest::parse(&Params::from_query(query).unwrap())
}

const BASE: &str = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb";

fn page(refusal: PageRefusal) -> AuthorizeRefusal {
    AuthorizeRefusal::Page(refusal)
}

/// OA-50: these two decide where the answer goes, so their repetition is a page.
#[test]
fn repeated_client_id_or_redirect_uri_is_a_page() {
    for name in ["client_id", "redirect_uri"] {
        for value in ["app", "other", "https%3A%2F%2Fapp.example%2Fcb", ""] {
            let answer = parse(&format!("{BASE}&{name}={value}")).unwrap_err();
            assert_eq!(answer, page(PageRefusal::Duplicate(DuplicateParam(name))));
        }
    }
}

#[test]
fn missing_client_id_or_redirect_uri_is_a_page() {
    let answer = parse("redirect_uri=https%3A%2F%2Fapp.example%2Fcb").unwrap_err();
    assert_eq!(answer, page(PageRefusal::Missing("client_id")));
    for query in [
        "client_id=app",
        "client_id=app&redirect_uri=",
        "client_id=app&redirect_uri[]=x",
    ] {
        let answer = parse(query).unwrap_err();
        assert_eq!(
            answer,
            page(PageRefusal::Missing("redirect_uri")),
            "{query}"
        );
    }
    let answer = parse("client_id=%0a&redirect_uri=x").unwrap_err();
    assert_eq!(answer, page(PageRefusal::UnknownClient));
}

/// OA-50: any other repetition is noted for the client.
#[test]
fn other_repeated_parameters_are_noted_and_read_as_absent() {
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "id_token_hint",
        "connector_id",
        "request",
        "request_uri",
        "registration",
    ] {
        for query in [
            format!("{BASE}&{name}=a&{name}=a"),
            format!("{BASE}&{name}=a&{name}=b"),
        ] {
            let request = parse(&query).unwrap();
            assert_eq!(request.duplicate, Some(DuplicateParam(name)));
            assert_eq!(request.state, None);
        }
    }
    assert_eq!(
        parse(&format!("{BASE}&display=a&display=b"))
            .unwrap()
            .duplicate,
        None
    );
}

/// OA-05 (iii)
#[test]
fn empty_code_challenge_is_not_taken_for_an_omitted_one() {
    let request = parse(&format!("{BASE}&code_challenge=")).unwrap();
    assert_eq!(request.code_challenge.as_deref(), Some(""));
    assert_eq!(parse(BASE).unwrap().code_challenge, None);
}

/// What the end user reads holds nothing of the request.
#[test]
fn page_messages_are_fixed() {
    let refusals = [
        PageRefusal::Unreadable(ParamsError::Nul),
        PageRefusal::Missing("client_id"),
        PageRefusal::Duplicate(DuplicateParam("client_id")),
        PageRefusal::UnknownClient,
        PageRefusal::DisabledClient,
        PageRefusal::UnregisteredRedirectUri,
    ];
    for refusal in refusals {
        assert!(refusal.message().is_ascii() && refusal.message().ends_with('.'));
    }
}
