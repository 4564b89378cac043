//! The storage suite over [`MemoryStorage`].

use std::sync::Arc;

use oidc_token_store::MemoryStorage;

oidc_core::storage_conformance! {
    storage = Arc::new(MemoryStorage::new()),
    except = [],
}
