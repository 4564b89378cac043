//! TOKENS, pure: what stands in an ID token and in an access token.

mod access_token;
mod hash;
mod id_token;

pub use access_token::{AccessTokenClaims, Jti};
pub use hash::access_token_hash;
pub use id_token::{IdTokenClaims, IdTokenInput};

/// `typ` of access tokens ([RFC 9068 section 2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1)).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// `typ` of ID tokens.
pub const ID_TOKEN_TYPE: &str = "JWT";
/// Largest access token in bytes: it travels in headers, and servers take 16 KiB of those.
pub const MAX_ACCESS_TOKEN: usize = 16 * 1024;
/// Largest ID token in bytes: Kubernetes and portals pass it in headers, but many take more.
pub const MAX_ID_TOKEN: usize = 64 * 1024;
