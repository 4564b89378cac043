//! Which claims the scope asks for ([OIDC Core section 5.4]).
//!
//! [OIDC Core section 5.4]: https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims

use super::standard::StandardClaim;
use crate::protocol::{EMAIL, GROUPS, PROFILE, Scope};

const BY_SCOPE: [(&str, &[StandardClaim]); 3] = [
    (
        PROFILE,
        &[StandardClaim::Name, StandardClaim::PreferredUsername],
    ),
    (EMAIL, &[StandardClaim::Email, StandardClaim::EmailVerified]),
    (GROUPS, &[StandardClaim::Groups]),
];

/// The standard claims that `scope` asks for, as Dex understands the scope tokens.
pub fn standard_claims(scope: &Scope) -> impl Iterator<Item = StandardClaim> {
    BY_SCOPE
        .into_iter()
        .filter(|(token, _)| scope.contains(token))
        .flat_map(|(_, claims)| claims.iter().copied())
}
