//! CLIENT CHECK, pure: who asks, how it proves itself, and whether the request is in order.

mod metadata;
mod redirect;
mod authentication;
mod validate;

pub use authentication::{AuthenticatedClient, ClientAuthRefusal, authenticate};
pub use metadata::{Client, ClientAuthMethod, ClientType, EmptySecret, IdTokenContent};
pub use redirect::match_redirect_uri;
pub use validate::{AuthorizeRules, validate};

pub use crate::protocol::{
    AuthorizeRefusal, CredentialsRefusal, MatchedRedirectUri, PageRefusal, PresentedCredentials,
    RedirectRefusal,
};
