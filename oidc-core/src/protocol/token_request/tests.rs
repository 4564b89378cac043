use super::*;

fn parse(form: &str) -> Result<TokenRequest, TokenRequestRefusal> {
    TokenRequest::parse(&Params::from_form(form.as_bytes()).unwrap())
}

fn code_of(form: &str) -> (ErrorCode, TokenRequestRefusal) {
    let refusal = parse(form).unwrap_err();
    assert!(refusal.description().is_ascii());
    (ErrorCode::from(&refusal), refusal)
}

/// RFC 6749 section 4.1.3
#[test]
fn code_exchange_is_read() {
    let form = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fa.example%2F&code_verifier=v";
    let TokenRequest::AuthorizationCode(exchange) = parse(form).unwrap() else {
        panic!("another grant type");
    };
    assert_eq!(exchange.code.expose(), b"c");
    assert_eq!(exchange.redirect_uri.as_deref(), Some("https://a.example/"));
    assert_eq!(exchange.code_verifier.unwrap().expose(), b"v");
}

/// RFC 6749 section 6
#[test]
fn refresh_request_is_read() {
    let form = "grant_type=refresh_token&refresh_token=r&scope=openid+email";
    let TokenRequest::RefreshToken(request) = parse(form).unwrap() else {
        panic!("another grant type");
    };
    assert_eq!(request.refresh_token.expose(), b"r");
    assert_eq!(request.scope, Some(Scope::parse("email openid").unwrap()));
}

/// RFC 6749 section 5.2
#[test]
fn refusals_have_their_codes() {
    for form in [
        "",
        "grant_type=",
        "grant_type=authorization_code",
        "grant_type=refresh_token",
        "grant_type=authorization_code&code=",
    ] {
        let (code, refusal) = code_of(form);
        assert_eq!(code, ErrorCode::InvalidRequest, "{form}");
        assert!(matches!(refusal, TokenRequestRefusal::Missing(_)));
    }
    for grant_type in [
        "password",
        "client_credentials",
        "Authorization_code",
        "implicit",
        "authorization_code ",
    ] {
        let (code, _) = code_of(&format!("grant_type={grant_type}&code=c"));
        assert_eq!(code, ErrorCode::UnsupportedGrantType, "{grant_type}");
    }
    let (code, _) = code_of("grant_type=refresh_token&refresh_token=r&scope=%22");
    assert_eq!(code, ErrorCode::InvalidScope);
}

/// OA-50
#[test]
fn repeated_parameters_are_invalid_request() {
    const CODE: &str = "grant_type=authorization_code&code=c&redirect_uri=u&code_verifier=v";
    const REFRESH: &str = "grant_type=refresh_token&refresh_token=r&scope=openid";
    for (form, names) in [
        (
            CODE,
            ["grant_type", "code", "redirect_uri", "code_verifier"].as_slice(),
        ),
        (REFRESH, ["grant_type", "refresh_token", "scope"].as_slice()),
    ] {
        for name in names {
            for value in ["", "c", "other"] {
                let (code, refusal) = code_of(&format!("{form}&{name}={value}"));
                assert_eq!(code, ErrorCode::InvalidRequest);
                assert_eq!(
                    refusal,
                    TokenRequestRefusal::Duplicate(DuplicateParam(name))
                );
            }
        }
    }
}

/// FZ-16: no secret in what is logged.
#[test]
fn debug_hides_codes_tokens_and_verifiers() {
    for form in [
        "grant_type=authorization_code&code=hush&code_verifier=hush",
        "grant_type=refresh_token&refresh_token=hush",
    ] {
        assert!(!format!("{:?}", parse(form).unwrap()).contains("hush"));
    }
}
