use super::*;
use crate::{
    protocol::{ClientId, IssuerUrl, Params, Prompt, RedirectUri},
    secret::Secret,
};

const CALLBACK: &str = "https://app.example/cb";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn uris() -> Vec<RedirectUri> {
    vec![RedirectUri::parse(CALLBACK).unwrap()]
}

fn id() -> ClientId {
    ClientId::parse("app").unwrap()
}

fn public() -> Client {
    Client::public(id(), uris())
}

fn confidential() -> Client {
    Client::confidential(id(), &Secret::new("correct-horse"), uris()).unwrap()
}

/// A request in order, with some parameters set otherwise; an empty value leaves one out.
fn query(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    let mut text = String::new();
    for (name, value) in pairs {
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02x}"));
            }
        }
        text.push('&');
    }
    text.pop();
    text
}

fn validated(query: &str, client: &Client) -> Result<ValidAuthorizationRequest, AuthorizeRefusal> {
    let custom = [
        ScopeToken::parse("hr").unwrap(),
        ScopeToken::parse("ops").unwrap(),
    ];
    let request = AuthorizationRequest::parse(&Params::from_query(query).unwrap())?;
    validate(&request, client, &AuthorizeRules::new(&custom, false))
}

fn valid(changes: &[(&str, &str)], client: &Client) -> ValidAuthorizationRequest {
    validated(&query(changes), client).unwrap()
}

/// Where a refusal goes to, for the client `public`.
fn location(query: &str, client: &Client) -> String {
    let issuer = IssuerUrl::parse("https://issuer.example").unwrap();
    match validated(query, client).unwrap_err() {
        AuthorizeRefusal::Redirect(refusal) => refusal.into_response(&issuer).location(),
        AuthorizeRefusal::Page(refusal) => panic!("{query}: {refusal:?}"),
    }
}

/// The whole answer but for the description: registered bytes, error, state and `iss`.
fn refused(changes: &[(&str, &str)], client: &Client, error: &str) {
    let location = location(&query(changes), client);
    let start = format!("{CALLBACK}?error={error}&error_description=");
    assert!(location.starts_with(&start), "{changes:?}: {location}");
    assert!(
        location.ends_with("&state=s1&iss=https%3A%2F%2Fissuer.example"),
        "{changes:?}: {location}"
    );
}

fn page(query: &str, client: &Client, refusal: PageRefusal) {
    let answer = validated(query, client).unwrap_err();
    assert_eq!(answer, AuthorizeRefusal::Page(refusal), "{query}");
}

#[test]
fn request_in_order_passes() {
    let request = valid(
        &[
            ("nonce", "n"),
            ("max_age", "0"),
            ("prompt", "login consent"),
        ],
        &public(),
    );
    assert_eq!(request.redirect_uri.as_str(), CALLBACK);
    assert_eq!(request.state.unwrap().as_str(), "s1");
    assert_eq!(request.nonce.unwrap().as_str(), "n");
    assert_eq!(request.code_challenge.unwrap().to_string(), CHALLENGE);
    assert_eq!(request.max_age, Some(0));
    assert!(request.prompt.contains(Prompt::Consent));
    assert_eq!(request.response_mode, ResponseMode::Query);
}

/// OA-23: whatever else is wrong, nobody is redirected to a stranger.
#[test]
fn unregistered_redirect_uri_is_a_page_whatever_else_is_wrong() {
    for other in [
        ("prompt", "none"),
        ("scope", "nonsense"),
        ("response_type", "nonsense"),
        ("response_mode", "web_message"),
        ("request", "x"),
        ("code_challenge", ""),
        ("max_age", "-1"),
    ] {
        let query = query(&[("redirect_uri", "https://evil.example/cb"), other]);
        page(&query, &public(), PageRefusal::UnregisteredRedirectUri);
        page(
            &format!("{query}&state=2"),
            &public(),
            PageRefusal::UnregisteredRedirectUri,
        );
    }
}

/// OA-23
#[test]
fn unknown_or_disabled_client_is_a_page() {
    let query = query(&[("client_id", "other")]);
    page(&query, &public(), PageRefusal::UnknownClient);
    let disabled = public().with_disabled(true);
    page(&self::query(&[]), &disabled, PageRefusal::DisabledClient);
}

/// OA-50: after the redirect URI is trusted, repetition goes to the client.
#[test]
fn repeated_parameters_are_invalid_request() {
    for name in [
        "response_type",
        "response_mode",
        "scope",
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
        for (one, other) in [("query", "query"), ("fragment", "form_post")] {
            let query = format!("{}&{name}={one}&{name}={other}", query(&[(name, "")]));
            let location = location(&query, &public());
            assert!(
                location.starts_with(&format!("{CALLBACK}?error=invalid_request&")),
                "{name}"
            );
            assert!(location.contains("&state=s1&iss="), "{name}");
        }
    }
}

/// OA-50: a repeated state cannot be returned.
#[test]
fn repeated_state_is_invalid_request_without_state() {
    let location = location(&format!("{}&state=s1", query(&[])), &public());
    assert!(location.starts_with(&format!("{CALLBACK}?error=invalid_request&")));
    assert!(!location.contains("state="));
}

/// OA-05 (iii, v, vi), OA-07
#[test]
fn pkce_faults_are_invalid_request() {
    let both = |challenge, method| {
        [
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ]
    };
    for client in [public(), confidential()] {
        for method in ["plain", "S512", "s256", "S256 ", ""] {
            refused(&both(CHALLENGE, method), &client, "invalid_request");
        }
        for challenge in [
            "",
            "short",
            &CHALLENGE[1..],
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
        ] {
            refused(&both(challenge, "S256"), &client, "invalid_request");
        }
        // Present but empty.
        let query = format!("{}&code_challenge=", query(&both("", "")));
        assert!(location(&query, &client).contains("?error=invalid_request&"));
    }
    refused(&both("", ""), &public(), "invalid_request");
    refused(
        &both("", ""),
        &public().with_require_pkce(false),
        "invalid_request",
    );
    refused(
        &both("", ""),
        &confidential().with_require_pkce(true),
        "invalid_request",
    );
    assert_eq!(valid(&both("", ""), &confidential()).code_challenge, None);
}

/// OA-05 (v): the issuer may demand PKCE of everyone.
#[test]
fn issuer_may_demand_pkce_of_everyone() {
    let query = query(&[("code_challenge", ""), ("code_challenge_method", "")]);
    let request = AuthorizationRequest::parse(&Params::from_query(&query).unwrap()).unwrap();
    let rules = AuthorizeRules::new(&[], true);
    let refusal = validate(&request, &confidential(), &rules).unwrap_err();
    let AuthorizeRefusal::Redirect(refusal) = refusal else {
        panic!("a page");
    };
    assert_eq!(refusal.error(), ErrorCode::InvalidRequest);
}

/// RFC 6749 section 4.1.2.1
#[test]
fn response_type_faults_have_their_codes() {
    for text in [
        "",
        "nonsense",
        "code code",
        "code nonsense",
        "Code",
        " code",
        "code  token",
    ] {
        refused(&[("response_type", text)], &public(), "invalid_request");
    }
    for text in [
        "token",
        "id_token",
        "none",
        "code id_token",
        "id_token code",
        "token code id_token",
        "id_token token",
    ] {
        refused(
            &[("response_type", text)],
            &public(),
            "unsupported_response_type",
        );
    }
    let endless = "code ".repeat(1_000);
    refused(&[("response_type", &endless)], &public(), "invalid_request");
}

/// OA-55: unknown response modes; the error goes by the default mode.
#[test]
fn unknown_response_mode_is_invalid_request() {
    for text in [
        "web_message",
        "jwt",
        "query.jwt",
        "form_post.jwt",
        "Query",
        "query ",
    ] {
        refused(&[("response_mode", text)], &public(), "invalid_request");
    }
    for mode in ResponseMode::ALL {
        assert_eq!(
            valid(&[("response_mode", mode.as_str())], &public()).response_mode,
            *mode
        );
    }
    let fault = location(
        &query(&[("response_mode", "fragment"), ("scope", "")]),
        &public(),
    );
    assert!(fault.starts_with(&format!("{CALLBACK}#error=invalid_scope&")));
}

/// OIDC Core section 6
#[test]
fn request_objects_and_registration_are_refused() {
    refused(&[("request", "x")], &public(), "request_not_supported");
    refused(
        &[("request_uri", "https://a.example/x")],
        &public(),
        "request_uri_not_supported",
    );
    refused(
        &[("registration", "{}")],
        &public(),
        "registration_not_supported",
    );
}

#[test]
fn scope_faults_are_invalid_scope() {
    for text in [
        "",
        "email",
        "openid unknown",
        "openid \"",
        "openid\temail",
        "OpenID",
    ] {
        refused(&[("scope", text)], &public(), "invalid_scope");
    }
    let many: Vec<String> = (0..64).map(|n| format!("t{n}")).collect();
    let many = format!("openid {}", many.join(" "));
    refused(&[("scope", &many)], &public(), "invalid_scope");
}

/// Custom scopes need the issuer's list, and the client's if it has one.
#[test]
fn custom_scopes_follow_issuer_and_client() {
    assert!(
        valid(&[("scope", "openid hr")], &public())
            .scope
            .contains("hr")
    );
    let narrowed = public().with_scope(Scope::parse("ops other").unwrap());
    assert!(
        valid(&[("scope", "openid ops email")], &narrowed)
            .scope
            .contains("ops")
    );
    refused(&[("scope", "openid hr")], &narrowed, "invalid_scope");
    refused(&[("scope", "openid other")], &narrowed, "invalid_scope");
}

/// OIDC Core section 11
#[test]
fn offline_access_needs_the_refresh_token_grant() {
    let scope = [("scope", "openid offline_access")];
    assert!(valid(&scope, &public()).scope.offline_access());
    let without = public().with_grant_types(vec![GrantType::AuthorizationCode]);
    assert!(!valid(&scope, &without).scope.offline_access());
}

#[test]
fn client_without_the_code_grant_is_unauthorized() {
    let client = public().with_grant_types(vec![GrantType::RefreshToken]);
    refused(&[], &client, "unauthorized_client");
}

/// OA-52: 4,096 bytes of state come back, 4,097 are refused without state.
#[test]
fn state_is_kept_or_refused_by_length() {
    for length in [1, 4_096] {
        let state = "s".repeat(length);
        assert_eq!(
            valid(&[("state", &state)], &public())
                .state
                .unwrap()
                .as_str(),
            state
        );
    }
    assert_eq!(valid(&[("state", "")], &public()).state, None);
    for text in ["%41", "ü😀", " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"] {
        assert_eq!(
            valid(&[("state", text)], &public()).state.unwrap().as_str(),
            text
        );
    }
    let location = location(&query(&[("state", &"s".repeat(4_097))]), &public());
    assert!(location.contains("?error=invalid_request&"));
    assert!(!location.contains("state="));
}

/// OA-53
#[test]
fn nonce_is_kept_or_refused() {
    for length in [64, 4_096] {
        let nonce = "n".repeat(length);
        let query = format!("{}&nonce={nonce}", query(&[]));
        let request = validated(&query, &public()).unwrap();
        assert_eq!(request.nonce.unwrap().as_str(), nonce);
    }
    let long = format!("{}&nonce={}", query(&[]), "n".repeat(4_097));
    assert!(location(&long, &public()).contains("?error=invalid_request&"));
    refused(&[("nonce", "\n")], &public(), "invalid_request");
    refused(&[("nonce", "ü")], &public(), "invalid_request");
}

/// OIDC Core section 3.1.2.1
#[test]
fn prompt_faults_are_invalid_request() {
    for text in ["none login", "create", "login login", "Login"] {
        refused(&[("prompt", text)], &public(), "invalid_request");
    }
}

/// OIDC Core section 3.1.2.1
#[test]
fn max_age_faults_are_invalid_request() {
    for text in [
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "x",
        "4294967296",
        "99999999999999999999999",
    ] {
        refused(&[("max_age", text)], &public(), "invalid_request");
    }
    assert_eq!(
        valid(&[("max_age", "4294967295")], &public()).max_age,
        Some(4_294_967_295)
    );
    let default = public().with_default_max_age(60);
    assert_eq!(valid(&[], &default).max_age, Some(60));
    assert_eq!(valid(&[("max_age", "5")], &default).max_age, Some(5));
}

#[test]
fn connector_must_be_allowed_for_the_client() {
    let client = public().with_allowed_connectors(vec![ConnectorId::parse("ldap").unwrap()]);
    let ldap = valid(&[("connector_id", "ldap")], &client)
        .connector_id
        .unwrap();
    assert_eq!(ldap.as_str(), "ldap");
    for text in ["github", "../ldap", "LDAP", &"l".repeat(65)] {
        refused(&[("connector_id", text)], &client, "invalid_request");
    }
}

#[test]
fn hints_are_bounded() {
    let fits = "h".repeat(MAX_HINT_BYTES);
    assert_eq!(
        valid(&[("login_hint", &fits)], &public()).login_hint,
        Some(fits)
    );
    let long = "h".repeat(MAX_HINT_BYTES + 1);
    assert_eq!(valid(&[("login_hint", &long)], &public()).login_hint, None);
    assert_eq!(valid(&[("login_hint", "a\nb")], &public()).login_hint, None);
    let locales = |count: usize| vec!["en"; count].join(" ");
    for count in [MAX_PREFERENCES, MAX_PREFERENCES + 1] {
        let request = valid(
            &[("ui_locales", &locales(count)), ("acr_values", "a b")],
            &public(),
        );
        assert_eq!(request.ui_locales.len(), MAX_PREFERENCES);
        assert_eq!(request.acr_values, ["a", "b"]);
    }
}

/// A sealed request reads back as it was, and asks for the same once more.
#[test]
fn valid_request_survives_sealing_and_restart() {
    let changes = [
        ("state", "a&b=c ü"),
        ("nonce", "n"),
        ("max_age", "9"),
        ("prompt", "login"),
        ("login_hint", "me@app.example"),
        ("ui_locales", "de en"),
        ("acr_values", "1 2"),
        ("connector_id", "ldap"),
        ("response_mode", "form_post"),
        ("scope", "openid email"),
    ];
    let request = valid(&changes, &public());
    let sealed = serde_json::to_string(&request).unwrap();
    let opened: ValidAuthorizationRequest = serde_json::from_str(&sealed).unwrap();
    assert_eq!(opened, request);
    assert_eq!(validated(&request.to_query(), &public()).unwrap(), request);
}
