use super::*;
use crate::{
    claims::Subject,
    protocol::{ClientId, RedirectUri},
    secret::Secret,
};

fn client(uri: &str) -> Client {
    let uri = RedirectUri::parse(uri).unwrap();
    Client::public(ClientId::parse("app").unwrap(), vec![uri])
}

fn web() -> Client {
    client("https://app.example/cb")
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn record(text: &str) -> ConsentRecord {
    let subject = Subject::parse("CgcyMzQyNzQ5EgZnaXRodWI").unwrap();
    ConsentRecord::new(ClientId::parse("app").unwrap(), subject, scope(text))
}

fn decide(client: &Client, prompt: &str, known: Option<&str>, asked: &str) -> ConsentDecision {
    let prompt = PromptSet::try_from(prompt.to_owned()).unwrap();
    consent_needed(client, &prompt, known.map(record).as_ref(), &scope(asked))
}

#[test]
fn first_time_is_asked() {
    assert_eq!(decide(&web(), "", None, "openid"), ConsentDecision::Ask);
}

#[test]
fn remembered_superset_is_not_asked_again() {
    let known = Some("openid email offline_access");
    assert_eq!(
        decide(&web(), "", known, "openid email"),
        ConsentDecision::Skip
    );
    assert_eq!(
        decide(&web(), "", known, "openid groups"),
        ConsentDecision::Ask
    );
    assert_eq!(
        decide(&web(), "", Some("openid"), "openid offline_access"),
        ConsentDecision::Ask
    );
}

/// OIDC Core section 3.1.2.1
#[test]
fn prompt_consent_always_asks() {
    let trusted = web().with_skip_consent(true);
    assert_eq!(
        decide(&trusted, "consent", Some("openid"), "openid"),
        ConsentDecision::Ask
    );
}

#[test]
fn trusted_client_is_not_asked_for() {
    let trusted = web().with_skip_consent(true);
    assert_eq!(decide(&trusted, "", None, "openid"), ConsentDecision::Skip);
    assert_eq!(
        decide(&trusted, "none", None, "openid"),
        ConsentDecision::Skip
    );
}

/// RFC 6749 section 10.2
#[test]
fn public_client_on_this_machine_is_always_asked_for() {
    for uri in [
        "http://localhost:8000",
        "http://127.0.0.1/cb",
        "com.example.app:/cb",
    ] {
        let native = client(uri);
        assert_eq!(
            decide(&native, "", Some("openid"), "openid"),
            ConsentDecision::Ask
        );
        let trusted = native.with_skip_consent(true);
        assert_eq!(decide(&trusted, "", None, "openid"), ConsentDecision::Skip);
    }
    let secret = Secret::new("correct-horse");
    let uris = vec![RedirectUri::parse("http://localhost:8000").unwrap()];
    let id = ClientId::parse("app").unwrap();
    let confidential = Client::confidential(id, &secret, uris).unwrap();
    assert_eq!(
        decide(&confidential, "", Some("openid"), "openid"),
        ConsentDecision::Skip
    );
}

#[test]
fn withdrawal_forgets_and_raises_the_epoch() {
    let withdrawn = record("openid email").withdrawn();
    assert!(withdrawn.scope.is_empty());
    assert_eq!(withdrawn.epoch, 1);
    let again = withdrawn.extended(&scope("openid"));
    assert_eq!((again.epoch, again.scope), (1, scope("openid")));
}

#[test]
fn agreement_beyond_a_scope_keeps_the_newest() {
    let numbered = |from: usize, to: usize| {
        let tokens: Vec<String> = (from..to).map(|n| format!("t{n}")).collect();
        tokens.join(" ")
    };
    let full = record(&numbered(0, 64));
    assert_eq!(full.extended(&scope("t1")).scope, full.scope);
    assert_eq!(full.extended(&scope("more")).scope, scope("more"));
}
