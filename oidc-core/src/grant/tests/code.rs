//! What presenting a code means, case by case.

use super::*;
use crate::{
    client::{AuthenticatedClient, Client, authenticate},
    protocol::{
        CodeChallenge, CodeExchange, CodeVerifier, Params, PresentedCredentials, RedirectUri,
        TokenRequest,
    },
};

const REDIRECT: &str = "https://app.example/cb";
const VERIFIER: &str = "a-code-verifier-that-is-long-enough-0123456789";
const WRONG: &str = "another-verifier-that-is-long-enough-0123456789";

fn client(id: &str) -> AuthenticatedClient {
    let redirect = RedirectUri::parse(REDIRECT).unwrap();
    let client = Client::public(client_id(id), vec![redirect]);
    let form = Params::from_form(format!("client_id={id}").as_bytes()).unwrap();
    authenticate(client, &PresentedCredentials::parse(&[], &form).unwrap()).unwrap()
}

fn exchange(verifier: Option<&str>, redirect: Option<&str>) -> CodeExchange {
    let mut form = "grant_type=authorization_code&code=x".to_owned();
    if let Some(verifier) = verifier {
        form.push_str(&format!("&code_verifier={verifier}"));
    }
    if let Some(redirect) = redirect {
        form.push_str(&format!("&redirect_uri={redirect}"));
    }
    let params = Params::from_form(form.as_bytes()).unwrap();
    match TokenRequest::parse(&params).unwrap() {
        TokenRequest::AuthorizationCode(exchange) => exchange,
        other => panic!("{other:?}"),
    }
}

struct Issued {
    grant: Grant,
    code: AuthorizationCode,
    window: Duration,
}

impl Issued {
    fn new(pkce: bool) -> Self {
        let entropy = entropy();
        let grant_id = GrantId::draw(&entropy).unwrap();
        let code = AuthorizationCode::draw(grant_id, &entropy).unwrap();
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        let challenge = pkce.then(|| CodeChallenge::of(&verifier));
        let mut grant = grant();
        grant.code = CodePart::Issued(IssuedCode::new(
            &code,
            REDIRECT.to_owned(),
            challenge,
            after(60),
        ));
        let window = Duration::from_secs(10);
        Self {
            grant,
            code,
            window,
        }
    }

    fn present(
        &self,
        client: &AuthenticatedClient,
        exchange: &CodeExchange,
        now: UnixTime,
    ) -> CodeUse {
        let presented = PresentedCode {
            code: &self.code,
            exchange,
            client,
            retry_window: self.window,
            write: WriteId::draw(&entropy()).unwrap(),
        };
        check_code(&self.grant, &presented, now)
    }

    fn refusal(&self, client: &str, exchange: &CodeExchange, now: UnixTime) -> CodeRefusal {
        match self.present(&super::code::client(client), exchange, now) {
            CodeUse::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    fn redeem(&mut self, exchange: &CodeExchange, now: UnixTime) {
        match self.present(&client("app"), exchange, now) {
            CodeUse::First(redeemed) => self.grant = redeemed.into_grant(),
            other => panic!("{other:?}"),
        }
    }

    fn revokes(&self, exchange: &CodeExchange, now: UnixTime) -> bool {
        matches!(self.present(&client("app"), exchange, now), CodeUse::Revoke)
    }
}

fn honest() -> CodeExchange {
    exchange(Some(VERIFIER), Some(REDIRECT))
}

/// OA-09: accepted before its expiry, refused from it on.
#[test]
fn a_code_ends_at_its_second() {
    let issued = Issued::new(true);
    assert!(matches!(
        issued.present(&client("app"), &honest(), after(59)),
        CodeUse::First(_)
    ));
    assert_eq!(
        issued.refusal("app", &honest(), after(60)),
        CodeRefusal::Expired
    );
    assert_eq!(
        issued.refusal("app", &honest(), after(61)),
        CodeRefusal::Expired
    );
}

/// OA-01b, OA-02: a stranger changes nothing, not even with a wrong verifier or a used code.
#[test]
fn another_client_changes_nothing() {
    let mut issued = Issued::new(true);
    let wrong = exchange(Some(WRONG), Some(REDIRECT));
    assert_eq!(
        issued.refusal("other", &honest(), NOW),
        CodeRefusal::Unknown
    );
    assert_eq!(issued.refusal("other", &wrong, NOW), CodeRefusal::Unknown);
    issued.redeem(&honest(), NOW);
    assert_eq!(
        issued.refusal("other", &honest(), after(30)),
        CodeRefusal::Unknown
    );
}

/// OA-03
#[test]
fn the_redirect_uri_must_be_the_same_bytes() {
    let issued = Issued::new(true);
    for redirect in [
        None,
        Some("https://app.example/cb/"),
        Some("https://app.example/%2563b"),
    ] {
        let request = exchange(Some(VERIFIER), redirect);
        assert_eq!(
            issued.refusal("app", &request, NOW),
            CodeRefusal::RedirectUriMismatch
        );
    }
}

/// OA-05: a verifier belongs to a challenge, and a challenge to a verifier.
#[test]
fn verifier_and_challenge_come_together_or_not_at_all() {
    let bare = exchange(None, Some(REDIRECT));
    assert_eq!(
        Issued::new(true).refusal("app", &bare, NOW),
        CodeRefusal::VerifierUnusable
    );
    assert_eq!(
        Issued::new(false).refusal("app", &honest(), NOW),
        CodeRefusal::VerifierUnusable
    );
    assert!(matches!(
        Issued::new(false).present(&client("app"), &bare, NOW),
        CodeUse::First(_)
    ));
}

/// OA-06: the owner's first wrong verifier burns the code.
#[test]
fn a_wrong_verifier_from_the_owner_revokes() {
    let wrong = exchange(Some(WRONG), Some(REDIRECT));
    assert!(Issued::new(true).revokes(&wrong, NOW));
}

/// OA-01: a second use is a retry for a moment, a theft afterwards, nothing once expired.
#[test]
fn a_second_use_revokes_after_the_retry_window() {
    let mut issued = Issued::new(true);
    issued.redeem(&honest(), NOW);
    assert_eq!(
        issued.refusal("app", &honest(), after(9)),
        CodeRefusal::RetriedTooLate
    );
    assert!(issued.revokes(&honest(), after(10)));
    assert!(issued.revokes(&honest(), after(59)));
    assert_eq!(
        issued.refusal("app", &honest(), after(60)),
        CodeRefusal::Expired
    );
}

#[test]
fn without_a_verifier_there_is_no_retry_window() {
    let mut issued = Issued::new(false);
    let bare = exchange(None, Some(REDIRECT));
    issued.redeem(&bare, NOW);
    assert!(issued.revokes(&bare, NOW));
}

#[test]
fn a_retry_window_of_zero_revokes_at_once() {
    let mut issued = Issued::new(true);
    issued.window = Duration::ZERO;
    issued.redeem(&honest(), NOW);
    assert!(issued.revokes(&honest(), NOW));
}

#[test]
fn a_grant_that_was_refused_or_revoked_redeems_nothing() {
    for status in [GrantStatus::Refused, GrantStatus::Revoked] {
        let mut issued = Issued::new(true);
        issued.grant.status = status;
        assert_eq!(issued.refusal("app", &honest(), NOW), CodeRefusal::Revoked);
    }
}
