//! The authorization request as received ([RFC 6749 section 4.1.1], [OIDC Core section 3.1.2.1]).
//!
//! [RFC 6749 section 4.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
//! [OIDC Core section 3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest

use super::{
    authorize_refusal::{AuthorizeRefusal, PageRefusal},
    identifier::ClientId,
    params::{DuplicateParam, Params},
};

/// An authorization request as received: the two parameters that decide where an error goes
/// are read, everything else is raw.
///
/// Checks happen in [`validate`](crate::client::validate()), once the client is known.
/// Parameters that are not named here are ignored, as [RFC 6749 section 3.1] demands; that
/// includes `display` and `claims`.
///
/// [RFC 6749 section 3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// `client_id`.
    pub client_id: ClientId,
    /// `redirect_uri`, not yet compared with any registration.
    pub redirect_uri: String,
    /// The first known parameter that occurs more than once; it reads as absent.
    pub duplicate: Option<DuplicateParam>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// `response_mode`.
    pub response_mode: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `code_challenge`.
    pub code_challenge: Option<String>,
    /// `code_challenge_method`.
    pub code_challenge_method: Option<String>,
    /// `prompt`.
    pub prompt: Option<String>,
    /// `max_age`.
    pub max_age: Option<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// `acr_values`.
    pub acr_values: Option<String>,
    /// `id_token_hint`, unverified.
    pub id_token_hint: Option<String>,
    /// `connector_id`: the connector that the client asks for.
    pub connector_id: Option<String>,
    /// `request`: request objects are refused.
    pub request: Option<String>,
    /// `request_uri`: request objects are refused.
    pub request_uri: Option<String>,
    /// `registration`: self-issued registration is refused.
    pub registration: Option<String>,
}

impl AuthorizationRequest {
    /// Reads the parameters of an authorization request.
    ///
    /// # Errors
    ///
    /// [`AuthorizeRefusal::Page`] if `client_id` or `redirect_uri` is missing, repeated or ill-formed.
    /// Other repeated parameters are noted, and refused once the redirect URI is trusted.
    pub fn parse(params: &Params) -> Result<Self, AuthorizeRefusal> {
        let client_id = params
            .get("client_id")
            .map_err(PageRefusal::from)?
            .ok_or(PageRefusal::Missing("client_id"))?;
        let client_id = ClientId::parse(client_id).map_err(|_| PageRefusal::UnknownClient)?;
        let redirect_uri = params
            .get("redirect_uri")
            .map_err(PageRefusal::from)?
            .ok_or(PageRefusal::Missing("redirect_uri"))?
            .to_owned();
        let mut duplicate = None;
        let mut read = |name| match params.get(name) {
            Ok(value) => value.map(str::to_owned),
            Err(found) => {
                duplicate = duplicate.or(Some(found));
                None
            }
        };
        let mut code_challenge = read("code_challenge");
        if code_challenge.is_none() && params.has("code_challenge") {
            // An empty challenge is a client's mistake; as an omitted one it would go unnoticed.
            code_challenge = Some(String::new());
        }
        Ok(Self {
            client_id,
            redirect_uri,
            response_type: read("response_type"),
            response_mode: read("response_mode"),
            scope: read("scope"),
            state: read("state"),
            nonce: read("nonce"),
            code_challenge,
            code_challenge_method: read("code_challenge_method"),
            prompt: read("prompt"),
            max_age: read("max_age"),
            login_hint: read("login_hint"),
            ui_locales: read("ui_locales"),
            acr_values: read("acr_values"),
            id_token_hint: read("id_token_hint"),
            connector_id: read("connector_id"),
            request: read("request"),
            request_uri: read("request_uri"),
            registration: read("registration"),
            duplicate,
        })
    }
}

#[cfg(test)]
mod tests;
