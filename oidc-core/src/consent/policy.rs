//! When the end user is asked.

use super::record::ConsentRecord;
use crate::{
    client::{Client, ClientType},
    protocol::{Prompt, PromptSet, Scope},
};

/// Whether the end user is asked. Every caller must decide on both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum ConsentDecision {
    /// Show the consent page.
    Ask,
    /// Go on without.
    Skip,
}

/// Decides whether the end user is asked for consent ([OIDC Core section 3.1.2.4]).
///
/// In this order: `prompt=consent` always asks; a client marked `skip_consent` is never asked
/// for; a public client that answers on a loopback host or a private-use scheme is always asked
/// for, since any program on the end user's machine can pose as it ([RFC 6749 section 10.2]);
/// else whatever was agreed to before, `offline_access` included, is not asked again.
///
/// [OIDC Core section 3.1.2.4]: https://openid.net/specs/openid-connect-core-1_0.html#Consent
/// [RFC 6749 section 10.2]: https://www.rfc-editor.org/rfc/rfc6749#section-10.2
pub fn consent_needed(
    client: &Client,
    prompt: &PromptSet,
    record: Option<&ConsentRecord>,
    scope: &Scope,
) -> ConsentDecision {
    if prompt.contains(Prompt::Consent) {
        return ConsentDecision::Ask;
    }
    if client.skip_consent {
        return ConsentDecision::Skip;
    }
    if can_be_posed_as(client) {
        return ConsentDecision::Ask;
    }
    match record {
        Some(record) if scope.is_subset(&record.scope) => ConsentDecision::Skip,
        Some(_) | None => ConsentDecision::Ask,
    }
}

fn can_be_posed_as(client: &Client) -> bool {
    let web_only = client
        .redirect_uris
        .iter()
        .all(|uri| uri.as_str().starts_with("https://"));
    client.client_type() == ClientType::Public && (!web_only || client.redirect_uris.is_empty())
}

#[cfg(test)]
mod tests;
