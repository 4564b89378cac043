use super::*;
use crate::{client::EmptySecret, protocol::Params};

fn id() -> ClientId {
    ClientId::parse("app").unwrap()
}

fn confidential() -> Client {
    Client::confidential(id(), &Secret::new("correct-horse"), Vec::new()).unwrap()
}

fn none() -> PresentedCredentials {
    PresentedCredentials::None {
        client_id: Some(id()),
    }
}

fn basic(secret: &str) -> PresentedCredentials {
    PresentedCredentials::Basic {
        client_id: id(),
        client_secret: Secret::new(secret),
    }
}

fn post(secret: &str) -> PresentedCredentials {
    PresentedCredentials::Post {
        client_id: id(),
        client_secret: Secret::new(secret),
    }
}

fn refused(client: &Client, presented: &PresentedCredentials, why: ClientAuthRefusal) {
    assert_eq!(authenticate(client.clone(), presented).unwrap_err(), why);
}

#[test]
fn right_secret_authenticates_in_header_and_body() {
    for presented in [basic("correct-horse"), post("correct-horse")] {
        assert_eq!(
            authenticate(confidential(), &presented).unwrap().id(),
            &id()
        );
    }
    assert!(authenticate(Client::public(id(), Vec::new()), &none()).is_ok());
}

#[test]
fn any_registered_secret_authenticates() {
    let client = confidential()
        .with_client_secret(&Secret::new("battery-staple"))
        .unwrap();
    for secret in ["correct-horse", "battery-staple"] {
        assert!(authenticate(client.clone(), &basic(secret)).is_ok());
    }
}

/// OA-61
#[test]
fn method_that_is_not_registered_is_refused() {
    let why = ClientAuthRefusal::MethodNotRegistered;
    refused(&confidential(), &none(), why);
    let public = Client::public(id(), Vec::new());
    refused(&public, &basic("correct-horse"), why);
    refused(&public, &post("correct-horse"), why);
    let only_post = confidential().with_auth_methods(vec![ClientAuthMethod::ClientSecretPost]);
    refused(&only_post, &basic("correct-horse"), why);
    let only_basic = confidential().with_auth_methods(vec![ClientAuthMethod::ClientSecretBasic]);
    refused(&only_basic, &post("correct-horse"), why);
}

/// OA-61: a contradictory registration never opens the door.
#[test]
fn confidential_client_registered_with_none_must_still_show_its_secret() {
    let client = confidential().with_auth_methods(vec![ClientAuthMethod::None]);
    refused(&client, &none(), ClientAuthRefusal::MethodNotRegistered);
    let mut bare = confidential();
    bare.client_secret_hashes.clear();
    for presented in [none(), basic("correct-horse"), post("correct-horse")] {
        refused(&bare, &presented, ClientAuthRefusal::MethodNotRegistered);
    }
}

#[test]
fn wrong_secret_is_refused() {
    for secret in [
        "wrong",
        "correct-hors",
        "correct-horsee",
        " correct-horse",
        "CORRECT-HORSE",
    ] {
        refused(
            &confidential(),
            &basic(secret),
            ClientAuthRefusal::WrongSecret,
        );
    }
}

/// OA-62: empty and blank secrets
#[test]
fn empty_secret_is_refused_everywhere() {
    for secret in ["", " ", "\t\n  "] {
        let registered = Client::confidential(id(), &Secret::new(secret), Vec::new());
        assert_eq!(registered.unwrap_err(), EmptySecret);
    }
    let mut broken = confidential();
    broken.client_secret_hashes = vec![SecretHash::of(b"")];
    refused(&broken, &basic(""), ClientAuthRefusal::WrongSecret);
    let empty_field = Params::from_form(b"client_id=app&client_secret=").unwrap();
    let presented = PresentedCredentials::parse(&[], &empty_field).unwrap();
    refused(&broken, &presented, ClientAuthRefusal::MethodNotRegistered);
}

#[test]
fn other_or_unnamed_client_is_refused() {
    let other = PresentedCredentials::Basic {
        client_id: ClientId::parse("other").unwrap(),
        client_secret: Secret::new("correct-horse"),
    };
    refused(&confidential(), &other, ClientAuthRefusal::OtherClient);
    let unnamed = PresentedCredentials::None { client_id: None };
    refused(
        &Client::public(id(), Vec::new()),
        &unnamed,
        ClientAuthRefusal::OtherClient,
    );
}

#[test]
fn disabled_client_is_refused() {
    let client = confidential().with_disabled(true);
    refused(
        &client,
        &basic("correct-horse"),
        ClientAuthRefusal::Disabled,
    );
}
