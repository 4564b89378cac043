//! Client authentication ([RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use oidc_core::{
    client::{Client, ClientAuthMethod},
    conformance::{
        APP, APP_SECRET, Ledger, OTHER_SECRET, TestBed, TestBedOptions, TokenAnswer, VERIFIER,
        call, encode,
    },
    protocol::{ClientId, ErrorCode},
    secret::Secret,
};

use crate::{assert_nothing_happened, bed, support::memory};

/// A code exchange of `app`, waiting for credentials.
struct Exchange {
    bed: TestBed,
    code: String,
    before: Ledger,
}

impl Exchange {
    async fn of(bed: TestBed) -> Self {
        let code = bed.app().sign_in().await.code;
        let before = bed.ledger();
        Self { bed, code, before }
    }

    async fn send(&self, headers: &[&[u8]], extra: &[(&str, &str)]) -> TokenAnswer {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &self.code),
            ("redirect_uri", APP),
            ("code_verifier", VERIFIER),
        ];
        form.extend_from_slice(extra);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/id/token")
            .header("content-type", "application/x-www-form-urlencoded");
        for header in headers {
            request = request.header("authorization", *header);
        }
        let body = Full::new(Bytes::from(encode(&form)));
        TokenAnswer(call(&self.bed.service, request.body(body).unwrap()).await)
    }

    /// The exact refusal, with a challenge exactly where one is due; nothing happens.
    async fn refused(&self, headers: &[&[u8]], extra: &[(&str, &str)], expected: ErrorCode) {
        let answer = self.send(headers, extra).await;
        assert_nothing_happened(&self.bed, self.before, &answer, expected);
        let challenged = answer.0.headers.get("www-authenticate");
        if expected == ErrorCode::InvalidClient && !headers.is_empty() {
            assert_eq!(challenged.unwrap(), "Basic realm=\"token\"");
        } else {
            assert_eq!(challenged, None);
        }
        assert!(!answer.0.body.contains(APP_SECRET));
    }

    /// The code is still good.
    async fn honest(&self) {
        let answer = self.bed.app().exchange(&self.code).await;
        assert!(answer.is_success(), "{}", answer.0.body);
    }
}

fn basic(pair: &str) -> Vec<u8> {
    raw_basic(pair.as_bytes())
}

fn raw_basic(pair: &[u8]) -> Vec<u8> {
    format!("Basic {}", Base64::encode_string(pair)).into_bytes()
}

fn right() -> Vec<u8> {
    basic(&format!("app:{APP_SECRET}"))
}

/// OA-60: one method at a time, one client at a time.
#[tokio::test]
async fn oa_60_several_methods_at_once_are_refused() {
    let exchange = Exchange::of(bed().await).await;
    let header = right();
    let assertion = [
        ("client_assertion", "a.b.c"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
    ];
    let secret = [("client_id", "app"), ("client_secret", APP_SECRET)];
    let invalid = ErrorCode::InvalidRequest;
    exchange.refused(&[&header], &secret, invalid).await;
    exchange.refused(&[&header], &secret[1..], invalid).await;
    exchange.refused(&[&header], &assertion, invalid).await;
    exchange.refused(&[&header], &assertion[..1], invalid).await;
    let both = [secret, assertion].concat();
    exchange.refused(&[], &both, invalid).await;
    exchange
        .refused(&[&header], &[("client_id", "other")], invalid)
        .await;
    let twice = [("client_id", "app"), ("client_id", "other")];
    exchange
        .refused(&[], &[twice[0], twice[1], secret[1]], invalid)
        .await;
    exchange.refused(&[&header], &twice, invalid).await;
    let same = [secret[0], secret[0], secret[1]];
    exchange.refused(&[], &same, invalid).await;
    let secrets = [secret[0], secret[1], ("client_secret", OTHER_SECRET)];
    exchange.refused(&[], &secrets, invalid).await;
    // The same id in header and body is one client.
    let answer = exchange.send(&[&header], &[("client_id", "app")]).await;
    assert!(answer.is_success(), "{}", answer.0.body);
}

/// OA-60: an assertion alone is a method that is not offered.
#[tokio::test]
async fn oa_60_an_assertion_is_not_offered() {
    let exchange = Exchange::of(bed().await).await;
    let assertion = [("client_id", "app"), ("client_assertion", "a.b.c")];
    exchange
        .refused(&[], &assertion, ErrorCode::InvalidClient)
        .await;
    exchange.honest().await;
}

/// OA-61: only the registered way.
#[tokio::test]
async fn oa_61_a_method_that_is_not_registered_is_refused() {
    let invalid = ErrorCode::InvalidClient;
    let posted = [("client_id", "app"), ("client_secret", APP_SECRET)];
    let named = [("client_id", "app")];
    let header = right();

    let exchange = Exchange::of(bed().await).await;
    exchange.refused(&[], &named, invalid).await;
    exchange.refused(&[], &[], invalid).await;
    exchange.honest().await;

    let mut options = TestBedOptions::default();
    options.registration = |client: Client| {
        let confidential = !client.client_secret_hashes.is_empty();
        if confidential {
            client.with_auth_methods(vec![ClientAuthMethod::ClientSecretPost])
        } else {
            client
        }
    };
    let exchange = Exchange::of(TestBed::open_with(memory(), options).await).await;
    exchange.refused(&[&header], &[], invalid).await;
    exchange.refused(&[], &named, invalid).await;
    assert!(exchange.send(&[], &posted).await.is_success());

    let mut options = TestBedOptions::default();
    options.registration = |client: Client| {
        let confidential = !client.client_secret_hashes.is_empty();
        if confidential {
            client.with_auth_methods(vec![ClientAuthMethod::ClientSecretBasic])
        } else {
            client
        }
    };
    let exchange = Exchange::of(TestBed::open_with(memory(), options).await).await;
    exchange.refused(&[], &posted, invalid).await;
    exchange.refused(&[], &named, invalid).await;
    exchange.honest().await;
}

/// OA-61, OA-62: a public client that shows a secret is not the public client.
#[tokio::test]
async fn oa_61_a_public_client_with_a_secret_is_refused() {
    let bed = bed().await;
    let cli = bed.cli();
    let code = cli.sign_in().await.code;
    let before = bed.ledger();
    for secret in ["x", APP_SECRET, " "] {
        let changes = [("client_id", Some("cli")), ("client_secret", Some(secret))];
        let answer = cli.exchange_with(&code, &changes).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidClient);
        let mut with_header = bed.cli();
        with_header.client_secret = Some(secret.to_owned());
        let answer = with_header.exchange(&code).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidClient);
    }
    assert!(cli.exchange(&code).await.is_success());
}

/// OA-62: an empty secret is none, and a blank one is wrong.
#[tokio::test]
async fn oa_62_empty_missing_and_wrong_secrets_are_refused() {
    let exchange = Exchange::of(bed().await).await;
    let invalid = ErrorCode::InvalidClient;
    let shorter = &APP_SECRET[..APP_SECRET.len() - 1];
    let longer = format!("{APP_SECRET}0");
    let upper = APP_SECRET.to_uppercase();
    let wrong = [
        "",
        " ",
        "%20",
        "app",
        OTHER_SECRET,
        shorter,
        &longer,
        &upper,
    ];
    for secret in wrong {
        let header = basic(&format!("app:{}", secret.replace(' ', "+")));
        exchange.refused(&[&header], &[], invalid).await;
        let posted = [("client_id", "app"), ("client_secret", secret)];
        exchange.refused(&[], &posted, invalid).await;
    }
    for unknown in ["nobody", "APP", "app ", "cli2", "-"] {
        let posted = [("client_id", unknown), ("client_secret", APP_SECRET)];
        exchange.refused(&[], &posted, invalid).await;
    }
    exchange
        .refused(&[], &[("client_secret", APP_SECRET)], invalid)
        .await;
    exchange.honest().await;
}

/// OA-62: a client with an empty secret cannot be made.
#[test]
fn oa_62_a_registration_with_an_empty_secret_is_refused() {
    for blank in ["", " ", "\t\n "] {
        let id = ClientId::parse("app").unwrap();
        assert!(Client::confidential(id, &Secret::new(blank), Vec::new()).is_err());
    }
}

/// OA-63: form decoding of both halves, and nothing that is not strictly decodable.
#[tokio::test]
async fn oa_63_basic_is_decoded_strictly() {
    let exchange = Exchange::of(bed().await).await;
    let invalid = ErrorCode::InvalidClient;
    let pair = format!("app:{APP_SECRET}");
    let whole = Base64::encode_string(pair.as_bytes());
    let unpadded = whole.trim_end_matches('=').to_owned();
    let mut headers: Vec<Vec<u8>> = [
        format!("Basic {whole}="),
        format!("Basic {whole}===="),
        format!("Basic {whole} "),
        format!("Basic {whole} x"),
        format!("Basic\t{whole}"),
        format!("Basic{whole}"),
        format!("Basic {whole},{whole}"),
        format!("Basic {}", &whole[1..]),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!!".to_owned(),
        "Basic Og==".to_owned(),
        format!("Bearer {whole}"),
        format!("Digest {whole}"),
        format!("Basic {}", "QUFB".repeat(4096)),
    ]
    .map(String::into_bytes)
    .to_vec();
    if unpadded != whole {
        headers.push(format!("Basic {unpadded}").into_bytes());
    }
    let pairs: [&[u8]; 9] = [
        b"app",
        format!("app {APP_SECRET}").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}\0").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}%00").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}%").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}%zz").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}%ff").as_bytes().to_vec().leak(),
        format!("app\u{e9}:{APP_SECRET}").as_bytes().to_vec().leak(),
        format!("app:{APP_SECRET}\n").as_bytes().to_vec().leak(),
    ];
    headers.extend(pairs.map(raw_basic));
    for header in &headers {
        exchange.refused(&[header], &[], invalid).await;
    }
    let header = right();
    exchange.refused(&[&header, &header], &[], invalid).await;
    let other = basic(&format!("other:{OTHER_SECRET}"));
    exchange.refused(&[&header, &other], &[], invalid).await;
    // What is valid in another spelling: the scheme in lower case, escapes that need not be.
    let escaped = basic(&format!("%61pp:{}", APP_SECRET.replace('-', "%2d")));
    let lower = format!("basic {}", String::from_utf8_lossy(&escaped)[6..].trim());
    let answer = exchange.send(&[lower.as_bytes()], &[]).await;
    assert!(answer.is_success(), "{}", answer.0.body);
}

/// OA-63: ids and secrets with every awkward character arrive whole.
#[tokio::test]
async fn oa_63_awkward_ids_and_secrets_arrive_whole() {
    const SECRET: &str = "a:b+c%d e&f=g/h?\u{e9}\u{1f511}~!*'()%2B:";
    let mut options = TestBedOptions::default();
    options.registration = |client: Client| {
        if client.client_id.as_str() == "app" {
            client.with_client_secret(&Secret::new(SECRET)).unwrap()
        } else {
            client
        }
    };
    let bed = TestBed::open_with(memory(), options).await;
    let mut app = bed.app();
    app.client_secret = Some(SECRET.to_owned());
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    // Not encoded at all: what a careless client sends.
    let bare = basic(&format!("app:{SECRET}"));
    let bare = String::from_utf8(bare).unwrap();
    let form = encode(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
    ]);
    let answer = app.post_token(Some(&bare), &form).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidClient);
    assert!(app.exchange(&code).await.is_success());
}
