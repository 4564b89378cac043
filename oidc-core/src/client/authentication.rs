//! Client authentication ([RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).

use super::{
    PresentedCredentials,
    metadata::{Client, ClientAuthMethod, ClientType},
};
use crate::{
    protocol::ClientId,
    secret::{Secret, SecretHash},
};

/// A client that proved who it is in this request; only [`authenticate`] makes one.
///
/// A public client has nothing to prove: what binds its requests is PKCE.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Client);

impl AuthenticatedClient {
    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.0
    }

    /// Its identifier.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.0.client_id
    }
}

/// Why a client is not authenticated: `invalid_client`, with one text for all.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAuthRefusal {
    /// The credentials name another client.
    #[error("the credentials name another client")]
    OtherClient,
    /// The client is disabled.
    #[error("the client is disabled")]
    Disabled,
    /// The method is not registered for the client.
    #[error("the method of authentication is not registered for the client")]
    MethodNotRegistered,
    /// The secret is wrong.
    #[error("the client secret is wrong")]
    WrongSecret,
}

impl ClientAuthRefusal {
    /// What goes to the log; the client is not told which.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OtherClient => "the credentials name another client",
            Self::Disabled => "the client is disabled",
            Self::MethodNotRegistered => {
                "the method of authentication is not registered for the client"
            }
            Self::WrongSecret => "the client secret is wrong",
        }
    }
}

/// Authenticates `client` by what was presented, in exactly a registered way.
///
/// # Errors
///
/// [`ClientAuthRefusal`]; a public client that presents a secret is refused, too. Secrets are
/// compared in constant time, all registered ones in turn.
pub fn authenticate(
    client: Client,
    presented: &PresentedCredentials,
) -> Result<AuthenticatedClient, ClientAuthRefusal> {
    check_identity(&client, presented)?;
    check_enabled(&client)?;
    let secret = check_method(&client, presented)?;
    check_secret(&client, secret)?;
    Ok(AuthenticatedClient(client))
}

fn check_identity(
    client: &Client,
    presented: &PresentedCredentials,
) -> Result<(), ClientAuthRefusal> {
    (presented.client_id() == Some(&client.client_id))
        .then_some(())
        .ok_or(ClientAuthRefusal::OtherClient)
}

fn check_enabled(client: &Client) -> Result<(), ClientAuthRefusal> {
    (!client.disabled)
        .then_some(())
        .ok_or(ClientAuthRefusal::Disabled)
}

/// The secret to compare; `None` for a public client.
fn check_method<'a>(
    client: &Client,
    presented: &'a PresentedCredentials,
) -> Result<Option<&'a Secret>, ClientAuthRefusal> {
    let (method, secret) = match presented {
        PresentedCredentials::None { .. } => (ClientAuthMethod::None, None),
        PresentedCredentials::Basic { client_secret, .. } => {
            (ClientAuthMethod::ClientSecretBasic, Some(client_secret))
        }
        PresentedCredentials::Post { client_secret, .. } => {
            (ClientAuthMethod::ClientSecretPost, Some(client_secret))
        }
    };
    // A client with secrets must show one, whatever methods its registration names.
    let fits = secret.is_some() == (client.client_type() == ClientType::Confidential);
    let registered = client.token_endpoint_auth_methods.contains(&method);
    (fits && registered)
        .then_some(secret)
        .ok_or(ClientAuthRefusal::MethodNotRegistered)
}

fn check_secret(client: &Client, secret: Option<&Secret>) -> Result<(), ClientAuthRefusal> {
    let Some(secret) = secret else {
        return Ok(());
    };
    let matches = |hash: &SecretHash| hash.matches(secret.expose());
    (!secret.is_empty() && client.client_secret_hashes.iter().any(matches))
        .then_some(())
        .ok_or(ClientAuthRefusal::WrongSecret)
}

#[cfg(test)]
mod tests;
