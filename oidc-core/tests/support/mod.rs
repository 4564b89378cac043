//! What the integration tests share.

use std::sync::Arc;

use oidc_core::{conformance::Page, storage::Storage};
use oidc_token_store::MemoryStorage;

/// An empty store.
pub(crate) fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

/// Asserts `REDIR(error)`: to the registered bytes, with the request's `state` and our `iss`.
pub(crate) fn assert_redirected(page: &Page, redirect_uri: &str, error: &str, state: &str) {
    assert_eq!(page.status, 303, "{}", page.body);
    let location = page.location().unwrap_or_default();
    let start = format!("{redirect_uri}?");
    assert!(location.starts_with(&start), "{location}");
    let param = |name| page.location_param(name);
    assert_eq!(param("error").as_deref(), Some(error));
    assert_eq!(param("state").as_deref(), Some(state));
    assert_eq!(param("iss").as_deref(), Some("https://issuer.example/id"));
    assert_eq!(param("code"), None);
}
