//! The other endpoints: discovery, JWK Set, UserInfo.

pub(crate) mod discovery;
pub(crate) mod jwks;
pub(crate) mod userinfo;
