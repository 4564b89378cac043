//! The parts of a complete OpenID Connect issuer.
//!
//! One login, top to bottom:
//!
//! 1. `flow::authorize` reads the request and checks the client,
//! 2. `flow::begin_login` sends the end user to a [`connector`],
//! 3. `flow::callback` receives an [`identity`] and maps it to claims,
//! 4. `flow::consent` asks the end user,
//! 5. `flow::respond` returns the authorization code,
//! 6. `token_endpoint` swaps the code for tokens signed by the [`signer`],
//! 7. `endpoint::jwks` publishes the public keys.

#![forbid(unsafe_code)]
// Flow, token endpoint and typed stores are driven by the HTTP service alone; without it the
// wire types, rules and traits remain.
#![cfg_attr(
    not(feature = "http"),
    expect(dead_code, unused_imports, reason = "what the HTTP service drives")
)]

pub mod issuer;
pub mod config;
pub mod protocol;
pub mod client;
pub mod connector;
pub mod identity;
pub mod claims;
pub mod consent;
pub mod grant;
pub mod token;
mod flow;
mod token_endpoint;
mod endpoint;
pub mod signer;
pub mod jose;
pub mod storage;
pub mod crypto;
pub mod seal;
pub mod event;
pub mod base64url;
pub mod clock;
pub mod entropy;
pub mod secret;

#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "conformance")]
pub mod conformance;

pub use issuer::Issuer;
