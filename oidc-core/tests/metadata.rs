//! Discovery and the JWK Set: what is advertised works, what works is advertised.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, sync::Arc};

use http::{Method, Request, header};
use oidc_core::{
    base64url,
    conformance::{
        APP_SECRET, Page, RelyingParty, TestBed, TestBedOptions, VERIFIER, call, encode,
    },
    jose::SigningAlgorithm,
    protocol::{ErrorCode, ScopeToken},
};
use oidc_token_store::MemoryStorage;
use serde_json::{Value, json};

async fn bed_with(change: impl FnOnce(&mut TestBedOptions)) -> TestBed {
    let mut options = TestBedOptions::default();
    change(&mut options);
    TestBed::open_with(Arc::new(MemoryStorage::new()), options).await
}

async fn bed() -> TestBed {
    bed_with(|_| {}).await
}

async fn metadata(bed: &TestBed) -> Value {
    let page = bed
        .browser()
        .get("/id/.well-known/openid-configuration")
        .await;
    page.json()
}

fn words(metadata: &Value, name: &str) -> Vec<String> {
    let values = metadata[name]
        .as_array()
        .unwrap_or_else(|| panic!("no {name}"));
    values
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

fn part(jwt: &str, index: usize) -> Value {
    let text = jwt.split('.').nth(index).unwrap();
    serde_json::from_slice(&base64url::decode(text).unwrap()).unwrap()
}

async fn post_form(bed: &TestBed, path: &str, fields: &[(&str, &str)]) -> Page {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(encode(fields).into())
        .unwrap();
    call(&bed.service, request).await
}

/// OIDC Discovery section 4, RFC 8414 section 3.1: the same document at both places.
#[tokio::test]
async fn both_documents_are_equal_and_stand_at_both_places() {
    for (url, paths) in [
        (
            "https://issuer.example",
            [
                "/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://issuer.example/id",
            [
                "/id/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/id",
            ],
        ),
        (
            "https://issuer.example/a/b",
            [
                "/a/b/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/a/b",
            ],
        ),
    ] {
        let bed = bed_with(|options| options.url = url.to_owned()).await;
        let [one, other] = [
            bed.browser().get(paths[0]).await,
            bed.browser().get(paths[1]).await,
        ];
        assert_eq!(one.status, 200);
        assert_eq!((&one.body, &one.headers), (&other.body, &other.headers));
        assert_eq!(one.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(
            one.headers[header::CACHE_CONTROL],
            "public, max-age=600, must-revalidate"
        );
        assert_eq!(one.json()["issuer"], url);
        for (name, path) in [
            ("authorization_endpoint", "/auth"),
            ("token_endpoint", "/token"),
            ("jwks_uri", "/keys"),
            ("userinfo_endpoint", "/userinfo"),
        ] {
            assert_eq!(one.json()[name], format!("{url}{path}"));
        }
        for path in [
            "/.well-known/openid-configuration/id",
            "/id/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/",
            "/.well-known/oauth-authorization-server/other",
            "/.well-known/webfinger",
        ] {
            assert_eq!(bed.browser().get(path).await.status, 404, "{url} {path}");
        }
    }
}

/// No member is advertised that no test here drives.
#[tokio::test]
async fn every_member_of_the_document_is_known_here() {
    let members: BTreeSet<_> = metadata(&bed().await)
        .await
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let known = [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_methods_supported",
        "code_challenge_methods_supported",
        "claims_supported",
        "prompt_values_supported",
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "authorization_response_iss_parameter_supported",
    ];
    assert_eq!(members, known.map(str::to_owned).into());
}

/// Response types, response modes, PKCE methods and prompts: each goes through.
#[tokio::test]
async fn every_advertised_way_of_asking_works() {
    let bed = bed().await;
    let app = bed.app();
    let metadata = metadata(&bed).await;
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        true
    );
    for response_type in words(&metadata, "response_types_supported") {
        for mode in words(&metadata, "response_modes_supported") {
            for method in words(&metadata, "code_challenge_methods_supported") {
                let changes = [
                    ("response_type", Some(&*response_type)),
                    ("response_mode", Some(&*mode)),
                    ("code_challenge_method", Some(&*method)),
                ];
                let page = app.answered(&mut bed.browser(), &changes).await;
                let code = page.location_param("code").or_else(|| page.hidden("code"));
                assert!(app.exchange(&code.unwrap()).await.is_success());
            }
        }
    }
    for prompt in words(&metadata, "prompt_values_supported") {
        let mut browser = bed.browser();
        app.answered(&mut browser, &[]).await;
        let url = app.authorization_url(&[("prompt", Some(&*prompt))]);
        let page = browser.get(&url).await;
        match &*prompt {
            "none" => assert!(page.location_param("code").is_some()),
            "login" => assert!(page.body.contains("name=\"password\"")),
            "consent" => assert!(page.body.contains("value=\"approve\"")),
            "select_account" => assert!(page.body.contains("Directory")),
            other => panic!("{other} is not driven"),
        }
    }
}

/// What is not advertised is refused: response types and modes, PKCE methods, request objects.
#[tokio::test]
async fn unadvertised_ways_of_asking_are_refused() {
    let bed = bed().await;
    let metadata = metadata(&bed).await;
    for name in [
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
    ] {
        assert_eq!(metadata[name], false);
    }
    let before = bed.ledger();
    for (list, name, values) in [
        (
            "response_types_supported",
            "response_type",
            &[
                "token",
                "id_token",
                "code token",
                "code id_token",
                "id_token token",
                "code id_token token",
                "none",
                "device_code",
            ][..],
        ),
        (
            "response_modes_supported",
            "response_mode",
            &[
                "web_message",
                "jwt",
                "query.jwt",
                "fragment.jwt",
                "form_post.jwt",
            ],
        ),
        (
            "code_challenge_methods_supported",
            "code_challenge_method",
            &["plain", "S512"],
        ),
        (
            "prompt_values_supported",
            "prompt",
            &["create", "reauthenticate"],
        ),
        (
            "scopes_supported",
            "scope",
            &[
                "openid address",
                "openid phone",
                "openid federated:id",
                "openid audience:server:client_id:other",
            ],
        ),
    ] {
        for value in values {
            let last = value.rsplit(' ').next().unwrap();
            let advertised = words(&metadata, list);
            assert!(
                !advertised
                    .iter()
                    .any(|known| known == value || (name == "scope" && known == last))
            );
            let url = bed.app().authorization_url(&[(name, Some(value))]);
            let page = bed.browser().get(&url).await;
            assert_eq!(page.status, 303, "{name}={value}");
            assert!(page.location_param("error").is_some(), "{name}={value}");
            assert_eq!(page.location_param("code"), None);
        }
    }
    assert_eq!(bed.ledger(), before);
}

/// Each advertised scope is granted, and each advertised claim can be had.
#[tokio::test]
async fn every_advertised_scope_and_claim_can_be_had() {
    let custom = ScopeToken::parse("reports").unwrap();
    let bed = bed_with(|options| {
        options.config = options.config.clone().with_custom_scopes(vec![custom]);
    })
    .await;
    let metadata = metadata(&bed).await;
    let scopes = words(&metadata, "scopes_supported");
    assert_eq!(
        scopes.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        [
            "openid",
            "profile",
            "email",
            "groups",
            "offline_access",
            "reports"
        ]
        .into()
    );
    let app = bed.app().with_scope(&scopes.join(" "));
    let redirected = app.sign_in().await;
    let tokens = app.exchange(&redirected.code).await;
    assert_eq!(part(&tokens.access_token(), 1)["scope"], scopes.join(" "));
    let id_token = part(&tokens.id_token(), 1);
    let userinfo = app.userinfo(&tokens.access_token()).await.json();
    for claim in words(&metadata, "claims_supported") {
        let there = id_token.get(&claim).is_some() || userinfo.get(&claim).is_some();
        // The scripted upstream vouches for no authentication context.
        assert!(there || claim == "acr", "{claim}");
    }
    for members in [id_token.as_object().unwrap(), userinfo.as_object().unwrap()] {
        for name in members.keys() {
            assert!(
                words(&metadata, "claims_supported").contains(name),
                "{name} is not advertised"
            );
        }
    }
    for scope in scopes.iter().filter(|scope| *scope != "openid") {
        let narrow = bed.app().with_scope(&format!("openid {scope}"));
        let tokens = narrow.exchange(&narrow.sign_in().await.code).await;
        assert!(tokens.is_success());
        assert_eq!(
            tokens.text("refresh_token").is_some(),
            scope == "offline_access"
        );
    }
    assert_eq!(words(&metadata, "subject_types_supported"), ["public"]);
    let other = bed.other();
    let tokens = other.exchange(&other.sign_in().await.code).await;
    assert_eq!(part(&tokens.id_token(), 1)["sub"], id_token["sub"]);
}

/// Each advertised way of client authentication works; others, and other grant types, do not.
#[tokio::test]
async fn every_advertised_way_at_the_token_endpoint_works() {
    let bed = bed().await;
    let metadata = metadata(&bed).await;
    let methods = words(&metadata, "token_endpoint_auth_methods_supported");
    assert_eq!(
        methods,
        ["client_secret_basic", "client_secret_post", "none"]
    );
    let [app, cli] = [bed.app(), bed.cli()];
    assert!(app.exchange(&app.sign_in().await.code).await.is_success());
    assert!(cli.exchange(&cli.sign_in().await.code).await.is_success());
    let mut posting = bed.app();
    posting.client_secret = None;
    let secret = ("client_secret", Some(APP_SECRET));
    let code = app.sign_in().await.code;
    assert!(posting.exchange_with(&code, &[secret]).await.is_success());
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let assertion = [
        (
            "client_assertion_type",
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ),
        ("client_assertion", Some("e30.e30.x")),
    ];
    let answer = posting.exchange_with(&code, &assertion).await;
    assert!(!answer.is_success() && answer.0.status.is_client_error());
    assert_eq!(bed.ledger(), before);
    assert!(app.exchange(&code).await.is_success());
}

/// Each advertised grant type works, and every other one is refused by name.
#[tokio::test]
async fn only_the_advertised_grant_types_work() {
    let bed = bed().await;
    let metadata = metadata(&bed).await;
    let grant_types = words(&metadata, "grant_types_supported");
    assert_eq!(grant_types, ["authorization_code", "refresh_token"]);
    let app = bed.app();
    let tokens = app.exchange(&app.sign_in().await.code).await;
    assert!(app.refresh(&tokens.refresh_token()).await.is_success());
    let before = bed.ledger();
    for grant_type in [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:openid:params:grant-type:ciba",
        "AUTHORIZATION_CODE",
        "refresh_token ",
    ] {
        let changes = [
            ("grant_type", Some(grant_type)),
            ("username", Some("jane")),
            ("password", Some("wonderland")),
        ];
        let answer = app.exchange_with("x", &changes).await;
        answer.assert_error(ErrorCode::UnsupportedGrantType);
    }
    assert_eq!(bed.ledger(), before);
}

/// Endpoints that are not advertised are not there.
#[tokio::test]
async fn unadvertised_endpoints_are_not_there() {
    let bed = bed().await;
    for path in [
        "/introspect",
        "/token/introspect",
        "/revoke",
        "/device",
        "/device/code",
        "/device/token",
        "/device/callback",
        "/register",
        "/par",
        "/logout",
        "/end_session",
        "/healthz",
        "/admin",
        "/metrics",
    ] {
        let path = format!("/id{path}");
        assert_eq!(bed.browser().get(&path).await.status, 404, "{path}");
        assert_eq!(
            post_form(&bed, &path, &[("token", "x")]).await.status,
            404,
            "{path}"
        );
    }
}

/// Tokens are signed by the advertised algorithm and none other, with a key of the JWK Set.
#[tokio::test]
async fn tokens_are_signed_by_the_advertised_algorithm() {
    for algorithm in SigningAlgorithm::ALL {
        let bed = bed_with(|options| {
            options.config = options.config.clone().with_signing_algorithm(algorithm);
        })
        .await;
        let metadata = metadata(&bed).await;
        let advertised = words(&metadata, "id_token_signing_alg_values_supported");
        assert_eq!(advertised, [algorithm.as_str()]);
        let app = bed.app();
        let tokens = app.exchange(&app.sign_in().await.code).await;
        let page = bed.browser().get("/id/keys").await;
        assert_eq!(page.status, 200);
        assert_eq!(page.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(
            page.headers[header::CACHE_CONTROL],
            "public, max-age=600, must-revalidate"
        );
        let set = page.json();
        let keys = set["keys"].as_array().unwrap();
        let ids: BTreeSet<_> = keys
            .iter()
            .map(|key| key["kid"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), keys.len());
        for (token, typ) in [
            (tokens.id_token(), "JWT"),
            (tokens.access_token(), "at+jwt"),
        ] {
            let header = part(&token, 0);
            assert_eq!(header["alg"], algorithm.as_str());
            assert_eq!(header["typ"], typ);
            assert!(ids.contains(header["kid"].as_str().unwrap()));
        }
        for key in keys {
            assert_public(key, algorithm);
        }
        assert_eq!(set.as_object().unwrap().len(), 1);
    }
}

/// Only public members, and `kid`, `use`, `alg` of each.
fn assert_public(key: &Value, algorithm: SigningAlgorithm) {
    let members: BTreeSet<_> = key
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let (kty, public): (_, &[&str]) = match algorithm {
        SigningAlgorithm::Rs256 => ("RSA", &["n", "e"]),
        SigningAlgorithm::Es256 => ("EC", &["crv", "x", "y"]),
        _ => ("OKP", &["crv", "x"]),
    };
    let mut expected: BTreeSet<_> = ["kty", "kid", "use", "alg"].into();
    expected.extend(public);
    assert_eq!(members, expected);
    assert_eq!(
        (&key["kty"], &key["use"], &key["alg"]),
        (&json!(kty), &json!("sig"), &json!(algorithm.as_str()))
    );
}

/// What relying parties do with the document: nothing in it contradicts what they get.
#[tokio::test]
async fn the_document_and_the_tokens_name_one_issuer() {
    let bed = bed().await;
    let metadata = metadata(&bed).await;
    let app = bed.app();
    let tokens = app.exchange(&app.sign_in().await.code).await;
    for token in [tokens.id_token(), tokens.access_token()] {
        assert_eq!(part(&token, 1)["iss"], metadata["issuer"]);
    }
    let wrong = RelyingParty::new(&bed.service, "app", Some("wrong"), "https://app.example/cb");
    wrong
        .exchange("x")
        .await
        .assert_error(ErrorCode::InvalidClient);
    assert!(VERIFIER.len() >= 43);
}
