//! FZ-15: an authorization request is refused, or every parameter that counts came once; an error
//! leaves the issuer only for the registered redirect URI; nothing is reflected unescaped.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oidc_core::{
    client::{AuthorizeRules, Client, validate},
    protocol::{
        AuthorizationRequest, AuthorizeRefusal, ClientId, IssuerUrl, Params, RedirectUri,
        ScopeToken, ValidAuthorizationRequest,
    },
};
use url::form_urlencoded;

const CALLBACKS: [&str; 2] = ["https://app.example/cb?x=1", "http://127.0.0.1/cb"];

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let uris = CALLBACKS.map(|uri| RedirectUri::parse(uri).expect("well-formed"));
    Client::public(ClientId::parse("app").expect("well-formed"), uris.to_vec())
});
static CUSTOM: LazyLock<[ScopeToken; 1]> =
    LazyLock::new(|| [ScopeToken::parse("hr").expect("well-formed")]);

/// What counts in an accepted request.
const KNOWN: [&str; 19] = [
    "client_id",
    "redirect_uri",
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
];

fuzz_target!(|data: &[u8]| {
    let Ok(params) = Params::from_form(data) else {
        return;
    };
    let pairs: Vec<_> = form_urlencoded::parse(data)
        .filter(|(name, _)| !name.is_empty())
        .collect();
    assert!(
        params
            .iter()
            .eq(pairs.iter().map(|(name, value)| (&**name, &**value)))
    );
    let values = |name: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| &**value).collect()
    };
    match read(&params) {
        Ok(valid) => check_accepted(&valid, &values),
        Err(refusal) => check_refused(refusal, &values),
    }
});

fn read(params: &Params) -> Result<ValidAuthorizationRequest, AuthorizeRefusal> {
    let request = AuthorizationRequest::parse(params)?;
    validate(&request, &CLIENT, &AuthorizeRules::new(&*CUSTOM, false))
}

fn check_accepted<'a>(valid: &ValidAuthorizationRequest, values: &impl Fn(&str) -> Vec<&'a str>) {
    for name in KNOWN {
        assert!(values(name).len() <= 1, "{name} came twice");
    }
    assert_eq!(values("client_id"), ["app"]);
    assert_eq!(values("redirect_uri"), [valid.redirect_uri.as_str()]);
    assert!(registered(valid.redirect_uri.as_str()));
    let text = |name| {
        values(name)
            .first()
            .copied()
            .filter(|value| !value.is_empty())
    };
    assert_eq!(
        text("state"),
        valid.state.as_ref().map(|state| state.as_str())
    );
    assert_eq!(
        text("nonce"),
        valid.nonce.as_ref().map(|nonce| nonce.as_str())
    );
    assert_eq!(
        text("max_age"),
        None.or(text("max_age").filter(|_| valid.max_age.is_some()))
    );
    assert!(
        valid.code_challenge.is_some(),
        "a public client without PKCE"
    );
    assert_eq!(text("code_challenge_method"), Some("S256"));
    assert!(valid.scope.openid());
    assert!(
        text("request")
            .or(text("request_uri"))
            .or(text("registration"))
            .is_none()
    );
    // Sealed and opened, or sent once more: the same request.
    let sealed = serde_json::to_string(valid).expect("serialises");
    let opened: ValidAuthorizationRequest = serde_json::from_str(&sealed).expect("reads back");
    assert_eq!(opened, *valid);
    let query = valid.to_query();
    assert!(query.bytes().all(|byte| byte.is_ascii_graphic()));
    let again = Params::from_form(query.as_bytes()).expect("our own query");
    assert_eq!(read(&again).expect("accepted before"), *valid);
}

fn check_refused<'a>(refusal: AuthorizeRefusal, values: &impl Fn(&str) -> Vec<&'a str>) {
    let AuthorizeRefusal::Redirect(refusal) = refusal else {
        // A page for a valid pair would keep the client from hearing.
        let pair = (values("client_id"), values("redirect_uri"));
        let one = pair.0.len() == 1 && pair.1.len() == 1;
        assert!(!(one && pair.0 == ["app"] && registered(pair.1[0])));
        return;
    };
    assert_eq!(values("client_id"), ["app"]);
    let [redirect_uri] = values("redirect_uri")[..] else {
        panic!("redirected without one redirect_uri");
    };
    assert!(registered(redirect_uri));
    let issuer = IssuerUrl::parse("https://issuer.example").expect("well-formed");
    let error = refusal.error();
    let answer = refusal.into_response(&issuer);
    let location = answer.location();
    assert!(location.starts_with(redirect_uri));
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%&=?#".contains(&byte);
    assert!(location[redirect_uri.len()..].bytes().all(safe));
    for (name, value) in answer.params() {
        match *name {
            "error" => assert_eq!(value, error.as_str()),
            "state" => assert_eq!(values("state"), [value.as_str()]),
            "iss" => assert_eq!(value, "https://issuer.example"),
            "error_description" => assert!(value.is_ascii()),
            other => panic!("{other} in an error"),
        }
    }
}

fn registered(uri: &str) -> bool {
    let port = |uri: &str| {
        let port = uri.strip_prefix("http://127.0.0.1:")?.strip_suffix("/cb")?;
        let number: u16 = port.parse().ok()?;
        (number > 0 && number.to_string() == port).then_some(())
    };
    CALLBACKS.contains(&uri) || port(uri).is_some()
}
